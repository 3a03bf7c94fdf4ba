"""The model of docs/model.md for whole units and the extended (R, s, Q) policy, as one would write it with Numba."""

import numpy as np
from numba import njit

STOCK, POSITION = 0, 1


@njit(cache=True)
def order_quantity(wanted, pack, moq, largest):
    """A wanted quantity rounded up to packs, raised to the minimum, capped at the maximum; units."""
    if wanted <= 0:
        return 0.0
    return min(max(np.ceil(wanted / pack) * pack, moq), largest)


@njit(cache=True)
def costs(policy, horizon, params, in_transit, pending, demand, delay, lag, rounding, out):
    """Writes each scenario's cost to out, money.

    policy: t0, Q0, s, Q, t_limit, trigger. params: a row of the array of that name, see export.go. in_transit, pending: [week],
    the last entry is everything after the horizon. demand, delay, lag, rounding: [scenario][week].
    """
    (on_hand, holding, inbound, per_order, outbound, returned, lost_sale, overstock, coming_back, period, phase, pack, moq,
     largest, before_demand) = params
    largest = np.floor(largest / pack) * pack if np.isfinite(largest) else np.inf
    first, last, trigger = int(policy[0]), int(policy[4]), int(policy[5])
    kick = order_quantity(policy[1], pack, moq, largest)
    point = policy[2]
    lot = order_quantity(policy[3], pack, moq, largest)
    period, phase = int(period), int(phase)
    arrivals = np.empty(horizon)
    back = np.empty(horizon)
    for i in range(demand.shape[0]):
        stock = on_hand
        outstanding = 0.0
        for t in range(horizon):
            arrivals[t] = in_transit[t]
            back[t] = pending[t]
        for t in range(in_transit.shape[0]):
            outstanding += in_transit[t]
        held = ordered = orders = sold = lost = 0.0
        for t in range(horizon):
            order = 0.0
            if t == first:
                order = kick
            elif first < t <= last and (t - phase) % period == 0:
                if trigger == STOCK:
                    if stock <= point and outstanding == 0:
                        order = lot
                elif stock + outstanding <= point:
                    order = lot
            if order > 0:
                ordered += order
                orders += 1
                outstanding += order
                if t + delay[i, t] < horizon:
                    arrivals[t + delay[i, t]] += order
            came = arrivals[t] + back[t]
            outstanding -= arrivals[t]
            after = np.floor((1 - before_demand) * came)
            stock += came - after
            sales = min(float(demand[i, t]), stock)
            lost += demand[i, t] - sales
            stock += after - sales
            held += stock
            sold += sales
            if coming_back > 0 and t + lag[i, t] < horizon:
                back[t + lag[i, t]] += np.floor(coming_back * sales + rounding[i, t])
        out[i] = (holding * held + (inbound * ordered + per_order * orders) + outbound * sold + returned * sold + lost_sale * lost
                  + overstock * (stock + outstanding))


@njit(cache=True)
def upper_quartile(x):
    """The 75th percentile, linear between order statistics at 0.75 (n-1), as numpy.percentile; x is reordered."""
    position = 0.75 * (x.size - 1)
    k = int(position)
    parts = np.partition(x, k)
    low = parts[k]
    high = parts[k + 1:].min() if k + 1 < x.size else low
    return low + (position - k) * (high - low)


@njit(cache=True)
def objective(policy, horizon, params, in_transit, pending, demand, delay, lag, rounding, out):
    """The 75th percentile of the cost."""
    costs(policy, horizon, params, in_transit, pending, demand, delay, lag, rounding, out)
    return upper_quartile(out)


class SKU:
    """One article with its scenarios; counts the policies that were evaluated on them."""

    def __init__(self, data, index, scenarios):
        self.horizon = int(data["horizon"][index])
        self.params = tuple(data["params"][index])
        self.largest = float(data["largest"][index])
        self.rest = (data["in_transit"][index], data["pending_returns"][index],
                     *(data[f"{scenarios}_{name}"][index] for name in ("demand", "delay", "lag", "round")))
        self.out = np.empty(self.rest[2].shape[0])
        self.evaluations = 0

    def costs(self, policy):
        costs(np.asarray(policy, dtype=np.float64), self.horizon, self.params, *self.rest, self.out)
        return self.out.copy()

    def objective(self, policy):
        self.evaluations += 1
        return objective(np.asarray(policy, dtype=np.float64), self.horizon, self.params, *self.rest, self.out)
