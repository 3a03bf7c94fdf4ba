package optimize

import "github.com/restock-engine/restock/simulate"

//go:generate go test -run ^TestChooseStarts$ -choose -timeout 30m .

// recipe is a way to order with the extended (R, s, Q), told in terms of the demand and not in units, so that it is one for any SKU.
// Which recipes the search starts from is found by measurement: see recipes.
type recipe struct {
	wait    bool    // until the position may run short, and order nothing before
	kick    kick    // the weeks whose demand the kick-start covers, less the position
	kickZ   float64 // with so many standard deviations to spare
	reorder reorder // the reorder point
	z       float64 // of coverWindow and highDemand: so many standard deviations more
	lot     float64 // a reorder, in mean demands of a review period; 0: an equal share of the demand that is left
	quarter int     // t_limit: 0 the first review, 4 the last one whose order comes within the horizon, or in between
	trigger int     // index of the trigger, the first one where there are fewer
}

type kick int

// Values of kick.
const (
	noKick      kick = iota
	firstWeeks       // until the order of the first review is there
	halfHorizon      // of the weeks from t0 on
	mostHorizon      // three quarters of them
	horizon
)

type reorder int

// Values of reorder.
const (
	never       reorder = iota
	coverWindow         // cover the demand of lead time and review period
	highDemand          // reached at t_limit if more than the mean of the demand until then is sold
	always              // as high as it takes to place every reorder
)

// kind tells apart recipes of which the search pursues only the best: those with the same trigger and t_limit.
func (r *recipe) kind() int {
	if r.reorder == never {
		return 0
	}
	return 1 + r.trigger + 2*r.quarter
}

// point works the recipe out for a SKU.
func (r *recipe) point(a *simulate.Article, d *demandFacts, s *scale, same *sameRSQ, triggers int) []int {
	last := a.Horizon - 1
	x := make([]int, maxDimensions)
	t0 := 0
	if r.wait {
		for t0 < last && d.upTo(t0+d.lead+2, 0.7) <= d.position {
			t0++
		}
	}
	first := min(t0+1, last)
	for first < last && same.lastReview[first] != first {
		first++
	}
	inTime := max(first, last-d.lead)
	limit := max(first, same.lastReview[first+(inTime-first)*r.quarter/4])

	covered := 0
	switch r.kick {
	case firstWeeks:
		covered = first + d.lead + 1
	case halfHorizon:
		covered = t0 + (a.Horizon-t0)/2
	case mostHorizon:
		covered = t0 + (a.Horizon-t0)*3/4
	case horizon:
		covered = a.Horizon
	}
	kick := max(0, d.upTo(covered, r.kickZ)-d.position)
	x[dimT0], x[dimQ0] = t0, s.orderIndex(kick)
	if r.reorder == never {
		return x
	}

	lot := r.lot * d.weekly * float64(a.ReviewPeriod)
	reorders := max(1, same.reviews[limit]-same.reviews[t0])
	if r.trigger == 0 && d.lead > 1 { // nothing is ordered while an order is under way
		reorders = (reorders + d.lead - 1) / d.lead
	}
	if r.lot == 0 {
		lot = max(0, d.upTo(a.Horizon, 0.7)-d.position-kick) / float64(reorders)
	}
	level := d.upTo(d.lead+a.ReviewPeriod, r.z)
	switch r.reorder {
	case highDemand:
		level = max(0, d.position+kick-d.upTo(limit, r.z))
	case always:
		level = d.position + kick + lot*float64(reorders-1) + 1
	}
	x[dimS], x[dimQ] = s.levelIndex(level), min(max(1, s.orderIndex(lot)), s.orders-1)
	x[dimLimit], x[dimTrigger] = limit, min(r.trigger, triggers-1)
	return x
}

// rsqStarts are the recipes for a SKU, and no order at all.
func rsqStarts(a *simulate.Article, d *demandFacts, s *scale, same *sameRSQ, triggers int) []Start {
	starts := []Start{{0, make([]int, maxDimensions)}}
	for i := range recipes {
		r := &recipes[i]
		starts = append(starts, Start{r.kind(), r.point(a, d, s, same, triggers)})
	}
	return starts
}
