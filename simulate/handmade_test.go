package simulate

import (
	"math"
	"math/rand/v2"
)

// handmade returns the scenarios with the given draws, each [scenario][week]. A nil leadTime is 0, a nil lag 1, a nil round 0.5.
func handmade(demand, leadTime [][]float64, lag [][]int, round [][]float64) *Scenarios {
	sc := &Scenarios{}
	sc.resize(len(demand), len(demand[0]))
	sc.leadTimes = make([]float64, len(sc.demand))
	for _, weeks := range demand {
		for _, d := range weeks {
			sc.wide = sc.wide || d != math.Trunc(d) || d > maxInt
		}
	}
	if sc.wide {
		sc.wide64 = make([]float64, len(sc.demand))
	}
	for i, weeks := range demand {
		for t, d := range weeks {
			c := sc.index(i, t)
			if sc.wide {
				sc.wide64[c] = d
			} else {
				sc.demand[c] = int32(d)
			}
			sc.delay[c], sc.lag[c], sc.round[c] = 0, 1, 0.5
			if leadTime != nil {
				sc.leadTimes[c] = leadTime[i][t]
				sc.delay[c] = int32(min(math.Floor(leadTime[i][t]), float64(sc.Weeks)))
			}
			if lag != nil {
				sc.lag[c] = int32(lag[i][t])
			}
			if round != nil {
				sc.round[c] = float32(round[i][t])
			}
		}
	}
	return sc
}

// table returns n rows of weeks draws of f.
func table[T any](n, weeks int, f func() T) [][]T {
	rows := make([][]T, n)
	for i := range rows {
		rows[i] = make([]T, weeks)
		for t := range rows[i] {
			rows[i][t] = f()
		}
	}
	return rows
}

// anyOf returns one of the values.
func anyOf[T any](r *rand.Rand, values ...T) T { return values[r.IntN(len(values))] }

// anyCase returns a valid article of either kind of units, every field at random, and a few scenarios for it.
func anyCase(r *rand.Rand) (Article, *Scenarios) {
	a := DefaultArticle()
	a.Horizon = 1 + r.IntN(20)
	if r.IntN(2) == 0 {
		a.Units = Continuous
		a.ReturnMode = anyOf(r, SampledReturns, ExpectedReturns)
	}
	scale := anyOf(r, 1.0, 10, 300, 1e6)
	quantity := func() float64 {
		q := r.ExpFloat64() * scale
		if a.Units == Whole {
			q = math.Floor(q)
		}
		return q
	}
	a.OnHand = anyOf(r, 0, quantity(), 3*quantity())
	for _, l := range []*[]WeekQuantity{&a.InTransit, &a.PendingReturns} {
		for range r.IntN(4) {
			*l = append(*l, WeekQuantity{r.IntN(a.Horizon + 3), quantity()})
		}
	}
	money := func() float64 { return anyOf(r, 0, r.Float64(), 10*r.ExpFloat64()) }
	a.Price, a.UnitCost, a.HoldingCost, a.InboundCost, a.OrderCost = money(), money(), money(), money(), money()
	a.OutboundCost, a.ReturnCost, a.OverstockCost, a.LostSaleCost = money(), money(), money()-2, money()
	a.ReturnRate, a.ResalableShare = anyOf(r, 0, 0.5, 1, r.Float64()), anyOf(r, 1, r.Float64())
	a.ReturnLagWeights = anyOf(r, []float64{1}, []float64{0, 0.25, 0.75}, []float64{0.5, 0.25, 0, 0.125, 0.125})
	a.ReviewPeriod, a.ReviewPhase = 1+r.IntN(4), r.IntN(9)-4
	a.PackSize = anyOf(r, 1, float64(1+r.IntN(12)), 1+quantity())
	a.MOQ = anyOf(r, 0, quantity())
	a.MaxOrder = anyOf(r, math.Inf(1), 3*quantity())
	a.InboundBeforeDemand = anyOf(r, 0.5, 0, 1, 0.25, r.Float64())
	a.Discount = anyOf(r, 1, 0.5+0.5*r.Float64())

	n, longest := 1+r.IntN(5), anyOf(r, 1.0, 3, 25)
	demand := table(n, a.Horizon, func() float64 { return anyOf(r, 0, quantity()) })
	leadTime := table(n, a.Horizon, func() float64 { return longest * r.Float64() })
	lag := table(n, a.Horizon, func() int { return 1 + r.IntN(len(a.ReturnLagWeights)) })
	round := table(n, a.Horizon, func() float64 { return float64(r.Uint32()>>9)*0x1p-23 + 0x1p-24 })
	return a, handmade(demand, leadTime, lag, round)
}

// anyPolicies returns policies of every kind, with quantities that fit the article.
func anyPolicies(r *rand.Rand, a *Article) []Policy {
	scale := a.OnHand + a.PackSize + 3
	quantity := func() float64 {
		q := r.ExpFloat64() * scale
		if r.IntN(3) > 0 {
			q = math.Floor(q)
		}
		return q
	}
	week := func() int { return r.IntN(a.Horizon + 2) }
	rsq := func(trigger Trigger) Policy {
		return RSQ{T0: week() / 2, Q0: quantity(), ReorderPoint: quantity(), Q: quantity(), TLimit: week(), Trigger: trigger}
	}
	s := quantity()
	var orders []WeekQuantity
	for range r.IntN(5) {
		orders = append(orders, WeekQuantity{week(), quantity()})
	}
	levels := make([]float64, a.Horizon)
	for t := range levels {
		levels[t] = 2 * quantity()
	}
	return []Policy{rsq(StockTrigger), rsq(PositionTrigger), SS{s, s + quantity()}, BaseStock{2 * quantity()}, Newsvendor{levels}, NewPlan(orders), None{}}
}
