package batch

import (
	"context"

	"github.com/restock-engine/restock/internal/parallel"
	"github.com/restock-engine/restock/io/decision"
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
	settings  *settings.Settings
	sampler   *simulate.Sampler
	workers   []*optimize.Workspace
	overrides *decision.Overrides              // of partners; nil for none
	curves    map[string]optimize.CurveOptions // by merchant, for those with limits over their SKUs
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
	set := e.settings
	if o := e.overrides; o != nil {
		set, item = o.Settings, o.Apply(item)
	}
	p, reject := decision.Prepare(set, e.sampler, item)
	if reject != nil {
		return Result{Key: reject.Key, Reject: reject}
	}
	row := item.Row
	rec, err := optimize.Decide(e.sampler, p.Input, p.Options, w)
	if err != nil {
		return Result{Key: row.Key, Reject: &table.Reject{Source: row.Source, Key: row.Key, Reason: err.Error()}}
	}
	result := Result{Key: row.Key, Recommendation: &rec, inputHash: decision.Hash(p.Input, p.Options),
		unitCost: p.Input.Article.UnitCost, freeStock: p.Input.Article.HoldingCost == 0, certain: len(p.Input.Forecast.Levels) == 1,
		belowMOQ: p.Input.Article.MaxOrder < p.Input.Article.MOQ}
	if c, ok := e.curves[row.Merchant]; ok {
		curve, err := optimize.OrderCurve(e.sampler, p.Input, p.Options, &rec, c, w)
		if err != nil {
			return Result{Key: row.Key, Reject: &table.Reject{Source: row.Source, Key: row.Key, Reason: err.Error()}}
		}
		result.curve = &curve
	}
	return result
}
