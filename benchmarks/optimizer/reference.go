package main

import (
	"sync/atomic"

	"github.com/restock-engine/restock/internal/random"
	"github.com/restock-engine/restock/optimize"
)

// exhaustivePoints is the largest box that is searched through whole.
const exhaustivePoints = 3_000_000

// reference finds the optimum of small boxes, and for larger ones what a search of another kind finds with far more evaluations:
// differential evolution (Storn and Price, Journal of Global Optimization 11, 1997; best/1/bin and rand/1/bin), restarted.
type reference struct {
	evaluations int
	exhaustive  *atomic.Int64 // counts the boxes that were searched through; nil: none is
}

// Search implements optimize.Method.
func (m reference) Search(p *optimize.Problem, r random.Source) {
	if points := boxPoints(p.Family.Sizes); m.exhaustive != nil && points <= exhaustivePoints {
		m.exhaustive.Add(1)
		p.Budget = points
		optimize.Grid{}.Search(p, r)
		return
	}
	const runs = 4
	for range runs {
		m.evolve(p, r, m.evaluations/runs)
	}
}

// boxPoints returns the number of points of a box, or a number above exhaustivePoints.
func boxPoints(sizes []int) int {
	points := 1
	for _, s := range sizes {
		if points > exhaustivePoints {
			break
		}
		points *= s
	}
	return points
}

func (m reference) evolve(p *optimize.Problem, r random.Source, evaluations int) {
	const size, crossover = 80, 0.8
	type member struct {
		x     []int
		score optimize.Score
	}
	dims := len(p.Family.Sizes)
	var population [size]member
	best := 0
	for i := range population {
		x := make([]int, dims)
		for d, s := range p.Family.Sizes {
			x[d] = r.Intn(s)
			if r.Intn(2) == 0 { // small quantities are likelier to be good
				x[d] = r.Intn(1 + r.Intn(s))
			}
		}
		if i < len(p.Family.Starts) && r.Intn(2) == 0 {
			copy(x, p.Family.Starts[i].X)
		}
		population[i] = member{x, p.Evaluate(x)}
		if population[i].score.Better(population[best].score) {
			best = i
		}
	}
	trial := make([]int, dims)
	for step := 0; step < evaluations; step++ {
		i := step % size
		a, b, c := &population[r.Intn(size)], &population[r.Intn(size)], &population[r.Intn(size)]
		if r.Intn(3) == 0 {
			a = &population[best]
		}
		f := 0.4 + 0.6*r.Float64()
		forced := r.Intn(dims)
		for d, s := range p.Family.Sizes {
			trial[d] = population[i].x[d]
			if d == forced || r.Float64() < crossover {
				v := float64(a.x[d]) + f*float64(b.x[d]-c.x[d]) + r.Float64()
				if r.Intn(20) == 0 {
					v += float64(r.Intn(3) - 1)
				}
				trial[d] = int(min(max(v, 0), float64(s-1)))
			}
		}
		if score := p.EvaluateAgainst(trial, population[i].score); !population[i].score.Better(score) {
			copy(population[i].x, trial)
			population[i].score = score
			if score.Better(population[best].score) {
				best = i
			}
		}
	}
}
