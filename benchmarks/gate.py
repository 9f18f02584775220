#!/usr/bin/env python3
"""How often a gate finds a quantized classifier that lost a point, and how often it passes one at the margin.

Draws test sets of n samples: the float model is right on 75 %, the int8 model loses HARMFUL and gains HELPFUL of
all samples. Each set is judged three ways on the same predictions:

  tare        tare evaluate --predictions, accuracy margin 0: FAIL at 95 % (Tango, paired)
  unpaired z  lm-evaluation-harness's comparator: |a - b| / sqrt(se_a^2 + se_b^2), two-sided 5 %
  two scalars NNCF's check: float accuracy - int8 accuracy > 1 point

and once more by tare with the margin at the true drop: the share that PASSes must not exceed 5 %.
Needs nothing but Python's standard library. Usage: benchmarks/gate.py [--tare FILE] [--trials 1000] [--samples 2000]
"""

import argparse
import json
import math
import pathlib
import random
import subprocess
import tempfile


def draw(rng, n, harmful, helpful):
    """Predictions of both models for label 1."""
    pairs = []
    for _ in range(n):
        u = rng.random()
        if u < harmful:
            pairs.append((1, 0))
        elif u < harmful + helpful:
            pairs.append((0, 1))
        else:
            right = rng.random() < (0.75 - harmful) / (1 - harmful - helpful)
            pairs.append((1, 1) if right else (0, 0))
    return pairs


def judge(tare, folder, pairs, margin):
    for side, name in ((0, "float"), (1, "int8")):
        with open(folder / f"{name}.jsonl", "w") as out:
            for i, pair in enumerate(pairs):
                out.write(f'{{"id": {i}, "label": 1, "prediction": {pair[side]}}}\n')
    (folder / "policy.yaml").write_text(f"quality:\n  - {{metric: accuracy, margin: {margin}}}\n")
    subprocess.run([tare, "evaluate", "--predictions", folder / "float.jsonl", "--against", folder / "int8.jsonl",
                    "--policy", folder / "policy.yaml", "-o", folder / "report.json"], check=True, capture_output=True)
    return json.loads((folder / "report.json").read_text())["verdict"]


def measure(tare, trials, n):
    """Shares of `trials` test sets of n samples: the loss found by each way, the margin at the true drop passed by tare."""
    rng = random.Random(1)
    found, at_margin = {"tare": 0, "unpaired z": 0, "two scalars": 0}, 0
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for _ in range(trials):
            pairs = draw(rng, n, 0.02, 0.01)
            a, b = (sum(pair[side] for pair in pairs) / n for side in (0, 1))
            z = (a - b) / math.sqrt(a * (1 - a) / (n - 1) + b * (1 - b) / (n - 1))
            found["unpaired z"] += abs(z) > 1.959964
            found["two scalars"] += a - b > 0.01
            found["tare"] += judge(tare, folder, pairs, 0) == "FAIL"
            at_margin += judge(tare, folder, pairs, 0.01) == "PASS"
    return {"n": n, "trials": trials, "found": {way: count / trials for way, count in found.items()}, "passed_at_margin": at_margin / trials}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tare", default=str(pathlib.Path(__file__).parent.parent / "build/release/tare"))
    parser.add_argument("--trials", type=int, default=1000)
    parser.add_argument("--samples", type=int, default=2000)
    args = parser.parse_args()
    result = measure(args.tare, args.trials, args.samples)
    print(f"n = {result['n']}, {result['trials']} test sets, true drop 1 point (2 % harmful, 1 % helpful)")
    for name, share in result["found"].items():
        print(f"  found by {name:<12} {100 * share:5.1f} %")
    print(f"  passed by tare with the margin at the true drop {100 * result['passed_at_margin']:5.1f} %")


if __name__ == "__main__":
    main()
