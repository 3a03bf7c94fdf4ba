package table

import (
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/restock-engine/restock/forecast"
)

func TestHistory(t *testing.T) {
	path := write(t, "h.csv", `merchant_id,article_id,week_start,sales,in_stock,price
M,1,2026-01-05,3,1,9.5
M,1,2026-01-21,5,true,
M,2,2026-01-05,1,0.5,1
M,1,2026-01-12,-1,1,9
M,1,2026-01-07,4,1,9
M,3,2026-01-05,x,1,1
M,3,2026-01-12,2,1.5,1
,3,2026-01-12,2,1,1
M,3,2026-01-26,2,,1
M,3,2026-01-05,7,0,1
M,4,1926-01-05,7,0,1
M,5,,7,0,1
M,2,2026-01-12T23:59:59+02:00,0,false,2
`)
	series, rejects := allSeries(t, path)
	first := forecast.WeekNumber(monday5)
	nan := math.NaN()
	want := []*forecast.Series{
		{MerchantID: "M", ArticleID: "1", FirstWeek: first, Sales: []float64{3, 0, 5}, InStock: []float64{1, 0, 1}, Price: []float64{9.5, nan, nan}},
		{MerchantID: "M", ArticleID: "2", FirstWeek: first, Sales: []float64{1, 0}, InStock: []float64{0.5, 0}, Price: []float64{1, 2}},
		{MerchantID: "M", ArticleID: "3", FirstWeek: first, Sales: []float64{7, 0, 0, 2}, InStock: []float64{0, 0, 1, 1}, Price: []float64{1, nan, nan, 1}},
	}
	for i, s := range series {
		if i < len(want) && (!slices.EqualFunc(s.Price, want[i].Price, func(a, b float64) bool { return a == b || a != a && b != b })) {
			t.Errorf("price %v, want %v", s.Price, want[i].Price)
		}
		s.Price = nil
		if i < len(want) {
			want[i].Price = nil
		}
	}
	if !reflect.DeepEqual(series, want) {
		for _, s := range series {
			t.Errorf("got %+v", *s)
		}
	}
	wantRejects := `h.csv:5 M/1 week_start "2026-01-05": the SKU has a row for this week already, row 1 of ` + path + `, which is used; one row per week is needed
h.csv:4 M/1 sales "-1": must not be negative
h.csv:6 M/3 sales "x": is not a number
h.csv:7 M/3 in_stock "1.5": must be a share of the week, 0 to 1, or true or false
h.csv:11 M/4 week_start "1926-01-05": is no date of a sales history
h.csv:12 M/5 week_start "": is missing
h.csv:8 /3 merchant_id "": is missing
`
	if got := brief(rejects); got != wantRejects {
		t.Errorf("got\n%s\nwant\n%s", got, wantRejects)
	}
}

// TestHistoryWithoutOptionalColumns: what is not known stays nil.
func TestHistoryWithoutOptionalColumns(t *testing.T) {
	series, _ := allSeries(t, write(t, "h.csv", "merchant_id,article_id,week_start,sales\nM,1,2026-01-05,3\n"))
	if s := series[0]; s.InStock != nil || s.Price != nil || s.Returns != nil || s.OnHand != nil || s.Ordered != nil || s.Received != nil {
		t.Errorf("%+v", s)
	}
}

// TestHistoryOrder: SKUs come in the order of their first rows, whatever the order of the rows is otherwise, and again after Rewind.
func TestHistoryOrder(t *testing.T) {
	for name, rows := range map[string]string{
		"together": "M,9,2026-01-05,1\nM,9,2026-01-12,2\nM,1,2026-01-05,3\nM,1,2026-01-12,4\n",
		"by weeks": "M,9,2026-01-12,2\nM,1,2026-01-05,3\nM,1,2026-01-12,4\nM,9,2026-01-05,1\n",
	} {
		h, err := OpenHistory(write(t, "h.csv", "merchant_id,article_id,week_start,sales\n"+rows), HistoryOptions{TempDir: t.TempDir()})
		if err != nil {
			t.Fatal(err)
		}
		if h.SKUs() != 2 {
			t.Errorf("%s: %d SKUs", name, h.SKUs())
		}
		for range 2 {
			for _, want := range []struct {
				article string
				sales   []float64
			}{{"9", []float64{1, 2}}, {"1", []float64{3, 4}}} {
				s, rejects, err := h.Next()
				if err != nil || s.ArticleID != want.article || !slices.Equal(s.Sales, want.sales) || rejects != nil {
					t.Errorf("%s: %+v %v %v, want %v", name, s, rejects, err, want)
				}
			}
			if _, _, err := h.Next(); !errors.Is(err, io.EOF) {
				t.Errorf("%s: %v", name, err)
			}
			if err := h.Rewind(); err != nil {
				t.Fatal(err)
			}
		}
		if err := h.Close(); err != nil {
			t.Error(err)
		}
		if left, _ := filepath.Glob(h.tempDir + "/*"); len(left) > 0 {
			t.Errorf("%s: temporary files are left: %v", name, left)
		}
	}
}

// TestHistoryDoesNotDependOnOrder: the rows in another order, through few or many temporary files, give the same series and rejects.
func TestHistoryDoesNotDependOnOrder(t *testing.T) {
	var rows []string
	for sku := range 100 {
		for week := range 10 {
			value := fmt.Sprint(sku + week)
			if (sku+week)%17 == 0 {
				value = "x"
			}
			rows = append(rows, fmt.Sprintf("M,%d,%s,%s,%d", sku, monday5.AddDate(0, 0, 7*week).Format(time.DateOnly), value, week%2))
		}
	}
	read := func() (map[string]*forecast.Series, []string) {
		series, rejects := allSeries(t, write(t, "h.csv", "merchant_id,article_id,week_start,sales,in_stock\n"+strings.Join(rows, "\n")))
		byArticle := map[string]*forecast.Series{}
		for _, s := range series {
			byArticle[s.ArticleID] = s
		}
		var reasons []string
		for _, r := range rejects {
			reasons = append(reasons, r.Article+r.Column+r.Value+r.Reason)
		}
		slices.Sort(reasons)
		return byArticle, reasons
	}
	want, wantRejects := read()
	if len(want) != 100 || len(wantRejects) != 58 {
		t.Fatalf("%d SKUs and %d rejects", len(want), len(wantRejects))
	}
	random := rand.New(rand.NewPCG(5, 6))
	random.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
	for _, bytes := range []int64{1, 50_000, partitionBytes} {
		smallPartitions(t, bytes)
		if got, rejects := read(); !reflect.DeepEqual(got, want) || !slices.Equal(rejects, wantRejects) {
			t.Errorf("partitions of %d bytes: other series or rejects", bytes)
		}
	}
}

// TestHistoryOfOneKey: a file whose keys are all the same by mistake is an error, and does not fill the memory.
func TestHistoryOfOneKey(t *testing.T) {
	h, err := OpenHistory(write(t, "h.csv", "merchant_id,article_id,week_start,sales\n"+strings.Repeat("M,1,2026-01-05,1\n", maxHistoryRows+7)), HistoryOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	if _, _, err := h.Next(); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("h.csv: SKU M/1 has %d rows; a history has one row", maxHistoryRows+7)) {
		t.Error(err)
	}
}

// TestHistoryOfAMistypedYear: one date far from all others does not say when the history ends; many do.
func TestHistoryOfAMistypedYear(t *testing.T) {
	for name, c := range map[string]struct {
		weeks   int // of SKU 1
		others  string
		weeks1  int // of its series
		rejects string
	}{
		"late":      {60, "M,2,2062-01-05,1\n", 60, "2062-01-05"},
		"early":     {60, "M,1,1972-01-05,1\n", 60, "1972-01-05"},
		"two years": {200, "M,1,2062-01-05,1\nM,1,2052-01-05,1\n", 200, "2052-01-05 2062-01-05"},
		"near":      {60, "M,1,2028-02-07,1\n", 110, ""},
		"many":      {60, "M,1,2032-01-05,1\nM,1,2032-01-12,1\n", 315, ""},
		"one of 49": {48, "M,1,2032-01-05,1\n", 314, ""},
	} {
		text := "merchant_id,article_id,week_start,sales\n"
		for week := range c.weeks {
			text += fmt.Sprintf("M,1,%s,3\n", monday5.AddDate(0, 0, 7*week).Format(time.DateOnly))
		}
		series, rejects := allSeries(t, write(t, "h.csv", text+c.others))
		var dates []string
		for _, r := range rejects {
			dates = append(dates, r.Value)
			if !strings.Contains(r.Reason, "more than a year away") {
				t.Errorf("%s: %v", name, r)
			}
		}
		slices.Sort(dates)
		if len(series) != 1 || series[0].Weeks() != c.weeks1 || strings.Join(dates, " ") != c.rejects {
			t.Errorf("%s: %d series, the first of %d weeks, rejects of %v", name, len(series), series[0].Weeks(), dates)
		}
	}
}
