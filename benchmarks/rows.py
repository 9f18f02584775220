"""What is measured: one function a row. Each peer and each measurement is a process of its own, with a time limit.

Usage: rows.py --tare FILE --out DIR [--data DIR] [--timeout S] [--keep-peers] [ROW...]
"""

import argparse
import copy
import datetime
import hashlib
import importlib.metadata
import json
import math
import os
import pathlib
import platform
import resource
import shutil
import signal
import statistics
import subprocess
import sys
import time

import numpy as np
import onnxruntime as ort

import choosing
import evaluation
import feeds
import same
import size
import zoo_files
from feeds import Skipped

HERE = pathlib.Path(__file__).resolve().parent
CIFAR = ["--scale", "1/255", "--mean", "0.485,0.456,0.406", "--std", "0.229,0.224,0.225", "--label", "label"]
REPEATS = 3  # of each cost; the peers' at 3,000 samples are taken once
SEEDS = (0, 1, 2)  # of the choice of calibration images: KL and flips are medians over them
SENTENCES = 2758  # as many as the test set of STS-B has; none of them calibrates
ZOO_PEERS = ["ort_static", "ort_static_uint8", "ort_static_compute", "ort_dynamic", "nncf"]
RESNET_PEERS = ["ort_minmax", "ort_entropy", "ort_percentile", "nncf", "nncf_folded"]


class Bench:
    def __init__(self, args):
        self.tare = os.path.abspath(args.tare)
        self.out = pathlib.Path(args.out).resolve()
        self.made = self.out / f"made-{os.getpid()}"  # two runs at once do not meet
        self.made.mkdir(parents=True, exist_ok=True)
        self.roots = [pathlib.Path(args.data).resolve()] if args.data else []
        self.timeout = args.timeout
        self.path = self.out / "results.json"
        self.results = json.loads(self.path.read_text()) if self.path.exists() else {"rows": {}, "seconds": {}}
        self.kept = copy.deepcopy(self.results["rows"]) if args.keep_peers else {}

    def save(self):
        self.path.write_text(json.dumps(self.results, indent=1, default=str))

    def at_hand(self, *names: str) -> pathlib.Path:
        """The first of these files under TARE_BENCH_DATA, else among the downloaded models."""
        for root in self.roots:
            for name in names:
                if (root / name).is_file():
                    return root / name
        for name in names:
            if (self.out / "models" / pathlib.Path(name).name).is_file():
                return self.out / "models" / pathlib.Path(name).name
        raise Skipped(f"{names[0]} is not at hand")

    def python(self, script: str, *args, limit_s: float = 0) -> dict:
        limit_s = limit_s or self.timeout
        limit_cpu = lambda: resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(limit_s), math.ceil(limit_s) + 1))
        timeout = {"failure": "timeout", "detail": f"over {limit_s:.0f} s of CPU time"}
        try:  # the machine may be busy: wall time gets five times as much
            done = subprocess.run([sys.executable, str(HERE / script), *map(str, args)], capture_output=True, text=True, check=False,
                                  timeout=5 * limit_s, preexec_fn=limit_cpu)
        except subprocess.TimeoutExpired:
            return timeout
        if done.returncode == -signal.SIGXCPU:
            return timeout
        if done.returncode:
            last = (done.stderr.strip().splitlines() or [""])[-1][:300]
            return {"failure": "crash" if done.returncode < 0 else "exception", "detail": f"exit {done.returncode}: {last}"}
        return json.loads(done.stdout.splitlines()[-1])

    def run_tare(self, *args) -> dict:
        answer = self.made / "tare.json"
        cost = json.loads(subprocess.run([sys.executable, "-S", "-E", str(HERE / "launch.py"), str(10 * self.timeout), str(answer), self.tare,
                                          *map(str, args)], check=True, capture_output=True, text=True).stdout)
        cost["errors"] = pathlib.Path(str(answer) + ".err").read_text(errors="replace")
        try:
            cost["answer"] = json.loads(answer.read_text())
        except json.JSONDecodeError:
            cost["answer"] = {}
        return cost

    def quantize(self, model, data, out, *options) -> dict:
        out.unlink(missing_ok=True)
        return self.run_tare("quantize", model, "--data", data, "-o", out, "--json", *options)

    def measure(self, float_path, quantized_path, data_path, *options) -> dict:
        return self.python("measure.py", float_path, quantized_path, data_path, *options, limit_s=3 * self.timeout)


def say(what: str, text: str = ""):
    print(f"  {what:<22} {text}", file=sys.stderr, flush=True)


def medians(runs: list[dict]) -> dict:
    keys = [k for k in runs[0] if isinstance(runs[0][k], (int, float))]
    return {k: statistics.median(r[k] for r in runs) for k in keys}


def cost_once(bench: Bench, tool: str, model, data, samples: int) -> dict:
    """One making of the static int8 model by `tool`, or plain float inference of the samples."""
    if not tool.startswith("tare"):
        return bench.python("peers.py", tool, model, data, bench.made / "calibration.onnx", "--samples", samples)
    command, *options = ["calibrate"] if tool == "tare_calibrate" else ["quantize", "--format", "int8_static"]
    run = bench.run_tare(command, model, "--data", data, "-o", bench.made / "calibration.out", *options, *CIFAR, "--samples", samples)
    return {"failure": f"exit {run['exit']}", "detail": run["errors"][:300]} if run["exit"] else run


def calibration(bench: Bench) -> dict:
    """CPU time and memory of making ResNet-20's static int8 model, against plain float inference of the same number of images."""
    model, data = bench.at_hand("models/resnet20-cifar10.onnx"), bench.at_hand("data/cifar10-train.npz")
    idle = medians([bench.run_tare("--version") for _ in range(3)])["peak_bytes"]
    help_text = subprocess.run([bench.tare, "--help"], capture_output=True, text=True, check=False).stdout
    has_calibrate = " calibrate " in help_text
    result = {p: kept for p, kept in bench.kept.get("calibration", {}).items() if p in RESNET_PEERS}
    tools = ["float", "tare", *(["tare_calibrate"] if has_calibrate else []), *[p for p in RESNET_PEERS if p != "nncf_folded" and p not in result]]
    result = {tool: {} for tool in tools} | result
    for samples in (300, 3000):
        runs = {tool: [] for tool in tools}
        for turn in range(REPEATS):  # in turns, so that a busy minute hits all of them
            for tool in tools:
                if turn == 0 or not (samples > 300 and tool in RESNET_PEERS):
                    runs[tool].append(cost_once(bench, tool, model, data, samples))
        plain = medians(runs["float"])
        for tool in tools:
            failed = [run for run in runs[tool] if "failure" in run]
            if failed:
                result[tool][str(samples)] = failed[0]
                continue
            cost = medians(runs[tool])
            over_float = cost["peak_bytes"] - plain["peak_bytes"] - (idle if tool.startswith("tare") else 0)
            result[tool][str(samples)] = {"cpu_s": cost["cpu_s"], "wall_s": cost["wall_s"], "n": len(runs[tool]), "over_float_bytes": over_float,
                                          "ratio": cost["cpu_s"] / plain["runs_cpu_s"], "runs_cpu_s": cost.get("runs_cpu_s")}
            say("calibration", f"{samples:>5} {tool:<16} {cost['cpu_s'] / plain['runs_cpu_s']:.2f}x")
    grown = result["float"]["3000"]["runs_cpu_s"] - result["float"]["300"]["runs_cpu_s"]
    for tool in tools:
        few, many = result[tool]["300"], result[tool]["3000"]
        if "ratio" in few and "ratio" in many:
            result[tool]["slope"] = (many["cpu_s"] - few["cpu_s"]) / grown
    return result


def resnet20(bench: Bench) -> dict:
    """Closeness, fusion and latency of ResNet-20's static int8 models; KL and flips as medians over choices of images."""
    model = bench.at_hand("models/resnet20-cifar10.onnx")
    train, test = bench.at_hand("data/cifar10-train.npz"), bench.at_hand("data/cifar10-test.npz")
    result = {}
    for tool in ("tare auto", "tare int8_static", *RESNET_PEERS):
        if tool in RESNET_PEERS and tool in bench.kept.get("resnet20", {}):
            result[tool] = bench.kept["resnet20"][tool]
            continue
        seeds = []
        for seed in SEEDS:
            out = bench.made / f"resnet20-{tool.replace(' ', '-')}-{seed}.onnx"
            if tool.startswith("tare"):
                made = bench.quantize(model, train, out, "--format", tool.split()[1], "--seed", seed, *CIFAR)
                made = {"failure": f"exit {made['exit']}", "detail": made["errors"][-300:]} if made["exit"] else made
            else:
                made = bench.python("peers.py", tool, model, train, out, "--samples", 300, "--seed", seed)
            if "failure" not in made:
                batches = "1,8,32" if seed == SEEDS[0] else ""
                made = bench.measure(model, out, test, "--compare", "classes", "--kept", bench.made / "resnet20-float.npy", "--batches", batches)
            if "failure" in made:
                result[tool] = made
                break
            seeds.append(made)
        else:
            result[tool] = seeds[0] | {"classes": medians([s["classes"] for s in seeds]), "by_seed": [s["classes"] for s in seeds]}
            say("resnet20", f"{tool:<18} KL {result[tool]['classes']['kl_nats']:.4f}, flips {result[tool]['classes']['flips']:.0f}")
    return result


def minilm(bench: Bench) -> dict:
    """MiniLM-L3: tare left to itself, beside ONNX Runtime's dynamic quantization."""
    model = bench.at_hand("models/zoo/minilm_l3.onnx", "models/minilm_l3.onnx")
    calibrate = zoo_files.sentences(bench, "minilm", slice(0, 1000))
    check, short = zoo_files.sentences(bench, "minilm-check", slice(1000, 1000 + SENTENCES)), zoo_files.sentences(bench, "minilm-16", slice(1000, 1100), 16)
    embedding = next(o.name for o in feeds.open_session(model).get_outputs() if o.shape[1:] == [384])
    result = {}
    for tool in ("tare auto", "ort_dynamic"):
        if tool == "ort_dynamic" and tool in bench.kept.get("minilm", {}):
            result[tool] = bench.kept["minilm"][tool]
            continue
        out = bench.made / f"minilm-{tool.replace(' ', '-')}.onnx"
        if tool == "ort_dynamic":
            made = bench.python("peers.py", tool, model, calibrate, out)
        else:
            made = bench.quantize(model, calibrate, out, "--tolerance", "0.03")
            if made["exit"]:
                made = {"failure": f"exit {made['exit']}", "detail": (made["answer"].get("reason") or made["errors"])[-300:]}
        if "failure" in made:
            result[tool] = made
            continue
        measured = bench.measure(model, out, check, "--batches", "1,8", "--output", embedding)
        latency = bench.measure(model, out, short, "--compare", "none")["latency"]
        latency = {"1x16": latency["1"], "1x64": measured["latency"]["1"], "8x64": measured["latency"]["8"]}
        result[tool] = measured | {"latency": latency, "quantize_wall_s": made["wall_s"], "quantize_cpu_s": made["cpu_s"]}
        say("minilm", f"{tool:<18} cosine {measured['cosine']['mean']:.4f}")
    return result


def end_of(bench: Bench, model, data, out, made: dict) -> dict:
    """A tare run as a row of the zoo: the measured model, or the reason why there is none."""
    base = {"exit": made["exit"], "wall_s": made["wall_s"], "cpu_s": made["cpu_s"]}
    if made["exit"] == 0:
        claimed = next((c for c in made["answer"].get("candidates", []) if c["chosen"]), {})
        return bench.measure(model, out, data) | base | {"claimed_speedup": claimed.get("speedup", {}).get("value"), "choice": claimed.get("name")}
    errors = [line for line in made["errors"].splitlines() if line.startswith("error: ")]
    reason = made["answer"].get("reason") or (errors[-1][7:] if errors else made["errors"][-300:])
    return base | {"left_alone": made["exit"] == 5, "reason": reason.replace(str(model), model.name), "stray_file": out.exists()}


def zoo(bench: Bench, only: set[str], before: dict) -> dict:
    """Every model of models.txt, or of them only these: tare at its defaults, beside five ways of the peers. Saved model by model: it is long."""
    result = bench.results["rows"]["zoo"] = dict(before) if only else {}
    for name in zoo_files.packaged():
        if only and name not in only:
            continue
        started = time.monotonic()
        try:
            model, data = zoo_files.pair(bench, name)
        except Skipped as skipped:
            result[name] = {"skipped": str(skipped)}
            say("zoo " + name, f"skipped: {skipped}")
            continue
        out = bench.made / f"{name}-tare.onnx"
        row = {"tare": end_of(bench, model, data, out, bench.quantize(model, data, out))}
        for peer in ZOO_PEERS:
            if peer in bench.kept.get("zoo", {}).get(name, {}):
                row[peer] = bench.kept["zoo"][name][peer]
                continue
            out = bench.made / f"{name}-{peer}.onnx"
            out.unlink(missing_ok=True)
            made = bench.python("peers.py", peer, model, data, out)
            row[peer] = made if "failure" in made else bench.measure(model, out, data)
        row["seconds"] = time.monotonic() - started
        result[name] = row
        bench.save()
        say("zoo " + name, " | ".join(f"{tool} {brief(row[tool])}" for tool in ("tare", *ZOO_PEERS)))
    return result


def brief(cell: dict) -> str:
    if "latency" in cell:
        return f"{1 / cell['latency']['1']['value']:.2f}x {cell['cosine'].get('mean', float('nan')):.4f}"
    return cell.get("failure") or f"exit {cell['exit']}"


def same_library(tare: str) -> dict:
    """Whether tare and the peers load the very same ONNX Runtime, by SHA-256 of the files."""
    digest = lambda path: hashlib.sha256(pathlib.Path(path).read_bytes()).hexdigest()
    linked = subprocess.run(["ldd", tare], capture_output=True, text=True, check=False).stdout.split("\n")
    ours = next((line.split()[2] for line in linked if "libonnxruntime.so" in line), "")
    theirs = next(pathlib.Path(ort.__file__).parent.glob("capi/libonnxruntime.so.*"))
    return {"tare": digest(ours) if ours else "", "peers": digest(theirs), "same": bool(ours) and digest(ours) == digest(theirs)}


def machine() -> dict:
    info = pathlib.Path("/proc/cpuinfo").read_text().splitlines()
    field = lambda key: next((line.split(":", 1)[1].strip() for line in info if line.startswith(key)), "unknown")
    flags = set(field("flags").split())
    isa = [f for f in ("avx2", "avx512f", "avx_vnni", "avx512_vnni", "avx512_bf16", "amx_int8") if f in flags]
    return {"cpu": field("model name"), "cores": os.cpu_count(), "isa": isa, "system": platform.system(), "kernel": platform.release().split("-")[0]}


def size_row(bench: Bench, options: set[str]) -> dict:
    try:
        layers = int(next(iter(options), size.LAYERS))
    except ValueError:
        sys.exit("error: the layers of the row size are no number\nnext:  benchmarks/run size:4")
    return size.size(bench, layers, say)


# What measures each row, of the options behind its colon and of its last figures.
ROWS = {
    "calibration": lambda bench, *_: calibration(bench),
    "resnet20": lambda bench, *_: resnet20(bench),
    "minilm": lambda bench, *_: minilm(bench),
    "zoo": zoo,
    "evaluation": lambda bench, *_: evaluation.evaluation(bench, CIFAR),
    "choosing": lambda bench, *_: choosing.choosing(bench, say),
    "size": lambda bench, options, _: size_row(bench, options),
    "same": lambda bench, options, before: before | {"loaded" if "loaded" in options else "as it is": same.same(bench, "loaded" in options, CIFAR, say)},
}


def options_by_row(arguments: list[str]) -> dict[str, set[str]]:
    """zoo:a zoo:b is the row `zoo` with the options a and b."""
    wanted = {}
    for name, colon, option in (argument.partition(":") for argument in arguments):
        wanted.setdefault(name, set()).update({option} if colon else ())
    return wanted


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--tare", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--data")
    parser.add_argument("--timeout", type=float, default=120)
    parser.add_argument("--keep-peers", action="store_true")
    parser.add_argument("rows", nargs="*")
    args = parser.parse_args()
    wanted = options_by_row(args.rows)
    unknown = [name for name in wanted if name not in ROWS]
    if unknown:
        sys.exit(f"error: there is no row {unknown[0]}\nnext:  take one of: {' '.join(ROWS)}, or zoo:MODEL, size:LAYERS, same:loaded")
    bench = Bench(args)
    results = bench.results
    library = same_library(bench.tare)
    say("onnxruntime", f"{ort.__version__}, " + ("tare and the peers load the same file" if library["same"] else "NOT the same file for tare and the peers"))
    version = subprocess.run([bench.tare, "--version"], capture_output=True, text=True, check=False).stdout.split("\n")[0]
    results |= {"machine": machine(), "tare": version, "library": library,
                "versions": {"onnxruntime": ort.__version__, "nncf": importlib.metadata.version("nncf"), "python": platform.python_version()},
                "date": datetime.date.today().isoformat()}
    for name in ROWS:
        if wanted and name not in wanted:
            continue
        started = time.monotonic()
        try:
            results["rows"][name] = ROWS[name](bench, wanted.get(name, set()), results["rows"].get(name, {}))
        except Skipped as skipped:
            results["rows"][name] = {"skipped": str(skipped)}
            say(name, f"skipped: {skipped}")
        else:
            results["seconds"][name] = time.monotonic() - started
            results.setdefault("peers_kept", {})[name] = args.keep_peers
            results.setdefault("dates", {})[name] = results["date"]
        results["load"] = os.getloadavg()[0]
        bench.save()
    shutil.rmtree(bench.made, ignore_errors=True)


if __name__ == "__main__":
    main()
