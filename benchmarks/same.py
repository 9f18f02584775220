"""The row `same`: one file on both sides of `tare evaluate`, many times: how many intervals of the speedup hold 1."""

import contextlib
import os
import statistics
import subprocess
import sys

RUNS = 100
SAMPLES = 64
BUSY_LOOPS = 2


@contextlib.contextmanager
def busy(loops: int):
    """Programs that take a processor each for as long as the block lasts."""
    started = [subprocess.Popen([sys.executable, "-S", "-E", "-c", "while True: pass"]) for _ in range(loops)]
    try:
        yield
    finally:
        for program in started:
            program.kill()
            program.wait()


def speedups(bench, model, data, options) -> dict:
    """{batch: {low, high}} of one evaluation, or how it failed."""
    report = bench.made / "same.json"
    run = bench.run_tare("evaluate", model, model, "--data", data, "--samples", SAMPLES, "-o", report, "--json", *options)
    if not run["answer"].get("cost"):
        return {"failure": f"exit {run['exit']}", "detail": run["errors"][-300:]}
    return {str(cell["batch"]): cell for cell in run["answer"]["cost"]["by_batch"]}


def summary(cells: list[dict]) -> dict:
    return {"hold": sum(cell["low"] <= 1 <= cell["high"] for cell in cells), "above": sum(cell["low"] > 1 for cell in cells), "n": len(cells),
            "width": statistics.median(cell["high"] - cell["low"] for cell in cells)}


def same(bench, loaded: bool, options, say) -> dict:
    model, data = bench.at_hand("models/resnet20-cifar10.onnx"), bench.at_hand("data/cifar10-test.npz")
    runs, loads = [], []
    with busy(BUSY_LOOPS if loaded else 0):
        for _ in range(RUNS):
            found = speedups(bench, model, data, options)
            if "failure" in found:
                return found
            runs.append(found)
            loads.append(os.getloadavg()[0])
    result = {"load": statistics.median(loads), "batches": {batch: summary([run[batch] for run in runs]) for batch in runs[0]}}
    for batch, cell in result["batches"].items():
        say("same", f"batch {batch}: {cell['hold']} of {cell['n']} intervals hold 1, load {result['load']:.1f}")
    return result
