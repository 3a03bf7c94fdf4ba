package simulate

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"

	"github.com/restock-engine/restock/forecast"
)

// Statistical tests here fail with a probability of at most 1e-5 each under a new seed; the seeds are fixed. Latin hypercube
// points are spread more evenly than independent ones, so bounds made for independent draws err on the safe side.

// dkw is the distance between empirical and true distribution that n independent draws exceed with probability 1e-6: the
// inequality of Dvoretzky, Kiefer and Wolfowitz with Massart's constant (Annals of Probability 18(3), 1990).
func dkw(n int) float64 { return math.Sqrt(math.Log(2/1e-6) / (2 * float64(n))) }

// rising returns quantiles without ties, so that the distribution is continuous and At can be inverted, and its distribution
// function.
func rising(weeks int) (*forecast.Quantiles, func(week int, x float64) float64) {
	q := &forecast.Quantiles{Levels: forecast.Levels39()}
	for t := range weeks {
		for _, l := range q.Levels {
			q.Values = append(q.Values, float32((20+float64(t))*math.Exp(0.5*distuv.UnitNormal.Quantile(l))))
		}
	}
	return q, func(week int, x float64) float64 {
		low, high := 0.0, 1.0
		for range 60 {
			if mid := (low + high) / 2; q.At(week, mid) < x {
				low = mid
			} else {
				high = mid
			}
		}
		return low
	}
}

// pointForecast returns quantiles of a single level with the given value in each week.
func pointForecast(values ...float32) *forecast.Quantiles {
	return &forecast.Quantiles{Levels: []float64{0.5}, Values: values}
}

func draw(t *testing.T, seed uint64, name string, set Set, a *Article, q *forecast.Quantiles, n int) *Scenarios {
	t.Helper()
	if err := a.Validate(); err != nil {
		t.Fatal(err)
	}
	s, sc := NewSampler(seed), &Scenarios{}
	if err := s.Draw(sc, a, q, s.Key("M", name), set, n, true); err != nil {
		t.Fatal(err)
	}
	return sc
}

// column returns a week's draws.
func column[T any](sc *Scenarios, week int, of func(i, t int) T) []T {
	x := make([]T, sc.N)
	for i := range x {
		x[i] = of(i, week)
	}
	return x
}

func continuousArticle(weeks int) Article {
	a := DefaultArticle()
	a.Horizon, a.Units = weeks, Continuous
	return a
}

// TestDemandDistribution is a Kolmogorov-Smirnov test of each week's demand, and a test of its mean. Without autocorrelation one
// draw lies in each of N equally likely slices, which bounds the distance by 2/N.
func TestDemandDistribution(t *testing.T) {
	const weeks = 12
	q, cdf := rising(weeks)
	for _, phi := range []float64{0, 0.7, -0.4} {
		for _, n := range []int{1, 15, 16, 17, 500, 2000} {
			a := continuousArticle(weeks)
			a.DemandAutocorrelation = phi
			sc := draw(t, 1, "X", EvalSet, &a, q, n)
			for week := range weeks {
				x := column(sc, week, sc.Demand)
				mean, sd := stat.MeanStdDev(x, nil)
				slices.Sort(x)
				d := 0.0
				for i := range x {
					u := cdf(week, x[i])
					d = max(d, u-float64(i)/float64(n), float64(i+1)/float64(n)-u)
				}
				if d > dkw(n) || phi == 0 && d > 2/float64(n)+1e-6 {
					t.Errorf("phi %g, %d scenarios, week %d: distance %.4f", phi, n, week, d)
				}
				if n >= 500 && math.Abs(mean-q.Mean(week)) > zLimit*sd/math.Sqrt(float64(n)) {
					t.Errorf("phi %g, %d scenarios, week %d: mean %.3f, want %.3f", phi, n, week, mean, q.Mean(week))
				}
			}
		}
	}
}

// TestWholeUnitsAreUnbiased: 0.3 a week sells 0.3 a week on average, one unit or none.
func TestWholeUnitsAreUnbiased(t *testing.T) {
	a := DefaultArticle()
	a.Horizon = 4
	const n = 1000
	sc := draw(t, 1, "slow", OptSet, &a, pointForecast(0.3, 7, 2.75, 0), n)
	for week, want := range []float64{float64(float32(0.3)), 7, 2.75, 0} {
		x := column(sc, week, sc.Demand)
		if mean := stat.Mean(x, nil); math.Abs(mean-want) > 2.0/n { // one rounding number in each slice
			t.Errorf("week %d: mean %v, want %v", week, mean, want)
		}
		for _, d := range x {
			if d != math.Floor(want) && d != math.Ceil(want) {
				t.Fatalf("week %d: demand %v for %v", week, d, want)
			}
		}
	}
	q, _ := rising(4) // rounding and demand together
	sc = draw(t, 1, "fast", OptSet, &a, q, n)
	for week := range 4 {
		x := column(sc, week, sc.Demand)
		if mean, sd := stat.MeanStdDev(x, nil); math.Abs(mean-q.Mean(week)) > zLimit*sd/math.Sqrt(n) {
			t.Errorf("week %d: mean %v, want %v", week, mean, q.Mean(week))
		}
	}
}

// TestAutocorrelation: the normal scores of the draws have the lag-1 correlation φ and the lag-2 correlation φ², and other
// sources of chance none.
func TestAutocorrelation(t *testing.T) {
	const n, weeks = 2000, 13
	q, cdf := rising(weeks)
	for _, phi := range []float64{0, 0.3, 0.8, -0.5} {
		a := continuousArticle(weeks)
		a.DemandAutocorrelation, a.LeadTimeCV = phi, 0.5
		sc := draw(t, 2, "X", OptSet, &a, q, n)
		scores := make([][]float64, weeks)
		for week := range scores {
			scores[week] = column(sc, week, func(i, t int) float64 { return distuv.UnitNormal.Quantile(cdf(t, sc.Demand(i, t))) })
		}
		for lag := 1; lag <= 3; lag++ {
			sum, pairs := 0.0, 0
			for week := range weeks - lag {
				sum += stat.Correlation(scores[week], scores[week+lag], nil)
				pairs++
			}
			// A correlation of n pairs has a standard error of at most 1/√n; neighbouring pairs of weeks share one week.
			if want, limit := math.Pow(phi, float64(lag)), zLimit*math.Sqrt2/math.Sqrt(float64(n*pairs)); math.Abs(sum/float64(pairs)-want) > limit {
				t.Errorf("phi %g, lag %d: correlation %.4f, want %.4f ± %.4f", phi, lag, sum/float64(pairs), want, limit)
			}
		}
		if c := stat.Correlation(scores[0], column(sc, 0, sc.LeadTime), nil); math.Abs(c) > zLimit/math.Sqrt(n) {
			t.Errorf("phi %g: demand and lead time are correlated, %.3f", phi, c)
		}
	}
}

// TestLeadTimes: Gamma lead times show their mean, coefficient of variation and weeks; a list shows each of its elements equally
// often.
func TestLeadTimes(t *testing.T) {
	const n, weeks = 1000, 3
	q := pointForecast(1, 1, 1)
	for _, c := range []struct{ mean, cv float64 }{{0.4, 0.3}, {2.5, 0.5}, {3, 1.2}, {30, 0.1}, {2, 10}} {
		a := continuousArticle(weeks)
		a.LeadTimeMean, a.LeadTimeCV = c.mean, c.cv
		sc := draw(t, 3, "X", OptSet, &a, q, n)
		shape := 1 / (c.cv * c.cv)
		gamma := distuv.Gamma{Alpha: shape, Beta: shape / c.mean}
		for week := range weeks {
			x := column(sc, week, sc.LeadTime)
			mean, sd := stat.MeanStdDev(x, nil)
			if c.cv < 5 && (math.Abs(mean/c.mean-1) > 0.01 || math.Abs(sd/mean/c.cv-1) > 0.05) { // at cv 10 the tail has not been met in 1,000 draws
				t.Errorf("week %d: lead time of mean %.3f and cv %.3f, want %g and %g", week, mean, sd/mean, c.mean, c.cv)
			}
			for k := range weeks + 1 {
				p := gamma.CDF(float64(k+1)) - gamma.CDF(float64(k))
				if k == weeks {
					p = 1 - gamma.CDF(float64(k))
				}
				count := 0
				for i := range n {
					if sc.ArrivalDelay(i, week) == k {
						count++
					}
				}
				if math.Abs(float64(count)/n-p) > 2.0/n+1e-6 { // one draw in each slice
					t.Errorf("mean %g, cv %g, week %d: %d of %d orders take %d weeks, want a share of %.4f", c.mean, c.cv, week, count, n, k, p)
				}
			}
		}
		checkFloors(t, sc)
	}
	a := continuousArticle(weeks)
	a.LeadTimeSamples = []float64{3.5, 0.5, 2, 2, 9}
	sc := draw(t, 3, "X", OptSet, &a, q, n)
	for week := range weeks {
		counts := map[float64]int{}
		for _, l := range column(sc, week, sc.LeadTime) {
			counts[l]++
		}
		for l, want := range map[float64]int{0.5: n / 5, 2: 2 * n / 5, 3.5: n / 5, 9: n / 5} {
			if counts[l] < want-2 || counts[l] > want+2 || len(counts) != 4 {
				t.Errorf("week %d: lead times %v, want %d of %g", week, counts, want, l)
			}
		}
	}
	checkFloors(t, sc)
}

// checkFloors: an order arrives after floor(ℓ) weeks, or after the horizon.
func checkFloors(t *testing.T, sc *Scenarios) {
	t.Helper()
	for i := range sc.N {
		for week := range sc.Weeks {
			if l := sc.LeadTime(i, week); sc.ArrivalDelay(i, week) != int(min(math.Floor(l), float64(sc.Weeks))) {
				t.Fatalf("lead time %v, but the order arrives after %d weeks", l, sc.ArrivalDelay(i, week))
			}
		}
	}
}

func TestConstantLeadTimes(t *testing.T) {
	for l, want := range map[float64]int{0: 0, 0.99: 0, 1: 1, 1.5: 1, math.Nextafter(2, 0): 1, 2: 2, 3.7: 3, 4: 4, 52: 4} {
		a := continuousArticle(4)
		a.LeadTimeMean = l
		listed := a
		listed.LeadTimeSamples, listed.LeadTimeMean = []float64{l}, 1
		for _, a := range []*Article{&a, &listed} {
			sc := draw(t, 4, "X", OptSet, a, pointForecast(1, 1, 1, 1), 20)
			for i := range sc.N {
				if got := sc.ArrivalDelay(i, 2); got != want || sc.LeadTime(i, 2) != l {
					t.Fatalf("lead time %v: drawn %v, arrives after %d weeks, want %d", l, sc.LeadTime(i, 2), got, want)
				}
			}
		}
	}
}

// TestReturnDraws: lags as often as their weights say, rounding numbers uniform, odd multiples of 2^-24, independent of the lag.
func TestReturnDraws(t *testing.T) {
	const n, weeks = 1000, 3
	a := DefaultArticle()
	a.Horizon, a.ReturnRate, a.ReturnLagWeights = weeks, 0.5, []float64{0.2, 0, 0.5, 0.3}
	sc := draw(t, 5, "X", OptSet, &a, pointForecast(1, 1, 1), n)
	for week := range weeks {
		lags := column(sc, week, sc.ReturnLag)
		counts := make([]int, 6)
		for _, k := range lags {
			counts[k]++
		}
		for k, w := range a.ReturnLagWeights {
			if math.Abs(float64(counts[k+1])-w*n) > 2 {
				t.Errorf("week %d: lag %d drawn %d times of %d, want a share of %g", week, k+1, counts[k+1], n, w)
			}
		}
		rounds := column(sc, week, sc.ReturnRound)
		for _, v := range rounds {
			if k := v * 0x1p24; k != math.Trunc(k) || math.Mod(k, 2) != 1 || v <= 0 || v >= 1 {
				t.Fatalf("rounding number %v", v)
			}
		}
		x := make([]float64, n)
		for i, k := range lags {
			x[i] = float64(k)
		}
		if c := stat.Correlation(x, rounds, nil); math.Abs(c) > zLimit/math.Sqrt(n) {
			t.Errorf("week %d: lags and rounding numbers are correlated, %.3f", week, c)
		}
		slices.Sort(rounds)
		for i, v := range rounds {
			if math.Abs(v-(float64(i)+0.5)/n) > 2.0/n {
				t.Fatalf("week %d: rounding number %d of %d is %v", week, i, n, v)
			}
		}
	}
}

// TestSetsAndKeysAreIndependent. SKUs share their points and differ by shifts: the draws of one pair of SKUs are strongly
// dependent, with a correlation between -0.5 and 1, of variance 1/20 + 1/30 at most over the shifts, and of mean 0. What is
// tested is that mean. Sets and seeds share nothing.
func TestSetsAndKeysAreIndependent(t *testing.T) {
	const n, keys = 400, 300
	a := continuousArticle(2)
	q := &forecast.Quantiles{Levels: []float64{0.25, 0.75}, Values: []float32{1, 2, 1, 2}}
	ranks := func(seed uint64, name string, set Set, week int) []float64 {
		sc := draw(t, seed, name, set, &a, q, n)
		return column(sc, week, func(i, t int) float64 { return -math.Exp(-sc.Demand(i, t)) })
	}
	base := ranks(1, "0", OptSet, 0)
	between := 0.0
	for k := 1; k <= keys; k++ {
		between += stat.Correlation(base, ranks(1, fmt.Sprint(k), OptSet, 0), nil) / keys
	}
	if limit := zLimit * 0.5 / math.Sqrt(keys); math.Abs(between) > limit {
		t.Errorf("draws of different keys have a mean correlation of %.3f, limit %.3f", between, limit)
	}
	for k := range 5 { // a shared pool shows for most keys, not for all
		name := fmt.Sprint(k)
		base := ranks(1, name, OptSet, 0)
		for what, x := range map[string][]float64{
			"set":  ranks(1, name, EvalSet, 0),
			"seed": ranks(2, name, OptSet, 0),
			"week": ranks(1, name, OptSet, 1),
		} {
			if c := stat.Correlation(base, x, nil); math.Abs(c) > zLimit/math.Sqrt(n) {
				t.Errorf("key %d: draws of different %ss are correlated, %.3f", k, what, c)
			}
		}
	}
}

// TestDrawsDependOnSeedAndKeyAlone: not on what was drawn before, nor on the memory reused, the policy's economics or the
// horizon.
func TestDrawsDependOnSeedAndKeyAlone(t *testing.T) {
	q, _ := rising(12)
	a := DefaultArticle()
	a.LeadTimeMean, a.LeadTimeCV, a.ReturnRate, a.ReturnLagWeights, a.DemandAutocorrelation = 2, 0.5, 0.3, []float64{0.5, 0.5}, 0.4
	want := draw(t, 7, "X", EvalSet, &a, q, 100)

	s, again := NewSampler(7), &Scenarios{}
	r := rand.New(rand.NewPCG(8, 0))
	for k := range 30 { // other SKUs, forecasts, sizes, sets and units, in the same memory
		b, _ := anyCase(r)
		b.Horizon = 1 + r.IntN(12)
		other := anyQuantiles(r, anyOf(r, 1, 7, 39), 12)
		if err := s.Draw(again, &b, other, s.Key("M", fmt.Sprint(k)), Set(k%3), 1+r.IntN(200), k%2 == 0); err != nil {
			t.Fatal(err)
		}
	}
	priced := a
	priced.OnHand, priced.Price, priced.HoldingCost, priced.ReviewPeriod, priced.PackSize = 50, 9, 2, 3, 6
	if err := s.Draw(again, &priced, q, s.Key("M", "X"), EvalSet, 100, true); err != nil {
		t.Fatal(err)
	}
	same(t, "drawn again", want, again, 12)

	shorter := a
	shorter.Horizon = 6
	same(t, "drawn for six weeks", draw(t, 7, "X", EvalSet, &shorter, q, 100), want, 6)
}

// same checks that two sets hold the same draws in the first weeks. Delays are capped at the horizon of each.
func same(t *testing.T, name string, a, b *Scenarios, weeks int) {
	t.Helper()
	for i := range a.N {
		for week := range weeks {
			if a.Demand(i, week) != b.Demand(i, week) || a.LeadTime(i, week) != b.LeadTime(i, week) || a.ReturnLag(i, week) != b.ReturnLag(i, week) ||
				a.ReturnRound(i, week) != b.ReturnRound(i, week) || a.ArrivalDelay(i, week) != min(b.ArrivalDelay(i, week), a.Weeks) {
				t.Fatalf("%s: scenario %d differs in week %d", name, i, week)
			}
		}
	}
}

// TestWideScenarios: a demand beyond the int32 layout changes the layout, and nothing else.
func TestWideScenarios(t *testing.T) {
	a := DefaultArticle()
	a.Horizon, a.HoldingCost, a.LostSaleCost, a.ReturnRate = 3, 1, 5, 0.3
	narrow := draw(t, 9, "X", OptSet, &a, pointForecast(2.5, 1e6, 3.25), 50)
	wide := draw(t, 9, "X", OptSet, &a, pointForecast(2.5, 1e6, 1e9), 50)
	if narrow.wide || !wide.wide {
		t.Fatalf("wide: %t and %t, want false and true", narrow.wide, wide.wide)
	}
	same(t, "wide", narrow, wide, 2)
	for i := range wide.N {
		wide.wide64[wide.index(i, 2)] = narrow.Demand(i, 2)
	}
	p := SS{10, 2e6}
	if !slices.Equal(Run(&a, p, narrow, nil), Run(&a, p, wide, nil)) {
		t.Error("the same scenarios give different totals in the two layouts")
	}
	for _, demand := range []float32{1<<24 - 2, 1<<24 - 1, 1 << 24, 1e12} { // at the border of the layouts
		sc := draw(t, 9, "X", OptSet, &a, pointForecast(demand, demand, demand), 4)
		if got := sc.Demand(3, 2); got != float64(demand) {
			t.Errorf("demand %v, want %v (wide: %t)", got, demand, sc.wide)
		}
	}
}

func TestDrawErrors(t *testing.T) {
	s, a := NewSampler(1), DefaultArticle()
	q, _ := rising(11)
	if err := s.Draw(&Scenarios{}, &a, q, 1, OptSet, 10, false); err == nil {
		t.Error("a forecast of 11 weeks is enough for 12")
	}
	q, _ = rising(12)
	for _, n := range []int{0, -1, MaxScenarioWeeks, math.MaxInt} {
		if err := s.Draw(&Scenarios{}, &a, q, 1, OptSet, n, false); err == nil {
			t.Errorf("%d scenarios can be drawn", n)
		}
	}
}

// BenchmarkDraw is what a SKU's scenarios cost, 12 weeks of 39 quantiles.
func BenchmarkDraw(b *testing.B) {
	q := anyQuantiles(rand.New(rand.NewPCG(1, 0)), 39, 12)
	for _, returns := range []float64{0, 0.3} {
		for _, n := range []int{500, 2000} {
			b.Run(fmt.Sprintf("returns=%g/%d", returns, n), func(b *testing.B) {
				a := DefaultArticle()
				a.Units, a.LeadTimeMean, a.LeadTimeCV = Whole, 2.5, 0.4
				a.ReturnRate, a.ReturnLagWeights = returns, []float64{0.2, 0.4, 0.3, 0.1}
				s := NewSampler(1)
				var sc Scenarios
				key := s.Key("m", "a")
				for i := 0; b.Loop(); i++ {
					if err := s.Draw(&sc, &a, q, key.Int(i%100), EvalSet, n, false); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n*sc.Weeks), "ns/scen-week")
			})
		}
	}
}
