"""Writes forecasts of MLForecast (LightGBM, conformal intervals) and StatsForecast, just as their predict() returns them."""

import lightgbm
import mlforecast
import statsforecast
from mlforecast import MLForecast
from mlforecast.utils import PredictionIntervals
from statsforecast import StatsForecast
from statsforecast.models import AutoETS, CrostonSBA, SeasonalNaive
from statsforecast.utils import ConformalIntervals

from common import HERE, SKUS, WEEKS, note, sales, write_articles

BANDS = [50, 80, 95]
LEVELS = [0.025, 0.1, 0.25, 0.5, 0.75, 0.9, 0.975]


def bands(frame, model):
    """The columns of a model in the order of LEVELS; the model's own column stands for the median."""
    lows, highs = [f"{model}-lo-{b}" for b in reversed(BANDS)], [f"{model}-hi-{b}" for b in BANDS]
    rows = frame.sort_values(["unique_id", "ds"])[["unique_id", *lows, model, *highs]]
    return {sku: part.drop(columns="unique_id").to_numpy() for sku, part in rows.groupby("unique_id")}


def write_mlforecast(y):
    fit = MLForecast(
        models={"LightGBM": lightgbm.LGBMRegressor(n_estimators=50, num_leaves=15, verbosity=-1, n_jobs=1, deterministic=True)},
        freq="W-MON",
        lags=[1, 2, 3, 4, 52],
    )
    fit.fit(y, prediction_intervals=PredictionIntervals(n_windows=4, h=WEEKS))
    out = fit.predict(WEEKS, level=BANDS)
    out = out[out["unique_id"].isin(SKUS)]
    by = f"mlforecast {mlforecast.__version__}, lightgbm {lightgbm.__version__}"
    out.to_parquet(HERE / "mlforecast_lightgbm.parquet", index=False)
    note("mlforecast_lightgbm.parquet", by, LEVELS, bands(out, "LightGBM"))
    out.to_csv(HERE / "mlforecast_lightgbm.csv", index=False)
    note("mlforecast_lightgbm.csv", by, LEVELS, bands(out, "LightGBM"))


def write_statsforecast(y):
    y = y[y["unique_id"].isin(SKUS)]
    conformal = ConformalIntervals(n_windows=4, h=WEEKS)
    fit = StatsForecast(models=[AutoETS(season_length=1), CrostonSBA(prediction_intervals=conformal), SeasonalNaive(52)], freq="W-MON", n_jobs=1)
    out = fit.forecast(df=y, h=WEEKS, level=BANDS)
    out.to_parquet(HERE / "statsforecast.parquet", index=False)
    for model in ("AutoETS", "CrostonSBA", "SeasonalNaive"):
        note(f"statsforecast.parquet#{model}", f"statsforecast {statsforecast.__version__}", LEVELS, bands(out, model), model=model)
    # With the ids as the index, as StatsForecast returned them for years and many programs still store them; no band, one model.
    point = out.set_index("unique_id")[["ds", "CrostonSBA"]]
    point.to_parquet(HERE / "statsforecast_point.parquet")
    note("statsforecast_point.parquet", f"statsforecast {statsforecast.__version__}", [0.5],
         {sku: part[["CrostonSBA"]].to_numpy() for sku, part in point.sort_values("ds").groupby(level=0)})


if __name__ == "__main__":
    write_articles()
    demand = sales()
    write_mlforecast(demand)
    write_statsforecast(demand)
