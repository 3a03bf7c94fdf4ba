package forecast

import (
	"fmt"
	"math"
)

// maxWeekNumber bounds week numbers, to the years 1970 ± 19,000, so that they can be added and multiplied without thought.
const maxWeekNumber = 1_000_000

// check tells what makes a series unusable. Values that are not finite are no error: such weeks count as unknown.
func (s *Series) check() error {
	if s.FirstWeek < -maxWeekNumber || s.FirstWeek > maxWeekNumber {
		return fmt.Errorf("history of %s/%s begins in week %d, beyond ±%d", s.MerchantID, s.ArticleID, s.FirstWeek, maxWeekNumber)
	}
	if s.InStock != nil && len(s.InStock) != len(s.Sales) {
		return fmt.Errorf("history of %s/%s has %d weeks of sales, but %d of in-stock shares", s.MerchantID, s.ArticleID,
			len(s.Sales), len(s.InStock))
	}
	return nil
}

// demand is a series cleaned for learning: what customers wanted, as far as it is known, for the weeks first .. first+len(y)-1.
// Weight 1 is a week known in full, a weight in (0,1) one whose sales were scaled up from that share of the week, and 0 one of
// unknown demand; y is then a lower bound.
type demand struct {
	first  int
	y      []float64
	weight []float64
	whole  bool // all sales are whole units
}

const (
	maxUnits   = 1e12 // a week's sales beyond this are cut to it, so that squares stay far from overflow
	maxWeeks   = 2600 // older weeks are not looked at
	maxSilence = 104  // weeks behind the end of a series, before the as-of week, that count as weeks without sales
	fullWeek   = 0.9  // in-stock share from which a week is good enough to be scored
)

// clean fills d from the weeks of s before week asOf, reusing its memory.
//
// A week out of stock tells nothing unless something was sold. The weeks before the article was first in stock or, where stock is
// not known, before its first sale, do not belong to its life. A history that ends before asOf goes on without sales where stock is
// not known, and with unknown demand where it is.
func (d *demand) clean(s *Series, asOf int, minShare float64) {
	d.y, d.weight, d.whole = d.y[:0], d.weight[:0], true
	n := min(len(s.Sales), max(asOf-s.FirstWeek, 0))
	start := max(n-maxWeeks, 0)
	if s.InStock == nil {
		for start < n && !(s.Sales[start] > 0) {
			start++
		}
		if start == n {
			start = max(n-maxWeeks, 0)
		}
	} else {
		for start < n && !(s.share(start) > 0) && !(s.Sales[start] > 0) {
			start++
		}
	}
	d.first = s.FirstWeek + start
	for t := start; t < n; t++ {
		y, w := s.demandAt(t, minShare)
		d.whole = d.whole && (s.Sales[t] == math.Trunc(s.Sales[t]) || math.IsNaN(s.Sales[t]))
		d.y = append(d.y, y)
		d.weight = append(d.weight, w)
	}
	if len(d.y) == 0 {
		d.first = asOf
		return
	}
	if d.whole {
		for t, y := range d.y {
			d.y[t] = math.Round(y)
		}
	}
	silence := 1.0
	if s.InStock != nil {
		silence = 0
	}
	for range min(asOf-d.first-len(d.y), maxSilence) {
		d.y = append(d.y, 0)
		d.weight = append(d.weight, silence)
	}
}

// share returns the in-stock share of the week at index t, 1 where it is not known.
func (s *Series) share(t int) float64 {
	if s.InStock == nil || !(s.InStock[t] <= 1) {
		return 1
	}
	return max(s.InStock[t], 0)
}

func (s *Series) demandAt(t int, minShare float64) (y, weight float64) {
	y = s.Sales[t]
	if math.IsNaN(y) || math.IsInf(y, 0) {
		return 0, 0
	}
	y = min(max(y, 0), maxUnits)
	switch share := s.share(t); {
	case share >= 1:
		return y, 1
	case share >= minShare:
		return y / share, share
	default:
		return y, 0
	}
}
