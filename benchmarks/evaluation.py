"""The row `evaluation`: what the verdict is worth, and what it costs. One function a measurement; each peer is a process of its own."""

import json
import os
import pathlib
import random
import statistics
import subprocess

import feeds
import gate

REPEATS = 5
TRIALS = 500  # test sets of the gate: a share of 50 % has a standard error of 2.2 points
REPLICATES = SAMPLES = 10_000
DOCUMENTS, PEER_DOCUMENTS, LETTERS, EVERY = 50_000, 5_000, 204, 50
SHINGLE = 5  # letters, as docs/guide/data.md says


class Absent(Exception):
    """A program that this build does not have."""


def benchmark(bench, module: str, name: str, **environment) -> list[dict]:
    """Google Benchmark's rows of the programs that are built beside tare."""
    program = pathlib.Path(bench.tare).parent / "src" / module / f"tare_{module}_benchmark"
    if not program.is_file():
        raise Absent(f"{program.name} is not built: make bench")
    done = subprocess.run([program, f"--benchmark_filter={name}", "--benchmark_format=json"], check=True, capture_output=True, text=True,
                          env=os.environ | {key: str(value) for key, value in environment.items()})
    rows = json.loads(done.stdout)["benchmarks"]
    if not rows or any(row.get("error_occurred") for row in rows):
        raise Absent(rows[0]["error_message"] if rows else f"no benchmark {name}")
    return rows


def power(bench) -> dict:
    """How often a lost point is found, and how often the margin itself is passed."""
    return gate.measure(bench.tare, TRIALS, 2000)


def bootstrap(bench) -> dict:
    """BCa intervals of a mean of paired differences: CPU time of ours and scipy's, in turns."""
    ours, theirs = [], []
    for _ in range(REPEATS):
        ours.append(benchmark(bench, "stats", "BM_BootstrapMeans/columns:1/threads:1/")[0]["cpu_time"] / 1e3)
        peer = bench.python("evaluation_peers.py", "scipy", REPLICATES, SAMPLES)
        if "failure" in peer:
            return peer
        theirs.append(peer["cpu_s"])
    return {"cpu_s": statistics.median(ours), "peer_cpu_s": statistics.median(theirs), "n": REPEATS,
            "ratio": statistics.median(b / a for a, b in zip(ours, theirs))}


def shingles(text: str) -> set:
    return {text[i : i + SHINGLE] for i in range(len(text) - SHINGLE + 1)}


def write_documents(path) -> dict:
    """Random letters; one document in fifty is the one before it with five letters changed: a Jaccard index of 0.80."""
    rng, least, planted, before = random.Random(1), 1.0, [], ""
    with open(path, "w") as out:
        for i in range(DOCUMENTS):
            text = "".join(rng.choices("abcdefghijklmnopqrstuvwxyz", k=LETTERS))
            if i % EVERY == EVERY - 1:
                letters = list(before)
                for at in [*(rng.randrange(10, 45) + 46 * k for k in range(4)), LETTERS - 2]:
                    letters[at] = "_"
                text = "".join(letters)
                a, b = shingles(before), shingles(text)
                least = min(least, len(a & b) / len(a | b))
                planted.append(i)
            before = text
            out.write(json.dumps({"text": text}) + "\n")
    return {"planted": planted, "least_jaccard": least}


def duplicates(bench) -> dict:
    """`tare data check`, the whole process, beside datasketch's MinHash and LSH without reading: documents a CPU second, and recall at 0.8."""
    path = bench.made / "documents.jsonl"
    made = write_documents(path)
    planted = made["planted"]
    ours, theirs = [], []
    for _ in range(REPEATS):
        run = bench.run_tare("data", "check", "--data", path, "--json")
        if run["exit"]:
            return {"failure": f"exit {run['exit']}", "detail": run["errors"][-300:]}
        peer = bench.python("evaluation_peers.py", "datasketch", path, PEER_DOCUMENTS, SHINGLE)
        if "failure" in peer:
            return peer
        found = sum(finding["n"] for finding in run["answer"]["findings"] if finding["kind"] == "repeated")
        ours.append({"per_s": DOCUMENTS / run["cpu_s"], "recall": found / len(planted)})
        theirs.append({"per_s": PEER_DOCUMENTS / peer["cpu_s"], "recall": len(peer["found"]) / sum(i < PEER_DOCUMENTS for i in planted)})
    middle = lambda runs, key: statistics.median(run[key] for run in runs)
    return {"per_s": middle(ours, "per_s"), "recall": middle(ours, "recall"), "peer_per_s": middle(theirs, "per_s"), "peer_recall": middle(theirs, "recall"),
            "ratio": statistics.median(a["per_s"] / b["per_s"] for a, b in zip(ours, theirs)), "planted": len(planted),
            "least_jaccard": made["least_jaccard"], "n": REPEATS}


def overhead(bench, options) -> dict:
    """Processor time of the evaluation loop over bare inference of both models: ResNet-20, images in memory, batch 32 as `tare evaluate` takes."""
    model, train = bench.at_hand("models/resnet20-cifar10.onnx"), bench.at_hand("data/cifar10-train.npz")
    quantized = bench.made / "overhead.onnx"
    made = bench.quantize(model, train, quantized, *options)
    if made["exit"]:
        return {"failure": f"exit {made['exit']}", "detail": made["errors"][-300:]}
    rows = benchmark(bench, "evaluate", "BM_EvaluationOverhead", TARE_BENCH_FLOAT=model, TARE_BENCH_INT8=quantized)
    name = lambda row: next(part.split(":")[1] for part in row["name"].split("/") if part.startswith("batch:"))
    return {name(row): {"value": row["overhead"], "low": row["overhead_least"], "high": row["overhead_most"]} for row in rows}


def evaluation(bench, options) -> dict:
    """All four; what this machine or build cannot measure says so and does not stop the rest. `options` prepare CIFAR's images."""
    result = {}
    for name, measure in (("power", power), ("bootstrap", bootstrap), ("duplicates", duplicates), ("overhead", lambda b: overhead(b, options))):
        try:
            result[name] = measure(bench)
        except (Absent, feeds.Skipped) as reason:
            result[name] = {"failure": "skipped", "detail": str(reason)}
    return result
