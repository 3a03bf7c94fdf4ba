package simulate

import (
	"encoding/json"
	"io"
	"math"
)

// WriteTrace writes the trace of a policy on scenarios drawn with detail: one JSON object a line, the SKU first, then every
// scenario with its weeks, every number in full precision. It runs the same code as [Run].
func WriteTrace(out io.Writer, merchant, article string, a *Article, p Policy, sc *Scenarios) error {
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(traceSKU{"sku", merchant, article, a.Horizon, paramsOf(a), policyFields(p)}); err != nil {
		return err
	}
	w := newWorld(sc.Weeks)
	line := newTraceScenario(sc.Weeks)
	for i := range sc.N {
		line.Index = i
		for t := range sc.Weeks {
			line.Demand[t], line.LeadTime[t] = sc.Demand(i, t), sc.LeadTime(i, t)
			line.ReturnLag[t], line.ReturnRound[t] = sc.ReturnLag(i, t), sc.ReturnRound(i, t)
		}
		sum := w.scenario(a, p, sc, i, func(t int, r WeekRecord) { line.Weeks[t] = r })
		line.CostParts = a.Cost(&sum.Discounted)
		line.Cost = line.CostParts.Total()
		if err := enc.Encode(line); err != nil {
			return err
		}
	}
	return nil
}

type traceSKU struct {
	Type       string         `json:"type"`
	MerchantID string         `json:"merchant_id"`
	ArticleID  string         `json:"article_id"`
	Horizon    int            `json:"horizon"`
	Params     traceParams    `json:"params"`
	Policy     map[string]any `json:"policy"`
}

type traceScenario struct {
	Type        string       `json:"type"`
	Index       int          `json:"index"`
	Demand      []float64    `json:"demand"`
	LeadTime    []float64    `json:"lead_time"`
	ReturnLag   []int        `json:"return_lag"`
	ReturnRound []float64    `json:"return_round"`
	Cost        float64      `json:"cost"`
	CostParts   CostParts    `json:"cost_parts"`
	Weeks       []WeekRecord `json:"weeks"`
}

func newTraceScenario(weeks int) *traceScenario {
	return &traceScenario{Type: "scenario", Demand: make([]float64, weeks), LeadTime: make([]float64, weeks),
		ReturnLag: make([]int, weeks), ReturnRound: make([]float64, weeks), Weeks: make([]WeekRecord, weeks)}
}

// traceParams are the article's resolved columns under their names in the articles table, and the settings that change the
// simulation.
type traceParams struct {
	OnHand                float64      `json:"on_hand"`
	Price                 float64      `json:"price"`
	UnitCost              float64      `json:"unit_cost"`
	InTransit             [][2]float64 `json:"in_transit"` // [week, quantity]
	PendingReturns        [][2]float64 `json:"pending_returns"`
	HoldingCost           float64      `json:"holding_cost"`
	InboundCost           float64      `json:"inbound_cost"`
	OutboundCost          float64      `json:"outbound_cost"`
	ReturnCost            float64      `json:"return_cost"`
	OverstockCost         float64      `json:"overstock_cost"`
	OrderCost             float64      `json:"order_cost"`
	ReturnRate            float64      `json:"return_rate"`
	ResalableShare        float64      `json:"resalable_share"`
	ReturnLagWeights      []float64    `json:"return_lag_weights"`
	LostSaleCost          float64      `json:"lost_sale_cost"`
	LeadTimeMean          float64      `json:"lead_time_mean"`
	LeadTimeCV            float64      `json:"lead_time_cv"`
	LeadTimeSamples       []float64    `json:"lead_time_samples"`
	ReviewPeriod          int          `json:"review_period"`
	ReviewPhase           int          `json:"review_phase"`
	PackSize              float64      `json:"pack_size"`
	MOQ                   float64      `json:"moq"`
	MaxOrder              *float64     `json:"max_order"` // null: none
	Units                 Units        `json:"units"`
	InboundBeforeDemand   float64      `json:"inbound_before_demand"`
	Discount              float64      `json:"discount"`
	ReturnMode            ReturnMode   `json:"return_mode"`
	DemandAutocorrelation float64      `json:"demand_autocorrelation"`
}

func paramsOf(a *Article) traceParams {
	p := traceParams{
		a.OnHand, a.Price, a.UnitCost, pairs(a.InTransit), pairs(a.PendingReturns),
		a.HoldingCost, a.InboundCost, a.OutboundCost, a.ReturnCost, a.OverstockCost, a.OrderCost,
		a.ReturnRate, a.ResalableShare, list(a.ReturnLagWeights), a.LostSaleCost,
		a.LeadTimeMean, a.LeadTimeCV, list(a.LeadTimeSamples), a.ReviewPeriod, a.ReviewPhase,
		a.PackSize, a.MOQ, nil, a.Units, a.InboundBeforeDemand, a.Discount, a.ReturnMode, a.DemandAutocorrelation,
	}
	if !math.IsInf(a.MaxOrder, 1) {
		p.MaxOrder = &a.MaxOrder
	}
	return p
}

func pairs(x []WeekQuantity) [][2]float64 {
	out := make([][2]float64, len(x))
	for i, wq := range x {
		out[i] = [2]float64{float64(wq.Week), wq.Quantity}
	}
	return out
}

func list(x []float64) []float64 {
	if x == nil {
		return []float64{}
	}
	return x
}

func policyFields(p Policy) map[string]any {
	switch p := p.(type) {
	case RSQ:
		return map[string]any{"kind": "rsq", "t0": p.T0, "Q0": p.Q0, "s": p.ReorderPoint, "Q": p.Q, "t_limit": p.TLimit, "trigger": p.Trigger}
	case SS:
		return map[string]any{"kind": "ss", "s": p.ReorderPoint, "S": p.OrderUpTo}
	case BaseStock:
		return map[string]any{"kind": "basestock", "S": p.OrderUpTo}
	case Newsvendor:
		return map[string]any{"kind": "newsvendor", "S": p.Levels}
	case Plan:
		return map[string]any{"kind": "plan", "orders": pairs(p)}
	default:
		return map[string]any{"kind": p.String()}
	}
}
