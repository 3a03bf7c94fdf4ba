package demo

import (
	"math"

	"github.com/restock-engine/restock/forecast"
	"github.com/restock-engine/restock/internal/random"
	"github.com/restock-engine/restock/io/table"
	"github.com/restock-engine/restock/simulate"
)

// row writes the row of a SKU made from a template to dst, and returns the factor between their prices. slowness is a factor of
// the merchant's lead times.
func (g *Generator) row(dst *table.ArticleRow, t *template, id table.Key, f *forecast.Quantiles, slowness float64,
	r random.Source) float64 {
	*dst = table.ArticleRow{Key: id}
	price := economics(dst, &t.article, r)
	lead := supply(dst, &t.article, slowness, r)
	g.stock(dst, t, weekly(f), lead, r)
	return price
}

// economics sets prices and costs, each a bit off those of the template, and returns the factor of the price.
func economics(dst *table.ArticleRow, a *simulate.Article, r random.Source) float64 {
	jitter := func(x, sigma float64) float64 { return x * math.Exp(sigma*r.NormFloat64()) }
	factor := jitter(1, 0.4)
	dst.Price = max(0.1, roundTo(factor*a.Price, 0.01))
	margin := min(max(0.15, jitter(1-a.UnitCost/a.Price, 0.1)), 0.85)
	dst.UnitCost = roundTo(dst.Price*(1-margin), 0.001)
	for _, c := range []struct {
		column table.Param
		value  float64
	}{
		{table.HoldingCost, a.HoldingCost}, {table.InboundCost, a.InboundCost}, {table.OutboundCost, a.OutboundCost},
		{table.ReturnCost, a.ReturnCost}, {table.OverstockCost, a.OverstockCost},
	} {
		dst.Params.Set(c.column, roundTo(jitter(factor*c.value, 0.2), 0.00001))
	}
	dst.Params.Set(table.OrderCost, roundTo(jitter(a.OrderCost, 0.2), 0.01))
	dst.Params.Set(table.ReturnRate, roundTo(min(jitter(a.ReturnRate, 0.5), 0.6), 0.0001))
	dst.Params.Set(table.ResalableShare, a.ResalableShare)
	return factor
}

// supply sets lead time, reviews and order rules, and returns the mean lead time in weeks.
func supply(dst *table.ArticleRow, a *simulate.Article, slowness float64, r random.Source) float64 {
	lead := roundTo(min(max(0.5, a.LeadTimeMean*slowness*math.Exp(0.2*r.NormFloat64())), 9), 0.1)
	dst.Params.Set(table.LeadTimeMean, lead)
	dst.Params.Set(table.LeadTimeCV, roundTo(min(a.LeadTimeCV*math.Exp(0.2*r.NormFloat64()), 1), 0.01))
	dst.Params.Set(table.ReviewPeriod, float64(a.ReviewPeriod))
	dst.Params.Set(table.ReviewPhase, float64(r.Intn(a.ReviewPeriod)))
	pack, moq := a.PackSize, a.MOQ
	if r.Float64() < 0.25 {
		pack = []float64{1, 2, 6, 10, 12, 24}[r.Intn(6)]
	}
	if r.Float64() < 0.2 {
		moq = pack * float64(1+r.Intn(4))
	}
	dst.Params.Set(table.PackSize, pack)
	if moq > 0 {
		dst.Params.Set(table.MOQ, moq)
	}
	return lead
}

// stock sets what is on hand, on its way, coming back and planned, for a demand of so many units a week, and when the article
// leaves.
func (g *Generator) stock(dst *table.ArticleRow, t *template, weekly, lead float64, r random.Source) {
	cover := (lead + 2) * math.Exp(0.8*r.NormFloat64()) // weeks
	dst.OnHand = whole(weekly*cover, r)
	if r.Float64() < 0.1 {
		dst.OnHand = 0
	}
	pack, _ := dst.Params.Get(table.PackSize)
	moq, _ := dst.Params.Get(table.MOQ)
	rules := packs(pack, moq)
	if r.Float64() < 0.4 {
		arrival := simulate.WeekQuantity{Week: r.Intn(1 + int(lead)), Quantity: rules.OrderQuantity(weekly * (1 + 4*r.Float64()))}
		if arrival.Quantity > 0 {
			dst.InTransit = []simulate.WeekQuantity{arrival}
		}
	}
	rate, _ := dst.Params.Get(table.ReturnRate)
	later := 1.0 // share of the returns of a week's sales that come back after so many weeks
	for week, weight := range g.lags {
		if back := whole(weekly*rate*t.article.ResalableShare*later, r); back > 0 {
			dst.PendingReturns = append(dst.PendingReturns, simulate.WeekQuantity{Week: week, Quantity: back})
		}
		later -= weight
	}
	if t.plan > 0 {
		dst.HasPlan = true
		every := weeksAhead / t.plan
		for n := range t.plan {
			quantity := rules.OrderQuantity(max(1, weekly*float64(every)))
			dst.Plan = append(dst.Plan, simulate.WeekQuantity{Week: n * every, Quantity: quantity})
		}
	}
	switch left := 1 + r.Intn(weeksAhead-1); {
	case t.article.Horizon < weeksAhead:
		dst.Params.Set(table.LifecycleWeeks, float64(t.article.Horizon))
	case r.Float64() < 0.04:
		dst.Params.Set(table.LifecycleWeeks, float64(left))
	}
}
