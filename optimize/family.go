package optimize

import (
	"math"
	"slices"

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
	Sizes   []int     // [dimension] number of values; a point x has 0 ≤ x[d] < Sizes[d]
	Reach   []float64 // [dimension] the largest step that is worth a try, in values
	Weights []float64 // [dimension] how often a search is to try a step along it, relative to the others
	Moves   []Move    // steps that keep something in balance
	Policy  func(x []int) simulate.Policy
	Starts  []Start // points where the optimum may be near
	Steep   bool    // few steps from a good policy lead to one that is nearly as good

	same *sameRSQ // which points have the same policy; nil: each one has its own
}

// Move changes several coordinates of a point at once, as a step of the given size along one of them needs it. It may leave the
// box: who calls it clamps the point.
type Move struct {
	Dimension int
	Apply     func(x []int, step int)
}

// Start is a point from which a search may start. Starts of different kinds stand for different ways to order.
type Start struct {
	Kind int
	X    []int
}

// maxDimensions is the largest number of dimensions of a family.
const maxDimensions = 6

// key identifies a policy by the point that stands for it, two coordinates in a word: what is written in halves is slow to read
// whole.
type key [maxDimensions / 2]uint64

func (f *Family) key(x []int) (k key) {
	var y [maxDimensions]int
	if f.same != nil {
		f.same.point(x, y[:])
	} else {
		copy(y[:], x)
	}
	for i := range k {
		k[i] = uint64(uint32(y[2*i])) | uint64(y[2*i+1])<<32
	}
	return k
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

// typical returns a point whose policy is dear in the scenarios in which many are.
func (f *Family) typical() []int {
	reordering := slices.IndexFunc(f.Starts, func(s Start) bool { return s.Kind > 0 })
	return f.Starts[max(reordering, 0)].X
}

// bits returns the logarithm of the number of points of the box to base 2.
func (f *Family) bits() float64 {
	sum := 0.0
	for _, s := range f.Sizes {
		sum += math.Log2(float64(s))
	}
	return sum
}

// scale maps the whole numbers of a search to quantities in units.
type scale struct {
	step   float64 // units of a level (s, S): 1 with whole units, a thousandth of the largest useful stock with continuous ones
	levels int     // number of levels, from 0
	pack   float64 // units of a further pack
	first  float64 // units of the smallest order
	most   float64 // units of the largest one: packs of 0.1 add up to more than 0.3 only by rounding errors
	orders int     // number of order quantities, none included
}

// newScale finds the largest useful quantities. More than the largest demand of any scenario over the horizon is hardly ever useful,
// be it as an order or as a reorder point; reorder points have to look at the position, so they may also be as high as what is in
// stock and outstanding. The exception is the week that an order of now comes in, of which only a share can be sold in that week.
func newScale(a *simulate.Article, d *demandFacts) scale {
	top := d.largest
	if a.InboundBeforeDemand > 0 {
		top = max(top, min(d.first/a.InboundBeforeDemand, math.MaxInt32))
	}
	s := scale{step: 1, pack: a.PackSize, first: a.OrderQuantity(a.PackSize)}
	if a.Units == simulate.Continuous {
		s.step = max(top, a.PackSize) / 1000
	}
	s.levels = int(math.Ceil(top/s.step)) + 1
	last := min(a.OrderQuantity(top), a.OrderQuantity(simulate.MaxQuantity))
	s.most = max(s.first, last)
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
	return min(s.first+float64(x-1)*s.pack, s.most)
}

// orderIndex returns the x whose order quantity is nearest to q, within the box.
func (s *scale) orderIndex(q float64) int {
	if q <= s.first/2 {
		return 0
	}
	return clampInt(1+int(math.Round((q-s.first)/s.pack)), 0, s.orders-1)
}

// reach is a quarter of what is ordered over the horizon, in parts of the given size.
func (s *scale) reach(d *demandFacts, size float64) float64 {
	return max(2, d.upTo(len(d.mean)-1, 0.7)/size) / 4
}

func (s *scale) level(x int) float64 { return float64(x) * s.step }

func (s *scale) levelIndex(v float64) int { return clampInt(int(math.Round(v/s.step)), 0, s.levels-1) }

func clampInt(x, low, high int) int { return max(low, min(x, high)) }

// ssFamily is (s, S): the dimensions are s and S - s.
func ssFamily(a *simulate.Article, d *demandFacts) *Family {
	s := newScale(a, d)
	f := &Family{
		Sizes:   []int{s.levels, s.levels},
		Reach:   []float64{s.reach(d, s.step), s.reach(d, s.step)},
		Weights: []float64{1, 1},
		Moves: []Move{{0, func(x []int, step int) { // the same order-up-to level
			x[0] += step
			x[1] -= step
		}}},
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
		Sizes:   []int{s.levels},
		Reach:   []float64{s.reach(d, s.step)},
		Weights: []float64{1},
		Policy:  func(x []int) simulate.Policy { return simulate.BaseStock{OrderUpTo: s.level(x[0])} },
		Starts:  []Start{{X: []int{0}}},
	}
	for _, z := range []float64{-0.7, 0, 0.7, 1.4, 2.1} {
		f.Starts = append(f.Starts, Start{X: []int{s.levelIndex(d.upTo(d.lead+a.ReviewPeriod, z))}})
	}
	return f
}

// demandFacts are the few figures of the scenarios that theory's formulas need.
type demandFacts struct {
	largest  float64   // largest demand of a scenario over the horizon, units
	first    float64   // largest demand of a scenario in the week that an order of week 0 comes in, units
	weekly   float64   // mean demand in a week
	mean, sd []float64 // [weeks] mean and standard deviation of the demand of the first so many weeks
	lead     int       // mean of floor(ℓ), rounded
	position float64   // on hand and outstanding now
}

func newDemandFacts(a *simulate.Article, sc *simulate.Scenarios) *demandFacts {
	d := &demandFacts{mean: make([]float64, sc.Weeks+1), sd: make([]float64, sc.Weeks+1), position: stock(a)}
	sums := make([]float64, sc.N)
	n := float64(sc.N)
	for t := range sc.Weeks {
		sc.AddDemand(t, sums)
		sum, squares, shift := 0.0, 0.0, sums[0] // shifted, so that the difference of squares keeps its digits
		for _, x := range sums {
			sum += x - shift
			squares += (x - shift) * (x - shift)
		}
		d.mean[t+1], d.sd[t+1] = shift+sum/n, math.Sqrt(max(0, squares-sum*sum/n)/n)
	}
	for _, x := range sums {
		d.largest = max(d.largest, x)
	}
	for i := range sc.N {
		if t := sc.ArrivalDelay(i, 0); t < sc.Weeks {
			d.first = max(d.first, sc.Demand(i, t))
		}
	}
	d.weekly = d.mean[sc.Weeks] / float64(sc.Weeks)
	d.lead = int(math.Round(sc.MeanDelay()))
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
