package main

import (
	"slices"

	"github.com/restock-engine/restock/internal/random"
	"github.com/restock-engine/restock/optimize"
)

// warm is the default search with one start more: yesterday's policy, in the best case that there is, when nothing but the scenarios
// has changed since.
type warm struct{ yesterday []int }

// Search implements optimize.Method.
func (m warm) Search(p *optimize.Problem, r random.Source) {
	x := slices.Clone(m.yesterday)
	for d, size := range p.Family.Sizes {
		x[d] = min(x[d], size-1)
	}
	const kind = -1 // of its own
	p.Family.Starts = append([]optimize.Start{{Kind: kind, X: x}}, p.Family.Starts...)
	optimize.LocalSearch{}.Search(p, r)
}

// lookAtYesterday finds each SKU's policy on scenarios of another seed.
func lookAtYesterday(skus []*sku) error {
	method := func(s *sku) optimize.Method { return recorded{s} }
	o := optimize.DefaultOptions()
	_, err := measure(skus, 2, method, o.Budget, o.Scenarios)
	return err
}

// recorded is the default search, which leaves the point that it finds with the SKU.
type recorded struct{ sku *sku }

// Search implements optimize.Method.
func (m recorded) Search(p *optimize.Problem, r random.Source) {
	optimize.LocalSearch{}.Search(p, r)
	x, _ := p.Best()
	m.sku.yesterday = slices.Clone(x)
}
