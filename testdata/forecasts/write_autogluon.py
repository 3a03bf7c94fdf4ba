"""Writes the predictions of AutoGluon-TimeSeries: its TimeSeriesDataFrame has item_id and timestamp as index, the mean and the levels as columns."""

import logging
import tempfile

import autogluon.timeseries
from autogluon.timeseries import TimeSeriesDataFrame, TimeSeriesPredictor

from common import HERE, SKUS, WEEKS, note, sales

LEVELS = [0.025, 0.1, 0.25, 0.5, 0.75, 0.9, 0.975]


def predictions():
    y = sales()
    data = TimeSeriesDataFrame.from_data_frame(y[y["unique_id"].isin(SKUS)], id_column="unique_id", timestamp_column="ds")
    with tempfile.TemporaryDirectory() as folder:
        predictor = TimeSeriesPredictor(prediction_length=WEEKS, freq="W-MON", target="y", quantile_levels=LEVELS, path=folder, verbosity=0)
        predictor.fit(data, hyperparameters={"SeasonalNaive": {"seasonal_period": 52}}, enable_ensemble=False)
        return predictor.predict(data)


def write(out):
    by = f"autogluon.timeseries {autogluon.timeseries.__version__}"
    quantiles = {sku: part[[str(x) for x in LEVELS]].to_numpy() for sku, part in out.groupby(level="item_id")}
    out.to_parquet(HERE / "autogluon.parquet")
    note("autogluon.parquet", by, LEVELS, quantiles)
    out.to_csv(HERE / "autogluon.csv")
    note("autogluon.csv", by, LEVELS, quantiles)


if __name__ == "__main__":
    logging.disable(logging.WARNING)
    write(predictions())
