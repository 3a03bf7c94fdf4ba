"""The same search as restock's, by SciPy: the five parameters of extended (R, s, Q), the paper's trigger, restock's box."""

import functools
import warnings

import numpy as np
from scipy.optimize import differential_evolution, shgo

from simulator import SKU, STOCK


@functools.lru_cache(maxsize=1)
def load(path):
    """The exported arrays; each process reads them once."""
    with np.load(path) as file:
        return dict(file)


def policy(x):
    """The policy of a point: these methods search real numbers, the parameters are whole."""
    return np.rint(x[0]), np.rint(x[1]), np.floor(x[2]), np.rint(x[3]), np.rint(x[4]), STOCK


def box(sku):
    """From 0 to the last week, or to the largest demand of any scenario: more is never useful."""
    weeks, units = (0, sku.horizon - 1), (0, max(sku.largest, 1))
    return [weeks, units, units, units, weeks]


def simplicial(function, bounds, **options):
    """Simplicial homology global optimisation (Endres, Sandrock and Focke, J. Glob. Optim. 72, 2018)."""
    result = shgo(function, bounds, **options)
    return np.zeros(len(bounds)) if result.x is None else result.x  # None: it found no minimum at all


def evolution(function, bounds):
    """Differential evolution (Storn and Price, J. Glob. Optim. 11, 1997) on whole numbers, about 1,500 candidates."""
    return differential_evolution(function, bounds, integrality=[True] * len(bounds), maxiter=60, polish=False, rng=1).x


# Presbitero et al. name SHGO, and not its settings; so: SciPy's defaults, more points, and the best found by trying.
ARMS = {
    "SHGO, SciPy's defaults": functools.partial(simplicial),
    "SHGO, 128 Sobol points": functools.partial(simplicial, sampling_method="sobol", n=128),
    "SHGO, 512 Sobol points": functools.partial(simplicial, sampling_method="sobol", n=512),
    "SHGO, 256 Sobol points, local search by Powell": functools.partial(
        simplicial, sampling_method="sobol", n=256, minimizer_kwargs={"method": "Powell"}),
    "differential evolution on whole numbers": evolution,
}


def decide(path, index, arm):
    """Searches on Ω_opt, and returns the objective there, on Ω_eval, and the number of candidates evaluated."""
    data = load(path)
    opt = SKU(data, index, "opt")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # SLSQP divides by gradients that are 0: the objective is piecewise constant
        best = policy(ARMS[arm](lambda x: opt.objective(policy(x)), box(opt)))
    evaluations = opt.evaluations
    return opt.objective(best), SKU(data, index, "eval").objective(best), evaluations
