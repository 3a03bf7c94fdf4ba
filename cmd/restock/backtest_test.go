package main

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// pastSales writes 80 weeks of four articles of two merchants, and the flags that name the tables.
func pastSales(t *testing.T) (dir string, flags []string) {
	t.Helper()
	dir = t.TempDir()
	articles := "merchant_id,article_id,on_hand,price,unit_cost,holding_cost,plan\n"
	history := "merchant_id,article_id,week_start,sales,in_stock\n"
	for i := range 4 {
		merchant := []string{"north", "south"}[i/2]
		articles += fmt.Sprintf("%s,a%d,5,10,4,0.05,0:20;4:20\n", merchant, i)
		for week := range 80 {
			day := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, 7*week)
			sales := math.Round(float64(3+2*i) * (1 + math.Sin(float64(week*(i+3)))))
			in := 1
			if (week+i)%17 == 0 {
				sales, in = 0, 0
			}
			history += fmt.Sprintf("%s,a%d,%s,%g,%d\n", merchant, i, day.Format(time.DateOnly), sales, in)
		}
	}
	write(t, filepath.Join(dir, "articles.csv"), articles)
	write(t, filepath.Join(dir, "history.csv"), history)
	return dir, []string{"--articles", filepath.Join(dir, "articles.csv"), "--history", filepath.Join(dir, "history.csv"),
		"--out", filepath.Join(dir, "out"), "--quiet", "--scenarios", "50"}
}

func TestBacktest(t *testing.T) {
	dir, flags := pastSales(t)
	code, stdout, stderr := restock(t, append([]string{"backtest", "--dates", "3", "--evaluate", "4,8"}, flags...)...)
	if code != 0 || stderr != "" {
		t.Fatalf("exit %d: %s", code, stderr)
	}
	for _, want := range []string{"than basestock", "foresight", "newsvendor", "By the length of the evaluation", "over articles"} {
		if !strings.Contains(stdout, want) {
			t.Errorf("%q is not in\n%s", want, stdout)
		}
	}
	for _, name := range []string{"report.html", "backtest.json", "outcomes.parquet"} {
		if _, err := os.Stat(filepath.Join(dir, "out", name)); err != nil {
			t.Error(err)
		}
	}
	if parts, _ := filepath.Glob(filepath.Join(dir, "out", ".parts", "*")); len(parts) > 0 {
		t.Errorf("left behind: %v", parts)
	}
	page, err := os.ReadFile(filepath.Join(dir, "out", "report.html"))
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(page), "http") && strings.Contains(string(page), "src=") || !strings.Contains(string(page), "Assumptions") {
		t.Error("the page is not self-contained, or has no assumptions")
	}
	data, err := os.ReadFile(filepath.Join(dir, "out", "backtest.json"))
	if err != nil {
		t.Fatal(err)
	}
	var parsed struct {
		Dates []string
		Arms  []struct {
			Arm     string
			Results []struct {
				Group    string
				Weeks    int
				Cost     float64
				FillRate float64 `json:"fill_rate"`
			}
		}
	}
	if err := json.Unmarshal(data, &parsed); err != nil {
		t.Fatal(err)
	}
	if len(parsed.Dates) != 3 || len(parsed.Arms) != 6 || parsed.Dates[2] != "2025-05-19" {
		t.Errorf("dates %v, %d arms", parsed.Dates, len(parsed.Arms))
	}
	for _, a := range parsed.Arms {
		for _, r := range a.Results {
			if r.FillRate < 0 || r.FillRate > 1 || r.Cost < 0 {
				t.Errorf("%s %+v", a.Arm, r)
			}
		}
	}
}

func TestBacktestCarriedWithOwnArms(t *testing.T) {
	dir, flags := pastSales(t)
	write(t, filepath.Join(dir, "arms.yaml"), "mean: rsq:objective=mean,trigger=stock\nnow: basestock:S=20\n")
	code, stdout, stderr := restock(t, append([]string{"backtest", "--dates", "2025-01-06, 2025-02-03", "--carry", "--arms", "rsq,plan",
		"--arms-file", filepath.Join(dir, "arms.yaml"), "--against", "now", "--format", "json"}, flags...)...)
	if code != 0 {
		t.Fatalf("exit %d: %s", code, stderr)
	}
	if !strings.Contains(stdout, `"against": "now"`) || !strings.Contains(stdout, `"arm": "mean"`) {
		t.Error(stdout)
	}
}

// TestBacktestMistakes: each says what is wrong, and is found before the work begins.
func TestBacktestMistakes(t *testing.T) {
	dir, flags := pastSales(t)
	write(t, filepath.Join(dir, "list.yaml"), "- rsq\n")
	for _, c := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"--arms", "basestok"}, 2, "did you mean basestock?"},
		{[]string{"--arms", "rsq,rsq"}, 2, "named twice"},
		{[]string{"--arms", "rsq:objective=median,none"}, 2, "must be one of quantile, mean, cvar"},
		{[]string{"--arms-file", filepath.Join(dir, "list.yaml")}, 2, "must have a line NAME"},
		{[]string{"--against", "plan"}, 2, "is not among the arms"},
		{[]string{"--evaluate", "4,x"}, 2, "must be a list of numbers of weeks"},
		{[]string{"--dates", "2024-13-01"}, 2, "must be a number of dates or a list"},
		{[]string{"--dates", "2019-01-07"}, 1, "is outside the history, which is from 2024-01-01 to 2025-07-07"},
		{[]string{"--dates", "40"}, 1, "ask for fewer with --dates"},
		{[]string{"--dates", "0"}, 2, "must be 1 or more"},
		{[]string{"--forecasts", dir, "--dates", "1"}, 1, "has no forecast 2025-04-21.parquet"},
	} {
		code, _, stderr := restock(t, append(append([]string{"backtest"}, flags...), c.args...)...)
		if code != c.code || !strings.Contains(stderr, c.want) {
			t.Errorf("%v: exit %d: %s", c.args, code, stderr)
		}
	}
}
