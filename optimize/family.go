package optimize

import (
	"math"

	"github.com/restock-engine/restock/simulate"
)

// Kind names a policy family that can be tuned.
type Kind string

// The families.
const (
	RSQ        Kind = "rsq"
	SS         Kind = "ss"
	BaseStock  Kind = "basestock"
	Newsvendor Kind = "newsvendor" // no parameters: its levels follow from the scenarios
)

// Kinds are all families, the recommended one first.
func Kinds() []Kind { return []Kind{RSQ, SS, BaseStock, Newsvendor} }

// Family is a set of policies, one for each point of a box of whole numbers.
type Family struct {
	Sizes  []int // [dimension] number of values; a point x has 0 ≤ x[d] < Sizes[d]
	Weeks  []bool
	Policy func(x []int) simulate.Policy
	Starts []Start // points from theory, where the optimum may be near
}

// Start is a point from which a search may start. Starts of different kinds stand for different ways to order.
type Start struct {
	Kind int
	X    []int
}

// points returns the number of points of the box, or MaxInt if that is more.
func (f *Family) points() int {
	n := 1
	for _, s := range f.Sizes {
		if n > math.MaxInt/s {
			return math.MaxInt
		}
		n *= s
	}
	return n
}

// scale maps the whole numbers of a search to quantities in units.
type scale struct {
	step   float64 // units of a level (s, S): 1 with whole units, a thousandth of the largest useful stock with continuous ones
	levels int     // number of levels, from 0
	pack   float64 // units of a further pack
	first  float64 // units of the smallest order
	orders int     // number of order quantities, none included
}

// newScale finds the largest useful quantities. More than the largest demand of any scenario over the horizon is never useful, be it as an order
// or as a reorder point; reorder points have to look at the position, so they may also be as high as what is in stock and outstanding.
func newScale(a *simulate.Article, d *demandFacts) scale {
	top := d.largest
	s := scale{step: 1, pack: a.PackSize, first: a.OrderQuantity(a.PackSize)}
	if a.Units == simulate.Continuous {
		s.step = max(top, a.PackSize) / 1000
	}
	s.levels = int(math.Ceil(top/s.step)) + 1
	last := min(a.OrderQuantity(top), a.OrderQuantity(simulate.MaxQuantity))
	switch {
	case s.first == 0: // max_order is below a pack
		s.orders = 1
	case last <= s.first:
		s.orders = 2
	default:
		s.orders = int(math.Ceil((last-s.first)/s.pack)) + 2
	}
	return s
}

// order returns the x-th order quantity, 0 for x = 0.
func (s *scale) order(x int) float64 {
	if x == 0 {
		return 0
	}
	return s.first + float64(x-1)*s.pack
}

// orderIndex returns the x whose order quantity is nearest to q, within the box.
func (s *scale) orderIndex(q float64) int {
	if q <= s.first/2 {
		return 0
	}
	return clampInt(1+int(math.Round((q-s.first)/s.pack)), 0, s.orders-1)
}

func (s *scale) level(x int) float64 { return float64(x) * s.step }

func (s *scale) levelIndex(v float64) int { return clampInt(int(math.Round(v/s.step)), 0, s.levels-1) }

func clampInt(x, low, high int) int { return max(low, min(x, high)) }

// rsqFamily is the extended (R, s, Q): the dimensions are t0, Q0, s, Q, t_limit and the trigger.
func rsqFamily(a *simulate.Article, d *demandFacts, triggers []simulate.Trigger) *Family {
	s := newScale(a, d)
	f := &Family{
		Sizes: []int{a.Horizon, s.orders, s.levels, s.orders, a.Horizon, len(triggers)},
		Weeks: []bool{true, false, false, false, true, true},
		Policy: func(x []int) simulate.Policy {
			return canonical(simulate.RSQ{T0: x[0], Q0: s.order(x[1]), ReorderPoint: s.level(x[2]),
				Q: s.order(x[3]), TLimit: x[4], Trigger: triggers[x[5]]})
		},
	}
	f.Starts = rsqStarts(a, d, &s, len(triggers))
	return f
}

// canonical gives policies that order alike the same parameters, so that they are evaluated once.
func canonical(p simulate.RSQ) simulate.RSQ {
	if p.Q == 0 || p.TLimit <= p.T0 { // no reorder
		p.ReorderPoint, p.Q, p.TLimit, p.Trigger = 0, 0, p.T0, simulate.StockTrigger
		if p.Q0 == 0 {
			p.T0, p.TLimit = 0, 0
		}
	}
	return p
}

// rsqStarts combines kick-starts that cover the demand until some week with reorder points from the demand over lead time and review, and reorders of
// some weeks' demand or of the economic order quantity (Harris 1913).
func rsqStarts(a *simulate.Article, d *demandFacts, s *scale, triggers int) []Start {
	const (
		once        = iota // the kick-start alone
		both               // with each trigger: kick-start and reorders
		reorderOnly = both + 2
	)
	last := a.Horizon - 1
	starts := []Start{{once, []int{0, 0, 0, 0, 0, 0}}}
	for _, z := range []float64{0, 0.7, 1.4} {
		for t0 := 0; t0 <= last; t0 = max(2*t0, t0+1) {
			order := d.upTo(a.Horizon, z) - d.position
			starts = append(starts, Start{once, []int{t0, s.orderIndex(order), 0, 0, 0, 0}})
		}
	}
	window := d.lead + a.ReviewPeriod
	cutoff := max(0, last-d.lead)
	cover := float64(max(window, 2))
	lots := []float64{d.weekly * cover, 2 * d.weekly * cover}
	if a.OrderCost > 0 && a.HoldingCost > 0 {
		lots = append(lots, math.Sqrt(2*a.OrderCost*d.weekly/a.HoldingCost))
	}
	for _, z := range []float64{0, 0.7, 1.4} {
		reorder := s.levelIndex(d.upTo(window, z))
		kick := s.orderIndex(d.upTo(window+2, z) - d.position)
		for _, lot := range lots {
			q := s.orderIndex(lot)
			for trigger := range triggers {
				starts = append(starts,
					Start{both + trigger, []int{0, kick, reorder, q, cutoff, trigger}},
					Start{reorderOnly + trigger, []int{0, 0, reorder, q, cutoff, trigger}})
			}
		}
	}
	return starts
}

// ssFamily is (s, S): the dimensions are s and S - s.
func ssFamily(a *simulate.Article, d *demandFacts) *Family {
	s := newScale(a, d)
	f := &Family{
		Sizes: []int{s.levels, s.levels},
		Weeks: []bool{false, false},
		Policy: func(x []int) simulate.Policy {
			return simulate.SS{ReorderPoint: s.level(x[0]), OrderUpTo: s.level(x[0] + x[1])}
		},
	}
	for _, z := range []float64{0, 0.7, 1.4} {
		reorder := d.upTo(d.lead+a.ReviewPeriod, z)
		for _, cover := range []int{1, 3, 6, 12} {
			f.Starts = append(f.Starts, Start{cover, []int{s.levelIndex(reorder), s.levelIndex(d.weekly * float64(cover))}})
		}
	}
	f.Starts = append(f.Starts, Start{X: []int{0, 0}})
	return f
}

// baseStockFamily is (R, S): the dimension is S.
func baseStockFamily(a *simulate.Article, d *demandFacts) *Family {
	s := newScale(a, d)
	f := &Family{
		Sizes:  []int{s.levels},
		Weeks:  []bool{false},
		Policy: func(x []int) simulate.Policy { return simulate.BaseStock{OrderUpTo: s.level(x[0])} },
		Starts: []Start{{X: []int{0}}},
	}
	for _, z := range []float64{-0.7, 0, 0.7, 1.4, 2.1} {
		f.Starts = append(f.Starts, Start{X: []int{s.levelIndex(d.upTo(d.lead+a.ReviewPeriod, z))}})
	}
	return f
}

// demandFacts are the few figures of the scenarios that theory's formulas need.
type demandFacts struct {
	largest  float64   // largest demand of a scenario over the horizon, units
	weekly   float64   // mean demand in a week
	mean, sd []float64 // [weeks] mean and standard deviation of the demand of the first so many weeks
	lead     int       // mean of floor(ℓ), rounded
	position float64   // on hand and outstanding now
}

func newDemandFacts(a *simulate.Article, sc *simulate.Scenarios) *demandFacts {
	d := &demandFacts{mean: make([]float64, sc.Weeks+1), sd: make([]float64, sc.Weeks+1), position: stock(a)}
	sums := make([]float64, sc.N)
	lead := 0
	for t := range sc.Weeks {
		var total, squares float64
		for i := range sums {
			sums[i] += sc.Demand(i, t)
			total += sums[i]
			lead += sc.ArrivalDelay(i, t)
		}
		m := total / float64(sc.N)
		for _, x := range sums {
			squares += (x - m) * (x - m)
		}
		d.mean[t+1], d.sd[t+1] = m, math.Sqrt(squares/float64(sc.N))
	}
	for _, x := range sums {
		d.largest = max(d.largest, x)
	}
	d.weekly = d.mean[sc.Weeks] / float64(sc.Weeks)
	d.lead = int(math.Round(float64(lead) / float64(sc.N*sc.Weeks)))
	return d
}

// stock returns what is on hand and in transit now, units.
func stock(a *simulate.Article) float64 {
	sum := a.OnHand
	for _, x := range a.InTransit {
		sum += x.Quantity
	}
	return sum
}

// upTo returns the level that covers the demand of the first weeks with z standard deviations to spare.
func (d *demandFacts) upTo(weeks int, z float64) float64 {
	weeks = clampInt(weeks, 0, len(d.mean)-1)
	return max(0, d.mean[weeks]+z*d.sd[weeks])
}
