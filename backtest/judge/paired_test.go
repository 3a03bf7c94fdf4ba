package judge

import (
	"math"
	"testing"

	"github.com/restock-engine/restock/internal/random"
)

// TestPairedIntervals: of 2,000 assortments of 60 SKUs with lognormal sizes, the 95 % intervals hold the true difference and
// ratio in 92.5 to 97 % (seed 3; linearisation covers a little less at skewed sizes, and the standard error of a rate is 0.5
// points).
func TestPairedIntervals(t *testing.T) {
	src := random.New(random.NewKey(3))
	const replicas, skus = 2000, 60
	difference, relative := 0, 0
	for range replicas {
		var p paired
		for range skus {
			size := math.Exp(0.5 * src.NormFloat64())
			// per unit of size: A loses 0.4 in the mean, B 0.5, and both share the article's difficulty
			hard := 0.1 * src.NormFloat64()
			p.add(size*(0.4+hard+0.05*src.NormFloat64()), size*(0.5+hard+0.05*src.NormFloat64()), size)
		}
		if d := p.difference(); d.Low <= -0.1 && -0.1 <= d.High {
			difference++
		}
		if r := p.relative(); r.Low <= -0.2 && -0.2 <= r.High {
			relative++
		}
	}
	for name, n := range map[string]int{"difference": difference, "ratio": relative} {
		if rate := float64(n) / replicas; rate < 0.925 || rate > 0.97 {
			t.Errorf("the interval of the %s holds it in %.1f %%", name, 100*rate)
		}
	}
}

func TestPairedFewClusters(t *testing.T) {
	var p paired
	for range minClusters - 1 {
		p.add(2, 1, 1)
	}
	if d := p.difference(); d.Estimate != 1 || !math.IsNaN(d.Low) {
		t.Errorf("%d clusters give %+v", minClusters-1, d)
	}
	p.add(2, 1, 1)
	if d := p.difference(); d.Low != 1 || d.High != 1 {
		t.Errorf("%d equal clusters give %+v", minClusters, d)
	}
}
