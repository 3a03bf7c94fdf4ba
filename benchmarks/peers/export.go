//go:build unix

package main

import (
	"math"

	"github.com/restock-engine/restock/internal/random"
	"github.com/restock-engine/restock/optimize"
	"github.com/restock-engine/restock/simulate"
)

// export gathers the arrays. The first dimension of each is the SKU.
type export struct {
	inputs  []optimize.Input
	sampler *simulate.Sampler
	arrays  []array
	largest []float64 // [SKU] largest demand of a scenario of Ω_opt over the horizon: the search box ends there, as restock's
}

func newExport(inputs []optimize.Input, s *simulate.Sampler) *export {
	e := &export{inputs: inputs, sampler: s}
	var horizon []int32
	var params, transit, pending []float64
	for _, in := range inputs {
		a := in.Article
		horizon = append(horizon, int32(a.Horizon))
		params = append(params, a.OnHand, a.HoldingCost, a.InboundCost, a.OrderCost, a.OutboundCost,
			float64(a.ReturnCost*a.ReturnRate), a.LostSaleCost, a.OverstockCost, float64(a.ResalableShare*a.ReturnRate),
			float64(a.ReviewPeriod), float64(a.ReviewPhase), a.PackSize, a.MOQ, a.MaxOrder, a.InboundBeforeDemand)
		transit = append(transit, byWeek(a.InTransit)...)
		pending = append(pending, byWeek(a.PendingReturns)...)
	}
	n := len(inputs)
	e.add("horizon", horizon, n)
	e.add("params", params, n, len(params)/n)
	e.add("in_transit", transit, n, weeks+1)
	e.add("pending_returns", pending, n, weeks+1)
	return e
}

func (e *export) add(name string, data any, shape ...int) {
	e.arrays = append(e.arrays, array{name, shape, data})
}

func (e *export) write(path string) error { return writeNPZ(path, e.arrays) }

// byWeek returns quantities by week; the last entry is everything after the horizon.
func byWeek(list []simulate.WeekQuantity) []float64 {
	x := make([]float64, weeks+1)
	for _, wq := range list {
		x[min(wq.Week, weeks)] += wq.Quantity
	}
	return x
}

// scenarios adds Ω_opt and Ω_eval: the same draws as restock optimize makes. Weeks beyond a SKU's horizon are 0.
func (e *export) scenarios() error {
	e.largest = make([]float64, len(e.inputs))
	for _, set := range []struct {
		name string
		set  simulate.Set
		n    int
	}{{"opt", simulate.OptSet, scenarios}, {"eval", simulate.EvalSet, evalScenarios}} {
		size := len(e.inputs) * set.n * weeks
		demand, delay, lag, round := make([]int32, size), make([]int32, size), make([]int32, size), make([]float64, size)
		var sc simulate.Scenarios
		for k, in := range e.inputs {
			if err := e.sampler.Draw(&sc, in.Article, in.Forecast, in.Key, set.set, set.n, false); err != nil {
				return err
			}
			for i := range set.n {
				total := 0.0
				for t := range sc.Weeks {
					x := (k*set.n+i)*weeks + t
					demand[x], delay[x] = int32(sc.Demand(i, t)), int32(sc.ArrivalDelay(i, t))
					lag[x], round[x] = int32(sc.ReturnLag(i, t)), sc.ReturnRound(i, t)
					total += sc.Demand(i, t)
				}
				if set.set == simulate.OptSet {
					e.largest[k] = max(e.largest[k], total)
				}
			}
		}
		e.add(set.name+"_demand", demand, len(e.inputs), set.n, weeks)
		e.add(set.name+"_delay", delay, len(e.inputs), set.n, weeks)
		e.add(set.name+"_lag", lag, len(e.inputs), set.n, weeks)
		e.add(set.name+"_round", round, len(e.inputs), set.n, weeks)
	}
	e.add("largest", e.largest, len(e.inputs))
	return nil
}

// candidates adds random policies, half of them with each trigger, and what restock says they cost in each scenario of Ω_opt.
func (e *export) candidates(seed uint64) error {
	var policies, costs, one []float64
	var sc simulate.Scenarios
	ev := simulate.NewEvaluator()
	for k, in := range e.inputs {
		if err := e.sampler.Draw(&sc, in.Article, in.Forecast, in.Key, simulate.OptSet, scenarios, false); err != nil {
			return err
		}
		ev.Prepare(in.Article, &sc)
		r := random.New(random.NewKey(seed, "candidates").Int(k))
		for c := range candidates {
			quantity := func(share float64) float64 { return math.Floor(share * r.Float64() * (e.largest[k] + 1)) }
			p := simulate.RSQ{T0: r.Intn(in.Article.Horizon), Q0: quantity(1), ReorderPoint: quantity(0.5), Q: quantity(0.3),
				TLimit: r.Intn(in.Article.Horizon), Trigger: simulate.StockTrigger}
			if c%2 == 1 {
				p.Trigger = simulate.PositionTrigger
			}
			policies = append(policies, flat(p)...)
			one = ev.Costs(p, one)
			costs = append(costs, one...)
		}
	}
	e.add("candidates", policies, len(e.inputs), candidates, 6)
	e.add("candidate_costs", costs, len(e.inputs), candidates, scenarios)
	return nil
}

// flat returns t0, Q0, s, Q, t_limit and the trigger, 1 for position.
func flat(p simulate.RSQ) []float64 {
	trigger := 0.0
	if p.Trigger == simulate.PositionTrigger {
		trigger = 1
	}
	return []float64{float64(p.T0), p.Q0, p.ReorderPoint, p.Q, float64(p.TLimit), trigger}
}
