package forecast

import (
	"fmt"
	"math"
	"slices"
)

// Levels39 are the usual quantile levels 0.025, 0.05 … 0.975.
func Levels39() []float64 {
	levels := make([]float64, 39)
	for i := range levels {
		levels[i] = float64(i+1) / 40
	}
	return levels
}

// Quantiles is the predictive distribution of one SKU's weekly demand, in units: for each week the quantiles at common levels.
type Quantiles struct {
	Levels []float64 // strictly increasing, each in (0,1); shared between SKUs, never written to
	Values []float32 // [week][level], flat; each week's values rise with the level
}

// Weeks returns the number of weeks.
func (q *Quantiles) Weeks() int {
	if len(q.Levels) == 0 {
		return 0
	}
	return len(q.Values) / len(q.Levels)
}

// Week returns the quantiles of one week: a slice of q.Values with one value per level.
func (q *Quantiles) Week(t int) []float32 {
	n := len(q.Levels)
	return q.Values[t*n : (t+1)*n]
}

// CheckLevels tells what is wrong with a list of levels, or nil: at least one, each in (0,1), strictly increasing.
func CheckLevels(levels []float64) error {
	if len(levels) == 0 {
		return fmt.Errorf("no quantile levels")
	}
	for i, l := range levels {
		if !(l > 0 && l < 1) {
			return fmt.Errorf("quantile level %g is outside (0,1)", l)
		}
		if i > 0 && l <= levels[i-1] {
			return fmt.Errorf("quantile levels must rise: %g follows %g", l, levels[i-1])
		}
	}
	return nil
}

// Rearrange sorts each week's values: the monotone rearrangement of crossing quantiles (Chernozhukov, Fernández-Val and Galichon,
// Econometrica 78(3), 2010). Negative values become 0. It reports whether anything crossed.
func (q *Quantiles) Rearrange() (crossed bool) {
	for t := range q.Weeks() {
		v := q.Week(t)
		if !slices.IsSorted(v) {
			slices.Sort(v)
			crossed = true
		}
		for i := range v {
			v[i] = max(v[i], 0)
		}
	}
	return crossed
}

// At returns the u-quantile of week t's demand, 0 ≤ u < 1, by the definition of model.md, scenarios: linear between levels; below the
// first level linear to max(0, q1-(q2-q1)·τ1/(τ2-τ1)) at u = 0; above the last an exponential tail
// qn + β·ln((1-τn)/(1-u)) with β = (qn-q(n-1))/ln((1-τ(n-1))/(1-τn)). A single level is a constant. Never below 0.
func (q *Quantiles) At(t int, u float64) float64 {
	levels, v := q.Levels, q.Week(t)
	n := len(levels)
	if n == 1 {
		return max(0, float64(v[0]))
	}
	i, _ := slices.BinarySearch(levels, u) // levels[i-1] < u ≤ levels[i]
	switch i {
	case 0:
		q1, slope := float64(v[0]), (float64(v[1])-float64(v[0]))/(levels[1]-levels[0])
		q0 := max(0, q1-slope*levels[0])
		return max(0, q0+(q1-q0)*u/levels[0])
	case n:
		qn, before := float64(v[n-1]), float64(v[n-2])
		beta := (qn - before) / math.Log((1-levels[n-2])/(1-levels[n-1]))
		return max(0, qn+beta*math.Log((1-levels[n-1])/(1-u)))
	default:
		a, b := float64(v[i-1]), float64(v[i])
		return max(0, a+(b-a)*(u-levels[i-1])/(levels[i]-levels[i-1]))
	}
}

// Mean returns the mean of week t's demand under At, in closed form.
func (q *Quantiles) Mean(t int) float64 {
	levels, v := q.Levels, q.Week(t)
	n := len(levels)
	if n == 1 {
		return max(0, float64(v[0]))
	}
	mean := levels[0] * (q.At(t, 0) + float64(v[0])) / 2
	for i := 1; i < n; i++ {
		mean += (levels[i] - levels[i-1]) * (float64(v[i-1]) + float64(v[i])) / 2
	}
	beta := (float64(v[n-1]) - float64(v[n-2])) / math.Log((1-levels[n-2])/(1-levels[n-1]))
	return mean + (1-levels[n-1])*(float64(v[n-1])+beta)
}
