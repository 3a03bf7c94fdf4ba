"""Runs all forecasters on two histories as of the same days, lets `restock forecast evaluate` score them, writes RESULTS.md."""

from __future__ import annotations

import argparse
import json
import pathlib
import subprocess
import sys
import time

import numpy as np
import pandas as pd

import report
import vn2

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
RESTOCK = ROOT / "bin" / "restock"
WORK = HERE / "work"
HORIZON, ORIGINS, STEP = 12, 4, 13  # weeks; the origins' horizons cover the last year but for a week between them
OWN = {"embedded": "pooled", "naive": "seasonal-naive", "average": "moving-average"}  # restock's methods
TRAINED = (*OWN, "LightGBM")
ALL = (*TRAINED, "AutoETS", "CrostonSBA")
KNOWN = 0.9  # in-stock share from which a week is scored
SPEED_SKUS = 20_000


def call(*command: object) -> str:
    """Runs a command and returns what it prints; one that fails ends the benchmark."""
    words = [str(c) for c in command]
    done = subprocess.run(words, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    if done.returncode:
        raise SystemExit(f"{' '.join(words)}: exit code {done.returncode}")
    return done.stdout


def note(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


class History:
    """One history, its origins, and the forecasts made of it in a folder of its own."""

    def __init__(self, name: str, title: str, path: pathlib.Path):
        self.name, self.title, self.path = name, title, path
        self.folder = WORK / name
        self.folder.mkdir(parents=True, exist_ok=True)
        self.rows = pd.read_parquet(path)
        self.rows["week_start"] = pd.to_datetime(self.rows["week_start"])
        last = self.rows["week_start"].max() + pd.Timedelta(weeks=1 - HORIZON)
        self.dates = [str((last - pd.Timedelta(weeks=STEP * k)).date()) for k in reversed(range(ORIGINS))]
        self.seconds: dict[str, float] = {}
        self.too_short = ""

    def forecast_own(self, name: str, method: str, history: pathlib.Path) -> None:
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        begun = time.monotonic()
        for day in self.dates:
            call(RESTOCK, "forecast", "--history", history, "--method", method, "--as-of", day,
                 "--out", folder / f"{day}.parquet", "--quiet")
        self.seconds[name] = time.monotonic() - begun

    def forecast_others(self) -> None:
        """Forecasts with other programs; what they took and left out goes to a file beside the forecasts."""
        note(f"{self.name}: StatsForecast")
        out = call(sys.executable, HERE / "statistical.py", "--history", self.path, "--out", self.folder, "--as-of", *self.dates)
        told = json.loads(out.splitlines()[-1])
        note(f"{self.name}: LightGBM")
        begun = time.monotonic()
        call("make", "--no-print-directory", "-f", ROOT / "forecast/mlforecast/Makefile", "forecast",
             f"HISTORY={self.path}", f"OUT={self.folder / 'LightGBM'}", f"AS_OF={' '.join(self.dates)}")
        told["seconds"]["LightGBM"] = time.monotonic() - begun
        (self.folder / "others.json").write_text(json.dumps(told))

    def forecast_all(self, keep: bool) -> None:
        for name, method in OWN.items():
            self.forecast_own(name, method, self.path)
        others = self.folder / "others.json"
        if not (keep and others.exists()):
            others.unlink(missing_ok=True)
            self.forecast_others()
        told = json.loads(others.read_text())
        self.seconds |= told["seconds"]
        self.too_short = f"{told['short']} of {told['short'] + told['known']}"

    def evaluate(self, history: pathlib.Path, names: tuple[str, ...]) -> dict:
        files = [word for n in names for word in ("--forecast", f"{n}={self.folder / n}/*.parquet")]
        out = self.folder / "evaluation.json"
        call(RESTOCK, "forecast", "evaluate", "--history", history, "--models", "none", "--reference", names[0], *files,
             "--out", out, "--quiet")
        return json.loads(out.read_text())

    def before(self) -> pd.DataFrame:
        """The rows before the first origin: what SKUs may be chosen by."""
        return self.rows[self.rows["week_start"] < self.dates[0]]

    def intermittent(self) -> pathlib.Path:
        """The history of the SKUs without a sale in half of their known weeks before the first origin, or in more."""
        rows = self.before()
        rows = rows[rows["in_stock"] >= KNOWN] if "in_stock" in rows else rows
        return self.those("intermittent", rows["sales"] <= 0, 0.5)

    def often_out(self) -> pathlib.Path:
        """The history of the SKUs out of stock in a tenth of their weeks before the first origin, or in more."""
        rows = self.before()
        begun = (rows["in_stock"] > 0).groupby([rows["merchant_id"], rows["article_id"]]).cummax()
        return self.those("often-out", rows.loc[begun, "in_stock"] < KNOWN, 0.1)

    def those(self, name: str, marked: pd.Series, share: float) -> pathlib.Path:
        """The history of the SKUs of whose given rows at least a share is marked."""
        rows = self.rows.loc[marked.index]
        shares = marked.groupby([rows["merchant_id"], rows["article_id"]]).mean()
        skus = pd.MultiIndex.from_frame(self.rows[["merchant_id", "article_id"]])
        return self.write(name, self.rows[skus.isin(shares.index[shares >= share])])

    def unmasked(self) -> pathlib.Path:
        return self.write("unmasked", self.rows.drop(columns="in_stock"))

    def write(self, name: str, rows: pd.DataFrame) -> pathlib.Path:
        path = self.folder / f"{name}.parquet"
        rows.assign(week_start=rows["week_start"].dt.date).to_parquet(path, index=False)
        return path

    def results(self, keep: bool) -> report.Data:
        self.forecast_all(keep)
        note(f"{self.name}: scores")
        return report.Data(
            self.title, self.dates, self.seconds, self.too_short,
            common=self.evaluate(self.path, ALL),
            half=self.evaluate(self.intermittent(), ALL),
            every=self.evaluate(self.path, TRAINED),
        )

    def masking(self) -> dict[str, dict]:
        """Scores of the embedded model with and without knowing which weeks were out of stock; both on weeks in stock."""
        self.forecast_own("unmasked", "pooled", self.unmasked())
        models = ("embedded", "unmasked")
        return {"all": self.evaluate(self.path, models), "often out of stock": self.evaluate(self.often_out(), models)}


def lengthened(rows: pd.DataFrame, weeks: int) -> pd.DataFrame:
    """Repeats each SKU's history, its rows sorted by week, backwards until it has so many weeks."""
    end = rows["week_start"].max()
    begins = np.flatnonzero(~rows.duplicated(["merchant_id", "article_id"]))
    length = np.diff(np.append(begins, len(rows)))
    steps = np.arange(-weeks, 0)
    taken = (begins[:, None] + steps % length[:, None]).ravel()
    days = end + pd.to_timedelta(7 * (steps + 1), unit="D")
    return rows.iloc[taken].assign(week_start=np.tile(days, len(begins)))


def speed() -> list[report.Speed]:
    """`restock forecast` on demo data, and on the same with three years for every SKU."""
    folder = WORK / "speed"
    call(RESTOCK, "demo-data", "--skus", SPEED_SKUS, "--weeks-of-history", 105, "--out", folder, "--quiet")
    rows = pd.read_parquet(folder / "history.parquet").sort_values(["merchant_id", "article_id", "week_start"], kind="stable")
    rows["week_start"] = pd.to_datetime(rows["week_start"])
    results = []
    for history in (rows, lengthened(rows, 157)):
        path = folder / "measured.parquet"
        history.assign(week_start=history["week_start"].dt.date).to_parquet(path, index=False)
        took = json.loads(call(sys.executable, HERE / "measure.py", RESTOCK, "forecast", "--history", path,
                               "--out", folder / "forecast.parquet", "--quiet"))
        results.append(report.Speed(SPEED_SKUS, len(history) / SPEED_SKUS, **took))
    return results


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--vn2", type=pathlib.Path, help="folder of the VN2 files")
    p.add_argument("--out", type=pathlib.Path, default=HERE / "RESULTS.md")
    p.add_argument("--keep", action="store_true", help="score the last run's forecasts of the other programs again")
    a = p.parse_args()
    WORK.mkdir(exist_ok=True)
    histories = [History("retail", "Online Retail II", ROOT / "testdata" / "history.parquet")]
    masking = None
    if a.vn2:
        vn2.main(a.vn2, WORK / "vn2.parquet")
        histories.insert(0, History("vn2", "VN2", WORK / "vn2.parquet"))
    speeds = speed()
    data = [h.results(a.keep) for h in histories]
    if a.vn2:
        masking = histories[0].masking()
    a.out.write_text(report.text(data, masking, speeds, a.keep))


if __name__ == "__main__":
    main()
