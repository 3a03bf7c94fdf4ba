package stat

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"gonum.org/v1/gonum/stat/distuv"

	"github.com/restock-engine/restock/internal/random"
)

// TestQuantileOfNumPy: values of numpy.percentile (NumPy 1.26, method linear), and of its documentation's example
// a = [[10, 7, 4], [3, 2, 1]], 50th percentile 3.5.
func TestQuantileOfNumPy(t *testing.T) {
	for _, c := range []struct {
		x    []float64
		p    float64
		want float64
	}{
		{[]float64{10, 7, 4, 3, 2, 1}, 0.5, 3.5},
		{[]float64{1, 2, 3, 4}, 0.75, 3.25},
		{[]float64{1, 2, 3, 4, 5}, 0.75, 4},
		{[]float64{7}, 0.75, 7},
		{[]float64{3, 1}, 0, 1},
		{[]float64{3, 1}, 1, 3},
		{[]float64{15, 20, 35, 40, 50}, 0.4, 29},
	} {
		if got := Quantile(slices.Clone(c.x), c.p); math.Abs(got-c.want) > 1e-12 {
			t.Errorf("Quantile(%v, %g) = %g, want %g", c.x, c.p, got, c.want)
		}
	}
	if !math.IsNaN(Quantile(nil, 0.5)) {
		t.Error("the quantile of nothing is not NaN")
	}
}

// TestQuantileIsThatOfTheSorted: selection and sorting agree, for random samples with many ties and each size up to 200.
func TestQuantileIsThatOfTheSorted(t *testing.T) {
	r := random.New(random.NewKey(1, "quantile"))
	for n := 1; n <= 200; n++ {
		x := make([]float64, n)
		for i := range x {
			x[i] = float64(r.Intn(1 + n/2))
		}
		p := r.Float64()
		sorted := slices.Clone(x)
		slices.Sort(sorted)
		if got, want := Quantile(x, p), SortedQuantile(sorted, p); got != want {
			t.Fatalf("n=%d p=%g: %g, sorted %g", n, p, got, want)
		}
	}
}

// TestQuantileWithinAndInterval: whatever the lower limit, QuantileWithin is Quantile, or not known; and the interval's ends are order statistics
// of the sorted sample.
func TestQuantileWithinAndInterval(t *testing.T) {
	r := random.New(random.NewKey(2, "near"))
	for n := 1; n <= 200; n++ {
		x := make([]float64, n)
		for i := range x {
			x[i] = float64(r.Intn(1 + n/2))
		}
		sorted := slices.Clone(x)
		slices.Sort(sorted)
		p, want := r.Float64(), 0.0
		want = SortedQuantile(sorted, p)
		for _, above := range []float64{math.Inf(-1), want * 0.9, want, want * 1.1, math.Inf(1)} {
			var near []float64
			below, next := 0, math.Inf(1)
			for _, v := range x {
				switch {
				case v < above:
					below++
				case v <= 1.05*want:
					near = append(near, v)
				default:
					next = min(next, v)
				}
			}
			within := sorted[int(p*float64(n-1))] >= above
			if got, known := QuantileWithin(near, below, n, next, p); known != within || known && got != want {
				t.Fatalf("n=%d p=%g above %g: %g, known %t; want %g", n, p, above, got, known, want)
			}
		}
		half := Z95 * math.Sqrt(float64(n)*p*(1-p))
		low := min(max(int(math.Floor(float64(n)*p-half))-1, 0), n-1)
		high := min(max(int(math.Ceil(float64(n)*p+half))-1, 0), n-1)
		if got := QuantileInterval(x, p); got != (Interval{want, sorted[low], sorted[high]}) {
			t.Fatalf("n=%d p=%g: %v, want %g from %g to %g", n, p, got, want, sorted[low], sorted[high])
		}
	}
}

// TestIntervalsCover: of 2,000 intervals of each kind about 95 % hold the true value. The bounds are the binomial 1e-6 points,
// widened by 0.01 for the normal approximation. Costs are log-normal, σ = 1.
func TestIntervalsCover(t *testing.T) {
	const trials, n = 2000, 400
	d := distuv.LogNormal{Mu: 0, Sigma: 1, Src: random.New(random.NewKey(3, "cover"))}
	measure := func(x []float64) float64 { return Quantile(x, 0.75) }
	var quantile, mean, paired int
	holds := func(i Interval, truth float64) int {
		if i.Low <= truth && truth <= i.High {
			return 1
		}
		return 0
	}
	for range trials {
		x, y := make([]float64, n), make([]float64, n)
		for i := range x {
			x[i] = d.Rand()
			y[i] = x[i] + 0.5 + 0.2*(x[i]-1) // the same scenario under another policy: a monotone function
		}
		paired += holds(PairedInterval(measure(slices.Clone(y))-measure(slices.Clone(x)), y, x, measure), 0.5+0.2*(d.Quantile(0.75)-1))
		mean += holds(MeanInterval(x), d.Mean())
		quantile += holds(QuantileInterval(x, 0.75), d.Quantile(0.75))
	}
	for _, c := range []struct {
		name      string
		hits      int
		low, high float64
	}{{"quantile", quantile, 0.915, 0.985}, {"mean", mean, 0.90, 0.985}, {"paired", paired, 0.915, 0.985}} {
		if share := float64(c.hits) / trials; share < c.low || share > c.high {
			t.Errorf("%s: %.3f of the intervals hold the true value", c.name, share)
		}
	}
}

func BenchmarkQuantile(b *testing.B) {
	for _, n := range []int{100, 2000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			r := random.New(random.NewKey(1, "bench"))
			x, scratch := make([]float64, 64*n), make([]float64, n)
			for i := range x {
				x[i] = r.NormFloat64()
			}
			for i := 0; b.Loop(); i++ {
				copy(scratch, x[i%64*n:])
				Quantile(scratch, 0.75)
			}
		})
	}
}
