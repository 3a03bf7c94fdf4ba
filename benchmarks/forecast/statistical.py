"""Forecasts a history with StatsForecast's AutoETS and CrostonSBA, with conformal intervals, as of several dates.

Writes one file for each model and date in StatsForecast's own layout, which restock reads.
"""

from __future__ import annotations

import argparse
import json
import pathlib
import time

import numpy as np
import pandas as pd
from statsforecast import StatsForecast
from statsforecast.models import AutoETS, CrostonSBA
from statsforecast.utils import ConformalIntervals

HORIZON = 12
BANDS = [95 - 5 * i for i in range(19)]  # central intervals whose ends, with the median, are restock's 39 levels
SHORTEST = 2 * HORIZON + 1  # weeks that the conformal intervals ask for
KNOWN = 0.9  # in-stock share from which a week's sales are demand, as restock scores them
FILL = 8  # known weeks whose mean stands for a week out of stock


def demand(rows: pd.DataFrame) -> np.ndarray:
    """The weekly demand of one SKU from its first week in stock on; StatsForecast takes no gaps, so unknown weeks are filled."""
    y = rows["sales"].to_numpy(float)
    if "in_stock" not in rows:
        begun = np.flatnonzero(y > 0)
        return y[begun[0]:] if len(begun) else y
    known = rows["in_stock"].to_numpy(float) >= KNOWN
    begun = np.flatnonzero(known)
    if not len(begun):
        return y[:0]
    y, known = y[begun[0]:].copy(), known[begun[0]:]
    for t in np.flatnonzero(~known):
        before = np.flatnonzero(known[:t])[-FILL:]
        y[t] = max(y[t], y[before].mean())
    return y


def series(history: pd.DataFrame, as_of: pd.Timestamp) -> tuple[pd.DataFrame, int]:
    """StatsForecast's input from the weeks before as_of, and the number of SKUs that are too short for it."""
    parts, short = [], 0
    week = pd.Timedelta(weeks=1)
    for (merchant, article), rows in history[history["week_start"] < as_of].groupby(["merchant_id", "article_id"]):
        weeks = pd.date_range(rows["week_start"].min(), as_of - week, freq="W-MON")
        rows = rows.set_index("week_start").drop(columns=["merchant_id", "article_id"]).reindex(weeks).fillna(0.0)
        y = demand(rows)
        if len(y) < SHORTEST:
            short += 1
            continue
        parts.append(pd.DataFrame({"unique_id": f"{merchant}/{article}", "ds": weeks[-len(y):], "y": y}))
    return pd.concat(parts), short


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--history", type=pathlib.Path, required=True)
    p.add_argument("--as-of", type=pd.Timestamp, nargs="+", required=True)
    p.add_argument("--out", type=pathlib.Path, required=True, help="folder")
    p.add_argument("--windows", type=int, default=8, help="past windows of 12 weeks whose errors make the intervals")
    a = p.parse_args()
    history = pd.read_parquet(a.history)
    history["week_start"] = pd.to_datetime(history["week_start"])
    history = history[[c for c in ("merchant_id", "article_id", "week_start", "sales", "in_stock") if c in history]]
    conformal = ConformalIntervals(n_windows=a.windows, h=HORIZON)
    models = [AutoETS(season_length=52, prediction_intervals=conformal), CrostonSBA(prediction_intervals=conformal)]
    seconds, short, known = {}, 0, 0
    for as_of in a.as_of:
        y, n = series(history, as_of)
        short, known = short + n, known + n + y["unique_id"].nunique()
        for model in models:
            begun = time.monotonic()
            # AutoETS refuses the short past of some young series' first window.
            fallback = CrostonSBA(prediction_intervals=conformal)
            shop = StatsForecast(models=[model], freq="W-MON", n_jobs=2, fallback_model=fallback)
            out = shop.forecast(df=y, h=HORIZON, level=BANDS)
            name = repr(model)
            seconds[name] = seconds.get(name, 0) + time.monotonic() - begun
            # Demand is in whole units and never negative; the intervals know neither.
            columns = [c for c in out.columns if c.startswith(name)]
            out[columns] = out[columns].clip(lower=0).round()
            folder = a.out / name
            folder.mkdir(parents=True, exist_ok=True)
            out.to_parquet(folder / f"{as_of.date()}.parquet", index=False)
    print(json.dumps({"seconds": seconds, "short": short, "known": known}))


if __name__ == "__main__":
    main()
