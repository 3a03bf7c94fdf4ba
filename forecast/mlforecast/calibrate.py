"""Distributional conformal calibration (Chernozhukov, Wüthrich and Zhu, PNAS 118(48), 2021).

Forecasts from origins of the last year are ranked by what happened, each by the model that was trained without that SKU (cross-
conformal, as in Barber, Candès, Ramdas and Tibshirani, Annals of Statistics 49(1), 2021); the distribution is then read at those
probabilities below which demands really fell as often as the level says. The folds are of SKUs and not of weeks: what all SKUs
had in common in the last months, a mild autumn, would otherwise be taken for an error of the model that lasts. A demand of whole
units is the stretch from P(Y<y) to P(Y≤y), over which its weight is spread (the nonrandomised transform of Czado, Gneiting and
Held, Biometrics 65(4), 2009).
"""

from __future__ import annotations

import numpy as np

GRID = np.linspace(0, 1, 401)
SIZES = np.array([0.3, 1.0, 4.0])  # mean weekly demand that separates groups, units
STEPS = np.array([3, 7])  # weeks ahead that do
STRENGTH = 3000  # examples that a larger group counts for in a smaller one
LEAST = 1e-4


class Calibration:
    """For each group of size and weeks ahead the probabilities at which to read the distribution."""

    def __init__(self, levels: np.ndarray, low: np.ndarray, high: np.ndarray, mean: np.ndarray, step: np.ndarray):
        group = _group(mean, step)
        every = _shrunk(GRID, low, high)
        self.u = np.empty((len(SIZES) + 1, len(STEPS) + 1, len(levels)))
        for size in range(len(SIZES) + 1):
            of_size = group[0] == size
            curve = _shrunk(every, low[of_size], high[of_size])
            for when in range(len(STEPS) + 1):
                use = of_size & (group[1] == when)
                fine = _shrunk(curve, low[use], high[use])
                self.u[size, when] = np.clip(np.interp(levels, fine, GRID), LEAST, 1 - LEAST)

    def probabilities(self, mean: np.ndarray, step: np.ndarray) -> np.ndarray:
        """[row][level]"""
        return self.u[_group(mean, step)]


def _group(mean: np.ndarray, step: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return np.searchsorted(SIZES, mean, side="right"), np.searchsorted(STEPS, step, side="right")


def _shrunk(prior: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """The share of ranks below each point of the grid, drawn towards a prior; strictly rising."""
    total = np.zeros(len(GRID))
    for i in range(0, len(low), 20_000):
        a, b = low[i:i + 20_000, None], high[i:i + 20_000, None]
        total += np.clip((GRID - a) / np.maximum(b - a, 1e-9), 0, 1).sum(0)
    return (total + STRENGTH * prior) / (len(low) + STRENGTH)
