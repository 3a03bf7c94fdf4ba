package main

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/restock-engine/restock/backtest/judge"
)

type checkFlags struct {
	judgeFlags
	recent      count
	falseAlarms float64
	method      choice
}

func newForecastCheckCommand(e *env) *cobra.Command {
	f := &checkFlags{judgeFlags: judgeFlags{origins: 16, step: 4}, recent: 4, method: newChoice(judge.BuiltIn()...)}
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Tell whether forecasts have become worse than they were",
		Long: `check compares how past forecasts fared in the last weeks of the history with how they fared before: their loss,
coverage and bias, each SKU against itself at the same number of weeks ahead. It ends with exit code 4 if a change
is both notable and more than weeks usually vary, and with 0 if not, or if there is too little to compare. It is
made for a nightly job that keeps its forecasts: give it all of them and the newest history. Without --forecast it
checks restock's own forecaster at rolling origins.

docs/forecast.md describes the test and how often it rings in vain.`,
		Example: `  restock forecast check --history history.parquet --forecast 'forecasts/*.parquet'
  restock forecast check --history history.parquet --method pooled --format json`,
		Args: needs("history"),
		RunE: func(cmd *cobra.Command, _ []string) error { return f.run(cmd, e) },
	}
	f.judgeFlags.register(cmd)
	cmd.Flags().Var(&f.recent, "recent", "compare the last `WEEKS` of the history with those before")
	cmd.Flags().Float64Var(&f.falseAlarms, "false-alarms", 0.01, "`CHANCE` of exit code 4 where nothing has changed")
	cmd.Flags().Var(&f.method, "method", "without --forecast: check this forecaster")
	cmd.Flags().IntVar(&f.skus, "skus", 5000,
		"look at a random sample of `N` SKUs; 0 is all, which takes 25 kB of memory each for a year of weekly forecasts")
	f.registerSettings(cmd, "horizon")
	f.registerRun(cmd)
	f.registerOutput(cmd)
	f.registerLog(cmd)
	return cmd
}

func (f *checkFlags) run(cmd *cobra.Command, e *env) error {
	set, err := f.load(cmd)
	if err != nil {
		return err
	}
	in, err := f.input(cmd, e, set.Horizon())
	if err != nil {
		return err
	}
	if !(f.falseAlarms > 0 && f.falseAlarms <= 0.5) {
		return usageErrorf(seeHelp(cmd), "flag --false-alarms: %g must be above 0, at most 0.5", f.falseAlarms)
	}
	what := "files"
	if len(in.Files) == 0 {
		in.Models, what = []string{f.method.value}, "articles"
	} else if cmd.Flags().Changed("method") {
		return usageErrorf(seeHelp(cmd), "--method and --forecast can't be given together")
	}
	bar := newProgress(e, &f.commonFlags, what)
	in.Progress = bar.show
	r, err := judge.Check(cmd.Context(), judge.CheckJob{Input: in, Recent: int(f.recent), FalseAlarms: f.falseAlarms})
	bar.end()
	if err != nil {
		return err
	}
	for _, note := range r.Notes {
		f.logger(e).Warn(note)
	}
	if err := f.print(e, r); err != nil {
		return err
	}
	if !r.Alarm {
		return nil
	}
	alarms := 0
	for _, t := range r.Tests {
		if t.Alarm {
			alarms++
		}
	}
	return &exitError{fmt.Errorf("forecasts of %s have drifted since %s: %d of %d tests ring", r.Model, r.RecentFrom, alarms,
		len(r.Tests)),
		"'restock forecast evaluate' shows by week, class and merchant what has changed", exitChecks}
}

// driftText has a row for each test, those that ring first; without all, the groups' tests only where they ring or come close to
// it.
func driftText(r *judge.DriftReport, all bool) (headers []string, rows [][]string) {
	headers = []string{"group", "articles", "figure", "before", "change", "± s.e.", "p", "adjusted", ""}
	tests := slices.Clone(r.Tests)
	slices.SortStableFunc(tests, func(a, b judge.DriftRow) int {
		switch {
		case a.Alarm == b.Alarm:
			return 0
		case a.Alarm:
			return -1
		}
		return 1
	})
	for _, t := range tests {
		if !all && !t.Alarm && t.By != judge.ByOverall && float64(t.Adjusted) > 0.2 {
			continue
		}
		group := "all"
		if t.By != judge.ByOverall {
			group = t.By + " " + t.Group
		}
		mark := ""
		if t.Alarm {
			mark = "drift"
		}
		rows = append(rows, []string{group, strconv.Itoa(t.SKUs), t.Figure, figure("%.3f", t.Past, 1), figure("%+.3f", t.Change,
			1),
			figure("%.3f", t.StdError, 1), figure("%.2g", t.P, 1), figure("%.2g", t.Adjusted, 1), mark})
	}
	return headers, rows
}

func (f *checkFlags) print(e *env, r *judge.DriftReport) error {
	switch f.format.value {
	case "json":
		return printJSON(e.stdout, r)
	case "csv":
		headers, rows := driftText(r, true)
		headers[5], headers[8] = "std_error", "verdict"
		return printCSV(e.stdout, headers, rows)
	}
	if !r.Decided {
		_, err := fmt.Fprintf(e.stdout, "undecided: too little to compare the weeks from %s on with those before\n", r.RecentFrom)
		return err
	}
	_, err := fmt.Fprintf(e.stdout,
		"%d forecasts of %s from %s to %s: weeks from %s on against those from %s on, for %d articles, 1 to %d weeks ahead\n\n",
		len(r.Runs), r.Model, r.Runs[0], r.Runs[len(r.Runs)-1], r.RecentFrom, r.PastFrom, r.SKUs, r.Ahead)
	if err != nil {
		return err
	}
	headers, rows := driftText(r, false)
	if err := printTable(e.stdout, headers, rows); err != nil {
		return err
	}
	verdict := "no drift"
	if r.Alarm {
		verdict = "drift"
	}
	_, err = fmt.Fprintf(e.stdout,
		"\n%s; chance of a false alarm %g %%; loss per unit of the article's own usual demand; coverage of the\ncentral 80 %% interval; bias is 0.5 less the demand's rank within the forecast, above 0 where too much was forecast\n",
		verdict, 100*r.FalseAlarms)
	return err
}
