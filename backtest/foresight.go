package backtest

import (
	"math"

	"github.com/restock-engine/restock/simulate"
)

// foresightStates bounds the work of one SKU and date: states × actions summed over the weeks.
const foresightStates = 40_000_000

// foresee returns orders for the demand and the lead times of scenario 0, which it knows. Without resalable returns and discount,
// and where the units to look at are few enough, it is the exact optimum by dynamic programming over the stock at the end of each
// week; beyond that it starts from the optimum with larger steps of quantity and without returns, and improves it order by order
// in the simulation.
func foresee(a *simulate.Article, sc *simulate.Scenarios) simulate.Plan {
	f := &foresight{a: a, sc: sc, weeks: a.Horizon, step: a.PackSize}
	f.prepare()
	plan := f.solve()
	if !f.exact {
		plan = f.improve(plan)
	}
	return plan
}

type foresight struct {
	a       *simulate.Article
	sc      *simulate.Scenarios
	weeks   int
	step    float64   // units of a further order
	demand  []float64 // [week]
	inbound []float64 // [week] what arrives without an order, or comes back
	from    [][]int   // [week] the order weeks whose orders arrive in it
	exact   bool
}

func (f *foresight) prepare() {
	a := f.a
	f.demand, f.inbound, f.from = make([]float64, f.weeks), make([]float64, f.weeks), make([][]int, f.weeks)
	total := 0.0
	for t := range f.weeks {
		f.demand[t] = f.sc.Demand(0, t)
		total += f.demand[t]
	}
	for e := range f.weeks {
		if t := e + f.sc.ArrivalDelay(0, e); t < f.weeks {
			f.from[t] = append(f.from[t], e)
		}
	}
	for _, list := range [][]simulate.WeekQuantity{a.InTransit, a.PendingReturns} {
		for _, x := range list {
			if x.Week < f.weeks {
				f.inbound[x.Week] += x.Quantity
			}
		}
	}
	f.exact = a.ReturnRate*a.ResalableShare == 0 && a.Discount == 1 && a.Units == simulate.Whole
	actions := total/f.step + 2
	for float64(f.weeks)*(total+a.OnHand+1)*actions > foresightStates {
		f.step *= 2
		actions = total/f.step + 2
		f.exact = false
		if actions < 20 {
			break
		}
	}
}

// value is the least cost from the start of a week on, what to let arrive in it for that, and the stock at its end.
type value struct {
	cost   float64
	orders []float64
	next   float64
}

// split returns the orders, as many as there are weeks to order in, that together are at least the wanted quantity, as near to it
// as the order rules allow; nil if max_order is too small for that.
func (f *foresight) split(wanted float64, weeks int) []float64 {
	most := f.a.OrderQuantity(simulate.MaxQuantity)
	var orders []float64
	for wanted > 0 && len(orders) < weeks {
		q := f.a.OrderQuantity(wanted)
		if q == 0 {
			return nil
		}
		if left := wanted - q; left > 0 && left < f.a.MOQ && q == most { // leave enough for a last order
			q = max(f.a.OrderQuantity(f.a.MOQ), f.a.OrderQuantity(wanted-f.a.MOQ))
		}
		orders = append(orders, q)
		wanted -= q
	}
	if wanted > 0 {
		return nil
	}
	return orders
}

// solve walks through all stocks that orders can lead to, week by week with memory: only reachable ones are looked at.
func (f *foresight) solve() simulate.Plan {
	memo := make([]map[float64]value, f.weeks)
	for t := range memo {
		memo[t] = map[float64]value{}
	}
	remaining := make([]float64, f.weeks+1)
	for t := f.weeks - 1; t >= 0; t-- {
		remaining[t] = remaining[t+1] + f.demand[t]
	}
	var best func(t int, stock float64) float64
	best = func(t int, stock float64) float64 {
		if t == f.weeks {
			return f.a.OverstockCost * stock
		}
		if v, ok := memo[t][stock]; ok {
			return v.cost
		}
		v := value{cost: math.Inf(1)}
		for wanted := 0.0; ; wanted += f.step {
			orders := f.split(wanted, len(f.from[t]))
			total := 0.0
			for _, q := range orders {
				total += q
			}
			if wanted > 0 && (orders == nil || f.enough(t, stock, wanted-f.step) >= remaining[t]) {
				break
			}
			cost, next := f.week(t, stock, total, len(orders))
			if cost += best(t+1, next); cost < v.cost {
				v = value{cost, orders, next}
			}
		}
		memo[t][stock] = v
		return v.cost
	}
	best(0, f.a.OnHand)
	var orders []simulate.WeekQuantity
	stock := f.a.OnHand
	for t := range f.weeks {
		v := memo[t][stock]
		for i, q := range v.orders {
			orders = append(orders, simulate.WeekQuantity{Week: f.from[t][i], Quantity: q})
		}
		stock = v.next
	}
	return simulate.NewPlan(orders)
}

// enough returns what of a stock and an order can be sold from week t on: where a part of it comes too late for the week's
// demand, that counts less.
func (f *foresight) enough(t int, stock, order float64) float64 {
	share := f.a.InboundBeforeDemand
	if share == 0 {
		share = 1
	}
	return stock + share*(f.inbound[t]+order)
}

// week returns what week t costs when it begins with a stock and so many orders arrive in it, and the stock at its end: model.md, one
// week of one scenario, without what is returned later.
func (f *foresight) week(t int, stock, order float64, orders int) (cost, next float64) {
	a := f.a
	inbound := f.inbound[t] + order
	after := (1 - a.InboundBeforeDemand) * inbound
	if a.Units == simulate.Whole {
		after = math.Floor(after)
	}
	sales := min(f.demand[t], stock+inbound-after)
	next = stock + inbound - sales
	flows := simulate.Flows{OnHand: next, Ordered: order, Orders: float64(orders), Sales: sales, Lost: f.demand[t] - sales}
	return a.Cost(&flows).Total(), next
}

// improve changes one order at a time, up and down by steps that halve, as long as that is cheaper in the simulation.
func (f *foresight) improve(plan simulate.Plan) simulate.Plan {
	orders := make([]float64, f.weeks)
	for _, x := range plan {
		orders[x.Week] = x.Quantity
	}
	build := func() simulate.Plan {
		var list []simulate.WeekQuantity
		for week, q := range orders {
			if q > 0 {
				list = append(list, simulate.WeekQuantity{Week: week, Quantity: q})
			}
		}
		return list
	}
	cost := func() float64 { return costOf(f.a, build(), f.sc) }
	best := cost()
	for step := max(f.step, f.a.PackSize); step >= f.a.PackSize; step /= 2 {
		for improved := true; improved; {
			improved = false
			for week := range orders {
				for _, by := range []float64{step, -step} {
					old := orders[week]
					if orders[week] = f.a.OrderQuantity(max(0, old+by)); by < 0 && orders[week] >= old {
						orders[week] = 0
					}
					if c := cost(); c < best {
						best, improved = c, true
					} else {
						orders[week] = old
					}
				}
			}
		}
	}
	return build()
}

// costOf is what a policy costs in scenario 0.
func costOf(a *simulate.Article, p simulate.Policy, sc *simulate.Scenarios) float64 {
	totals := simulate.Run(a, p, sc, nil)
	return a.Cost(&totals[0].Discounted).Total()
}
