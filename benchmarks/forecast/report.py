"""The text of RESULTS.md."""

from __future__ import annotations

import dataclasses
import os
import platform

NAMES = {
    "embedded": "embedded model (`restock forecast`)",
    "naive": "seasonal naive, conformal",
    "average": "13-week moving average, conformal",
    "LightGBM": "LightGBM companion",
    "AutoETS": "StatsForecast AutoETS, conformal",
    "CrostonSBA": "StatsForecast CrostonSBA, conformal",
    "unmasked": "embedded model, column `in_stock` dropped",
}


@dataclasses.dataclass
class Data:
    """A history's evaluations, as `restock forecast evaluate` writes them."""

    title: str
    dates: list[str]
    seconds: dict[str, float]  # of all origins' forecasts together
    too_short: str
    common: dict  # SKUs that all models forecast
    half: dict  # of these, the intermittent ones
    every: dict  # all SKUs, without the models that need a longer history


@dataclasses.dataclass
class Speed:
    skus: int
    weeks: float  # of history, mean of the SKUs
    seconds: float
    megabytes: float


def table(header: list[str], rows: list[list[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def change(model: dict) -> str:
    """The relative change of the loss against the reference, with its 95 % interval."""
    c = model["wql_change"]
    if c["low"] == c["high"]:
        return ""
    return f"{100 * c['estimate']:+.1f} % [{100 * c['low']:+.1f}, {100 * c['high']:+.1f}]"


def rows(evaluation: dict) -> list[list[str]]:
    """A row for each model: its key, then the cells."""
    changes = {m["name"]: change(m) for m in evaluation["models"]}
    overall = {f["model"]: f for f in evaluation["figures"] if f["by"] == "overall"}
    return [
        [key, name, f"{f['wql']:.4f}", changes[key], f"{100 * f['bias']:+.1f} %",
         *(f"{100 * c['share']:.1f}" for c in f["coverage"])]
        for key, name in NAMES.items() if (f := overall.get(key))
    ]


def text(data: list[Data], masking: dict[str, dict] | None, speeds: list[Speed], kept: bool) -> str:
    head = ["data", "articles", "model", "loss", "against embedded", "bias", "50 %", "80 %", "95 %", "seconds"]
    body = []
    for d in data:
        for label, evaluation in (("all", d.common), ("intermittent", d.half), ("with young ones", d.every)):
            of = f"{label} ({evaluation['weeks']:,} weeks)"
            for key, *cells in rows(evaluation):
                seconds = f"{d.seconds[key]:.1f}" if evaluation is d.common else ""
                body.append([d.title, of, *cells, seconds])
    origins = "; ".join(f"{d.title}: {', '.join(d.dates)}" for d in data)
    short = "; ".join(f"{d.title}: {d.too_short}" for d in data)
    flag = " KEEP=1" if kept else ""
    again = "\nThe forecasts and seconds of StatsForecast and LightGBM are those of an earlier run." if kept else ""
    machine = f"{cpu()}, {os.cpu_count()} cores, with Python {platform.python_version()}"
    out = f"""# How good the forecasts are

Written by `make -C benchmarks/forecast VN2=folder{flag}` on {machine}; the machine was
shared. [docs/forecast-models.md](../../docs/forecast-models.md) says what the embedded model is and what the figures mean.

All are scored by `restock forecast evaluate`, twelve weeks ahead, from four origins that cover the history's last year,
each with the data before it only. *Loss* is the weighted quantile loss over the levels 0.025 … 0.975; smaller is better.
*Bias* is that of the mean. Coverage is that of the central intervals, by ranks. Weeks out of stock are not scored. *Seconds*
are those of four forecasts, from one history file to four forecast files; restock and StatsForecast use two cores,
LightGBM one.{again}

{table(head, body)}
- Origins: {origins}.
- *All*: the articles that every model forecasts. StatsForecast's conformal intervals ask for 25 weeks of history; forecasts
  left out for that: {short}. The rows *with young ones*
  have these too, without StatsForecast.
- *Intermittent*: of all, those with no sale in half of their known weeks before the first origin, or in more. Models learn
  from all articles.
- StatsForecast does not know weeks out of stock: they are filled with the mean of the 8 known weeks before. Its intervals
  come from 8 windows of 12 weeks, or as many as a series has; quantiles are cut at 0 and rounded to whole units. AutoETS
  allows no season longer than 24 weeks; where a window is too short for it, CrostonSBA stands in.
- Brackets are 95 % intervals over articles.
"""
    if masking:
        body = [[f"{label} ({e['weeks']:,} weeks)", *cells] for label, e in masking.items() for _, *cells in rows(e)]
        every = masking["all"]
        out += f"""
## Weeks out of stock

VN2, where the column `in_stock` is known. The embedded model learns with the column and without it; both are scored on the
weeks in stock: {every['masked_weeks']:,} of {every['masked_weeks'] + every['weeks']:,} were not. *Often out of stock*
are the articles that were so in a tenth of their weeks before the first origin, or in more.

{table(["articles", "model", "loss", "against masked", "bias", "50 %", "80 %", "95 %"], body)}"""
    body = [[f"{s.skus:,}", f"{s.weeks:.0f}", f"{s.seconds:.1f}", f"{s.skus / s.seconds:,.0f}", f"{s.megabytes:.0f}"]
            for s in speeds]
    return out + f"""
## Speed

`restock forecast` on `restock demo-data`, two cores, the whole process with reading and writing. In the second line every
article's history is repeated backwards until it has three years.

{table(["SKUs", "weeks of history, mean", "seconds", "SKUs a second", "peak memory, MB"], body)}"""


def cpu() -> str:
    try:
        with open("/proc/cpuinfo") as f:
            return next(line.split(":")[1].strip() for line in f if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.machine()
