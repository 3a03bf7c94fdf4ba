package settings_test

import (
	"fmt"

	"github.com/restock-engine/restock/io/settings"
	"github.com/restock-engine/restock/io/table"
)

func Example() {
	s, err := settings.Parse("restock.yaml", []byte(`
defaults:
  holding_cost: 0.02
  lead_time_mean: 3
merchants:
  M042:
    holding_cost: 0.05
`))
	if err != nil {
		fmt.Println(err)
		return
	}
	row := table.ArticleRow{Key: table.Key{Merchant: "M042", Article: "X"}, OnHand: 4, Price: 30, UnitCost: 18}
	row.Params.Set(table.ReturnRate, 0.5)
	article, decision, err := s.Article(&row)
	fmt.Println(article.HoldingCost, article.LeadTimeMean, article.LostSaleCost, decision.Quantile, err)
	// Output: 0.05 3 6 0.75 <nil>
}
