package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/restock-engine/restock/batch"
	"github.com/restock-engine/restock/io/decision"
	"github.com/restock-engine/restock/io/table"
	"github.com/restock-engine/restock/optimize"
	"github.com/restock-engine/restock/serve/offline"
)

func newBatchCommand(e *env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "batch",
		Short: "Run over a whole assortment, to be started by a scheduler",
		Long: `batch recommends orders for a dated folder of tables, in shards that survive any interruption, on one machine or on many, and
says what has changed since the run before.`,
		Example: "  restock batch run --input in --output out --date 2026-01-05",
	}
	group(cmd, newBatchRunCommand(e), newBatchWorkCommand(e), newBatchMergeCommand(e))
	return cmd
}

// afterFlags are the flags of what is done when all shards are finished.
type afterFlags struct {
	previous   string
	thresholds thresholds
	maxRejects share
	strict     bool
}

func (f *afterFlags) register(cmd *cobra.Command) {
	f.maxRejects = 0.05
	cmd.Flags().StringVar(&f.previous, "previous", "",
		"compare with the run in this `PLACE`, as out/date=2026-01-04, or none (default: the latest complete one before the date)")
	cmd.Flags().Var(&f.thresholds, "check",
		"end with exit code 4 unless this `BOUND` holds, as served_share>=0.9; can be given more than once")
	cmd.Flags().Var(&f.maxRejects, "max-rejects", "end with exit code 3 if more than this `SHARE` of the rows is rejected")
	cmd.Flags().BoolVar(&f.strict, "strict", false, "end with exit code 3 if any row is rejected")
}

func (f *afterFlags) after() batch.After {
	return batch.After{Previous: f.previous, Checks: f.thresholds.list}
}

// checksText lists what --check knows, for the help.
func checksText() string {
	var b strings.Builder
	for _, f := range batch.CheckFigures() {
		fmt.Fprintf(&b, "  %-22s %s\n", f[0], f[1])
	}
	b.WriteString("Without --check for the same figure and side these hold:")
	for _, t := range batch.DefaultThresholds() {
		b.WriteString(" " + t.String())
	}
	return b.String()
}

type batchRunFlags struct {
	commonFlags
	afterFlags
	input, output, date string
	slice               slice
	shardSize           count
	restart             bool
	separator, model    string
	partners, stage     string
	queue               queueFlags
}

func newBatchRunCommand(e *env) *cobra.Command {
	f := &batchRunFlags{shardSize: batch.DefaultShardSize}
	cmd := &cobra.Command{
		Use:   "run",
		Short: "Recommend orders for the tables of a date",
		Long: `run reads INPUT/date=DATE/articles and INPUT/date=DATE/forecast (each a file like articles.parquet, or a folder of files),
the settings restock.yaml beside them or in INPUT, and, if it is there, the table limits. It writes to OUTPUT/date=DATE:
recommendations and rejects, one file for each shard, summary.json, report.html, and at the end _SUCCESS.

A run that was stopped, in whatever way, goes on where it was: run the same command again. Finished shards are verified and kept,
and the result has the same bytes as that of a run that nothing has happened to. Inputs that have changed meanwhile are an error.

INPUT and OUTPUT are folders, or URLs of object stores: file:///path, and s3://bucket/path, gs://bucket/path and
azblob://container/path in a restock that was built with -tags cloud. Such a run is done on local copies (--stage).

Several processes or machines share a run by --shard 0/4, --shard 1/4 and so on, over one output folder; 'restock batch merge'
completes it. With --queue the shards are done by 'restock batch work', on any number of machines, and this process waits for them
and completes the run.

When all is done the orders are compared with those of the run before, and figures are checked. --check takes:
` + checksText(),
		Example: `  restock batch run --input in --output out --date 2026-01-05
  restock batch run --input in --output out --date 2026-01-05 --check 'served_share>=0.9' --check 'orders_changed_share<=0.5'
  restock batch run --input in --output out --date 2026-01-05 --shard 0/2
  restock batch run --input s3://bucket/in --output s3://bucket/out --date 2026-01-05 --stage /var/tmp/restock`,
		Args: needs("input", "output", "date"),
		RunE: func(cmd *cobra.Command, _ []string) error { return f.run(cmd, e) },
	}
	cmd.Flags().StringVar(&f.input, "input", "", "read from `PLACE`/date=DATE: a folder, or the URL of an object store")
	cmd.Flags().StringVar(&f.output, "output", "", "write to `PLACE`/date=DATE")
	registerStage(cmd, &f.stage)
	cmd.Flags().StringVar(&f.date, "date", "", "`DATE` of the run, as 2026-01-05, or today, here and now; week 0 is its week")
	cmd.Flags().Var(&f.slice, "shard", "do part `I/N` of the run: 0/4 to 3/4 are all of it")
	cmd.Flags().Var(&f.shardSize, "shard-size", "make shards of about `N` articles")
	cmd.Flags().BoolVar(&f.restart, "restart", false, "throw away what an earlier run of the date has written, and begin anew")
	cmd.Flags().StringVar(&f.separator, "separator", "/", "`TEXT` between merchant and article in a forecast's unique_id")
	cmd.Flags().StringVar(&f.model, "model", "", "`NAME` of the model to read from a forecast that holds several")
	cmd.Flags().StringVar(&f.partners, "partners", "",
		"apply what partners have set in the service whose offline store is at this `LOCATION`: a folder or the URL of a bucket")
	f.queue.register(cmd, "have the shards done by workers at the NATS servers at `URL`")
	f.afterFlags.register(cmd)
	f.registerSettings(cmd, "horizon", "objective", "quantile", "candidates", "scenarios", "eval-scenarios")
	cmd.Flags().Lookup("config").Usage =
		"settings `FILE` (default restock.yaml of the dated folder or of the input folder, if there is one)"
	f.registerRun(cmd)
	f.registerOutput(cmd)
	f.registerLog(cmd)
	return cmd
}

func (f *batchRunFlags) run(cmd *cobra.Command, e *env) error {
	date, err := parseRunDate(cmd, f.date)
	if err != nil {
		return err
	}
	if f.restart && f.slice.Count > 0 {
		return usageErrorf(seeHelp(cmd), "--restart would throw away what the other parts have done; remove %s/date=%s instead",
			f.output, date.Format(time.DateOnly))
	}
	if f.slice.Count > 0 {
		for _, name := range []string{"previous", "check", "max-rejects", "strict"} {
			if cmd.Flags().Changed(name) {
				return usageErrorf(seeHelp(cmd), "--%s is about the whole run, not a part of it: give it to 'restock batch merge'", name)
			}
		}
	}
	if f.slice.Count > 0 && f.queue.url != "" {
		return usageErrorf(seeHelp(cmd), "--shard and --queue exclude each other: with a queue every worker takes shards as it is ready")
	}
	overrides := map[string]string{}
	for _, o := range overrideFlags {
		if text, ok := f.overrides[o.name]; ok && cmd.Flags().Changed(o.name) {
			overrides[o.name] = *text
		}
	}
	var partners func() (*decision.Partners, error)
	if f.partners != "" {
		partners = func() (*decision.Partners, error) { return readPartners(cmd.Context(), f.partners) }
	}
	log := f.logger(e)
	var queue batch.Queue
	if f.queue.url != "" {
		q, err := f.queue.open(cmd.Context(), log)
		if err != nil {
			return err
		}
		defer q.store.Close()
		queue = q
	}
	bar := newProgress(e, &f.commonFlags, "articles")
	outcome, err := batch.RunDated(cmd.Context(), batch.Dated{
		Partners: partners,
		Input:    f.input, Output: f.output, Stage: f.stage, Date: date, Config: f.config, Overrides: overrides,
		Forecast: table.ForecastOptions{Separator: f.separator, Model: f.model}, Seed: f.seed, Workers: int(f.workers),
		EngineVersion: optimize.EngineVersion, ShardSize: int64(f.shardSize), Slice: f.slice.Slice, Queue: queue, Restart: f.restart,
		After: f.after(),
		Log:   func(format string, args ...any) { log.Info(fmt.Sprintf(format, args...)) }, Progress: bar.show,
	})
	bar.end()
	if err != nil {
		if outcome != nil && outcome.Done+outcome.Kept < outcome.Shards {
			return withHint(err, fmt.Sprintf("%d of %d shards are finished and stay; the same command again does the others",
				outcome.Done+outcome.Kept, outcome.Shards))
		}
		return err
	}
	if outcome.Summary == nil {
		return f.printSlice(e, outcome, date)
	}
	return finishBatch(e, &f.commonFlags, &f.afterFlags, outcome)
}

// readPartners reads what partners have set.
func readPartners(ctx context.Context, location string) (*decision.Partners, error) {
	if !strings.Contains(location, "://") {
		if _, err := os.Stat(location); err != nil {
			return nil, fmt.Errorf("--partners: %w", err)
		}
	}
	s, err := offline.Open(ctx, location)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	return s.Partners(ctx, time.Time{})
}

// registerStage adds the flag of commands that may work on object stores.
func registerStage(cmd *cobra.Command, stage *string) {
	cmd.Flags().StringVar(stage, "stage", "",
		"keep copies of what is in an object store in `FOLDER` until the run is complete (default restock in the user's cache folder)")
}

type batchMergeFlags struct {
	commonFlags
	afterFlags
	output, date, stage string
	wait                time.Duration
}

func newBatchMergeCommand(e *env) *cobra.Command {
	f := &batchMergeFlags{}
	cmd := &cobra.Command{
		Use:   "merge",
		Short: "Complete a run that was done in parts",
		Long: `merge verifies the files of all shards, adds their counts up, compares with the run before, and writes summary.json,
report.html and _SUCCESS as 'restock batch run' of the whole does. It changes no shard's file, and reads no input.`,
		Example: "  restock batch merge --output out --date 2026-01-05 --wait 6h",
		Args:    needs("output"),
		RunE:    func(cmd *cobra.Command, _ []string) error { return f.run(cmd, e) },
	}
	cmd.Flags().StringVar(&f.output, "output", "", "output `PLACE` of the run: a folder, or the URL of an object store")
	registerStage(cmd, &f.stage)
	cmd.Flags().StringVar(&f.date, "date", "", "`DATE` of the run, or today (default: the latest one)")
	cmd.Flags().DurationVar(&f.wait, "wait", 0, "wait for parts that are not finished, at most so `LONG`, as 90m")
	f.afterFlags.register(cmd)
	f.registerOutput(cmd)
	f.registerLog(cmd)
	return cmd
}

func (f *batchMergeFlags) run(cmd *cobra.Command, e *env) error {
	date, err := parseRunDate(cmd, f.date)
	if err != nil {
		return err
	}
	log := f.logger(e)
	outcome, err := batch.Merge(cmd.Context(), batch.MergeOptions{Output: f.output, Stage: f.stage, Date: date, Wait: f.wait, After: f.after(),
		Log: func(format string, args ...any) { log.Info(fmt.Sprintf(format, args...)) }})
	if err != nil {
		return err
	}
	return finishBatch(e, &f.commonFlags, &f.afterFlags, outcome)
}

// parseRunDate is parseDate that also knows the days around now, in local time, for schedulers that can't write a date.
func parseRunDate(cmd *cobra.Command, text string) (time.Time, error) {
	if days, ok := map[string]int{"yesterday": -1, "today": 0, "tomorrow": 1}[text]; ok {
		text = time.Now().AddDate(0, 0, days).Format(time.DateOnly)
	}
	return parseDate(cmd, "date", text)
}

// finishBatch prints the summary of a complete run, and returns the exit code that rejects and checks ask for.
func finishBatch(e *env, f *commonFlags, after *afterFlags, o *batch.Outcome) error {
	s := o.Summary
	log := f.logger(e)
	for _, w := range s.Warnings {
		log.Warn(w)
	}
	if err := printBatch(e, f, o); err != nil {
		return err
	}
	hint := o.Folder + "/rejects has them with their reasons"
	t := &s.Totals
	if t.In == 0 {
		return withHint(errors.New("the articles table has no rows, so there is nothing to recommend"),
			"an empty result was written")
	}
	if err := judgeRejects(t.Rejects, t.In, after.maxRejects, after.strict, hint); err != nil {
		return err
	}
	if failed := s.Failed(); len(failed) > 0 {
		var list []string
		for _, c := range failed {
			list = append(list, fmt.Sprintf("%s (it is %.4g)", c.Check, c.Value))
		}
		return &exitError{fmt.Errorf("checks failed: %s", strings.Join(list, ", ")),
			fmt.Sprintf("the result is complete; %s/report.html shows what has changed", o.Folder), exitChecks}
	}
	return nil
}

// maxParts bounds what a run is divided into.
const maxParts = 1_000_000

// slice is a flag value like 0/4.
type slice struct{ batch.Slice }

func (s *slice) String() string {
	if s.Count == 0 {
		return ""
	}
	return s.Slice.String()
}

// Type implements pflag.Value.
func (s *slice) Type() string { return "i/n" }

// Set implements pflag.Value.
func (s *slice) Set(text string) error {
	i, n, ok := strings.Cut(text, "/")
	index, err := strconv.Atoi(i)
	of, err2 := strconv.Atoi(n)
	if !ok || err != nil || err2 != nil || index < 0 || index >= of || of > maxParts {
		return fmt.Errorf("must be a part like 0/4: of N parts, at most %d, 0 to N-1", maxParts)
	}
	s.Slice = batch.Slice{Index: index, Count: of}
	return nil
}

// thresholds is a flag that can be given more than once.
type thresholds struct{ list []batch.Threshold }

func (t *thresholds) String() string { return "" }

// Type implements pflag.Value.
func (t *thresholds) Type() string { return "bound" }

// Set implements pflag.Value.
func (t *thresholds) Set(text string) error {
	c, err := batch.ParseThreshold(text)
	if err != nil {
		return fmt.Errorf("is not usable: %w", err)
	}
	t.list = append(t.list, c)
	return nil
}
