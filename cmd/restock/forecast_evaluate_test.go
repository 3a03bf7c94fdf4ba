package main

import (
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"github.com/restock-engine/restock/backtest/judge"
)

// judgeFolder goes to a folder with history.csv, 66 weeks from 2024-01-01 on of 24 articles (one with a hostile name) of 2
// merchants, and articles.csv. From week from on sales are multiplied by change.
func judgeFolder(t *testing.T, from int, change float64) {
	t.Helper()
	t.Chdir(t.TempDir())
	var h, a strings.Builder
	h.WriteString("merchant_id,article_id,week_start,sales,in_stock\n")
	a.WriteString("merchant_id,article_id,on_hand,price,unit_cost,holding_cost\n")
	for i := range 24 {
		id := fmt.Sprintf("m%d,a%d", i%2, i)
		if i == 5 {
			id = "m1,<script>alert(1)</script>"
		}
		fmt.Fprintf(&a, "%s,12,10,4,0.1\n", id)
		for w := range 66 {
			sales := 8 + float64((i*7+w*5)%9)
			if w >= from {
				sales *= change
			}
			stock := 1
			if (i+w)%29 == 0 {
				sales, stock = 0, 0
			}
			fmt.Fprintf(&h, "%s,%s,%.0f,%d\n", id, weekOf(w), sales, stock)
		}
	}
	write(t, "history.csv", h.String())
	write(t, "articles.csv", a.String())
}

// weekOf is the Monday of week w of the folder's history.
func weekOf(w int) string {
	return time.Date(2024, 1, 1+7*w, 0, 0, 0, 0, time.UTC).Format(time.DateOnly)
}

// TestEvaluate: a file that restock forecast wrote for a date is as good as the forecaster at that origin to the last bit, in
// every format, and the page stands alone.
func TestEvaluate(t *testing.T) {
	judgeFolder(t, 66, 1)
	if code, _, stderr := restock(t, "forecast", "--history", "history.csv", "--as-of", weekOf(58), "--horizon", "6", "--out",
		"f.csv", "--quiet"); code != exitDone {
		t.Fatal(stderr)
	}
	args := []string{"forecast", "evaluate", "--history", "history.csv", "--articles", "articles.csv", "--decision-skus", "5",
		"--scenarios", "64",
		"--eval-scenarios", "64", "--horizon", "6", "--forecast", "mine@" + weekOf(58) + "=f.csv", "--out", "judged", "--quiet"}
	code, table, stderr := restock(t, args...)
	if code != exitDone || stderr != "" {
		t.Fatalf("exit %d, %s", code, stderr)
	}
	for _, want := range []string{"24 articles of 2 merchants, 2025-02-10, 6 weeks ahead", "seasonal-naive", "against pooled",
		"weeks ahead", "cost: mean cost of",
		"written to " + filepath.Join("judged", "evaluation.json")} {
		if !strings.Contains(table, want) {
			t.Errorf("the table lacks %q:\n%s", want, table)
		}
	}
	data, err := os.ReadFile("judged/evaluation.json")
	if err != nil {
		t.Fatal(err)
	}
	var r judge.Report
	if err := json.Unmarshal(data, &r); err != nil {
		t.Fatal(err)
	}
	mine, pooled := &r.Rows[0], &r.Rows[1]
	if mine.Model != "mine" || pooled.Model != judge.Pooled || mine.WQL != pooled.WQL ||
		*mine.DecisionCost != *pooled.DecisionCost || mine.Decisions == 0 {
		t.Errorf("restock's own forecast is judged otherwise as a file:\n%+v\n%+v", mine, pooled)
	}
	if r.Masked == 0 || r.Weeks+r.Masked != 24*6 {
		t.Errorf("%d weeks scored and %d masked of %d", r.Weeks, r.Masked, 24*6)
	}
	code, printed, _ := restock(t, append(args, "--format", "json")...)
	if code != exitDone || printed != string(data) {
		t.Error("the same again prints another JSON than was written")
	}
	_, printed, _ = restock(t, append(args, "--format", "csv")...)
	if records, err := csv.NewReader(strings.NewReader(printed)).ReadAll(); err != nil || len(records) != len(r.Rows)+1 {
		t.Errorf("csv: %d records for %d rows, %v", len(records), len(r.Rows), err)
	}
	page, err := os.ReadFile("judged/evaluation.html")
	if err != nil {
		t.Fatal(err)
	}
	checkPage(t, string(page), "Reliability", "Coverage by weeks ahead", "By demand class", "seasonal-naive")
}

// checkPage makes sure that a page stands alone, has no code, and can be read by a strict parser.
func checkPage(t *testing.T, page string, wants ...string) {
	t.Helper()
	for _, want := range wants {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	for _, bad := range []string{"<script", "<link", "src=", "href=", "@import", "NaN", "Inf"} {
		if strings.Contains(page, bad) {
			t.Errorf("the page has %q", bad)
		}
	}
	d := xml.NewDecoder(strings.NewReader(page))
	d.Strict, d.AutoClose, d.Entity = false, xml.HTMLAutoClose, xml.HTMLEntity
	for {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Errorf("page: %v", err)
			return
		}
	}
}

// TestCheckExitCode: 0 while nothing changes, 4 when all sell twice as much, 0 with a word where there is too little to tell.
func TestCheckExitCode(t *testing.T) {
	for _, c := range []struct {
		change        float64
		files         int
		code          int
		table, errout string
	}{
		{1, 40, exitDone, "no drift", ""},
		{2, 40, exitChecks, "drift; chance", "restock: forecasts of nightly have drifted since 2025-03-10: "},
		{2, 3, exitDone, "undecided", "too little to compare"},
	} {
		judgeFolder(t, 62, c.change)
		for k := range c.files {
			origin := 66 - c.files + k
			var f strings.Builder
			f.WriteString("merchant_id,article_id,week_start,0.1,0.5,0.9\n")
			for i := range 24 {
				for h := range 3 {
					fmt.Fprintf(&f, "m%d,a%d,%s,8,12,16\n", i%2, i, weekOf(origin+h))
				}
			}
			write(t, fmt.Sprintf("night-%02d.csv", k), f.String())
		}
		args := []string{"forecast", "check", "--history", "history.csv", "--forecast", "nightly=night-*.csv", "--horizon", "3",
			"--quiet"}
		code, stdout, stderr := restock(t, args...)
		if code != c.code || !strings.Contains(stdout, c.table) || !strings.Contains(stderr, c.errout) {
			t.Errorf("sales × %g, %d files: exit %d, want %d\n%s\n%s", c.change, c.files, code, c.code, stdout, stderr)
		}
		code, stdout, _ = restock(t, append(args, "--format", "json")...)
		var r judge.DriftReport
		if err := json.Unmarshal([]byte(stdout), &r); err != nil || code != c.code || r.Alarm != (c.code == exitChecks) {
			t.Errorf("json: exit %d, %v, %+v", code, err, r)
		}
		code, stdout, _ = restock(t, append(args, "--format", "csv")...)
		if records, err := csv.NewReader(strings.NewReader(stdout)).ReadAll(); err != nil || code != c.code ||
			len(records) != len(r.Tests)+1 {
			t.Errorf("csv: exit %d, %d records, %v", code, len(records), err)
		}
	}
}

// TestJudgeExamplesRun runs the examples of the help.
func TestJudgeExamplesRun(t *testing.T) {
	judgeFolder(t, 66, 1)
	for folder, name := range map[string]string{"runs": "runs/a.parquet", "forecasts": "forecasts/b.parquet"} {
		if err := os.Mkdir(folder, 0o755); err != nil {
			t.Fatal(err)
		}
		if code, _, stderr := restock(t, "forecast", "--history", "history.csv", "--as-of", weekOf(50), "--out", name,
			"--quiet"); code != exitDone {
			t.Fatal(stderr)
		}
	}
	files := map[string]string{"history.parquet": "history.csv", "articles.parquet": "articles.csv"}
	for _, cmd := range []*cobra.Command{newForecastEvaluateCommand(&env{}), newForecastCheckCommand(&env{})} {
		for line := range strings.Lines(cmd.Example) {
			args := strings.Fields(strings.ReplaceAll(line, "'", ""))[1:]
			for i, a := range args {
				if name, ok := files[a]; ok {
					args[i] = name
				}
			}
			if code, stdout, stderr := restock(t, append(args, "--quiet")...); code != exitDone || stdout == "" {
				t.Errorf("%s: exit %d, %s", strings.TrimSpace(line), code, stderr)
			}
		}
	}
}

func TestJudgeUsage(t *testing.T) {
	judgeFolder(t, 66, 1)
	write(t, "f.csv", "merchant_id,article_id,week,0.5\nm0,a0,0,10\n")
	for _, c := range []struct {
		args string
		code int
		want string
	}{
		{"evaluate", exitUsage, "needs --history"},
		{"evaluate --history history.csv --dates 2025-02-30", exitUsage, "is not a date"},
		{"evaluate --history history.csv --dates 2025-01-06 --origins 3", exitUsage, "can't be given together"},
		{"evaluate --history history.csv --models oracle", exitUsage, `"oracle" must be one of`},
		{"evaluate --history history.csv --models none", exitUsage, "needs --forecast"},
		{"evaluate --history history.csv --skus -1", exitUsage, "--skus: -1"},
		{"evaluate --history history.csv --reference oracle", exitFailed, "none of the models"},
		{"evaluate --history history.csv --forecast f.csv", exitFailed, "does not say when week 0 begins"},
		{"evaluate --history history.csv --forecast x@soon=f.csv", exitUsage, `"soon" is not a date`},
		{"evaluate --history history.csv --forecast x=", exitUsage, "names no file"},
		{"evaluate --history history.csv --forecast no-*.csv", exitFailed, "no file matches no-*.csv"},
		{"evaluate --history history.csv --out f.csv", exitFailed, "does not end with .json"},
		{"check", exitUsage, "needs --history"},
		{"check --history history.csv --false-alarms 2", exitUsage, "--false-alarms: 2"},
		{"check --history history.csv --forecast f.csv --method pooled", exitUsage, "can't be given together"},
		{"check --history history.csv --forecast a@2025-01-06=f.csv --forecast b@2025-01-13=f.csv", exitFailed,
			"of several models, a and b"},
	} {
		code, stdout, stderr := restock(t, append([]string{"forecast"}, strings.Fields(c.args)...)...)
		if code != c.code || !strings.Contains(stderr, c.want) || stdout != "" {
			t.Errorf("forecast %s: exit %d, want %d\n%s\nwant %s", c.args, code, c.code, stderr, c.want)
		}
	}
}

func TestParseFiles(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.MkdirAll("date=2026-01-05", 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"date=2026-01-05/f.csv", "a.csv", "b.csv", "[x].csv"} {
		write(t, name, "")
	}
	day := time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC)
	for text, want := range map[string][]judge.File{
		"a.csv":                 {{Path: "a.csv"}},
		"none.csv":              {{Path: "none.csv"}},
		"x=a.csv":               {{Model: "x", Path: "a.csv"}},
		"x@2026-01-05=a.csv":    {{Model: "x", Path: "a.csv", AsOf: day}},
		"@2026-01-05=a.csv":     {{Path: "a.csv", AsOf: day}},
		"date=2026-01-05/f.csv": {{Path: "date=2026-01-05/f.csv"}},
		"x=date=2026-01-05":     {{Model: "x", Path: "date=2026-01-05"}},
		"x=?.csv":               {{Model: "x", Path: "a.csv"}, {Model: "x", Path: "b.csv"}},
		"[x].csv":               {{Path: "[x].csv"}},
		"./x=y/f.csv":           {{Path: "./x=y/f.csv"}},
	} {
		if got, err := parseFiles(&cobra.Command{}, text); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %v, %v, want %v", text, got, err, want)
		}
	}
}

// FuzzParseFiles: any text is a usage error, no match, or files with a path.
func FuzzParseFiles(f *testing.F) {
	for _, text := range []string{"a.csv", "x=a", "x@2026-01-05=a", "=", "@=", "x@=*", "[", "x=[a", "a=b=c@d"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		files, err := parseFiles(&cobra.Command{}, text)
		for _, file := range files {
			if err != nil || file.Path == "" || strings.ContainsAny(file.Model, `/\`) {
				t.Errorf("%q: %+v, %v", text, file, err)
			}
		}
		if err == nil && len(files) == 0 {
			t.Errorf("%q: no file and no error", text)
		}
	})
}

// TestFigures: what does not exist is a dash, and ~ marks what may be chance.
func TestFigures(t *testing.T) {
	nan := judge.Number(math.NaN())
	for want, got := range map[string]string{
		"-":                       figure("%.1f", nan, 1),
		"+12.0 % [+2.0, +22.0]":   change(judge.Interval{Estimate: 0.12, Low: 0.02, High: 0.22}),
		"~ -12.0 % [-25.0, +1.0]": change(judge.Interval{Estimate: -0.12, Low: -0.25, High: 0.01}),
		"+12.0 %":                 change(judge.Interval{Estimate: 0.12, Low: nan, High: nan}),
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
