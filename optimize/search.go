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
	Patience int // evaluations without a better point after which the search ends; 0: the more, the larger the box
}

// What a measurement on 400 SKUs (benchmarks/optimizer) found best, or no worse than others.
const (
	walkers   = 6
	survivors = 2
	threshold = 0.005 // of the objective
	narrowing = 0.4   // of the steps' range, in logarithms
	lost      = 500   // steps in a row to known points after which the search ends
	patience  = 50    // evaluations without a better point, with a budget of up to 1,000
	doubling  = 3     // and so many more each time that the box is twice as large
	steep     = 4     // times as patient on a steep problem
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
	if p.Family.points() <= p.Budget-p.Evaluations() {
		Grid{}.Search(p, r)
		return
	}
	started := p.Evaluations()
	best, improved := p.incumbent().Value, started
	hopeless := m.Patience
	if hopeless == 0 {
		hopeless = int(max(1, float64(p.Budget)/1000) * (patience + doubling*p.Family.bits()))
	}
	if p.Family.Steep {
		hopeless *= steep
	}
	for stale := 0; !p.Exhausted() && stale < min(hopeless, lost); stale++ { // stale: steps in a row to known points
		if p.incumbent().Value < best {
			best, improved = p.incumbent().Value, p.Evaluations()
		}
		left := 1 - max(float64(p.Evaluations()-started)/float64(p.Budget-started), float64(p.Evaluations()-improved)/float64(hopeless))
		if left <= 0 {
			return
		}
		if live := max(survivors, int(math.Ceil(walkers*left*math.Sqrt(left)))); live < len(field) {
			slices.SortStableFunc(field, candidate.compare)
			field = field[:live]
		}
		c := &field[s.pick(len(field))]
		x := s.step(c, field, 1-narrowing*(1-left))
		limit := c.score
		if limit.Shortfall == 0 {
			limit.Value *= 1 + threshold*left*s.unit()
		}
		before := p.Evaluations()
		score := p.EvaluateAgainst(x, limit)
		c.repeat = score.ahead(c.score)
		if !limit.ahead(score) {
			for d := range x {
				c.stepped[d] = x[d] - c.x[d]
			}
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
	kind  int

	repeat  bool // the last step made it better
	stepped [maxDimensions]int
}

func (c candidate) compare(o candidate) int {
	switch {
	case c.score.ahead(o.score):
		return -1
	case o.score.ahead(c.score):
		return 1
	}
	return 0
}

// bestStarts evaluates the family's starts and returns the best ones of up to n kinds, best first.
func bestStarts(p *Problem, n int) []candidate {
	var field []candidate
	for _, start := range p.Family.Starts {
		rival := slices.IndexFunc(field, func(c candidate) bool { return c.kind == start.Kind })
		if rival < 0 && len(field) == n {
			rival = n - 1
		}
		limit := worst()
		if rival >= 0 {
			limit = field[rival].score
		}
		score := p.EvaluateAgainst(start.X, limit)
		if rival >= 0 {
			if !score.ahead(limit) {
				continue
			}
			field = slices.Delete(field, rival, rival+1)
		}
		rank := 0
		for rank < len(field) && !score.ahead(field[rank].score) {
			rank++
		}
		field = slices.Insert(field, rank, candidate{x: slices.Clone(start.X), score: score, kind: start.Kind})
	}
	return field
}

// stepper makes random steps.
type stepper struct {
	dice
	family  *Family
	sizes   [maxDimensions][stepSizes + 1]float32 // [dimension] step sizes from 1 to the largest, in equal ratios
	weights [maxDimensions]float64                // [dimension] cumulative, from 0 to 1
	pool    [][]int                               // points whose coordinates are worth mixing in
	x       []int
}

// stepSizes is the number of ratios between two neighbours in the table of step sizes.
const stepSizes = 32

func newStepper(f *Family, r random.Source) *stepper {
	s := &stepper{dice: dice{r: r}, family: f, x: make([]int, len(f.Sizes))}
	sum := 0.0
	for d, reach := range f.Reach {
		ratio, size := math.Pow(max(1, reach), 1.0/stepSizes), 1.0
		for i := range s.sizes[d] {
			s.sizes[d][i] = float32(size)
			size *= ratio
		}
		if f.Sizes[d] > 1 {
			sum += f.Weights[d]
		}
		s.weights[d] = sum
	}
	for d := range s.weights {
		s.weights[d] /= max(sum, 1e-300)
	}
	return s
}

// step returns a neighbour of a candidate's point, in memory that the next call uses again. part is the part of the logarithm of
// the largest step. A step that made the candidate better is made once more.
func (s *stepper) step(from *candidate, field []candidate, part float64) []int {
	f, x := s.family, s.x
	copy(x, from.x)
	switch u := s.unit(); {
	case from.repeat:
		for d := range x {
			x[d] += from.stepped[d]
		}
	case u < crossing: // some coordinates of another point
		other := s.pool[s.pick(len(s.pool))]
		if s.pick(2) == 0 {
			other = field[s.pick(len(field))].x
		}
		choice := s.share()
		for d := range x {
			if choice>>d&1 == 0 {
				x[d] = other[d]
			}
		}
	case u < crossing+jumping: // the latter coordinates of a start: of an extended (R, s, Q), how it reorders
		copy(x[len(x)/3:], f.Starts[s.pick(len(f.Starts))].X[len(x)/3:])
	case u < crossing+jumping+redrawing: // one coordinate anew, rather smaller than larger
		d := s.dimension()
		x[d] = s.pick(min(f.Sizes[d], 2*x[d]+2))
	case len(f.Moves) > 0 && s.unit() < balancing:
		m := &f.Moves[s.pick(len(f.Moves))]
		m.Apply(x, s.size(m.Dimension, part))
	default:
		d := s.dimension()
		x[d] += s.size(d, part)
		if s.unit() < combining {
			d := s.dimension()
			x[d] += s.size(d, part)
			if s.pick(4) == 0 {
				d := s.dimension()
				x[d] += s.size(d, part)
			}
		}
	}
	for d, size := range f.Sizes {
		x[d] = clampInt(x[d], 0, size-1)
	}
	return x
}

// dimension draws a dimension by its weight.
func (s *stepper) dimension() int {
	u, d := s.unit(), 0
	for d < len(s.x)-1 && u >= s.weights[d] {
		d++
	}
	return d
}

// size draws a step along a dimension, up or down, small and large ones alike.
func (s *stepper) size(d int, part float64) int {
	u := s.share()
	n := max(1, int(s.sizes[d][int(s.unit()*part*(stepSizes+1))]+float32(u>>1)*0x1p-15))
	if u&1 == 0 {
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
