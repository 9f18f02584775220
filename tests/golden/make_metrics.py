#!/usr/bin/env python3
"""Writes stats.json and classification.json: expected values from scipy, statsmodels and scikit-learn.

    python3 -m venv /tmp/golden && /tmp/golden/bin/pip install numpy scipy scikit-learn statsmodels
    /tmp/golden/bin/python tests/golden/make_metrics.py

The inputs are stored with the values: the tests draw nothing.
"""
import json
import pathlib

import numpy as np
import scipy
import sklearn
import statsmodels
from scipy import optimize, special, stats
from sklearn import metrics
from statsmodels.stats import contingency_tables, proportion

FOLDER = pathlib.Path(__file__).parent


def normal():
    probabilities = [1e-300, 1e-20, 1e-9, 0.001, 0.025, 0.3, 0.5, 0.6, 0.9, 0.95, 0.975, 0.999999]
    points = [-30.0, -8.0, -2.0, -0.3, 0.0, 0.7, 1.96, 5.0]
    return {
        "quantile": [[p, stats.norm.ppf(p)] for p in probabilities],
        "cdf": [[z, stats.norm.cdf(z)] for z in points],
    }


def binomial():
    tails = [(0, 5, 0.3), (1, 5, 0.3), (5, 5, 0.3), (50, 100, 0.5), (70, 100, 0.5), (3, 10000, 1e-4),
             (500500, 1000000, 0.5), (990, 1000, 0.999)]
    shares = [(0, 10), (1, 10), (10, 10), (98, 10000), (7, 2000), (123456, 1000000)]
    bounds = []
    for count, n in shares:
        wilson = proportion.proportion_confint(count, n, 0.05, method="wilson")
        exact = proportion.proportion_confint(count, n, 0.05, method="beta")
        upper = 1.0 if count == n else stats.beta.ppf(0.95, count + 1, n - count)
        lower = 0.0 if count == 0 else stats.beta.ppf(0.05, count, n - count + 1)
        bounds.append([count, n, *wilson, *exact, lower, upper])
    return {
        "upper_tail": [[k, n, p, stats.binom.sf(k - 1, n, p)] for k, n, p in tails],
        "proportion": bounds,
    }


def restricted_score(b, c, n, drop):
    """Tango's statistic with the restricted estimate found by maximising the likelihood, not by his formula."""
    low, high = max(0.0, -drop), (1.0 - drop) / 2.0

    def negative(q):
        p = q + drop
        rest = 1.0 - p - q
        terms = 0.0
        for count, share in ((b, p), (c, q), (n - b - c, rest)):
            if count > 0:
                if share <= 0:
                    return 1e30
                terms += count * np.log(share)
        return -terms

    q = optimize.minimize_scalar(negative, bounds=(low, high), method="bounded", options={"xatol": 1e-13}).x
    variance = n * (2 * q + drop * (1 - drop))
    return (b - c - n * drop) / np.sqrt(variance)


def paired():
    out = []
    for b, c, n in [(50, 39, 10000), (0, 0, 300), (12, 2, 100), (2, 12, 100), (1, 0, 44), (40, 20, 2000),
                    (0, 7, 50), (9, 9, 60), (30, 5, 36)]:
        table = [[n - b - c, b], [c, 0]]
        p_two = contingency_tables.mcnemar(table, exact=True).pvalue if b + c else 1.0
        p_one = stats.binom.sf(b - 1, b + c, 0.5) if b + c else 1.0
        mid = 2 * stats.binom.cdf(min(b, c), b + c, 0.5) - stats.binom.pmf(min(b, c), b + c, 0.5) if b + c else 1.0
        z = stats.norm.ppf(0.975)
        solve = lambda target: optimize.brentq(  # noqa: E731
            lambda drop: restricted_score(b, c, n, drop) - target, -0.9999, 0.9999, xtol=1e-10)
        out.append({"harmful": b, "helpful": c, "n": n, "mcnemar": p_two, "mcnemar_worse": p_one, "mid_p": mid,
                    "tango": [-solve(-z), -solve(z)], "statistic_at_2_percent": restricted_score(b, c, n, 0.02)})
    return out


def bca(rng):
    """BCa bounds of given replicates, written from Efron and Tibshirani 14.9 to 14.15 with scipy's parts."""
    out = []
    for kind in ("skewed", "ties", "normal"):
        data = {"skewed": rng.exponential(1, 40), "ties": rng.integers(0, 2, 40).astype(float),
                "normal": rng.normal(3, 2, 40)}[kind]
        replicates = np.array([rng.choice(data, 40).mean() for _ in range(300)])
        estimate = data.mean()
        left_out = np.array([np.delete(data, i).mean() for i in range(len(data))])
        u = left_out.mean() - left_out
        acceleration = (u**3).sum() / (6 * (u**2).sum() ** 1.5)
        share = ((replicates < estimate).sum() + (replicates <= estimate).sum()) / (2 * len(replicates))
        z0 = stats.norm.ppf(share)
        bounds = []
        for p in (0.025, 0.05, 0.5, 0.95, 0.975):
            z = z0 + stats.norm.ppf(p)
            bounds.append([p, np.quantile(replicates, stats.norm.cdf(z0 + z / (1 - acceleration * z)))])
        found = stats.bootstrap((data,), np.mean, n_resamples=200_000, method="BCa", random_state=rng, batch=1000)
        out.append({"kind": kind, "data": data.tolist(), "replicates": replicates.tolist(), "left_out": left_out.tolist(),
                    "acceleration": acceleration, "bounds": bounds,
                    "scipy_interval": [found.confidence_interval.low, found.confidence_interval.high]})
    return out


def scores(rng):
    logits = rng.normal(0, 3, (12, 4)).astype(np.float32)
    other = (logits + rng.normal(0, 0.3, logits.shape)).astype(np.float32)
    p, q = special.softmax(logits.astype(float), axis=1), special.softmax(other.astype(float), axis=1)
    labels = rng.integers(0, 4, 203)
    confidence = rng.uniform(0.25, 1, 203).astype(np.float32)
    correct = (rng.uniform(0, 1, 203) < confidence - 0.1).astype(int)
    order = np.argsort(confidence, kind="stable")
    gap = sum(abs((correct[part] - confidence[part].astype(float)).sum()) for part in np.array_split(order, 15))
    return {"logits": logits.tolist(), "other": other.tolist(), "kl": special.rel_entr(p, q).sum(axis=1).tolist(),
            "confidence": confidence.tolist(), "correct": correct.tolist(), "ece": gap / len(labels)}


def classification(rng):
    cases = []
    for name, n, classes in (("four classes", 120, 4), ("eight classes, few samples", 30, 8), ("two classes", 50, 2)):
        labels = rng.integers(0, classes, n)
        if classes == 8:
            labels[labels == 7] = 6  # no sample of class 7
        base = rng.normal(0, 1, (n, classes))
        base[np.arange(n), labels] += 1.5
        sides = [base.astype(np.float32), (base + rng.normal(0, 0.4, base.shape)).astype(np.float32)]
        case = {"name": name, "classes": classes, "labels": labels.tolist(), "sides": []}
        for side in sides:
            p = special.softmax(side.astype(float), axis=1)
            predicted = side.argmax(axis=1)
            values = {"accuracy": metrics.accuracy_score(labels, predicted),
                      "log_loss": metrics.log_loss(labels, p, labels=range(classes))}
            if classes > 5:
                values["top5_accuracy"] = metrics.top_k_accuracy_score(labels, side, k=5, labels=range(classes))
            for average in ("macro", "micro"):
                found = metrics.precision_recall_fscore_support(labels, predicted, average=average, zero_division=0)
                for key, value in zip(("precision", "recall", "f1"), found):
                    values[f"{key}_{average}"] = value
            each = metrics.precision_recall_fscore_support(labels, predicted, labels=range(classes), zero_division=0)
            case["sides"].append({"logits": side.tolist(), "predicted": predicted.tolist(), "metrics": values,
                                  "precision": each[0].tolist(), "recall": each[1].tolist(), "f1": each[2].tolist(),
                                  "confusion": metrics.confusion_matrix(labels, predicted, labels=range(classes)).tolist()})
        a, b = (np.array(side["predicted"]) for side in case["sides"])
        case["flips"] = int((a != b).sum())
        case["harmful"] = int(((a == labels) & (b != labels)).sum())
        case["helpful"] = int(((a != labels) & (b == labels)).sum())
        cases.append(case)
    return cases


def write(name, content):
    content["made_with"] = {"numpy": np.__version__, "scipy": scipy.__version__, "scikit-learn": sklearn.__version__,
                            "statsmodels": statsmodels.__version__}
    round_floats = lambda x: json.loads(json.dumps(x), parse_float=lambda t: float(t))  # noqa: E731
    (FOLDER / name).write_text(json.dumps(round_floats(content)) + "\n")


def main():
    rng = np.random.default_rng(7)
    write("stats.json", {"normal": normal(), "binomial": binomial(), "paired": paired(), "bca": bca(rng),
                         "scores": scores(rng)})
    write("classification.json", {"cases": classification(rng)})


if __name__ == "__main__":
    main()
