#!/usr/bin/env python3
"""Writes seqeval.json: entities and scores of seqeval in its default mode.

    python3 -m venv /tmp/golden && /tmp/golden/bin/pip install seqeval==1.2.2
    /tmp/golden/bin/python tests/golden/seqeval/make_seqeval.py
"""
import json
import pathlib
import random
import warnings

from seqeval import metrics
from seqeval.metrics.sequence_labeling import get_entities, precision_recall_fscore_support

HERE = pathlib.Path(__file__).parent
warnings.simplefilter("ignore")
TYPES = ["PER", "LOC", "ORG", "A-B", "日本", ""]


def tag(rng, prefixes, types):
    prefix = rng.choice(prefixes)
    if prefix == "O":
        return "O"
    kind = rng.choice(types)
    return f"{prefix}-{kind}" if kind or rng.random() < 0.5 else prefix


def sentence(rng, prefixes, types):
    return [tag(rng, prefixes, types) for _ in range(rng.choice([0, 1, 3, 8, 15]))]


def disturbed(rng, tags, prefixes, types):
    return [tag(rng, prefixes, types) if rng.random() < 0.25 else t for t in tags]


def rows(names, values):
    return {n: [float(p), float(r), float(f), int(s)] for n, p, r, f, s in zip(names, *values)}


def case(rng):
    prefixes = list(rng.choice(["OBI", "OOOBI", "OBIES", "OOBBIIES", "OI", "ES"]))
    types = TYPES[: rng.choice([1, 2, 5, 6])] if rng.random() < 0.9 else [""]
    truths = [sentence(rng, prefixes, types) for _ in range(rng.choice([1, 1, 4, 10]))]
    found = [disturbed(rng, t, prefixes, types) for t in truths]
    if rng.random() < 0.1:
        found = [["O"] * len(t) for t in truths]
    out = {"truths": truths, "found": found,
           "entities": [[list(e) for e in get_entities(t)] for t in truths], "found_entities": [[list(e) for e in get_entities(t)] for t in found]}
    names = sorted({e[0] for side in ("entities", "found_entities") for s in out[side] for e in s})
    if names:
        for average in ("micro", "macro"):
            out[average] = [float(v) for v in precision_recall_fscore_support(truths, found, average=average)[:3]]
        out["by_type"] = rows(names, precision_recall_fscore_support(truths, found, average=None))
    if any(truths):
        out["accuracy"] = metrics.accuracy_score(truths, found)
    return out


def main():
    rng = random.Random(24)
    with open(HERE / "seqeval.json", "w", encoding="utf-8") as f:
        json.dump({"made_with": "seqeval 1.2.2", "cases": [case(rng) for _ in range(300)]}, f, separators=(",", ":"))
        f.write("\n")


main()
