"""Measures a quantized model beside its float source on the same inputs: speed, closeness of outputs, integer operators.

Usage: measure.py FLOAT QUANTIZED DATA.npz [--batches 1,8,32] [--samples N] [--compare outputs|classes|none] [--output NAME] [--kept FLOAT.npy]
Prints one JSON object. Both run in this process on one thread, in turns; what is compared is CPU time, so that
a busy machine costs precision and not truth.
"""

import argparse
import collections
import json
import math
import os
import tempfile
import time

import numpy as np
import onnx

import feeds

ROUNDS = 31
MIN_BLOCK_S = 0.004  # one side of one round: long against the clock's resolution, short against the scheduler's slices
PAIR_BUDGET_S = 4.0
FLOAT_OF = {"QLinearConv": "Conv", "ConvInteger": "Conv", "QLinearAdd": "Add", "QGemm": "Gemm", "QLinearMatMul": "MatMul",
            "MatMulInteger": "MatMul", "MatMulIntegerToFloat": "MatMul", "DynamicQuantizeMatMul": "MatMul", "DynamicQuantizeLSTM": "LSTM",
            "MatMulNBits": "MatMul", "QGather": "Gather", "QAttention": "Attention"}
LEFT_FLOAT = {"Conv": "Conv", "FusedConv": "Conv", "Gemm": "Gemm", "FusedGemm": "Gemm", "MatMul": "MatMul", "FusedMatMul": "MatMul", "Add": "Add"}


def median_interval(values: list[float]) -> dict:
    """Median with a 95 % interval of order statistics: ranks from the binomial distribution with p = 1/2, no normality assumed."""
    ordered, n = sorted(values), len(values)
    tail, k = 0.5**n, 0
    while k < n // 2 and tail + math.comb(n, k + 1) * 0.5**n <= 0.025:
        k += 1
        tail += math.comb(n, k) * 0.5**n
    return {"value": float(np.median(ordered)), "low": ordered[k], "high": ordered[n - 1 - k], "n": n}


def cpu_of(session, feed: dict, runs: int) -> float:
    start = time.thread_time()  # one intra-op thread: the runtime works in the calling one
    for _ in range(runs):
        session.run(None, feed)
    return time.thread_time() - start


def latency_ratio(float_session, quantized_session, feed: dict) -> dict:
    """quantized / float CPU time of one run, in turns, order swapped each round."""
    cpu_of(float_session, feed, 2), cpu_of(quantized_session, feed, 2)
    once = max(cpu_of(float_session, feed, 1), 1e-6)
    runs = max(1, math.ceil(MIN_BLOCK_S / once))
    ratios, floats, started = [], [], time.monotonic()
    while len(ratios) < ROUNDS and (len(ratios) < 7 or time.monotonic() - started < PAIR_BUDGET_S):
        if len(ratios) % 2:
            a = cpu_of(float_session, feed, runs)
            b = cpu_of(quantized_session, feed, runs)
        else:
            b = cpu_of(quantized_session, feed, runs)
            a = cpu_of(float_session, feed, runs)
        ratios.append(b / a)
        floats.append(a / runs)
    return median_interval(ratios) | {"float_ms": float(np.median(floats)) * 1e3}


def cosine(a: np.ndarray, b: np.ndarray) -> float:
    """1 when both are all zero, 0 when one is; NaN equals NaN, any other mismatch of NaN or infinity gives -1."""
    a, b = a.astype(np.float64).ravel(), b.astype(np.float64).ravel()
    odd = ~np.isfinite(a) | ~np.isfinite(b)
    if not np.array_equal(a[odd], b[odd], equal_nan=True):
        return -1.0
    a, b = a[~odd], b[~odd]
    aa, bb = float(a @ a), float(b @ b)
    if aa == 0 or bb == 0:
        return 1.0 if aa == bb else 0.0
    return float(a @ b) / math.sqrt(aa * bb)


def compare_outputs(float_session, quantized_session, inputs, only: str = "") -> dict:
    """Cosine of each float output, a sample at a time: mean and least over the samples, of the output that fares worst."""
    by_output = collections.defaultdict(list)
    names = [only] if only else [o.name for o in float_session.get_outputs()]
    for feed in inputs:
        ours, theirs = float_session.run(names, feed), quantized_session.run(names, feed)
        for name, a, b in zip(names, ours, theirs):
            if isinstance(a, np.ndarray) and a.dtype.kind == "f":
                by_output[name].append(cosine(a, b) if np.shape(a) == np.shape(b) else -1.0)
    if not by_output:
        return {}
    worst = min(by_output, key=lambda name: np.mean(by_output[name]))
    return {"output": worst, "mean": float(np.mean(by_output[worst])), "least": min(map(min, by_output.values())), "n": len(inputs)}


def compare_classes(float_session, quantized_session, data_path, kept_path: str) -> dict:
    """KL divergence to float in nats, flips of the first class, accuracy of both. Float's side is kept between measurements."""
    images = feeds.CifarFeeds(data_path, batch=100)
    with np.load(data_path) as arrays:
        labels = arrays["label"]

    def log_probabilities(session):
        logits = np.concatenate([session.run(None, feed)[0] for feed in images]).astype(np.float64)
        logits -= logits.max(axis=1, keepdims=True)
        return logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))

    p = np.load(kept_path) if kept_path and os.path.exists(kept_path) else log_probabilities(float_session)
    if kept_path:
        np.save(kept_path, p)
    q = log_probabilities(quantized_session)
    a, b = p.argmax(axis=1), q.argmax(axis=1)
    return {"kl_nats": float((np.exp(p) * (p - q)).sum(axis=1).mean()), "flips": int((a != b).sum()), "n": len(labels),
            "accuracy_float": float((a == labels).mean()), "accuracy": float((b == labels).mean())}


def integer_operators(model_path) -> dict:
    """What the optimised graph runs in integers and in float, by operator; bodies of If and Loop included."""
    counts = {"integer": collections.Counter(), "float": collections.Counter()}

    def count(graph):
        for node in graph.node:
            if node.op_type in FLOAT_OF:
                counts["integer"][FLOAT_OF[node.op_type]] += 1
            elif node.op_type in LEFT_FLOAT:
                counts["float"][LEFT_FLOAT[node.op_type]] += 1
            for attribute in node.attribute:
                if attribute.type == onnx.AttributeProto.GRAPH:
                    count(attribute.g)

    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "optimized.onnx")
        feeds.open_session(model_path, path)
        count(onnx.load(path).graph)
    return {side: dict(counter) for side, counter in counts.items()}


def measure(float_path, quantized_path, data_path, batches=(1,), samples=0, compare="outputs", output="", kept="") -> dict:
    try:
        quantized_session = feeds.open_session(quantized_path)
    except Exception as error:
        return {"failure": "does not load", "detail": str(error).splitlines()[0][:300]}
    float_session = feeds.open_session(float_path)
    result = {"size_ratio": os.path.getsize(quantized_path) / os.path.getsize(float_path), "latency": {}}
    for batch in batches:
        feed = feeds.open_feeds(float_path, data_path, 1, batch)[0]
        result["latency"][str(batch)] = latency_ratio(float_session, quantized_session, feed)
    if compare == "classes":
        result["classes"] = compare_classes(float_session, quantized_session, data_path, kept)
    elif compare == "outputs":
        inputs = feeds.open_feeds(float_path, data_path, samples)
        result["cosine"] = compare_outputs(float_session, quantized_session, inputs, output)
    result["operators"] = integer_operators(quantized_path)
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("float_path")
    parser.add_argument("quantized_path")
    parser.add_argument("data_path")
    parser.add_argument("--batches", default="1")
    parser.add_argument("--samples", type=int, default=0)
    parser.add_argument("--compare", choices=["outputs", "classes", "none"], default="outputs")
    parser.add_argument("--output", default="", help="compare this output alone")
    parser.add_argument("--kept", default="", help=".npy for float's class probabilities, read when it exists")
    args = parser.parse_args()
    batches = [int(batch) for batch in args.batches.split(",") if batch]
    print(json.dumps(measure(args.float_path, args.quantized_path, args.data_path, batches, args.samples, args.compare, args.output, args.kept)))


if __name__ == "__main__":
    main()
