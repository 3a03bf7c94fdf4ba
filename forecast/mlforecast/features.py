"""What the model sees of the SKUs at an origin, the start of the first week to forecast, and of each week ahead of it.

Every figure is made of weeks before the origin. Demand is divided by the week's seasonal index and by the SKU's own level (per-
series scaling), so that the trees learn from slow and fast sellers together. Weeks of unknown demand are left out of every mean
and are missing values as lags.

Hardly anything here is the same for all SKUs of a merchant in a week, as the week of the year or Fourier terms would be: two
years have a hundred weeks, and trees learn each one by heart. The season comes in through the seasonal index (docs/forecast-
lightgbm.md has the figures).
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from history import Panel
from season import YEAR, Season

LAGS = (1, 2, 3, 4)
WINDOWS = (4, 8, 13, 26, 52)
FADES = (0.70, 0.90, 0.975)  # what is left of a week's weight after each known week: memories of 3, 10 and 40 weeks
MEMORY = 2 * YEAR + 13  # weeks before the origin that are looked at
CLOSE = 2  # weeks around the same week of an earlier year
LEAST = 0.1  # smallest seasonal index that demand is divided by


class Origin:
    """The SKUs as they are known at the start of week `origin` of the panel, which may have later weeks: they are cut off
    first."""

    def __init__(self, panel: Panel, season: Season, origin: int):
        self.origin = origin
        self.start = max(origin - MEMORY, 0)
        self.week_of_year = season.week_of_year
        self.show_index = season.weeks >= 2 * YEAR
        y = panel.demand[:, self.start:origin]
        self.known = np.isfinite(y)
        self.sold = np.where(self.known, y, 0.0)
        self.profile = season.profile(origin)
        self.index = self.profile[:, season.week_of_year[self.start:origin]]
        self.y = self.sold / np.maximum(self.index, LEAST)
        self.born = panel.born
        self.price = None if panel.price is None else panel.price[:, self.start:origin]
        self.article = season.article
        self.total, self.count, self.sales = _running(self.y), _running(self.known), _running(self.sold > 0)
        self.square = _running(self.y**2)
        later = self.count[:, -1:] - self.count[:, 1:]  # known weeks behind each one
        self.levels = []
        for fade in FADES:
            w = np.where(self.known, fade**later, 0.0)
            self.levels.append(_ratio((w * self.y).sum(1), w.sum(1)))
        level = (np.nan_to_num(self.levels[1]) + np.nan_to_num(self.levels[2])) / 2
        self.level = level + 0.5 / (1 + self.count[:, -1])
        self.rows = np.flatnonzero(panel.listed < origin)  # the SKUs that were there

    def mean(self, start: int, end: int) -> np.ndarray:
        """Mean demand of the known weeks start .. end-1, counted from the origin: start ≥ -MEMORY, end ≤ 0. NaN where none is
        known."""
        return _ratio(self._window(self.total, start, end), self._window(self.count, start, end))

    def _window(self, running: np.ndarray, start: int, end: int) -> np.ndarray:
        last = running.shape[1] - 1
        start, end = max(last + start, 0), max(last + end, 0)
        return running[:, end] - running[:, start]

    def _lag(self, week: int) -> np.ndarray:
        """Demand of one week, counted from the origin, in levels."""
        at = self.y.shape[1] + week
        return np.where(self.known[:, at], self.y[:, at], np.nan) / self.level if at >= 0 else np.full(len(self.level), np.nan)

    def features(self) -> dict[str, np.ndarray]:
        """Features of the SKUs, whatever the week ahead."""
        level, weeks = self.level, self.y.shape[1]
        out = {f"lag{k}": self._lag(-k) for k in LAGS}
        for w in WINDOWS:
            mean, n = self.mean(-w, 0), self._window(self.count, -w, 0)
            out[f"mean{w}"] = mean / level
            if w >= 8:
                variance = np.maximum(_ratio(self._window(self.square, -w, 0), n) - mean**2, 0)
                out[f"spread{w}"] = np.sqrt(variance) / level
                out[f"zeros{w}"] = 1 - _ratio(self._window(self.sales, -w, 0), n)
        for fade, value in zip(FADES, self.levels):
            out[f"fade{fade}"] = value / level
        out["level"] = np.log(level)
        sold = self.sold[:, ::-1] > 0
        out["since_sale"] = np.where(sold.any(1), sold.argmax(1), MEMORY)
        out["age"] = np.minimum(self.origin - self.born, MEMORY)
        out["known13"] = self._window(self.count, -13, 0) / np.clip(self.origin - self.born, 1, 13)
        out["known_last"] = self.known[:, -1]
        out["largest"] = self.y[:, max(weeks - YEAR, 0):].max(1) / level
        out["article_trend"] = _change(self.article, self.mean(-4, 0), self.mean(-17, -4))
        if self.price is not None:
            last = self.price[:, -1]
            out["price"] = np.log(last)
            out["discount"] = 1 - last / pd.DataFrame(self.price[:, max(weeks - YEAR, 0):]).median(axis=1).to_numpy()
        return out

    def ahead(self, step: int) -> tuple[dict[str, np.ndarray], np.ndarray]:
        """Features of the week `step` weeks behind the origin, and each SKU's level in that week: the scale of its demand."""
        n = len(self.level)
        index = self.profile[:, self.week_of_year[self.origin + step]]
        out = {"step": np.full(n, step)}
        # In less than two years most targets are in their own index. It is drawn towards 1: trees that saw it would learn to
        # exaggerate it.
        if self.show_index:
            out |= {"index": np.log(index), "index_change": np.log(index / self.index[:, -8:].mean(1))}
        for back in (YEAR - 1, YEAR, YEAR + 1):
            out[f"lag{back}"] = self._lag(step - back)
        then = step - YEAR
        out["year_ago"] = self.mean(then - CLOSE, min(then + CLOSE + 1, 0)) / self.level
        out["article_season"] = _change(self.article, self.mean(then - 1, min(then + 2, 0)), self.mean(-YEAR - 8, -YEAR))
        return out, self.level * index


def table(columns: dict[str, np.ndarray], rows: np.ndarray) -> np.ndarray:
    """The columns' values for some SKUs, as LightGBM takes them."""
    return np.column_stack([np.asarray(v)[rows].astype(np.float32) for v in columns.values()])


def _change(group: np.ndarray, now: np.ndarray, then: np.ndarray) -> np.ndarray:
    """The logarithm of how a group's demand changed, over the members known both times. One unit each time keeps groups that
    hardly sell near 0."""
    both = np.isfinite(now) & np.isfinite(then)
    n = group.max() + 1
    return np.log((np.bincount(group[both], now[both], n) + 1) / (np.bincount(group[both], then[both], n) + 1))[group]


def _running(x: np.ndarray) -> np.ndarray:
    """Sums of the weeks before each week: one column more than x."""
    out = np.zeros((x.shape[0], x.shape[1] + 1))
    np.cumsum(x, axis=1, out=out[:, 1:])
    return out


def _ratio(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.divide(a, b, out=np.full(a.shape, np.nan), where=b > 0)
