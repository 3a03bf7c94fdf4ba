"""RESULTS.md: what was measured, on what, and how to read it."""

import os
import platform
import time
from importlib.metadata import version

import numpy as np

PAGE = """# Beside its peers

Written by `make` in this folder. {machine}; {go}, restock {restock}; Python {python}, {packages}; {date}.

## The same search

{skus} real SKUs, evenly spread over testdata/articles.csv; 12 weeks; the 75th percentile of the cost on 500 scenarios
(Ω_opt), and on 2,000 fresh ones (Ω_eval) for the policy found. restock exported the scenarios. The peers search the same
five parameters of the extended (R, s, Q) policy with the paper's trigger in the same box by SciPy, on a simulator jitted by
Numba (simulator.py), and spread SKUs over processes by joblib. The simulator's costs of 20 random policies × 500 scenarios
for every SKU differ from restock's by {worst:.1g} at most, relatively (asserted: {tolerance:g}), and so do the objectives
of restock's policies on both sets.

Presbitero et al. (2025) name SHGO, Numba and joblib, and not SHGO's settings: there are four, the last one the best found
by trying. Differential evolution is not theirs; it is what SciPy has for whole numbers. restock's time includes drawing all
scenarios, its figures for doing nothing, and the intervals; the peers' is the search and one evaluation on the fresh
scenarios, which they are given.

| | 1 thread, ms | 2, ms | processor ms | × restock | candidates | cost, Ω_opt | Ω_eval | gap, median | mean | worst |
| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
{search}

Times are per SKU, on one thread and on two threads or processes. Costs are means over the SKUs of the 75th percentile, GBP.
Gaps are of the objective on Ω_opt to the best that any row found for the SKU, the row with either trigger left out: it
searches more policies than the others, so that its gap can be below 0. The processor time is that of the run on one thread,
restock's with its garbage collector's; it is what "× restock" compares, since on a busy machine the wall clock says less.

## The same simulation

stockpyl simulates supply networks of any shape, one scenario at a time; restock one article, many scenarios at once. On
{base_skus} of the SKUs, under a base-stock policy in a world that both know (base_stock.py), stockpyl's costs differ from
restock's by {difference:.1g} at most.

| | ns per scenario and week, one thread | × restock |
| --- | ---: | ---: |
{simulation}
"""


def report(facts, rows, tolerance, worst, numba_ns, stockpyl_ns, difference):
    """Returns the page. rows: restock's ways, the paper's trigger first and either trigger second, then the peers'."""
    base = facts["base_stock"]
    own = base["ns_per_week"]
    best = np.min([row["opt"] for k, row in enumerate(rows) if k != 1], axis=0)
    return PAGE.format(
        machine=machine(), go=facts["go"], restock=facts["restock"], python=platform.python_version(),
        date=time.strftime("%Y-%m-%d", time.gmtime()),
        packages=", ".join(f"{name} {version(name)}" for name in ("numpy", "scipy", "numba", "joblib", "stockpyl")),
        skus=facts["skus"], worst=worst, tolerance=tolerance, difference=difference, base_skus=base["skus"],
        search="\n".join(search_row(row, rows[0], best) for row in rows),
        simulation="\n".join(f"| {name} | {ns:,.{digits}f} | {ns / own:,.0f} |" for name, ns, digits in (
            ("restock, base stock", own, 2),
            ("Numba, extended (R, s, Q)", numba_ns, 2),
            ("stockpyl, base stock", stockpyl_ns, 0))))


def search_row(row, reference, best):
    gap = 100 * (np.asarray(row["opt"]) - best) / np.maximum(best, 0.01)  # a SKU without demand and stock costs nothing
    one, two = (1e3 * seconds for seconds in row["seconds"])
    cells = [row["name"], f"{one:,.1f}", f"{two:,.1f}", f"{1e3 * row['cpu']:,.1f}", f"{row['cpu'] / reference['cpu']:.3g}",
             f"{row['evaluations']:,.0f}", f"{np.mean(row['opt']):.2f}", f"{np.mean(row['eval']):.2f}",
             f"{np.median(gap):.2f} %", f"{gap.mean():.2f} %", f"{gap.max():.1f} %"]
    return f"| {' | '.join(cells)} |"


def machine():
    name = platform.machine()
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            name = next(line.split(":")[1].strip() for line in file if line.startswith("model name"))
    except (OSError, StopIteration):
        pass
    return f"{name}, {os.cpu_count()} processors (load {os.getloadavg()[0]:.1f} at the end), {platform.system()}"
