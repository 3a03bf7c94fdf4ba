"""Seasonal indices by week of the year, pooled over related SKUs."""

from __future__ import annotations

import numpy as np
import pandas as pd

from history import Panel

YEAR = 52  # the odd 53rd week of a year shares the index of the 52nd
MAX_RATIO = 12  # one SKU's week counts as at most so many average weeks: a bulk order is not a season
ALL_STRENGTH = 10.0  # weight of the smoothed profile in the profile of all
MERCHANT_STRENGTH = 60.0  # weight of the profile of all in that of a merchant
ARTICLE_STRENGTH = 200.0  # weight of the merchant's profile in that of an article
SMOOTHING = np.array([1, 2, 3, 2, 1]) / 9


class Season:
    """Sums of seasonal ratios per group and week of the panel, from which a profile without any stretch of weeks can be made."""

    def __init__(self, panel: Panel):
        merchant, article = pd.factorize(panel.merchant)[0], pd.factorize(panel.article)[0]
        self.merchant, self.article = merchant, article
        self.weeks = panel.weeks
        ratio, weight = _ratios(panel)
        self.ratio, self.weight = [], []
        for group in (np.zeros_like(merchant), merchant, article):
            self.ratio.append(_by_group(ratio * weight, group))
            self.weight.append(_by_group(weight, group))
        self.week_of_year = week_of_year(panel.first_week, np.arange(self.weeks + 2 * YEAR))

    def profile(self, origin: int) -> np.ndarray:
        """Indices [SKU][week of the year] with mean 1, without the year ahead of the origin, so that no target is in its own
        index; only a week of the year that no other year knows has it in."""
        use = np.ones(self.weeks, dtype=bool)
        use[origin:origin + YEAR] = False
        position = self.week_of_year[:self.weeks]
        use |= ~np.isin(position, position[use & (self.weight[0][0] > 0)])
        ratio, weight = ([_by_position(s[:, use], position[use]) for s in sums] for sums in (self.ratio, self.weight))
        rough = _shrunk(ratio[0], weight[0], np.ones((1, YEAR)), 1.0)
        smooth = sum(w * np.roll(rough, k - 2, axis=1) for k, w in enumerate(SMOOTHING))
        of_all = _shrunk(ratio[0], weight[0], smooth, ALL_STRENGTH)
        of_merchant = _shrunk(ratio[1], weight[1], of_all, MERCHANT_STRENGTH)[self.merchant]
        return _shrunk(ratio[2][self.article], weight[2][self.article], of_merchant, ARTICLE_STRENGTH)


def week_of_year(first_week: pd.Timestamp, week: np.ndarray) -> np.ndarray:
    """0..51: the week that holds the year's first Thursday is 0, as in ISO 8601."""
    thursday = first_week + pd.to_timedelta(7 * week + 3, unit="D")
    return np.minimum((np.asarray(thursday.dayofyear) - 1) // 7, YEAR - 1)


def _ratios(panel: Panel) -> tuple[np.ndarray, np.ndarray]:
    """A week's demand over the mean of the year around it, and its weight: the variance of a ratio is about 1/mean + noise."""
    y = panel.demand
    n, weeks = y.shape
    if weeks < YEAR:
        return np.zeros((n, weeks)), np.zeros((n, weeks))
    known = np.isfinite(y)
    total = np.zeros((n, weeks + 1))
    count = np.zeros((n, weeks + 1))
    np.cumsum(np.where(known, y, 0), axis=1, out=total[:, 1:])
    np.cumsum(known, axis=1, out=count[:, 1:])
    start = np.maximum(np.arange(weeks) - YEAR // 2, panel.born[:, None])
    start = np.maximum(np.minimum(start, weeks - YEAR), 0)
    rows = np.arange(n)[:, None]
    around = count[rows, start + YEAR] - count[rows, start]
    mean = np.divide(total[rows, start + YEAR] - total[rows, start], around, out=np.zeros((n, weeks)), where=around >= YEAR / 2)
    use = known & (mean > 0) & (weeks - panel.born >= YEAR)[:, None]
    ratio = np.divide(y, mean, out=np.zeros((n, weeks)), where=use)
    return np.minimum(ratio, MAX_RATIO), np.where(use, mean / (1 + mean / 2), 0.0)


def _by_group(x: np.ndarray, group: np.ndarray) -> np.ndarray:
    out = np.zeros((group.max() + 1, x.shape[1]))
    np.add.at(out, group, x)
    return out


def _by_position(x: np.ndarray, position: np.ndarray) -> np.ndarray:
    out = np.zeros((x.shape[0], YEAR))
    np.add.at(out.T, position, x.T)
    return out


def _shrunk(ratio: np.ndarray, weight: np.ndarray, prior: np.ndarray, strength: float) -> np.ndarray:
    p = np.clip((ratio + strength * prior) / (weight + strength), 0.1, MAX_RATIO)
    return p * (YEAR / p.sum(axis=1, keepdims=True))
