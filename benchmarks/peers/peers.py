"""Runs the peers on what main.go exported, beside what restock did in the same run, and writes RESULTS.md. Call it by make."""

import json
import sys
import time

import joblib
import numpy as np

import base_stock
from report import report
from search import ARMS, decide, load
from simulator import SKU

ARRAYS, FACTS, RESULTS = "peers.npz", "restock.json", "RESULTS.md"
TOLERANCE = 1e-9  # of costs and objectives, relative above 1


def check(data, facts):
    """Stops unless the Numba simulator has restock's costs for every candidate, and restock's objectives for its policies."""
    worst = 0.0

    def compare(own, theirs):
        nonlocal worst
        worst = max(worst, np.max(np.abs(own - theirs) / np.maximum(1, np.abs(theirs))))

    for k in range(len(data["horizon"])):
        opt, fresh = SKU(data, k, "opt"), SKU(data, k, "eval")
        for policy, costs in zip(data["candidates"][k], data["candidate_costs"][k]):
            compare(opt.costs(policy), costs)
        for arm in facts["arms"]:
            compare(opt.objective(arm["policies"][k]), arm["opt"][k])
            compare(fresh.objective(arm["policies"][k]), arm["eval"][k])
    if not worst <= TOLERANCE:
        sys.exit(f"the Numba simulator differs from restock by {worst:g}")
    return worst


def measure(arm, skus):
    """Decides all SKUs in this process, and again in two; returns the row of the arm."""
    start, before = time.perf_counter(), time.process_time()
    rows = np.array([decide(ARRAYS, k, arm) for k in range(skus)])
    one, cpu = time.perf_counter() - start, time.process_time() - before
    with joblib.Parallel(n_jobs=2, batch_size=1) as parallel:
        parallel(joblib.delayed(decide)(ARRAYS, k, arm) for k in range(2))  # start the processes, load code and data
        start = time.perf_counter()
        again = np.array(parallel(joblib.delayed(decide)(ARRAYS, k, arm) for k in range(skus)))
        two = time.perf_counter() - start
    if not np.array_equal(rows, again):
        sys.exit(f"{arm}: two processes gave other answers than one")
    return {"name": arm, "seconds": [one / skus, two / skus], "cpu": cpu / skus, "evaluations": rows[:, 2].mean(),
            "opt": rows[:, 0], "eval": rows[:, 1]}


def numba_speed(data):
    """Nanoseconds per scenario and week of the Numba simulator: the best of five runs over the candidates of ten SKUs."""
    best = np.inf
    for _ in range(5):
        spent = weeks = 0
        for k in range(min(10, len(data["horizon"]))):
            sku = SKU(data, k, "opt")
            start = time.process_time()
            for policy in data["candidates"][k]:
                sku.costs(policy)
            spent += time.process_time() - start
            weeks += len(data["candidates"][k]) * sku.out.size * sku.horizon
        best = min(best, spent / weeks * 1e9)
    return best


def main():
    data = load(ARRAYS)
    with open(FACTS, encoding="utf-8") as file:
        facts = json.load(file)
    worst = check(data, facts)
    stockpyl_ns, difference = base_stock.run(data)
    if not difference <= TOLERANCE:
        sys.exit(f"stockpyl differs from restock by {difference:g}")
    rows = facts["arms"]
    for arm in ARMS:
        print(f"{arm} …", file=sys.stderr)
        rows.append(measure(arm, facts["skus"]))
    text = report(facts, rows, TOLERANCE, worst, numba_speed(data), stockpyl_ns, difference)
    with open(RESULTS, "w", encoding="utf-8") as file:
        file.write(text)
    print(text)


if __name__ == "__main__":
    main()
