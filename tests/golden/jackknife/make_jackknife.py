#!/usr/bin/env python3
"""Writes jackknife.json: standard errors of the jackknife by astropy, bounds by scipy's t distribution.

    python3 -m venv /tmp/golden && /tmp/golden/bin/pip install astropy scipy
    /tmp/golden/bin/python tests/golden/jackknife/make_jackknife.py

A delete-a-group jackknife is the jackknife of the groups: with groups of equal size, that of their means.
"""
import json
import pathlib

import astropy
import numpy as np
import scipy
from astropy.stats import jackknife_resampling, jackknife_stats
from scipy import stats

HERE = pathlib.Path(__file__).parent
rng = np.random.default_rng(7)
cases = []
for groups, make in ((20, lambda: rng.normal(0.3, 2, 20)), (20, lambda: rng.exponential(1e-3, 20)), (5, lambda: rng.integers(0, 2, 5).astype(float))):
    means = make()
    for name, statistic in (("mean", np.mean), ("ratio", lambda x: np.mean(x) / (2 + np.mean(x**2)))):
        left_out = np.array([statistic(part) for part in jackknife_resampling(means)])
        _, _, error, _ = jackknife_stats(means, statistic, 0.95)
        value = float(statistic(means))
        cases.append({"statistic": name, "value": value, "left_out": left_out.tolist(), "error": float(error),
                      "bounds": [[c, *(value + np.array([-1, 1]) * stats.t.ppf(c, groups - 1) * error).tolist()] for c in (0.8, 0.95, 0.975, 0.999)]})
(HERE / "jackknife.json").write_text(json.dumps({"astropy": astropy.__version__, "scipy": scipy.__version__, "cases": cases}, indent=1) + "\n")
