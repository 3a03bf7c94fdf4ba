package forecast_test

import (
	"fmt"

	"github.com/restock-engine/restock/forecast"
)

// Three articles of one shop, two years of weekly sales each: learn from all, then predict one.
func Example() {
	trainer, err := forecast.NewTrainer(forecast.Options{Horizon: 4})
	if err != nil {
		fmt.Println(err)
		return
	}
	var articles []*forecast.Series
	for i, id := range []string{"cup", "pot", "jug"} {
		s := &forecast.Series{MerchantID: "shop", ArticleID: id, FirstWeek: 2600}
		for range 104 {
			s.Sales = append(s.Sales, float64(10*(i+1)))
		}
		articles = append(articles, s)
		if err := trainer.Add(s); err != nil {
			fmt.Println(err)
			return
		}
	}
	model, err := trainer.Fit()
	if err != nil {
		fmt.Println(err)
		return
	}
	var q forecast.Quantiles
	d, err := model.Predict(articles[0], model.AsOf(), 4, &q)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%s demand, %d weeks ahead, median next week %.0f\n", d.Class, q.Weeks(), q.At(0, 0.5))
	// Output:
	// smooth demand, 4 weeks ahead, median next week 10
}
