package simulate

import "math"

// SetDemand replaces scenario i's demand in week t, units: what really happened, say. With whole units it is rounded to the
// nearest.
func (sc *Scenarios) SetDemand(i, t int, units float64, kind Units) {
	if kind == Whole {
		units = math.Round(units)
	}
	if !sc.wide && (units != math.Trunc(units) || units >= maxInt) {
		sc.wide64 = resized(sc.wide64, len(sc.demand))
		for c, d := range sc.demand {
			sc.wide64[c] = float64(d)
		}
		sc.wide = true
	}
	if sc.wide {
		sc.wide64[sc.index(i, t)] = units
	} else {
		sc.demand[sc.index(i, t)] = int32(units)
	}
}

// Advance runs a policy through the first weeks of scenario i, shows each to visit, and returns the article as it then is: what
// is in stock, in transit and yet to come back, with week 0 and the review weeks counted from then on. Orders that arrive behind
// the scenario's last week are put into the week behind it: draw scenarios that are longer than the longest lead time behind the
// weeks to run.
func Advance(a *Article, p Policy, sc *Scenarios, i, weeks int, visit func(t int, r WeekRecord)) Article {
	w := newWorld(sc.Weeks)
	w.reset(a)
	weeks = min(weeks, sc.Weeks)
	for t := range weeks {
		r := w.week(a, p, sc, i, t)
		if visit != nil {
			visit(t, r)
		}
	}
	next := *a
	next.OnHand, next.InTransit, next.PendingReturns = w.onHand, nil, nil
	for t := weeks; t < sc.Weeks; t++ {
		if q := w.outstanding[t]; q > 0 {
			next.InTransit = append(next.InTransit, WeekQuantity{t - weeks, q})
		}
		if q := w.returns[t]; q > 0 {
			next.PendingReturns = append(next.PendingReturns, WeekQuantity{t - weeks, q})
		}
	}
	if w.beyond > 0 {
		next.InTransit = append(next.InTransit, WeekQuantity{sc.Weeks - weeks, w.beyond})
	}
	next.ReviewPhase = ((a.ReviewPhase-weeks)%a.ReviewPeriod + a.ReviewPeriod) % a.ReviewPeriod
	return next
}
