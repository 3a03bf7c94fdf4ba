"""Reads restock's history table into a panel of weekly demand.

What counts as demand is what restock's embedded model (forecast/demand.go) counts: a week out of stock is unknown unless most of
it was in stock, a week without a row had no sales, and an article's life begins when it is first in stock or, where stock is not
known, with its first sale.
"""

from __future__ import annotations

import dataclasses
import datetime
import pathlib

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

MIN_SHARE = 0.5  # in-stock share from which a week's sales are scaled to demand; below it the week is unknown
MAX_SILENCE = 104  # weeks behind the end of a history that count as weeks without sales
FULL_WEEK = 0.9  # in-stock share from which a week is good enough to be learnt from or scored
REQUIRED = ["merchant_id", "article_id", "week_start", "sales"]
OPTIONAL = ["in_stock", "price"]


@dataclasses.dataclass
class Panel:
    """The demand of all SKUs over common weeks; arrays are [SKU][week], week 0 begins on the Monday `first_week`."""

    merchant: np.ndarray  # [SKU] text
    article: np.ndarray  # [SKU] text
    first_week: pd.Timestamp
    demand: np.ndarray  # units; NaN where unknown or not in the assortment
    full: np.ndarray  # bool: the demand is that of a whole week, not scaled up from a part of it
    price: np.ndarray | None  # money per unit, that of the last week where it was known; NaN before
    listed: np.ndarray  # [SKU] first week with a row
    born: np.ndarray  # [SKU] first week of the article's life; that of the first row where it has none
    whole: np.ndarray  # [SKU] bool: all sales are whole units

    @property
    def weeks(self) -> int:
        return self.demand.shape[1]

    def until(self, week: int) -> Panel:
        """The panel without the weeks from `week` on. SKUs that were not listed yet stay, without a week."""
        return dataclasses.replace(self, demand=self.demand[:, :week], full=self.full[:, :week],
                                   price=None if self.price is None else self.price[:, :week])


def monday(day) -> pd.Timestamp:
    """The Monday of a day's week."""
    day = pd.Timestamp(day).normalize()
    return day - pd.Timedelta(days=day.weekday())


def read_rows(path: str) -> pd.DataFrame:
    """Reads the columns that are used from a Parquet or CSV file, or from a folder of Parquet files."""
    if not pathlib.Path(path).exists():
        raise SystemExit(f"{path}: there is no such file or folder")
    if str(path).endswith((".csv", ".csv.gz")):
        have = pd.read_csv(path, nrows=0).columns
    else:
        have = pq.ParquetDataset(path).schema.names
    missing = [c for c in REQUIRED if c not in have]
    if missing:
        raise SystemExit(f"{path}: the history has no column {', '.join(missing)}; its columns are: {', '.join(have)}")
    columns = [c for c in REQUIRED + OPTIONAL if c in have]
    if str(path).endswith((".csv", ".csv.gz")):
        rows = pd.read_csv(path, usecols=columns, dtype={"merchant_id": str, "article_id": str}, keep_default_na=False,
                           na_values={c: [""] for c in ("sales", "in_stock", "price")})
    else:
        rows = pq.read_table(path, columns=columns).to_pandas()
    for c in ("merchant_id", "article_id"):
        rows[c] = rows[c].astype(str)
    day = pd.to_datetime(rows["week_start"])
    rows["week_start"] = (day - pd.to_timedelta(day.dt.weekday, unit="D")).dt.normalize()
    for c in ("sales", "in_stock", "price"):
        if c in rows:
            rows[c] = rows[c].replace({"true": 1, "false": 0, "True": 1, "False": 0}).astype(float)
    return rows


def build_panel(rows: pd.DataFrame, as_of: datetime.date | None) -> Panel:
    """Arranges the rows of the weeks before that of as_of (default: all); SKUs without any such row are not there."""
    end = rows["week_start"].max() + pd.Timedelta(days=7) if as_of is None else monday(as_of)
    rows = rows[rows["week_start"] < end].drop_duplicates(["merchant_id", "article_id", "week_start"])
    if rows.empty:
        raise SystemExit(f"the history has no week before {end.date()}")
    keys = rows[["merchant_id", "article_id"]].drop_duplicates().reset_index(drop=True)
    first = rows["week_start"].min()
    n, weeks = len(keys), (end - first).days // 7
    at = pd.Series(np.arange(n), index=pd.MultiIndex.from_frame(keys))
    sku = at.reindex(pd.MultiIndex.from_frame(rows[["merchant_id", "article_id"]])).to_numpy()
    week = ((rows["week_start"] - first).dt.days // 7).to_numpy()

    def spread(column: str, fill: float) -> np.ndarray:
        out = np.full((n, weeks), fill)
        out[sku, week] = rows[column].to_numpy()
        return out

    sales = spread("sales", 0.0)
    bad = ~np.isfinite(sales) | (sales < 0)
    share = np.nan_to_num(spread("in_stock", 1.0), nan=1.0) if "in_stock" in rows else np.ones((n, weeks))
    share = np.where(bad, 0.0, np.clip(share, 0, 1))
    sales = np.where(bad, 0.0, sales)

    numbers = np.arange(weeks)
    begun, ended = np.full(n, weeks), np.zeros(n, dtype=int)
    np.minimum.at(begun, sku, week)
    np.maximum.at(ended, sku, week)
    alive = (sales > 0) | (share > 0) if "in_stock" in rows else sales > 0
    alive &= numbers >= begun[:, None]
    born = np.where(alive.any(1), alive.argmax(1), begun)
    silent = numbers > ended[:, None]
    known = (share >= MIN_SHARE) & (numbers >= born[:, None])
    known &= ~silent if "in_stock" in rows else numbers <= ended[:, None] + MAX_SILENCE
    whole = (sales == np.trunc(sales)).all(1)
    demand = np.where(known, sales / np.where(known, share, 1), np.nan)
    demand[whole] = np.round(demand[whole])
    price = None
    if "price" in rows:
        price = spread("price", np.nan)
        price = pd.DataFrame(np.where(price > 0, price, np.nan)).ffill(axis=1).to_numpy()
    full = known & (share >= FULL_WEEK)
    return Panel(keys["merchant_id"].to_numpy(), keys["article_id"].to_numpy(), first, demand, full, price, begun, born, whole)
