package backtest

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"strings"

	"github.com/restock-engine/restock/forecast"
	"github.com/restock-engine/restock/internal/stat"
	"github.com/restock-engine/restock/io/table"
	"github.com/restock-engine/restock/simulate"
)

// SplitArms splits a list of arms at the commas that do not stand between the options of one: a piece that is key=value, of a key
// that arms or policies have, belongs to the arm before it if that has options.
func SplitArms(text string) []string {
	var arms []string
	for _, piece := range strings.Split(text, ",") {
		key, _, isOption := strings.Cut(strings.TrimSpace(piece), "=")
		if n := len(arms); n > 0 && isOption && strings.Contains(arms[n-1], ":") && !strings.Contains(piece, ":") && isOptionKey(key) {
			arms[n-1] += "," + piece
			continue
		}
		arms = append(arms, piece)
	}
	return arms
}

// isOptionKey tells the options of arms, the parameters of policies and the weeks of plans from names of arms.
func isOptionKey(key string) bool {
	switch key {
	case "objective", "quantile", "min_fill_rate", "trigger", "forecast", "phi", "t0", "Q0", "s", "S", "Q", "t_limit":
		return true
	}
	return key != "" && strings.Trim(key, "0123456789") == ""
}

// HistoryWeeks returns the numbers of the first and the last week of any series in a history.
func HistoryWeeks(path string) (first, last int, err error) {
	h, err := table.OpenHistory(path, table.HistoryOptions{})
	if err != nil {
		return 0, 0, err
	}
	defer h.Close()
	first, last = math.MaxInt, math.MinInt
	for {
		s, _, err := h.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return 0, 0, err
		}
		if s != nil && s.Weeks() > 0 {
			first, last = min(first, s.FirstWeek), max(last, s.FirstWeek+s.Weeks()-1)
		}
	}
	if first > last {
		return 0, 0, fmt.Errorf("%s has no SKU with a usable row", path)
	}
	return first, last, nil
}

// Row returns an outcome as a row of the outcomes table.
func (r *Report) Row(o *Outcome) *table.OutcomeRow {
	f := &o.Flows
	return &table.OutcomeRow{Key: o.Key, Date: forecast.WeekStart(r.Dates[o.Date]), Arm: r.Arms[o.Arm].Name, Class: o.Class.String(), Policy: o.Policy,
		Weeks: o.Weeks, OrdersPlaced: int(f.Orders), ShortWeeks: int(o.Short), Costs: o.Costs, GMV: o.Price * f.Sales,
		Units: table.OutcomeUnits{o.Demand, o.Imputed, o.Forecast, o.Error, f.Sales, f.Lost, f.Ordered, f.OnHand / float64(o.Weeks), f.Final}}
}

// Notes are the metadata of the outcomes table: who is set against whom, and for how many SKUs each arm exists.
func (r *Report) Notes() [][2]string {
	notes := [][2]string{{"restock.against", r.Arms[r.Against].Name}, {"restock.skus", fmt.Sprint(r.SKUs())}}
	for k, a := range r.Arms {
		notes = append(notes, [2]string{"restock.skus." + a.Name, fmt.Sprint(r.CommonSKUs(k, k))},
			[2]string{"restock.compared_skus." + a.Name, fmt.Sprint(r.CommonSKUs(k, r.Against))})
	}
	return notes
}

// Fields returns the report for programs: every arm in every group and evaluation, and the comparisons over the longest one.
func (r *Report) Fields() map[string]any {
	var dates []string
	for _, d := range r.Dates {
		dates = append(dates, day(d))
	}
	var arms []map[string]any
	for k, a := range r.Arms {
		var parts []map[string]any
		for _, kind := range []string{"all", "date", "merchant", "month", "class", "stock-outs"} {
			for _, g := range r.Groups(kind) {
				for _, w := range r.Evaluate {
					if t := r.Tally(g, k, w); t != nil {
						fields := t.fields()
						fields["group"], fields["name"], fields["weeks"] = g.Kind, g.Name, w
						if w == r.Longest() && k != r.Against {
							maps.Copy(fields, r.comparisonFields(g, k, r.Against))
						}
						parts = append(parts, fields)
					}
				}
			}
		}
		arms = append(arms, map[string]any{"arm": a.Name, "rule": a.Rule, "skus": r.CommonSKUs(k, k), "results": parts})
	}
	partial := []map[string]any{}
	for _, against := range r.Partial() {
		var list []map[string]any
		for k, a := range r.Arms {
			if k != against {
				fields := r.comparisonFields(everything, k, against)
				fields["arm"] = a.Name
				list = append(list, fields)
			}
		}
		partial = append(partial, map[string]any{"against": r.Arms[against].Name, "skus": r.CommonSKUs(against, against), "arms": list})
	}
	return map[string]any{"headline": r.Headline(), "against": r.Arms[r.Against].Name, "dates": dates, "evaluate": r.Evaluate, "seed": r.Seed,
		"resamples": resamples, "skus": r.SKUs(), "merchants": len(r.merchants.list),
		"history_skus_without_article": r.NoArticle, "rejected_rows": r.Rejects, "skus_times_dates_without_forecast": r.NoForecast,
		"skus_times_dates_without_arm": r.NoArm, "arms": arms, "on_skus_of_partial_arms": partial}
}

// comparisonFields compare two arms in a group over the longest evaluation, and over the SKUs that both exist for.
func (r *Report) comparisonFields(g Group, arm, against int) map[string]any {
	u := r.Uplift(g, arm, against)
	if u.SKUs == 0 {
		return map[string]any{"compared": map[string]any{"skus": 0}}
	}
	compared := map[string]any{"skus": u.SKUs, "intervals_over": r.ClusteredBy(arm, against) + "s", "clusters": u.Clusters}
	for name, t := range map[string]*Tally{"arm": r.Common(g, arm, against, r.Longest()), "against": r.Common(g, against, arm, r.Longest())} {
		if t != nil {
			compared[name] = t.fields()
		}
	}
	return map[string]any{"saving": intervalFields(u.Saving), "gain": intervalFields(u.Gain), "p": u.P,
		"merchants_better_off":           map[string]any{"count": u.Better.Count, "of": u.Better.Of, "low": u.Better.Low, "high": u.Better.High},
		"correlation_of_wape_and_saving": finite(u.WAPE), "compared": compared}
}

func (t *Tally) fields() map[string]any {
	fields := map[string]any{"skus_times_dates": t.SKUs, "demand": t.Demand, "imputed_demand": t.Imputed, "wape": t.WAPE(), "forecast": t.Forecast,
		"units_sold": t.Sold, "units_lost": t.Lost, "units_ordered": t.Ordered, "orders_placed": t.Orders, "average_stock": t.AverageStock(),
		"turnover": t.Turnover(), "final_stock": t.Final, "cost": t.Cost.Total(), "gmv": t.GMV, "gmv_after_fulfilment": t.GMVAfterFulfilment(),
		"fill_rate": t.FillRate(), "availability": t.Availability()}
	for i, v := range t.Cost.Values() {
		fields[simulate.CostPartNames[i]] = v
	}
	return fields
}

func intervalFields(i stat.Interval) map[string]any {
	return map[string]any{"estimate": finite(i.Estimate), "low": finite(i.Low), "high": finite(i.High)}
}

// finite replaces what JSON can't say.
func finite(v float64) any {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return nil
	}
	return v
}
