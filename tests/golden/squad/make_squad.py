#!/usr/bin/env python3
"""Writes squad.json: what the official SQuAD scripts say of varied and nasty answers.

    python3 -m venv /tmp/golden && /tmp/golden/bin/pip install numpy
    /tmp/golden/bin/python tests/golden/squad/make_squad.py evaluate-v1.1.py evaluate-v2.0.py

The scripts are those of the SQuAD project (rajpurkar.github.io/SQuAD-explorer); their SHA-256 is stored with the cases.
Run with Python 3.11 (Unicode 14): lower-casing is that of its str.
"""
import hashlib
import importlib.util
import json
import pathlib
import random
import sys
import unicodedata

HERE = pathlib.Path(__file__).parent


def load(path):
    spec = importlib.util.spec_from_file_location(pathlib.Path(path).stem.replace("-", "_").replace(".", "_"), path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module, hashlib.sha256(pathlib.Path(path).read_bytes()).hexdigest()


WORDS = ["the", "The", "THE", "a", "A", "an", "An", "another", "theory", "Denver", "Broncos", "1,234", "3.14", "U.S.", "can't",
         "state-of-the-art", "the-end", "a-b", "A.", "an,", "\"the\"", "b_a_c", "a_b", "x", "x", "x", "Paris", "paris.", "$5", "100%",
         "Über", "ÉCOLE", "école", "naïve", "là", "a\u0301", "éa", "aé", "а", "А", "МОСКВА", "Москва", "ΑΘΗΝΑ", "ΟΔΟΣ", "ΟΔΟΣ.", "Σ", "ΑΣ'",
         "İstanbul", "ISTANBUL", "ıstanbul", "ẞ", "straße", "STRASSE", "Ǆ", "\u212aelvin", "\u212bngström", "北京", "東京の", "the北京", "한국", "नमस्ते",
         "½", "²", "Ⅷ", "ⓐ", "—", "–", "‘the’", "“a”", "…", "¿qué?", "«an»", "_", "__the__", "1the", "the1", "😀", "🇩🇪", "a\u200db", "\u200ba", "a\ufeff",
         "ЁЖ", "ԱՅԲ", "ᏣᎳᎩ", "Ꭰ", "ꭰ", "Ა", "𐐀", "ſ", "ŉ", "ΐ", "ª", "·", "ǅ", "\u0345", "Α\u0345Σ"]
SPACES = [" ", " ", " ", "  ", "\t", "\n", "\u00a0", "\u2003", "\u3000", "\u1680", "\u2028", "\u202f", "\x1c", "\x85", "\x0b", " ", " ", "", "-", "\u200b"]


def text(rng, longest=8):
    out = rng.choice(["", "", " ", "\u2003", "."])
    for _ in range(rng.randint(0, longest)):
        out += rng.choice(WORDS) + rng.choice(SPACES)
    return out


def changed(rng, s):
    """A near copy."""
    kind = rng.choice([0, 1, 2, 3, 3, 3, 4, 4, 4, 5, 6])
    words = s.split(" ")
    if kind == 0:
        return s.upper()
    if kind == 1:
        return s.title()
    if kind == 2:
        rng.shuffle(words)
        return " ".join(words)
    if kind == 3:
        return " ".join(words[: len(words) // 2])
    if kind == 4:
        return s + " " + text(rng, 2)
    if kind == 5:
        return " ".join(w + "." for w in words)
    return s


def question(rng, v1, v2):
    golds = [text(rng) for _ in range(rng.choice([0, 1, 1, 2, 3]))]
    if rng.random() < 0.1:
        golds.append(rng.choice(["The", "a an the", "...", "!?"]))
    golds = [g for g in golds if g]  # the data set holds no empty text
    prediction = changed(rng, rng.choice(golds)) if golds and rng.random() < 0.85 else text(rng)
    if rng.random() < 0.2:
        prediction = rng.choice(["", "", " ", "the", "."])
    dataset = [{"paragraphs": [{"qas": [{"id": "q", "answers": [{"text": g} for g in golds]}]}]}]
    exact, f1 = v2.get_raw_scores(dataset, {"q": prediction})
    case = {"golds": golds, "prediction": prediction, "exact": exact["q"], "f1": f1["q"]}
    if golds:
        case["v1"] = [int(v1.metric_max_over_ground_truths(v1.exact_match_score, prediction, golds)),
                      v1.metric_max_over_ground_truths(v1.f1_score, prediction, golds)]
    return case


def aggregate(rng, v1, v2, number):
    share = [0.5, 0.5, 0.0, 1.0][number % 4]  # unanswerable
    qas, predictions, chances = [], {}, {}
    for i in range(rng.choice([1, 5, 40])):
        case = question(rng, v1, v2)
        golds = [] if rng.random() < share else case["golds"] or ["Denver"]
        key = f"q{i}"
        qas.append({"id": key, "answers": [{"text": g} for g in golds]})
        predictions[key] = case["prediction"]
        chances[key] = rng.choice([rng.random(), round(rng.random(), 1), 0.0, 1.0, 1.5])
    dataset = [{"paragraphs": [{"qas": qas}]}]
    has = v2.make_qid_to_has_ans(dataset)
    exact, f1 = v2.get_raw_scores(dataset, predictions)
    threshold = rng.choice([1.0, 1.0, 0.5, 0.3])
    exact_cut = v2.apply_no_ans_threshold(exact, chances, has, threshold)
    f1_cut = v2.apply_no_ans_threshold(f1, chances, has, threshold)
    out = v2.make_eval_dict(exact_cut, f1_cut)
    for prefix, wanted in (("HasAns", True), ("NoAns", False)):
        ids = [k for k, v in has.items() if v == wanted]
        if ids:
            v2.merge_eval(out, v2.make_eval_dict(exact_cut, f1_cut, qid_list=ids), prefix)
    v2.find_all_best_thresh(out, predictions, exact, f1, chances, has)
    return {"questions": [{"golds": [a["text"] for a in qa["answers"]], "prediction": predictions[qa["id"]],
                           "chance": chances[qa["id"]]} for qa in qas],
            "threshold": threshold, "expected": out}


def main():
    (v1, digest1), (v2, digest2) = load(sys.argv[1]), load(sys.argv[2])
    rng = random.Random(20)
    normalised = [[w, v2.normalize_answer(w)] for w in WORDS + [s + "a" + s + "B" + s for s in SPACES]]
    # Each letter that Python lowers, in runs of 40, and each pair of a letter and a final sigma.
    lowered = [chr(c) for c in range(0x110000) if not 0xD800 <= c <= 0xDFFF and chr(c).lower() != chr(c)]
    normalised += [["".join(lowered[i:i + 40])] for i in range(0, len(lowered), 40)]
    # "the" beside characters of every category: which of them are part of a word.
    picked = {}
    for c in range(0x80, 0x110000):
        if not 0xD800 <= c <= 0xDFFF:
            picked.setdefault(unicodedata.category(chr(c)), []).append(chr(c))
    for chars in picked.values():
        for ch in rng.sample(chars, min(8, len(chars))):
            normalised.append([f"x{ch}the{ch}A ΑΣ{ch} Α{ch}Σ"])
    normalised += [[text(rng, 12)] for _ in range(150)]
    normalised = [[n[0], v2.normalize_answer(n[0])] for n in normalised]
    assert all(v1.normalize_answer(s) == e for s, e in normalised)
    out = {"made_with": {"python": sys.version.split()[0], "unicode": unicodedata.unidata_version,
                         "evaluate-v1.1.py": digest1, "evaluate-v2.0.py": digest2},
           "normalised": normalised,
           "cases": [question(rng, v1, v2) for _ in range(500)],
           "aggregates": [aggregate(rng, v1, v2, i) for i in range(40)]}
    with open(HERE / "squad.json", "w", encoding="utf-8") as f:
        json.dump(out, f, ensure_ascii=True, indent=None, separators=(",", ":"))
        f.write("\n")


main()
