//go:build unix

package main

import (
	"cmp"
	"math"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/restock-engine/restock/optimize"
	"github.com/restock-engine/restock/simulate"
)

// facts are what RESULTS.md says of restock.
type facts struct {
	SKUs      int     `json:"skus"`
	Go        string  `json:"go"`
	Restock   string  `json:"restock"`
	Arms      []arm   `json:"arms"`
	BaseStock baseRun `json:"base_stock"`
}

// arm is one way to decide all SKUs: with the drawing of all scenarios, the search, and all figures of the recommendation.
type arm struct {
	Name        string      `json:"name"`
	Seconds     []float64   `json:"seconds"`     // wall clock per SKU, with 1 and 2 workers
	CPU         float64     `json:"cpu"`         // processor seconds per SKU with 1 worker
	Evaluations float64     `json:"evaluations"` // of candidates on Ω_opt, mean
	Policies    [][]float64 `json:"policies"`    // [SKU]
	Opt         []float64   `json:"opt"`         // [SKU] objective on Ω_opt
	Eval        []float64   `json:"eval"`        // and on Ω_eval
}

// restock decides all SKUs with the paper's trigger alone, as the peers do, as it does by default, and with 30 times the usual
// number of candidates, to come near the best there is.
func (e *export) restock() (facts, error) {
	f := facts{SKUs: len(e.inputs), Go: runtime.Version(), Restock: "unknown"}
	if text, err := exec.Command("git", "describe", "--always", "--dirty").Output(); err == nil {
		f.Restock = strings.TrimSpace(string(text))
	}
	for _, c := range []struct {
		name    string
		trigger optimize.TriggerChoice
		effort  int
		rounds  int
	}{
		{"restock, stock trigger", optimize.StockTrigger, 1, rounds},
		{"restock, either trigger (its default)", optimize.AutoTrigger, 1, rounds},
		{"restock, stock trigger, 30 times the candidates", optimize.StockTrigger, 30, 1},
	} {
		o := optimize.DefaultOptions()
		o.Scenarios, o.EvalScenarios, o.Trigger = scenarios, evalScenarios, c.trigger
		o.Budget *= c.effort
		a := arm{Name: c.name}
		var recs []optimize.Recommendation
		for _, workers := range []int{1, 2} {
			var walls, cpus []float64
			for range c.rounds {
				start, before := time.Now(), processorTime()
				var err error
				if recs, err = e.decide(o, workers); err != nil {
					return f, err
				}
				walls = append(walls, time.Since(start).Seconds()/float64(len(recs)))
				cpus = append(cpus, (processorTime()-before).Seconds()/float64(len(recs)))
			}
			a.Seconds = append(a.Seconds, middle(walls))
			if workers == 1 {
				a.CPU = middle(cpus)
			}
		}
		for i, r := range recs {
			fresh, err := e.fresh(i, r.Policy, o)
			if err != nil {
				return f, err
			}
			a.Evaluations += float64(r.Evaluations) / float64(len(recs))
			a.Policies = append(a.Policies, flat(r.Policy))
			a.Opt, a.Eval = append(a.Opt, r.ObjectiveOpt), append(a.Eval, fresh)
		}
		f.Arms = append(f.Arms, a)
	}
	return f, nil
}

// fresh returns a policy's objective on Ω_eval. That of a recommendation is on more scenarios if it is degraded.
func (e *export) fresh(i int, p simulate.Policy, o optimize.Options) (float64, error) {
	in := e.inputs[i]
	var sc simulate.Scenarios
	if err := e.sampler.Draw(&sc, in.Article, in.Forecast, in.Key, simulate.EvalSet, o.EvalScenarios, false); err != nil {
		return 0, err
	}
	var w optimize.Workspace
	return optimize.Compare(in.Article, []simulate.Policy{p}, &sc, o.Objective, &w)[0].Figures.Objective, nil
}

// decide decides all SKUs on so many workers.
func (e *export) decide(o optimize.Options, workers int) ([]optimize.Recommendation, error) {
	recs := make([]optimize.Recommendation, len(e.inputs))
	errs := make([]error, workers)
	var next atomic.Int64
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			var space optimize.Workspace
			for errs[w] == nil {
				i := int(next.Add(1) - 1)
				if i >= len(recs) {
					return
				}
				recs[i], errs[w] = optimize.Decide(e.sampler, e.inputs[i], o, &space)
			}
		})
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return recs, nil
}

// baseRun is a base-stock policy on a few SKUs, for stockpyl to repeat.
type baseRun struct {
	SKUs      int     `json:"skus"`
	NSPerWeek float64 `json:"ns_per_week"` // of one scenario
}

const baseStockSKUs = 5

// baseStock adds levels, lead times and holding costs of base-stock policies in a world that stockpyl knows, too: fixed lead
// times, no returns, an order in every week, everything that arrives in a week there before its demand. The level covers the
// demand of any scenario over lead time and review, and stock begins at it: nothing is ever short, since restock loses what is
// short and stockpyl back-orders it.
func (e *export) baseStock() (baseRun, error) {
	var levels, leads, costs, one []float64
	var sc simulate.Scenarios
	ev := simulate.NewEvaluator()
	n := min(baseStockSKUs, len(e.inputs))
	spent, weeks := 0.0, 0 // ns for scenario-weeks, the quickest of many runs for each SKU: other programs only slow them down
	for _, in := range e.inputs[:n] {
		a := simulate.DefaultArticle()
		a.Horizon, a.HoldingCost, a.InboundBeforeDemand = in.Article.Horizon, in.Article.HoldingCost, 1
		a.LeadTimeMean = float64(int(in.Article.LeadTimeMean))
		if err := e.sampler.Draw(&sc, &a, in.Forecast, in.Key, simulate.OptSet, scenarios, false); err != nil {
			return baseRun{}, err
		}
		a.OnHand = largestWindow(&sc, int(a.LeadTimeMean)+1)
		p := simulate.BaseStock{OrderUpTo: a.OnHand}
		ev.Prepare(&a, &sc)
		quickest := time.Duration(math.MaxInt64)
		for start := time.Now(); time.Since(start) < 100*time.Millisecond; {
			before := time.Now()
			one = ev.Costs(p, one)
			quickest = min(quickest, time.Since(before))
		}
		spent += float64(quickest.Nanoseconds())
		weeks += a.Horizon * scenarios
		levels, leads, costs = append(levels, p.OrderUpTo), append(leads, a.LeadTimeMean), append(costs, one...)
	}
	e.add("base_level", levels, n)
	e.add("base_lead", leads, n)
	e.add("base_costs", costs, n, scenarios)
	return baseRun{n, spent / float64(weeks)}, nil
}

// largestWindow returns the largest demand of so many weeks on end in any scenario.
func largestWindow(sc *simulate.Scenarios, length int) float64 {
	largest := 0.0
	for i := range sc.N {
		for t := range sc.Weeks {
			sum := 0.0
			for w := max(0, t-length+1); w <= t; w++ {
				sum += sc.Demand(i, w)
			}
			largest = max(largest, sum)
		}
	}
	return largest
}

func processorTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func middle(x []float64) float64 {
	sorted := slices.SortedFunc(slices.Values(x), cmp.Compare[float64])
	return sorted[len(sorted)/2]
}
