package simulate

import (
	"math"
	"strings"

	"github.com/restock-engine/restock/internal/stat"
)

// Newsvendor is the myopic newsvendor policy: in review week e, order up to the critical-ratio quantile of the demand that the
// next order cannot serve any more, weeks e..e+L+R-1. It has no parameters of its own: [NewNewsvendor] computes its levels from
// scenarios.
type Newsvendor struct {
	Levels []float64 // [week] order-up-to level, units
}

// NewNewsvendor computes the levels from a set of scenarios: the critical ratio is m/(m+h·R), L the mean of floor(ℓ) over
// all draws, rounded; weeks beyond the horizon have no demand. With whole units a level is rounded up.
func NewNewsvendor(a *Article, sc *Scenarios) Newsvendor {
	ratio := 0.0
	if a.LostSaleCost > 0 {
		ratio = a.LostSaleCost / (a.LostSaleCost + a.HoldingCost*float64(a.ReviewPeriod))
	}
	window := int(math.Min(math.Round(sc.meanLeadTime()), float64(sc.Weeks))) + a.ReviewPeriod
	levels := make([]float64, sc.Weeks)
	sums := make([]float64, sc.N)
	for e := range levels {
		for i := range sums {
			sums[i] = 0
			for t := e; t < min(e+window, sc.Weeks); t++ {
				sums[i] += sc.Demand(i, t)
			}
		}
		levels[e] = stat.Quantile(sums, ratio)
		if a.Units == Whole {
			levels[e] = math.Ceil(levels[e])
		}
	}
	return Newsvendor{levels}
}

// Order implements [Policy].
func (p Newsvendor) Order(r Review) float64 {
	if r.Scheduled && r.Week < len(p.Levels) {
		return p.Levels[r.Week] - r.Position()
	}
	return 0
}

func (p Newsvendor) String() string {
	s := make([]string, len(p.Levels))
	for i, l := range p.Levels {
		s[i] = formatNumber(l)
	}
	return "newsvendor:S=" + strings.Join(s, ";")
}

// Validate implements [Policy].
func (p Newsvendor) Validate() error { return checkQuantities([]string{"S"}, p.Levels...) }

func parseNewsvendor(fs fields) (Policy, error) {
	if err := fs.only("S"); err != nil {
		return nil, err
	}
	text, err := fs.get("S")
	if err != nil {
		return nil, err
	}
	var p Newsvendor
	for part := range strings.SplitSeq(text, ";") {
		l, err := fields{{"S", part}}.number("S")
		if err != nil {
			return nil, err
		}
		p.Levels = append(p.Levels, l)
	}
	return p, nil
}
