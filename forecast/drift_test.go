package forecast

import (
	"math"
	"testing"

	"github.com/restock-engine/restock/internal/random"
)

// TestDriftFalseAlarms: how often the test rings at α = 1 % where nothing drifts, for weeks that hang together and weeks with a
// heavy upper tail. With 2,000 replicas a case the rates were 0.2 to 1.3 %, but for 12 past weeks with φ 0.6, 1.9 %. Seed 11, 300
// replicas a case; a case of 1.9 % stays below 4 % with probability 0.99, one of 1 % all but certainly.
func TestDriftFalseAlarms(t *testing.T) {
	const replicas, recent, alpha = 300, 4, 0.01
	src := random.New(random.NewKey(11))
	shocks := map[string]func() float64{
		"normal": src.NormFloat64,
		"skewed": func() float64 { return math.Exp(0.5*src.NormFloat64()) - math.Exp(0.125) },
	}
	for _, name := range []string{"normal", "skewed"} {
		for _, phi := range []float64{0, 0.6} {
			for _, weeks := range []int{12, 40} {
				higher, either := 0, 0
				x := make([]float64, weeks+recent)
				for range replicas {
					level := shocks[name]()
					for range 20 {
						level = phi*level + shocks[name]()
					}
					for i := range x {
						x[i] = level
						level = phi*level + shocks[name]()
					}
					w := newWeekSeries(x[:weeks], x[weeks:])
					if w.permute(src, func(x float64) float64 { return x }) <= alpha {
						higher++
					}
					if w.permute(src, math.Abs) <= alpha {
						either++
					}
				}
				for side, n := range map[string]int{"a rise": higher, "any change": either} {
					if rate := float64(n) / replicas; rate > 0.04 {
						t.Errorf("%s shocks, φ %.1f, %d past weeks: rings in vain for %s in %.2f %%, stated 1 %%", name, phi,
							weeks, side, 100*rate)
					}
				}
			}
		}
	}
}

// shop makes up the forecasts and sales of many SKUs: each sells about its level times what the whole shop does in a week, and
// every week a run forecasts horizon weeks at that level with the right spread.
type shop struct {
	weeks, horizon, skus int
	recent               int     // last weeks in which
	change               float64 // demand is multiplied by this
	noise                float64 // and a SKU's own spread by this
}

func (s shop) tests(key random.Key) []DriftTest {
	src := random.New(key)
	var origins []int
	for o := range s.weeks {
		origins = append(origins, o)
	}
	plan := NewDriftPlan(origins, s.horizon, s.recent, s.weeks)
	d := NewDrift(&plan)
	week := make([]float64, s.weeks) // what all SKUs share: a sixth of the variance
	for w := range week {
		week[w] = 0.1 * src.NormFloat64()
	}
	levels := []float64{0.1, 0.3, 0.5, 0.7, 0.9}
	z := []float64{-1.2816, -0.5244, 0, 0.5244, 1.2816}
	q := Quantiles{Levels: levels, Values: make([]float32, len(levels))}
	for range s.skus {
		level := math.Exp(2 + src.NormFloat64())
		for i := range z {
			q.Values[i] = float32(level * max(1+0.24*z[i], 0))
		}
		var seen []DriftObservation
		for w := range s.weeks {
			change, noise := 1.0, 1.0
			if w >= s.weeks-s.recent {
				change, noise = s.change, s.noise
			}
			y := max(level*change*(1+week[w]+0.22*noise*src.NormFloat64()), 0)
			figures := ObserveDrift(&q, 0, y, level)
			for h := range min(s.horizon, w+1) {
				seen = append(seen, DriftObservation{w, h, figures})
			}
		}
		d.Add(seen)
	}
	return d.Tests(key)
}

// TestDriftIsFound: half as much demand again for all SKUs, or twice their spread, is significant in each of 3 shops that share
// strong weekly shocks; the same shops without it are not. Seeds 1 to 3.
func TestDriftIsFound(t *testing.T) {
	base := shop{weeks: 40, horizon: 4, skus: 60, recent: 4, change: 1, noise: 1}
	shifted, noisy := base, base
	shifted.change = 1.5
	noisy.noise = 3
	for seed := range uint64(3) {
		key := random.NewKey(seed + 1)
		quiet := base.tests(key)
		for _, c := range quiet {
			if c.P < 0.01 && c.Notable {
				t.Errorf("seed %d: %v rings without drift: %+v", seed+1, c.Figure, c)
			}
		}
		if c := shifted.tests(key)[DriftBias]; c.P > 0.005 || !c.Notable || c.Change > -0.2 {
			t.Errorf("seed %d: half as much demand again is not found: %+v", seed+1, c)
		}
		for _, f := range []DriftFigure{DriftLoss, DriftCoverage} {
			if c := noisy.tests(key)[f]; c.P > 0.002 || !c.Notable {
				t.Errorf("seed %d: thrice the spread is not found in the %v: %+v", seed+1, f, c)
			}
		}
	}
}

// TestDriftComparesSKUsWithThemselves: an assortment whose volatile half leaves before the recent weeks has not drifted, and a
// lost SKU does not count.
func TestDriftComparesSKUsWithThemselves(t *testing.T) {
	var origins []int
	for o := range 24 {
		origins = append(origins, o)
	}
	plan := NewDriftPlan(origins, 2, 4, 24)
	d := NewDrift(&plan)
	for sku := range 20 {
		weeks, loss := 24, 0.2
		if sku%2 == 0 {
			weeks, loss = 20, 3
		}
		var seen []DriftObservation
		for w := range weeks {
			wave := 0.01 * float64(w%3)
			seen = append(seen, DriftObservation{w, 0, [numDriftFigures]float64{loss + wave, 0.8, wave}})
		}
		d.Add(seen)
	}
	c := d.Tests(random.NewKey(1))[DriftLoss]
	if math.Abs(c.Change) > 0.02 || c.P < 0.05 || c.Notable {
		t.Errorf("the assortment's change looks like drift: %+v", c)
	}
	if d.SKUs() != 20 {
		t.Errorf("%d SKUs compared, want 20", d.SKUs())
	}
}

func TestDriftPlan(t *testing.T) {
	weekly := func(n int) (origins []int) {
		for o := range n {
			origins = append(origins, 100+o)
		}
		return origins
	}
	for _, c := range []struct {
		name    string
		origins []int
		ahead   int
	}{
		{"a year of weekly runs", weekly(52), 12},
		{"16 weekly runs: 12 past weeks, of which the last lead with 8 is 4", weekly(16), 5},
		{"a single run: every lead has one week", weekly(1), 0},
		{"no run", nil, 0},
	} {
		end := 100 + max(len(c.origins), 1)
		if p := NewDriftPlan(c.origins, 12, 4, end); p.Ahead != c.ahead {
			t.Errorf("%s: %d weeks ahead are compared, want %d", c.name, p.Ahead, c.ahead)
		}
	}
	plan := NewDriftPlan(weekly(1), 12, 4, 112)
	if tests := NewDrift(&plan).Tests(0); tests != nil {
		t.Errorf("nothing to compare gives %v", tests)
	}
}

func TestHolm(t *testing.T) {
	// R: p.adjust(c(0.01, 0.04, 0.03, 0.005), "holm") = 0.03 0.06 0.06 0.02
	for i, got := range Holm([]float64{0.01, 0.04, 0.03, 0.005}) {
		if want := []float64{0.03, 0.06, 0.06, 0.02}[i]; math.Abs(got-want) > 1e-12 {
			t.Errorf("adjusted p-value %d is %g, want %g", i, got, want)
		}
	}
}
