package forecast

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/restock-engine/restock/internal/random"
	"gonum.org/v1/gonum/stat/distuv"
)

const testStart = 2600 // a week of 2019

// season is the true profile of the synthetic articles: mean 1 over a year.
func season(week int) float64 {
	return 1 + 0.6*math.Sin(2*math.Pi*(float64(weekOfYear(week))+0.5)/seasonWeeks)
}

// synthetic returns articles whose weekly demand is negative binomial around level·season: log-normal levels, variance m + kappa·m².
func synthetic(seed uint64, articles, weeks int, median, kappa float64) []*Series {
	out := make([]*Series, articles)
	for i := range out {
		src := random.New(random.NewKey(seed).Int(i))
		level := median * math.Exp(src.NormFloat64())
		s := &Series{MerchantID: fmt.Sprint("m", i%3), ArticleID: fmt.Sprint("a", i), FirstWeek: testStart}
		for t := range weeks {
			m := level * season(testStart+t)
			rate := distuv.Gamma{Alpha: 1 / kappa, Beta: 1 / (kappa * m), Src: src}.Rand()
			s.Sales = append(s.Sales, distuv.Poisson{Lambda: rate, Src: src}.Rand())
		}
		out[i] = s
	}
	return out
}

func trained(t testing.TB, o Options, series []*Series) *Trainer {
	t.Helper()
	tr, err := NewTrainer(o)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range series {
		if err := tr.Add(s); err != nil {
			t.Fatal(err)
		}
	}
	return tr
}

func fitted(t testing.TB, o Options, series []*Series) *Model {
	t.Helper()
	m, err := trained(t, o, series).Fit()
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func predicted(t testing.TB, f Forecaster, s *Series, asOf, horizon int) (*Quantiles, Diagnostics) {
	t.Helper()
	q := new(Quantiles)
	d, err := f.Predict(s, asOf, horizon, q)
	if err != nil {
		t.Fatal(err)
	}
	if q.Weeks() != horizon {
		t.Fatalf("%d weeks predicted, want %d", q.Weeks(), horizon)
	}
	for w := range horizon {
		v := q.Week(w)
		for i, x := range v {
			if !(x >= 0) || math.IsInf(float64(x), 0) || i > 0 && x < v[i-1] {
				t.Fatalf("%s week %d: %v", s.ArticleID, w, v)
			}
		}
	}
	return q, d
}

// TestSeasonIsRecovered: 300 articles, three years, seed 1. A week's index has a standard error of about 0.03; ±0.15 has a false-alarm rate
// below 1e-4 over all weeks.
func TestSeasonIsRecovered(t *testing.T) {
	m := fitted(t, Options{}, synthetic(1, 300, 156, 8, 0.3))
	for week := testStart; week < testStart+seasonWeeks; week++ {
		if got, want := m.all.at(week), season(week); math.Abs(got-want) > 0.15 {
			t.Errorf("week of the year %d: index %.3f, want %.3f", weekOfYear(week), got, want)
		}
	}
}

// TestCalibratedOnNegativeBinomialDemand scores twelve weeks after training, by demand class and over all. Weeks are independent given the true
// distribution: the standard error of a coverage c over n weeks is √(c(1-c)/n). Bound: 4.5 of them (false-alarm rate 7e-6 each) and
// 0.015 for what has to be estimated.
func TestCalibratedOnNegativeBinomialDemand(t *testing.T) {
	for _, c := range []struct {
		name          string
		median, kappa float64
	}{{"brisk", 12, 0.2}, {"slow", 0.5, 0.8}, {"rare", 0.05, 1}} {
		series := synthetic(2, 1200, 156, c.median, c.kappa)
		asOf := testStart + 144
		m := fitted(t, Options{AsOf: asOf}, series)
		score := NewScore(Levels39())
		for _, s := range series {
			q, _ := predicted(t, m, s, asOf, 12)
			for h := range 12 {
				score.Add(q, h, s.Sales[144+h])
			}
		}
		for _, got := range score.Coverage() {
			bound := 4.5*math.Sqrt(got.Nominal*(1-got.Nominal)/float64(score.Weeks())) + 0.015
			if math.Abs(got.Ranked-got.Nominal) > bound {
				t.Errorf("%s: coverage of the %.0f %% interval %.3f, by ranks %.3f", c.name, 100*got.Nominal, got.Closed, got.Ranked)
			}
			if got.Closed < got.Nominal-bound {
				t.Errorf("%s: closed coverage of the %.0f %% interval is %.3f", c.name, 100*got.Nominal, got.Closed)
			}
		}
		if math.Abs(score.Bias()) > 0.12 {
			t.Errorf("%s: bias %+.3f", c.name, score.Bias())
		}
	}
}

// TestStockOutsAreNotDemand hides 40 % of the weeks. Known as stock-outs they leave the mean forecast where it was; unknown they bias it
// by about their share.
func TestStockOutsAreNotDemand(t *testing.T) {
	truth := synthetic(4, 200, 130, 8, 0.2)
	masked, blind := make([]*Series, len(truth)), make([]*Series, len(truth))
	for i, s := range truth {
		src := random.New(random.NewKey(5).Int(i))
		sales, inStock := slices.Clone(s.Sales), make([]float64, len(s.Sales))
		for w := range sales {
			switch u := src.Float64(); {
			case u < 0.4:
				sales[w] = 0
			default:
				inStock[w] = 1
			}
		}
		masked[i] = &Series{MerchantID: s.MerchantID, ArticleID: s.ArticleID, FirstWeek: s.FirstWeek, Sales: sales, InStock: inStock}
		blind[i] = &Series{MerchantID: s.MerchantID, ArticleID: s.ArticleID, FirstWeek: s.FirstWeek, Sales: sales}
	}
	mean := func(series []*Series) (sum float64) {
		m := fitted(t, Options{}, series)
		for _, s := range series {
			q, _ := predicted(t, m, s, testStart+130, 12)
			for h := range 12 {
				sum += q.Mean(h)
			}
		}
		return sum
	}
	full, withMask, without := mean(truth), mean(masked), mean(blind)
	t.Logf("forecast against full knowledge: stock-outs masked %+.1f %%, not masked %+.1f %%", 100*(withMask/full-1), 100*(without/full-1))
	if math.Abs(withMask/full-1) > 0.05 {
		t.Errorf("masked stock-outs bias the forecast by %+.3f", withMask/full-1)
	}
	if without/full-1 > -0.3 {
		t.Errorf("unmasked stock-outs should bias the forecast by about -0.4, got %+.3f", without/full-1)
	}
}

func TestPartialWeeks(t *testing.T) {
	s := &Series{Sales: []float64{10, 5, 2, 0, 30, math.NaN(), math.Inf(1), -3}, InStock: []float64{1, 0.5, 0.2, 0, 0, 1, 1, 1}}
	var d demand
	d.clean(s, 8, 0.5)
	if want := []float64{10, 10, 2, 0, 30, 0, 0, 0}; !slices.Equal(d.y, want) {
		t.Errorf("demand %v, want %v", d.y, want)
	}
	if want := []float64{1, 0.5, 0, 0, 0, 0, 0, 1}; !slices.Equal(d.weight, want) {
		t.Errorf("weights %v, want %v", d.weight, want)
	}
}

// TestLifeOfASeries: what comes before the launch and behind the end of a history.
func TestLifeOfASeries(t *testing.T) {
	for _, c := range []struct {
		name    string
		s       Series
		first   int
		demand  []float64
		weights []float64
	}{
		{"zeros before the first sale", Series{FirstWeek: 100, Sales: []float64{0, 0, 3, 0}}, 102, []float64{3, 0, 0, 0}, []float64{1, 1, 1, 1}},
		{"never sold", Series{FirstWeek: 103, Sales: []float64{0, 0}}, 103, []float64{0, 0, 0}, []float64{1, 1, 1}},
		{"in stock without a sale", Series{FirstWeek: 100, Sales: []float64{0, 0, 3}, InStock: []float64{0, 1, 1}}, 101,
			[]float64{0, 3, 0, 0, 0}, []float64{1, 1, 0, 0, 0}},
		{"begins later", Series{FirstWeek: 200, Sales: []float64{4}}, 106, nil, nil},
	} {
		var d demand
		d.clean(&c.s, 106, 0.5)
		if d.first != c.first || !slices.Equal(d.y, c.demand) || !slices.Equal(d.weight, c.weights) {
			t.Errorf("%s: first %d, demand %v, weights %v", c.name, d.first, d.y, d.weight)
		}
	}
}

// TestNoLeak changes everything from the as-of week on: neither training nor prediction may notice.
func TestNoLeak(t *testing.T) {
	const asOf = testStart + 120
	series := synthetic(6, 60, 156, 5, 0.3)
	changed := make([]*Series, len(series))
	for i, s := range series {
		c := *s
		c.Sales = slices.Clone(s.Sales)
		c.InStock = make([]float64, len(c.Sales))
		own := *s
		own.InStock = slices.Repeat([]float64{1}, len(c.Sales))
		series[i] = &own
		for w := range c.Sales {
			c.InStock[w] = 1
			if c.FirstWeek+w >= asOf {
				c.Sales[w], c.InStock[w] = 1e6+0.5, 0.3
			}
		}
		if i%2 == 0 {
			c.Sales, c.InStock = c.Sales[:120], c.InStock[:120]
		}
		changed[i] = &c
	}
	type fit func(*Trainer) (Forecaster, error)
	for name, fit := range map[string]fit{
		"model":          func(t *Trainer) (Forecaster, error) { return t.Fit() },
		"seasonal naive": func(t *Trainer) (Forecaster, error) { return t.FitSeasonalNaive() },
		"moving average": func(t *Trainer) (Forecaster, error) { return t.FitMovingAverage() },
	} {
		a, err := fit(trained(t, Options{AsOf: asOf}, series))
		if err != nil {
			t.Fatal(err)
		}
		b, err := fit(trained(t, Options{AsOf: asOf}, changed))
		if err != nil {
			t.Fatal(err)
		}
		for i := range series {
			q, _ := predicted(t, a, series[i], asOf, 12)
			r, _ := predicted(t, b, changed[i], asOf, 12)
			if !slices.Equal(q.Values, r.Values) {
				t.Fatalf("%s: the future of article %d changes its forecast", name, i)
			}
		}
	}
}

// TestOrderDoesNotMatter trains in order, reversed, and in three merged parts, with fewer places in the sample than articles.
func TestOrderDoesNotMatter(t *testing.T) {
	series := synthetic(7, 90, 120, 4, 0.5)
	o := Options{Sample: 40, Horizon: 5}
	reversed := slices.Clone(series)
	slices.Reverse(reversed)
	merged := trained(t, o, series[70:])
	for _, part := range [][]*Series{series[20:70], series[:20]} {
		if err := merged.Merge(trained(t, o, part)); err != nil {
			t.Fatal(err)
		}
	}
	inOrder := fitted(t, o, series)
	fromParts, err := merged.Fit()
	if err != nil {
		t.Fatal(err)
	}
	for name, other := range map[string]*Model{"reversed": fitted(t, o, reversed), "merged": fromParts} {
		if inOrder.Autocorrelation() != other.Autocorrelation() || inOrder.AsOf() != other.AsOf() {
			t.Errorf("%s: another φ or as-of week", name)
		}
		for _, s := range series {
			q, _ := predicted(t, inOrder, s, inOrder.AsOf(), 5)
			r, _ := predicted(t, other, s, inOrder.AsOf(), 5)
			if !slices.Equal(q.Values, r.Values) {
				t.Fatalf("%s: other forecasts for %s", name, s.ArticleID)
			}
		}
	}
	different, err := NewTrainer(Options{Horizon: 6})
	if err != nil {
		t.Fatal(err)
	}
	if merged.Merge(different) == nil {
		t.Error("trainers with different options merge")
	}
}

// TestSlowSellersKeepTheirMean: the quantiles of an article that sells every fiftieth week are nearly all 0, yet its mean must be neither 0
// nor several times too high. 600 articles with true means around 0.02, seed 8, compared with the truth in the slower and the faster half;
// their true means differ by a factor of 5, of which 156 weeks show only a part.
func TestSlowSellersKeepTheirMean(t *testing.T) {
	series := synthetic(8, 600, 156, 0.02, 0.2)
	m := fitted(t, Options{}, series)
	var forecast, truth [2]float64
	for i, s := range series {
		level := 0.02 * math.Exp(random.New(random.NewKey(8).Int(i)).NormFloat64())
		half := 0
		if level > 0.02 {
			half = 1
		}
		q, _ := predicted(t, m, s, testStart+156, 52)
		year := 0.0
		for h := range 52 {
			year += q.Mean(h)
		}
		if year == 0 && slices.Max(s.Sales[52:]) > 0 {
			t.Errorf("%s sold in the last two years, and is never to sell again", s.ArticleID)
		}
		forecast[half] += year
		truth[half] += level * 52
	}
	t.Logf("forecast %.0f and %.0f units in a year, truth %.0f and %.0f", forecast[0], forecast[1], truth[0], truth[1])
	if forecast[0] < 0.7*truth[0] || forecast[0] > 2*truth[0] || math.Abs(forecast[1]/truth[1]-1) > 0.25 {
		t.Errorf("forecast %.0f and %.0f units in a year, truth %.0f and %.0f", forecast[0], forecast[1], truth[0], truth[1])
	}
}

func TestLevelShiftAndEndOfLife(t *testing.T) {
	series := synthetic(9, 200, 130, 6, 0.3)
	m := fitted(t, Options{}, series)
	up, dead := slices.Repeat([]float64{5}, 130), slices.Repeat([]float64{5}, 130)
	for w := 110; w < 130; w++ {
		up[w], dead[w] = 15, 0
	}
	q, _ := predicted(t, m, &Series{FirstWeek: testStart, Sales: up}, testStart+130, 4)
	if base := m.all.at(testStart + 130); q.Mean(0) < 8*base {
		t.Errorf("20 weeks after a rise from 5 to 15 a week, %.1f are expected at a seasonal index of %.2f", q.Mean(0), base)
	}
	q, d := predicted(t, m, &Series{FirstWeek: testStart, Sales: append(dead, 0, 0, 0, 0, 0, 0)}, testStart+136, 4)
	if d.Class != Dormant || q.Mean(0) > 1 {
		t.Errorf("26 weeks after its last sale the article is %v, with %.2f a week", d.Class, q.Mean(0))
	}
}

// TestLevelsAreDeseasonalisedAndMasked follows demand that is exactly ten times the seasonal index, with every third week out of stock.
func TestLevelsAreDeseasonalisedAndMasked(t *testing.T) {
	var profile profile
	for i := range profile {
		profile[i] = 0.5 + float64(i)/(seasonWeeks-1)
	}
	s := &Series{FirstWeek: testStart}
	for w := range 120 {
		inStock := float64(min(w%3, 1))
		s.InStock = append(s.InStock, inStock)
		s.Sales = append(s.Sales, inStock*10*profile.at(testStart+w))
	}
	var k track
	k.d.clean(s, testStart+120, 0.5)
	k.start(&profile, 10)
	k.advance(len(k.d.y))
	for h := range 12 {
		x, index := k.features(len(k.d.y) + h)
		for i, got := range x {
			if math.Abs(got-10*index) > 1e-9 {
				t.Errorf("opinion %d on week %d: %.4f, want %.4f", i, h, got, 10*index)
			}
		}
	}
}

// TestOpinionsUseOnlyThePast: at an origin within a history, what follows changes no opinion, however far ahead.
func TestOpinionsUseOnlyThePast(t *testing.T) {
	s := synthetic(10, 1, 156, 9, 0.3)[0]
	changed := *s
	changed.Sales = slices.Clone(s.Sales)
	for w := 80; w < 156; w++ {
		changed.Sales[w] = 1e6
	}
	var opinions [2][maxHorizon]features
	for i, s := range []*Series{s, &changed} {
		var k track
		k.d.clean(s, testStart+156, 0.5)
		p := flatProfile()
		k.start(&p, 3)
		k.advance(80 - (k.d.first - testStart))
		for h := range maxHorizon {
			opinions[i][h], _ = k.features(k.next + h)
		}
	}
	if opinions[0] != opinions[1] {
		t.Error("opinions at week 80 depend on later weeks")
	}
}
