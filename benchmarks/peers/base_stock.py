"""stockpyl's simulator on restock's demand, under a policy that both know: base stock, an order in every week."""

import time
import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from stockpyl.sim import simulation
    from stockpyl.supply_chain_network import single_stage_system

SCENARIOS = 20  # of each article: stockpyl takes milliseconds for one


def run(data):
    """Repeats the runs that restock exported; returns nanoseconds per scenario and week, and the largest difference of a cost.

    stockpyl orders at the end of a week, restock at the beginning of the next one: the same, with a lead time that is one week
    longer. Stock begins at the base-stock level, which is so high that nothing is ever short: stockpyl would back-order it,
    restock loses it.
    """
    spent, weeks, difference = 0.0, 0, 0.0
    for k in range(len(data["base_level"])):
        horizon = int(data["horizon"][k])
        holding = data["params"][k][1]
        level = data["base_level"][k]
        for i in range(SCENARIOS):
            demand = [int(d) for d in data["opt_demand"][k][i][:horizon]]
            network = single_stage_system(
                holding_cost=holding, stockout_cost=0, shipment_lead_time=int(data["base_lead"][k]) + 1,
                demand_type="D", demand_list=demand, policy_type="BS", base_stock_level=level, initial_inventory_level=level)
            start = time.process_time()
            cost = simulation(network, horizon, progress_bar=False, consistency_checks="N")
            spent += time.process_time() - start
            weeks += horizon
            difference = max(difference, abs(cost - data["base_costs"][k][i]) / max(1, abs(cost)))
    return spent / weeks * 1e9, difference
