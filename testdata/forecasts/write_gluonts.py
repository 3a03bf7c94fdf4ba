"""Writes sample paths of a GluonTS predictor, one list for each SKU and week, and the quantiles taken from its forecast objects.

GluonTS has no table format of its own: a forecast is an object with samples[path, week]. These are the two ways to put it in a table.
"""

import gluonts
import numpy as np
import pandas as pd
from gluonts.dataset.pandas import PandasDataset
from gluonts.model.npts import NPTSPredictor

from common import AS_OF, HERE, LEVELS199, SKUS, WEEKS, note, sales

PATHS = 50
LEVELS = [0.1, 0.25, 0.5, 0.75, 0.9]


def forecasts():
    y = sales()
    y = y[y["unique_id"].isin(SKUS)].set_index("ds")
    data = PandasDataset.from_long_dataframe(y, target="y", item_id="unique_id", freq="W-SUN")
    np.random.seed(1)
    predictor = NPTSPredictor(prediction_length=WEEKS, num_default_time_features=1)
    return list(predictor.predict(data, num_samples=PATHS))


def write(found):
    by = f"gluonts {gluonts.__version__}"
    rows, named = [], []
    for f in found:
        weeks = pd.period_range(f.start_date, periods=WEEKS, freq=f.start_date.freq).to_timestamp()
        assert str(weeks[0].date()) == AS_OF, weeks[0]
        for t, week in enumerate(weeks):
            rows.append({"item_id": f.item_id, "timestamp": week, "samples": f.samples[:, t]})
            named.append({"item_id": f.item_id, "timestamp": week, "mean": f.mean[t], **{str(x): f.quantile(x)[t] for x in LEVELS}})
    pd.DataFrame(rows).to_parquet(HERE / "gluonts_samples.parquet", index=False)
    taken = {f.item_id: np.quantile(f.samples.astype(float), LEVELS199, axis=0, method="hazen").T for f in found}
    note("gluonts_samples.parquet", by, LEVELS199, taken)
    pd.DataFrame(named).to_csv(HERE / "gluonts_quantiles.csv", index=False)
    note("gluonts_quantiles.csv", by, LEVELS, {f.item_id: np.array([f.quantile(x) for x in LEVELS]).T for f in found})


if __name__ == "__main__":
    write(forecasts())
