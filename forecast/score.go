package forecast

import (
	"fmt"
	"math"
	"slices"
)

// Pinball returns the pinball loss of the forecast q of the level-quantile of y: level·(y-q) if y ≥ q, else (1-level)·(q-y).
func Pinball(level, q, y float64) float64 {
	if y >= q {
		return level * (y - q)
	}
	return (1 - level) * (q - y)
}

// CRPS returns the continuous ranked probability score of week t's forecast against y, in units: twice the integral of the
// pinball loss over all levels (Gneiting and Raftery, JASA 102(477), 2007, section 4.2), by the trapezoidal rule over the levels
// of the forecast, whose outermost losses stand for what lies beyond them. With a single level it is the absolute error.
func (q *Quantiles) CRPS(t int, y float64) float64 {
	levels, v := q.Levels, q.Week(t)
	n := len(levels)
	if n == 1 {
		return math.Abs(y - float64(v[0]))
	}
	sum, before, at := 0.0, 0.0, 0.0
	for i, level := range levels {
		loss := Pinball(level, float64(v[i]), y)
		if i == 0 {
			before = loss
		}
		sum += (level - at) * (before + loss) / 2
		before, at = loss, level
	}
	return 2 * (sum + (1-at)*before)
}

// centralIntervals are the coverages whose intervals a [Score] judges.
var centralIntervals = [...]float64{0.5, 0.8, 0.95}

// Score gathers how good forecasts of known demand were. Add every week, Merge across workers, then read the figures. All are NaN
// while nothing was added.
type Score struct {
	levels   []float64
	n        int
	pinball  []float64 // [level] sums
	below    []float64 // [level] demands below the quantile, by ranks
	demand   float64
	crps     float64
	absolute float64 // |y - median|
	error    float64 // mean - y
	inside   [len(centralIntervals)]interval
}

type interval struct{ closed, ranked, width float64 }

// NewScore returns an empty score of forecasts at the given levels.
func NewScore(levels []float64) *Score {
	return &Score{levels: levels, pinball: make([]float64, len(levels)), below: make([]float64, len(levels))}
}

// Add counts the demand y against week t of the forecast q, which must have the score's levels. A week of unknown demand (NaN,
// out of stock) must not be counted as one without demand: NaN is ignored, the rest is up to the caller.
func (s *Score) Add(q *Quantiles, t int, y float64) {
	if math.IsNaN(y) || len(q.Levels) != len(s.levels) {
		return
	}
	s.n++
	s.demand += y
	below, upTo := q.rank(t, y)
	for i, level := range s.levels {
		s.pinball[i] += Pinball(level, float64(q.Week(t)[i]), y)
		s.below[i] += min(max((level-below)/(upTo-below), 0), 1)
	}
	s.crps += q.CRPS(t, y)
	s.absolute += math.Abs(y - q.At(t, 0.5))
	s.error += q.Mean(t) - y
	for i, c := range centralIntervals {
		s.inside[i].add(q, t, y, math.Round((1-c)/2*1e9)/1e9) // (1-0.95)/2 is above 0.025, and would read a little above the level's value
	}
}

func (c *interval) add(q *Quantiles, t int, y, tail float64) {
	low, high := q.At(t, tail), q.At(t, 1-tail)
	if low <= y && y <= high {
		c.closed++
	}
	c.width += high - low
	c.ranked += q.ranked(t, y, tail)
}

// ranked returns the share, of the stretch of probability that the forecast gives to y, that lies between the levels tail and
// 1-tail.
func (q *Quantiles) ranked(t int, y, tail float64) float64 {
	below, upTo := q.rank(t, y)
	return max(min(upTo, 1-tail)-max(below, tail), 0) / (upTo - below)
}

// rank returns the stretch of probability that the forecast gives to the value y: a run of equal quantiles where y is a value of
// positive probability, else the gap between the levels around it.
func (q *Quantiles) rank(t int, y float64) (below, upTo float64) {
	upTo = 1
	for i, v := range q.Week(t) {
		if float64(v) < y {
			below = q.Levels[i]
		} else if float64(v) > y {
			return below, q.Levels[i]
		}
	}
	return below, upTo
}

// Merge adds the counts of o, which must have the same levels.
func (s *Score) Merge(o *Score) error {
	if !slices.Equal(s.levels, o.levels) {
		return fmt.Errorf("scores of %d and %d different levels cannot be merged", len(s.levels), len(o.levels))
	}
	s.n += o.n
	s.demand += o.demand
	s.crps += o.crps
	s.absolute += o.absolute
	s.error += o.error
	for i, p := range o.pinball {
		s.pinball[i] += p
		s.below[i] += o.below[i]
	}
	for i, c := range o.inside {
		s.inside[i].closed += c.closed
		s.inside[i].ranked += c.ranked
		s.inside[i].width += c.width
	}
	return nil
}

// Weeks returns the number of weeks counted.
func (s *Score) Weeks() int { return s.n }

// LevelLoss returns the mean pinball loss of each level, in units.
func (s *Score) LevelLoss() []float64 {
	out := make([]float64, len(s.pinball))
	for i, p := range s.pinball {
		out[i] = p / float64(s.n)
	}
	return out
}

// Reliability returns for each level the share of weeks whose demand fell below that quantile, by ranks as in [Coverage]: the
// level itself if the forecast is calibrated, more where too much was forecast.
func (s *Score) Reliability() []float64 {
	out := make([]float64, len(s.below))
	for i, b := range s.below {
		out[i] = b / float64(s.n)
	}
	return out
}

// Demand returns the total demand counted, units.
func (s *Score) Demand() float64 { return s.demand }

// WeightedQuantileLoss returns twice the pinball loss, averaged over the levels, over the total demand: comparable across
// assortments.
func (s *Score) WeightedQuantileLoss() float64 {
	sum := 0.0
	for _, p := range s.pinball {
		sum += p
	}
	return 2 * sum / float64(len(s.levels)) / s.demand
}

// CRPS returns the mean continuous ranked probability score, in units.
func (s *Score) CRPS() float64 { return s.crps / float64(s.n) }

// WAPE returns the summed absolute error of the median over the total demand.
func (s *Score) WAPE() float64 { return s.absolute / s.demand }

// Bias returns the summed forecast mean over the total demand, less 1: positive when too much was forecast.
func (s *Score) Bias() float64 { return s.error / s.demand }

// Coverage is how one central interval fared.
type Coverage struct {
	Nominal float64 // 0.5, 0.8, 0.95
	Closed  float64 // share of weeks with low ≤ y ≤ high; rightly above Nominal where demand is in few whole units, since the ends weigh
	Ranked  float64 // share by the randomised probability integral transform, in expectation: Nominal if calibrated, also for whole units
	Width   float64 // mean width, units
}

// Coverage returns the coverage of the central 50, 80 and 95 % intervals. Ranked is the honest figure for slow sellers: a
// forecast of 0 or 1 unit cannot have an interval of exactly 50 %, but of the stretch of probability that it gave to what
// happened, the share that lies within the interval has the nominal mean (Czado, Gneiting and Held, Biometrics 65(4), 2009).
func (s *Score) Coverage() []Coverage {
	out := make([]Coverage, len(centralIntervals))
	n := float64(s.n)
	for i, c := range s.inside {
		out[i] = Coverage{centralIntervals[i], c.closed / n, c.ranked / n, c.width / n}
	}
	return out
}
