#!/usr/bin/env python3
"""Writes kpi.json: random expressions and their values by Python's own parser and arithmetic.

    python3 tests/golden/kpi/make_kpi.py

Parentheses stand only where chance puts them: precedence is Python's, whose rules the grammar shares. What is chained
there (1 < x < 2) or short-circuits to an operand (and, or of numbers) is not made.
"""
import json
import math
import pathlib
import random

HERE = pathlib.Path(__file__).parent
NAMES = ["x", "y", "cost.eur", "_n1"]
FUNCTIONS = {"abs": abs, "min": min, "max": max, "log": math.log, "exp": math.exp, "sqrt": math.sqrt,
             "if_": lambda c, a, b: a if c else b}


def space(rng):
    return rng.choice(["", " ", " ", "\t"])


def number(rng, depth):
    """An arithmetic expression that may stand beside any operator that binds less."""
    kind = rng.randint(0, 7) if depth > 0 else rng.randint(0, 1)
    inner = lambda: number(rng, depth - 1)
    if kind == 0:
        return rng.choice(["0", "1", "2.5", ".5", "1e-3", "3.", "7E2", "100"])
    if kind == 1:
        return rng.choice(NAMES)
    if kind == 2:
        return "-" + space(rng) + inner()
    if kind == 3:
        return "(" + space(rng) + (inner() if rng.random() < 0.8 else truth(rng, depth - 1)) + ")"
    if kind == 4:
        name = rng.choice(["abs", "log", "exp", "sqrt"])
        return f"{name}({inner()})"
    if kind == 5:
        name, count = rng.choice([("min", 2), ("max", 3)])
        return f"{name}(" + ",".join(inner() for _ in range(count)) + ")"
    if kind == 6 and depth > 1:
        return f"if_({truth(rng, depth - 1)}, {inner()}, {inner()})"
    return inner() + space(rng) + rng.choice("+-*/") + space(rng) + inner()


def truth(rng, depth):
    kind = rng.randint(0, 3) if depth > 0 else 0
    if kind == 1:
        return "not " + truth(rng, depth - 1)
    if kind == 2:
        return "(" + truth(rng, depth - 1) + ")"
    if kind == 3:
        return truth(rng, depth - 1) + rng.choice([" and ", " or "]) + truth(rng, depth - 1)
    return number(rng, depth - 1) + space(rng) + rng.choice(["==", "!=", "<", "<=", ">", ">="]) + space(rng) + number(rng, depth - 1)


def main():
    rng = random.Random(25)
    cases = []
    while len(cases) < 500:
        text = number(rng, 5) if rng.random() < 0.6 else truth(rng, 5)
        values = {n: rng.choice([0.0, 1.0, -2.0, rng.uniform(-5, 5)]) for n in NAMES}
        names = dict(FUNCTIONS, **{n.replace(".", "_"): v for n, v in values.items()})
        try:
            value = float(eval(text.replace("cost.eur", "cost_eur"), {"__builtins__": {}}, names))
        except (ArithmeticError, ValueError):
            continue  # 1 / 0, log(-1): Python stops where IEEE arithmetic goes on
        if len(text) > 3 and math.isfinite(value):
            cases.append({"text": text.replace("if_(", "if("), "values": values, "value": value})
    with open(HERE / "kpi.json", "w", encoding="utf-8") as f:
        json.dump({"cases": cases}, f, separators=(",", ":"))
        f.write("\n")


main()
