package whatif

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
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
	var second helper
	defer second.busy.Wait() // should the decision panic, the memory is not given away before
	if spare {
		second.do(func() {
			err := sampler.Draw(&w.ahead, q.Input.Article, q.Input.Forecast, q.Input.Key, simulate.EvalSet, q.Options.EvalScenarios, false)
			if err == nil { // else Decide has the same error
				p.judgeOthers(&w.ahead, w)
			}
		})
	}
	rec, err := optimize.Decide(sampler, q.Input, q.Options, &w.optimize)
	second.wait()
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
		second.do(func() { p.judgeOthers(sc, w) })
	}
	p.judgeRecommended(&rec, sc, w)
	second.wait()
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

// helper does something on another goroutine, one thing at a time.
type helper struct {
	busy     sync.WaitGroup
	panicked string
}

func (h *helper) do(f func()) {
	h.busy.Go(func() {
		defer func() {
			if v := recover(); v != nil {
				h.panicked = fmt.Sprintf("%v\n%s", v, debug.Stack())
			}
		}()
		f()
	})
}

// wait waits for the end of what was done, and panics as that has: here somebody may recover, there it would end the process.
func (h *helper) wait() {
	h.busy.Wait()
	if h.panicked != "" {
		panic(h.panicked)
	}
}
