"""The row `choosing`: what `tare quantize` spends to choose, against plain float inference of its samples."""

import statistics

import feeds
import generated
import zoo_files

SAMPLES = 300  # what tare takes at most by itself
RESNET_SAMPLES = 100
REPEATS = 3  # of the zoo; the ResNets take a minute each and run once
RESNETS = {"resnet50": 0.2, "resnet50, sensitive": 0.5}  # gain of a block: at 0.2 int8 holds as in trained networks, at 0.5 nodes must go back to float
ALLOWED_PASSES, ALLOWED_S = 10, 5.0


def failed(run: dict) -> dict:
    return {"failure": f"exit {run['exit']}", "detail": run["errors"][-300:]}


def cost_once(bench, model, data, samples: int) -> dict:
    """One `tare quantize` at its defaults; a model that is left alone has cost its choosing too."""
    plain = bench.python("float_session.py", model, data, "--samples", samples)
    if "failure" in plain:
        return plain
    run = bench.quantize(model, data, bench.made / "choosing.onnx", "--samples", samples)
    if run["exit"] not in (0, 5):
        return failed(run)
    allowed = ALLOWED_PASSES * plain["pass_cpu_s"] + ALLOWED_S
    return {"samples": plain["samples"], "pass_cpu_s": plain["pass_cpu_s"], "cpu_s": run["cpu_s"], "of_allowed": run["cpu_s"] / allowed,
            "peak_bytes": run["peak_bytes"], "float_peak_bytes": plain["peak_bytes"], "exit": run["exit"]}


def cost_of(bench, model, data, samples: int, repeats: int) -> dict:
    """Medians; both sides in turns."""
    runs = [cost_once(bench, model, data, samples) for _ in range(repeats)]
    return next((run for run in runs if "failure" in run), None) or {key: statistics.median(run[key] for run in runs) for key in runs[0]} | {"n": repeats}


def resnet50(bench, gain: float) -> dict:
    """Beside that, `tare calibrate`: what is more than one of its passes is choosing."""
    model, data = bench.made / "resnet50.onnx", bench.made / "resnet50.npz"
    generated.resnet50(model, gain)
    generated.images(data, RESNET_SAMPLES)
    cost = cost_of(bench, model, data, RESNET_SAMPLES, 1)
    if "failure" in cost:
        return cost
    calibrated = bench.run_tare("calibrate", model, "--data", data, "-o", bench.made / "resnet50.json", "--samples", RESNET_SAMPLES)
    if calibrated["exit"]:
        return failed(calibrated)
    return cost | {"calibrate_cpu_s": calibrated["cpu_s"], "choosing": cost["cpu_s"] / calibrated["cpu_s"] - 1}


def zoo_model(bench, name: str) -> dict:
    try:
        return cost_of(bench, *zoo_files.pair(bench, name), SAMPLES, REPEATS)
    except feeds.Skipped as skipped:
        return {"skipped": str(skipped)}


def choosing(bench, say) -> dict:
    measures = {name: lambda gain=gain: resnet50(bench, gain) for name, gain in RESNETS.items()}
    measures |= {name: lambda name=name: zoo_model(bench, name) for name in zoo_files.all_names(bench)}
    result = {}
    for name, measure in measures.items():
        result[name] = cell = measure()
        say("choosing " + name, f"{cell['of_allowed']:.2f} of the time allowed" if "of_allowed" in cell else str(cell))
    return result
