package table

import (
	"encoding/json"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/restock-engine/restock/forecast"
	"github.com/restock-engine/restock/optimize"
	"github.com/restock-engine/restock/simulate"
)

// RunInfo is what all recommendations of a run share.
type RunInfo struct {
	RunID         string
	AsOf          time.Time // Monday of week 0
	Seed          uint64
	EngineVersion string
}

// figureNames are the columns of optimize.Figures after the objective, in the order of figureCells.
var figureNames = slices.Concat([]string{"mean_cost"}, simulate.CostPartNames[:], []string{"fill_rate", "availability",
	"gmv", "gmv_after_fulfilment", "average_stock", "units_sold", "units_lost", "units_ordered", "orders_placed"})

func figureCells(f *optimize.Figures) []float64 {
	parts := f.Parts.Values()
	return append(append([]float64{f.MeanCost}, parts[:]...), f.FillRate, f.Availability,
		f.GMV, f.GMVAfterFulfilment, f.AverageStock, f.UnitsSold, f.UnitsLost, f.UnitsOrdered, f.OrdersPlaced)
}

var recommendationColumns = func() []outColumn {
	var columns []outColumn
	add := func(k outKind, nullable bool, names ...string) {
		for _, n := range names {
			columns = append(columns, outColumn{n, k, nullable})
		}
	}
	add(outText, false, "merchant_id", "article_id", "run_id")
	add(outDate, false, "as_of")
	add(outText, false, "status")
	add(outInt, false, "order_week")
	add(outFloat, false, "order_quantity")
	add(outInt, false, "t0")
	add(outFloat, false, "q0", "s", "q")
	add(outInt, false, "t_limit")
	add(outText, false, "trigger")
	add(outInt, false, "review_period")
	add(outFloat, false, "objective_opt", "objective_eval", "objective_eval_low", "objective_eval_high", "optimism", "sampling_gap_high", "fill_rate_shortfall")
	add(outInt, false, "eval_scenarios")
	add(outFloat, false, figureNames...)
	for _, prefix := range []string{"none_", "plan_"} {
		add(outFloat, prefix == "plan_", prefix+"objective")
		for _, n := range figureNames {
			add(outFloat, prefix == "plan_", prefix+n)
		}
	}
	add(outFloat, false, "saving", "saving_low", "saving_high", "objective_saving", "objective_saving_low", "objective_saving_high")
	add(outFloat, true, "plan_saving", "plan_saving_low", "plan_saving_high")
	add(outFloat, false, "mean_demand", "stock")
	add(outInt, false, "weeks", "evaluations")
	add(outUint, false, "seed")
	add(outText, false, "engine_version", "input_hash")
	return columns
}()

// orderQuantityColumn is the last of the columns without which a table is not one of recommendations.
const orderQuantityColumn = 6

// RecommendationWriter writes the recommendations table.
type RecommendationWriter struct {
	*tableWriter
	run RunInfo
}

// CreateRecommendations creates the recommendations table of a run.
func CreateRecommendations(path string, stdout io.Writer, run RunInfo) (*RecommendationWriter, error) {
	w, err := newTableWriter(path, stdout, recommendationColumns, nil)
	if err != nil {
		return nil, err
	}
	return &RecommendationWriter{w, run}, nil
}

// Write appends a SKU's recommendation.
func (w *RecommendationWriter) Write(key Key, r *optimize.Recommendation, inputHash string) error {
	w.row = recommendationCells(w.row[:0], w.run, key, r, inputHash)
	return w.put()
}

// recommendationCells appends a recommendation's cells, in the order of recommendationColumns.
func recommendationCells(row []cell, run RunInfo, key Key, r *optimize.Recommendation, inputHash string) []cell {
	p := r.Policy
	row = append(row,
		textCell(key.Merchant), textCell(key.Article), textCell(run.RunID), dateCell(run.AsOf), textCell(string(r.Status)),
		intCell(int64(p.T0)), floatCell(p.Q0), intCell(int64(p.T0)), floatCell(p.Q0), floatCell(p.ReorderPoint), floatCell(p.Q),
		intCell(int64(p.TLimit)), textCell(string(p.Trigger)), intCell(int64(r.ReviewPeriod)),
		floatCell(r.ObjectiveOpt), floatCell(r.ObjectiveEval.Estimate), floatCell(r.ObjectiveEval.Low), floatCell(r.ObjectiveEval.High),
		floatCell(r.Optimism()), floatCell(r.SamplingGap.High), floatCell(r.Shortfall), intCell(int64(r.EvalScenarios)))
	for _, v := range figureCells(&r.Figures) {
		row = append(row, floatCell(v))
	}
	plan := r.Plan
	if plan == nil {
		plan = &optimize.Figures{}
	}
	for i, f := range []*optimize.Figures{&r.DoNothing, plan} {
		set := i == 0 || r.Plan != nil
		row = append(row, nullable(f.Objective, set))
		for _, v := range figureCells(f) {
			row = append(row, nullable(v, set))
		}
	}
	for _, i := range []*struct{ Estimate, Low, High float64 }{
		{r.Saving.Estimate, r.Saving.Low, r.Saving.High}, {r.ObjectiveSaving.Estimate, r.ObjectiveSaving.Low, r.ObjectiveSaving.High}} {
		row = append(row, floatCell(i.Estimate), floatCell(i.Low), floatCell(i.High))
	}
	if s := r.PlanSaving; s != nil {
		row = append(row, floatCell(s.Estimate), floatCell(s.Low), floatCell(s.High))
	} else {
		row = append(row, cell{null: true}, cell{null: true}, cell{null: true})
	}
	return append(row, floatCell(r.MeanDemand), floatCell(r.Stock), intCell(int64(r.Weeks)), intCell(int64(r.Evaluations)),
		cell{int: int64(run.Seed)}, textCell(run.EngineVersion), textCell(inputHash))
}

// RejectWriter writes the rejects table.
type RejectWriter struct{ *tableWriter }

// CreateRejects creates the rejects table.
func CreateRejects(path string, stdout io.Writer) (*RejectWriter, error) {
	w, err := newTableWriter(path, stdout, []outColumn{
		{"file", outText, false}, {"row", outInt, true}, {"merchant_id", outText, false}, {"article_id", outText, false},
		{"column", outText, false}, {"value", outText, false}, {"reason", outText, false}}, nil)
	return &RejectWriter{w}, err
}

// Write appends a reject.
func (w *RejectWriter) Write(r Reject) error {
	w.row = append(w.row[:0], textCell(r.File), cell{int: r.Row, null: r.Row == 0}, textCell(clip(r.Merchant)), textCell(clip(r.Article)),
		textCell(r.Column), textCell(clip(r.Value)), textCell(r.Reason))
	return w.put()
}

// ForecastWriter writes the forecast table: canonical in Parquet and Arrow, level columns in CSV.
type ForecastWriter struct {
	*tableWriter
	lists bool
}

// CreateForecast creates the forecast table for quantiles at the levels, week 0 beginning on the Monday asOf.
func CreateForecast(path string, stdout io.Writer, levels []float64, asOf time.Time) (*ForecastWriter, error) {
	columns := []outColumn{{"merchant_id", outText, false}, {"article_id", outText, false}, {"week", outInt, false}}
	lists := !strings.HasPrefix(ending(path), ".csv")
	if lists {
		columns = append(columns, outColumn{"q", outFloats, false})
	} else {
		for _, l := range levels {
			columns = append(columns, outColumn{strconv.FormatFloat(l, 'f', -1, 64), outFloat, false})
		}
	}
	text, err := json.Marshal(levels)
	if err != nil {
		return nil, err
	}
	w, err := newTableWriter(path, stdout, columns, meta{{"as_of", asOf.Format(time.DateOnly)}, {"quantile_levels", string(text)}})
	if err != nil {
		return nil, err
	}
	return &ForecastWriter{w, lists}, nil
}

// Write appends all weeks of a SKU.
func (w *ForecastWriter) Write(key Key, q *forecast.Quantiles) error {
	for t := range q.Weeks() {
		w.row = append(w.row[:0], textCell(key.Merchant), textCell(key.Article), intCell(int64(t)))
		if w.lists {
			w.row = append(w.row, cell{floats: q.Week(t)})
		} else {
			for _, v := range q.Week(t) {
				// by way of the shortest decimal, so that 0.1 is not written as 0.10000000149
				x, _ := strconv.ParseFloat(strconv.FormatFloat(float64(v), 'g', -1, 32), 64)
				w.row = append(w.row, floatCell(x))
			}
		}
		if err := w.put(); err != nil {
			return err
		}
	}
	return nil
}

// ArticleWriter writes the articles table.
type ArticleWriter struct{ *tableWriter }

// CreateArticles creates the articles table.
func CreateArticles(path string, stdout io.Writer) (*ArticleWriter, error) {
	var columns []outColumn
	kinds := map[kind]outKind{text: outText, number: outFloat, list: outList, pairs: outPairs}
	for _, c := range articleColumns {
		columns = append(columns, outColumn{c.name, kinds[c.kind], !c.required})
	}
	w, err := newTableWriter(path, stdout, columns, nil)
	return &ArticleWriter{w}, err
}

// Write appends a row.
func (w *ArticleWriter) Write(r *ArticleRow) error {
	flat := func(x []simulate.WeekQuantity, set bool) cell {
		c := cell{null: !set}
		for _, wq := range x {
			c.list = append(c.list, float64(wq.Week), wq.Quantity)
		}
		return c
	}
	w.row = append(w.row[:0], textCell(r.Merchant), textCell(r.Article), floatCell(r.OnHand), floatCell(r.Price), floatCell(r.UnitCost),
		flat(r.InTransit, len(r.InTransit) > 0), flat(r.PendingReturns, len(r.PendingReturns) > 0), flat(r.Plan, r.HasPlan),
		cell{list: r.ReturnLagWeights, null: r.ReturnLagWeights == nil}, cell{list: r.LeadTimeSamples, null: r.LeadTimeSamples == nil})
	for p := range NumParams {
		w.row = append(w.row, nullable(r.Params.Get(p)))
	}
	return w.put()
}

// HistoryWriter writes the history table.
type HistoryWriter struct{ *tableWriter }

// CreateHistory creates the history table.
func CreateHistory(path string, stdout io.Writer) (*HistoryWriter, error) {
	columns := []outColumn{{"merchant_id", outText, false}, {"article_id", outText, false}, {"week_start", outDate, false}}
	for _, c := range historyColumns[salesColumn:] {
		columns = append(columns, outColumn{c.name, outFloat, !c.required})
	}
	w, err := newTableWriter(path, stdout, columns, nil)
	return &HistoryWriter{w}, err
}

// Write appends all weeks of a SKU.
func (w *HistoryWriter) Write(s *forecast.Series) error {
	columns := [historyNumbers][]float64{s.Sales, s.InStock, s.Returns, s.Received, s.Ordered, s.OnHand, s.Price}
	for t := range s.Sales {
		w.row = append(w.row[:0], textCell(s.MerchantID), textCell(s.ArticleID), dateCell(forecast.WeekStart(s.FirstWeek+t)))
		for _, c := range columns {
			set := c != nil && !math.IsNaN(c[t])
			v := 0.0
			if set {
				v = c[t]
			}
			w.row = append(w.row, nullable(v, set))
		}
		if err := w.put(); err != nil {
			return err
		}
	}
	return nil
}
