package demo

import (
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/restock-engine/restock/forecast"
	"github.com/restock-engine/restock/internal/random"
	"github.com/restock-engine/restock/io/settings"
	"github.com/restock-engine/restock/io/table"
)

func newGenerator(t *testing.T, seed uint64) *Generator {
	t.Helper()
	g, err := NewGenerator(seed)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func (g *Generator) make(t *testing.T, i, weeks int) SKU {
	t.Helper()
	var s SKU
	if err := g.SKU(i, weeks, &s); err != nil {
		t.Fatal(err)
	}
	return s
}

// TestSKUIsItsOwn: a SKU does not depend on the ones made before it, on the memory it is made in, or on the history asked for.
func TestSKUIsItsOwn(t *testing.T) {
	one, two := newGenerator(t, 3), newGenerator(t, 3)
	numbers := []int{700, 0, 249, 250, MaxSKUs - 1}
	forward := map[int]SKU{}
	for _, i := range numbers {
		forward[i] = one.make(t, i, 0)
	}
	var reused SKU
	for _, i := range slices.Backward(numbers) {
		if err := two.SKU(i, MaxHistoryWeeks, &reused); err != nil {
			t.Fatal(err)
		}
		if want := forward[i]; !reflect.DeepEqual(want.Row, reused.Row) || !reflect.DeepEqual(want.Forecast, reused.Forecast) {
			t.Errorf("SKU %d is another one in another order:\n%+v\n%+v", i, want.Row, reused.Row)
		}
	}
	one.key = random.NewKey(4)
	if other := one.make(t, 700, 0); reflect.DeepEqual(other.Row, reused.Row) {
		t.Error("another seed makes the same SKU")
	}
}

// TestSKUs looks at the real articles and at many SKUs: keys rise, the settings accept every article, forecasts do not cross,
// and all kinds of articles are there.
func TestSKUs(t *testing.T) {
	g := newGenerator(t, 1)
	set, err := settings.Parse("restock.yaml", settingsFile(g.lags))
	if err != nil {
		t.Fatal(err)
	}
	longest := 0
	for _, x := range g.templates {
		longest = max(longest, x.series.Weeks())
	}
	if longest != MaxHistoryWeeks || len(g.templates) != 600 {
		t.Errorf("%d real articles, the longest with %d weeks", len(g.templates), longest)
	}
	const n = 1000
	last := table.Key{}
	demand := 0.0
	counts := map[string]int{}
	for i := range n {
		s := g.make(t, i, MaxHistoryWeeks)
		if k := s.Row.Key; k.Merchant < last.Merchant || k.Merchant == last.Merchant && k.Article <= last.Article {
			t.Fatalf("key %v comes after %v", k, last)
		}
		last = s.Row.Key
		a, _, err := set.Article(&s.Row)
		if err != nil {
			t.Errorf("%v: %v", last, err)
		}
		if s.Forecast.Weeks() != weeksAhead || len(s.Forecast.Levels) != 39 || s.Forecast.Rearrange() {
			t.Errorf("%v: the forecast has %d weeks, or crosses", last, s.Forecast.Weeks())
		}
		if h := s.History; h.Weeks() == 0 || h.FirstWeek+h.Weeks() != forecast.WeekNumber(g.AsOf()) {
			t.Errorf("%v: the history of %d weeks does not end with the week before the forecast", last, h.Weeks())
		}
		w := weekly(&s.Forecast)
		demand += w
		for name, is := range map[string]bool{
			"slow": w < 1, "fast": w > 50, "launch": s.History.Weeks() < 13, "end of life": a.Horizon < weeksAhead,
			"no stock": a.OnHand == 0, "in transit": len(a.InTransit) > 0, "returns": len(a.PendingReturns) > 0,
			"plan": s.Row.HasPlan, "pack": a.PackSize > 1, "moq": a.MOQ > 0,
			"long lead time": a.LeadTimeMean > float64(a.ReviewPeriod), "short lead time": a.LeadTimeMean < float64(a.ReviewPeriod),
		} {
			if is {
				counts[name]++
			}
		}
	}
	t.Logf("mean demand %.1f a week; %v", demand/n, counts)
	if len(counts) != 12 {
		t.Errorf("kinds of articles are missing: %v", counts)
	}
	for name, c := range counts {
		if c < n/100 || c > n*99/100 {
			t.Errorf("%d of %d are %s", c, n, name)
		}
	}
}

// TestHistoryKeepsItsScale: rounding to whole units adds nothing and takes nothing away, and dates move with the season. Of 250
// units a share of 0.37 each is left, with a standard error of √(250·0.37·0.63) = 7.6 in all; 5 of them, so 1 seed in a million
// would fail without cause.
func TestHistoryKeepsItsScale(t *testing.T) {
	s := &forecast.Series{FirstWeek: 100}
	for w := range 104 {
		s.Sales = append(s.Sales, float64(w%2))
		s.Returns = append(s.Returns, 0)
		s.Price = append(s.Price, math.NaN())
	}
	r := random.New(random.NewKey(1, "test"))
	sum, want := 0.0, 0.0
	for range 10 {
		h := history(s, table.Key{}, 204, 20, 50, 0.37, 1, r)
		if h.FirstWeek != 154 || h.Weeks() != 50 {
			t.Fatalf("%d weeks from %d, want 50 from 154", h.Weeks(), h.FirstWeek)
		}
		for w, x := range h.Sales {
			sum += x
			want += 0.37 * s.Sales[34+w]
		}
	}
	if math.Abs(sum-want) > 5*7.6 {
		t.Errorf("%g units sold, want about %g", sum, want)
	}
}

// TestWrite: twice the same bytes, and a small assortment is how a large one begins, also where it replaces that.
func TestWrite(t *testing.T) {
	write := func(dir string, skus int, ending string) (files [3]string) {
		made, err := Write(context.Background(), Job{Dir: dir, SKUs: skus, Seed: 5, HistoryWeeks: 30, Ending: ending})
		if err != nil {
			t.Fatal(err)
		}
		for k, path := range []string{made.Articles, made.Forecast, made.History} {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			files[k] = string(text)
		}
		return files
	}
	dir := filepath.Join(t.TempDir(), "new")
	if write(dir, 40, ".parquet") != write(t.TempDir(), 40, ".parquet") {
		t.Error("two runs wrote different bytes")
	}
	large, small := write(dir, 300, ".csv"), write(dir, 40, ".csv")
	for k := range small {
		if !strings.HasPrefix(large[k], small[k]) || len(large[k]) == len(small[k]) {
			t.Errorf("table %d of 300 SKUs does not begin as that of 40", k)
		}
	}
}

func TestWriteLeavesNothingWhenInterrupted(t *testing.T) {
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(context.Background())
	_, err := Write(ctx, Job{Dir: dir, SKUs: 2000, HistoryWeeks: 5, Ending: ".parquet", Progress: func(done, _ int64) {
		if done > 0 {
			cancel()
		}
	}})
	if left, _ := os.ReadDir(dir); !errors.Is(err, context.Canceled) || len(left) > 0 {
		t.Errorf("error %v; left behind: %v", err, left)
	}
}
