package optimize

import (
	"fmt"
	"testing"

	"github.com/restock-engine/restock/forecast"
	"github.com/restock-engine/restock/internal/random"
	"github.com/restock-engine/restock/simulate"
)

// typicalSKU makes a SKU like those of a mid-size assortment: a few to some dozens of units a week, 12 weeks.
func typicalSKU(n int) (simulate.Article, forecast.Quantiles) {
	r := random.New(random.NewKey(12, "typical").Int(n))
	a := simulate.DefaultArticle()
	a.Price, a.UnitCost = 10, 5
	a.LostSaleCost, a.HoldingCost = 4.5, 0.05
	a.InboundCost, a.OutboundCost, a.ReturnCost, a.OrderCost = 0.3, 1, 0.5, 2
	a.ReturnRate = 0.1 * float64(r.Intn(3))
	a.ReturnLagWeights = []float64{0.5, 0.3, 0.2}
	a.LeadTimeMean, a.LeadTimeCV = 1+3*r.Float64(), 0.3
	a.ReviewPeriod = 1 + r.Intn(2)
	weekly := 0.5 * float64(int(1)<<r.Intn(7))
	a.OnHand = float64(r.Intn(1 + int(6*weekly)))
	q := forecast.Quantiles{Levels: forecast.Levels39()}
	for range a.Horizon {
		for i := range q.Levels {
			q.Values = append(q.Values, float32(weekly*float64(i*i)/500))
		}
	}
	return a, q
}

// BenchmarkDecide reports whole decisions on one thread, 500 + 2,000 scenarios of 12 weeks.
func BenchmarkDecide(b *testing.B) {
	s := simulate.NewSampler(1)
	var w Workspace
	n, evaluations := 0, 0
	for b.Loop() {
		a, q := typicalSKU(n % 64)
		rec, err := Decide(s, Input{Article: &a, Forecast: &q, Key: s.Key("m", fmt.Sprint(n%64))}, DefaultOptions(), &w)
		if err != nil {
			b.Fatal(err)
		}
		evaluations += rec.Evaluations
		n++
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "SKUs/s")
	b.ReportMetric(float64(evaluations)/float64(n), "evaluations/SKU")
}
