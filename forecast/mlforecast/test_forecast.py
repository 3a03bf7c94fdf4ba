"""Run by `make test`, in a few seconds: shape, no leakage, calibration on known distributions, and what a hostile history
does."""

import json

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from scipy.stats import nbinom

import forecast
import model
from calibrate import Calibration
from features import Origin
from history import build_panel, read_rows
from season import Season

WEEKS = 90
FIRST = pd.Timestamp("2023-01-02")


def history(skus=40, seed=1) -> pd.DataFrame:
    """Negative binomial demand with a season; one week in ten is out of stock, with no sales."""
    rng = np.random.default_rng(seed)
    parts = []
    for i in range(skus):
        mean = np.exp(rng.normal(1, 1)) * (1 + 0.4 * np.sin(2 * np.pi * np.arange(WEEKS) / 52))
        stock = rng.random(WEEKS) > 0.1
        parts.append(pd.DataFrame({
            "merchant_id": f"m{i % 3}", "article_id": f"a{i}",
            "week_start": FIRST + pd.to_timedelta(7 * np.arange(WEEKS), unit="D"),
            "sales": np.where(stock, rng.negative_binomial(2, 2 / (2 + mean)), 0).astype(float), "in_stock": stock,
        }))
    return pd.concat(parts, ignore_index=True)


def run(tmp_path, rows, name, *args):
    rows.to_parquet(tmp_path / f"{name}.in.parquet", index=False)
    out = tmp_path / f"{name}.parquet"
    forecast.main(["--history", str(tmp_path / f"{name}.in.parquet"), "--out", str(out), "--rows", "4000", "--folds", "2", *args])
    return pq.read_table(out)


def test_canonical_layout(tmp_path):
    t = run(tmp_path, history(), "a")
    assert t.column_names == ["merchant_id", "article_id", "week", "q"]
    assert json.loads(t.schema.metadata[b"quantile_levels"]) == [i / 40 for i in range(1, 40)]
    assert t.schema.metadata[b"as_of"].decode() == str((FIRST + pd.Timedelta(weeks=WEEKS)).date())
    assert t.num_rows == 40 * 12
    assert t["week"].to_pylist()[:13] == [*range(12), 0]
    q = np.array(t["q"].to_pylist())
    assert q.shape == (480, 39) and np.isfinite(q).all()
    assert (q >= 0).all() and (np.diff(q, axis=1) >= 0).all()
    assert (q == np.round(q)).all()  # whole units


def test_nothing_after_the_origin_is_used(tmp_path):
    rows = history()
    as_of = FIRST + pd.Timedelta(weeks=70)
    other = rows.copy()
    later = other["week_start"] >= as_of
    other.loc[later, "sales"] = 9999.0
    other.loc[later, "in_stock"] = True
    new = other[later].head(5).assign(article_id="new")
    a = run(tmp_path, rows, "a", "--as-of", str(as_of.date()))
    b = run(tmp_path, pd.concat([other, new]), "b", "--as-of", str((as_of + pd.Timedelta(days=3)).date()))
    c = run(tmp_path, rows[~later], "c")
    assert a.equals(b, check_metadata=True) and a.equals(c, check_metadata=True)


def test_features_of_training_origins_know_nothing_later():
    rows = history()
    changed = rows.copy()
    changed.loc[changed["week_start"] >= FIRST + pd.Timedelta(weeks=60), "sales"] *= 50
    a, b = (build_panel(r, None) for r in (rows, changed))
    season = Season(a)  # the index is estimated from other years: the same for both
    for origin in (30, 60):
        x, y = Origin(a, season, origin), Origin(b, season, origin)
        for name, values in x.features().items():
            np.testing.assert_array_equal(values, y.features()[name], err_msg=name)
        for name, values in x.ahead(11)[0].items():
            np.testing.assert_array_equal(values, y.ahead(11)[0][name], err_msg=name)


def test_stock_outs_are_not_demand():
    rows = history()
    panel = build_panel(rows, None)
    assert np.isnan(panel.demand).mean() == pytest.approx((~rows["in_stock"]).mean(), abs=0.02)
    as_zeros = build_panel(rows.drop(columns="in_stock"), None)
    assert np.nansum(panel.demand) == np.nansum(as_zeros.demand)
    assert np.nanmean(panel.demand) > 1.05 * np.nanmean(as_zeros.demand)


def test_a_season_leaves_out_the_year_ahead():
    rows = history()
    changed = rows.copy()
    changed.loc[changed["week_start"] >= FIRST + pd.Timedelta(weeks=80), "sales"] *= 50
    a, b = (Season(build_panel(r, None)).profile(80) for r in (rows, changed))
    covered = Season(build_panel(rows, None)).week_of_year[80:90]
    # the years' means move a little with the last weeks; the weeks' own ratios must not count
    assert np.abs(np.log(a[:, covered] / b[:, covered])).max() < 1.0


@pytest.mark.parametrize("factor", [0.5, 1.0, 2.0])
def test_calibration_finds_the_true_levels(factor):
    """100,000 draws, seed 2: the standard error of a share is at most 0.0016; ±0.01 allows for the pull to the prior."""
    rng = np.random.default_rng(2)
    n, k = 100_000, 0.5
    mean = np.exp(rng.normal(0, 1, n))
    y = rng.negative_binomial(1 / (k * factor), 1 / (1 + k * factor * mean))
    whole, step = np.ones(n, dtype=bool), rng.integers(0, 12, n)
    low, high = model.below(y, mean, np.full(n, k), whole)
    c = Calibration(forecast.LEVELS, low, high, mean, step)
    u = c.probabilities(mean, step)
    for i in (1, 9, 19, 29, 37):
        below = np.clip((u[:, i] - low) / (high - low), 0, 1).mean()
        assert below == pytest.approx(forecast.LEVELS[i], abs=0.01)


def test_quantiles_of_both_kinds_of_units():
    u = np.tile(forecast.LEVELS, (2, 1))
    mean, dispersion = np.array([3.0, 3.0]), np.array([0.5, 0.5])
    q = model.quantiles(u, mean, dispersion, np.array([True, False]))
    np.testing.assert_array_equal(q[0], nbinom.ppf(forecast.LEVELS, 2, 0.4))
    assert np.abs(q[0] - q[1]).max() < 1.5 and (q[1] != np.round(q[1])).any()


def test_history_as_it_comes(tmp_path):
    """CSV in any order, leading zeros, gaps, a launch last week, an article that never sold, bad numbers."""
    rows = history(20)
    rows["article_id"] = "00" + rows["article_id"].str[1:]
    rows = rows.drop(rows.index[10:14]).sample(frac=1, random_state=1)
    last = FIRST + pd.Timedelta(weeks=WEEKS - 1)
    extra = pd.DataFrame({"merchant_id": "m0", "article_id": ["new", "dead", "bad"], "week_start": [last, FIRST, FIRST],
                          "sales": [2.0, 0.0, -3.0], "in_stock": [True, False, True]})
    rows = pd.concat([rows, extra])
    rows["week_start"] = rows["week_start"].dt.strftime("%Y-%m-%d")
    rows.to_csv(tmp_path / "h.csv", index=False)
    forecast.main(["--history", str(tmp_path / "h.csv"), "--out", str(tmp_path / "f.parquet"), "--rows", "4000", "--folds", "2"])
    t = pq.read_table(tmp_path / "f.parquet")
    assert t.num_rows == 23 * 12 and "0011" in t["article_id"].to_pylist()
    assert np.isfinite(np.array(t["q"].to_pylist())).all()


def test_short_histories(tmp_path):
    rows = history(30)
    t = run(tmp_path, rows[rows["week_start"] < FIRST + pd.Timedelta(weeks=20)], "a")
    assert t.num_rows == 30 * 12 and np.isfinite(np.array(t["q"].to_pylist())).all()
    with pytest.raises(SystemExit, match="30 articles over 14 weeks; at least 15 weeks"):
        run(tmp_path, rows[rows["week_start"] < FIRST + pd.Timedelta(weeks=14)], "b")


def test_errors_say_what_to_do(tmp_path):
    rows = history(5)
    rows.rename(columns={"sales": "units"}).to_parquet(tmp_path / "h.parquet")
    with pytest.raises(SystemExit, match="no column sales; its columns are: .*units"):
        read_rows(str(tmp_path / "h.parquet"))
    with pytest.raises(SystemExit, match="no such file"):
        read_rows(str(tmp_path / "missing.parquet"))
    with pytest.raises(SystemExit, match="no week before"):
        build_panel(rows, pd.Timestamp("2001-01-01"))
