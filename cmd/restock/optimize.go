package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/restock-engine/restock/batch"
	"github.com/restock-engine/restock/io/table"
	"github.com/restock-engine/restock/optimize"
)

type optimizeFlags struct {
	commonFlags
	tables     tableFlags
	out        string
	rejects    string
	maxRejects share
	strict     bool
	top        int
}

func newOptimizeCommand(e *env) *cobra.Command {
	f := &optimizeFlags{maxRejects: 0.05}
	cmd := &cobra.Command{
		Use:   "optimize",
		Short: "Recommend orders for every article",
		Long: `optimize chooses for every article the ordering policy with the smallest cost in simulated scenarios of its demand, lead times
and returns, and writes one recommendation a row, in the order of the articles. Rows that can't be used go to the rejects with
the reason. Tables are Parquet, CSV or Arrow IPC by the ending of their name; a folder or a glob reads all its files.

Ctrl-C ends the run and keeps what is finished as NAME.partial.ENDING. A complete run replaces --out at once.`,
		Example: `  restock optimize --articles articles.csv --forecast forecast.parquet --out recommendations.parquet --rejects rejects.csv`,
		Args:    needs("articles", "forecast", "out"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return f.run(cmd, e)
		},
	}
	f.tables.register(cmd)
	cmd.Flags().StringVar(&f.out, "out", "", "write recommendations to `FILE` (.parquet, .csv, .csv.gz, .arrow, .arrows, or - for Arrow on stdout)")
	cmd.Flags().StringVar(&f.rejects, "rejects", "", "write rejected rows to `FILE`")
	cmd.Flags().Var(&f.maxRejects, "max-rejects", "end with exit code 3 if more than this `SHARE` of the rows is rejected")
	cmd.Flags().BoolVar(&f.strict, "strict", false, "end with exit code 3 if any row is rejected")
	cmd.Flags().IntVar(&f.top, "top", 15, "print the `N` orders that save most")
	f.registerSettings(cmd, "horizon", "objective", "quantile", "candidates", "scenarios", "eval-scenarios")
	f.registerRun(cmd)
	f.registerOutput(cmd)
	f.registerLog(cmd)
	return cmd
}

func (f *optimizeFlags) run(cmd *cobra.Command, e *env) error {
	set, err := f.load(cmd)
	if err != nil {
		return err
	}
	if f.top < 0 {
		return usageErrorf(seeHelp(cmd), "flag --top: %d must be 0 or more", f.top)
	}
	join, err := f.tables.options(cmd, e)
	if err != nil {
		return err
	}
	bar := newProgress(e, &f.commonFlags, "articles")
	summary, err := batch.Run(cmd.Context(), batch.Job{
		Articles: f.tables.articles, Forecast: f.tables.forecast,
		Recommendations: f.out, Rejects: f.rejects,
		Settings: set, Seed: f.seed, Workers: int(f.workers), EngineVersion: optimize.EngineVersion, Today: time.Now().UTC(),
		Join: join, Stdout: e.stdout, Top: f.top, Progress: bar.show,
	})
	bar.end()
	if summary == nil {
		return err
	}
	log := f.logger(e)
	for _, w := range summary.Warnings {
		log.Warn(w)
	}
	switch {
	case errors.Is(err, context.Canceled):
		return fmt.Errorf("after %d articles, kept in %s: %w", summary.In, joinWords(summary.Files), err)
	case err != nil:
		return err
	}
	if err := f.print(e, summary); err != nil {
		return err
	}
	return f.judge(summary)
}

// judge is the exit code that the rejects ask for.
func (f *optimizeFlags) judge(s *batch.Summary) error {
	hint := "--rejects FILE writes them with their reasons; 'restock validate' lists all problems at once"
	if f.rejects != "" {
		hint = f.rejects + " has them with their reasons"
	}
	if s.In == 0 {
		return withHint(fmt.Errorf("%s has no rows, so there is nothing to recommend", f.tables.articles), "an empty result was written")
	}
	return judgeRejects(s.Rejects, s.In, f.maxRejects, f.strict, hint)
}

// tableFlags are the flags of commands that read articles and forecasts.
type tableFlags struct {
	articles, forecast string
	asOf               string
	separator, model   string
}

func (f *tableFlags) register(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.articles, "articles", "", "articles table: `PATH` of a file, folder or glob; - is Arrow on stdin")
	cmd.Flags().StringVar(&f.forecast, "forecast", "", "forecast table: `PATH` of a file, folder or glob; - is Arrow on stdin")
	cmd.Flags().StringVar(&f.asOf, "as-of", "", "`DATE` of a day in week 0, as 2026-01-31 (default: what the forecast says, else today)")
	cmd.Flags().StringVar(&f.separator, "separator", "/", "`TEXT` between merchant and article in a forecast's unique_id")
	cmd.Flags().StringVar(&f.model, "model", "", "`NAME` of the model to read from a forecast that holds several")
}

func (f *tableFlags) options(cmd *cobra.Command, e *env) (table.JoinOptions, error) {
	o := table.JoinOptions{ForecastOptions: table.ForecastOptions{Separator: f.separator, Model: f.model}, Stdin: e.stdin}
	if f.articles == "-" && f.forecast == "-" {
		return o, usageErrorf(seeHelp(cmd), "--articles and --forecast can't both be read from stdin")
	}
	var err error
	o.AsOf, err = parseDate(cmd, "as-of", f.asOf)
	return o, err
}

// parseDate reads the value of a date flag; "" is the zero time.
func parseDate(cmd *cobra.Command, name, text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return t, usageErrorf(seeHelp(cmd), "flag --%s: %q is not a date like 2026-01-31", name, text)
	}
	return t, nil
}
