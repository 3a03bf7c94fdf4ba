"""Forecasts weekly demand from restock's history table with LightGBM, and writes restock's forecast table.

  python forecast.py --history history.parquet --out forecast.parquet
  python forecast.py --history history.parquet --out folder --as-of 2023-04-17 --as-of 2023-05-15     # one file for each
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import pathlib
import sys
import time

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

import model
from calibrate import Calibration
from history import Panel, build_panel, read_rows
from season import Season

LEVELS = np.arange(1, 40) / 40
CALIBRATION_WEEKS = 52  # before the as-of week: where the origins of the calibration lie
CALIBRATION_STRIDE = 4


def forecast(panel: Panel, s: model.Settings) -> np.ndarray:
    """Quantiles [SKU][week ahead][level] for the weeks behind the panel, float32."""
    season, fold = Season(panel), model.folds(panel, s)
    models = model.fit(panel, season, fold, s)
    ahead = model.examples(panel, season, [panel.weeks], lambda: range(s.horizon), known=False)
    mean, dispersion = model.predict(models, ahead)
    u = calibration(panel, season, models, fold, s).probabilities(mean, ahead.step)
    q = model.quantiles(u, mean, dispersion, panel.whole[ahead.sku])
    out = np.empty((len(panel.article), s.horizon, len(LEVELS)), dtype=np.float32)
    out[ahead.sku, ahead.step] = np.maximum.accumulate(q, axis=1)
    return out


def calibration(panel: Panel, season: Season, models: list[model.Model], fold: np.ndarray, s: model.Settings) -> Calibration:
    """Ranks what happened in the last year among what the models forecast of SKUs they do not know."""
    first = max(panel.weeks - CALIBRATION_WEEKS, model.WARM_UP)
    e = model.examples(panel, season, range(first, panel.weeks, CALIBRATION_STRIDE), lambda: range(s.horizon), known=True)
    parts = []
    for k, m in enumerate(models):
        part = e.take(fold[e.sku] == k)
        if not len(part.sku):
            continue
        mean, dispersion = model.predict([m], part)
        parts.append((*model.below(part.demand, mean, dispersion, panel.whole[part.sku]), mean, part.step))
    return Calibration(LEVELS, *(np.concatenate(column) for column in zip(*parts)))


def write(path: pathlib.Path, panel: Panel, q: np.ndarray) -> None:
    """Writes the canonical forecast table; the file gets its name when it is complete."""
    skus, horizon, levels = q.shape
    as_of = panel.first_week + pd.Timedelta(weeks=panel.weeks)
    lists = pa.ListArray.from_arrays(pa.array(np.arange(skus * horizon + 1, dtype=np.int32) * levels), pa.array(q.reshape(-1)))
    table = pa.table({
        "merchant_id": pa.array(np.repeat(panel.merchant, horizon), pa.string()),
        "article_id": pa.array(np.repeat(panel.article, horizon), pa.string()),
        "week": pa.array(np.tile(np.arange(horizon, dtype=np.int64), skus)),
        "q": lists,
    })
    table = table.replace_schema_metadata({"quantile_levels": json.dumps(LEVELS.tolist()), "as_of": str(as_of.date())})
    partial = path.with_name(path.name + ".partial")
    pq.write_table(table, partial, compression="zstd")
    os.replace(partial, path)


def day(text: str) -> datetime.date:
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a date such as 2024-01-31") from None


def parse(args: list[str]) -> argparse.Namespace:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--history", required=True, help="history table: a Parquet or CSV file, or a folder of Parquet files")
    p.add_argument("--out", required=True, type=pathlib.Path, help="file ending in .parquet; with several --as-of a folder")
    p.add_argument("--as-of", type=day, action="append",
                   help="a day in the first week to forecast; nothing of it or later is used (default: after the last week)")
    defaults = model.Settings()
    p.add_argument("--horizon", type=int, default=defaults.horizon, help="weeks to forecast, 1 to 52 (default %(default)s)")
    p.add_argument("--rows", type=int, default=defaults.rows, help="examples to learn from, at most about (default %(default)s)")
    p.add_argument("--folds", type=int, default=defaults.folds,
                   help="models to average, each without one part of the SKUs (default %(default)s)")
    p.add_argument("--seed", type=int, default=defaults.seed)
    a = p.parse_args(args)
    if not 1 <= a.horizon <= 52:
        p.error(f"--horizon is {a.horizon}, must be 1 to 52")
    if a.rows < 1000 or not 2 <= a.folds <= 20:
        p.error("--rows must be at least 1000, --folds 2 to 20")
    if len(a.as_of or []) <= 1 and a.out.suffix != ".parquet" and not a.out.is_dir():
        p.error(f"--out {a.out} must end in .parquet, or be a folder that is there")
    return a


def main(args: list[str]) -> None:
    a = parse(args)
    rows = read_rows(a.history)
    folder = a.out.is_dir() or len(a.as_of or []) > 1
    if folder:
        a.out.mkdir(parents=True, exist_ok=True)
    s = model.Settings(horizon=a.horizon, rows=a.rows, folds=a.folds, seed=a.seed)
    for as_of in a.as_of or [None]:
        begun = time.monotonic()
        panel = build_panel(rows, as_of)
        week = (panel.first_week + pd.Timedelta(weeks=panel.weeks)).date()
        path = a.out / f"{week}.parquet" if folder else a.out
        write(path, panel, forecast(panel, s))
        took = time.monotonic() - begun
        print(f"{path}: {len(panel.article)} articles, {s.horizon} weeks from {week}, {took:.0f} s", file=sys.stderr)


if __name__ == "__main__":
    main(sys.argv[1:])
