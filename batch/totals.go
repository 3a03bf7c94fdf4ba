package batch

import (
	"math"

	"github.com/restock-engine/restock/optimize"
)

// Totals are counts and sums over SKUs. Those of the shards of a run, added in their order, are those of the run.
type Totals struct {
	In              int64                     `json:"rows_in"` // rows of articles, and SKUs of the forecast without a usable article row
	Recommendations int64                     `json:"recommendations"`
	Rejects         int64                     `json:"rejects"`
	ByStatus        map[optimize.Status]int64 `json:"by_status"`
	Reasons         map[string]int64          `json:"reject_reasons"` // with the column

	OrdersNow     int64   `json:"orders_now"`  // SKUs with an order in week 0
	UnitsNow      float64 `json:"units_now"`   // units of these
	ValueNow      float64 `json:"value_now"`   // money: these at their unit cost
	Cost          float64 `json:"cost"`        // money, mean, all SKUs over their horizons
	DoNothingCost float64 `json:"none_cost"`   // the same without any order
	Saving        float64 `json:"saving"`      // against doing nothing, mean
	Demand        float64 `json:"demand"`      // money: price × units
	Served        float64 `json:"served"`      // of that, mean
	ServedNothing float64 `json:"none_served"` // the same when doing nothing
	DemandUnits   float64 `json:"demand_units"`
	StockUnits    float64 `json:"stock_units"` // on hand and in transit
	Evaluations   int64   `json:"evaluations"`
	FreeStock     int64   `json:"free_stock"` // SKUs whose stock costs nothing to hold
	Crossed       int64   `json:"crossed"`    // SKUs whose quantiles had to be sorted
	Certain       int64   `json:"certain"`    // SKUs with a point forecast
	BelowMOQ      int64   `json:"below_moq"`  // SKUs whose max_order is below their moq
	Unserved      int64   `json:"unserved"`   // SKUs whose min_fill_rate no policy found reaches

	Merchants map[string]int64 `json:"merchants"` // rows in

	DemandHistogram Histogram `json:"demand_histogram"` // SKUs by mean demand a week, units
	OrderHistogram  Histogram `json:"order_histogram"`  // SKUs by units ordered now
	CoverHistogram  Histogram `json:"cover_histogram"`  // SKUs by weeks of demand in stock
}

func newTotals() Totals {
	return Totals{ByStatus: map[optimize.Status]int64{}, Reasons: map[string]int64{}, Merchants: map[string]int64{}}
}

// maxReasons bounds the different reasons that are counted.
const maxReasons = 1000

func (t *Totals) add(r *Result) {
	t.In++
	t.Merchants[r.Key.Merchant]++
	if r.Reject != nil {
		t.Rejects++
		reason := r.Reject.Reason
		if r.Reject.Column != "" {
			reason = r.Reject.Column + " " + reason
		}
		t.addReason(reason, 1)
		return
	}
	rec := r.Recommendation
	t.Recommendations++
	t.ByStatus[rec.Status]++
	t.Cost += rec.Figures.MeanCost
	t.DoNothingCost += rec.DoNothing.MeanCost
	t.Saving += rec.Saving.Estimate
	t.Demand += rec.Demand()
	t.Served += rec.Figures.GMV
	t.ServedNothing += rec.DoNothing.GMV
	t.DemandUnits += rec.MeanDemand
	t.StockUnits += rec.Stock
	t.Evaluations += int64(rec.Evaluations)
	if r.certain {
		t.Certain++
	}
	if r.belowMOQ {
		t.BelowMOQ++
	}
	if rec.Shortfall > 0 {
		t.Unserved++
	}
	if r.freeStock {
		t.FreeStock++
	}
	weekly := rec.MeanDemand / float64(max(rec.Weeks, 1))
	t.DemandHistogram.add(weekly)
	if weekly > 0 {
		t.CoverHistogram.add(rec.Stock / weekly)
	}
	if rec.Policy.T0 == 0 && rec.Policy.Q0 > 0 {
		t.OrdersNow++
		t.UnitsNow += rec.Policy.Q0
		t.ValueNow += rec.Policy.Q0 * r.unitCost
		t.OrderHistogram.add(rec.Policy.Q0)
	}
}

func (t *Totals) addReason(reason string, n int64) {
	if len(t.Reasons) >= maxReasons && t.Reasons[reason] == 0 {
		reason = "other reasons"
	}
	t.Reasons[reason] += n
}

// merge adds the totals of more SKUs.
func (t *Totals) merge(o *Totals) {
	for _, p := range []struct {
		sum *int64
		add int64
	}{{&t.In, o.In}, {&t.Recommendations, o.Recommendations}, {&t.Rejects, o.Rejects}, {&t.OrdersNow, o.OrdersNow},
		{&t.Evaluations, o.Evaluations}, {&t.FreeStock, o.FreeStock}, {&t.Crossed, o.Crossed}, {&t.Certain, o.Certain}, {&t.BelowMOQ, o.BelowMOQ}, {&t.Unserved, o.Unserved}} {
		*p.sum += p.add
	}
	for _, p := range []struct {
		sum *float64
		add float64
	}{{&t.UnitsNow, o.UnitsNow}, {&t.ValueNow, o.ValueNow}, {&t.Cost, o.Cost}, {&t.DoNothingCost, o.DoNothingCost}, {&t.Saving, o.Saving},
		{&t.Demand, o.Demand}, {&t.Served, o.Served}, {&t.ServedNothing, o.ServedNothing}, {&t.DemandUnits, o.DemandUnits},
		{&t.StockUnits, o.StockUnits}} {
		*p.sum += p.add
	}
	for k, n := range o.ByStatus {
		t.ByStatus[k] += n
	}
	for _, reason := range sortedKeys(o.Reasons) { // in order: which ones become "other" must not depend on chance
		t.addReason(reason, o.Reasons[reason])
	}
	for k, n := range o.Merchants {
		t.Merchants[k] += n
	}
	t.DemandHistogram.merge(&o.DemandHistogram)
	t.OrderHistogram.merge(&o.OrderHistogram)
	t.CoverHistogram.merge(&o.CoverHistogram)
}

// RejectShare is the share of the rows that were rejected.
func (t *Totals) RejectShare() float64 { return ratio(t.Rejects, t.In) }

func ratio(part, whole int64) float64 {
	if whole == 0 {
		return 0
	}
	return float64(part) / float64(whole)
}

// Histogram counts values in powers of two: bin 0 holds those of less than 1/16, bin i those from 2^(i-5) to 2^(i-4), the last one all above.
type Histogram [24]int64

func (h *Histogram) add(v float64) {
	i := 0
	if v >= 1.0/16 {
		i = min(math.Ilogb(v)+5, len(h)-1)
	}
	h[i]++
}

func (h *Histogram) merge(o *Histogram) {
	for i, n := range o {
		h[i] += n
	}
}

// label names a bin.
func (h *Histogram) label(i int) string {
	from := math.Ldexp(1, i-5)
	switch {
	case i == 0:
		return "0"
	case from < 1:
		return "1/" + plain(1/from)
	}
	return plain(from)
}

// drift is the population stability index between two distributions: Σ (p-q)·ln(p/q) over the bins, with half a count added to each bin so that
// empty ones are no division by zero. Below 0.1 is usually taken for no change, above 0.25 for a large one (Siddiqi, Credit Risk Scorecards, 2006).
func (h *Histogram) drift(o *Histogram) float64 {
	var n, m float64
	for i := range h {
		n += float64(h[i]) + 0.5
		m += float64(o[i]) + 0.5
	}
	sum := 0.0
	for i := range h {
		p, q := (float64(h[i])+0.5)/n, (float64(o[i])+0.5)/m
		sum += (p - q) * math.Log(p/q)
	}
	return sum
}
