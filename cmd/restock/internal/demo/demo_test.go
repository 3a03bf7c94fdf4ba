package demo

import (
	"bytes"
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"reflect"
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
	g := newGenerator(t, 3)
	var reused SKU
	for _, i := range []int{700, 0, 249, 250, MaxSKUs - 1, 700} {
		if err := g.SKU(i, MaxHistoryWeeks, &reused); err != nil {
			t.Fatal(err)
		}
		alone := newGenerator(t, 3).make(t, i, 0)
		if !reflect.DeepEqual(alone.Row, reused.Row) || !reflect.DeepEqual(alone.Forecast, reused.Forecast) {
			t.Errorf("SKU %d is another one when made alone:\n%+v\n%+v", i, alone.Row, reused.Row)
		}
	}
	if other := newGenerator(t, 4).make(t, 700, 0); reflect.DeepEqual(other.Row, reused.Row) {
		t.Error("another seed makes the same SKU")
	}
}

// TestSKUs looks at many: keys rise, the settings accept every article, forecasts do not cross, and all kinds of articles are there.
func TestSKUs(t *testing.T) {
	g := newGenerator(t, 1)
	set, err := settings.Parse("restock.yaml", settingsFile(g.lags))
	if err != nil {
		t.Fatal(err)
	}
	const n = 3000
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
			"slow": w < 1, "fast": w > 50, "launch": s.History.Weeks() < 13, "end of life": a.Horizon < weeksAhead, "no stock": a.OnHand == 0,
			"in transit": len(a.InTransit) > 0, "returns": len(a.PendingReturns) > 0, "plan": s.Row.HasPlan, "pack": a.PackSize > 1, "moq": a.MOQ > 0,
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

// TestHistoryKeepsItsScale: rounding to whole units adds nothing and takes nothing away, and dates move with the season. The standard error of the
// sum of 10 copies of 104 roundings is at most √1040/2 = 16 units; 5 of them, so 1 run in a million would fail without cause.
func TestHistoryKeepsItsScale(t *testing.T) {
	s := &forecast.Series{FirstWeek: 100}
	for w := range 104 {
		s.Sales = append(s.Sales, float64(w%7))
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
	if math.Abs(sum-want) > 5*16 {
		t.Errorf("%g units sold, want about %g", sum, want)
	}
}

func TestMaxHistoryWeeks(t *testing.T) {
	g := newGenerator(t, 1)
	longest := 0
	for _, x := range g.templates {
		longest = max(longest, x.series.Weeks())
	}
	if longest != MaxHistoryWeeks || len(g.templates) != 600 {
		t.Errorf("%d real articles, the longest with %d weeks", len(g.templates), longest)
	}
}

// TestWrite: twice the same bytes, and a small assortment is how a large one begins.
func TestWrite(t *testing.T) {
	write := func(skus int, ending string) *Made {
		made, err := Write(context.Background(), Job{Dir: filepath.Join(t.TempDir(), "new"), SKUs: skus, Seed: 5, HistoryWeeks: 30, Ending: ending})
		if err != nil {
			t.Fatal(err)
		}
		return made
	}
	read := func(path string) []byte {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	for _, ending := range []string{".csv", ".parquet"} {
		one, two := write(40, ending), write(40, ending)
		if !bytes.Equal(read(one.Articles), read(two.Articles)) || !bytes.Equal(read(one.Forecast), read(two.Forecast)) ||
			!bytes.Equal(read(one.History), read(two.History)) {
			t.Errorf("%s: two runs wrote different bytes", ending)
		}
	}
	small, large := write(40, ".csv"), write(300, ".csv")
	for _, pair := range [][2]string{{small.Articles, large.Articles}, {small.Forecast, large.Forecast}, {small.History, large.History}} {
		if !bytes.HasPrefix(read(pair[1]), read(pair[0])) {
			t.Errorf("%s does not begin like %s", pair[1], pair[0])
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
