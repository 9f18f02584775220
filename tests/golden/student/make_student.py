#!/usr/bin/env python3
"""Writes student.json: quantiles of Student's t distribution by scipy.

    python3 -m venv /tmp/golden && /tmp/golden/bin/pip install scipy
    /tmp/golden/bin/python tests/golden/student/make_student.py
"""
import json
import pathlib

import scipy
from scipy import stats

HERE = pathlib.Path(__file__).parent
rows = [[p, degrees, float(stats.t.ppf(p, degrees))] for degrees in (1, 2, 3.5, 19, 200)
        for p in (1e-6, 0.001, 0.025, 0.2, 0.4999, 0.6, 0.8, 0.95, 0.975, 0.99, 0.999)]
(HERE / "student.json").write_text(json.dumps({"scipy": scipy.__version__, "quantile": rows}, indent=1) + "\n")
