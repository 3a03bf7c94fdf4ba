package settings

import (
	"testing"

	"github.com/restock-engine/restock/io/table"
)

func BenchmarkArticle(b *testing.B) {
	s, err := Parse("restock.yaml", []byte("defaults: {holding_cost: 0.02}\nmerchants: {M: {lead_time_samples: [1, 2]}}"))
	if err != nil {
		b.Fatal(err)
	}
	r := row(param(table.MOQ, 3), param(table.ReturnRate, 0.1), param(table.ReviewPeriod, 2))
	for b.Loop() {
		if _, _, err := s.Article(r); err != nil {
			b.Fatal(err)
		}
	}
}
