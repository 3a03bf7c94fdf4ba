package forecast

import (
	"math"
	"testing"

	"github.com/restock-engine/restock/internal/random"
	"gonum.org/v1/gonum/stat/distuv"
)

func TestPinball(t *testing.T) {
	for _, c := range []struct{ level, q, y, want float64 }{
		{0.9, 10, 14, 3.6}, {0.9, 10, 6, 0.4}, {0.5, 3, 3, 0}, {0.25, 0, 8, 2}, {0.25, 8, 0, 6},
	} {
		if got := Pinball(c.level, c.q, c.y); math.Abs(got-c.want) > 1e-12 {
			t.Errorf("Pinball(%g, %g, %g) = %g, want %g", c.level, c.q, c.y, got, c.want)
		}
	}
}

// TestCRPSOfNormal compares with the closed form of Gneiting and Raftery, JASA 102(477), 2007, equation (21):
// CRPS(N(μ,σ²), y) = σ(z(2Φ(z)-1) + 2φ(z) - 1/√π), z = (y-μ)/σ.
func TestCRPSOfNormal(t *testing.T) {
	const mu, sigma = 50, 7
	levels := make([]float64, 999)
	values := make([]float32, len(levels))
	for i := range levels {
		levels[i] = float64(i+1) / 1000
		values[i] = float32(distuv.Normal{Mu: mu, Sigma: sigma}.Quantile(levels[i]))
	}
	q := Quantiles{levels, values}
	for _, y := range []float64{30, 44, 50, 51, 66} {
		z := (y - mu) / sigma
		want := sigma * (z*(2*distuv.UnitNormal.CDF(z)-1) + 2*distuv.UnitNormal.Prob(z) - 1/math.Sqrt(math.Pi))
		if got := q.CRPS(0, y); math.Abs(got-want) > 2e-3*want {
			t.Errorf("CRPS at %g: %g, closed form %g", y, got, want)
		}
	}
}

// The ends of an interval belong to it.
func TestClosedCoverageCountsTheEnds(t *testing.T) {
	q := Quantiles{Levels39(), nil}
	for i := range q.Levels {
		q.Values = append(q.Values, float32(i))
	}
	for _, c := range []struct{ nominal, low, high float64 }{{0.5, 9, 29}, {0.8, 3, 35}, {0.95, 0, 38}} {
		s := NewScore(q.Levels)
		s.Add(&q, 0, c.low)
		s.Add(&q, 0, c.high)
		for _, got := range s.Coverage() {
			if got.Nominal == c.nominal && got.Closed != 1 {
				t.Errorf("%g: of the ends %g and %g a share of %g is inside", c.nominal, c.low, c.high, got.Closed)
			}
		}
	}
}

func TestScoreByHand(t *testing.T) {
	q := Quantiles{[]float64{0.25, 0.5, 0.75}, []float32{2, 4, 6}}
	s := NewScore(q.Levels)
	s.Add(&q, 0, 5)          // losses 0.75, 0.5, 0.25
	s.Add(&q, 0, 10)         // losses 2, 3, 3
	s.Add(&q, 0, math.NaN()) // unknown demand is no demand
	near := func(name string, got, want float64) {
		if math.Abs(got-want) > 1e-9 {
			t.Errorf("%s = %g, want %g", name, got, want)
		}
	}
	near("weeks", float64(s.Weeks()), 2)
	near("total demand", s.Demand(), 15)
	near("reliability at 0.5: neither 5 nor 10 is below 4", s.Reliability()[1], 0)
	near("reliability at 0.75: 5 is below 6", s.Reliability()[2], 0.5)
	near("loss at 0.75", s.LevelLoss()[2], 1.625)
	near("weighted quantile loss", s.WeightedQuantileLoss(), 2*(9.5/3)/15)
	near("WAPE", s.WAPE(), (1.0+6)/15)
	near("bias", s.Bias(), (2*q.Mean(0)-15)/15)
	near("closed coverage", s.Coverage()[0].Closed, 0.5)
	near("ranked coverage", s.Coverage()[0].Ranked, 0.5)
	near("width", s.Coverage()[0].Width, 4)

	half := NewScore(q.Levels)
	half.Add(&q, 0, 5)
	other := NewScore(q.Levels)
	other.Add(&q, 0, 10)
	if err := half.Merge(other); err != nil {
		t.Fatal(err)
	}
	near("merged reliability", half.Reliability()[2], 0.5)
	near("merged", half.WeightedQuantileLoss(), s.WeightedQuantileLoss())
	if half.Merge(NewScore([]float64{0.5})) == nil {
		t.Error("scores of different levels merge")
	}
}

// TestRankedCoverageOfWholeUnits: the true quantiles of a Poisson distribution with mean 0.8 hold far more than 50 % in their
// central interval; by ranks they hold 50 %. Seed 1; 20,000 draws, ±4 standard errors: false-alarm rate 6e-5 a figure.
func TestRankedCoverageOfWholeUnits(t *testing.T) {
	levels := make([]float64, 399)
	for i := range levels {
		levels[i] = float64(i+1) / 400
	}
	values := make([]float32, len(levels))
	d := distuv.Poisson{Lambda: 0.8, Src: random.New(random.NewKey(1))}
	for i, level := range levels {
		k := 0.0
		for d.CDF(k) < level {
			k++
		}
		values[i] = float32(k)
	}
	q := Quantiles{levels, values}
	s := NewScore(levels)
	const n = 20_000
	for range n {
		s.Add(&q, 0, d.Rand())
	}
	c := s.Coverage()[0]
	if c.Closed < 0.75 {
		t.Errorf("closed coverage %.3f, want P(0 or 1) = 0.809", c.Closed)
	}
	se := math.Sqrt(0.25 / n)
	if math.Abs(c.Ranked-0.5) > 4*se+1.0/400 {
		t.Errorf("ranked coverage %.4f, want 0.5", c.Ranked)
	}
	for i, level := range levels {
		if got := s.Reliability()[i]; math.Abs(got-level) > 4*se+1.0/400 {
			t.Errorf("%.4f of the demands are below the quantile at %.4f", got, level)
		}
	}
}

func TestSampleQuantiles(t *testing.T) {
	dst := make([]float32, 3)
	if err := SampleQuantiles([]float64{5, 1, 3, -2}, []float64{0.1, 0.5, 0.85}, dst); err != nil {
		t.Fatal(err)
	}
	// numpy.percentile([-2,1,3,5], [10,50,85], method="hazen") = -2, 2, 4.8
	for i, want := range []float64{0, 2, 4.8} {
		if math.Abs(float64(dst[i])-want) > 1e-6 {
			t.Errorf("quantile %d is %g, want %g", i, dst[i], want)
		}
	}
	for _, bad := range [][]float64{nil, {math.NaN()}, {math.Inf(1)}, {1e300}} {
		if SampleQuantiles(bad, []float64{0.1, 0.5, 0.9}, dst) == nil {
			t.Errorf("samples %v pass", bad)
		}
	}
}

// TestSampleMean: the demand that is simulated from samples has nearly their mean, for slow sellers, too, and however few they are. At 0.025,
// 0.05 … 0.975 it was 0.073 instead of 0.05.
func TestSampleMean(t *testing.T) {
	for _, c := range []struct {
		n    int
		mean float64
	}{{100, 0.05}, {1000, 0.05}, {20, 0.3}, {100, 0.3}, {1000, 0.3}, {1000, 1}, {100, 5}, {1000, 5}} {
		demand := distuv.Poisson{Lambda: c.mean}
		samples, sum := make([]float64, c.n), 0.0
		for i, d := 0, 0.0; i < c.n; i++ {
			for demand.CDF(d) < (float64(i)+0.5)/float64(c.n) {
				d++
			}
			samples[i] = d
			sum += d
		}
		q := Quantiles{Levels: SampleLevels(), Values: make([]float32, len(SampleLevels()))}
		if err := SampleQuantiles(samples, q.Levels, q.Values); err != nil {
			t.Fatal(err)
		}
		want := sum / float64(c.n)
		if got := q.Mean(0); math.Abs(got-want) > 0.06*want {
			t.Errorf("%d samples with mean %g: the forecast's mean is %g", c.n, want, got)
		}
	}
}

func TestClassify(t *testing.T) {
	repeat := func(n int, pattern ...float64) (out []float64) {
		for range n {
			out = append(out, pattern...)
		}
		return out
	}
	for _, c := range []struct {
		demand []float64
		want   Class
	}{
		{repeat(20, 10, 11, 9), Smooth},
		{repeat(20, 1, 2, 30), Erratic},
		{repeat(20, 5, 0, 0), Intermittent},
		{repeat(20, 1, 0, 40, 0), Lumpy},
		{repeat(4, 5, 5, 5), Launch},
		{nil, Launch},
		{append(repeat(40, 5), repeat(26, 0)...), Dormant},
		{repeat(30, 0), Dormant},
		{repeat(30, 5, math.NaN(), math.NaN()), Smooth},
	} {
		if got := Classify(c.demand); got != c.want {
			t.Errorf("%v is %v, want %v", c.demand, got, c.want)
		}
	}
}

// TestAutocorrelation: 4,000 runs of 12 weeks of an AR(1) process, seed 3; the standard error is about 0.004, ±0.02 a false-alarm
// rate below 1e-5.
func TestAutocorrelation(t *testing.T) {
	src := random.New(random.NewKey(3))
	for _, phi := range []float64{0, 0.4, -0.5, 0.8} {
		runs := make([][]float64, 4000)
		for i := range runs {
			z := src.NormFloat64()
			for range 12 {
				runs[i] = append(runs[i], z)
				z = phi*z + math.Sqrt(1-phi*phi)*src.NormFloat64()
			}
			runs[i][5] = math.NaN()
		}
		if got := Autocorrelation(runs); math.Abs(got-phi) > 0.02 {
			t.Errorf("φ = %.3f, want %.1f", got, phi)
		}
	}
	if got := Autocorrelation(nil); got != 0 {
		t.Errorf("φ of nothing is %g", got)
	}
}
