package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/restock-engine/restock/backtest"
	"github.com/restock-engine/restock/optimize"
)

// nearlyAll is the share of the SKUs that an arm must exist for so that the others are set against it without being told to.
const nearlyAll = 0.95

// opponent returns the place of the arm to set the others against, and says which it is where that was not asked for.
func (f *backtestFlags) opponent(cmd *cobra.Command, e *env, job *backtest.Job) (int, error) {
	arms := job.Arms
	place := func(name string) int {
		return slices.IndexFunc(arms, func(a backtest.Arm) bool { return a.Name == name })
	}
	asked := place(f.against)
	if f.against != "" && asked < 0 {
		var names []string
		for _, a := range arms {
			names = append(names, a.Name)
		}
		return 0, usageErrorf(seeHelp(cmd), "flag --against: %q is not among the arms %s", f.against, strings.Join(names, ", "))
	}
	coverage, err := job.Coverage()
	if err != nil {
		return 0, err
	}
	if n := coverage.SKUs; asked >= 0 && n > 0 && coverage.Of(&arms[asked]) == 0 {
		return 0, usageErrorf(seeHelp(cmd), "flag --against: the arm %s exists for none of the %d SKUs: the tables have none", f.against, n)
	}
	log := f.logger(e)
	for k := range arms {
		if coverage.SKUs > 0 && coverage.Of(&arms[k]) == 0 {
			log.Warn(fmt.Sprintf("the arm %s takes no part: it exists for none of the %d SKUs", arms[k].Name, coverage.SKUs))
		}
	}
	if asked >= 0 {
		if n := coverage.Of(&arms[asked]); n < coverage.SKUs {
			log.Info(fmt.Sprintf("the others are set against %s over the %d of %d SKUs that have it", f.against, n, coverage.SKUs))
		}
		return asked, nil
	}
	against, passed := choose(arms, coverage)
	why := ""
	for _, k := range passed {
		why += fmt.Sprintf("; %s exists for %d of %d SKUs alone", arms[k].Name, coverage.Of(&arms[k]), coverage.SKUs)
	}
	log.Info(fmt.Sprintf("the others are set against %s%s (--against chooses another)", arms[against].Name, why))
	return against, nil
}

// choose returns the arm to set the others against, and those that would come before it but exist for too few SKUs: human, plan or
// base stock, or else the last that exists for nearly all SKUs, or else the one that exists for the most.
func choose(arms []backtest.Arm, coverage *backtest.Coverage) (against int, passed []int) {
	full := func(k int) bool { return float64(coverage.Of(&arms[k])) >= nearlyAll*float64(coverage.SKUs) }
	for _, rule := range []string{backtest.Human, backtest.PlanRule, string(optimize.BaseStock)} {
		k := slices.IndexFunc(arms, func(a backtest.Arm) bool { return a.Name == rule })
		switch {
		case k >= 0 && full(k):
			return k, passed
		case k >= 0:
			passed = append(passed, k)
		}
	}
	for k := len(arms) - 1; k >= 0; k-- {
		if full(k) {
			return k, passed
		}
		if coverage.Of(&arms[k]) > coverage.Of(&arms[against]) {
			against = k
		}
	}
	return against, slices.DeleteFunc(passed, func(k int) bool { return k == against })
}
