package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"go.yaml.in/yaml/v3"

	"github.com/restock-engine/restock/backtest"
	"github.com/restock-engine/restock/forecast"
	"github.com/restock-engine/restock/io/settings"
	"github.com/restock-engine/restock/io/table"
)

type backtestFlags struct {
	commonFlags
	articles, history, forecasts string
	dates, evaluate, arms        string
	armsFile, against, out       string
	every                        int
	tables, carry                bool
	cover                        float64
}

func newBacktestCommand(e *env) *cobra.Command {
	f := &backtestFlags{}
	cmd := &cobra.Command{
		Use:   "backtest",
		Short: "Replay the past: what would each policy have cost?",
		Long: `backtest goes back to past dates. At each it forecasts from what was known then, lets several arms decide, and lives with their decisions on
the demand that really came. All arms see the same forecasts, scenarios and lead times, and have the same budget.

An arm takes part for the SKUs it exists for: plan where the article has one, human where the history has orders. Two arms are
compared over the SKUs that have both; how many these are stands in every table.

Arms are rsq (what optimize recommends), ss, basestock, newsvendor (tuned), none, plan (the articles' column), human (the history's ordered), foresight
(the best orders for the demand that came: the bound), and variants of them, for example rsq-mean, rsq-cvar, rsq-point, rsq-stock, rsq-position,
rsq-phi, NAME=rsq:objective=mean,forecast=point,trigger=stock,phi=0.3,quantile=0.9,min_fill_rate=0.95, or NAME=POLICY as in simulate.

Results go to --out: report.html, backtest.json and outcomes.parquet. An interrupted run goes on where it was when it is started again.`,
		Example: `  restock backtest --articles articles.csv --history sales.parquet --out backtest
  restock backtest --articles articles.csv --history sales.parquet --out backtest --dates 2011-03-07,2011-06-06 --arms rsq,ss,mine=rsq:objective=mean,none
  restock backtest round --rules game.yaml --state game --order order1.csv`,
		Args: needs("articles", "history", "out"),
		RunE: func(cmd *cobra.Command, _ []string) error { return f.run(cmd, e) },
	}
	cmd.Flags().StringVar(&f.articles, "articles", "", "articles table: `PATH` of a file, folder or glob; stock and orders under way are not taken from it")
	cmd.Flags().StringVar(&f.history, "history", "", "history table: `PATH` of a file, folder or glob")
	cmd.Flags().StringVar(&f.forecasts, "forecasts", "", "`FOLDER` with what was forecast at each date, DATE.parquet (default: the embedded model forecasts)")
	cmd.Flags().StringVar(&f.dates, "dates", "12", "execution dates: how many, up to the last that can be watched to the end, or a `LIST` such as 2011-03-07,2011-06-06")
	cmd.Flags().IntVar(&f.every, "every", 4, "`WEEKS` between execution dates, if --dates is a number")
	cmd.Flags().StringVar(&f.evaluate, "evaluate", "4,8,12", "watch each decision for so many `WEEKS`; intervals and tests are about the longest (with --carry: --every)")
	cmd.Flags().StringVar(&f.arms, "arms", strings.Join(backtest.DefaultArms(), ","), "`ARMS` to compare")
	cmd.Flags().StringVar(&f.armsFile, "arms-file", "", "more arms from a YAML `FILE`: a line NAME: RULE:key=value,… for each")
	cmd.Flags().StringVar(&f.against, "against", "", "`ARM` to set the others against (default: human, plan or basestock, "+
		"the first that takes part and exists for nearly all SKUs, or else the last that does)")
	cmd.Flags().BoolVar(&f.tables, "tables", false, "the tables of the paper: all baselines and ablations, watched for 4, 6, 8 and 12 weeks")
	cmd.Flags().BoolVar(&f.carry, "carry", false, "carry stock and orders from date to date instead of beginning anew at each")
	cmd.Flags().Float64Var(&f.cover, "cover", 0, "`WEEKS` of recent sales in stock at a date where the history does not tell (default: lead time and review period)")
	cmd.Flags().StringVar(&f.out, "out", "", "`FOLDER` for the results")
	f.registerSettings(cmd, "horizon", "objective", "quantile", "scenarios")
	f.registerRun(cmd)
	f.registerOutput(cmd)
	f.registerLog(cmd)
	cmd.AddCommand(newBacktestRoundCommand(e))
	return cmd
}

func (f *backtestFlags) run(cmd *cobra.Command, e *env) error {
	if f.tables {
		if !cmd.Flags().Changed("arms") {
			arms := backtest.AblationArms()
			for _, a := range append([]string{"plan"}, backtest.DefaultArms()...) {
				if !slices.Contains(arms, a) {
					arms = append(arms, a)
				}
			}
			f.arms = strings.Join(arms, ",")
		}
		if !cmd.Flags().Changed("evaluate") {
			f.evaluate = "4,6,8,12"
		}
	}
	if f.carry && !cmd.Flags().Changed("evaluate") {
		f.evaluate = strconv.Itoa(f.every)
	}
	set, err := f.load(cmd)
	if err != nil {
		return err
	}
	job := backtest.Job{Articles: f.articles, History: f.history, Forecasts: f.forecasts, Settings: set, Seed: f.seed, Workers: int(f.workers),
		Carry: f.carry, Cover: f.cover, Resume: filepath.Join(f.out, ".parts")}
	if job.Arms, err = f.readArms(); err != nil {
		return usageErrorf(seeHelp(cmd), "flag --arms: %w", err)
	}
	if job.Evaluate, err = weekList(f.evaluate); err != nil {
		return usageErrorf(seeHelp(cmd), "flag --evaluate: %w", err)
	}
	if job.Dates, err = f.readDates(job.Evaluate[len(job.Evaluate)-1]); err != nil {
		return err
	}
	if err := job.Validate(); err != nil {
		return usageErrorf(seeHelp(cmd), "%w", err)
	}
	against, err := f.opponent(cmd, e, &job)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(f.out, 0o755); err != nil {
		return fmt.Errorf("flag --out: %w", err)
	}
	bar := newProgress(e, &f.commonFlags, "SKUs")
	job.Progress = bar.show
	report := backtest.NewReport(&job, against)
	err = f.write(cmd.Context(), job, report)
	bar.end()
	if errors.Is(err, context.Canceled) {
		return withHint(err, "the same command goes on with the date that was interrupted")
	}
	if err != nil {
		return err
	}
	return f.print(e, report)
}

// readArms reads --arms and --arms-file. Commas stand between arms and between the options of one: an arm goes on as long as its
// pieces are key=value without a name before them.
func (f *backtestFlags) readArms() ([]backtest.Arm, error) {
	texts := backtest.SplitArms(f.arms)
	if f.armsFile != "" {
		data, err := os.ReadFile(f.armsFile)
		if err != nil {
			return nil, err
		}
		var node yaml.Node
		if err := yaml.Unmarshal(data, &node); err != nil {
			return nil, fmt.Errorf("%s: %w", f.armsFile, err)
		}
		if len(node.Content) != 1 || node.Content[0].Kind != yaml.MappingNode {
			return nil, fmt.Errorf("%s must have a line NAME: RULE:key=value,… for each arm", f.armsFile)
		}
		pairs := node.Content[0].Content
		for i := 0; i+1 < len(pairs); i += 2 {
			if pairs[i+1].Kind != yaml.ScalarNode {
				return nil, fmt.Errorf("%s line %d: the arm %s must be one text", f.armsFile, pairs[i].Line, pairs[i].Value)
			}
			texts = append(texts, pairs[i].Value+"="+pairs[i+1].Value)
		}
	}
	return backtest.ParseArms(texts)
}

func weekList(text string) ([]int, error) {
	var list []int
	for _, piece := range strings.Split(text, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(piece))
		if err != nil || n < 1 {
			return nil, fmt.Errorf("%q must be a list of numbers of weeks, such as 4,8", text)
		}
		list = append(list, n)
	}
	slices.Sort(list)
	return slices.Compact(list), nil
}

// readDates returns the execution dates as week numbers.
func (f *backtestFlags) readDates(watch int) ([]int, error) {
	n, err := strconv.Atoi(strings.TrimSpace(f.dates))
	if err != nil {
		var dates []int
		for _, text := range strings.Split(f.dates, ",") {
			t, err := time.Parse(time.DateOnly, strings.TrimSpace(text))
			if err != nil {
				return nil, &exitError{fmt.Errorf("flag --dates: %q must be a number of dates or a list such as 2011-03-07,2011-06-06", f.dates), "", exitUsage}
			}
			dates = append(dates, forecast.WeekNumber(t))
		}
		slices.Sort(dates)
		first, last, err := backtest.HistoryWeeks(f.history)
		if err != nil {
			return nil, err
		}
		for _, d := range dates {
			if d <= first || d > last {
				return nil, fmt.Errorf("the date %s is outside the history, which is from %s to %s", weekDay(d), weekDay(first), weekDay(last))
			}
		}
		return dates, nil
	}
	if n < 1 || f.every < 1 {
		return nil, &exitError{fmt.Errorf("flags --dates and --every: %d dates every %d weeks must be 1 or more", n, f.every), "", exitUsage}
	}
	first, last, err := backtest.HistoryWeeks(f.history)
	if err != nil {
		return nil, err
	}
	var dates []int
	for i := n - 1; i >= 0; i-- {
		dates = append(dates, last+1-watch-i*f.every)
	}
	if dates[0] <= first {
		return nil, fmt.Errorf("the history is from %s to %s: %d dates every %d weeks that are watched for %d weeks would begin before it; "+
			"ask for fewer with --dates", weekDay(first), weekDay(last), n, f.every, watch)
	}
	return dates, nil
}

func weekDay(week int) string { return forecast.WeekStart(week).Format(time.DateOnly) }

// write runs the job and writes the files of the report.
func (f *backtestFlags) write(ctx context.Context, job backtest.Job, report *backtest.Report) (err error) {
	w, err := table.CreateOutcomes(filepath.Join(f.out, "outcomes.parquet"), nil)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			w.Abort()
		}
	}()
	report.Write = func(o *backtest.Outcome) error { return w.Write(report.Row(o)) }
	if err := backtest.Run(ctx, job, report); err != nil {
		return err
	}
	w.Describe(report.Notes())
	if err := w.Commit(); err != nil {
		return err
	}
	facts := backtest.PageFacts{Command: commandLine(), Assumptions: assumptions(&job)}
	for name, write := range map[string]func(io.Writer) error{
		"report.html":   func(out io.Writer) error { return report.WritePage(out, facts) },
		"backtest.json": func(out io.Writer) error { return printJSON(out, report.Fields()) },
	} {
		var b bytes.Buffer
		if err := write(&b); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(f.out, name), b.Bytes(), 0o644); err != nil {
			return err
		}
	}
	return os.RemoveAll(job.Resume)
}

// commandLine is what was typed, quoted for a shell.
func commandLine() string {
	words := []string{"restock"}
	for _, a := range os.Args[1:] {
		if strings.ContainsAny(a, " *?[]'\"$&;|<>()\\`") {
			a = "'" + strings.ReplaceAll(a, "'", `'\''`) + "'"
		}
		words = append(words, a)
	}
	return strings.Join(words, " ")
}

// assumptions lists what the result rests on.
func assumptions(job *backtest.Job) [][2]string {
	stock := "at each date anew"
	if job.Carry {
		stock = "carried from date to date, for each arm by itself"
	}
	start := "as many weeks of the last 13 weeks' mean sales as lead time and review period have"
	if job.Cover > 0 {
		start = fmt.Sprintf("%g weeks of the last 13 weeks' mean sales", job.Cover)
	}
	source := "the embedded model, learning at each date from the weeks before it alone"
	if job.Forecasts != "" {
		source = "read from " + job.Forecasts
	}
	list := [][2]string{
		{"demand", "the history's sales; a week out of stock has a demand drawn from the forecast, and at least what was sold"},
		{"forecast", source},
		{"stock", stock + "; on hand at the beginning: on_hand of the history's week before, where it is known, otherwise " + start + "; nothing in transit"},
		{"arms", "plan takes part for articles that have one, human for SKUs whose history has an order in any week; comparisons are over the SKUs " +
			"that have both arms"},
		{"lead times and returns", "drawn once for each SKU and date, the same for all arms"},
		{"foresight", "knows demand and lead times for the longest evaluation; exact without resalable returns, otherwise improved order by order"},
		{"seed", fmt.Sprint(job.Seed)},
	}
	for _, e := range job.Settings.Explain("") {
		list = append(list, [2]string{e.Key, settingText(e)})
	}
	return list
}

func settingText(e settings.Entry) string { return fmt.Sprintf("%s (%s)", e.Value, e.From) }

func (f *backtestFlags) print(e *env, report *backtest.Report) error {
	arms := report.ArmsTable(report.Against)
	switch f.format.value {
	case "json":
		return printJSON(e.stdout, report.Fields())
	case "csv":
		return printCSV(e.stdout, arms.Headers, arms.Rows)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s.\n", report.Headline())
	shown := []backtest.Table{narrow(arms)}
	for _, k := range report.Partial() {
		if k != report.Against {
			shown = append(shown, narrow(report.ArmsTable(k)))
		}
	}
	if len(report.Evaluate) > 1 {
		shown = append(shown, report.HorizonsTable())
	}
	for _, t := range shown {
		fmt.Fprintf(&b, "\n%s\n\n", t.Title)
		if err := printTable(&b, t.Headers, t.Rows); err != nil {
			return err
		}
		fmt.Fprintf(&b, "\n%s\n", wrap(t.Note, 130))
	}
	if report.NoArticle > 0 || report.Rejects > 0 {
		fmt.Fprintf(&b, "\n%d SKUs of the history are not in the articles table; %d rows could not be used ('restock validate' lists them)\n",
			report.NoArticle, report.Rejects)
	}
	if report.NoForecast > 0 {
		fmt.Fprintf(&b, "\n%d SKUs × dates are left out: their forecast is missing, or shorter than the horizon\n", report.NoForecast)
	}
	if report.NoArm > 0 {
		fmt.Fprintf(&b, "\n%d SKUs × dates are left out: no arm exists for them\n", report.NoArm)
	}
	fmt.Fprintf(&b, "\nwritten to %s: report.html, backtest.json, outcomes.parquet\n", f.out)
	_, err := io.WriteString(e.stdout, b.String())
	return err
}

// narrow leaves out the columns of an arms table that make it too wide for a terminal.
func narrow(arms backtest.Table) backtest.Table {
	cut := func(row []string) []string {
		better, _, _ := strings.Cut(row[11], " (")
		return []string{row[0], row[1], row[2], row[3], row[4], row[6], row[7], row[9], better}
	}
	t := arms
	t.Headers, t.Rows = cut(arms.Headers), nil
	for _, row := range arms.Rows {
		t.Rows = append(t.Rows, cut(row))
	}
	return t
}

// wrap breaks a text into lines of at most so many characters.
func wrap(text string, width int) string {
	var b strings.Builder
	line := 0
	for _, word := range strings.Fields(text) {
		if line > 0 && line+1+len(word) > width {
			b.WriteByte('\n')
			line = 0
		} else if line > 0 {
			b.WriteByte(' ')
			line++
		}
		b.WriteString(word)
		line += len(word)
	}
	return b.String()
}
