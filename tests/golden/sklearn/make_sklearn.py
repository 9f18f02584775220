#!/usr/bin/env python3
"""Writes sklearn.json: ranking, multi-label and regression scores of scikit-learn and scipy.

    python3 -m venv /tmp/golden && /tmp/golden/bin/pip install numpy scipy==1.17.1 scikit-learn==1.9.1
    /tmp/golden/bin/python tests/golden/sklearn/make_sklearn.py
"""
import json
import math
import pathlib
import warnings

import numpy as np
from scipy import stats
from sklearn import metrics

HERE = pathlib.Path(__file__).parent
warnings.simplefilter("ignore")


def finite(value):
    value = float(value)
    return value if math.isfinite(value) else None


def binary(rng):
    out = []
    for i in range(120):
        n = int(rng.choice([1, 2, 5, 30, 100]))
        truths = (rng.random(n) < rng.choice([0.05, 0.3, 0.5, 0.95])).astype(int)
        scores = rng.normal(size=n) + truths * rng.choice([0, 1, 3])
        if i % 3 == 0:
            scores = np.round(scores)  # ties
        if i % 10 == 0:
            scores = np.full(n, 0.5)
        if i % 7 == 0:
            scores = scores * 1e-300
        weights = rng.integers(0, 4, n)
        both = 0 < truths.sum() < n
        drawn = truths[weights > 0]
        drawn_both = drawn.size and 0 < drawn.sum() < drawn.size
        chances = np.clip(np.round(rng.random(n), int(rng.integers(1, 17))), 0, 1)
        out.append({
            "truths": truths.tolist(), "scores": scores.tolist(), "weights": weights.tolist(), "chances": chances.tolist(),
            "ap": metrics.average_precision_score(truths, scores) if truths.any() else None,
            "auc": metrics.roc_auc_score(truths, scores) if both else None,
            "weighted_ap": metrics.average_precision_score(truths, scores, sample_weight=weights) if drawn.any() else None,
            "weighted_auc": metrics.roc_auc_score(truths, scores, sample_weight=weights) if drawn_both else None,
            "log_loss": metrics.log_loss(truths, chances, labels=[0, 1]),
        })
    return out


def multiclass(rng):
    out = []
    for i in range(40):
        n, width = int(rng.choice([1, 4, 25])), int(rng.choice([3, 5, 10]))
        rows = rng.dirichlet(np.full(width, rng.choice([0.02, 1.0])), n)
        if i % 4 == 0:
            rows = np.eye(width)[rng.integers(0, width, n)]  # zeros and ones
        labels = rng.integers(0, width, n)
        out.append({"labels": labels.tolist(), "rows": rows.tolist(), "log_loss": metrics.log_loss(labels, rows, labels=list(range(width)))})
    return out


def multilabel(rng):
    out = []
    for _ in range(60):
        n, width = int(rng.choice([1, 3, 20, 60])), int(rng.choice([2, 4, 9]))
        shares = rng.choice([0.0, 0.1, 0.5, 1.0], width)
        truths = (rng.random((n, width)) < shares).astype(int)
        scores = np.round(np.clip(truths * rng.choice([0.0, 0.4, 0.8]) + rng.random((n, width)) * 0.6, 0, 1), 2)
        scores[:, rng.random(width) < 0.2] = 0
        threshold = float(rng.choice([0.5, 0.3]))
        found = (scores >= threshold).astype(int)
        table = metrics.multilabel_confusion_matrix(truths, found)
        occur = [c for c in range(width) if truths[:, c].any() or found[:, c].any()]

        def averages(average):
            if not occur:
                return [None] * 3
            return [finite(v) for v in metrics.precision_recall_fscore_support(
                truths, found, average=average, labels=occur, zero_division=0)[:3]]

        out.append({"truths": truths.tolist(), "scores": scores.tolist(), "threshold": threshold,
                    "counts": [[int(t[1, 1]), int(t[0, 1]), int(t[1, 0])] for t in table],
                    "micro": averages("micro"), "macro": averages("macro"),
                    "f1": [finite(v) for v in metrics.f1_score(truths, found, average=None, zero_division=np.nan)],
                    "subset_accuracy": metrics.accuracy_score(truths, found), "hamming_loss": metrics.hamming_loss(truths, found)})
    return out


def retrieval(rng):
    out = []
    for _ in range(100):
        n = int(rng.choice([2, 5, 30]))
        relevance = (rng.random(n) < rng.choice([0.1, 0.4])).astype(int)
        scores = rng.permutation(n).astype(float)
        order = np.argsort(-scores)
        listed = int(rng.integers(1, n + 1))
        k = int(rng.integers(1, listed + 1))
        ranked = [f"d{j}" for j in order[:listed]]
        relevant = [f"d{j}" for j in range(n) if relevance[j]]
        hits = [r for r, d in enumerate(ranked, 1) if d in relevant]
        out.append({"ranked": ranked, "relevant": relevant, "k": k,
                    "ndcg": metrics.ndcg_score([relevance], [scores], k=k) if relevant else None,
                    "recall": metrics.recall_score(relevance, np.isin(np.arange(n), order[:k]).astype(int)) if relevant else None,
                    "reciprocal_rank": None if not relevant else 1 / hits[0] if hits else 0.0})
    return out


def regression(rng):
    out = []
    for i in range(80):
        n = int(rng.choice([2, 3, 10, 200]))
        truths = rng.normal(size=n) * rng.choice([1e-6, 1, 1e6]) + rng.choice([0, 1e6])
        found = truths + rng.normal(size=n) * rng.choice([0, 0.1, 5]) * np.std(truths)
        if i % 3 == 0:
            truths, found = np.round(truths), np.round(found)  # ties
        if i % 9 == 0:
            truths = np.full(n, 0.1)
        if i % 11 == 0:
            found = np.full(n, 0.3)
        constant = np.all(truths == truths[0])
        either = constant or np.all(found == found[0])
        out.append({"truths": truths.tolist(), "found": found.tolist(),
                    "mae": metrics.mean_absolute_error(truths, found), "rmse": metrics.root_mean_squared_error(truths, found),
                    "r2": None if constant else metrics.r2_score(truths, found),
                    "spearman": None if either else finite(stats.spearmanr(truths, found).statistic)})
    return out


def main():
    rng = np.random.default_rng(23)
    out = {"made_with": "scikit-learn 1.9.1, scipy 1.17.1", "binary": binary(rng), "multiclass": multiclass(rng),
           "multilabel": multilabel(rng), "retrieval": retrieval(rng), "regression": regression(rng)}
    with open(HERE / "sklearn.json", "w", encoding="utf-8") as f:
        json.dump(out, f, separators=(",", ":"), allow_nan=False)
        f.write("\n")


main()
