package main

import (
	"fmt"
	"math"

	"github.com/restock-engine/restock/io/settings"
	"github.com/restock-engine/restock/io/table"
	"github.com/restock-engine/restock/simulate"
)

// articleRow makes an article's row of the articles table: what the sales history tells, and the assumptions for what it lacks. The row is
// resolved with the settings and checked as restock itself would.
func (a *assumptions) articleRow(x *article, s *settings.Settings, merchantReturnRate float64) (*table.ArticleRow, error) {
	price := max(decimals(x.recentPrice(a.Stock.RateWeeks), 2), 0.02)
	unitCost := max(decimals(price*a.between(a.Costs.UnitCostShare, "unit cost", x.code), 2), 0.01)
	rate := x.recentRate(a.Stock.RateWeeks)
	row := &table.ArticleRow{Key: table.Key{Merchant: x.merchant.ID, Article: x.code}, Price: price, UnitCost: unitCost}
	set := func(p table.Param, v float64) { row.Params.Set(p, v) }
	set(table.HoldingCost, decimals(unitCost*a.Costs.AnnualHolding/52+x.merchant.StorageCost, 5))
	set(table.InboundCost, decimals(a.Costs.Inbound.of(price), 3))
	set(table.OutboundCost, decimals(a.Costs.Outbound.of(price), 3))
	set(table.ReturnCost, decimals(a.Costs.Return.of(price), 3))
	set(table.OverstockCost, decimals(unitCost*a.Costs.OverstockShare, 3))
	set(table.ReturnRate, a.returnRate(x.series, merchantReturnRate))
	pack := a.packSize(rate)
	set(table.PackSize, pack)
	if weeks := a.lifecycle(x); weeks > 0 {
		set(table.LifecycleWeeks, float64(weeks))
		set(table.OverstockCost, decimals(unitCost*a.Costs.ClearanceShare, 3))
	}

	article, _, err := s.Article(row)
	if err != nil {
		return nil, fmt.Errorf("article %s: %w", x.code, err)
	}
	cover := a.cover(x.code)
	if x.stage == ended {
		row.OnHand = math.Round(cover * x.lifeRate())
	} else {
		row.OnHand = math.Round(cover * rate)
		row.InTransit = a.inTransit(x.code, rate, pack, article.LeadTimeMean)
		row.Plan = a.plan(x.code, rate, pack, article.Horizon)
		row.HasPlan = row.Plan != nil
	}
	row.PendingReturns = a.pendingReturns(x.series, &article)
	article, _, err = s.Article(row)
	if err != nil {
		return nil, fmt.Errorf("article %s: %w", x.code, err)
	}
	if article.LostSaleCost <= article.OutboundCost {
		return nil, fmt.Errorf("article %s: outbound_cost %g eats up the margin %g: a sale would cost more than a lost sale",
			x.code, article.OutboundCost, article.LostSaleCost)
	}
	return row, nil
}

// packSize is the largest pack that the article sells within a few weeks.
func (a *assumptions) packSize(rate float64) float64 {
	pack := a.Stock.PackSizes[0]
	for _, size := range a.Stock.PackSizes {
		if size <= rate*a.Stock.PackWeeks {
			pack = size
		}
	}
	return pack
}

// cover is how many weeks of sales an article has in stock.
func (a *assumptions) cover(code string) float64 {
	u := a.uniform("stock", code)
	for _, band := range a.Stock.Mix {
		if u < band.Share {
			return a.between(band.Weeks, "cover", code)
		}
		u -= band.Share
	}
	return a.Stock.Mix[len(a.Stock.Mix)-1].Weeks[1] // the shares sum to 1 only up to rounding
}

// inTransit is one order under way for a share of the articles, arriving before a new one would on average.
func (a *assumptions) inTransit(code string, rate, pack, leadTime float64) []simulate.WeekQuantity {
	if a.uniform("in transit", code) >= a.Stock.InTransit.Share || rate == 0 {
		return nil
	}
	quantity := math.Ceil(rate*a.between(a.Stock.InTransit.Weeks, "in transit weeks", code)/pack) * pack
	return []simulate.WeekQuantity{{Week: int(leadTime * a.uniform("arrival", code)), Quantity: quantity}}
}

// plan is what a planner without a forecast would order for a share of the articles: some weeks of the recent mean, every few weeks.
func (a *assumptions) plan(code string, rate, pack float64, horizon int) []simulate.WeekQuantity {
	if a.uniform("plan", code) >= a.Plan.Share || rate == 0 {
		return nil
	}
	var plan []simulate.WeekQuantity
	for week := 0; week < horizon; week += a.Plan.Every {
		plan = append(plan, simulate.WeekQuantity{Week: week, Quantity: math.Ceil(rate*a.Plan.Weeks/pack) * pack})
	}
	return plan
}

// lifecycle is the number of weeks that the article stays in the assortment, 0 for no end in sight.
func (a *assumptions) lifecycle(x *article) int {
	if x.stage == ended {
		limits := a.Lifecycle.EndedWeeks
		return limits[0] + int(a.uniform("lifecycle", x.code)*float64(limits[1]-limits[0]+1))
	}
	if a.seasonal(x.description) {
		return a.Lifecycle.SeasonalWeeks
	}
	return 0
}

// pendingReturns are the resalable returns to come of the last weeks' sales: what is expected, rounded up or down so that it is right on average.
func (a *assumptions) pendingReturns(s *series, article *simulate.Article) []simulate.WeekQuantity {
	var pending []simulate.WeekQuantity
	lags := article.ReturnLagWeights
	for week := range lags {
		expected := 0.0
		for age := 1; age+week <= len(lags) && age <= len(s.sales); age++ {
			expected += lags[age+week-1] * s.sales[len(s.sales)-age]
		}
		expected *= article.ReturnRate * article.ResalableShare
		if units := math.Floor(expected + a.uniform(fmt.Sprintf("pending %d", week), s.code)); units > 0 {
			pending = append(pending, simulate.WeekQuantity{Week: week, Quantity: units})
		}
	}
	return pending
}
