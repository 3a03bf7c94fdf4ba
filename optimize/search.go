package optimize

import (
	"math"
	"slices"

	"github.com/restock-engine/restock/internal/random"
)

// Method looks for the best point of a problem until the budget is spent or nothing is left to try.
type Method interface {
	Search(p *Problem, r random.Source)
}

// LocalSearch is the search of [Decide]: random steps from the best starts of different kinds, side by side, each accepted unless
// it is clearly worse (threshold accepting: Dueck and Scheuer, Journal of Computational Physics 90(1), 1990). As the budget or
// the patience runs out, worse walkers are given up, and steps and threshold become smaller. A box with no more points than the
// budget is searched through.
type LocalSearch struct {
	Patience int // evaluations without a better point after which the search ends; 0: a fifth of the budget
}

// What a measurement on 400 SKUs (benchmarks/optimizer) found best, or no worse than others.
const (
	walkers   = 6
	survivors = 2
	threshold = 0.005 // of the objective
	narrowing = 0.4   // of the steps' range, in logarithms
	giveUp    = 500   // steps in a row to known points
	crossing  = 0.10  // probabilities of the kinds of steps, the rest are moves and steps along some dimensions
	jumping   = 0.05
	redrawing = 0.10
	balancing = 0.60 // probability of a family's move among those
	combining = 0.50 // probability of a second step at once among the others
)

// Search implements [Method].
func (m LocalSearch) Search(p *Problem, r random.Source) {
	s := newStepper(p.Family, r)
	field := bestStarts(p, walkers)
	for i := range field {
		s.pool = append(s.pool, slices.Clone(field[i].x))
	}
	p.evaluator.Reorder(p.Family.Policy(field[0].x))
	if p.Family.points() <= p.Budget-p.Evaluations() {
		Grid{}.Search(p, r)
		return
	}
	started := p.Evaluations()
	best, improved := p.incumbent().Value, started
	patience := m.Patience
	if patience == 0 {
		patience = max(p.Budget/5, 50)
	}
	for stale := 0; !p.Exhausted() && stale < giveUp; stale++ {
		if p.incumbent().Value < best {
			best, improved = p.incumbent().Value, p.Evaluations()
		}
		left := 1 - max(float64(p.Evaluations()-started)/float64(p.Budget-started), float64(p.Evaluations()-improved)/float64(patience))
		if left <= 0 {
			return
		}
		if live := max(survivors, int(math.Ceil(walkers*left*math.Sqrt(left)))); live < len(field) {
			slices.SortStableFunc(field, candidate.compare)
			field = field[:live]
		}
		c := &field[r.Intn(len(field))]
		x := s.step(c.x, field, 1-narrowing*(1-left))
		limit := c.score
		if limit.Shortfall == 0 {
			limit.Value *= 1 + threshold*left*r.Float64()
		}
		before := p.Evaluations()
		if score := p.EvaluateAgainst(x, limit); score.Better(limit) {
			copy(c.x, x)
			c.score = score
		}
		if p.Evaluations() > before {
			stale = 0
		}
	}
}

// candidate is a point with its score.
type candidate struct {
	x     []int
	score Score
}

func (c candidate) compare(o candidate) int {
	switch {
	case c.score.Better(o.score):
		return -1
	case o.score.Better(c.score):
		return 1
	}
	return 0
}

// bestStarts evaluates the family's starts and returns up to n of them: the best one of each kind, best first.
func bestStarts(p *Problem, n int) []candidate {
	best := map[int]candidate{}
	var kinds []int
	for _, s := range p.Family.Starts {
		old, seen := best[s.Kind]
		if !seen {
			kinds = append(kinds, s.Kind)
			old.score = worst()
		}
		if score := p.EvaluateAgainst(s.X, old.score); !seen || score.Better(old.score) {
			best[s.Kind] = candidate{slices.Clone(s.X), score}
		}
	}
	var list []candidate
	for _, k := range kinds {
		list = append(list, best[k])
	}
	slices.SortStableFunc(list, candidate.compare)
	return list[:min(n, len(list))]
}

// stepper makes random steps.
type stepper struct {
	family  *Family
	r       random.Source
	logs    []float64 // [dimension] logarithm of the largest step
	weights []float64 // [dimension] cumulative
	pool    [][]int   // points whose coordinates are worth mixing in
	x       []int
}

func newStepper(f *Family, r random.Source) *stepper {
	s := &stepper{family: f, r: r, x: make([]int, len(f.Sizes))}
	sum := 0.0
	for d, reach := range f.Reach {
		s.logs = append(s.logs, math.Log(max(1, reach)))
		if f.Sizes[d] > 1 {
			sum += f.Weights[d]
		}
		s.weights = append(s.weights, sum)
	}
	return s
}

// step returns a neighbour of a point, in memory that the next call uses again. range is the part of the logarithm of the largest
// step.
func (s *stepper) step(from []int, field []candidate, part float64) []int {
	f, r := s.family, s.r
	x := s.x
	copy(x, from)
	switch u := r.Float64(); {
	case u < crossing: // some coordinates of another point
		other := s.pool[r.Intn(len(s.pool))]
		if r.Intn(2) == 0 {
			other = field[r.Intn(len(field))].x
		}
		for d := range x {
			if r.Intn(2) == 0 {
				x[d] = other[d]
			}
		}
	case u < crossing+jumping: // the latter coordinates of a start: of an extended (R, s, Q), how it reorders
		copy(x[len(x)/3:], f.Starts[r.Intn(len(f.Starts))].X[len(x)/3:])
	case u < crossing+jumping+redrawing: // one coordinate anew, rather smaller than larger
		d := s.dimension()
		x[d] = r.Intn(min(f.Sizes[d], 2*x[d]+2))
	case len(f.Moves) > 0 && r.Float64() < balancing:
		m := &f.Moves[r.Intn(len(f.Moves))]
		m.Apply(x, s.size(m.Dimension, part))
	default:
		steps := 1
		if r.Float64() < combining {
			steps += 1 + r.Intn(4)/3
		}
		for range steps {
			d := s.dimension()
			x[d] += s.size(d, part)
		}
	}
	for d, size := range f.Sizes {
		x[d] = clampInt(x[d], 0, size-1)
	}
	return x
}

// dimension draws a dimension by its weight.
func (s *stepper) dimension() int {
	u := s.r.Float64() * s.weights[len(s.weights)-1]
	for d, w := range s.weights {
		if u < w {
			return d
		}
	}
	return len(s.weights) - 1
}

// size draws a step along a dimension, up or down, small and large ones alike.
func (s *stepper) size(d int, part float64) int {
	n := max(1, int(math.Exp(s.logs[d]*s.r.Float64()*part)+s.r.Float64()))
	if s.r.Intn(2) == 0 {
		return -n
	}
	return n
}

// Grid evaluates every point of the box: the oracle of the other methods, for small boxes.
type Grid struct{}

// Search implements [Method].
func (Grid) Search(p *Problem, _ random.Source) {
	x := make([]int, len(p.Family.Sizes))
	for !p.Exhausted() {
		p.EvaluateAgainst(x, p.incumbent())
		d := 0
		for d < len(x) && x[d] == p.Family.Sizes[d]-1 {
			x[d] = 0
			d++
		}
		if d == len(x) {
			return
		}
		x[d]++
	}
}

// RandomSearch evaluates points drawn uniformly from the box.
type RandomSearch struct{}

// Search implements [Method].
func (RandomSearch) Search(p *Problem, r random.Source) {
	x := make([]int, len(p.Family.Sizes))
	for tries := 0; !p.Exhausted() && tries < 2*p.Budget; tries++ {
		for d, size := range p.Family.Sizes {
			x[d] = r.Intn(size)
		}
		p.EvaluateAgainst(x, p.incumbent())
	}
}
