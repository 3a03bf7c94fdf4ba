package settings

import (
	"testing"

	"github.com/restock-engine/restock/io/table"
)

// What a partner sets stands above the merchant's section of the file and below the flags; other merchants keep what they have.
func TestMerge(t *testing.T) {
	parse := func(text string) *Settings {
		t.Helper()
		s, err := Parse("test", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	base := parse("defaults: {holding_cost: 1, order_cost: 1}\nmerchants: {M: {holding_cost: 2, order_cost: 2, horizon: 9}}")
	if err := base.Override("scenarios", "77"); err != nil {
		t.Fatal(err)
	}
	merged := base.Merge(parse(`{"merchants":{"M":{"holding_cost":3,"scenarios":5},"New":{"order_cost":4}}}`))
	check := func(s *Settings, merchant string, holding, order float64, horizon int) {
		t.Helper()
		a, d, err := s.Article(&table.ArticleRow{Key: table.Key{Merchant: merchant, Article: "X"}, Price: 2, UnitCost: 1})
		if err != nil {
			t.Fatal(err)
		}
		if a.HoldingCost != holding || a.OrderCost != order || a.Horizon != horizon || d.Scenarios != 77 {
			t.Errorf("%s: holding %v, order %v, horizon %d, scenarios %d", merchant, a.HoldingCost, a.OrderCost, a.Horizon, d.Scenarios)
		}
	}
	check(merged, "M", 3, 2, 9)
	check(merged, "New", 1, 4, 12)
	check(merged, "Other", 1, 1, 12)
	check(base, "M", 2, 2, 9)
	if merged.Hash() == base.Hash() {
		t.Error("the hash does not tell")
	}
}
