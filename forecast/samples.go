package forecast

import (
	"fmt"
	"math"
	"slices"
)

// SampleLevels are the levels at which sample paths are read: 0.005, 0.01 … 0.995. Steps of 0.025 are too coarse for slow sellers: of
// Poisson demand with mean 0.05 the last two levels would be 0 and 1, and the tail drawn from these makes it 0.073.
func SampleLevels() []float64 {
	levels := make([]float64, 199)
	for i := range levels {
		levels[i] = float64(i+1) / 200
	}
	return levels
}

// SampleQuantiles writes the quantiles of one week's sampled demands (one value of each sample path) to dst, one per level: linear between
// order statistics, the i-th of n at (i-1/2)/n (definition 5 of Hyndman and Fan), so that each sample has its n-th part of the distribution
// and the mean of few samples is not lost at its ends. It sorts the samples. Negative samples become 0.
func SampleQuantiles(samples, levels []float64, dst []float32) error {
	if len(samples) == 0 {
		return fmt.Errorf("no sample paths")
	}
	if len(dst) != len(levels) {
		return fmt.Errorf("%d quantiles wanted, room for %d", len(levels), len(dst))
	}
	for i, x := range samples {
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return fmt.Errorf("sample %d of %d is %g, want a finite number", i+1, len(samples), x)
		}
		if x > math.MaxFloat32 {
			return fmt.Errorf("sample %d of %d is %g, beyond what a forecast can hold", i+1, len(samples), x)
		}
	}
	slices.Sort(samples)
	n := float64(len(samples))
	for i, level := range levels {
		at := min(max(level*n-0.5, 0), n-1)
		k := int(at)
		x := samples[k]
		if k+1 < len(samples) {
			x += (at - float64(k)) * (samples[k+1] - x)
		}
		dst[i] = float32(max(x, 0))
	}
	return nil
}
