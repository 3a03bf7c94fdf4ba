"""Writes the history of the VN2 Inventory Planning Challenge as a restock history table. Its data may not be shipped."""

import pathlib
import sys

import pandas as pd


def weekly(path: pathlib.Path, name: str) -> pd.DataFrame:
    """One row for each store, product and week of a table with a column for each week."""
    wide = pd.read_csv(path)
    return wide.melt(id_vars=["Store", "Product"], var_name="week_start", value_name=name)


def main(source: pathlib.Path, out: pathlib.Path) -> None:
    sales = weekly(next(source.glob("Week 0*Sales.csv")), "sales")
    stock = weekly(next(source.glob("Week 0*In Stock.csv")), "in_stock")
    rows = sales.merge(stock, on=["Store", "Product", "week_start"], validate="one_to_one")
    rows["merchant_id"] = "store-" + rows["Store"].astype(str)
    rows["article_id"] = rows["Product"].astype(str)
    rows["week_start"] = pd.to_datetime(rows["week_start"]).dt.date
    rows["in_stock"] = rows["in_stock"].astype(float)
    rows = rows.sort_values(["merchant_id", "article_id", "week_start"])
    rows[["merchant_id", "article_id", "week_start", "sales", "in_stock"]].to_parquet(out, index=False)


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
