package table

import (
	"errors"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/restock-engine/restock/forecast"
)

// joined reads a forecast by way of Join with the articles M/1 and M/2, and prints every item on a line.
func joined(tb testing.TB, path string, o JoinOptions) string {
	tb.Helper()
	articles := write(tb, "articles.csv", "merchant_id,article_id,on_hand,price,unit_cost\nM,1,5,10,6\nM,2,0,10,6\n")
	return printJoin(tb, articles, path, o)
}

func printJoin(tb testing.TB, articles, path string, o JoinOptions) string {
	tb.Helper()
	o.TempDir = tb.TempDir()
	j, err := Join(articles, path, o)
	if err != nil {
		return "error: " + strings.ReplaceAll(err.Error(), filepath.Dir(path)+"/", "")
	}
	var b strings.Builder
	for {
		item, err := j.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			fmt.Fprintf(&b, "error: %v\n", strings.ReplaceAll(err.Error(), filepath.Dir(path)+"/", ""))
			break
		}
		if r := item.Reject; r != nil {
			b.WriteString(brief(append([]Reject{*r}, item.More...)))
			continue
		}
		fmt.Fprintf(&b, "%s/%s %v %v\n", item.Row.Merchant, item.Row.Article, item.Forecast.Levels, item.Forecast.Values)
	}
	if err := j.Close(); err != nil {
		tb.Error(err)
	}
	if left, _ := filepath.Glob(o.TempDir + "/*"); len(left) > 0 {
		tb.Errorf("temporary files are left: %v", left)
	}
	return b.String()
}

// TestLayouts: the same forecast in every layout.
func TestLayouts(t *testing.T) {
	const want = "M/1 [0.25 0.5 0.75] [1 2 3 4 5 6]\nM/2 [0.25 0.5 0.75] [0 0 7.5 0 1 8]\n"
	for name, text := range map[string]string{
		"levels":              "merchant_id,article_id,week,0.25,0.5,0.75\nM,1,0,1,2,3\nM,1,1,4,5,6\nM,2,0,0,0,7.5\nM,2,1,0,1,8\n",
		"q and order":         "q0.75,q0.5,q0.25,week,article_id,merchant_id\n3,2,1,0,1,M\n6,5,4,1,1,M\n7.5,0,0,0,2,M\n8,1,0,1,2,M\n",
		"exponents":           "merchant_id,article_id,week,2.5e-01,0.5,7.5E-1\nM,1,0,1,2,3\nM,1,1,4,5,6\nM,2,0,0,0,7.5\nM,2,1,0,1,8\n",
		"percent":             "merchant_id,article_id,week,q25,q50,q75\nM,1,0,1,2,3\nM,1,1,4,5,6\nM,2,0,0,0,7.5\nM,2,1,0,1,8\n",
		"AutoGluon":           "item_id,timestamp,mean,0.25,0.5,0.75\nM/1,2026-01-05 00:00:00,9,1,2,3\nM/1,2026-01-12,9,4,5,6\nM/2,2026-01-05,9,0,0,7.5\nM/2,2026-01-12,9,0,1,8\n",
		"Nixtla":              "unique_id,ds,LGBM,LGBM-lo-50,LGBM-hi-50\nM/1,2026-01-05,2,1,3\nM/1,2026-01-12,5,4,6\nM/2,2026-01-05,0,0,7.5\nM/2,2026-01-12,1,0,8\n",
		"Nixtla median":       "unique_id,ds,NHITS-median,NHITS-lo-50.0,NHITS-hi-50.0\nM/1,2026-01-05,2,1,3\nM/1,2026-01-12,5,4,6\nM/2,2026-01-05,0,0,7.5\nM/2,2026-01-12,1,0,8\n",
		"week_start, shuffle": "merchant_id,article_id,week_start,0.25,0.5,0.75\nM,2,2026-01-12,0,1,8\nM,1,2026-01-12,4,5,6\nM,2,2026-01-05,0,0,7.5\nM,1,2026-01-05,1,2,3\n",
		"negative, crossing":  "merchant_id,article_id,week,0.25,0.5,0.75\nM,1,0,3,2,1\nM,1,1,4,5,6\nM,2,0,-1,0,7.5\nM,2,1,0,8,1\n",
		"before week 0":       "merchant_id,article_id,week_start,0.25,0.5,0.75\nM,1,2025-12-29,NaN,5,6\nM,1,2026-01-06,1,2,3\nM,1,2026-01-18,4,5,6\nM,2,2026-01-05,0,0,7.5\nM,2,2026-01-12,0,1,8\n",
	} {
		if got := joined(t, write(t, "f.csv", text), JoinOptions{AsOf: monday5.AddDate(0, 0, 2)}); got != want {
			t.Errorf("%s:\n got %s\nwant %s", name, got, want)
		}
	}
	keys := []outColumn{{"merchant_id", outText, false}, {"article_id", outInt, false}, {"week", outInt, false}}
	row := func(article, week int64, q ...float32) []cell {
		return []cell{{text: "M"}, {int: article}, {int: week}, {floats: q}}
	}
	for _, format := range []string{".parquet", ".arrow", ".arrows"} {
		for _, levels := range []string{"[0.25,0.5,0.75]", "0.25, 0.5, 0.75", "0.25;0.5;0.75"} {
			path := build(t, filepath.Join(t.TempDir(), "f"+format), meta{{"quantile_levels", levels}}, append(keys, outColumn{"q", outFloats, false}),
				row(1, 0, 1, 2, 3), row(1, 1, 4, 5, 6), row(2, 0, 0, 0, 7.5), row(2, 1, 0, 1, 8))
			if got := joined(t, path, JoinOptions{}); got != want {
				t.Errorf("%s, levels %s:\n got %s\nwant %s", format, levels, got, want)
			}
		}
	}
}

// TestSamples: quantiles of sample paths as NumPy's quantile gives them with method="hazen", [1, 2, 4, 8] at 0.005, 0.25, 0.5 and 0.995: 1, 1.5, 3 and 8.
// The number of paths may vary.
func TestSamples(t *testing.T) {
	keys := []outColumn{{"item_id", outText, false}, {"week", outInt, false}, {"samples", outFloats, true}}
	for _, format := range []string{".parquet", ".csv", ".arrow"} {
		path := build(t, filepath.Join(t.TempDir(), "f"+format), nil, keys, []cell{{text: "M/1"}, {int: 0}, {floats: []float32{8, 1, 4, 2}}},
			[]cell{{text: "M/1"}, {int: 1}, {floats: []float32{3}}}, []cell{{text: "M/2"}, {int: 0}, {null: true}})
		articles := write(t, "articles.csv", "merchant_id,article_id,on_hand,price,unit_cost\nM,1,5,10,6\nM,2,0,10,6\n")
		j, err := Join(articles, path, JoinOptions{})
		if err != nil {
			t.Fatal(err)
		}
		defer j.Close()
		item, err := j.Next()
		if err != nil || item.Reject != nil {
			t.Fatal(err, item.Reject)
		}
		q := item.Forecast
		for i, want := range map[int]float64{0: 1, 49: 1.5, 99: 3, 198: 8} {
			if got := float64(q.Week(0)[i]); math.Abs(got-want) > 1e-6 {
				t.Errorf("%s: quantile %g is %g, want %g", format, q.Levels[i], got, want)
			}
		}
		if q.Weeks() != 2 || q.Week(1)[0] != 3 || !slices.Equal(q.Levels, forecast.SampleLevels()) {
			t.Errorf("%s: %v", format, q)
		}
		if item, err = j.Next(); err != nil || item.Reject == nil || item.Reject.Column != "samples" || item.Reject.Reason != "is missing" {
			t.Errorf("%s: %v %v", format, item.Reject, err)
		}
	}
}

func TestForecastFileErrors(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"merchant_id,article,week,0.5\n", `f.csv: the SKU's columns are missing: merchant_id and article_id, or unique_id (merchant/article) (is article_id called "article"?); its columns are: merchant_id, article, week, 0.5`},
		{"unique_id,day,0.5\n", `f.csv: the week's column is missing: week (0, 1 …), or week_start or ds (dates); its columns are: unique_id, day, 0.5`},
		{"unique_id,week,0,0.5\n", `f.csv: quantile level 0 is outside (0,1); its columns are: unique_id, week, 0, 0.5`},
		{"unique_id,week,q50,q100\n", `f.csv: quantile level 1 is outside (0,1); its columns are: unique_id, week, q50, q100`},
		{"unique_id,week,0.5,q0.5\n", `f.csv: columns 0.5 and q0.5 are the same quantile level 0.5; its columns are: unique_id, week, 0.5, q0.5`},
		{"unique_id,week,0.5,q97.5\n", `f.csv: columns 0.5 and q97.5 name quantile levels in two ways; use levels like 0.025 or percentages like q2.5 for all; its columns are: unique_id, week, 0.5, q97.5`},
		{"unique_id,ds,A,A-lo-90,B,B-lo-90\n", `f.csv: the file has several models, choose one with --model: A, B; its columns are: unique_id, ds, A, A-lo-90, B, B-lo-90`},
		{"unique_id,week,q\n", `f.csv: column q has lists of quantiles, but the file's metadata have no quantile_levels, as in [0.025,0.05]; its columns are: unique_id, week, q`},
		{"unique_id,week\n", `f.csv: no quantiles found: neither q (a list), nor samples, nor columns named for levels (0.025, q2.5), nor a model's (<Model>, <Model>-lo-95, <Model>-hi-95); its columns are: unique_id, week`},
	} {
		if got := joined(t, write(t, "f.csv", c.text), JoinOptions{}); got != "error: "+c.want {
			t.Errorf("%q:\n got %s\nwant error: %s", c.text, got, c.want)
		}
	}
	for _, header := range []string{"unique_id,ds,A,A-lo-90,B", "unique_id,ds,A,C,B"} {
		path := write(t, "f.csv", header+"\nM/1,2026-01-05,1,1,3\n")
		if got := joined(t, path, JoinOptions{ForecastOptions: ForecastOptions{Model: "B"}}); !strings.HasPrefix(got, "M/1 [0.5] [3]\n") {
			t.Errorf("%s: %s", header, got)
		}
		if got := joined(t, path, JoinOptions{ForecastOptions: ForecastOptions{Model: "D"}}); !strings.Contains(got, `no model "D"; the file's models are A`) {
			t.Errorf("%s: %s", header, got)
		}
	}
	wrong := build(t, filepath.Join(t.TempDir(), "f.parquet"), nil, []outColumn{{"merchant_id", outFloat, false}, {"article_id", outText, false}, {"week", outInt, false},
		{"0.5", outFloat, false}})
	if got := joined(t, wrong, JoinOptions{}); !strings.Contains(got, "column merchant_id is of type DOUBLE, which can't be read as text") {
		t.Error(got)
	}
}

// TestSeparator: a unique_id is split at the first separator.
func TestSeparator(t *testing.T) {
	articles := write(t, "a.csv", "merchant_id,article_id,on_hand,price,unit_cost\nM,1|2,5,10,6\n")
	path := write(t, "f.csv", "unique_id,week,0.5\nM|1|2,0,7\nM/1,0,7\n")
	want := "M/1|2 [0.5] [7]\nf.csv:2 / unique_id \"M/1\": is not merchant|article; another separator can be set with --separator\n"
	if got := printJoin(t, articles, path, JoinOptions{ForecastOptions: ForecastOptions{Separator: "|"}}); got != want {
		t.Errorf("got %s", got)
	}
}

// TestAsOf: where week 0 is not said, the forecast's metadata or its first date say it.
func TestAsOf(t *testing.T) {
	articles := write(t, "a.csv", "merchant_id,article_id,on_hand,price,unit_cost\nM,1,5,10,6\n")
	dates := write(t, "f.csv", "unique_id,ds,0.5\nM/1,2026-01-15,2\nM/1,0001-01-01,2\nM/1,2026-01-07,1\n")
	weeks := write(t, "w.csv", "unique_id,week,0.5\nM/1,0,2\n")
	noted := filepath.Join(t.TempDir(), "f.parquet")
	writeForecast(t, noted, 1)
	for _, c := range []struct {
		path, asOf string
		guessed    bool
	}{{dates, "2026-01-05", true}, {weeks, "0001-01-01", false}, {noted, "2026-01-05", false}} {
		j, err := Join(articles, c.path, JoinOptions{})
		if err != nil {
			t.Fatal(err)
		}
		got, guessed := j.AsOf()
		if got.Format("2006-01-02") != c.asOf || guessed != c.guessed {
			t.Errorf("%s: %v, guessed %v", c.path, got, guessed)
		}
		j.Close()
	}
}

// TestHistoryIsNoForecast: what was sold is not taken for a point forecast of what will be, unless somebody says so.
func TestHistoryIsNoForecast(t *testing.T) {
	for _, text := range []string{"merchant_id,article_id,week_start,sales\nM,1,2026-01-05,3\n", "merchant_id,article_id,week_start,sales,in_stock\nM,1,2026-01-05,3,1\n"} {
		path := write(t, "f.csv", text)
		if got := joined(t, path, JoinOptions{}); !strings.Contains(got, "this is a history and not a forecast") {
			t.Errorf("got %s", got)
		}
		if got := joined(t, path, JoinOptions{ForecastOptions: ForecastOptions{Model: "sales"}}); !strings.HasPrefix(got, "M/1 [0.5] [3]\n") {
			t.Errorf("asked for: got %s", got)
		}
	}
}
