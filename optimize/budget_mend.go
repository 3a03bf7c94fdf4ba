package optimize

import (
	"container/heap"
	"math"
)

// mend makes the choice keep the limits: it takes away what loses least until no limit is passed, adds what loses least until the
// minimum is reached, and then spends what is left over on what gains most.
func (p *allocation) mend() {
	p.drop()
	p.add(func() bool { return p.short() < 0 }, math.Inf(-1))
	p.add(func() bool { return true }, 0)
}

// over returns the limit that is passed by the largest share, -1 if none is.
func (p *allocation) over() int {
	worst, j := 0.0, -1
	for i, l := range p.limits {
		if x := p.used[i] - l.AtMost; x > 0 {
			if share := x / math.Max(l.AtMost, math.SmallestNonzeroFloat64); share > worst || j < 0 {
				worst, j = share, i
			}
		}
	}
	return j
}

// short returns by how much the first minimum that is not reached is missed, as a number below 0; 0 if none is.
func (p *allocation) short() float64 {
	for j, l := range p.limits {
		if p.used[j] < l.AtLeast {
			return p.used[j] - l.AtLeast
		}
	}
	return 0
}

// step is a change of one SKU's choice.
type step struct {
	sku, from, to int
	merit         float64 // the best one first
}

// steps is a heap of one step for each SKU.
type steps []step

func (s steps) Len() int { return len(s) }
func (s steps) Less(i, j int) bool {
	if s[i].merit != s[j].merit {
		return s[i].merit > s[j].merit
	}
	return s[i].sku < s[j].sku
}
func (s steps) Swap(i, j int) { s[i], s[j] = s[j], s[i] }

// Push implements heap.Interface.
func (s *steps) Push(x any) { *s = append(*s, x.(step)) }

// Pop implements heap.Interface.
func (s *steps) Pop() any {
	last := (*s)[len(*s)-1]
	*s = (*s)[:len(*s)-1]
	return last
}

// apply changes the choice.
func (p *allocation) apply(s step) {
	delta := p.curves[s.sku].Quantity[s.to] - p.curves[s.sku].Quantity[s.from]
	p.choice[s.sku] = s.to
	for j := range p.limits {
		p.used[j] += p.limits[j].Use[s.sku] * delta
	}
}

// drop takes orders back until no upper bound is passed, smallest loss for what is freed first.
func (p *allocation) drop() {
	for j := p.over(); j >= 0; j = p.over() {
		var queue steps
		for i := range p.curves {
			if s, ok := p.smaller(i, j); ok {
				queue = append(queue, s)
			}
		}
		heap.Init(&queue)
		for p.used[j] > p.limits[j].AtMost && len(queue) > 0 {
			s := heap.Pop(&queue).(step)
			p.apply(s)
			if next, ok := p.smaller(s.sku, j); ok {
				heap.Push(&queue, next)
			}
		}
		p.measure() // sums that are changed step by step go wrong in their last digits
	}
}

// smaller returns a SKU's best step down for limit j.
func (p *allocation) smaller(i, j int) (s step, ok bool) {
	c, k := &p.curves[i], p.choice[i]
	for to := k - 1; to >= 0; to-- {
		freed := p.limits[j].Use[i] * (c.Quantity[k] - c.Quantity[to])
		if freed <= 0 {
			continue
		}
		if merit := (c.Value[to] - c.Value[k]) / freed; !ok || merit > s.merit {
			s, ok = step{i, k, to, merit}, true
		}
	}
	return s, ok
}

// add orders more while wanted says so, best gain for the price first; a step must gain more than the least.
func (p *allocation) add(wanted func() bool, least float64) {
	var queue steps
	for i := range p.curves {
		if s, ok := p.larger(i, least); ok {
			queue = append(queue, s)
		}
	}
	heap.Init(&queue)
	for wanted() && len(queue) > 0 {
		s := heap.Pop(&queue).(step)
		if p.fits(s) {
			p.apply(s)
		}
		if next, ok := p.larger(s.sku, least); ok {
			heap.Push(&queue, next)
		}
	}
	p.measure()
	if p.over() >= 0 {
		p.drop()
	}
}

// fits tells whether a step keeps all upper bounds. A little is left for the rounding of sums.
func (p *allocation) fits(s step) bool {
	delta := p.curves[s.sku].Quantity[s.to] - p.curves[s.sku].Quantity[s.from]
	for j, l := range p.limits {
		if p.used[j]+l.Use[s.sku]*delta > l.AtMost-1e-12*math.Abs(p.used[j]) {
			return false
		}
	}
	return true
}

// larger returns a SKU's best step up that fits.
func (p *allocation) larger(i int, least float64) (s step, ok bool) {
	c, k := &p.curves[i], p.choice[i]
	for to := k + 1; to < len(c.Quantity); to++ {
		t := step{sku: i, from: k, to: to}
		gain := c.Value[to] - c.Value[k]
		if gain <= least || !p.fits(t) {
			continue
		}
		t.merit = gain / (p.weight(i) * (c.Quantity[to] - c.Quantity[k]))
		if !ok || t.merit > s.merit {
			s, ok = t, true
		}
	}
	return s, ok
}

// weight is what a unit of a SKU uses of the limits, at their prices or, where they have none, as shares of the limits.
func (p *allocation) weight(i int) float64 {
	sum := 0.0
	for j, l := range p.limits {
		switch {
		case p.prices[j] != 0:
			sum += math.Abs(p.prices[j]) * l.Use[i]
		case l.AtMost > 0 && !math.IsInf(l.AtMost, 1):
			sum += 1e-9 * l.Use[i] / l.AtMost
		}
	}
	return max(sum, math.SmallestNonzeroFloat64)
}
