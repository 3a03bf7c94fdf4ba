package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/restock-engine/restock/backtest/judge"
	"github.com/restock-engine/restock/io/table"
)

// judgeFlags are the flags of the commands that judge forecasts.
type judgeFlags struct {
	commonFlags
	history          string
	files            []string
	separator, model string
	origins, step    count
	skus             int
}

func (f *judgeFlags) register(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.history, "history", "", "history table: `PATH` of a file, folder or glob; - is Arrow on stdin")
	cmd.Flags().StringArrayVar(&f.files, "forecast", nil,
		"forecast made in the past: `[NAME[@DATE]=]PATH`, repeatable; each match of a glob is one")
	cmd.Flags().StringVar(&f.separator, "separator", "/", "`TEXT` between merchant and article in a forecast's unique_id")
	cmd.Flags().StringVar(&f.model, "model", "", "`NAME` of the model to read from a forecast file that holds several")
	cmd.Flags().Var(&f.origins, "origins", "judge the last `N` origins (with --forecast: of those files, default all)")
	cmd.Flags().Var(&f.step, "step", "`WEEKS` between origins, without --forecast")
}

// input is what the flags say is judged.
func (f *judgeFlags) input(cmd *cobra.Command, e *env, horizon int) (judge.Input, error) {
	in := judge.Input{History: f.history, Read: table.HistoryOptions{Stdin: e.stdin}, Origins: int(f.origins),
		Step: int(f.step), Horizon: horizon,
		Layout: table.ForecastOptions{Separator: f.separator, Model: f.model}, SKUs: f.skus, Workers: int(f.workers)}
	if f.skus < 0 {
		return in, usageErrorf(seeHelp(cmd), "flag --skus: %d must be 0 (all) or more", f.skus)
	}
	for _, text := range f.files {
		files, err := parseFiles(cmd, text)
		if err != nil {
			return in, err
		}
		in.Files = append(in.Files, files...)
	}
	if len(in.Files) > 0 && !cmd.Flags().Changed("origins") {
		in.Origins = 0
	}
	return in, nil
}

// parseFiles reads a value of --forecast: a path, or NAME=PATH, or NAME@DATE=PATH. A path that is there is one, whatever it looks
// like.
func parseFiles(cmd *cobra.Command, text string) ([]judge.File, error) {
	f := judge.File{Path: text}
	label, path, named := strings.Cut(text, "=")
	if _, err := os.Stat(text); err != nil && named && !strings.ContainsAny(label, `/\`) {
		f.Path = path
		name, date, dated := strings.Cut(label, "@")
		f.Model = name
		if dated {
			var err error
			if f.AsOf, err = time.Parse(time.DateOnly, date); err != nil {
				return nil, usageErrorf(seeHelp(cmd), "flag --forecast: %q is not a date like 2026-01-31 in %q", date, text)
			}
		}
	}
	if f.Path == "" {
		return nil, usageErrorf(seeHelp(cmd), "flag --forecast: %q names no file", text)
	}
	if !strings.ContainsAny(f.Path, "*?[") {
		return []judge.File{f}, nil
	}
	if _, err := os.Stat(f.Path); err == nil {
		return []judge.File{f}, nil
	}
	matches, err := filepath.Glob(f.Path)
	if err != nil {
		return nil, usageErrorf(seeHelp(cmd), "flag --forecast: %q is no valid pattern", f.Path)
	}
	if matches == nil {
		return nil, fmt.Errorf("no file matches %s", f.Path)
	}
	var files []judge.File
	for _, m := range matches {
		files = append(files, judge.File{Model: f.Model, Path: m, AsOf: f.AsOf})
	}
	return files, nil
}

type evaluateFlags struct {
	judgeFlags
	articles, out, page, reference string
	dates, models                  []string
	decisionSKUs                   count
}

func newForecastEvaluateCommand(e *env) *cobra.Command {
	f := &evaluateFlags{judgeFlags: judgeFlags{origins: 8, step: 4}, decisionSKUs: 500}
	cmd := &cobra.Command{
		Use:   "evaluate",
		Short: "Score forecasts by what happened, and by what the orders made from them would have cost",
		Long: `evaluate goes back to several weeks of the past (origins), forecasts the weeks ahead from what was known then, and
scores the forecasts by what was sold: the embedded forecaster, two simple ones to compare with, and forecast files
that were made at the time. Weeks out of stock are not demand and are not scored. With --articles each forecast is
also fed to the optimiser, and its orders are replayed on what happened.

A forecast file's origin is its as_of or first date, or NAME@DATE=PATH. Files of one NAME at several origins are one
model; the origins are then those that all models have. docs/forecast.md explains every figure.`,
		Example: `  restock forecast evaluate --history history.parquet --html evaluation.html
  restock forecast evaluate --history history.parquet --articles articles.parquet --forecast 'lightgbm=runs/*.parquet' --out evaluation.json`,
		Args: needs("history"),
		RunE: func(cmd *cobra.Command, _ []string) error { return f.run(cmd, e) },
	}
	f.judgeFlags.register(cmd)
	cmd.Flags().StringVar(&f.articles, "articles", "", "articles table, to judge decisions too: `PATH` of a file, folder or glob")
	cmd.Flags().StringSliceVar(&f.dates, "dates", nil,
		"origins: a `DATE` in the first week of each, as 2026-01-05,2026-02-02 (instead of --origins)")
	cmd.Flags().StringSliceVar(&f.models, "models", judge.BuiltIn(), "restock's own forecasters to judge: `NAMES`, or none")
	cmd.Flags().StringVar(&f.reference, "reference", "", "compare the others with the model `NAME` (default pooled)")
	cmd.Flags().IntVar(&f.skus, "skus", 0, "judge a random sample of `N` SKUs; 0 is all")
	cmd.Flags().Var(&f.decisionSKUs, "decision-skus", "judge decisions on a random sample of `N` SKUs")
	cmd.Flags().StringVar(&f.out, "out", "",
		"write all figures to `FILE`.json, or evaluation.json and evaluation.html to a folder")
	cmd.Flags().StringVar(&f.page, "html", "", "write a page with charts to `FILE`; it needs no network")
	f.registerSettings(cmd, "horizon", "objective", "quantile", "scenarios", "eval-scenarios")
	f.registerRun(cmd)
	f.registerOutput(cmd)
	f.registerLog(cmd)
	return cmd
}

func (f *evaluateFlags) run(cmd *cobra.Command, e *env) error {
	set, err := f.load(cmd)
	if err != nil {
		return err
	}
	in, err := f.input(cmd, e, set.Horizon())
	if err != nil {
		return err
	}
	if cmd.Flags().Changed("dates") && cmd.Flags().Changed("origins") {
		return usageErrorf(seeHelp(cmd), "--dates and --origins can't be given together")
	}
	for _, text := range f.dates {
		d, err := parseDate(cmd, "dates", strings.TrimSpace(text))
		if err != nil {
			return err
		}
		in.Dates = append(in.Dates, d)
	}
	if in.Models, err = f.builtIn(cmd); err != nil {
		return err
	}
	paths, err := f.outputs()
	if err != nil {
		return err
	}
	job := judge.EvaluateJob{Input: in, Reference: f.reference}
	if f.articles != "" {
		if f.articles == "-" && f.history == "-" {
			return usageErrorf(seeHelp(cmd), "--articles and --history can't both be read from stdin")
		}
		job.Decisions = &judge.Decisions{Articles: f.articles, Settings: set, Seed: f.seed, SKUs: int(f.decisionSKUs)}
	}
	bar := newProgress(e, &f.commonFlags, "articles")
	job.Progress = bar.show
	r, err := judge.Evaluate(cmd.Context(), job)
	bar.end()
	if err != nil {
		return err
	}
	for _, note := range r.Notes {
		f.logger(e).Warn(note)
	}
	if err := paths.write(e, r); err != nil {
		return err
	}
	return f.print(e, r, paths)
}

// builtIn returns the models of --models.
func (f *evaluateFlags) builtIn(cmd *cobra.Command) ([]string, error) {
	var models []string
	known := newChoice(append(judge.BuiltIn(), "none")...)
	for _, m := range f.models {
		if err := known.Set(strings.TrimSpace(m)); err != nil {
			return nil, usageErrorf(seeHelp(cmd), "flag --models: %q %w", m, err)
		}
		if known.value != "none" {
			models = append(models, known.value)
		}
	}
	if len(models) == 0 && len(f.files) == 0 {
		return nil, usageErrorf(seeHelp(cmd), "--models none needs --forecast: there is nothing else to judge")
	}
	return models, nil
}

// evaluationFiles are the paths that an evaluation is written to; "" for none.
type evaluationFiles struct{ folder, figures, page string }

// outputs says what --out and --html mean.
func (f *evaluateFlags) outputs() (evaluationFiles, error) {
	files := evaluationFiles{page: f.page}
	switch ext := filepath.Ext(f.out); {
	case f.out == "":
	case strings.EqualFold(ext, ".json"):
		files.figures = f.out
	default:
		if info, err := os.Stat(f.out); err == nil && !info.IsDir() {
			return files, fmt.Errorf("--out %s is a file and does not end with .json: name a folder or a .json file", f.out)
		}
		files.folder, files.figures = f.out, filepath.Join(f.out, "evaluation.json")
		if files.page == "" {
			files.page = filepath.Join(f.out, "evaluation.html")
		}
	}
	return files, nil
}

func (p *evaluationFiles) write(e *env, r *judge.Report) error {
	if p.folder != "" {
		if err := os.MkdirAll(p.folder, 0o755); err != nil {
			return fmt.Errorf("output: %w", err)
		}
	}
	if p.figures != "" {
		if err := writeFile(p.figures, e.stdout, func(out io.Writer) error { return printJSON(out, r) }); err != nil {
			return err
		}
	}
	if p.page != "" {
		return writeFile(p.page, e.stdout, func(out io.Writer) error { return writeEvaluationPage(out, r) })
	}
	return nil
}
