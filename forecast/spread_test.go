package forecast

import (
	"math"
	"testing"

	"gonum.org/v1/gonum/stat/distuv"
)

// TestSpreadIsNegativeBinomial compares with P(k) = Γ(k+r)/(k!·Γ(r))·p^r·(1-p)^k, r = 1/kappa, p = r/(r+m), and, with hardly any extra spread,
// with the Poisson distribution.
func TestSpreadIsNegativeBinomial(t *testing.T) {
	for _, mean := range []float64{0.01, 0.7, 6, 90} {
		for _, kappa := range []float64{minKappa, 0.3, 4, maxKappa} {
			s := spread{mean, kappa, true}
			r := 1 / kappa
			cdf := 0.0
			for k := 0.0; k < 200; k++ {
				a, _ := math.Lgamma(k + r)
				b, _ := math.Lgamma(k + 1)
				c, _ := math.Lgamma(r)
				p := math.Exp(a - b - c + r*math.Log(r/(r+mean)) + k*math.Log(mean/(r+mean)))
				low, high := s.between(k)
				if math.Abs(low-cdf) > 1e-9 || math.Abs(high-cdf-p) > 1e-9 {
					t.Fatalf("mean %g, kappa %g: P(Y<%g), P(Y≤%g) are %.12f, %.12f, want %.12f, %.12f", mean, kappa, k, k, low, high, cdf, cdf+p)
				}
				cdf += p
			}
		}
	}
	_, high := spread{3, minKappa, true}.between(4)
	if want := (distuv.Poisson{Lambda: 3}).CDF(4); math.Abs(high-want) > 1e-3 {
		t.Errorf("P(Y≤4) is %.5f, Poisson %.5f", high, want)
	}
}

// TestSmoothSpreadIsNearGamma: Wilson and Hilferty's approximation is good to 0.01 for shapes from 1 up.
func TestSmoothSpreadIsNearGamma(t *testing.T) {
	for _, kappa := range []float64{0.01, 0.2, 1} {
		s := spread{250, kappa, false}
		for _, x := range []float64{100, 200, 250, 400, 700} {
			_, got := s.between(x)
			if want := (distuv.Gamma{Alpha: 1 / kappa, Beta: 1 / (kappa * 250)}).CDF(x); math.Abs(got-want) > 0.01 {
				t.Errorf("kappa %g: P(Y≤%g) = %.4f, gamma %.4f", kappa, x, got, want)
			}
		}
	}
}

// TestQuantilesInvertBetween: the smallest whole y with P(Y≤y) ≥ u, in both ways of computing.
func TestQuantilesInvertBetween(t *testing.T) {
	levels := Levels39()
	z := make([]float64, len(levels))
	for i, u := range levels {
		z[i] = normalQuantile(u)
	}
	for _, mean := range []float64{0, 0.3, 5, 150, 1000} {
		s := spread{mean, 0.4, true}
		dst := make([]float32, len(levels))
		s.quantiles(levels, z, dst)
		for i, u := range levels {
			low, high := s.between(float64(dst[i]))
			if low > u+1e-9 || high < u-1e-9 {
				t.Errorf("mean %g: quantile %g is %g, which lies between %.6f and %.6f", mean, u, dst[i], low, high)
			}
		}
	}
}

// TestCalibrationUndoesADistortion: demands whose ranks u have the distribution function u² call for reading the forecast at √level.
func TestCalibrationUndoesADistortion(t *testing.T) {
	var r ranks
	const n = 20_000
	for i := range n {
		u := math.Sqrt((float64(i) + 0.5) / n)
		r.add(u, u)
	}
	c := r.calibrate([]float64{0.1, 0.5, 0.9})
	for i, level := range []float64{0.1, 0.5, 0.9} {
		if math.Abs(c.u[i]-math.Sqrt(level)) > 0.003 {
			t.Errorf("level %g is read at %.4f, want %.4f", level, c.u[i], math.Sqrt(level))
		}
	}
	var none ranks
	if c := none.calibrate([]float64{0.3}); math.Abs(c.u[0]-0.3) > 1e-12 {
		t.Errorf("without a past, level 0.3 is read at %g", c.u[0])
	}
}

// TestBlendFindsWeights: y is 0.7·x0 + 0.3·x3 exactly.
func TestBlendFindsWeights(t *testing.T) {
	var e normal
	for i := range 2000 {
		a, b, c := float64(i%7)+1, float64(i%11)+1, float64(i%13)+1
		x := features{a, b, (a + b) / 2, c, 1}
		e.add(&x, 0.7*a+0.3*c)
	}
	w := e.solve(&features{0.2, 0.2, 0.2, 0.2, 0.2}, 1e-3)
	for i, want := range (features{0.7, 0, 0, 0.3, 0}) {
		if math.Abs(w[i]-want) > 1e-3 {
			t.Errorf("weights %.4f", w)
			break
		}
	}
}

// TestMatchTail: with all but the top quantile 0, the mean hangs on the top one alone. Read as they are, quantiles 0 … 0 mean no demand
// ever, and 0 … 0, 1 mean 0.0736 a week.
func TestMatchTail(t *testing.T) {
	for _, c := range []struct {
		top  float32
		mean float64
		want float64
	}{{0, 0.02, 0.02}, {1, 0.03, 0.03}, {1, 0.06, 0.06}, {0, 0, 0}} {
		q := Quantiles{Levels39(), make([]float32, 39)}
		q.Values[38] = c.top
		matchTail(&q, 0, c.mean)
		if got := q.Mean(0); math.Abs(got-c.want) > 1e-6 {
			t.Errorf("top quantile %g: mean %.4f, want %.4f", c.top, got, c.want)
		}
	}
	q := Quantiles{Levels39(), make([]float32, 39)}
	q.Values[38] = 2
	matchTail(&q, 0, 0.1)
	if q.Values[38] != 2 {
		t.Error("a quantile above 1 is changed")
	}
}
