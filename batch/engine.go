package batch

import (
	"context"
	"errors"
	"fmt"

	"github.com/restock-engine/restock/internal/parallel"
	"github.com/restock-engine/restock/io/settings"
	"github.com/restock-engine/restock/io/table"
	"github.com/restock-engine/restock/optimize"
	"github.com/restock-engine/restock/simulate"
)

// chunkSize is how many articles a worker takes at a time.
const chunkSize = 32

// chunks returns a function that reads the joined rows in chunks.
func chunks(joined *table.Joined) func() ([]table.Item, error) {
	var pending error
	return func() ([]table.Item, error) {
		if pending != nil {
			return nil, pending
		}
		var items []table.Item
		for len(items) < chunkSize {
			item, err := joined.Next()
			if err != nil {
				pending = err
				break
			}
			items = append(items, item)
		}
		if len(items) == 0 {
			return nil, pending
		}
		return items, nil
	}
}

// engine decides articles on several workers.
type engine struct {
	settings *settings.Settings
	sampler  *simulate.Sampler
	workers  []*optimize.Workspace
	curves   map[string]optimize.CurveOptions // by merchant, for those with limits over their SKUs
}

func newEngine(set *settings.Settings, seed uint64, workers int) *engine {
	e := &engine{settings: set, sampler: simulate.NewSampler(seed)}
	for range parallel.Workers(workers) {
		e.workers = append(e.workers, &optimize.Workspace{})
	}
	return e
}

// all decides every row of the join and hands out the results in order; progress is called now and then.
func (e *engine) all(ctx context.Context, joined *table.Joined, emit func(*Result) error, progress func()) error {
	return parallel.Ordered(ctx, len(e.workers), chunks(joined), e.decide, func(results []Result) error {
		for i := range results {
			if err := emit(&results[i]); err != nil {
				return err
			}
		}
		progress()
		return nil
	})
}

func (e *engine) decide(worker int, items []table.Item) []Result {
	results := make([]Result, len(items))
	for i := range items {
		results[i] = e.one(e.workers[worker], &items[i])
	}
	return results
}

// one decides one article. What can't be decided becomes a reject; nothing else does.
func (e *engine) one(w *optimize.Workspace, item *table.Item) Result {
	if item.Reject != nil {
		return Result{Key: item.Reject.Key, Reject: item.Reject}
	}
	row := item.Row
	article, decision, err := e.settings.Article(row)
	if err != nil {
		return Result{Key: row.Key, Reject: fieldReject(row, err)}
	}
	if r := item.Short(article.Horizon); r != nil {
		return Result{Key: row.Key, Reject: r}
	}
	in := optimize.Input{Article: &article, Forecast: item.Forecast, Key: e.sampler.Key(row.Merchant, row.Article)}
	if row.HasPlan {
		in.Plan, err = plan(row)
		if err != nil {
			return Result{Key: row.Key, Reject: fieldReject(row, err)}
		}
	}
	options := decision.Options()
	rec, err := optimize.Decide(e.sampler, in, options, w)
	if err != nil {
		return Result{Key: row.Key, Reject: &table.Reject{Source: row.Source, Key: row.Key, Reason: err.Error()}}
	}
	result := Result{Key: row.Key, Recommendation: &rec, inputHash: inputHash(in, options),
		unitCost: article.UnitCost, freeStock: article.HoldingCost == 0}
	if c, ok := e.curves[row.Merchant]; ok {
		curve, err := optimize.OrderCurve(e.sampler, in, options, &rec, c, w)
		if err != nil {
			return Result{Key: row.Key, Reject: &table.Reject{Source: row.Source, Key: row.Key, Reason: err.Error()}}
		}
		result.curve = &curve
	}
	return result
}

// plan returns the row's plan as a policy.
func plan(row *table.ArticleRow) (simulate.Plan, error) {
	p := simulate.NewPlan(row.Plan)
	if err := p.Validate(); err != nil {
		return nil, simulate.FieldErrors{{Column: "plan", Value: p.String(), Reason: err.Error()}}
	}
	return p, nil
}

// fieldReject makes a reject of the first field that is wrong.
func fieldReject(row *table.ArticleRow, err error) *table.Reject {
	r := &table.Reject{Source: row.Source, Key: row.Key, Reason: err.Error()}
	var fields simulate.FieldErrors
	if errors.As(err, &fields) && len(fields) > 0 {
		r.Column, r.Value, r.Reason = fields[0].Column, fields[0].Value, fields[0].Reason
		if more := len(fields) - 1; more > 0 {
			r.Reason += fmt.Sprintf(" (and %d more: %v)", more, fields[1:])
		}
	}
	return r
}
