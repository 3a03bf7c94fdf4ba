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
	results   string
}

func main() {
	var c config
	flag.StringVar(&c.testdata, "testdata", "testdata", "folder of the shipped data")
	flag.IntVar(&c.skus, "skus", 200, "number of real SKUs, and of synthetic ones")
	flag.IntVar(&c.reference, "reference", 200_000, "evaluations of the reference searches where the box is too large to be searched through")
	flag.IntVar(&c.fresh, "fresh", 20_000, "scenarios on which the policies found are compared with the best ones")
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
}

func arms() []arm {
	patient := func(n int) optimize.Method { return optimize.LocalSearch{Patience: n} }
	return []arm{
		{name: "restock, as `optimize` runs it", budget: optimize.DefaultOptions().Budget, byClass: true},
		{name: "… also from yesterday's policy", budget: optimize.DefaultOptions().Budget, warm: true},
		{name: "restock, all of 1,000", method: patient(1000), budget: 1000, byClass: true},
		{name: "restock, 3,000", method: patient(3000), budget: 3000},
		{name: "restock, 10,000", method: patient(10_000), budget: 10_000},
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
	results := make([][]outcome, len(searches))
	for k, a := range searches {
		fmt.Fprintf(os.Stderr, "%s …\n", a.name)
		method := func(*sku) optimize.Method { return a.method }
		if a.warm {
			method = func(s *sku) optimize.Method { return warm{s.yesterday} }
		}
		if results[k], err = measure(skus, 1, method, a.budget); err != nil {
			return err
		}
	}
	best := make([]outcome, len(skus))
	for i := range skus {
		best[i] = results[0][i]
		for _, list := range results[1:] {
			if list[i].tuned.Score.Value < best[i].tuned.Score.Value {
				best[i] = list[i]
			}
		}
	}
	fresh, err := compareFresh(skus, best, results[:len(arms())], c.fresh)
	if err != nil {
		return err
	}
	return report(c, exhaustive.Load(), skus, best, results[:len(arms())], fresh)
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

// measure runs a method on every SKU, on scenarios of a seed.
func measure(skus []*sku, seed uint64, method func(*sku) optimize.Method, budget int) ([]outcome, error) {
	list := make([]outcome, len(skus))
	err := each(skus, seed, func(i int, s *sku, sampler *simulate.Sampler, w *optimize.Workspace) (err error) {
		o := optimize.DefaultOptions()
		o.Method, o.Budget = method(s), budget
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
