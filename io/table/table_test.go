package table

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/restock-engine/restock/forecast"
	"github.com/restock-engine/restock/simulate"
)

// formats are the endings that tables are written with.
var formats = []string{".parquet", ".csv", ".csv.gz", ".arrow", ".arrows"}

var monday5 = time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC)

// write puts text into a new file.
func write(tb testing.TB, name, text string) string {
	tb.Helper()
	path := name
	if !filepath.IsAbs(name) {
		path = filepath.Join(tb.TempDir(), name)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		tb.Fatal(err)
	}
	return path
}

// build writes a table of any columns.
func build(tb testing.TB, path string, m meta, columns []outColumn, rows ...[]cell) string {
	tb.Helper()
	w, err := newTableWriter(path, nil, columns, m)
	if err != nil {
		tb.Fatal(err)
	}
	for _, r := range rows {
		w.row = r
		if err := w.put(); err != nil {
			tb.Fatal(err)
		}
	}
	if err := w.Commit(); err != nil {
		tb.Fatal(err)
	}
	return path
}

func allArticles(tb testing.TB, path string) (rows []*ArticleRow, rejects []Reject) {
	tb.Helper()
	r, err := OpenArticles(path, nil)
	if err != nil {
		tb.Fatal(err)
	}
	defer r.Close()
	for {
		row, bad, err := r.Next()
		if errors.Is(err, io.EOF) {
			return rows, rejects
		}
		if err != nil {
			tb.Fatal(err)
		}
		rejects = append(rejects, bad...)
		if row != nil {
			rows = append(rows, row)
		}
	}
}

func allSeries(tb testing.TB, path string) (series []*forecast.Series, rejects []Reject) {
	tb.Helper()
	h, err := OpenHistory(path, HistoryOptions{TempDir: tb.TempDir()})
	if err != nil {
		tb.Fatal(err)
	}
	defer h.Close()
	for {
		s, bad, err := h.Next()
		if errors.Is(err, io.EOF) {
			return series, rejects
		}
		if err != nil {
			tb.Fatal(err)
		}
		rejects = append(rejects, bad...)
		if s != nil {
			series = append(series, s)
		}
	}
}

// brief writes rejects without the folder of their file.
func brief(rejects []Reject) string {
	var b strings.Builder
	for _, r := range rejects {
		fmt.Fprintf(&b, "%s:%d %s/%s %s %q: %s\n", filepath.Base(r.File), r.Row, r.Merchant, r.Article, r.Column, r.Value, r.Reason)
	}
	return b.String()
}

func TestArticlesRoundTrip(t *testing.T) {
	full := ArticleRow{Key: Key{"Müller, \"& Söhne\"", "A;1"}, OnHand: 12.5, Price: 19.99, UnitCost: 0.1, HasPlan: true,
		InTransit: []simulate.WeekQuantity{{Week: 2, Quantity: 30}, {Week: 4, Quantity: 10.5}}, PendingReturns: []simulate.WeekQuantity{{Week: 0, Quantity: 1}},
		Plan: []simulate.WeekQuantity{{Week: 1, Quantity: 7}}, ReturnLagWeights: []float64{0.6, 0.4}, LeadTimeSamples: []float64{1.25}}
	for p := range NumParams {
		full.Params.Set(p, float64(p)+0.5)
	}
	want := []*ArticleRow{&full, {Key: Key{"1", "2"}, OnHand: -3, Price: 1e-9, UnitCost: 1e9}}
	for _, format := range formats {
		path := filepath.Join(t.TempDir(), "articles"+format)
		w, err := CreateArticles(path, nil)
		if err != nil {
			t.Fatal(err)
		}
		for i, r := range want {
			r.Source = Source{path, int64(i + 1)}
			if err := w.Write(r); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Commit(); err != nil {
			t.Fatal(err)
		}
		got, rejects := allArticles(t, path)
		if len(rejects) > 0 || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %s\n got %+v\nwant %+v", format, brief(rejects), got, want)
		}
	}
}

// TestEmptyPlan: a plan that orders nothing is not the same as no plan. CSV can't tell them apart.
func TestEmptyPlan(t *testing.T) {
	for _, format := range []string{".parquet", ".arrow"} {
		path := filepath.Join(t.TempDir(), "a"+format)
		w, _ := CreateArticles(path, nil)
		w.Write(&ArticleRow{Key: Key{"M", "1"}, HasPlan: true})
		w.Write(&ArticleRow{Key: Key{"M", "2"}})
		if err := w.Commit(); err != nil {
			t.Fatal(err)
		}
		if rows, _ := allArticles(t, path); len(rows) != 2 || !rows[0].HasPlan || rows[1].HasPlan {
			t.Errorf("%s: %+v", format, rows)
		}
	}
}

func TestHistoryRoundTrip(t *testing.T) {
	want := []*forecast.Series{
		{MerchantID: "M", ArticleID: "1", FirstWeek: 2900, Sales: []float64{3, 0, 5.5}, InStock: []float64{1, 0.25, 0}, Returns: []float64{0, 1, 0},
			Price: []float64{9.5, 9, 8.5}, OnHand: []float64{7, 6, -1}, Ordered: []float64{0, 12, 0}, Received: []float64{0, 0, 12}},
		{MerchantID: "M", ArticleID: "2", FirstWeek: 2800, Sales: []float64{1}, InStock: []float64{1}, Returns: []float64{0},
			Price: []float64{1}, OnHand: []float64{0}, Ordered: []float64{0}, Received: []float64{0}},
	}
	for _, format := range formats {
		path := filepath.Join(t.TempDir(), "history"+format)
		w, err := CreateHistory(path, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range want {
			if err := w.Write(s); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Commit(); err != nil {
			t.Fatal(err)
		}
		got, rejects := allSeries(t, path)
		if len(rejects) > 0 || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %s\n got %+v\nwant %+v", format, brief(rejects), got, want)
		}
	}
}

func TestRecommendationsRoundTrip(t *testing.T) {
	rec := someRecommendation()
	rec.Policy = simulate.RSQ{T0: 1, Q0: 40, ReorderPoint: 10, Q: 20, TLimit: 9, Trigger: simulate.StockTrigger}
	bare := *rec
	bare.Plan, bare.PlanSaving = nil, nil
	for _, format := range formats {
		path := filepath.Join(t.TempDir(), "r"+format)
		w, err := CreateRecommendations(path, nil, RunInfo{"run-7", monday5, 1<<64 - 1, "v1"})
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(w.Write(Key{"M", "1"}, rec, "abc"), w.Write(Key{"M", "2"}, &bare, "def"), w.Commit()); err != nil {
			t.Fatal(err)
		}
		r, err := OpenRecommendations(path, nil)
		if err != nil {
			t.Fatal(err)
		}
		first, err := r.Next()
		if err != nil {
			t.Fatal(err)
		}
		texts := map[string]string{"run_id": "run-7", "as_of": "2026-01-05", "status": "ok", "trigger": "stock", "seed": "18446744073709551615",
			"engine_version": "v1", "input_hash": "abc"}
		if first.Key != (Key{"M", "1"}) || !reflect.DeepEqual(first.Texts, texts) {
			t.Errorf("%s: %v %v", format, first.Key, first.Texts)
		}
		for name, want := range map[string]float64{"order_week": 1, "order_quantity": 40, "s": 10, "t_limit": 9, "mean_cost": 2, "none_gmv": 1234.5,
			"plan_fill_rate": 0.97, "plan_saving_low": 10.25, "saving_high": 14.75} {
			if first.Numbers[name] != want {
				t.Errorf("%s: %s is %g, want %g", format, name, first.Numbers[name], want)
			}
		}
		second, err := r.Next()
		if err != nil {
			t.Fatal(err)
		}
		if _, set := second.Numbers["plan_saving"]; set || len(first.Texts)+len(first.Numbers)+2 != len(recommendationColumns) {
			t.Errorf("%s: %d and %d cells of %d", format, len(first.Numbers), len(second.Numbers), len(recommendationColumns))
		}
		if _, err := r.Next(); !errors.Is(err, io.EOF) {
			t.Errorf("%s: %v", format, err)
		}
		r.Close()
	}
}

// TestRejectsAreSanitised: what is hostile in the input must not break the rejects.
func TestRejectsAreSanitised(t *testing.T) {
	path := filepath.Join(t.TempDir(), "rejects.csv")
	w, err := CreateRejects(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	err = w.Write(Reject{Source{"a.csv", 3}, Key{"M\xff", strings.Repeat("x", 5000)}, "price", strings.Repeat("é", 500), "is, so \"to say\", bad"})
	if err := errors.Join(err, w.Commit()); err != nil {
		t.Fatal(err)
	}
	text, _ := os.ReadFile(path)
	want := "file,row,merchant_id,article_id,column,value,reason\na.csv,3,M\ufffd," + strings.Repeat("x", 200) + "…,price," + strings.Repeat("é", 100) +
		"…,\"is, so \"\"to say\"\", bad\"\n"
	if string(text) != want {
		t.Errorf("got  %s\nwant %s", text, want)
	}
}

// TestSameBytes: a table's bytes depend on its rows alone.
func TestSameBytes(t *testing.T) {
	for _, format := range formats {
		var files [2][]byte
		for i := range files {
			path := filepath.Join(t.TempDir(), "f"+format)
			writeForecast(t, path, 3)
			files[i], _ = os.ReadFile(path)
		}
		if len(files[0]) == 0 || string(files[0]) != string(files[1]) {
			t.Errorf("%s: the same rows give other bytes", format)
		}
	}
}

func readFile(tb testing.TB, path string) []byte {
	tb.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		tb.Fatal(err)
	}
	return b
}
