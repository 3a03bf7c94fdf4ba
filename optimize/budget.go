package optimize

import (
	"errors"
	"fmt"
	"math"
)

// Limit bounds what the orders of several SKUs use together: money, volume, units.
type Limit struct {
	Name    string
	AtMost  float64   // +Inf: no upper bound
	AtLeast float64   // 0: no lower bound; otherwise the orders use this much or there are none: a supplier's minimum
	Use     []float64 // [SKU] per unit ordered, 0 or more
}

// Allocation is orders of several SKUs that keep all limits.
type Allocation struct {
	Choice []int   // [SKU] index into its curve
	Value  float64 // money: of all the orders, against none
	Wanted float64 // of the orders that the SKUs' own recommendations ask for
	Bound  float64 // no choice from the curves that keeps the limits is worth more: the Lagrangian relaxation's optimum
	Limits []LimitUse
	None   bool // the orders' minimum can't be reached at all, or costs more than it is worth: nothing is ordered
}

// LimitUse is what becomes of a limit.
type LimitUse struct {
	Wanted float64 // what the SKUs' own recommendations would use
	Used   float64
	Price  float64 // dual price, money per unit of the limit: what one more is worth; below 0: what one less of a minimum is
}

// Gap returns how far the value may be from the best possible, as a share of the bound.
func (a *Allocation) Gap() float64 {
	if a.Bound <= a.Value || a.Bound == 0 {
		return 0
	}
	return (a.Bound - a.Value) / math.Abs(a.Bound)
}

// Allocate chooses each SKU's order so that all limits are kept and the orders are worth as much as possible. Each limit gets a
// price that minimises the Lagrangian dual; every SKU then takes what is worth most at these prices, and what that leaves over or
// misses is mended pack by pack, best value for its price first (Fisher, The Lagrangian relaxation method for solving integer
// programming problems, Management Science 27(1), 1981). The dual at any prices bounds what is possible, so that the result's own
// gap is known. Cost is linear in the points of all curves, but for the mending, which sorts.
func Allocate(curves []Curve, limits []Limit) (Allocation, error) {
	if err := checkLimits(curves, limits); err != nil {
		return Allocation{}, err
	}
	p := &allocation{curves: curves, limits: limits, prices: make([]float64, len(limits)), choice: make([]int, len(curves)),
		used: make([]float64, len(limits))}
	for i := range curves {
		p.choice[i] = curves[i].Wanted
	}
	wanted := p.measure()
	result := Allocation{Wanted: wanted, Limits: make([]LimitUse, len(limits))}
	for j := range limits {
		result.Limits[j].Wanted = p.used[j]
	}
	if p.kept() {
		result.Bound = wanted
	} else {
		result.Bound = p.minimiseDual()
		p.choose(p.prices)
		p.mend()
	}
	result.Value = p.measure()
	if p.minimum() {
		result.Bound = max(result.Bound, 0)
		if !p.kept() || result.Value < 0 {
			clear(p.choice)
			result.Value, result.None = p.measure(), true
		}
	}
	result.Choice = p.choice
	for j := range limits {
		result.Limits[j].Used, result.Limits[j].Price = p.used[j], p.prices[j]
	}
	return result, nil
}

func checkLimits(curves []Curve, limits []Limit) error {
	var errs []error
	for _, l := range limits {
		if !(l.AtLeast >= 0 && l.AtMost >= l.AtLeast) || math.IsInf(l.AtLeast, 1) {
			errs = append(errs, fmt.Errorf("limit %s: at least %g and at most %g is no range from 0 on", l.Name, l.AtLeast, l.AtMost))
		}
		if len(l.Use) != len(curves) {
			errs = append(errs, fmt.Errorf("limit %s: %d uses for %d SKUs", l.Name, len(l.Use), len(curves)))
			continue
		}
		for i, u := range l.Use {
			if !(u >= 0) || math.IsInf(u, 1) {
				errs = append(errs, fmt.Errorf("limit %s: SKU %d uses %g", l.Name, i, u))
				break
			}
		}
	}
	return errors.Join(errs...)
}

// allocation is one problem while it is being solved.
type allocation struct {
	curves []Curve
	limits []Limit
	prices []float64 // [limit] below 0 where a minimum draws orders in
	choice []int     // [SKU]
	used   []float64 // [limit] by the choice
}

// minimum tells whether any limit has a lower bound.
func (p *allocation) minimum() bool {
	for _, l := range p.limits {
		if l.AtLeast > 0 {
			return true
		}
	}
	return false
}

// measure sums up what the choice uses, and returns its value.
func (p *allocation) measure() (value float64) {
	clear(p.used)
	for i, k := range p.choice {
		if k == 0 {
			continue
		}
		value += p.curves[i].Value[k]
		for j := range p.limits {
			p.used[j] += p.limits[j].Use[i] * p.curves[i].Quantity[k]
		}
	}
	return value
}

// kept tells whether the choice keeps all limits.
func (p *allocation) kept() bool {
	for j, l := range p.limits {
		if p.used[j] > l.AtMost || p.used[j] < l.AtLeast {
			return false
		}
	}
	return true
}

// unitPrice returns what one unit of a SKU costs at the prices.
func (p *allocation) unitPrice(i int, prices []float64) float64 {
	sum := 0.0
	for j := range p.limits {
		sum += prices[j] * p.limits[j].Use[i]
	}
	return sum
}

// choose lets every SKU take what is worth most at the prices, the smaller of equals, and returns the dual's value.
func (p *allocation) choose(prices []float64) (dual float64) {
	for i := range p.curves {
		c, unit := &p.curves[i], p.unitPrice(i, prices)
		best, most := 0, 0.0
		for k := 1; k < len(c.Quantity); k++ {
			if v := c.Value[k] - unit*c.Quantity[k]; v > most {
				best, most = k, v
			}
		}
		p.choice[i] = best
		dual += most
	}
	for j, l := range p.limits {
		switch {
		case prices[j] > 0:
			dual += prices[j] * l.AtMost
		case prices[j] < 0:
			dual += prices[j] * l.AtLeast
		}
	}
	p.measure()
	return dual
}

// Bounds of the search for prices.
const (
	priceRounds     = 8  // over all limits
	priceBisections = 50 // of one price
)

// minimiseDual finds the prices. The dual is convex in each: it falls as long as more is used than the limit allows. One price
// after the other is bisected until a round of all changes little; with one limit that is the optimum.
func (p *allocation) minimiseDual() float64 {
	best := p.choose(p.prices)
	for range priceRounds {
		before := best
		for j := range p.limits {
			best = min(best, p.bisect(j))
		}
		if before-best <= 1e-9*math.Abs(best) || len(p.limits) == 1 {
			break
		}
	}
	return best
}

// bisect sets the price of limit j to where its use falls to the bound, on the side where the bound is kept, and returns the dual
// there.
func (p *allocation) bisect(j int) float64 {
	l := &p.limits[j]
	at := func(price float64) (dual, used float64) {
		p.prices[j] = price
		dual = p.choose(p.prices)
		return dual, p.used[j]
	}
	dual, used := at(0)
	var target, sign float64
	switch {
	case used > l.AtMost:
		target, sign = l.AtMost, 1
	case used < l.AtLeast:
		target, sign = l.AtLeast, -1
	default:
		return dual
	}
	beyond := func(used float64) bool { return sign*(used-target) > 0 } // the bound is not kept
	low, high := 0.0, p.scale(j)
	for range 60 {
		if _, used = at(sign * high); !beyond(used) {
			break
		}
		low, high = high, 2*high
	}
	for range priceBisections {
		middle := (low + high) / 2
		if middle == low || middle == high {
			break
		}
		if _, used = at(sign * middle); beyond(used) {
			low = middle
		} else {
			high = middle
		}
	}
	dual, _ = at(sign * low) // both ends are bounds
	other, _ := at(sign * high)
	return min(dual, other)
}

// scale returns a price from which the search starts: the mean value of what the limit is used for.
func (p *allocation) scale(j int) float64 {
	value, use := 0.0, 0.0
	for i := range p.curves {
		c := &p.curves[i]
		value += math.Abs(c.Value[len(c.Value)-1])
		use += p.limits[j].Use[i] * c.Quantity[len(c.Quantity)-1]
	}
	if !(value > 0 && use > 0) {
		return 1
	}
	return value / use
}
