package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/restock-engine/restock/internal/suggest"
	"github.com/restock-engine/restock/io/table"
	"github.com/restock-engine/restock/optimize"
	"github.com/restock-engine/restock/simulate"
)

type simulateFlags struct {
	commonFlags
	tables            tableFlags
	merchant, article string
	policies          []string
	set               choice
	scenarios         string
	trace, page       string
	frontier          bool
	replications      int
}

func newSimulateCommand(e *env) *cobra.Command {
	f := &simulateFlags{set: newChoice("eval", "opt", "extended")}
	cmd := &cobra.Command{
		Use:   "simulate",
		Short: "Show what a policy does for one article",
		Long: `simulate runs policies for one article on its scenarios, side by side with doing nothing and with the plan of the articles table, and
prints costs, service and the stock over the weeks. A policy is written

  rsq:t0=0,Q0=40,s=10,Q=20,t_limit=9     order 40 in week 0, then 20 in each review week up to 9 when stock is at most 10 and
                                         nothing is on its way (with ,trigger=position: when stock and inbound are at most 10)
  ss:s=10,S=40  basestock:S=40           order up to S
  plan:0=30,4=20  plan  none             a list of orders; the articles table's plan; nothing

or as a name alone (rsq, ss, basestock, newsvendor), which is then tuned as optimize tunes it. Without --policy it is rsq: the policy that
optimize recommends with the same seed.`,
		Example: `  restock simulate --articles articles.csv --forecast forecast.parquet --merchant M --article X
  restock simulate --articles articles.csv --forecast forecast.parquet --merchant M --article X --policy ss --policy 'rsq:t0=0,Q0=40,s=10,Q=20,t_limit=9' --html page.html
  restock simulate --articles articles.csv --forecast forecast.parquet --merchant M --article X --policy none --set opt --trace trace.jsonl`,
		Args: needs("articles", "forecast", "merchant", "article"),
		RunE: func(cmd *cobra.Command, _ []string) error { return f.run(cmd, e) },
	}
	f.tables.register(cmd)
	cmd.Flags().StringVar(&f.merchant, "merchant", "", "`ID` of the merchant")
	cmd.Flags().StringVar(&f.article, "article", "", "`ID` of the article")
	cmd.Flags().StringArrayVar(&f.policies, "policy", nil, "`POLICY` to run; may be given several times, to compare (default rsq)")
	cmd.Flags().Var(&f.set, "set", "run on the scenarios that optimize reports from (eval), compares candidates on (opt), or looks at once more\n"+
		"(extended: recommendations whose eval_scenarios are four times the setting)")
	cmd.Flags().StringVar(&f.scenarios, "scenarios", "", "draw `N` scenarios of the set (default from the settings: eval_scenarios, scenarios, or four times eval_scenarios)")
	cmd.Flags().StringVar(&f.trace, "trace", "", "write every scenario of the first policy, week by week, to `FILE` as JSON lines; - is stdout")
	cmd.Flags().BoolVar(&f.frontier, "frontier", false, "show the cheapest policy for rising fill rates")
	cmd.Flags().IntVar(&f.replications, "replications", 0, "bound what a better policy than the first could save, by `N` new searches on fresh scenarios")
	cmd.Flags().StringVar(&f.page, "html", "", "write a page with plots to `FILE`")
	f.registerSettings(cmd, "horizon", "objective", "quantile", "eval-scenarios")
	f.registerRun(cmd)
	cmd.Flags().MarkHidden("workers") // one article needs one
	f.registerOutput(cmd)
	f.registerLog(cmd)
	return cmd
}

// simulation is what the command has worked out.
type simulation struct {
	flags     *simulateFlags
	key       table.Key
	article   simulate.Article
	options   optimize.Options
	scenarios int
	sc        simulate.Scenarios
	results   []optimize.Comparison
	names     []string          // [result] how the policy was asked for
	weeks     []simulate.Weekly // [result]
	demand    []simulate.Fan    // [week]
	frontier  []frontierPoint
	gap       *optimize.Gap // of the first policy; nil unless asked for
}

func (f *simulateFlags) run(cmd *cobra.Command, e *env) error {
	policies, err := f.parsePolicies(cmd)
	if err != nil {
		return err
	}
	if f.replications < 0 || f.replications == 1 || f.replications > 1000 {
		return usageErrorf(seeHelp(cmd), "flag --replications: %d must be from 2 to 1000, or 0 for none", f.replications)
	}
	set, err := f.load(cmd)
	if err != nil {
		return err
	}
	count := "eval-scenarios"
	if f.set.value == "opt" {
		count = "scenarios"
	}
	if f.scenarios != "" {
		if err := set.Override(count, f.scenarios); err != nil {
			return usageErrorf(seeHelp(cmd), "flag --scenarios: %w", err)
		}
	}
	join, err := f.tables.options(cmd, e)
	if err != nil {
		return err
	}
	item, err := f.find(join)
	if err != nil {
		return err
	}
	s := &simulation{flags: f, key: item.Row.Key}
	article, decision, err := set.Article(item.Row)
	if err != nil {
		return fmt.Errorf("%s row %d: %s/%s: %w", item.Row.File, item.Row.Source.Row, f.merchant, f.article, err)
	}
	s.article, s.options = article, decision.Options()
	if short := item.Short(article.Horizon); short != nil {
		return fmt.Errorf("%s: %s %s %s", short.File, short.Column, short.Value, short.Reason)
	}
	switch s.scenarios = s.options.EvalScenarios; {
	case f.set.value == "opt":
		s.scenarios = s.options.Scenarios
	case f.set.value == "extended" && f.scenarios == "":
		s.scenarios *= optimize.Extension
	}
	for _, w := range set.Warnings() {
		f.logger(e).Warn(w)
	}
	if err := interruptibly(cmd.Context(), func() error { return s.simulate(policies, item) }); err != nil {
		return err
	}
	if f.trace != "" {
		if err := writeFile(f.trace, e.stdout, s.writeTrace); err != nil {
			return err
		}
	}
	if f.page != "" {
		if err := writeFile(f.page, e.stdout, s.writePage); err != nil {
			return err
		}
	}
	if f.trace == "-" || f.page == "-" {
		return nil
	}
	return s.print(e.stdout, f.format.value)
}

// interruptibly ends with the context, without waiting for work that has nothing to put away.
func interruptibly(ctx context.Context, work func() error) error {
	done := make(chan error, 1)
	go func() { done <- work() }()
	select {
	case err := <-done:
		return errors.Join(err, ctx.Err())
	case <-ctx.Done():
		return ctx.Err()
	}
}

// parsePolicies checks the policies before any file is read. Names alone are nil in the result.
func (f *simulateFlags) parsePolicies(cmd *cobra.Command) (map[string]simulate.Policy, error) {
	if len(f.policies) == 0 {
		f.policies = []string{string(optimize.RSQ)}
	}
	parsed := map[string]simulate.Policy{}
	for _, text := range f.policies {
		if slices.Contains(optimize.Kinds(), optimize.Kind(text)) || text == "plan" {
			parsed[text] = nil
			continue
		}
		p, err := simulate.ParsePolicy(text)
		if err != nil {
			return nil, usageErrorf(seeHelp(cmd), "flag --policy: %w", err)
		}
		parsed[text] = p
	}
	return parsed, nil
}

// find reads the tables up to the article.
func (f *simulateFlags) find(o table.JoinOptions) (item table.Item, err error) {
	joined, err := table.Join(f.tables.articles, f.tables.forecast, o)
	if err != nil {
		return item, err
	}
	defer func() { err = errors.Join(err, joined.Close()) }()
	wanted := table.Key{Merchant: f.merchant, Article: f.article}
	var articles, merchants []string
	for {
		item, err := joined.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return item, err
		}
		key := table.Key{}
		if item.Reject != nil {
			key = item.Reject.Key
		} else {
			key = item.Row.Key
		}
		if key == wanted {
			if r := item.Reject; r != nil {
				return item, fmt.Errorf("%s row %d: %s/%s can't be used: %s", r.File, r.Source.Row, f.merchant, f.article,
					strings.TrimSpace(strings.Join([]string{r.Column, r.Value, r.Reason}, " ")))
			}
			return item, nil
		}
		if key.Merchant == f.merchant {
			articles = append(articles, key.Article)
		}
		if len(merchants) == 0 || merchants[len(merchants)-1] != key.Merchant {
			merchants = append(merchants, key.Merchant)
		}
	}
	hint := ""
	if near := suggest.Nearest(f.article, articles); near != "" {
		hint = fmt.Sprintf("merchant %s has an article %s", f.merchant, near)
	} else if len(articles) == 0 {
		hint = "the merchant has no article at all"
		if near := suggest.Nearest(f.merchant, merchants); near != "" {
			hint += fmt.Sprintf("; is it %s?", near)
		}
	}
	return item, withHint(fmt.Errorf("%s has no article %s of merchant %s", f.tables.articles, f.article, f.merchant), hint)
}

// simulate tunes what is to be tuned and runs all policies on the chosen scenarios.
func (s *simulation) simulate(parsed map[string]simulate.Policy, item table.Item) error {
	sampler := simulate.NewSampler(s.flags.seed)
	in := optimize.Input{Article: &s.article, Forecast: item.Forecast, Key: sampler.Key(s.key.Merchant, s.key.Article)}
	plan := simulate.NewPlan(item.Row.Plan)
	if item.Row.HasPlan {
		if err := plan.Validate(); err != nil {
			return fmt.Errorf("%s row %d: plan: %w", item.Row.File, item.Row.Source.Row, err)
		}
	}
	var w optimize.Workspace
	var policies []simulate.Policy
	add := func(name string, p simulate.Policy) {
		s.names, policies = append(s.names, name), append(policies, p)
	}
	for _, text := range s.flags.policies {
		p := parsed[text]
		switch {
		case p != nil:
			add(text, p)
		case text == "plan" && !item.Row.HasPlan:
			return fmt.Errorf("%s row %d: the article has no plan; write one as --policy plan:0=30,4=20", item.Row.File, item.Row.Source.Row)
		case text == "plan":
			add("plan", plan)
		default:
			tuned, err := optimize.Tune(optimize.Kind(text), sampler, in, s.options, &w)
			if err != nil {
				return err
			}
			add(text+", tuned", tuned.Policy)
		}
	}
	if !slices.Contains(s.flags.policies, "none") {
		add("do nothing", simulate.None{})
	}
	if item.Row.HasPlan && !slices.Contains(s.flags.policies, "plan") {
		add("plan", plan)
	}
	if s.flags.frontier {
		if err := s.tuneFrontier(sampler, in, &w); err != nil {
			return err
		}
	}
	if s.flags.replications > 0 {
		gap, err := optimize.ReplicateGap(policies[0], sampler, in, s.options, s.flags.replications, &w)
		if err != nil {
			return err
		}
		s.gap = &gap
	}
	set := map[string]simulate.Set{"eval": simulate.EvalSet, "opt": simulate.OptSet, "extended": optimize.ExtendedSet}[s.flags.set.value]
	if err := sampler.Draw(&s.sc, &s.article, in.Forecast, in.Key, set, s.scenarios, true); err != nil {
		return err
	}
	s.evaluateFrontier(&w)
	s.results = optimize.Compare(&s.article, policies, &s.sc, s.options.Objective, &w)
	s.demand = simulate.DemandFans(&s.sc, s.sc.N)
	for _, p := range policies {
		s.weeks = append(s.weeks, simulate.Weeks(&s.article, p, &s.sc, s.sc.N))
	}
	return nil
}

func (s *simulation) writeTrace(out io.Writer) error {
	buffer := bufio.NewWriter(out)
	if err := simulate.WriteTrace(buffer, s.key.Merchant, s.key.Article, &s.article, s.results[0].Policy, &s.sc); err != nil {
		return err
	}
	return buffer.Flush()
}

// writeFile writes to a temporary name that becomes the path when all is written, or to stdout, or into a device or pipe, which a
// file must not replace: /dev/null would be one from then on.
func writeFile(path string, stdout io.Writer, write func(io.Writer) error) error {
	if path == "-" {
		return write(stdout)
	}
	if info, err := os.Stat(path); err == nil && !info.IsDir() && !info.Mode().IsRegular() {
		device, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err == nil {
			err = errors.Join(write(device), device.Close())
		}
		if err != nil {
			return fmt.Errorf("%s can't be written: %w", path, err)
		}
		return nil
	}
	temp, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*.tmp")
	if err != nil {
		return fmt.Errorf("%s can't be written: %w", path, err)
	}
	err = write(temp)
	err = errors.Join(err, temp.Chmod(0o644), temp.Close())
	if err == nil {
		err = os.Rename(temp.Name(), path)
	}
	if err != nil {
		os.Remove(temp.Name())
		return fmt.Errorf("%s can't be written: %w", path, err)
	}
	return nil
}

// finite replaces what JSON can't say.
func finite(v float64) any {
	if math.IsInf(v, 0) || math.IsNaN(v) {
		return nil
	}
	return v
}
