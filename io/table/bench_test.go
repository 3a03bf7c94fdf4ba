package table

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"testing"
	"time"

	"github.com/restock-engine/restock/forecast"
	"github.com/restock-engine/restock/internal/stat"
	"github.com/restock-engine/restock/optimize"
	"github.com/restock-engine/restock/simulate"
)

// skuKey is the key of the i-th SKU of made-up tables, 500 to a merchant.
func skuKey(i int) Key { return Key{fmt.Sprintf("M%03d", i/500), fmt.Sprintf("A%07d", i)} }

// writeForecast writes 12 weeks and 39 levels for each of n SKUs.
func writeForecast(tb testing.TB, path string, n int) {
	tb.Helper()
	w, err := CreateForecast(path, nil, forecast.Levels39(), time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC))
	if err != nil {
		tb.Fatal(err)
	}
	q := forecast.Quantiles{Levels: forecast.Levels39(), Values: make([]float32, 12*39)}
	for i := range n {
		for k := range q.Values {
			q.Values[k] = float32(i%97) + float32(k%39)*0.37 + float32(k/39)
		}
		if err := w.Write(skuKey(i), &q); err != nil {
			tb.Fatal(err)
		}
	}
	if err := w.Commit(); err != nil {
		tb.Fatal(err)
	}
}

func writeArticles(tb testing.TB, path string, n int) {
	tb.Helper()
	w, err := CreateArticles(path, nil)
	if err != nil {
		tb.Fatal(err)
	}
	for i := range n {
		row := ArticleRow{Key: skuKey(i), OnHand: float64(i % 50), Price: 20, UnitCost: 12}
		row.Params.Set(HoldingCost, 0.01)
		if err := w.Write(&row); err != nil {
			tb.Fatal(err)
		}
	}
	if err := w.Commit(); err != nil {
		tb.Fatal(err)
	}
}

// BenchmarkReadForecast reports rows of 39 quantiles a second.
func BenchmarkReadForecast(b *testing.B) {
	for _, name := range []string{"f.parquet", "f.arrow", "f.csv"} {
		b.Run(filepath.Ext(name)[1:], func(b *testing.B) {
			path := filepath.Join(b.TempDir(), name)
			writeForecast(b, path, 20_000)
			set, err := openFiles(path, nil, "")
			if err != nil {
				b.Fatal(err)
			}
			rows := 0
			for b.Loop() {
				r := newForecastReader(set, ForecastOptions{}, 0, false)
				var row forecastRow
				for ; ; rows++ {
					if err := r.next(&row); errors.Is(err, io.EOF) {
						break
					} else if err != nil {
						b.Fatal(err)
					}
				}
				r.close()
			}
			b.ReportMetric(float64(rows)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}

// BenchmarkJoin reports SKUs a second: articles with 12 weeks of 39 quantiles each.
func BenchmarkJoin(b *testing.B) {
	const n = 5000
	folder := b.TempDir()
	articles, quantiles := filepath.Join(folder, "a.parquet"), filepath.Join(folder, "f.parquet")
	writeArticles(b, articles, n)
	writeForecast(b, quantiles, n)
	for b.Loop() {
		j, err := Join(articles, quantiles, JoinOptions{})
		if err != nil {
			b.Fatal(err)
		}
		for {
			if _, err := j.Next(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				b.Fatal(err)
			}
		}
		j.Close()
	}
	b.ReportMetric(n*float64(b.N)/b.Elapsed().Seconds(), "SKUs/s")
}

func someRecommendation() *optimize.Recommendation {
	f := optimize.Figures{Objective: 1, MeanCost: 2, Parts: simulate.CostParts{Holding: 3}, FillRate: 0.97, GMV: 1234.5}
	i := stat.Interval{Estimate: 12.5, Low: 10.25, High: 14.75}
	return &optimize.Recommendation{Status: optimize.OK, ObjectiveEval: i, Figures: f, DoNothing: f, Plan: &f, Saving: i, ObjectiveSaving: i, PlanSaving: &i}
}

// BenchmarkWriteRecommendations reports rows a second.
func BenchmarkWriteRecommendations(b *testing.B) {
	for _, name := range []string{"r.parquet", "r.arrow", "r.csv"} {
		b.Run(filepath.Ext(name)[1:], func(b *testing.B) {
			w, err := CreateRecommendations(filepath.Join(b.TempDir(), name), nil, RunInfo{RunID: "run", EngineVersion: "1"})
			if err != nil {
				b.Fatal(err)
			}
			defer w.Abort()
			r := someRecommendation()
			i := 0
			for b.Loop() {
				r.Figures.MeanCost = float64(i) * 1.1
				r.Saving.Estimate = float64(i%1000) * 0.37
				if err := w.Write(skuKey(i), r, "0123456789abcdef"); err != nil {
					b.Fatal(err)
				}
				i++
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}
