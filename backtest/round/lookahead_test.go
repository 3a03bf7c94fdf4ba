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
				l := lookahead{costs: Costs{0.2, 1}, leadTime: leadTime, orders: 1, scored: scored(weeks, min(leadTime+k, weeks)), demand: poisson(r, mean, weeks, 200)}
				s := Stock{OnHand: float64(r.Intn(4)), InTransit: make([]float64, leadTime+1)}
				q := l.order(&s)
				lowest := math.Inf(1)
				for try := range 300 {
					lowest = min(lowest, costOf(l.costs, s, l.scored, float64(try), l.demand))
				}
				if c := costOf(l.costs, s, l.scored, q, l.demand); c > lowest+1e-9 {
					t.Errorf("lead time %d, %d weeks, mean %v: order %v costs %v, the best %v", leadTime, weeks, mean, q, c, lowest)
				}
			}
		}
	}
}

// A unit too many of a slow seller is held for weeks: looking ahead must order less than the critical ratio of the week of arrival asks for,
// and cost less over the whole game. 2,000 scenarios of six orders, seed 2; the same ones for both.
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
