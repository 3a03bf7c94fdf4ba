"""What the scripts share: the sales they forecast, the articles, and the note of what a reader must find."""

import json
import pathlib

import numpy as np
import pandas as pd

HERE = pathlib.Path(__file__).parent
WEEKS = 4  # weeks ahead: enough to tell weeks apart, and small
AS_OF = "2011-12-05"  # the Monday after the history's last week
SKUS = ["textiles/85014B", "home/85054", "lights/85035B", "textiles/90185C"]  # from steady to rare sales
LEVELS199 = [i / 200 for i in range(1, 200)]  # at which samples are read


def sales() -> pd.DataFrame:
    """Sales of 40 articles with two years of history, as Nixtla wants them: unique_id, ds, y."""
    h = pd.read_parquet(HERE.parent / "history.parquet", columns=["merchant_id", "article_id", "week_start", "sales"])
    h["unique_id"] = h["merchant_id"] + "/" + h["article_id"]
    weeks = h.groupby("unique_id")["sales"].transform("size")
    long = sorted(set(h.loc[weeks == 105, "unique_id"]) - set(SKUS))
    h = h[h["unique_id"].isin(SKUS + long[:36])]
    h["ds"] = pd.to_datetime(h["week_start"])
    return h.rename(columns={"sales": "y"})[["unique_id", "ds", "y"]].sort_values(["unique_id", "ds"]).reset_index(drop=True)


def write_articles() -> None:
    """The rows of the articles table that the forecasts belong to."""
    a = pd.read_csv(HERE.parent / "articles.csv", dtype=str)
    a = a[(a["merchant_id"] + "/" + a["article_id"]).isin(SKUS)]
    a[["merchant_id", "article_id", "on_hand", "price", "unit_cost"]].to_csv(HERE / "articles.csv", index=False)


def note(file: str, written_by: str, levels: list, quantiles: dict, **options) -> None:
    """Adds to expected.json what a reader of the file must find: quantiles maps a SKU to an array [week][level], as the library
    gave them. A demand's quantiles rise with the level and are at least 0, so they are sorted and cut here as a reader must do."""
    path = HERE / "expected.json"
    expected = json.loads(path.read_text()) if path.exists() else {}
    expected[file] = {
        "written_by": written_by,
        **options,
        "levels": [round(float(x), 9) for x in levels],
        "quantiles": {
            sku: [[float(f"{v:.9g}") for v in np.maximum(np.sort(np.asarray(week, dtype=float)), 0)] for week in quantiles[sku]]
            for sku in sorted(quantiles)
        },
    }
    lines = (f"{json.dumps(name)}: {json.dumps(expected[name])}" for name in sorted(expected))
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n")
