package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/restock-engine/restock/batch"
	"github.com/restock-engine/restock/io/table"
)

type forecastFlags struct {
	commonFlags
	history, out, rejects, asOf string
	method                      choice
	maxRejects                  share
	strict                      bool
}

func newForecastCommand(e *env) *cobra.Command {
	f := &forecastFlags{method: newChoice(batch.Methods()...), maxRejects: 0.05}
	cmd := &cobra.Command{
		Use:   "forecast",
		Short: "Forecast weekly demand from a sales history",
		Long: `forecast learns from the weekly sales of all articles together and writes, for each article and week, the quantiles of its demand
at the levels 0.025, 0.05 … 0.975. Weeks out of stock (in_stock, where the history has it) are not taken for weeks without demand. Nothing of the
week of --as-of or later is used.`,
		Example: `  restock forecast --history history.parquet --out forecast.parquet`,
		Args:    needs("history", "out"),
		RunE:    func(cmd *cobra.Command, _ []string) error { return f.run(cmd, e) },
	}
	cmd.Flags().StringVar(&f.history, "history", "", "history table: `PATH` of a file, folder or glob; - is Arrow on stdin")
	cmd.Flags().StringVar(&f.out, "out", "", "write the forecast to `FILE` (.parquet, .csv, .csv.gz, .arrow, .arrows, or - for Arrow on stdout)")
	cmd.Flags().StringVar(&f.rejects, "rejects", "", "write rejected rows to `FILE`")
	cmd.Flags().Var(&f.maxRejects, "max-rejects", "end with exit code 3 if more than this `SHARE` of the rows is rejected")
	cmd.Flags().BoolVar(&f.strict, "strict", false, "end with exit code 3 if any row is rejected")
	cmd.Flags().StringVar(&f.asOf, "as-of", "", "`DATE` of a day in the first week to forecast (default: the week after the history's last)")
	cmd.Flags().Var(&f.method, "method", "forecast with the pooled model, or with one to compare it with")
	f.registerSettings(cmd, "horizon")
	f.registerRun(cmd)
	f.registerOutput(cmd)
	f.registerLog(cmd)
	cmd.AddCommand(newForecastEvaluateCommand(e), newForecastCheckCommand(e))
	return cmd
}

func (f *forecastFlags) run(cmd *cobra.Command, e *env) error {
	set, err := f.load(cmd)
	if err != nil {
		return err
	}
	asOf, err := parseDate(cmd, "as-of", f.asOf)
	if err != nil {
		return err
	}
	bar := newProgress(e, &f.commonFlags, "articles")
	s, err := batch.Forecast(cmd.Context(), batch.ForecastJob{
		History: f.history, Out: f.out, Rejects: f.rejects, Method: f.method.value, AsOf: asOf, Horizon: set.Horizon(),
		Workers: int(f.workers), Read: table.HistoryOptions{Stdin: e.stdin}, Stdout: e.stdout, Progress: bar.show,
	})
	bar.end()
	if err != nil {
		return err
	}
	for _, w := range s.Warnings {
		f.logger(e).Warn(w)
	}
	if f.out != "-" && f.rejects != "-" {
		if err := f.print(e, s, set.Horizon()); err != nil {
			return err
		}
	}
	return f.judge(s)
}

// judge is the exit code that the rejects ask for: a forecast from a part of the sales is too low.
func (f *forecastFlags) judge(s *batch.ForecastSummary) error {
	hint := "the forecast rests on the other rows; --rejects FILE writes these with their reasons"
	if f.rejects != "" {
		hint = "the forecast rests on the other rows; " + f.rejects + " has these with their reasons"
	}
	return judgeRejects(s.Rows, s.In, f.maxRejects, f.strict, hint)
}

// judgeRejects is an error with exit code 3 if more rows were rejected than may be.
func judgeRejects(rejects, in int64, limit share, strict bool, hint string) error {
	switch {
	case strict && rejects > 0:
		return &exitError{fmt.Errorf("%d of %d rows were rejected, and --strict allows none", rejects, in), hint, exitRejects}
	case float64(rejects)/float64(in) > float64(limit):
		return &exitError{fmt.Errorf("%d of %d rows were rejected, more than the %g %% that --max-rejects allows", rejects, in, 100*float64(limit)), hint, exitRejects}
	}
	return nil
}

func (f *forecastFlags) print(e *env, s *batch.ForecastSummary, horizon int) error {
	var classes []string
	counts := map[string]int64{}
	for c, n := range s.Classes {
		counts[c.String()] = n
	}
	for _, name := range []string{"smooth", "erratic", "intermittent", "lumpy", "launch", "dormant"} {
		if n := counts[name]; n > 0 {
			classes = append(classes, fmt.Sprintf("%d %s", n, name))
		}
	}
	last := s.AsOf.AddDate(0, 0, 7*(horizon-1))
	switch f.format.value {
	case "json":
		return printJSON(e.stdout, map[string]any{"as_of": s.AsOf.Format(time.DateOnly), "articles": s.SKUs, "weeks": horizon, "rejected_rows": s.Rows,
			"masked_weeks": s.MaskedWeeks, "classes": counts, "error_autocorrelation": s.Autocorrelation, "files": s.Files})
	case "csv":
		return printCSV(e.stdout, []string{"as_of", "articles", "weeks", "rejected_rows", "masked_weeks", "error_autocorrelation"}, [][]string{{
			s.AsOf.Format(time.DateOnly), strconv.FormatInt(s.SKUs, 10), strconv.Itoa(horizon), strconv.FormatInt(s.Rows, 10),
			strconv.FormatInt(s.MaskedWeeks, 10), strconv.FormatFloat(s.Autocorrelation, 'g', -1, 64)}})
	}
	_, err := fmt.Fprintf(e.stdout, `forecast of %d articles (%s) for %d weeks from %s to %s
  history rows rejected: %d; weeks out of stock left out: %d
  autocorrelation of the errors %.2f (demand_autocorrelation in the settings makes the scenarios follow it)
  written to %s
`, s.SKUs, strings.Join(classes, ", "), horizon, s.AsOf.Format(time.DateOnly), last.Format(time.DateOnly), s.Rows, s.MaskedWeeks,
		s.Autocorrelation, joinWords(s.Files))
	return err
}
