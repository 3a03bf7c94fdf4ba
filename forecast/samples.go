package forecast

import (
	"fmt"
	"math"
	"slices"

	"github.com/restock-engine/restock/internal/stat"
)

// SampleQuantiles writes the quantiles of one week's sampled demands (one value of each sample path) to dst, one per level, interpolated
// between order statistics as NumPy's percentile does. It sorts the samples. Negative samples become 0.
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
	for i, level := range levels {
		dst[i] = float32(max(stat.SortedQuantile(samples, level), 0))
	}
	return nil
}
