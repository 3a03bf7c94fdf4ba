package forecast

import (
	"encoding/binary"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
)

func TestOptionsReportEveryProblem(t *testing.T) {
	err := Options{AsOf: -1, Horizon: 105, Levels: []float64{2}, Sample: -1, Origins: -1, Stride: 53, MinShare: 2}.Validate()
	if err == nil {
		t.Fatal("bad options pass")
	}
	for _, name := range []string{"as-of", "horizon", "levels", "sample", "origins", "stride", "share"} {
		if !strings.Contains(err.Error(), name) {
			t.Errorf("%s is missing from %q", name, err)
		}
	}
	if _, err := NewTrainer(Options{Horizon: -1}); err == nil {
		t.Error("a trainer with bad options is made")
	}
	if err := (Options{}).Validate(); err != nil {
		t.Error(err)
	}
}

func TestNothingToLearnFrom(t *testing.T) {
	tr := trained(t, Options{}, nil)
	if _, err := tr.Fit(); !errors.Is(err, ErrNoSeries) {
		t.Errorf("got %v", err)
	}
	if _, err := tr.FitSeasonalNaive(); !errors.Is(err, ErrNoSeries) {
		t.Errorf("got %v", err)
	}
}

func TestUnusableSeries(t *testing.T) {
	m := fitted(t, Options{}, synthetic(1, 3, 60, 4, 0.3))
	tr := trained(t, Options{}, nil)
	for name, s := range map[string]*Series{
		"far away":         {FirstWeek: math.MaxInt, Sales: []float64{1}},
		"long ago":         {FirstWeek: math.MinInt, Sales: []float64{1}},
		"lengths disagree": {FirstWeek: 2600, Sales: []float64{1, 2}, InStock: []float64{1}},
	} {
		if tr.Add(s) == nil {
			t.Errorf("%s: added", name)
		}
		if _, err := m.Predict(s, 2700, 12, new(Quantiles)); err == nil {
			t.Errorf("%s: predicted", name)
		}
	}
	good := &Series{FirstWeek: 2600, Sales: []float64{1}}
	for _, c := range []struct{ asOf, horizon int }{{2700, 0}, {2700, -1}, {2700, 105}, {math.MaxInt, 12}, {math.MinInt, 12}} {
		if _, err := m.Predict(good, c.asOf, c.horizon, new(Quantiles)); err == nil {
			t.Errorf("as of %d, horizon %d: predicted", c.asOf, c.horizon)
		}
	}
}

// TestOddHistories: predicted checks that everything is finite, ≥ 0 and rises with the level. The odd series are learnt from as well.
func TestOddHistories(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	histories := map[string][]float64{
		"none": nil, "one week": {3}, "two weeks": {0, 2}, "ten weeks": {1, 0, 2, 1, 0, 0, 4, 1, 1, 2},
		"zero": make([]float64, 150), "constant": slices.Repeat([]float64{7}, 150), "huge": slices.Repeat([]float64{1e300, 1e11}, 75),
		"not finite": slices.Repeat([]float64{nan, inf, -inf, 5}, 30), "nothing but NaN": slices.Repeat([]float64{nan}, 60),
		"negative": slices.Repeat([]float64{-5}, 60), "kilograms": slices.Repeat([]float64{0.25, 1.75, 0, 3.1}, 30),
		"tiny": slices.Repeat([]float64{1e-300, 0}, 60), "one bulk order": append(slices.Repeat([]float64{1, 0}, 60), 80_995),
	}
	usual := synthetic(2, 30, 150, 4, 0.3)
	for _, levels := range [][]float64{Levels39(), {0.5}, {0.01, 0.999}} {
		for name, sales := range histories {
			for _, inStock := range [][]float64{nil, make([]float64, len(sales)), slices.Repeat([]float64{nan, 0.7, 2, -1}, len(sales))[:len(sales)]} {
				odd := &Series{MerchantID: "odd", ArticleID: name, FirstWeek: testStart, Sales: sales, InStock: inStock}
				tr := trained(t, Options{Levels: levels, Origins: 4}, append(slices.Clone(usual), odd))
				m, err := tr.Fit()
				if err != nil {
					t.Fatal(err)
				}
				naive, err := tr.FitSeasonalNaive()
				if err != nil {
					t.Fatal(err)
				}
				for _, f := range []Forecaster{m, naive} {
					for _, asOf := range []int{testStart - 10, testStart, testStart + 1, testStart + 150, testStart + 400, 900_000} {
						predicted(t, f, odd, asOf, 14)
					}
				}
			}
		}
	}
	m := fitted(t, Options{}, usual)
	if q, d := predicted(t, m, &Series{}, testStart+150, 12); d.Class != Launch || !(q.Mean(0) > 0) {
		t.Errorf("an article without history is %v, with mean demand %g", d.Class, q.Mean(0))
	}
	q, _ := predicted(t, m, &Series{FirstWeek: testStart, Sales: histories["kilograms"]}, testStart+120, 12)
	if v := q.Week(0)[30]; v == float32(math.Round(float64(v))) {
		t.Errorf("kilograms are rounded: %v", q.Week(0))
	}
	q, _ = predicted(t, m, &Series{FirstWeek: testStart, Sales: histories["constant"]}, testStart+150, 12)
	if v := q.Week(0)[19]; v != float32(math.Round(float64(v))) {
		t.Errorf("whole units are not whole: %v", q.Week(0))
	}
}

// TestOnlyOddSeries learns from a single series, of any kind.
func TestOnlyOddSeries(t *testing.T) {
	for _, sales := range [][]float64{nil, {0}, {5}, make([]float64, 70), slices.Repeat([]float64{1e300}, 70), slices.Repeat([]float64{math.NaN()}, 70)} {
		s := &Series{FirstWeek: testStart, Sales: sales}
		predicted(t, fitted(t, Options{}, []*Series{s}), s, testStart+len(sales), 12)
	}
}

// FuzzPredict reads a history of float64 pairs (sales, in-stock share).
func FuzzPredict(f *testing.F) {
	encode := func(values ...float64) (b []byte) {
		for _, v := range values {
			b = binary.LittleEndian.AppendUint64(b, math.Float64bits(v))
		}
		return b
	}
	f.Add(encode(), 0, true)
	f.Add(encode(3, 1, 0, 0, 5, 0.5), 3, true)
	f.Add(encode(slices.Repeat([]float64{4, 1, 0, 1}, 60)...), 120, false)
	f.Add(encode(slices.Repeat([]float64{1e308, 1, 5e-324, 0.1, math.NaN(), math.Inf(-1)}, 40)...), 200, true)
	m := fitted(f, Options{}, synthetic(3, 50, 120, 3, 0.4))
	f.Fuzz(func(t *testing.T, data []byte, asOf int, known bool) {
		s := &Series{FirstWeek: testStart}
		for ; len(data) >= 16; data = data[16:] {
			s.Sales = append(s.Sales, math.Float64frombits(binary.LittleEndian.Uint64(data)))
			if known {
				s.InStock = append(s.InStock, math.Float64frombits(binary.LittleEndian.Uint64(data[8:])))
			}
		}
		predicted(t, m, s, testStart+asOf%1000, 13)
		predicted(t, fitted(t, Options{Origins: 3, Horizon: 3}, []*Series{s}), s, testStart+asOf%1000, 4)
	})
}
