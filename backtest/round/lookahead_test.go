package round

import (
	"math"
	"testing"

	"github.com/restock-engine/restock/internal/random"
)

// poisson draws demand by inversion, [week][scenario].
func poisson(r random.Source, mean float64, weeks, n int) [][]float64 {
	demand := make([][]float64, weeks)
	for t := range demand {
		for range n {
			u, k, p := r.Float64(), 0.0, math.Exp(-mean)
			for cdf := p; cdf < u; cdf += p {
				k++
				p *= mean / k
			}
			demand[t] = append(demand[t], k)
		}
	}
	return demand
}

// costOf plays one order and nothing after it, written down without the look-ahead's tricks.
func costOf(c Costs, s Stock, scored []bool, q float64, demand [][]float64) float64 {
	total := 0.0
	for i := range demand[0] {
		stock := Stock{s.OnHand, append([]float64{}, s.InTransit...)}
		stock.Order(q)
		for t := range demand {
			w := stock.Live(demand[t][i])
			if scored[t] {
				total += c.Holding*w.End + c.Shortage*w.Missed
			}
		}
	}
	return total
}

// scored returns weeks that cost but for the first few.
func scored(weeks, free int) []bool {
	s := make([]bool, weeks)
	for t := free; t < weeks; t++ {
		s[t] = true
	}
	return s
}

// With one order left there is nothing to decide later: the order must be the best of all, found by trying them.
func TestLastOrderIsOptimal(t *testing.T) {
	r := random.New(random.NewKey(1, "last order"))
	for leadTime := range 4 {
		for weeks := leadTime + 1; weeks < leadTime+4; weeks++ {
			for k, mean := range []float64{0.3, 2, 30} {
				l := lookahead{costs: Costs{0.2, 1}, leadTime: leadTime, orders: 1, scored: scored(weeks, min(leadTime+k,
					weeks)), demand: poisson(r, mean, weeks, 200)}
				s := Stock{OnHand: float64(r.Intn(4)), InTransit: make([]float64, leadTime+1)}
				q := l.order(&s)
				lowest := math.Inf(1)
				for try := range 300 {
					lowest = min(lowest, costOf(l.costs, s, l.scored, float64(try), l.demand))
				}
				if c := costOf(l.costs, s, l.scored, q, l.demand); c > lowest+1e-9 {
					t.Errorf("lead time %d, %d weeks, mean %v: order %v costs %v, the best %v", leadTime, weeks, mean, q, c,
						lowest)
				}
			}
		}
	}
}

// A unit too many of a slow seller is held for weeks: looking ahead must order less than the critical ratio of the week of
// arrival asks for, and cost less over the whole game. 2,000 scenarios of six orders, seed 2; the same ones for both.
func TestLookingAheadOrdersLessOfSlowSellers(t *testing.T) {
	r := random.New(random.NewKey(2, "slow seller"))
	l := lookahead{costs: Costs{0.2, 1}, leadTime: 2, orders: 6, scored: scored(8, 2), demand: poisson(r, 0.4, 8, 2000)}
	s := Stock{InTransit: make([]float64, 3)}
	// P(D ≤ 1) = 0.938 is beyond the critical ratio 0.833, P(D ≤ 0) = 0.670 below: one week alone asks for 1.
	if q := l.order(&s); q > 1 {
		t.Errorf("order %v of a slow seller, one week alone asks for 1", q)
	}
	l.demand = poisson(r, 0.25, 8, 2000) // P(D ≤ 0) = 0.779: one week alone still asks for 1
	s.OnHand = 1
	if q := l.order(&s); q != 0 {
		t.Errorf("order %v though the unit on hand is most likely still there", q)
	}
}

func TestNothingIsOrderedTooLate(t *testing.T) {
	r := random.New(random.NewKey(3, "late"))
	l := lookahead{costs: Costs{0.2, 1}, leadTime: 3, orders: 2, scored: scored(3, 0), demand: poisson(r, 5, 3, 50)}
	if q := l.order(&Stock{InTransit: make([]float64, 4)}); q != 0 {
		t.Errorf("order %v is received after the last week", q)
	}
}

// One scenario by hand: 10 are asked for every week, and there is nothing but the order of now, received in week 2, and one up
// to 10 a week later.
func TestScenario(t *testing.T) {
	l := lookahead{costs: Costs{0.2, 1}, leadTime: 2, orders: 2, scored: scored(5, 2)}
	for range 5 {
		l.demand = append(l.demand, []float64{10})
	}
	s := Stock{InTransit: make([]float64, 3)}
	l.prepare(&s)
	l.level[0] = 10
	// Projected stock in week 3 is 0, not -20: what weeks 1 and 2 lack is lost. Nothing is received in week 4.
	if held, missed := l.scenario(&s, 13, 0); held != 3 || missed != 10 {
		t.Errorf("with 13 units: %v held and %v missed, want 3 left in week 2 and 10 missed in week 4", held, missed)
	}
}

// Items of known Poisson demand, means 1 to 6.6, from empty shelves and with six orders: looking ahead must not cost more than
// ordering for the week of arrival alone. Over the seeds 5 to 9 it costs 0.980 of it with a standard deviation of 0.007, so
// that about one seed in 500 would alarm falsely; without later orders in view it costs 2.1. Seed 5.
func TestLookingAheadPays(t *testing.T) {
	const weeks, orders, leadTime, items, games = 8, 6, 2, 60, 15
	costs := Costs{0.2, 1}
	ahead, alone := 0.0, 0.0
	for item := range items {
		r := random.New(random.NewKey(5, "pays").Int(item))
		mean := math.Exp(1.9 * float64(item) / items)
		future := poisson(r, mean, weeks, 200)
		for range games {
			demand := poisson(r, mean, weeks, 1)
			a, b := Stock{InTransit: make([]float64, leadTime+1)}, Stock{InTransit: make([]float64, leadTime+1)}
			for t := range weeks {
				if left := orders - t; left > 0 {
					l := lookahead{costs: costs, leadTime: leadTime, orders: left, scored: scored(weeks-t, max(leadTime-t, 0)),
						demand: future[t:]}
					a.Order(l.order(&a))
					l.orders, l.demand, l.scored = 1, future[t:t+leadTime+1], scored(leadTime+1, leadTime)
					b.Order(l.order(&b))
				}
				x, y := a.Live(demand[t][0]), b.Live(demand[t][0])
				if t >= leadTime {
					ahead += costs.Holding*x.End + costs.Shortage*x.Missed
					alone += costs.Holding*y.End + costs.Shortage*y.Missed
				}
			}
		}
	}
	t.Logf("looking ahead costs %.3f of ordering for one week", ahead/alone)
	if ahead > alone {
		t.Errorf("looking ahead costs %v, ordering for one week %v", ahead, alone)
	}
}
