package simulate

import (
	"errors"
	"math"
	"slices"
	"testing"
)

func TestValidateArticle(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	for _, c := range []struct {
		column string // "" if the article is fine
		change func(a *Article)
	}{
		{"", func(*Article) {}},
		{"", func(a *Article) { a.InTransit = []WeekQuantity{{0, 1}, {1000, 2}} }},
		{"", func(a *Article) { a.Units, a.OnHand, a.PackSize = Continuous, 0.5, 0.1 }},
		{"", func(a *Article) { a.Units, a.ReturnMode = Continuous, ExpectedReturns }},
		{"", func(a *Article) { a.OverstockCost = -5 }},
		{"", func(a *Article) { a.Price, a.UnitCost, a.LostSaleCost = 1, 2, 3 }},
		{"", func(a *Article) { a.ReturnLagWeights = nil }},
		{"", func(a *Article) { a.LeadTimeMean, a.LeadTimeSamples = -1, []float64{0, 2.5} }},
		{"units", func(a *Article) { a.Units = "pieces" }},
		{"horizon", func(a *Article) { a.Horizon = 0 }},
		{"horizon", func(a *Article) { a.Horizon = MaxHorizon + 1 }},
		{"on_hand", func(a *Article) { a.OnHand = -1 }},
		{"on_hand", func(a *Article) { a.OnHand = nan }},
		{"on_hand", func(a *Article) { a.OnHand = inf }},
		{"on_hand", func(a *Article) { a.OnHand = 1.5 }},
		{"in_transit", func(a *Article) { a.InTransit = []WeekQuantity{{-1, 2}} }},
		{"in_transit", func(a *Article) { a.InTransit = []WeekQuantity{{1, -2}} }},
		{"pending_returns", func(a *Article) { a.PendingReturns = []WeekQuantity{{1, 0.5}} }},
		{"price", func(a *Article) { a.Price = -1 }},
		{"price", func(a *Article) { a.Price, a.UnitCost, a.LostSaleCost = 1, 2, -1 }},
		{"unit_cost", func(a *Article) { a.UnitCost = inf }},
		{"holding_cost", func(a *Article) { a.HoldingCost = nan }},
		{"inbound_cost", func(a *Article) { a.InboundCost = -1 }},
		{"order_cost", func(a *Article) { a.OrderCost = -1 }},
		{"outbound_cost", func(a *Article) { a.OutboundCost = -1 }},
		{"return_cost", func(a *Article) { a.ReturnCost = -1 }},
		{"overstock_cost", func(a *Article) { a.OverstockCost = -inf }},
		{"lost_sale_cost", func(a *Article) { a.Price, a.LostSaleCost = 9, -1 }},
		{"lost_sale_cost", func(a *Article) { a.LostSaleCost = nan }},
		{"return_rate", func(a *Article) { a.ReturnRate = 1.01 }},
		{"resalable_share", func(a *Article) { a.ResalableShare = -0.01 }},
		{"return_lag_weights", func(a *Article) { a.ReturnLagWeights = []float64{0.6, 0.3} }},
		{"return_lag_weights", func(a *Article) { a.ReturnLagWeights = []float64{1.5, -0.5} }},
		{"return_lag_weights", func(a *Article) { a.ReturnLagWeights = []float64{nan} }},
		{"return_lag_weights", func(a *Article) { a.ReturnRate, a.ReturnLagWeights = 0.1, nil }},
		{"return_lag_weights", func(a *Article) { a.ReturnLagWeights = make([]float64, MaxHorizon+1) }},
		{"lead_time_mean", func(a *Article) { a.LeadTimeMean = -1 }},
		{"lead_time_mean", func(a *Article) { a.LeadTimeMean = inf }},
		{"lead_time_cv", func(a *Article) { a.LeadTimeCV = -0.1 }},
		{"lead_time_samples", func(a *Article) { a.LeadTimeSamples = []float64{1, nan} }},
		{"review_period", func(a *Article) { a.ReviewPeriod = 0 }},
		{"review_phase", func(a *Article) { a.ReviewPhase = -MaxHorizon - 1 }},
		{"pack_size", func(a *Article) { a.PackSize = 0 }},
		{"pack_size", func(a *Article) { a.PackSize = 2.5 }},
		{"moq", func(a *Article) { a.MOQ = -1 }},
		{"max_order", func(a *Article) { a.MaxOrder = -1 }},
		{"max_order", func(a *Article) { a.MaxOrder = nan }},
		{"inbound_before_demand", func(a *Article) { a.InboundBeforeDemand = 1.5 }},
		{"discount", func(a *Article) { a.Discount = 0 }},
		{"discount", func(a *Article) { a.Discount = nan }},
		{"return_mode", func(a *Article) { a.ReturnMode = "none" }},
		{"return_mode", func(a *Article) { a.ReturnMode = ExpectedReturns }},
		{"demand_autocorrelation", func(a *Article) { a.DemandAutocorrelation = 1 }},
		{"demand_autocorrelation", func(a *Article) { a.DemandAutocorrelation = nan }},
	} {
		a := DefaultArticle()
		c.change(&a)
		err := a.Validate()
		var errs FieldErrors
		switch {
		case c.column == "" && err != nil:
			t.Errorf("a valid article: %v", err)
		case c.column != "" && !(errors.As(err, &errs) && len(errs) == 1 && errs[0].Column == c.column):
			t.Errorf("%s: reported as %v", c.column, err)
		case c.column != "" && (errs[0].Value == "" || errs[0].Reason == ""):
			t.Errorf("%s: value %q, reason %q", c.column, errs[0].Value, errs[0].Reason)
		}
	}
}

// TestValidateReportsAll checks that no problem hides another.
func TestValidateReportsAll(t *testing.T) {
	a := DefaultArticle()
	a.Horizon, a.OnHand, a.HoldingCost, a.ReturnRate, a.ReviewPeriod = 0, -1, math.NaN(), 2, 0
	a.InTransit = []WeekQuantity{{-1, -1}}
	var errs FieldErrors
	if !errors.As(a.Validate(), &errs) {
		t.Fatal("no FieldErrors")
	}
	var columns []string
	for _, e := range errs {
		columns = append(columns, e.Column)
	}
	want := []string{"horizon", "on_hand", "in_transit", "in_transit", "holding_cost", "return_rate", "review_period"}
	if !slices.Equal(columns, want) {
		t.Errorf("columns %v, want %v", columns, want)
	}
}
