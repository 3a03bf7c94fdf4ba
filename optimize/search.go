package optimize

import (
	"slices"

	"github.com/restock-engine/restock/internal/random"
)

// Method looks for the best point of a problem until the budget is spent or nothing is left to try.
type Method interface {
	Search(p *Problem, r random.Source)
}

// PatternSearch is the search of [Decide]: pattern moves (Hooke and Jeeves, J. ACM 8(2), 1961) with steps that halve, along each dimension and along
// pairs of dimensions that trade off, from the best starts of different kinds; then from random kicks of the local optima found (iterated local
// search, Lourenço, Martin and Stützle 2003) until the budget is spent.
type PatternSearch struct {
	Descents int // number of starts that are descended from; 0 means 4
}

// Search implements [Method].
func (m PatternSearch) Search(p *Problem, r random.Source) {
	descents := m.Descents
	if descents == 0 {
		descents = 4
	}
	var optima []candidate // best first
	for _, c := range bestStarts(p, descents) {
		c.score = descend(p, c.x, initialSteps(p.Family, 8))
		optima = insert(optima, c)
	}
	for stale := 0; !p.Exhausted() && stale < maxStale; {
		before := p.Evaluations()
		from := optima[min(r.Intn(len(optima)), r.Intn(len(optima)))]
		c := candidate{x: kick(p.Family, from.x, r)}
		c.score = descend(p, c.x, initialSteps(p.Family, 32))
		if c.score.Better(optima[len(optima)-1].score) {
			optima[len(optima)-1] = c
			slices.SortStableFunc(optima, candidate.compare)
		}
		if p.Evaluations() == before {
			stale++
		} else {
			stale = 0
		}
	}
}

// maxStale is how many kicks in a row may lead to known points only before a small box counts as searched through.
const maxStale = 50

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

func insert(list []candidate, c candidate) []candidate {
	list = append(list, c)
	slices.SortStableFunc(list, candidate.compare)
	return list
}

// bestStarts evaluates the family's starts and returns up to n of them: the best one of each kind first, kinds in the order of their best.
func bestStarts(p *Problem, n int) []candidate {
	best := map[int]candidate{}
	var kinds []int
	for _, s := range p.Family.Starts {
		c := candidate{slices.Clone(s.X), p.Evaluate(s.X)}
		old, seen := best[s.Kind]
		if !seen {
			kinds = append(kinds, s.Kind)
		}
		if !seen || c.score.Better(old.score) {
			best[s.Kind] = c
		}
	}
	var list []candidate
	for _, k := range kinds {
		list = insert(list, best[k])
	}
	return list[:min(n, len(list))]
}

// initialSteps returns a step for each dimension: a part of the range, for weeks at most 4.
func initialSteps(f *Family, part int) []int {
	steps := make([]int, len(f.Sizes))
	for d, size := range f.Sizes {
		steps[d] = max(1, size/part)
		if f.Weeks[d] {
			steps[d] = min(steps[d], 4)
		}
	}
	return steps
}

// descend moves x downhill until no move of a single step helps, halving the steps in between.
// It returns the score of where it ends.
func descend(p *Problem, x, steps []int) Score {
	current := p.Evaluate(x)
	for !p.Exhausted() {
		for improved := true; improved && !p.Exhausted(); {
			improved = false
			for d := range x {
				for _, sign := range []int{1, -1} {
					for tryMove(p, x, &current, d, sign*steps[d], -1, 0) {
						improved = true
					}
				}
			}
			if !improved {
				improved = tryPairs(p, x, &current, steps)
			}
		}
		if !halve(steps) {
			break
		}
	}
	return current
}

// tryPairs tries to move two dimensions at once, in the same and in opposite directions.
func tryPairs(p *Problem, x []int, current *Score, steps []int) bool {
	improved := false
	for d := range x {
		for e := range d {
			for _, signs := range [4][2]int{{1, -1}, {-1, 1}, {1, 1}, {-1, -1}} {
				if tryMove(p, x, current, d, signs[0]*steps[d], e, signs[1]*steps[e]) {
					improved = true
				}
			}
		}
	}
	return improved
}

// tryMove moves dimension d, and e if it is not negative, and keeps the move if that is better.
func tryMove(p *Problem, x []int, current *Score, d, byD, e, byE int) bool {
	oldD, oldE := x[d], 0
	x[d] = clampInt(x[d]+byD, 0, p.Family.Sizes[d]-1)
	moved := x[d] != oldD
	if e >= 0 {
		oldE = x[e]
		x[e] = clampInt(x[e]+byE, 0, p.Family.Sizes[e]-1)
		moved = moved && x[e] != oldE
	}
	if moved {
		if s := p.EvaluateAgainst(x, *current); s.Better(*current) {
			*current = s
			return true
		}
	}
	x[d] = oldD
	if e >= 0 {
		x[e] = oldE
	}
	return false
}

// halve halves the steps and tells whether any is still at least 1 that was larger before.
func halve(steps []int) bool {
	any := false
	for d := range steps {
		if steps[d] > 1 {
			steps[d] /= 2
			any = true
		}
	}
	return any
}

// kick returns a copy of x with one to three dimensions drawn anew, near or anywhere.
func kick(f *Family, x []int, r random.Source) []int {
	x = slices.Clone(x)
	for range 1 + r.Intn(3) {
		d := r.Intn(len(x))
		size := f.Sizes[d]
		if r.Intn(2) == 0 {
			x[d] = r.Intn(size)
		} else {
			reach := max(1, size/8)
			x[d] = clampInt(x[d]+r.Intn(2*reach+1)-reach, 0, size-1)
		}
	}
	return x
}

// Grid evaluates every point of the box: the oracle of the other methods, for small boxes.
type Grid struct{}

// Search implements [Method].
func (Grid) Search(p *Problem, _ random.Source) {
	x := make([]int, len(p.Family.Sizes))
	for !p.Exhausted() {
		p.Evaluate(x)
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
		p.Evaluate(x)
	}
}
