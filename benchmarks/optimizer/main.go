// Command optimizer measures how near to the best policy the searches come, and with how many candidates: on real and on
// synthetic SKUs, against the exhaustive optimum where the box of policies is small, and against far longer searches where it is
// not. Run `make`.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/restock-engine/restock/optimize"
	"github.com/restock-engine/restock/simulate"
)

type config struct {
	testdata  string
	skus      int
	reference int
	fresh     int
	more      int
	results   string
}

func main() {
	var c config
	flag.StringVar(&c.testdata, "testdata", "testdata", "folder of the shipped data")
	flag.IntVar(&c.skus, "skus", 200, "number of real SKUs, and of synthetic ones")
	flag.IntVar(&c.reference, "reference", 200_000, "evaluations of the reference searches where the box is too large to be searched through")
	flag.IntVar(&c.fresh, "fresh", 20_000, "scenarios on which the policies found are compared with the best ones")
	flag.IntVar(&c.more, "more", 50_000, "evaluations of the reference searches on more than 500 scenarios; 0: without that table")
	flag.StringVar(&c.results, "results", "", "file to write the tables to; none: stdout")
	flag.Parse()
	if err := run(&c); err != nil {
		fmt.Fprintln(os.Stderr, "optimizer:", err)
		os.Exit(1)
	}
}

// arm is a method with a budget.
type arm struct {
	name    string
	method  optimize.Method // nil: the default one
	budget  int
	warm    bool // start from yesterday's policy as well
	byClass bool // report each class of SKUs
	more    bool // run it on more scenarios, too
}

func arms() []arm {
	return []arm{
		{name: "restock, as `optimize` runs it", budget: optimize.DefaultOptions().Budget, byClass: true, more: true},
		{name: "… also from yesterday's policy", budget: optimize.DefaultOptions().Budget, warm: true},
		{name: "restock, all of 1,000", method: optimize.LocalSearch{Patience: 1000}, budget: 1000, byClass: true, more: true},
		{name: "restock, `candidates: 10000`", budget: 10_000, byClass: true, more: true},
		{name: "restock, `candidates: 100000`", budget: 100_000},
		{name: "random search, 1,000", method: optimize.RandomSearch{}, budget: 1000},
		{name: "CMA-ES, 1,000", method: optimize.CMAES{}, budget: 1000},
		{name: "Nelder-Mead, 1,000", method: optimize.NelderMead{}, budget: 1000},
	}
}

// outcome is what one arm found for one SKU.
type outcome struct {
	tuned   optimize.Tuned
	seconds float64
}

func run(c *config) error {
	skus, err := realSKUs(c.testdata, c.skus)
	if err != nil {
		return err
	}
	skus = append(skus, syntheticSKUs(c.skus)...)
	for _, s := range skus {
		if err := s.article.Validate(); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
	}
	var exhaustive atomic.Int64
	searches := append(arms(),
		arm{name: "reference", method: reference{c.reference, &exhaustive}, budget: c.reference},
		arm{name: "reference", method: optimize.LocalSearch{Patience: c.reference / 5}, budget: c.reference / 2})
	if err := lookAtYesterday(skus); err != nil {
		return err
	}
	found, err := study(skus, searches, optimize.DefaultOptions().Scenarios)
	if err != nil {
		return err
	}
	found.results = found.results[:len(arms())]
	if found.fresh, err = compareFresh(skus, found.best, found.results, c.fresh); err != nil {
		return err
	}
	more, err := studyMore(c, skus, found)
	if err != nil {
		return err
	}
	return report(c, exhaustive.Load(), skus, found, more)
}

// studied is what searches found on the same scenarios.
type studied struct {
	scenarios int
	results   [][]outcome // [arm][SKU]
	best      []outcome   // [SKU] of all
	fresh     [][]float64 // [arm][SKU] how much dearer on fresh scenarios
}

// study runs searches on every SKU, on so many scenarios.
func study(skus []*sku, searches []arm, scenarios int) (f studied, err error) {
	f = studied{scenarios: scenarios, results: make([][]outcome, len(searches)), best: make([]outcome, len(skus))}
	for k, a := range searches {
		fmt.Fprintf(os.Stderr, "%d scenarios: %s …\n", scenarios, a.name)
		method := func(*sku) optimize.Method { return a.method }
		if a.warm {
			method = func(s *sku) optimize.Method { return warm{s.yesterday} }
		}
		if f.results[k], err = measure(skus, 1, method, a.budget, scenarios); err != nil {
			return f, err
		}
	}
	for i := range skus {
		f.best[i] = f.results[0][i]
		for _, list := range f.results[1:] {
			if list[i].tuned.Score.Value < f.best[i].tuned.Score.Value {
				f.best[i] = list[i]
			}
		}
	}
	return f, nil
}

// moreScenarios are the numbers beside the default one.
var moreScenarios = []int{2000, 8000}

// studyMore runs restock's search on more scenarios, and compares on fresh ones the policies found with the best of those for the most
// scenarios.
func studyMore(c *config, skus []*sku, first studied) ([]studied, error) {
	if c.more == 0 {
		return nil, nil
	}
	var restock []arm
	var kept [][]outcome
	for k, a := range arms() {
		if a.more {
			restock, kept = append(restock, a), append(kept, first.results[k])
		}
	}
	list := []studied{{scenarios: first.scenarios, results: kept, best: first.best}}
	searches := append(restock[:len(restock):len(restock)],
		arm{name: "reference", method: reference{c.more, nil}, budget: c.more},
		arm{name: "reference", method: optimize.LocalSearch{Patience: c.more / 2}, budget: c.more})
	for _, n := range moreScenarios {
		f, err := study(skus, searches, n)
		if err != nil {
			return nil, err
		}
		f.results = f.results[:len(restock)]
		list = append(list, f)
	}
	for i := range list {
		var err error
		if list[i].fresh, err = compareFresh(skus, list[len(list)-1].best, list[i].results, c.fresh); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// each calls f for every SKU; the work is spread over the processors.
func each(skus []*sku, seed uint64, f func(i int, s *sku, sampler *simulate.Sampler, w *optimize.Workspace) error) error {
	errs := make([]error, len(skus))
	next := make(chan int)
	var wait sync.WaitGroup
	sampler := simulate.NewSampler(seed)
	for range runtime.GOMAXPROCS(0) {
		wait.Go(func() {
			var w optimize.Workspace
			for i := range next {
				errs[i] = f(i, skus[i], sampler, &w)
			}
		})
	}
	for i := range skus {
		next <- i
	}
	close(next)
	wait.Wait()
	return errors.Join(errs...)
}

func (s *sku) input(sampler *simulate.Sampler) optimize.Input {
	return optimize.Input{Article: &s.article, Forecast: &s.forecast, Key: sampler.Key("benchmark", s.name)}
}

// measure runs a method on every SKU, on so many scenarios of a seed.
func measure(skus []*sku, seed uint64, method func(*sku) optimize.Method, budget, scenarios int) ([]outcome, error) {
	list := make([]outcome, len(skus))
	err := each(skus, seed, func(i int, s *sku, sampler *simulate.Sampler, w *optimize.Workspace) (err error) {
		o := optimize.DefaultOptions()
		o.Method, o.Budget, o.Scenarios = method(s), budget, scenarios
		start := time.Now()
		list[i].tuned, err = optimize.Tune(optimize.RSQ, sampler, s.input(sampler), o, w)
		list[i].seconds = time.Since(start).Seconds()
		return err
	})
	return list, err
}

// freshSet is a set of scenarios that no search has seen.
const freshSet simulate.Set = 1000

// compareFresh returns for each arm and SKU how much dearer its policy is than the best one on scenarios that neither was chosen
// on.
func compareFresh(skus []*sku, best []outcome, results [][]outcome, n int) ([][]float64, error) {
	gaps := make([][]float64, len(results))
	for k := range gaps {
		gaps[k] = make([]float64, len(skus))
	}
	err := each(skus, 1, func(i int, s *sku, sampler *simulate.Sampler, w *optimize.Workspace) error {
		in := s.input(sampler)
		var sc simulate.Scenarios
		if err := sampler.Draw(&sc, in.Article, in.Forecast, in.Key, freshSet, n, false); err != nil {
			return err
		}
		policies := []simulate.Policy{best[i].tuned.Policy}
		for k := range results {
			policies = append(policies, results[k][i].tuned.Policy)
		}
		compared := optimize.Compare(in.Article, policies, &sc, optimize.DefaultObjective(), w)
		reference := compared[0].Figures.Objective
		for k := range results {
			if reference > 0 {
				gaps[k][i] = compared[k+1].Figures.Objective/reference - 1
			}
		}
		return nil
	})
	return gaps, err
}
