// Package whatif answers what would be recommended for an article, and what that and other policies would do, all on the same
// scenarios. An unchanged question gets the answer of the nightly run: both are optimize.Decide.
package whatif

import (
	"math"
	"slices"
	"time"

	"github.com/restock-engine/restock/internal/stat"
	"github.com/restock-engine/restock/io/decision"
	"github.com/restock-engine/restock/simulate"
)

// Question is an article as it would be, and the policies to look at beside the recommended one.
type Question struct {
	decision.Prepared
	AsOf     time.Time       // Monday of week 0
	Current  simulate.Policy // what is recommended now; nil for nothing
	Own      simulate.Policy // the asker's; nil for none
	Frontier bool
}

// Interval is an estimate with its 95 % confidence interval.
type Interval struct {
	Estimate float64 `json:"estimate"`
	Low      float64 `json:"low"`
	High     float64 `json:"high"`
}

func interval(i stat.Interval) Interval { return Interval{i.Estimate, i.Low, i.High} }

// Params are the parameters of an extended (R, s, Q) policy.
type Params struct {
	T0      int     `json:"t0" doc:"week of the first order"`
	Q0      float64 `json:"q0" doc:"its quantity, units"`
	S       float64 `json:"s" doc:"reorder point, units"`
	Q       float64 `json:"q" doc:"quantity of further orders, units"`
	TLimit  int     `json:"t_limit" doc:"last week in which is ordered"`
	Trigger string  `json:"trigger" doc:"what is compared with s: stock or position"`
}

// Distribution are quantiles of the cost over the scenarios, money.
type Distribution struct {
	Levels []float64 `json:"levels"`
	Values []float64 `json:"values"`
}

// Fan are quantiles of a week's units over the scenarios.
type Fan struct {
	P5  float64 `json:"p5"`
	P25 float64 `json:"p25"`
	P50 float64 `json:"p50"`
	P75 float64 `json:"p75"`
	P95 float64 `json:"p95"`
}

// Week is a week of an alternative: quantiles, and means in units.
type Week struct {
	Week         int     `json:"week"`
	Date         string  `json:"date" doc:"its Monday"`
	OnHand       Fan     `json:"on_hand" doc:"stock at its end"`
	Demand       Fan     `json:"demand"`
	Sales        float64 `json:"sales"`
	Lost         float64 `json:"lost"`
	Order        float64 `json:"order"`
	Arrivals     float64 `json:"arrivals"`
	StockoutRisk float64 `json:"stockout_risk" doc:"probability that some demand is lost"`
}

// Alternative is what a policy does.
type Alternative struct {
	Name          string             `json:"name" enum:"recommended,current,own,do_nothing"`
	Policy        string             `json:"policy" example:"rsq:t0=0,Q0=40,s=10,Q=20,t_limit=9,trigger=stock"`
	Params        *Params            `json:"params,omitempty"`
	OrderWeek     int                `json:"order_week" doc:"of the first order; 0 is now"`
	OrderQuantity float64            `json:"order_quantity" doc:"units; of policies without a fixed first order, those of week 0"`
	Objective     Interval           `json:"objective" doc:"what is minimised, money"`
	MeanCost      Interval           `json:"mean_cost" doc:"money over the horizon"`
	CostParts     simulate.CostParts `json:"cost_parts" doc:"of the mean cost, money over the horizon"`
	FillRate      float64            `json:"fill_rate" doc:"share of the demand that is served"`
	Availability  float64            `json:"availability" doc:"share of the weeks without lost sales"`
	GMV           float64            `json:"gmv"`
	GMVAfter      float64            `json:"gmv_after_fulfilment"`
	AverageStock  float64            `json:"average_stock" doc:"units"`
	UnitsOrdered  float64            `json:"units_ordered"`
	Saving        *Interval          `json:"saving" doc:"mean cost of the current policy (without one: of doing nothing) minus this one's, on the same scenarios; null for that policy itself"`
	ToRecommended *Interval          `json:"saving_to_recommended" doc:"mean cost of the recommended policy minus this one's, on the same scenarios; null for the recommended one"`
	Costs         Distribution       `json:"cost_distribution"`
	Weeks         []Week             `json:"weeks"`
}

// FrontierPoint is a policy that no other one found beats in both cost and service.
type FrontierPoint struct {
	FillRate     float64  `json:"fill_rate"`
	Objective    Interval `json:"objective"`
	MeanCost     float64  `json:"mean_cost"`
	AverageStock float64  `json:"average_stock"`
	Policy       string   `json:"policy"`
}

// Inputs are what the answer rests on, with everything that settings and defaults say.
type Inputs struct {
	OnHand       float64 `json:"on_hand" doc:"units"`
	Price        float64 `json:"price"`
	UnitCost     float64 `json:"unit_cost"`
	HoldingCost  float64 `json:"holding_cost" doc:"per unit and week"`
	OrderCost    float64 `json:"order_cost" doc:"per order"`
	LeadTimeMean float64 `json:"lead_time_mean" doc:"weeks"`
	ReviewPeriod int     `json:"review_period" doc:"weeks"`
	PackSize     float64 `json:"pack_size"`
	MOQ          float64 `json:"moq"`
	MinFillRate  float64 `json:"min_fill_rate"`
}

func inputs(q *Question) Inputs {
	a := q.Input.Article
	lead := a.LeadTimeMean
	if n := len(a.LeadTimeSamples); n > 0 {
		lead = 0
		for _, x := range a.LeadTimeSamples {
			lead += x / float64(n)
		}
	}
	return Inputs{a.OnHand, a.Price, a.UnitCost, a.HoldingCost, a.OrderCost, lead, a.ReviewPeriod, a.PackSize, a.MOQ, q.Options.Objective.MinFillRate}
}

// Answer is what would be recommended, and what the alternatives do, on the same scenarios.
type Answer struct {
	Status        string          `json:"status" enum:"ok,no_order,degraded"`
	Explanation   string          `json:"explanation"`
	Objective     string          `json:"objective" example:"quantile 0.75"`
	Horizon       int             `json:"horizon" doc:"weeks"`
	AsOf          string          `json:"as_of" doc:"Monday of week 0"`
	EngineVersion string          `json:"engine_version"`
	Scenarios     int             `json:"scenarios" doc:"that candidates were compared on"`
	EvalScenarios int             `json:"eval_scenarios" doc:"fresh ones, that all figures are of"`
	InputHash     string          `json:"input_hash" doc:"equal for what must get the same answer"`
	Inputs        Inputs          `json:"inputs"`
	Alternatives  []Alternative   `json:"alternatives"`
	Frontier      []FrontierPoint `json:"frontier,omitempty" doc:"rising fill rate"`
}

// fanScenarios is how many of the scenarios the weekly figures are of: they are for a chart.
const fanScenarios = 300

var costLevels = []float64{0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95}

// alternative is the public form of what a policy does, without the comparisons.
func (x *judged) alternative(name string, demand []simulate.Fan, asOf time.Time) Alternative {
	f := &x.result.Figures
	a := Alternative{Name: name, Policy: x.policy.String(), Objective: interval(x.result.Objective), MeanCost: interval(x.result.MeanCost),
		CostParts: f.Parts,
		FillRate:  f.FillRate, Availability: f.Availability, GMV: f.GMV, GMVAfter: f.GMVAfterFulfilment, AverageStock: f.AverageStock,
		UnitsOrdered: f.UnitsOrdered, Costs: Distribution{costLevels, x.quantiles}, Weeks: make([]Week, len(demand))}
	a.MeanCost.Estimate = f.MeanCost // the interval's differs in the last digit, since it is added up in another order
	switch p := x.policy.(type) {
	case simulate.RSQ:
		a.Params = &Params{p.T0, p.Q0, p.ReorderPoint, p.Q, p.TLimit, string(p.Trigger)}
		a.OrderWeek, a.OrderQuantity = p.T0, p.Q0
	case simulate.Plan: // it orders the same in every scenario
		a.OrderWeek = max(0, slices.IndexFunc(x.weekly.Orders, func(q float64) bool { return q > 0 }))
		a.OrderQuantity = x.weekly.Orders[a.OrderWeek]
	default: // later orders depend on the scenario
		a.OrderQuantity = x.weekly.Orders[0]
	}
	for t := range a.Weeks {
		y := &x.weekly
		a.Weeks[t] = Week{Week: t, Date: asOf.AddDate(0, 0, 7*t).Format(time.DateOnly), OnHand: fan(y.OnHand[t]), Demand: fan(demand[t]),
			Sales: y.Sales[t], Lost: y.Lost[t], Order: y.Orders[t], Arrivals: y.Arrivals[t], StockoutRisk: y.Short[t]}
	}
	return a
}

func fan(f simulate.Fan) Fan {
	for i := range f {
		f[i] = math.Round(1e6*f[i]) / 1e6
	}
	return Fan{f[0], f[1], f[2], f[3], f[4]}
}
