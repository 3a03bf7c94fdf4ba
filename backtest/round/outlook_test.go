package round

import (
	"math"
	"path/filepath"
	"testing"

	"github.com/restock-engine/restock/forecast"
	"github.com/restock-engine/restock/io/table"
)

// All items sell 4 a week, and 40 in one week of the year, which comes again in the fourth week ahead.
func TestForecastBeginsWithTheNextWeek(t *testing.T) {
	g := &Game{Rules: &Rules{LeadTime: 2, Orders: 6, ScoredWeeks: Span{3, 8}, Files: Files{InStock: "x"}}, First: testMonday,
		Last:   testMonday + 155,
		Groups: []Group{{Column: "Store"}, {Column: "Product"}}}
	for i := range 20 {
		g.Items = append(g.Items, Item{string(rune('a' + i)), "x"})
		g.Stocks = append(g.Stocks, Stock{})
		sales := make([]float64, 156)
		for w := range sales {
			if sales[w] = 4; w%52 == 3 {
				sales[w] = 40
			}
		}
		sales[i] = math.NaN()
		g.Sales = append(g.Sales, sales)
		for k := range g.Groups {
			g.Groups[k].Member = append(g.Groups[k].Member, string(rune('a'+i%(2+k))))
		}
	}
	o, err := g.Forecast()
	if err != nil {
		t.Fatal(err)
	}
	for i := range o.Quantiles {
		if n := o.Quantiles[i].Weeks(); n != 8 {
			t.Fatalf("%d weeks, want 8", n)
		}
		for week := range 8 {
			if mean := o.Quantiles[i].Mean(week); (mean > 12) != (week == 3) {
				t.Errorf("item %d, week %d ahead: mean %.1f", i, week+1, mean)
			}
		}
	}
}

func TestAverage(t *testing.T) {
	a := &Outlook{[]forecast.Quantiles{{Levels: []float64{0.25, 0.75}, Values: []float32{1, 3, 5, 7}}}, 0.2}
	b := &Outlook{[]forecast.Quantiles{{Levels: []float64{0.5}, Values: []float32{9, 11}}}, 0.4}
	got := Average(a, b)
	want := []float32{5, 6, 8, 9}
	for k, v := range got.Quantiles[0].Values {
		if v != want[k] {
			t.Errorf("values %v, want %v", got.Quantiles[0].Values, want)
			break
		}
	}
	if math.Abs(got.Autocorrelation-0.3) > 1e-12 {
		t.Errorf("autocorrelation %v, want 0.3", got.Autocorrelation)
	}
}

// What WriteHistory writes is a history table.
func TestWriteHistory(t *testing.T) {
	g := &Game{Rules: &Rules{}, First: testMonday, Last: testMonday + 1, Items: []Item{{"s", "p"}}, Sales: [][]float64{{3,
		math.NaN()}}, Stocks: []Stock{{}}}
	path := filepath.Join(t.TempDir(), "history.csv")
	if err := g.WriteHistory(path); err != nil {
		t.Fatal(err)
	}
	h, err := table.OpenHistory(path, table.HistoryOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	s, rejects, err := h.Next()
	if err != nil || len(rejects) > 0 || s.MerchantID != "s" || s.ArticleID != "p" || s.FirstWeek != testMonday ||
		s.Sales[0] != 3 || s.InStock[0] != 1 ||
		s.InStock[1] != 0 {
		t.Errorf("%v, %v: %+v", err, rejects, s)
	}
}
