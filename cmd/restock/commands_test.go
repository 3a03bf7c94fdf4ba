package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/restock-engine/restock/optimize"
	"github.com/restock-engine/restock/simulate"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// golden compares with a file of testdata, in which the test's own folder stands as DIR.
func golden(t *testing.T, name, dir, got string) {
	t.Helper()
	got = strings.ReplaceAll(got, dir, "DIR")
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs; go test -update rewrites it.\ngot\n%s\nwant\n%s", path, got, want)
	}
}

// restock runs a command line and returns what it printed.
func restock(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, err bytes.Buffer
	code = run(context.Background(), args, strings.NewReader(""), &out, &err)
	return code, out.String(), err.String()
}

// tables writes a small assortment and returns its folder and the flags that name it.
func tables(t *testing.T) (dir string, flags []string) {
	t.Helper()
	dir = t.TempDir()
	write(t, filepath.Join(dir, "articles.csv"), `merchant_id,article_id,on_hand,price,unit_cost,holding_cost,in_transit,plan,lead_time_mean,order_cost,return_rate
north,slow,2,20,9,0.1,,0:5,2,1,0
north,fast,10,8,5,0.05,1:20,0:40;4:40,2,1,0.1
north,full,500,8,5,0.05,,,2,1,0
south,empty,0,30,12,0.2,,,1.5,0,0.2
south,broken,-3,30,12,0.2,,,1.5,0,0.2
`)
	var f strings.Builder
	f.WriteString("merchant_id,article_id,week,0.1,0.25,0.5,0.75,0.9\n")
	for i, sku := range []string{"north,slow", "north,fast", "north,full", "south,empty", "south,broken"} {
		for week := range 12 {
			scale := []float64{0.5, 10, 9, 3, 1}[i]
			fmt.Fprintf(&f, "%s,%d,%g,%g,%g,%g,%g\n", sku, week, 0.2*scale, 0.6*scale, scale, 1.5*scale, 2.2*scale)
		}
	}
	write(t, filepath.Join(dir, "forecast.csv"), f.String())
	return dir, []string{"--articles", filepath.Join(dir, "articles.csv"), "--forecast", filepath.Join(dir, "forecast.csv"),
		"--as-of", "2026-01-07"}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestOptimizeGolden: what optimize prints and writes for a small assortment.
func TestOptimizeGolden(t *testing.T) {
	dir, flags := tables(t)
	args := append([]string{"optimize", "--out", filepath.Join(dir, "out.csv"), "--rejects", filepath.Join(dir, "rejects.csv"),
		"--max-rejects", "0.5", "--quiet", "--scenarios", "100", "--eval-scenarios", "200"}, flags...)
	code, stdout, stderr := restock(t, args...)
	if code != exitDone || stderr != "" {
		t.Fatalf("exit code %d, stderr %s", code, stderr)
	}
	golden(t, "optimize.golden", dir, stdout)
	for _, name := range []string{"out.csv", "rejects.csv"} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		golden(t, "optimize_"+name+".golden", dir, string(text))
	}
}

// TestSimulateGolden: what simulate prints for a policy beside doing nothing and the plan.
func TestSimulateGolden(t *testing.T) {
	dir, flags := tables(t)
	args := append([]string{"simulate", "--merchant", "north", "--article", "fast", "--scenarios", "200",
		"--policy", "rsq:t0=0,Q0=40,s=10,Q=20,t_limit=9"}, flags...)
	code, stdout, stderr := restock(t, args...)
	if code != exitDone {
		t.Fatalf("exit code %d, stderr %s", code, stderr)
	}
	golden(t, "simulate.golden", dir, stdout)
	code, stdout, _ = restock(t, append(args, "--format", "json")...)
	var parsed struct {
		Policies []struct {
			Name     string
			MeanCost float64 `json:"mean_cost"`
			FillRate float64 `json:"fill_rate"`
		}
	}
	if err := json.Unmarshal([]byte(stdout), &parsed); code != exitDone || err != nil || len(parsed.Policies) != 3 ||
		parsed.Policies[0].MeanCost <= 0 || parsed.Policies[0].FillRate <= parsed.Policies[1].FillRate {
		t.Errorf("exit code %d, error %v, %+v", code, err, parsed)
	}
}

// TestSimulateRecommendsWhatOptimizeDoes: without --policy, simulate shows optimize's policy, and the trace holds Ω_opt.
func TestSimulateRecommendsWhatOptimizeDoes(t *testing.T) {
	dir, flags := tables(t)
	out := filepath.Join(dir, "out.csv")
	code, _, stderr := restock(t, append([]string{"optimize", "--out", out, "--quiet", "--max-rejects", "1", "--seed", "7"}, flags...)...)
	if code != exitDone {
		t.Fatal(stderr)
	}
	text, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(text), "\n")
	names, values := strings.Split(lines[0], ","), strings.Split(lines[2], ",") // the second SKU
	row := map[string]string{}
	for i := range names {
		row[names[i]] = values[i]
	}
	trace := filepath.Join(dir, "trace.jsonl")
	code, stdout, stderr := restock(t, append([]string{"simulate", "--merchant", "north", "--article", "fast", "--seed", "7", "--format", "json",
		"--trace", trace, "--set", "opt"}, flags...)...)
	if code != exitDone {
		t.Fatal(stderr)
	}
	want := fmt.Sprintf("rsq:t0=%s,Q0=%s,s=%s,Q=%s,t_limit=%s,trigger=%s", row["t0"], row["q0"], row["s"], row["q"], row["t_limit"], row["trigger"])
	if !strings.Contains(stdout, want) {
		t.Errorf("optimize recommends %s, simulate shows %s", want, stdout)
	}
	var parsed struct {
		Policies []struct{ Objective json.Number }
	}
	if err := json.Unmarshal([]byte(stdout), &parsed); err != nil || parsed.Policies[0].Objective.String() != row["objective_opt"] {
		t.Errorf("objective on the opt set %v, optimize says %s, error %v", parsed.Policies[0].Objective, row["objective_opt"], err)
	}
	data, err := os.ReadFile(trace)
	if err != nil {
		t.Fatal(err)
	}
	if n := bytes.Count(data, []byte("\n")); n != 501 {
		t.Errorf("the trace has %d lines, want one for the SKU and 500 scenarios", n)
	}
}

// TestSimulateExtended: what optimize says of an article that it had to look at once more is what simulate says of the extended set.
func TestSimulateExtended(t *testing.T) {
	dir := t.TempDir()
	articles, forecasts := "merchant_id,article_id,on_hand,price,unit_cost,holding_cost,lost_sale_cost\n", "merchant_id,article_id,week,0.1,0.5,0.9\n"
	for i := range 40 {
		articles += fmt.Sprintf("m,%d,4,8,5,0.1,%g\n", i, 0.02*float64(i))
		for week := range 4 {
			forecasts += fmt.Sprintf("m,%d,%d,0,2,5\n", i, week)
		}
	}
	write(t, filepath.Join(dir, "articles.csv"), articles)
	write(t, filepath.Join(dir, "forecast.csv"), forecasts)
	flags := []string{"--articles", filepath.Join(dir, "articles.csv"), "--forecast", filepath.Join(dir, "forecast.csv"), "--as-of", "2026-01-07",
		"--horizon", "4", "--eval-scenarios", "100"}
	out := filepath.Join(dir, "out.csv")
	if code, _, stderr := restock(t, append([]string{"optimize", "--out", out}, flags...)...); code != exitDone {
		t.Fatal(stderr)
	}
	text, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	names := strings.Split(lines[0], ",")
	seen := 0
	for _, line := range lines[1:] {
		values := strings.Split(line, ",")
		value := func(name string) string { return values[slices.Index(names, name)] }
		if value("eval_scenarios") != "400" {
			continue
		}
		seen++
		code, stdout, stderr := restock(t, append([]string{"simulate", "--merchant", "m", "--article", value("article_id"), "--set", "extended",
			"--format", "json"}, flags...)...)
		if code != exitDone {
			t.Fatal(stderr)
		}
		var parsed struct {
			Scenarios int
			Policies  []struct{ Objective json.Number }
		}
		if err := json.Unmarshal([]byte(stdout), &parsed); err != nil || parsed.Scenarios != 400 ||
			parsed.Policies[0].Objective.String() != value("objective_eval") || parsed.Policies[1].Objective.String() != value("none_objective") {
			t.Errorf("%s: simulate says %+v, optimize %s and %s, error %v", value("article_id"), parsed, value("objective_eval"),
				value("none_objective"), err)
		}
	}
	if seen == 0 {
		t.Error("no article was looked at once more")
	}
}

// TestFrontier: the objective rises along the frontier, on the set it was tuned on, and each fill rate asked for is reached there.
func TestFrontier(t *testing.T) {
	_, flags := tables(t)
	code, stdout, stderr := restock(t, append([]string{"simulate", "--merchant", "north", "--article", "fast", "--frontier", "--set", "opt",
		"--scenarios", "200", "--format", "json", "--policy", "none"}, flags...)...)
	if code != exitDone {
		t.Fatal(stderr)
	}
	var parsed struct {
		Frontier []struct {
			Floor     float64 `json:"min_fill_rate"`
			FillRate  float64 `json:"fill_rate"`
			Objective float64
		}
	}
	if err := json.Unmarshal([]byte(stdout), &parsed); err != nil || len(parsed.Frontier) != 1+optimize.FrontierSteps {
		t.Fatalf("error %v, %d points", err, len(parsed.Frontier))
	}
	for k, p := range parsed.Frontier {
		if p.FillRate < p.Floor-1e-9 {
			t.Errorf("point %d: fill rate %g, asked for %g", k, p.FillRate, p.Floor)
		}
		if k > 0 && p.Objective < parsed.Frontier[k-1].Objective-1e-9 {
			t.Errorf("point %d is cheaper than the one before it: %g, %g", k, p.Objective, parsed.Frontier[k-1].Objective)
		}
	}
}

// TestPage: the page is complete, and text from tables can't become markup.
func TestPage(t *testing.T) {
	dir, flags := tables(t)
	for _, name := range []string{"articles.csv", "forecast.csv"} {
		path := filepath.Join(dir, name)
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		write(t, path, strings.ReplaceAll(string(text), "fast", "<script>alert(1)</script>"))
	}
	page := filepath.Join(dir, "page.html")
	code, _, stderr := restock(t, append([]string{"simulate", "--merchant", "north", "--article", "<script>alert(1)</script>", "--scenarios", "50",
		"--policy", "none", "--html", page}, flags...)...)
	if code != exitDone {
		t.Fatal(stderr)
	}
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(text), "<script>") || strings.Count(string(text), "<svg") != 4 || !strings.Contains(string(text), "</html>") {
		t.Error("the page is not complete, or not safe")
	}
	for _, outside := range []string{"src=", "http://", "https://", "@import", "url("} {
		if strings.Contains(strings.ReplaceAll(string(text), "http://www.w3.org/2000/svg", ""), outside) {
			t.Errorf("the page needs the network: %s", outside)
		}
	}
}

// TestForecastThenOptimize runs the two on a history, as make demo does.
func TestForecastThenOptimize(t *testing.T) {
	dir, flags := tables(t)
	var h strings.Builder
	h.WriteString("merchant_id,article_id,week_start,sales\n")
	for week := range 60 {
		day := simulateMonday(week)
		fmt.Fprintf(&h, "north,fast,%s,%d\nnorth,slow,%s,%d\n", day, 8+week%5, day, week%7/6)
	}
	history, out := filepath.Join(dir, "history.csv"), filepath.Join(dir, "f.parquet")
	write(t, history, h.String())
	code, stdout, stderr := restock(t, "forecast", "--history", history, "--out", out, "--quiet")
	if code != exitDone || !strings.Contains(stdout, "forecast of 2 articles") {
		t.Fatalf("exit code %d, %s%s", code, stdout, stderr)
	}
	code, stdout, stderr = restock(t, "optimize", "--articles", flags[1], "--forecast", out, "--out", filepath.Join(dir, "r.parquet"), "--quiet",
		"--scenarios", "50", "--eval-scenarios", "50", "--max-rejects", "1")
	if code != exitDone || !strings.Contains(stdout, "5 rows in = 2 recommendations + 3 rejects") {
		t.Errorf("exit code %d, %s%s", code, stdout, stderr)
	}
}

func simulateMonday(week int) string {
	return mustDate("2024-01-01").AddDate(0, 0, 7*week).Format("2006-01-02")
}

// TestMistakes: each mistake has its exit code, and its message says what is wrong.
func TestMistakes(t *testing.T) {
	dir, flags := tables(t)
	articles, forecasts := flags[1], flags[3]
	out := filepath.Join(dir, "out.csv")
	write(t, filepath.Join(dir, "empty.csv"), "")
	write(t, filepath.Join(dir, "header.csv"), "merchant_id,article_id,on_hand,price,unit_cost\n")
	write(t, filepath.Join(dir, "renamed.csv"), "merchant_id,article_id,onhand,price,unit_cost\nm,a,1,2,1\n")
	write(t, filepath.Join(dir, "broken.parquet"), "PAR1 this is no Parquet file PAR1")
	write(t, filepath.Join(dir, "wrong.yaml"), "defaults:\n  holdin_cost: 1\n")
	optimize := func(articles, forecast string, more ...string) []string {
		return append([]string{"optimize", "--articles", articles, "--forecast", forecast, "--out", out, "--quiet"}, more...)
	}
	sim := func(more ...string) []string {
		return append([]string{"simulate", "--articles", articles, "--forecast", forecasts, "--merchant", "north", "--article", "fast"}, more...)
	}
	for _, c := range []struct {
		name string
		args []string
		code int
		say  string
	}{
		{"no output named", []string{"optimize", "--articles", articles, "--forecast", forecasts}, exitUsage, "--out"},
		{"file not there", optimize(filepath.Join(dir, "nope.csv"), forecasts), exitFailed, "nope.csv is not there"},
		{"empty file", optimize(filepath.Join(dir, "empty.csv"), forecasts), exitFailed, "empty.csv is empty"},
		{"no rows", optimize(filepath.Join(dir, "header.csv"), forecasts, "--max-rejects", "1"), exitDone, ""},
		{"renamed column", optimize(filepath.Join(dir, "renamed.csv"), forecasts), exitFailed, `column on_hand is missing (is it "onhand"?)`},
		{"broken Parquet", optimize(articles, filepath.Join(dir, "broken.parquet")), exitFailed, "broken.parquet"},
		{"unknown ending", optimize(articles, filepath.Join(dir, "wrong.yaml")), exitFailed, "known are .parquet"},
		{"folder as output", append(optimize(articles, forecasts), "--out", dir), exitFailed, "is a folder"},
		{"no such folder", append(optimize(articles, forecasts), "--out", filepath.Join(dir, "x", "y.csv")), exitFailed, "create it first"},
		{"unknown setting", optimize(articles, forecasts, "--config", filepath.Join(dir, "wrong.yaml")), exitFailed, "holding_cost"},
		{"bad number of scenarios", optimize(articles, forecasts, "--scenarios", "0"), exitUsage, "scenarios"},
		{"absurd number of scenarios", optimize(articles, forecasts, "--scenarios", "1000000000"), exitUsage, "scenarios"},
		{"bad date", optimize(articles, forecasts, "--as-of", "tomorrow"), exitUsage, "2026-01-31"},
		{"too many rejects", optimize(articles, forecasts, "--max-rejects", "0.1"), exitRejects, "1 of 5 rows were rejected"},
		{"strict", optimize(articles, forecasts, "--strict", "--max-rejects", "1"), exitRejects, "--strict"},
		{"unknown article", []string{"simulate", "--articles", articles, "--forecast", forecasts, "--merchant", "north", "--article", "fasst"}, exitFailed, "article fast"},
		{"rejected article", []string{"simulate", "--articles", articles, "--forecast", forecasts, "--merchant", "south", "--article", "broken"}, exitFailed, "on_hand -3"},
		{"bad policy", sim("--policy", "rsq:t0=0"), exitUsage, "Q0 is missing"},
		{"unknown policy", sim("--policy", "magic"), exitUsage, "known are rsq"},
		{"validate nothing", []string{"validate"}, exitUsage, "nothing to check"},
		{"validate", []string{"validate", "--articles", articles, "--forecast", forecasts}, exitRejects, "1 problems"},
		{"validate lists none", []string{"validate", "--articles", articles, "--most", "0"}, exitUsage, "flag --most: 0 must be 1 or more"},
	} {
		t.Run(c.name, func(t *testing.T) {
			code, stdout, stderr := restock(t, c.args...)
			if code != c.code || !strings.Contains(stderr, c.say) {
				t.Errorf("exit code %d, want %d; stderr %s\nwant %q in it; stdout %s", code, c.code, stderr, c.say, stdout)
			}
		})
	}
}

// TestTraceIsParsable: the trace of a policy on stdout is JSON lines and nothing else.
func TestTraceIsParsable(t *testing.T) {
	_, flags := tables(t)
	code, stdout, stderr := restock(t, append([]string{"simulate", "--merchant", "north", "--article", "fast", "--scenarios", "3", "--trace", "-",
		"--policy", "plan"}, flags...)...)
	if code != exitDone {
		t.Fatal(stderr)
	}
	lines := strings.Split(strings.TrimSpace(stdout), "\n")
	if len(lines) != 4 {
		t.Fatalf("%d lines", len(lines))
	}
	for _, line := range lines[1:] {
		var s struct {
			Cost  float64
			Parts simulate.CostParts `json:"cost_parts"`
			Weeks []simulate.WeekRecord
		}
		if err := json.Unmarshal([]byte(line), &s); err != nil || len(s.Weeks) != 12 || s.Cost != s.Parts.Total() {
			t.Errorf("error %v in %s", err, line)
		}
	}
}

func mustDate(text string) time.Time {
	d, err := time.Parse(time.DateOnly, text)
	if err != nil {
		panic(err)
	}
	return d
}

// TestCandidates: the search evaluates no more candidates than it may. Any search is as good as the first of its starts.
func TestCandidates(t *testing.T) {
	dir, flags := tables(t)
	out := filepath.Join(dir, "out.csv")
	before := math.Inf(1)
	for _, most := range []int{10, 90, 50_000} {
		code, _, stderr := restock(t, append([]string{"optimize", "--out", out, "--max-rejects", "0.5", "--quiet", "--scenarios", "100",
			"--eval-scenarios", "1", "--candidates", strconv.Itoa(most)}, flags...)...)
		if code != exitDone {
			t.Fatalf("exit code %d, stderr %s", code, stderr)
		}
		file, err := os.Open(out)
		if err != nil {
			t.Fatal(err)
		}
		rows, err := csv.NewReader(file).ReadAll()
		file.Close()
		if err != nil {
			t.Fatal(err)
		}
		objective, evaluations := slices.Index(rows[0], "objective_opt"), slices.Index(rows[0], "evaluations")
		sum := 0.0
		for _, row := range rows[1:] {
			cost, err := strconv.ParseFloat(row[objective], 64)
			if err != nil {
				t.Fatal(err)
			}
			sum += cost
			if n, err := strconv.Atoi(row[evaluations]); err != nil || n > most {
				t.Errorf("%s: %s candidates, where %d were allowed", row[1], row[evaluations], most)
			}
		}
		if !(sum <= before) {
			t.Errorf("%d candidates: objective %g, with fewer candidates %g", most, sum, before)
		}
		before = sum
	}
}

// TestForecastFromAPartOfTheSales: daily sales, of which a weekly history takes one day in seven, do not pass for a good forecast.
func TestForecastFromAPartOfTheSales(t *testing.T) {
	dir := t.TempDir()
	history := filepath.Join(dir, "history.csv")
	text := "merchant_id,article_id,week_start,sales\n"
	for d := range 140 {
		text += fmt.Sprintf("m,a,%s,5\n", time.Date(2026, 1, 5+d, 0, 0, 0, 0, time.UTC).Format(time.DateOnly))
	}
	write(t, history, text)
	for _, c := range []struct {
		more []string
		code int
		want string
	}{
		{nil, exitRejects, "120 of 140 rows were rejected, more than the 5 %"},
		{[]string{"--out", "-"}, exitRejects, "120 of 140 rows"},
		{[]string{"--max-rejects", "0.9"}, exitDone, ""},
		{[]string{"--max-rejects", "0.9", "--strict"}, exitRejects, "--strict allows none"},
	} {
		out := filepath.Join(dir, "forecast.csv")
		code, _, stderr := restock(t, append([]string{"forecast", "--history", history, "--out", out, "--quiet"}, c.more...)...)
		if code != c.code || !strings.Contains(stderr, c.want) {
			t.Errorf("%v: code %d, %s", c.more, code, stderr)
		}
		if _, err := os.Stat(out); err != nil && c.more == nil {
			t.Error("the forecast from the good rows is not there")
		}
	}
}

// TestValidateWhatCannotBeRead: a table that could not be read to its end is not said to be without problems.
func TestValidateWhatCannotBeRead(t *testing.T) {
	dir := t.TempDir()
	articles := filepath.Join(dir, "articles.csv")
	write(t, articles, "merchant_id,article_id,on_hand,price,unit_cost\nm,a,1,2,1\n")
	code, stdout, stderr := restock(t, "validate", "--articles", articles, "--forecast", filepath.Join(dir, "none.csv"))
	if code != exitFailed || stdout != "" || !strings.Contains(stderr, "none.csv is not there") {
		t.Errorf("code %d, stdout %q, stderr %s", code, stdout, stderr)
	}
}

// TestMisspeltColumnsAreTold: every command that would go on without a column says so.
func TestMisspeltColumnsAreTold(t *testing.T) {
	dir := t.TempDir()
	in := func(name string) string { return filepath.Join(dir, "in", "date=2026-01-05", name) }
	if err := os.MkdirAll(in(""), 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, in("articles.csv"), "merchant_id,article_id,on_hand,price,unit_cost,holding_cost,lead_time_means\nm,a,1,2,1,0.1,1\n")
	write(t, in("forecast.csv"), "merchant_id,article_id,week,0.1,0.9\nm,a,0,1,2\n")
	write(t, in("history.csv"), "merchant_id,article_id,week_start,sales,instock\nm,a,2025-12-29,3,1\n")
	for _, args := range [][]string{
		{"optimize", "--articles", in("articles.csv"), "--forecast", in("forecast.csv"), "--out", filepath.Join(dir, "out.csv"), "--horizon", "1"},
		{"validate", "--articles", in("articles.csv"), "--forecast", in("forecast.csv"), "--horizon", "1"},
		{"validate", "--articles", in("articles.csv")},
		{"batch", "run", "--input", filepath.Join(dir, "in"), "--output", filepath.Join(dir, "out"), "--date", "2026-01-05", "--horizon", "1"},
		{"forecast", "--history", in("history.csv"), "--out", filepath.Join(dir, "forecast.csv")},
		{"validate", "--history", in("history.csv")},
	} {
		code, _, stderr := restock(t, append(args, "--quiet")...)
		if code != exitDone || strings.Count(stderr, "is not read; is it ") != 1 {
			t.Errorf("%v: code %d, %s", args, code, stderr)
		}
	}
}

// TestSimulateIsInterrupted: Ctrl-C ends a simulation at once, also amid many replications, and nothing is printed or written.
func TestSimulateIsInterrupted(t *testing.T) {
	dir, flags := tables(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	time.AfterFunc(200*time.Millisecond, cancel)
	page := filepath.Join(dir, "page.html")
	var out, err bytes.Buffer
	start := time.Now()
	code := run(ctx, append([]string{"simulate", "--merchant", "north", "--article", "fast", "--replications", "1000", "--html", page}, flags...),
		strings.NewReader(""), &out, &err)
	if code != exitInterrupted || out.Len() > 0 || !strings.Contains(err.String(), "interrupted") {
		t.Errorf("code %d after %v, %q, %s", code, time.Since(start), out.String(), err.String())
	}
	if _, err := os.Stat(page); err == nil {
		t.Error("a page was written")
	}
}

// TestForecastOfAnotherWeek: a forecast that counts its weeks from another Monday is told of by optimize, and no forecast of a date of the past to
// the backtest.
func TestForecastOfAnotherWeek(t *testing.T) {
	dir := t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	history := "merchant_id,article_id,week_start,sales\n"
	for week := range 60 {
		history += fmt.Sprintf("m,a,%s,5\n", time.Date(2024, 1, 1+7*week, 0, 0, 0, 0, time.UTC).Format(time.DateOnly))
	}
	write(t, in("history.csv"), history)
	write(t, in("articles.csv"), "merchant_id,article_id,on_hand,price,unit_cost,holding_cost\nm,a,1,2,1,0.1\n")
	if err := os.Mkdir(in("then"), 0o755); err != nil {
		t.Fatal(err)
	}
	made := in("then/2024-12-02.parquet")
	if code, _, stderr := restock(t, "forecast", "--history", in("history.csv"), "--as-of", "2024-11-04", "--out", made, "--quiet"); code != exitDone {
		t.Fatal(stderr)
	}
	code, _, stderr := restock(t, "optimize", "--articles", in("articles.csv"), "--forecast", made, "--as-of", "2024-12-02", "--out", in("out.csv"), "--quiet")
	if code != exitDone || !strings.Contains(stderr, "week 0 begins on 2024-11-04 and the run's on 2024-12-02") {
		t.Errorf("optimize: code %d, %s", code, stderr)
	}
	code, _, stderr = restock(t, "backtest", "--articles", in("articles.csv"), "--history", in("history.csv"), "--forecasts", in("then"),
		"--dates", "2024-12-02", "--arms", "rsq,none", "--evaluate", "4", "--out", in("backtest"), "--quiet")
	if code != exitFailed || !strings.Contains(stderr, "2024-12-02.parquet is of 2024-12-02 by its name, but says itself that its week 0 begins on 2024-11-04") {
		t.Errorf("backtest: code %d, %s", code, stderr)
	}
	code, _, stderr = restock(t, "forecast", "evaluate", "--history", in("history.csv"), "--forecast", "x@2024-12-02="+made, "--quiet")
	if code != exitFailed || !strings.Contains(stderr, "is given as of 2024-12-02, but says itself that its week 0 begins on 2024-11-04") {
		t.Errorf("evaluate: code %d, %s", code, stderr)
	}
}
