package optimize

import (
	"math"
	"slices"

	"github.com/restock-engine/restock/internal/stat"
	"github.com/restock-engine/restock/simulate"
)

// Problem is one search: a family, the objective, the scenarios and the budget. Methods call Evaluate; the problem counts,
// remembers and keeps the best.
type Problem struct {
	Family    *Family
	Objective Objective
	Budget    int // candidates that may be evaluated

	evaluator *simulate.Evaluator
	n         int // scenarios
	totals    []simulate.Totals
	costs     []float64

	evaluations int
	known       memo
	best        []tie // points that are equally good but for the tie-breaking
}

// NewProblem returns the problem of finding the family's best policy on the scenarios that the evaluator was prepared for.
func NewProblem(f *Family, o Objective, ev *simulate.Evaluator, scenarios, budget int) *Problem {
	p := &Problem{}
	p.reset(f, o, ev, scenarios, budget)
	return p
}

// reset makes the problem another one, in the same memory.
func (p *Problem) reset(f *Family, o Objective, ev *simulate.Evaluator, scenarios, budget int) {
	p.Family, p.Objective, p.Budget, p.evaluator, p.n = f, o, budget, ev, scenarios
	p.evaluations, p.best = 0, p.best[:0]
	p.known.forget()
}

// Evaluations returns how many candidates have been evaluated; asking again for a known one is free.
func (p *Problem) Evaluations() int { return p.evaluations }

// tie is one of the best points so far.
type tie struct {
	x     []int
	score Score
	costs []float64
}

// Best returns the best point so far, nil before the first evaluation, and its score. The point is valid until the next evaluation.
func (p *Problem) Best() ([]int, Score) {
	if len(p.best) == 0 {
		return nil, worst()
	}
	for i := range p.best {
		if p.best[i].score.Better(p.best[0].score) {
			p.best[0], p.best[i] = p.best[i], p.best[0]
		}
	}
	p.best = p.best[:1]
	b := &p.best[0]
	b.score.Ordered() // known from now on: the evaluator may be prepared for another article
	return b.x, b.score
}

// remember keeps the point if no other is known to be better. Ties are left to Best, because to break them costs more than to
// find them. Of policies with the same costs, which order the same wherever orders cost something, only the one that orders later
// is kept.
func (p *Problem) remember(x []int, s Score) {
	if len(p.best) > 0 {
		b := &p.best[0].score
		if s.Shortfall > b.Shortfall || s.Shortfall == b.Shortfall && s.Value > b.Value {
			return
		}
		if s.Shortfall < b.Shortfall || s.Value < b.Value {
			p.best = p.best[:0]
		}
	}
	if p.evaluator.OrdersCost() {
		for i := range p.best {
			if t := &p.best[i]; slices.Equal(t.costs, p.costs) {
				if s.OrderWeek > t.score.OrderWeek {
					copy(t.x, x)
					t.score = s
				}
				return
			}
		}
	}
	n := len(p.best)
	if n == cap(p.best) {
		p.best = append(p.best, tie{})
	}
	p.best = p.best[:n+1]
	t := &p.best[n]
	t.x, t.score, t.costs = append(t.x[:0], x...), s, append(t.costs[:0], p.costs...)
}

// incumbent returns the best score so far, ties not broken.
func (p *Problem) incumbent() Score {
	if len(p.best) == 0 {
		return worst()
	}
	return p.best[0].score
}

// Exhausted tells whether the budget is spent.
func (p *Problem) Exhausted() bool { return p.evaluations >= p.Budget }

// Evaluate returns the score of a point. When the budget is spent, points that are not known score worst.
func (p *Problem) Evaluate(x []int) Score { return p.EvaluateAgainst(x, worst()) }

// EvaluateAgainst returns the score of a point if that is not worse than the incumbent's objective, and otherwise a score that is
// worse than the incumbent, which costs less: as soon as so many scenarios are dearer than the incumbent's quantile that the
// candidate's must be too, the evaluation is abandoned. That is exact.
func (p *Problem) EvaluateAgainst(x []int, incumbent Score) Score {
	key := p.Family.key(x)
	k := p.known.find(&key)
	if k != nil && !k.abandoned {
		return k.score
	}
	limit := math.Inf(1)
	if incumbent.Shortfall == 0 {
		limit = incumbent.Value
	}
	if k != nil && k.score.Value >= limit || p.Exhausted() {
		return worst()
	}
	p.evaluations++
	s, abandoned := p.score(p.Family.Policy(x), limit)
	is := known{key, abandoned, s}
	if abandoned {
		is.score = Score{Value: limit}
	}
	if k == nil {
		p.known.add(is)
	} else {
		*k = is
	}
	if !abandoned {
		p.remember(x, s)
	}
	return s
}

// score evaluates a policy, and abandons it when its objective is found to be above the limit.
func (p *Problem) score(policy simulate.Policy, limit float64) (s Score, abandoned bool) {
	if p.Objective.Measure == Mean || math.IsInf(limit, 1) {
		p.costs = p.evaluator.Costs(policy, p.costs)
	} else {
		// The objective is at least the k-th smallest cost.
		k := int(p.Objective.P * float64(p.n-1))
		p.costs, abandoned = p.evaluator.CostsBelow(policy, math.Nextafter(limit, math.Inf(1)), p.n-1-k, p.costs)
	}
	if abandoned {
		return worst(), true
	}
	known := false
	if p.Objective.Measure == Quantile && !math.IsInf(limit, 1) { // mostly it is little below the limit
		near, below, above := p.evaluator.Near(p.costs, 0.98*limit, limit)
		s.Value, known = stat.QuantileWithin(near, below, p.n, above, p.Objective.P)
	}
	if !known {
		s.Value = p.Objective.Value(p.costs)
	}
	if s.Value > limit {
		return worst(), true
	}
	if floor := p.Objective.MinFillRate; floor > 0 {
		p.totals = p.evaluator.Totals(policy, p.totals)
		fill := 0.0
		for i := range p.totals {
			fill += p.totals[i].FillRate()
		}
		s.Shortfall = max(0, floor-fill/float64(p.n))
	}
	s.ordered = &lazyUnits{compute: func() float64 { return p.evaluator.MeanOrdered(policy) }}
	if rsq, ok := policy.(simulate.RSQ); ok {
		s.OrderWeek = rsq.T0
		if rsq.Q0 == 0 && rsq.Q == 0 {
			s.OrderWeek = math.MaxInt
		}
	}
	return s, false
}
