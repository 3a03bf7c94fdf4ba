package judge

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/restock-engine/restock/forecast"
	"github.com/restock-engine/restock/internal/random"
	"github.com/restock-engine/restock/io/settings"
	"github.com/restock-engine/restock/io/table"
)

// monday is the first week of the tests' histories.
var monday = time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)

func date(week int) string { return monday.AddDate(0, 0, 7*week).Format(time.DateOnly) }

func write(t *testing.T, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// shopHistory makes up weeks of sales of so many SKUs of 3 merchants, some intermittent, some out of stock now and then, some
// launched late. change may alter a row or drop it.
func shopHistory(skus, weeks int, change func(sku, week int, sales float64) (float64, bool)) string {
	src := random.New(random.NewKey(5))
	var b strings.Builder
	b.WriteString("merchant_id,article_id,week_start,sales,in_stock\n")
	for i := range skus {
		level := math.Exp(2 * src.Float64())
		for w := range weeks {
			sales := math.Floor(level * (1 + 0.5*math.Sin(float64(w)/8.3)) * src.ExpFloat64())
			stock := 1
			if src.Float64() < 0.05 {
				sales, stock = 0, 0
			}
			if i%3 == 0 && src.Float64() < 0.6 {
				sales = 0
			}
			if i%7 == 6 && w < 40 {
				continue
			}
			keep := true
			if change != nil {
				sales, keep = change(i, w, sales)
			}
			if keep {
				fmt.Fprintf(&b, "m%d,a%d,%s,%g,%d\n", i%3, i, date(w), sales, stock)
			}
		}
	}
	return b.String()
}

// TestNothingLaterIsRead: forecasts, classes and scales at an origin are the same bits whatever happens from the origin on.
func TestNothingLaterIsRead(t *testing.T) {
	const origin, weeks, horizon = 70, 85, 6
	dir := t.TempDir()
	look := func(change func(sku, week int, sales float64) (float64, bool)) map[string]string {
		in := Input{History: write(t, dir, "h.csv", shopHistory(30, weeks, change)), Models: BuiltIn(), Step: 4, Horizon: horizon,
			Dates: []time.Time{monday.AddDate(0, 0, 7*origin)}}
		p, err := openPanel(t.Context(), &in, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer p.close()
		seen := map[string]string{}
		err = p.each(t.Context(), func(int, *judged) error { return nil }, func(j *judged) error {
			v := j.views[0]
			seen[j.series.ArticleID] = fmt.Sprint(v.class, v.scale, v.forecast)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return seen
	}
	want := look(nil)
	if len(want) != 30 {
		t.Fatalf("%d SKUs, want 30", len(want))
	}
	src := random.New(random.NewKey(9))
	for name, change := range map[string]func(sku, week int, sales float64) (float64, bool){
		"shuffled": func(_, week int, sales float64) (float64, bool) {
			if week >= origin {
				sales = math.Floor(50 * src.Float64())
			}
			return sales, true
		},
		"deleted": func(_, week int, sales float64) (float64, bool) { return sales, week <= origin },
		"enormous": func(_, week int, sales float64) (float64, bool) {
			return sales + 1e6*float64(max(week-origin+1, 0)), true
		},
	} {
		if got := look(change); !maps.Equal(got, want) {
			t.Errorf("future %s: the forecasts changed", name)
		}
	}
	past := look(func(_, week int, sales float64) (float64, bool) { return sales + float64(week/(origin-1)), true })
	if maps.Equal(past, want) {
		t.Error("a change of the week before the origin changes nothing: the test sees nothing")
	}
}

// ten is a history of one SKU that sells 10 in each of 30 weeks but for the weeks of index 26 and 27, when it was out of stock.
func ten(t *testing.T, dir string) string {
	var b strings.Builder
	b.WriteString("merchant_id,article_id,week_start,sales,in_stock,on_hand\n")
	for w := range 30 {
		sales, stock := 10, 1
		if w == 26 || w == 27 {
			sales, stock = 0, 0
		}
		fmt.Fprintf(&b, "m,x,%s,%d,%d,30\n", date(w), sales, stock)
	}
	return write(t, dir, "history.csv", b.String())
}

// flat is a forecast of one SKU that says the same for each of so many weeks.
func flat(t *testing.T, dir, name string, origin, weeks int, low, median, high float64) string {
	var b strings.Builder
	b.WriteString("merchant_id,article_id,week_start,0.25,0.5,0.75\n")
	for w := range weeks {
		fmt.Fprintf(&b, "m,x,%s,%g,%g,%g\n", date(origin+w), low, median, high)
	}
	return write(t, dir, name, b.String())
}

// TestFilesByHand scores files by figures that can be worked out by hand.
func TestFilesByHand(t *testing.T) {
	dir := t.TempDir()
	job := EvaluateJob{Input: Input{History: ten(t, dir), Horizon: 6, Files: []File{
		{Model: "right", Path: flat(t, dir, "right.csv", 24, 6, 10, 10, 10)},
		{Model: "twice", Path: flat(t, dir, "twice.csv", 24, 6, 20, 20, 20)},
	}}}
	r, err := Evaluate(t.Context(), job)
	if err != nil {
		t.Fatal(err)
	}
	if r.Weeks != 4 || r.Masked != 2 {
		t.Errorf("%d weeks scored and %d masked, want 4 and 2: weeks out of stock are no demand", r.Weeks, r.Masked)
	}
	right, twice := r.Find("right", ByOverall, ""), r.Find("twice", ByOverall, "")
	for _, c := range []struct {
		name      string
		got, want float64
	}{
		{"loss of the right forecast", float64(right.WQL), 0},
		{"its bias", float64(right.Bias), 0},
		{"loss of the double one: 2·mean(1-level)·10/10", float64(twice.WQL), 1},
		{"its bias", float64(twice.Bias), 1},
		{"its WAPE", float64(twice.WAPE), 1},
		{"its CRPS", float64(twice.CRPS), 10},
		{"its reliability at 0.5: all demands are below", float64(r.Models[1].Reliability[19]), 1},
	} {
		if math.Abs(c.got-c.want) > 1e-6 {
			t.Errorf("%s is %g, want %g", c.name, c.got, c.want)
		}
	}
	if r.Reference != "right" || r.Origins[0] != date(24) || r.Find("right", ByHorizon, "3").Weeks != 0 || r.Find("right",
		ByHorizon, "5").Weeks != 1 {
		t.Errorf("reference %s, origins %v, rows %+v", r.Reference, r.Origins, r.Rows)
	}
	if _, err := json.Marshal(r); err != nil { // weeks ahead without demand have no loss
		t.Error(err)
	}
}

// TestOnlyWhatAllForecastIsScored: a model that leaves weeks out does not look better for it.
func TestOnlyWhatAllForecastIsScored(t *testing.T) {
	dir := t.TempDir()
	r, err := Evaluate(t.Context(), EvaluateJob{Input: Input{History: ten(t, dir), Horizon: 6, Files: []File{
		{Path: flat(t, dir, "short.csv", 20, 3, 10, 10, 10)}, {Path: flat(t, dir, "long.csv", 20, 6, 10, 10, 10)}}}})
	if err != nil {
		t.Fatal(err)
	}
	if r.Weeks != 3 || r.Models[0].Name != "short" || r.Models[0].Missing != 3 || r.Models[1].Missing != 0 {
		t.Errorf("%d weeks scored, models %+v", r.Weeks, r.Models)
	}
}

// TestDecisionCostByHand: demand 10 a week for 4 weeks, 30 on hand at the origin (and not today's 999), holding 0.5, margin 7.
// Who expects nothing orders nothing: holding 0.5·(20+10) and 10 lost sales. Who knows the demand orders 10 for the fourth week
// at 1 a unit, to arrive in the third, as half of what arrives comes after the week's demand: holding 0.5·(20+10+10).
func TestDecisionCostByHand(t *testing.T) {
	dir := t.TempDir()
	set, err := settings.Parse("test",
		[]byte("defaults:\n  lead_time_mean: 1\n  lead_time_cv: 0\n  inbound_cost: 1\n  horizon: 4\n"))
	if err != nil {
		t.Fatal(err)
	}
	articles := write(t, dir, "articles.csv", "merchant_id,article_id,on_hand,price,unit_cost,holding_cost\nm,x,999,12,5,0.5\n")
	r, err := Evaluate(t.Context(), EvaluateJob{
		Input: Input{History: ten(t, dir), Horizon: 4, Files: []File{
			{Model: "nothing", Path: flat(t, dir, "nothing.csv", 20, 4, 0, 0, 0)},
			{Model: "right", Path: flat(t, dir, "right.csv", 20, 4, 10, 10, 10)}}},
		Decisions: &Decisions{Articles: articles, Settings: set, Seed: 1, SKUs: 10},
	})
	if err != nil {
		t.Fatal(err)
	}
	nothing, right := r.Find("nothing", ByOverall, ""), r.Find("right", ByOverall, "")
	if nothing.Decisions != 1 || r.DecisionSKUs != 1 {
		t.Fatalf("%d decisions for %d SKUs, want 1", nothing.Decisions, r.DecisionSKUs)
	}
	if c := float64(*nothing.DecisionCost); math.Abs(c-(0.5*30+70)) > 1e-9 {
		t.Errorf("doing nothing costs %g, want 85", c)
	}
	if f := float64(*nothing.FillRate); math.Abs(f-0.75) > 1e-9 {
		t.Errorf("doing nothing serves %g, want 0.75", f)
	}
	if c := float64(*right.DecisionCost); c > 0.5*(20+10+10)+10+1e-9 || float64(*right.FillRate) != 1 {
		t.Errorf("knowing the demand costs %g and serves %g, want at most 30 and 1", c, float64(*right.FillRate))
	}
}

// TestDecisionsNeedAllWeeks: with a week out of stock within the horizon, what would have been sold is not known, and nothing is
// replayed.
func TestDecisionsNeedAllWeeks(t *testing.T) {
	dir := t.TempDir()
	set, err := settings.Parse("test", []byte("defaults: {horizon: 6}"))
	if err != nil {
		t.Fatal(err)
	}
	articles := write(t, dir, "articles.csv", "merchant_id,article_id,on_hand,price,unit_cost\nm,x,5,12,5\n")
	r, err := Evaluate(t.Context(), EvaluateJob{
		Input:     Input{History: ten(t, dir), Horizon: 6, Files: []File{{Path: flat(t, dir, "f.csv", 24, 6, 5, 10, 15)}}},
		Decisions: &Decisions{Articles: articles, Settings: set, Seed: 1, SKUs: 10},
	})
	if err != nil {
		t.Fatal(err)
	}
	if x := r.Find(unnamed, ByOverall, ""); x.Decisions != 0 || x.DecisionCost != nil {
		t.Errorf("decided in spite of weeks out of stock: %+v", x)
	}
}

// TestSameReportForAnyWorkers also orders a forecast file's rows backwards.
func TestSameReportForAnyWorkers(t *testing.T) {
	dir := t.TempDir()
	set, err := settings.Parse("test", []byte("defaults: {scenarios: 64, eval_scenarios: 64}"))
	if err != nil {
		t.Fatal(err)
	}
	history := write(t, dir, "h.csv", shopHistory(20, 80, nil))
	articles, rows := "merchant_id,article_id,on_hand,price,unit_cost,holding_cost\n", []string{}
	for i := range 20 {
		articles += fmt.Sprintf("m%d,a%d,5,10,4,0.1\n", i%3, i)
		for w := range 5 {
			rows = append(rows, fmt.Sprintf("m%d,a%d,%s,2,4,8\n", i%3, i, date(70+w)))
		}
	}
	articles = write(t, dir, "articles.csv", articles)
	const header = "merchant_id,article_id,week_start,0.25,0.5,0.75\n"
	forward := write(t, dir, "forward.csv", header+strings.Join(rows, ""))
	slices.Reverse(rows)
	backward := write(t, dir, "backward.csv", header+strings.Join(rows, ""))
	reports := map[string]bool{}
	var one []byte
	for workers, path := range map[int]string{1: forward, 3: backward} {
		r, err := Evaluate(t.Context(), EvaluateJob{
			Input: Input{History: history, Models: BuiltIn(), Horizon: 5, Workers: workers, Files: []File{{Model: "f",
				Path: path}}},
			Decisions: &Decisions{Articles: articles, Settings: set, Seed: 7, SKUs: 8},
		})
		if err != nil {
			t.Fatal(err)
		}
		if got := r.Find(Pooled, ByOverall, "").Decisions; got == 0 {
			t.Error("no decisions")
		}
		r.Models[0].Files = nil
		if one, err = json.Marshal(r); err != nil {
			t.Fatal(err)
		}
		reports[string(one)] = true
	}
	if len(reports) != 1 {
		t.Error("the report depends on the number of workers or the order of a file's rows")
	}
	if !bytes.Contains(one, []byte(`"clusters":"skus"`)) {
		t.Errorf("20 SKUs of 3 merchants are not clusters: %.300s", one)
	}
}

// TestSampleIsTheSmallestHashes: whatever the order in which SKUs come.
func TestSampleIsTheSmallestHashes(t *testing.T) {
	var keys []table.Key
	for i := range 200 {
		keys = append(keys, table.Key{Merchant: "m", Article: fmt.Sprint(i)})
	}
	draw := func() []hashed {
		var h hashes
		for _, k := range keys {
			h.offer(k, 20)
		}
		slices.SortFunc(h, hashed.compare)
		return h
	}
	first := draw()
	slices.Reverse(keys)
	if !slices.Equal(first, draw()) || len(first) != 20 {
		t.Error("the sample depends on the order of the SKUs")
	}
	all := make(hashes, 0, len(keys))
	for _, k := range keys {
		all.offer(k, len(keys))
	}
	slices.SortFunc(all, hashed.compare)
	if !slices.Equal(first, []hashed(all[:20])) {
		t.Error("the sample does not have the smallest hashes")
	}
}

func TestInputProblems(t *testing.T) {
	dir := t.TempDir()
	history := ten(t, dir)
	numbered := write(t, dir, "numbered.csv", "merchant_id,article_id,week,0.5\nm,x,0,10\nm,x,1,10\n")
	good := flat(t, dir, "good.csv", 24, 3, 9, 10, 11)
	for name, c := range map[string]struct {
		in   Input
		want string
	}{
		"nothing to judge":   {Input{Horizon: 4}, "nothing to judge"},
		"all numbers":        {Input{Horizon: 0, Origins: -1, SKUs: -1, Models: []string{"oracle"}}, "horizon is 0"},
		"week numbers":       {Input{Horizon: 4, Files: []File{{Path: numbered}}}, "NAME@2026-01-05="},
		"before the history": {Input{Horizon: 4, Models: BuiltIn(), Dates: []time.Time{monday}}, "there is nothing before"},
		"after the history": {Input{Horizon: 4, Models: BuiltIn(), Dates: []time.Time{monday.AddDate(1, 0, 0)}},
			"nothing happened"},
		"too short": {Input{Horizon: 20, Origins: 3, Models: BuiltIn()}, "too few to forecast 20 weeks"},
		"own name":  {Input{Horizon: 4, Files: []File{{Model: Pooled, Path: good}}}, "restock's own"},
		"same week twice": {Input{Horizon: 4, Files: []File{{Model: "a", Path: good}, {Model: "a", Path: good}}},
			"are both forecasts of a"},
		"no common week": {Input{Horizon: 4, Files: []File{{Model: "a", Path: good}, {Model: "b", Path: flat(t, dir,
			"b.csv", 20, 3, 1, 2, 3)}}}, "no two forecasts"},
		"no file for the origin": {Input{Horizon: 4, Files: []File{{Path: good}}, Dates: []time.Time{monday.AddDate(0, 0,
			140)}}, "no forecast file"},
		"after all of history": {Input{Horizon: 4, Files: []File{{Path: flat(t, dir, "late.csv", 40, 3, 1, 2, 3)}}},
			"no forecast file begins"},
		"no such history": {Input{Horizon: 4, History: "none.csv", Models: BuiltIn()}, "none.csv"},
	} {
		if c.in.History == "" {
			c.in.History = history
		}
		if _, err := Evaluate(t.Context(), EvaluateJob{Input: c.in}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
	dated := Input{History: history, Horizon: 4, Files: []File{{Path: numbered, AsOf: monday.AddDate(0, 0, 140)}}}
	if r, err := Evaluate(t.Context(), EvaluateJob{Input: dated}); err != nil || r.Origins[0] != date(20) {
		t.Errorf("a file with a given date: %v", err)
	}
}

// TestModelsOfSeveralOrigins: files of one name are one model, judged where all models can be.
func TestModelsOfSeveralOrigins(t *testing.T) {
	dir := t.TempDir()
	in := Input{History: ten(t, dir), Horizon: 2}
	for _, origin := range []int{16, 18, 20, 22} {
		in.Files = append(in.Files, File{Model: "a", Path: flat(t, dir, fmt.Sprintf("a%d.csv", origin), origin, 2, 9, 10, 11)})
	}
	for _, origin := range []int{18, 20, 24} {
		in.Files = append(in.Files, File{Path: flat(t, dir, fmt.Sprintf("b%d.csv", origin), origin, 2, 9, 10, 11)})
	}
	r, err := Evaluate(t.Context(), EvaluateJob{Input: in})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(r.Origins, []string{date(18), date(20)}) || r.Weeks != 4 || len(r.Notes) != 3 ||
		r.Models[1].Name != unnamed {
		t.Errorf("origins %v, %d weeks, notes %v", r.Origins, r.Weeks, r.Notes)
	}
	in.Origins = 1
	if r, err = Evaluate(t.Context(), EvaluateJob{Input: in}); err != nil || !slices.Equal(r.Origins, []string{date(20)}) {
		t.Errorf("the last origin: %v, %v", r, err)
	}
}

// TestLearningTwiceAtOnce: several fits of one trainer at a time are those of one after the other (for the race detector).
func TestLearningTwiceAtOnce(t *testing.T) {
	trainer, err := forecast.NewTrainer(forecast.Options{Horizon: 2})
	if err != nil {
		t.Fatal(err)
	}
	s := forecast.Series{MerchantID: "m", ArticleID: "a", FirstWeek: 2600, Sales: make([]float64, 80)}
	for w := range s.Sales {
		s.Sales[w] = float64(w % 5)
	}
	if err := trainer.Add(&s); err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	for _, m := range BuiltIn() {
		group.Go(func() {
			if _, err := fit(trainer, m); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
}
