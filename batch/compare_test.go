package batch

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/restock-engine/restock/io/table"
)

// TestComparison: what has changed in the input of each SKU is found, and where nothing has, no order has.
func TestComparison(t *testing.T) {
	input, output := t.TempDir(), t.TempDir()
	writeDay(t, input, daily{skus: 150, date: "2026-01-06"})
	writeDay(t, input, daily{skus: 160, date: "2026-01-07", change: func(i int) string {
		return []string{"", "state", "forecast", "settings", ""}[i%5]
	}})
	_, err := RunDated(context.Background(), datedRun(input, output, "2026-01-06"))
	check(t, err)
	o, err := RunDated(context.Background(), datedRun(input, output, "2026-01-07"))
	check(t, err)
	c := o.Summary.Comparison
	if c == nil {
		t.Fatalf("not compared; warnings %v", o.Summary.Warnings)
	}
	// Of 150 SKUs every 50th, 49 and so on, can't be used on either day: i%5 is 4.
	if c.Both != 147 || c.OnlyNow != 10 || c.OnlyBefore != 0 || c.PreviousDate != "2026-01-06" {
		t.Errorf("%d in both, %d only now, %d only before, compared with %s", c.Both, c.OnlyNow, c.OnlyBefore, c.PreviousDate)
	}
	var changed int64
	for _, x := range c.Causes {
		changed += x.Changed
		want, ok := map[string]int64{"state": 30, "forecast": 30, "settings": 30, nothing: 57}[x.Cause]
		if !ok || x.SKUs != want {
			t.Errorf("cause %s: %d SKUs, want %d", x.Cause, x.SKUs, want)
		}
		if x.Cause == nothing && x.Changed != 0 || x.Cause == "forecast" && x.Added <= x.Removed {
			t.Errorf("cause %s: %+v", x.Cause, x)
		}
	}
	if changed != c.Changed || changed != c.New+c.Dropped+c.Raised+c.Lowered || changed == 0 || c.Unexplained() != 0 {
		t.Errorf("%d changed by cause, %d in all: %+v", changed, c.Changed, c)
	}
	if len(c.Largest) != 20 || !slices.IsSortedFunc(c.Largest, func(a, b Change) int {
		return int(abs(b.Now-b.Before) - abs(a.Now-a.Before))
	}) {
		t.Errorf("largest changes %v", c.Largest)
	}
	if got := o.Summary.figures()["rows_in_change"]; abs(got-10.0/150) > 1e-12 {
		t.Errorf("rows_in_change %g", got)
	}
}

func abs(v float64) float64 { return max(v, -v) }

// TestComparerAnyOrder: rows in another order are matched all the same.
func TestComparerAnyOrder(t *testing.T) {
	row := func(i int, q float64) table.OrderRow {
		return table.OrderRow{Key: table.Key{Merchant: "m", Article: fmt.Sprint(i)}, Quantity: q, InputHash: "a-b-c"}
	}
	c := &comparer{result: &Comparison{}, largest: 3, causes: map[string]*Cause{}}
	for _, p := range [][2]table.OrderRow{{row(1, 0), row(1, 5)}, {row(2, 7), row(2, 7)}, {row(3, 9), row(3, 0)}, {row(4, 5), row(4, 3)}, {row(5, 1), row(5, 2)}} {
		c.match(&p[0], &p[1])
	}
	c.finish()
	r := c.result
	if r.Dropped != 1 || r.New != 1 || r.Raised != 1 || r.Lowered != 1 || r.UnitsNow != 22 || r.UnitsBefore != 17 || r.Unexplained() != 4 {
		t.Errorf("%+v", r)
	}
	if want := []Change{{"m", "3", 0, 9, nothing}, {"m", "1", 5, 0, nothing}, {"m", "4", 3, 5, nothing}}; !slices.Equal(r.Largest, want) {
		t.Errorf("largest %v", r.Largest)
	}
}

// TestChecks: bounds that do not hold fail, and the results are in the summary.
func TestChecks(t *testing.T) {
	input, output := t.TempDir(), t.TempDir()
	writeDay(t, input, daily{skus: 100, date: "2026-01-07"})
	d := datedRun(input, output, "2026-01-07")
	for _, text := range []string{"reject_share<=0.01", "served_share >= 0.1", "rows_in_change<=0"} {
		c, err := ParseThreshold(text)
		check(t, err)
		d.After.Checks = append(d.After.Checks, c)
	}
	_, err := RunDated(context.Background(), d)
	check(t, err)
	data, err := os.ReadFile(filepath.Join(d.folder(), summaryFile))
	check(t, err)
	var s RunSummary
	check(t, json.Unmarshal(data, &s))
	want := []CheckResult{{"reject_share<=0.01", 0.02, false}, {"served_share>=0.1", s.figures()["served_share"], true}, {"forecast_age_weeks<=0", 0, true}}
	if !slices.Equal(s.Checks, want) { // without a run before nothing is compared
		t.Errorf("checks %v, want %v", s.Checks, want)
	}
}

func TestParseThreshold(t *testing.T) {
	for text, want := range map[string]string{
		"reject_share<0.1":   "is not a check like reject_share<=0.05",
		"reject_shares<=0.1": `"reject_shares" is not a figure of a run (did you mean reject_share?)`,
		"served_share>=x":    `"x" is not a number`,
	} {
		if _, err := ParseThreshold(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v", text, err)
		}
	}
}

// TestForecastOfAnotherWeek: a forecast with week numbers that was made for another week fails a check by default, and warns.
func TestForecastOfAnotherWeek(t *testing.T) {
	input, output := t.TempDir(), t.TempDir()
	writeDay(t, input, daily{skus: 60, date: "2026-01-07"})
	check(t, os.Rename(filepath.Join(input, "date=2026-01-07"), filepath.Join(input, "date=2026-01-14")))
	o, err := RunDated(context.Background(), datedRun(input, output, "2026-01-14"))
	check(t, err)
	if failed := o.Summary.Failed(); len(failed) != 1 || failed[0].Check != "forecast_age_weeks<=0" || failed[0].Value != 1 {
		t.Errorf("failed %v", failed)
	}
	if w := o.Summary.Warnings; len(w) != 1 || !strings.Contains(w[0], "2026-01-05") {
		t.Errorf("warnings %v", w)
	}
}

// TestDrift: equal shapes have none, whatever their size; a shift by two bins is a large one.
func TestDrift(t *testing.T) {
	var a, b, c Histogram
	for i := range 10 {
		for range 100 * (i + 1) {
			a.add(float64(int(1) << i))
		}
		for range 900 * (i + 1) {
			b.add(float64(int(1) << i))
			c.add(float64(int(4) << i))
		}
	}
	if d := a.drift(&b); d > 0.01 {
		t.Errorf("drift of equal shapes %g", d)
	}
	if d := a.drift(&c); d < 0.25 {
		t.Errorf("drift of a shift %g", d)
	}
}

// FuzzParseThreshold: what is taken is printed in a form that is taken for the same.
func FuzzParseThreshold(f *testing.F) {
	for _, text := range []string{"reject_share<=0.05", " served_share >= 9e-1", "demand_change>=-Inf", "order_drift<=0x1p-2", "<=", "a<=1"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c, err := ParseThreshold(text)
		if err != nil {
			return
		}
		again, err := ParseThreshold(c.String())
		if err != nil || again != c {
			t.Errorf("%q is %+v, printed %s, read again %+v, %v", text, c, c, again, err)
		}
	})
}
