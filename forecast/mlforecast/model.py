"""A negative binomial distribution of every week ahead, its mean and its dispersion both boosted trees (LightGBM) under one
likelihood.

The trees correct a start: the SKU's level times the seasonal index. Weeks long ago count less. One model serves all weeks ahead:
how many weeks a target lies ahead is a feature, and the features are those of the origin (a direct forecast, nothing is fed
back).
"""

from __future__ import annotations

import dataclasses

import lightgbm
import numpy as np
from scipy.special import digamma
from scipy.stats import gamma, nbinom

from features import Origin, table
from history import Panel
from season import Season

DISPERSION = 0.5  # where the boosting starts: variance = mean + dispersion·mean²
LEAST, MOST = np.exp(-5.0), np.exp(4.0)  # bounds of the dispersion
WARM_UP = 13  # weeks of the panel before the first origin to learn from
LEAST_EXAMPLES = 100


@dataclasses.dataclass(frozen=True)
class Settings:
    horizon: int = 12  # weeks to forecast
    rows: int = 150_000  # examples that a model learns from, at most about
    steps: int = 3  # weeks ahead drawn as examples at each origin
    trees: int = 150
    folds: int = 4  # models, each on the examples of all SKUs but one part; their predictions are averaged
    half_life: float = 78.0  # weeks after which an example counts half
    past: int = 130  # weeks before the as-of week from which origins are taken
    seed: int = 1

    def __post_init__(self):
        if self.folds < 2:
            raise ValueError("at least 2 folds are needed: a SKU's calibration comes from the model that did not see it")

    def parameters(self, seed: int, examples: int) -> dict:
        return {
            "num_class": 2, "num_threads": 1, "deterministic": True, "force_row_wise": True, "verbosity": -1, "seed": seed,
            "learning_rate": 0.05, "num_leaves": 15, "min_data_in_leaf": min(400, examples // 20), "min_sum_hessian_in_leaf": 1,
            "lambda_l2": 1, "feature_fraction": 0.5, "bagging_fraction": 0.7, "bagging_freq": 1,
        }


@dataclasses.dataclass
class Examples:
    """Rows to learn from or to forecast."""

    x: np.ndarray  # [row][feature]
    sku: np.ndarray
    origin: np.ndarray  # week of the panel
    step: np.ndarray  # weeks ahead, from 0
    scale: np.ndarray  # the SKU's level times the seasonal index, units
    demand: np.ndarray  # units; NaN where not known

    def take(self, rows: np.ndarray) -> Examples:
        return Examples(*(getattr(self, f.name)[rows] for f in dataclasses.fields(self)))


def examples(panel: Panel, season: Season, origins, steps, known: bool, share: float = 1.0,
             rng: np.random.Generator | None = None) -> Examples:
    """All SKUs at each origin for its steps (a function of nothing); with known, only full weeks of known demand within the
    panel. A share of them is drawn at random."""
    parts = []
    for origin in origins:
        at = Origin(panel, season, origin)
        fixed = at.features()
        for step in steps():
            target, rows = origin + int(step), at.rows
            if known:
                if target >= panel.weeks:
                    continue
                rows = rows[panel.full[rows, target]]
            if share < 1:
                rows = rows[rng.random(len(rows)) < share]
            ahead, scale = at.ahead(int(step))
            demand = panel.demand[rows, target] if known else np.full(len(rows), np.nan)
            n = len(rows)
            x = np.hstack([table(fixed, rows), table(ahead, rows)])
            parts.append((x, rows, np.full(n, origin), np.full(n, step), scale[rows], demand))
    return Examples(*(np.concatenate(column) for column in zip(*parts)))


def training(panel: Panel, season: Season, end: int, s: Settings, seed: int) -> Examples:
    """Examples whose origins lie before week `end`, every week up to s.past weeks back."""
    origins = range(max(end - s.past, WARM_UP), end)
    rng = np.random.default_rng(seed)
    count = s.steps * sum(np.count_nonzero(panel.listed < o) for o in origins)

    def steps() -> np.ndarray:
        return np.sort(rng.choice(s.horizon, min(s.steps, s.horizon), replace=False))

    e = examples(panel, season, origins, steps, True, s.rows / max(count, 1), rng) if len(origins) > 1 else None
    if e is None or len(e.sku) < LEAST_EXAMPLES:
        raise SystemExit(
            f"the history is too small to learn from: {len(panel.article)} articles over {panel.weeks} weeks; at least {WARM_UP + 2} "
            f"weeks are needed, and about {LEAST_EXAMPLES} weeks of known demand after the first {WARM_UP}")
    return e


class Model:
    """Trees for the logarithms of mean/scale and of the dispersion."""

    def __init__(self, e: Examples, as_of: int, s: Settings, seed: int):
        weight = 0.5 ** ((as_of - e.origin) / s.half_life)
        start = np.concatenate([np.log(e.scale), np.full(len(e.sku), np.log(DISPERSION))])
        data = lightgbm.Dataset(e.x, e.demand, init_score=start, params={"verbosity": -1})
        self.trees = lightgbm.train({"objective": _likelihood(e.demand, weight), **s.parameters(seed, len(e.sku))}, data, s.trees)

    def predict(self, e: Examples) -> tuple[np.ndarray, np.ndarray]:
        """Logarithms of mean and dispersion."""
        raw = self.trees.predict(e.x, raw_score=True, num_threads=1)
        return raw[:, 0] + np.log(e.scale), raw[:, 1] + np.log(DISPERSION)


def folds(panel: Panel, s: Settings) -> np.ndarray:
    """[SKU] the part that each SKU belongs to, 0 .. s.folds-1."""
    return np.random.default_rng(s.seed).permutation(len(panel.article)) % s.folds


def fit(panel: Panel, season: Season, fold: np.ndarray, s: Settings) -> list[Model]:
    """One model for each fold, of everything known about the SKUs outside of it."""
    models = []
    for k in range(s.folds):
        e = training(panel, season, panel.weeks, s, s.seed + k)
        seen = fold[e.sku] != k
        models.append(Model(e.take(seen) if seen.any() else e, panel.weeks, s, s.seed + k))
    return models


def predict(models: list[Model], e: Examples) -> tuple[np.ndarray, np.ndarray]:
    """Mean and dispersion by the geometric mean of the models."""
    mean, dispersion = (np.mean(x, axis=0) for x in zip(*(m.predict(e) for m in models)))
    return np.exp(np.clip(mean, -12, 25)), np.clip(np.exp(dispersion), LEAST, MOST)


def _likelihood(y: np.ndarray, weight: np.ndarray):
    """LightGBM's objective: gradient and curvature of the negative log-likelihood of NB(mean m, dispersion k) in (ln m, ln k).
    The curvature of ln k is replaced by a bounded positive one, that of ln m kept above a share of its expectation."""

    def objective(raw: np.ndarray, _) -> tuple[np.ndarray, np.ndarray]:
        m, k = np.exp(np.clip(raw[:, 0], -12, 25)), np.clip(np.exp(raw[:, 1]), LEAST, MOST)
        r, spread = 1 / k, 1 + k * m
        gradient = np.column_stack([
            (m - y) / spread,
            r * (digamma(y + r) - digamma(r) - np.log1p(k * m)) + (m - y) / spread,
        ])
        curvature = np.column_stack([
            np.maximum(m * (1 + k * y) / spread**2, 0.3 * m / spread),
            np.maximum(0.25 * k * m / spread, 1e-3),
        ])
        return gradient * weight[:, None], curvature * weight[:, None]

    return objective


def below(y: np.ndarray, mean: np.ndarray, dispersion: np.ndarray, whole: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """P(Y < y) and P(Y ≤ y): of the negative binomial for whole units, else of the gamma distribution with its mean and
    variance."""
    r = 1 / dispersion
    p = r / (r + mean)
    smooth = gamma.cdf(y, mean / (1 + dispersion * mean), scale=1 + dispersion * mean)
    low = np.where(whole, nbinom.cdf(y - 1, r, p), smooth)
    return low, np.where(whole, nbinom.cdf(y, r, p), smooth)


def quantiles(u: np.ndarray, mean: np.ndarray, dispersion: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Quantiles [row][level] at the probabilities u [row][level]."""
    r = 1 / dispersion
    out = np.empty(u.shape)
    w = np.flatnonzero(whole)
    out[w] = nbinom.ppf(u[w], r[w, None], (r / (r + mean))[w, None])
    f = np.flatnonzero(~whole)
    out[f] = gamma.ppf(u[f], (mean / (1 + dispersion * mean))[f, None], scale=(1 + dispersion * mean)[f, None])
    return np.maximum(out, 0)
