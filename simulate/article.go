package simulate

import (
	"fmt"
	"math"
	"strings"
)

// Units says whether quantities are whole units or may be fractions (kilograms, litres).
type Units string

// ReturnMode says how the returns of a week's sales are spread over the weeks after.
type ReturnMode string

// Values of the options of an Article.
const (
	Whole      Units = "whole"
	Continuous Units = "continuous"

	SampledReturns  ReturnMode = "sampled"  // one lag for each week's batch, drawn with the scenario
	ExpectedReturns ReturnMode = "expected" // every lag's share, continuous units only
)

// WeekQuantity is a quantity in units and the week it belongs to; week 0 is the week that begins now.
type WeekQuantity struct {
	Week     int     `json:"week"`
	Quantity float64 `json:"quantity"`
}

// Article is the state and the economics of one SKU, every default filled in: all that the simulator knows of it.
type Article struct {
	Horizon int // weeks simulated, T

	OnHand         float64        // units in stock now
	InTransit      []WeekQuantity // ordered before now, by arrival week; pays no inbound cost
	PendingReturns []WeekQuantity // returns of sales made before now, by the week they become sellable

	Price, UnitCost float64 // money per unit
	HoldingCost     float64 // money per unit on hand at the end of a week
	InboundCost     float64 // money per unit ordered
	OrderCost       float64 // money per order
	OutboundCost    float64 // money per unit sold
	ReturnCost      float64 // money per unit returned
	OverstockCost   float64 // money per unit on hand or outstanding after the last week
	LostSaleCost    float64 // money per unit of demand not met

	ReturnRate       float64   // share of sold units that come back, 0..1
	ResalableShare   float64   // share of these that can be sold again, 0..1
	ReturnLagWeights []float64 // [lag-1] share of a week's returns that comes back lag weeks later; sum 1

	LeadTimeMean    float64   // weeks from order to available for sale
	LeadTimeCV      float64   // coefficient of variation of the Gamma distribution; 0 is a constant
	LeadTimeSamples []float64 // weeks; if not empty, lead times are drawn from this list instead

	ReviewPeriod int // weeks between reviews, R
	ReviewPhase  int // a week e is a review week if (e - phase) mod R = 0

	PackSize float64 // orders are rounded up to a multiple
	MOQ      float64 // and raised to this minimum order quantity
	MaxOrder float64 // and capped at this, +Inf for none

	Units                 Units
	InboundBeforeDemand   float64 // α: share of a week's inbound and returns available before that week's demand
	Discount              float64 // γ: weight of a week's costs relative to the week before
	ReturnMode            ReturnMode
	DemandAutocorrelation float64 // φ of the Gaussian copula between weeks, in (-1,1)
}

// DefaultArticle returns an article with the built-in default of every optional field: no stock, free, sold for nothing.
func DefaultArticle() Article {
	return Article{
		Horizon: 12, ResalableShare: 1, ReturnLagWeights: []float64{1},
		LeadTimeMean: 1, ReviewPeriod: 1, PackSize: 1, MaxOrder: math.Inf(1),
		Units: Whole, InboundBeforeDemand: 0.5, Discount: 1, ReturnMode: SampledReturns,
	}
}

// MaxHorizon is the largest number of weeks that can be simulated; larger horizons are refused as absurd.
const MaxHorizon = 520

// MaxQuantity is the largest stock or order, in units, that is accepted.
const MaxQuantity = 1e12

// FieldError is one thing wrong with one field of an Article. Column is the field's name in the articles table.
type FieldError struct {
	Column string
	Value  string
	Reason string
}

func (e FieldError) Error() string { return fmt.Sprintf("%s %s: %s", e.Column, e.Value, e.Reason) }

// FieldErrors are all the problems of one Article.
type FieldErrors []FieldError

func (e FieldErrors) Error() string {
	s := make([]string, len(e))
	for i := range e {
		s[i] = e[i].Error()
	}
	return strings.Join(s, "; ")
}

// Validate reports everything that is wrong with the article, as FieldErrors, or nil.
func (a *Article) Validate() error {
	var errs FieldErrors
	bad := func(column string, value any, reason string) {
		errs = append(errs, FieldError{column, fmt.Sprint(value), reason})
	}
	whole := a.Units == Whole
	quantity := func(column string, v, low, high float64) {
		switch {
		case math.IsNaN(v) || v < low || v > high:
			bad(column, v, fmt.Sprintf("must be between %g and %g units", low, high))
		case whole && v != math.Trunc(v) && !math.IsInf(v, 0):
			bad(column, v, "is not a whole number; set units: continuous for goods that are not counted")
		}
	}
	number := func(column string, v, low, high float64) {
		if math.IsNaN(v) || v < low || v > high {
			bad(column, v, fmt.Sprintf("must be between %g and %g", low, high))
		}
	}
	const money = 1e12
	if a.Units != Whole && a.Units != Continuous {
		bad("units", a.Units, "must be whole or continuous")
	}
	if a.Horizon < 1 || a.Horizon > MaxHorizon {
		bad("horizon", a.Horizon, fmt.Sprintf("must be between 1 and %d weeks", MaxHorizon))
	}
	quantity("on_hand", a.OnHand, 0, MaxQuantity)
	for _, l := range []struct {
		column string
		list   []WeekQuantity
	}{{"in_transit", a.InTransit}, {"pending_returns", a.PendingReturns}} {
		for _, x := range l.list {
			if x.Week < 0 {
				bad(l.column, fmt.Sprintf("%d:%g", x.Week, x.Quantity), "the week must be 0 (this week) or later")
			}
			quantity(l.column, x.Quantity, 0, MaxQuantity)
		}
	}
	number("price", a.Price, 0, money)
	number("unit_cost", a.UnitCost, 0, money)
	number("holding_cost", a.HoldingCost, 0, money)
	number("inbound_cost", a.InboundCost, 0, money)
	number("order_cost", a.OrderCost, 0, money)
	number("outbound_cost", a.OutboundCost, 0, money)
	number("return_cost", a.ReturnCost, 0, money)
	number("overstock_cost", a.OverstockCost, -money, money) // negative: a salvage value
	if a.LostSaleCost < 0 && a.Price < a.UnitCost {
		bad("price", a.Price, fmt.Sprintf("is below unit_cost %g, so a lost sale would be a gain; correct the price or give lost_sale_cost", a.UnitCost))
	} else {
		number("lost_sale_cost", a.LostSaleCost, 0, money)
	}
	number("return_rate", a.ReturnRate, 0, 1)
	number("resalable_share", a.ResalableShare, 0, 1)
	a.validateLags(bad)
	a.validateLeadTime(bad, number)
	if a.ReviewPeriod < 1 || a.ReviewPeriod > MaxHorizon {
		bad("review_period", a.ReviewPeriod, fmt.Sprintf("must be between 1 and %d weeks", MaxHorizon))
	}
	if a.ReviewPhase < -MaxHorizon || a.ReviewPhase > MaxHorizon {
		bad("review_phase", a.ReviewPhase, fmt.Sprintf("must be between -%d and %d weeks", MaxHorizon, MaxHorizon))
	}
	quantity("pack_size", a.PackSize, 0, MaxQuantity)
	if a.PackSize == 0 {
		bad("pack_size", 0, "must be above 0")
	}
	quantity("moq", a.MOQ, 0, MaxQuantity)
	if !math.IsInf(a.MaxOrder, 1) {
		quantity("max_order", a.MaxOrder, 0, MaxQuantity)
	}
	number("inbound_before_demand", a.InboundBeforeDemand, 0, 1)
	if !(a.Discount > 0 && a.Discount <= 1) {
		bad("discount", a.Discount, "must be above 0 and at most 1")
	}
	if a.ReturnMode != SampledReturns && a.ReturnMode != ExpectedReturns {
		bad("return_mode", a.ReturnMode, "must be sampled or expected")
	} else if a.ReturnMode == ExpectedReturns && whole {
		bad("return_mode", a.ReturnMode, "expected returns are fractions of a unit; they need units: continuous")
	}
	if !(a.DemandAutocorrelation > -1 && a.DemandAutocorrelation < 1) {
		bad("demand_autocorrelation", a.DemandAutocorrelation, "must be between -1 and 1, both excluded")
	}
	if errs == nil {
		return nil
	}
	return errs
}

func (a *Article) validateLags(bad func(string, any, string)) {
	if a.ReturnRate == 0 && len(a.ReturnLagWeights) == 0 {
		return
	}
	sum := 0.0
	for _, w := range a.ReturnLagWeights {
		if !(w >= 0 && w <= 1) {
			bad("return_lag_weights", w, "each weight must be between 0 and 1")
			return
		}
		sum += w
	}
	if n := len(a.ReturnLagWeights); n == 0 || n > MaxHorizon {
		bad("return_lag_weights", fmt.Sprintf("(%d weights)", n), fmt.Sprintf("must have 1 to %d weights", MaxHorizon))
	} else if math.Abs(sum-1) > 1e-6 {
		bad("return_lag_weights", a.ReturnLagWeights, fmt.Sprintf("must sum to 1, not %.9g", sum))
	}
}

func (a *Article) validateLeadTime(bad func(string, any, string), number func(string, float64, float64, float64)) {
	if len(a.LeadTimeSamples) > 0 {
		for _, l := range a.LeadTimeSamples {
			number("lead_time_samples", l, 0, MaxHorizon)
		}
		return
	}
	number("lead_time_mean", a.LeadTimeMean, 0, MaxHorizon)
	number("lead_time_cv", a.LeadTimeCV, 0, 10)
}

// OrderQuantity applies the order rules to a wanted quantity: rounded up to a multiple of the pack size, raised to the minimum
// order quantity, capped at the maximum rounded down to a pack. A quantity of 0 or less is no order. A division by the pack size
// that misses a whole number by rounding error alone (1e-9 of a pack) counts as whole, and so less than that of a pack is no
// order.
func (a *Article) OrderQuantity(wanted float64) float64 {
	const tolerance = 1e-9
	packs := math.Ceil(wanted/a.PackSize - tolerance)
	if !(packs > 0) {
		return 0
	}
	q := max(packs*a.PackSize, a.MOQ)
	if q > a.MaxOrder {
		q = math.Floor(a.MaxOrder/a.PackSize+tolerance) * a.PackSize
	}
	return q
}

// IsReview tells whether week e is a review week: (e - phase) mod R = 0.
func (a *Article) IsReview(e int) bool { return (e-a.ReviewPhase)%a.ReviewPeriod == 0 }
