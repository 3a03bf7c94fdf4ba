package optimize

import (
	"fmt"
	"math"
	"slices"

	"github.com/restock-engine/restock/internal/stat"
)

// Measure is how the cost distribution becomes one number.
type Measure string

// Measures of the cost over the scenarios.
const (
	Quantile Measure = "quantile" // the empirical p-quantile, linear between order statistics at p·(N-1)
	Mean     Measure = "mean"
	CVaR     Measure = "cvar" // the mean of the worst 1-p of the scenarios
)

// Objective is what a policy is chosen by: the smallest measure of the cost among those whose mean fill rate reaches the floor.
type Objective struct {
	Measure     Measure
	P           float64 // level of Quantile and CVaR, in (0,1)
	MinFillRate float64 // 0: no floor
}

// DefaultObjective is the 75th percentile of the cost (Presbitero et al. 2025).
func DefaultObjective() Objective { return Objective{Measure: Quantile, P: 0.75} }

// String names the objective, as quantile 0.75 or mean, fill rate at least 0.95.
func (o Objective) String() string {
	text := string(o.Measure)
	if o.Measure != Mean {
		text = fmt.Sprintf("%s %g", o.Measure, o.P)
	}
	if o.MinFillRate > 0 {
		text += fmt.Sprintf(", fill rate at least %g", o.MinFillRate)
	}
	return text
}

// Validate tells what is wrong, or nil.
func (o Objective) Validate() error {
	switch {
	case o.Measure != Quantile && o.Measure != Mean && o.Measure != CVaR:
		return fmt.Errorf("objective %q is not known; it must be quantile, mean or cvar", o.Measure)
	case !(o.P > 0 && o.P < 1):
		return fmt.Errorf("quantile %g must be between 0 and 1, both excluded", o.P)
	case !(o.MinFillRate >= 0 && o.MinFillRate <= 1):
		return fmt.Errorf("min_fill_rate %g must be between 0 and 1", o.MinFillRate)
	}
	return nil
}

// Value returns the measure of the costs, one per scenario; it reorders them.
func (o Objective) Value(costs []float64) float64 {
	switch o.Measure {
	case Mean:
		return mean(costs)
	case CVaR:
		slices.Sort(costs)
		return o.sortedValue(costs)
	default:
		return stat.Quantile(costs, o.P)
	}
}

// sortedValue is Value of costs that are sorted already. The worst 1-p of N scenarios are (1-p)·N of them; where that is not a
// whole number, the best of them counts in part (Rockafellar and Uryasev, Journal of Banking & Finance 26(7), 2002, section 5).
func (o Objective) sortedValue(sorted []float64) float64 {
	switch o.Measure {
	case Mean:
		return mean(sorted)
	case CVaR:
		n := len(sorted)
		count := (1 - o.P) * float64(n)
		whole := min(int(count), n)
		sum := 0.0
		for _, c := range sorted[n-whole:] {
			sum += c
		}
		if whole < n {
			sum += (count - float64(whole)) * sorted[n-1-whole]
		}
		return sum / count
	default:
		return stat.SortedQuantile(sorted, o.P)
	}
}

// interval returns the value with its 95 % confidence interval. It reorders the costs.
func (o Objective) interval(costs []float64) stat.Interval {
	switch o.Measure {
	case Mean:
		return stat.MeanInterval(costs)
	case CVaR:
		slices.Sort(costs)
		v := o.sortedValue(costs)
		// The CVaR is the mean of VaR + (cost-VaR)⁺/(1-p) (Rockafellar and Uryasev 2002, theorem 10).
		level := stat.SortedQuantile(costs, o.P)
		excess := make([]float64, len(costs))
		for i, c := range costs {
			excess[i] = max(0, c-level) / (1 - o.P)
		}
		e := stat.MeanInterval(excess)
		half := e.High - e.Estimate
		return stat.Interval{Estimate: v, Low: v - half, High: v + half}
	default:
		return stat.QuantileInterval(costs, o.P)
	}
}

// estimate is interval's estimate alone.
func (o Objective) estimate(costs []float64) float64 {
	if o.Measure == Mean {
		return o.interval(costs).Estimate // another order of summation than that of Value
	}
	return o.Value(costs)
}

func mean(x []float64) float64 {
	sum := 0.0
	for _, v := range x {
		sum += v
	}
	return sum / float64(len(x))
}

// Score ranks candidates: first by how far the fill rate misses the floor, then by the objective, then by the smaller total
// order, then by the later order.
type Score struct {
	Shortfall float64 // min_fill_rate minus the mean fill rate; 0 where it is reached
	Value     float64 // the objective, money
	OrderWeek int     // first week in which the policy may order, MaxInt for never

	ordered *lazyUnits // mean units ordered; nil: none
}

// lazyUnits are mean units ordered that are worked out when a tie asks for them: that is another run of the policy, and ties are
// rare.
type lazyUnits struct {
	value   float64
	compute func() float64 // nil: value is known
}

// Ordered returns the mean units ordered.
func (s Score) Ordered() float64 {
	if s.ordered == nil {
		return 0
	}
	if s.ordered.compute != nil {
		s.ordered.value, s.ordered.compute = s.ordered.compute(), nil
	}
	return s.ordered.value
}

// ahead is Better without the tie-breaking, which takes long.
func (s Score) ahead(o Score) bool {
	return s.Shortfall < o.Shortfall || s.Shortfall == o.Shortfall && s.Value < o.Value
}

// Better tells whether s ranks before o.
func (s Score) Better(o Score) bool {
	switch {
	case s.Shortfall != o.Shortfall:
		return s.Shortfall < o.Shortfall
	case s.Value != o.Value:
		return s.Value < o.Value
	}
	if a, b := s.Ordered(), o.Ordered(); a != b {
		return a < b
	}
	return s.OrderWeek > o.OrderWeek
}

// worst ranks behind everything.
func worst() Score { return Score{Shortfall: math.Inf(1), Value: math.Inf(1)} }
