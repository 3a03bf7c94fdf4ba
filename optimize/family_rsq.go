package optimize

import (
	"math"

	"github.com/restock-engine/restock/simulate"
)

// Dimensions of the extended (R, s, Q).
const (
	dimT0 = iota
	dimQ0
	dimS
	dimQ
	dimLimit
	dimTrigger
)

// rsqFamily is the extended (R, s, Q): the dimensions are t0, Q0, s, Q, t_limit and the trigger.
func rsqFamily(a *simulate.Article, d *demandFacts, triggers []simulate.Trigger) *Family {
	s := newScale(a, d)
	same := newSameRSQ(a, d, &s)
	orders, levels := s.reach(d, s.pack), s.reach(d, s.step)
	return &Family{
		Sizes:   []int{a.Horizon, s.orders, s.levels, s.orders, a.Horizon, len(triggers)},
		Reach:   []float64{3, orders, levels, orders, 3, 1},
		Weights: []float64{0.5, 3, 3, 3, 2, 0.4},
		Moves:   rsqMoves(d, &s),
		Policy: func(x []int) simulate.Policy {
			var y [maxDimensions]int
			same.point(x, y[:])
			return simulate.RSQ{T0: y[dimT0], Q0: s.order(y[dimQ0]), ReorderPoint: s.level(y[dimS]), Q: s.order(y[dimQ]), TLimit: y[dimLimit],
				Trigger: triggers[y[dimTrigger]]}
		},
		Starts: rsqStarts(a, d, &s, same, len(triggers)),
		same:   same,
	}
}

// rsqMoves are the steps that keep the total order, how much has to be sold before the first reorder, or the scenarios in which the
// last one is placed.
func rsqMoves(d *demandFacts, s *scale) []Move {
	pack := s.pack / s.step // a pack in levels
	levels := func(packs int) int { return int(math.Round(float64(packs) * pack)) }
	last := len(d.mean) - 2
	sold := func(week int) float64 { return d.mean[week] / s.step } // mean demand of the weeks before, in levels
	return []Move{
		{dimLimit, func(x []int, step int) { // more or fewer reorders of the same total
			old := max(1, x[dimLimit]-x[dimT0])
			x[dimLimit] += step
			x[dimQ] = int(math.Round(float64(x[dimQ]*old) / float64(max(1, x[dimLimit]-x[dimT0]))))
		}},
		{dimQ0, func(x []int, step int) { // the kick-start against all reorders
			x[dimQ0] += step
			share := max(1, abs(step)/max(1, (x[dimLimit]-x[dimT0])/2))
			if step > 0 {
				share = -share
			}
			x[dimQ] += share
		}},
		{dimS, func(x []int, step int) { // later reorders, of as much more
			x[dimS] -= step
			x[dimQ] += int(math.Round(float64(step) / pack))
		}},
		{dimQ0, func(x []int, step int) { // the kick-start, with reorders in the same scenarios
			x[dimQ0] += step
			x[dimS] += levels(step)
		}},
		{dimQ0, func(x []int, step int) { // the kick-start against one reorder, in the same scenarios
			x[dimQ0] += step
			x[dimS] += levels(step)
			x[dimQ] -= step
		}},
		{dimQ, func(x []int, step int) { // the second reorder in the same scenarios
			x[dimQ] += step
			x[dimS] += levels(step)
		}},
		{dimT0, func(x []int, step int) { // everything later
			x[dimT0] += step
			x[dimLimit] += step
		}},
		{dimLimit, func(x []int, step int) { // a later end, with the last reorder in the same scenarios
			old := x[dimLimit]
			x[dimLimit] = clampInt(old+step, 0, last)
			x[dimS] -= int(math.Round(sold(x[dimLimit]) - sold(old)))
		}},
		{dimLimit, func(x []int, step int) { // reorders soon after the kick-start only, where less than the mean was sold until then
			x[dimLimit] = clampInt(x[dimT0]+abs(step), 0, last)
			x[dimS] = int(math.Round((d.position+s.order(x[dimQ0]))/s.step - sold(x[dimLimit])))
		}},
	}
}

func abs(x int) int { return max(x, -x) }

// sameRSQ tells which points stand for the same policy.
type sameRSQ struct {
	scale      *scale
	lastReview []int   // [week] the last review week up to it, -1 if there is none
	reviews    []int   // [week] number of review weeks up to it
	have       float64 // units: what may be in stock without any order
	returned   float64 // share of sold units that come back
	perLevel   float64 // 1 / (1-returned) / units of a level
}

func newSameRSQ(a *simulate.Article, d *demandFacts, s *scale) *sameRSQ {
	same := &sameRSQ{scale: s, have: d.position, returned: a.ReturnRate * a.ResalableShare}
	for _, x := range a.PendingReturns {
		same.have += x.Quantity
	}
	same.perLevel = 1 / (1 - same.returned) / s.step
	if same.returned > 0 { // returns are rounded up by less than a unit a week
		same.have += float64(a.Horizon)
	}
	last, count := -1, 0
	for t := range a.Horizon {
		if a.IsReview(t) {
			last = t
			count++
		}
		same.lastReview, same.reviews = append(same.lastReview, last), append(same.reviews, count)
	}
	return same
}

// point sets y to the point x itself, with what has no effect put to a fixed value: t_limit to a review week, reorder points that
// are always met to the least such, the parameters of reorders to 0 if there are none, and everything if there are no orders at
// all.
func (same *sameRSQ) point(x, y []int) {
	clear(y)
	t0, limit := x[dimT0], same.lastReview[x[dimLimit]]
	if x[dimQ] > 0 && limit > t0 {
		s := x[dimS]
		if same.returned < 1 {
			before := float64(same.reviews[limit] - same.reviews[t0] - 1) // reorders before the last one
			most := same.have + same.scale.order(x[dimQ0]) + before*same.scale.order(x[dimQ])
			if always := most*same.perLevel + 1; always < float64(s) {
				s = int(always)
			}
		}
		copy(y, x)
		y[dimS], y[dimLimit] = s, limit
	} else if x[dimQ0] > 0 {
		y[dimT0], y[dimQ0], y[dimLimit] = t0, x[dimQ0], t0
	}
}
