package optimize

import (
	"encoding/binary"
	"math"

	"github.com/restock-engine/restock/simulate"
)

// Problem is one search: a family, the objective, the scenarios and the budget. Methods call Evaluate; the problem counts, remembers
// and keeps the best.
type Problem struct {
	Family    *Family
	Objective Objective
	Budget    int // candidates that may be evaluated

	article   *simulate.Article
	scenarios *simulate.Scenarios
	totals    []simulate.Totals
	costs     []float64

	evaluations int
	known       map[string]Score
	best        []int
	bestScore   Score
	keyBuffer   []byte
}

// NewProblem returns the problem of finding the family's best policy for an article on its scenarios.
func NewProblem(f *Family, o Objective, a *simulate.Article, sc *simulate.Scenarios, budget int) *Problem {
	return &Problem{Family: f, Objective: o, Budget: budget, article: a, scenarios: sc,
		known: map[string]Score{}, bestScore: worst()}
}

// Evaluations returns how many candidates have been evaluated; asking again for a known one is free.
func (p *Problem) Evaluations() int { return p.evaluations }

// Best returns the best point so far, nil before the first evaluation, and its score.
func (p *Problem) Best() ([]int, Score) { return p.best, p.bestScore }

// Exhausted tells whether the budget is spent.
func (p *Problem) Exhausted() bool { return p.evaluations >= p.Budget }

// Evaluate returns the score of a point. When the budget is spent, points that are not known score worst.
func (p *Problem) Evaluate(x []int) Score {
	policy := p.Family.Policy(x)
	key := p.key(policy, x)
	if s, ok := p.known[string(key)]; ok {
		return s
	}
	if p.Exhausted() {
		return worst()
	}
	s := p.score(policy)
	p.evaluations++
	p.known[string(key)] = s
	if s.Better(p.bestScore) {
		p.best, p.bestScore = append(p.best[:0], x...), s
	}
	return s
}

func (p *Problem) score(policy simulate.Policy) Score {
	p.totals = simulate.Run(p.article, policy, p.scenarios, p.totals)
	p.costs = simulate.Costs(p.article, p.totals, p.costs)
	s := Score{Value: p.Objective.Value(p.costs)}
	var fill float64
	for i := range p.totals {
		fill += p.totals[i].FillRate()
		s.Ordered += p.totals[i].Ordered
	}
	n := float64(len(p.totals))
	s.Ordered /= n
	if floor := p.Objective.MinFillRate; floor > 0 {
		s.Shortfall = max(0, floor-fill/n)
	}
	if rsq, ok := policy.(simulate.RSQ); ok {
		s.OrderWeek = rsq.T0
	}
	return s
}

// key identifies a policy: what is ordered, not the point, since several points can stand for one policy.
func (p *Problem) key(policy simulate.Policy, x []int) []byte {
	b := p.keyBuffer[:0]
	if rsq, ok := policy.(simulate.RSQ); ok {
		b = binary.LittleEndian.AppendUint32(b, uint32(rsq.T0))
		b = binary.LittleEndian.AppendUint32(b, uint32(rsq.TLimit))
		for _, v := range []float64{rsq.Q0, rsq.ReorderPoint, rsq.Q} {
			b = binary.LittleEndian.AppendUint64(b, math.Float64bits(v))
		}
		b = append(b, rsq.Trigger...)
	} else {
		for _, v := range x {
			b = binary.LittleEndian.AppendUint64(b, uint64(v))
		}
	}
	p.keyBuffer = b
	return b
}
