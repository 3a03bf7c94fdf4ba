package backtest

import (
	"context"
	"testing"

	"github.com/restock-engine/restock/io/settings"
)

// BenchmarkDate reports SKUs × dates a second with the default arms, on the shipped data: one date, learning included.
func BenchmarkDate(b *testing.B) {
	set, err := settings.Load("../testdata/restock.yaml")
	if err != nil {
		b.Fatal(err)
	}
	arms, err := ParseArms(DefaultArms())
	if err != nil {
		b.Fatal(err)
	}
	_, last, err := HistoryWeeks("../testdata/history.parquet")
	if err != nil {
		b.Fatal(err)
	}
	job := Job{Articles: "../testdata/articles.csv", History: "../testdata/history.parquet", Settings: set, Seed: 1, Workers: 1, Dates: []int{last - 7},
		Evaluate: []int{4, 8}, Arms: arms}
	n := 0
	for b.Loop() {
		report := NewReport(&job, 0)
		report.Write = func(o *Outcome) error {
			if o.Arm == 0 && o.Weeks == 8 {
				n++
			}
			return nil
		}
		if err := Run(context.Background(), job, report); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "SKU-dates/s")
}
