package forecast

import (
	"slices"
	"testing"
)

// TestBaselinesWithoutErrors: where a comparator's point forecast was always right, its quantiles are that point.
func TestBaselinesWithoutErrors(t *testing.T) {
	year := make([]float64, 52)
	for i := range year {
		year[i] = float64(10 + i%9)
	}
	periodic := &Series{FirstWeek: testStart, Sales: slices.Repeat(year, 4)}
	naive, err := trained(t, Options{}, []*Series{periodic}).FitSeasonalNaive()
	if err != nil {
		t.Fatal(err)
	}
	q, _ := predicted(t, naive, periodic, testStart+208, 60)
	constant := &Series{FirstWeek: testStart, Sales: slices.Repeat([]float64{6}, 100)}
	average, err := trained(t, Options{}, []*Series{constant}).FitMovingAverage()
	if err != nil {
		t.Fatal(err)
	}
	r, _ := predicted(t, average, constant, testStart+100, 60)
	for h := range 60 {
		for i := range q.Levels {
			if got, want := q.Week(h)[i], float32(year[h%52]); got != want {
				t.Fatalf("seasonal naive, week %d: %g, want %g", h, got, want)
			}
			if got := r.Week(h)[i]; got != 6 {
				t.Fatalf("moving average, week %d: %g, want 6", h, got)
			}
		}
	}
}

// TestModelBeatsBaselines on data with a season and a level, where both matter.
func TestModelBeatsBaselines(t *testing.T) {
	series := synthetic(11, 300, 130, 4, 0.4)
	asOf := testStart + 118
	tr := trained(t, Options{AsOf: asOf}, series)
	m, err := tr.Fit()
	if err != nil {
		t.Fatal(err)
	}
	naive, err := tr.FitSeasonalNaive()
	if err != nil {
		t.Fatal(err)
	}
	average, err := tr.FitMovingAverage()
	if err != nil {
		t.Fatal(err)
	}
	var loss [3]float64
	for i, f := range []Forecaster{m, naive, average} {
		score := NewScore(Levels39())
		for _, s := range series {
			q, _ := predicted(t, f, s, asOf, 12)
			for h := range 12 {
				score.Add(q, h, s.Sales[118+h])
			}
		}
		loss[i] = score.WeightedQuantileLoss()
	}
	t.Logf("weighted quantile loss: model %.3f, seasonal naive %.3f, moving average %.3f", loss[0], loss[1], loss[2])
	if loss[0] > 0.85*loss[1] || loss[0] > 0.97*loss[2] {
		t.Errorf("weighted quantile loss: model %.3f, seasonal naive %.3f, moving average %.3f", loss[0], loss[1], loss[2])
	}
}

func BenchmarkAdd(b *testing.B) {
	series := synthetic(1, 1000, 156, 3, 0.5)
	tr := trained(b, Options{Sample: 100}, nil)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if err := tr.Add(series[i%len(series)]); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkFit reports the time per series of the sample.
func BenchmarkFit(b *testing.B) {
	tr := trained(b, Options{}, synthetic(1, 500, 156, 3, 0.5))
	for b.Loop() {
		if _, err := tr.Fit(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/500, "ns/series")
}

// BenchmarkPredict is one article: three years of history, 12 weeks, 39 levels.
func BenchmarkPredict(b *testing.B) {
	series := synthetic(1, 1000, 156, 3, 0.5)
	m := fitted(b, Options{}, series)
	var q Quantiles
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if _, err := m.Predict(series[i%len(series)], m.AsOf(), 12, &q); err != nil {
			b.Fatal(err)
		}
	}
}
