package whatif

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/restock-engine/restock/io/decision"
	"github.com/restock-engine/restock/optimize"
	"github.com/restock-engine/restock/simulate"
)

// Workspace is the memory of answers. Not for concurrent use; the zero value is ready.
type Workspace struct {
	optimize   optimize.Workspace // of the decision
	others     optimize.Workspace // of the policies beside it
	ahead      simulate.Scenarios // see Ask
	sorters    [2]sorter          // of the recommended policy's costs, and of the others'
	difference []float64
}

// Optimizer lends the workspace's memory to a decision.
func (w *Workspace) Optimizer() *optimize.Workspace { return &w.optimize }

var errOwn = errors.New("policy")

// Ask answers a question. Errors are about the question, or the context's.
//
// Spare says that another processor has nothing to do. What the policies beside the recommended one do is then worked out while that
// is still searched for, on scenarios that are drawn a second time. The answer is the same.
func Ask(ctx context.Context, sampler *simulate.Sampler, q Question, w *Workspace, spare bool) (*Answer, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if q.Own != nil {
		if err := q.Own.Validate(); err != nil {
			return nil, errors.Join(errOwn, err)
		}
	}
	p := newPanel(&q)
	var busy sync.WaitGroup
	if spare {
		busy.Go(func() {
			err := sampler.Draw(&w.ahead, q.Input.Article, q.Input.Forecast, q.Input.Key, simulate.EvalSet, q.Options.EvalScenarios, false)
			if err == nil { // else Decide has the same error
				p.judgeOthers(&w.ahead, w)
			}
		})
	}
	rec, err := optimize.Decide(sampler, q.Input, q.Options, &w.optimize)
	busy.Wait()
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return nil, err
	}
	p.recommend(rec.Policy)
	sc := w.optimize.Reported()
	switch {
	case !spare:
		p.judgeOthers(sc, w)
	case rec.EvalScenarios != q.Options.EvalScenarios: // it was looked at once more
		busy.Go(func() { p.judgeOthers(sc, w) })
	}
	p.judgeRecommended(&rec, sc, w)
	busy.Wait()
	a := &Answer{Status: string(rec.Status), Explanation: rec.Explain(), Objective: q.Options.Objective.String(), Horizon: rec.Weeks,
		AsOf: q.AsOf.Format(time.DateOnly), EngineVersion: optimize.EngineVersion, Scenarios: q.Options.Scenarios, EvalScenarios: rec.EvalScenarios,
		InputHash: decision.Hash(q.Input, q.Options), Inputs: inputs(&q), Alternatives: p.alternatives(w)}
	if q.Frontier {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if a.Frontier, err = frontier(sampler, q, &rec, w); err != nil {
			return nil, err
		}
	}
	return a, nil
}
