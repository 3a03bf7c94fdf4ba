"""Writes predictions of NeuralForecast: quantiles that a network was trained for, whose columns have a median and no column of the model's own."""

import logging

import neuralforecast
import torch
from neuralforecast import NeuralForecast
from neuralforecast.losses.pytorch import MQLoss
from neuralforecast.models import MLP

from common import HERE, SKUS, WEEKS, note, sales

BANDS = [50, 80, 95]
LEVELS = [0.025, 0.1, 0.25, 0.5, 0.75, 0.9, 0.975]


def predictions():
    torch.set_num_threads(1)
    y = sales()
    model = MLP(h=WEEKS, input_size=8, loss=MQLoss(level=BANDS), max_steps=50, hidden_size=16, num_layers=1, scaler_type="standard",
                random_seed=1, accelerator="cpu", logger=False, enable_progress_bar=False, enable_checkpointing=False, alias="MLP")
    fit = NeuralForecast(models=[model], freq="W-MON")
    fit.fit(y[y["unique_id"].isin(SKUS)])
    return fit.predict()


def write(out):
    lows, highs = [f"MLP-lo-{b}" for b in reversed(BANDS)], [f"MLP-hi-{b}" for b in BANDS]
    columns = [*lows, "MLP-median", *highs]
    out.to_parquet(HERE / "neuralforecast.parquet", index=False)
    note("neuralforecast.parquet", f"neuralforecast {neuralforecast.__version__}", LEVELS,
         {sku: part[columns].to_numpy() for sku, part in out.sort_values("ds").groupby("unique_id")})


if __name__ == "__main__":
    logging.disable(logging.WARNING)
    write(predictions())
