package round

import (
	"math"
	"slices"

	"github.com/restock-engine/restock/internal/stat"
)

// lookahead finds the order now that costs least in the mean over scenarios of demand, when all later orders follow a rule that
// can be followed: order up to a level on projected stock. What is ordered now is received lead time + 1 weeks ahead; a unit
// too many is then held until it sells, which takes part of a later order's place. So an order is judged by the whole rest of
// the game and not by the week it is received in, whose critical ratio would order too much of slow sellers.
//
// Projected stock is what there will be when the order is received: stock on hand and each week's arrivals, less the mean
// demand of each week, but never below 0, since demand that is not met is lost. The level of a later order is the c-quantile of
// the demand that it has to meet: that of the week it is received in, and what the weeks before deviate from their means. The
// last order, which nothing comes after, has a c near the critical ratio; the c of the others is chosen with the order, for
// each item on its own.
type lookahead struct {
	costs    Costs
	leadTime int
	orders   int         // orders left, with the one due now
	scored   []bool      // [week ahead]
	demand   [][]float64 // [week ahead][scenario] units

	mean  []float64   // [week ahead]
	need  [][]float64 // [later order][rank] demand that it has to meet, sorted
	level []float64   // [later order]
	first []float64   // [scenario] on hand after the first week ahead
	pipe  []float64   // [week ahead] arrivals of a scenario
}

// ratios are what c is chosen from; lastShare, times the critical ratio, is that of the last order. Around these values the cost
// is flat: benchmarks/rounds/RESULTS.md has that of others.
var ratios = []float64{0.55, 0.60, 0.65, 0.70, 0.75, 0.80}

const lastShare = 0.96

// order returns the best order now. demand must be set; its number of weeks reaches to the last week that costs.
func (l *lookahead) order(s *Stock) float64 {
	weeks := len(l.demand)
	if weeks <= l.leadTime || l.orders < 1 {
		return 0 // received too late to sell
	}
	l.prepare(s)
	later := len(l.need)
	critical := l.costs.Shortage / (l.costs.Shortage + l.costs.Holding)
	best, lowest := l.enough(), math.Inf(1)
	for _, c := range ratios {
		for e := range later {
			if e == later-1 {
				c = lastShare * critical
			}
			l.level[e] = stat.SortedQuantile(l.need[e], c)
		}
		q, cost := l.descend(s, best)
		if cost < lowest {
			best, lowest = q, cost
		}
		if later < 2 {
			break // no level depends on c
		}
	}
	return best
}

// prepare works out what does not depend on the order.
func (l *lookahead) prepare(s *Stock) {
	weeks, n := len(l.demand), len(l.demand[0])
	l.mean = l.mean[:0]
	for _, d := range l.demand {
		sum := 0.0
		for _, x := range d {
			sum += x
		}
		l.mean = append(l.mean, sum/float64(n))
	}
	later := min(l.orders, weeks-l.leadTime) - 1
	l.need = slices.Grow(l.need[:0], later)[:later]
	l.level = slices.Grow(l.level[:0], later)[:later]
	for k := range l.need {
		need := slices.Grow(l.need[k][:0], n)[:n]
		received := k + 1 + l.leadTime
		for i := range need {
			need[i] = l.demand[received][i]
			for t := k + 1; t < received; t++ {
				need[i] += l.demand[t][i] - l.mean[t]
			}
		}
		slices.Sort(need)
		l.need[k] = need
	}
	l.first = l.first[:0]
	for _, x := range l.demand[0] {
		l.first = append(l.first, max(s.OnHand+s.InTransit[0]-x, 0))
	}
	l.pipe = slices.Grow(l.pipe[:0], weeks+l.leadTime)[:weeks+l.leadTime]
}

// enough is what the rest of the game may sell of the order. From above, each unit less saves holding; from below, a unit more
// may change nothing as long as the weeks that it sells in do not cost.
func (l *lookahead) enough() float64 {
	sum := 0.0
	for _, m := range l.mean[l.leadTime:] {
		sum += m
	}
	return min(math.Ceil(sum), maxUnits)
}

// descend finds a whole order from which neither a unit more nor one less is better, by steps that halve.
func (l *lookahead) descend(s *Stock, start float64) (q, cost float64) {
	q, cost = start, l.cost(s, start)
	for step := max(math.Floor(start/4), 1); ; step = max(math.Floor(step/2), 1) {
		for better := true; better; {
			better = false
			for _, next := range [...]float64{q + step, q - step} {
				if next < 0 || next > maxUnits {
					continue
				}
				if c := l.cost(s, next); c < cost {
					q, cost, better = next, c, true
					break
				}
			}
		}
		if step == 1 {
			return q, cost
		}
	}
}

// cost is the sum over the scenarios of what the weeks cost that the order q of now can change.
func (l *lookahead) cost(s *Stock, q float64) float64 {
	held, missed := 0.0, 0.0
	for i := range l.first {
		h, m := l.scenario(s, q, i)
		held += h
		missed += m
	}
	return l.costs.Holding*held + l.costs.Shortage*missed
}

// scenario plays one scenario and returns units held, summed over the weeks, and units missed.
func (l *lookahead) scenario(s *Stock, q float64, i int) (held, missed float64) {
	pipe := l.pipe
	clear(pipe)
	copy(pipe, s.InTransit)
	pipe[l.leadTime] += q
	onHand := l.first[i]
	first := 1
	if l.leadTime == 0 { // what is ordered now meets the demand of the first week ahead
		onHand, first = s.OnHand, 0
	}
	for t := first; t < len(l.demand); t++ {
		if k := t - 1; t > 0 && k < len(l.level) {
			projected := onHand
			for u := t; u < t+l.leadTime; u++ {
				projected = max(projected+pipe[u]-l.mean[u], 0)
			}
			pipe[t+l.leadTime] = max(math.Floor(l.level[k]-projected+0.5), 0)
		}
		onHand += pipe[t]
		lost := l.demand[t][i] - onHand
		onHand = max(-lost, 0)
		if t >= l.leadTime && l.scored[t] {
			held += onHand
			missed += max(lost, 0)
		}
	}
	return held, missed
}
