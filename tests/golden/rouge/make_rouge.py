#!/usr/bin/env python3
"""Writes rouge.json: ROUGE-L of Google's rouge_score, without stemmer.

    python3 -m venv /tmp/golden && /tmp/golden/bin/pip install rouge_score==0.1.2
    /tmp/golden/bin/python tests/golden/rouge/make_rouge.py
"""
import json
import pathlib
import random

from rouge_score import rouge_scorer

HERE = pathlib.Path(__file__).parent
# No letter but a to z: rouge_score takes any other for a gap, and tare reads it.
WORDS = ["the", "The", "cat", "cat", "CAT", "sat", "on", "mat.", "mat", "1,234", "U.S.", "can't", "state-of-the-art", "x2", "2x", "_", "a_b", "—",
         "😀", "", "…", "\u00a0", "\u2028"]


def text(rng, longest):
    return "".join(rng.choice(WORDS) + rng.choice([" ", " ", "\n", "-", "", "\u3000"]) for _ in range(rng.randint(0, longest)))


def main():
    rng = random.Random(21)
    scorer = rouge_scorer.RougeScorer(["rougeL"], use_stemmer=False)
    cases = []
    for i in range(400):
        references = [text(rng, rng.choice([3, 12, 60])) for _ in range(rng.choice([1, 1, 2, 4]))]
        prediction = text(rng, rng.choice([3, 12, 60]))
        if i % 3 == 0:
            words = rng.choice(references).split(" ")
            prediction = " ".join(w for w in words if rng.random() < 0.8)
        if i % 20 == 0:
            prediction = rng.choice(["", " ", "—", rng.choice(references)])
        score = scorer.score_multi(references, prediction)["rougeL"]
        cases.append({"references": references, "prediction": prediction,
                      "expected": [score.precision, score.recall, score.fmeasure]})
    with open(HERE / "rouge.json", "w", encoding="utf-8") as f:
        json.dump({"made_with": "rouge_score 0.1.2", "cases": cases}, f, separators=(",", ":"))
        f.write("\n")


main()
