"""Fits ADELE's curve f(t) = a (1 - exp(-b t^c)) by SciPy, as the authors' code does.

python3 test/reweighting/early-learning-golden.py > test/reweighting/early-learning-golden.json
"""

import json

import numpy as np
from scipy.optimize import curve_fit


def curve(t, a, b, c):
    return a * (1 - np.exp(-b * t**c))


def slope(t, a, b, c):
    return a * b * c * t ** (c - 1) * np.exp(-b * t**c)


def fit(times, ious):
    sigma = np.geomspace(1, 0.1, len(ious))
    bounds = ([0, 1e-4, 0.02], [1, 50, 1])
    starts = [(0.9, b, c) for b in (0.05, 0.3, 1, 3) for c in (0.2, 0.5, 0.9)]
    found = [
        curve_fit(curve, times, ious, p0=start, sigma=sigma, absolute_sigma=True, bounds=bounds, max_nfev=20000,
                  ftol=1e-14, xtol=1e-14, gtol=1e-14)[0]
        for start in starts
    ]
    return min(found, key=lambda p: np.sum(((curve(times, *p) - ious) / sigma) ** 2))


random = np.random.default_rng(7)
cases = []
for a, b, c, count, noise in [
    (0.9, 0.5, 0.8, 12, 0.0),
    (0.6, 0.2, 0.9, 20, 0.01),
    (0.95, 1.2, 0.5, 30, 0.01),
    (0.4, 0.05, 0.95, 15, 0.01),
    (0.8, 0.8, 0.6, 6, 0.02),
]:
    times = np.arange(1, count + 1, dtype=float)
    ious = np.clip(curve(times, a, b, c) + noise * random.standard_normal(count), 0, 1)
    found = fit(times, ious)
    sigma = np.geomspace(1, 0.1, count)
    cases.append({
        "ious": ious.round(12).tolist(),
        "error": float(np.sum(((curve(times, *found) - ious) / sigma) ** 2)),
        "slopeChanges": [float(abs(slope(t, *found) - slope(1.0, *found)) / slope(1.0, *found)) for t in times],
    })
print(json.dumps(cases, indent=1))
