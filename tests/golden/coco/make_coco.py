#!/usr/bin/env python3
"""Writes coco.json: COCOeval of pycocotools on random and nasty scenes, and on resamples of their images.

    python3 -m venv /tmp/golden && /tmp/golden/bin/pip install numpy pycocotools==2.0.11
    /tmp/golden/bin/python tests/golden/coco/make_coco.py
"""
import contextlib
import io
import json
import pathlib
import random

import numpy as np
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

HERE = pathlib.Path(__file__).parent


def box(rng, side):
    if rng.random() < 0.04:
        return [rng.randint(0, 50), rng.randint(0, 50), rng.choice([0, 5]), 0]
    # Integers: many overlaps lie exactly on a threshold.
    return [rng.randint(0, side), rng.randint(0, side), rng.choice([10, 20, 32, 40, 96, rng.randint(1, side)]),
            rng.choice([10, 20, 32, 40, 96, rng.randint(1, side)])]


def moved(rng, b):
    kind = rng.randint(0, 4)
    x, y, w, h = b
    if kind == 0:
        return list(b)
    if kind == 1:
        return [x, y, w, h * rng.choice([0.5, 0.55, 0.6, 0.75, 0.8, 0.95])]
    if kind == 2:
        return [x + round(rng.gauss(0, w / 10), 2), y + round(rng.gauss(0, h / 10), 2), w, h]
    if kind == 3:
        return [x + rng.randint(-3, 3), y, w, h]
    return [x, y, round(w * rng.uniform(0.6, 1.5), 2), round(h * rng.uniform(0.6, 1.5), 2)]


def scene(rng, categories, options):
    truths, found = [], []
    for _ in range(rng.choice([0, 1, 3, 8])):
        b = box(rng, options["side"])
        area = b[2] * b[3] if rng.random() < 0.5 else rng.choice([b[2] * b[3] * 0.5, 32 ** 2, 96 ** 2, 1023.5, 9216.5, 0, 2e10])
        crowd = int(rng.random() < options["crowd"])
        category = rng.choice(categories[: options["with_truth"]])
        truths.append([*b, category, area, crowd])
        if rng.random() < 0.3:  # its twin: two truths for one detection
            truths.append([*moved(rng, b), category, b[2] * b[3], int(rng.random() < options["crowd"])])
    def score():
        return rng.choice([0.5, 0.9, 0.25]) if rng.random() < options["ties"] else round(rng.random(), 6)
    for t in truths:
        for _ in range(rng.choice([0, 1, 1, 2])):
            category = t[4] if rng.random() < 0.9 else rng.choice(categories)
            found.append([*moved(rng, t[:4]), category, score()])
    for _ in range(rng.choice([0, 1, 4, options["extra"]])):
        found.append([*box(rng, options["side"]), rng.choice(categories), score()])
    rng.shuffle(found)
    return {"truths": truths, "found": found}


def make(images, categories):
    ids = [{"id": i + 1} for i in range(len(images))]
    sets = []
    for side in ("truths", "found"):
        annotations = []
        for i, image in enumerate(images):
            for row in image[side]:
                a = {"id": len(annotations) + 1, "image_id": i + 1, "bbox": row[:4], "category_id": row[4]}
                a.update({"area": row[5], "iscrowd": row[6]} if side == "truths" else
                         {"area": row[2] * row[3], "iscrowd": 0, "score": row[5]})  # as COCO.loadRes
                annotations.append(a)
        coco = COCO()
        coco.dataset = {"images": ids, "categories": [{"id": c} for c in categories], "annotations": annotations}
        coco.createIndex()
        sets.append(coco)
    evaluation = COCOeval(*sets, "bbox")
    evaluation.evaluate()
    evaluation.accumulate()
    evaluation.summarize()
    return evaluation


def defined(value):
    return None if value == -1 else float(value)


def mean(values):
    values = values[values > -1]
    return float(np.mean(values)) if values.size else None


def case(rng, number):
    options = {"side": rng.choice([60, 150, 400]), "crowd": [0.0, 0.15, 0.15, 1.0][number % 4 if number > 3 else number],
               "ties": rng.choice([0.0, 0.3, 1.0]), "extra": 8, "with_truth": 3}
    categories = [1, 3, 7, 90]
    count = rng.choice([1, 2, 6, 12])
    if number == 5:
        categories, options = [2], {**options, "extra": 150, "with_truth": 1, "crowd": 0.1}
    if number == 6:
        categories, options = [2], {**options, "extra": 150, "with_truth": 1, "crowd": 0.0, "side": 30}
    images = [scene(rng, categories, options) for _ in range(count)]
    if number == 7:
        images = [{"truths": [], "found": i["found"]} for i in images]
    if number == 8:
        images = [{"truths": i["truths"], "found": []} for i in images]
    if number == 9:
        images = [{"truths": [], "found": []}]
    evaluation = make(images, categories)
    precision, recall = evaluation.eval["precision"], evaluation.eval["recall"]
    by_category = [{"category": c, "ap": mean(precision[:, :, k, 0, 2]), "ap50": mean(precision[0, :, k, 0, 2]),
                    "ar": mean(recall[:, k, 0, 2])} for k, c in enumerate(categories)]
    resamples = []
    # Copies of an image with tied scores interleave in COCOeval: a resample of images is defined by weights only without.
    scores = [[row[5] for row in i["found"]] for i in images]
    if all(len(set(s)) == len(s) for s in scores):
        for _ in range(3):
            weights = [rng.choice([0, 0, 1, 1, 2, 3]) for _ in images]
            copies = [i for i, w in zip(images, weights) for _ in range(w)]
            stats = make(copies, categories).stats if copies else [-1] * 12
            resamples.append({"weights": weights, "stats": [defined(s) for s in stats[:3]]})
    return {"images": images, "stats": [defined(s) for s in evaluation.stats], "by_category": by_category, "resamples": resamples}


def main():
    rng = random.Random(22)
    with contextlib.redirect_stdout(io.StringIO()):
        cases = [case(rng, i) for i in range(120)]
    with open(HERE / "coco.json", "w", encoding="utf-8") as f:
        json.dump({"made_with": "pycocotools 2.0.11", "cases": cases}, f, separators=(",", ":"))
        f.write("\n")


main()
