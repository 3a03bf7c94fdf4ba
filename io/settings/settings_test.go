package settings

import (
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/restock-engine/restock/io/table"
	"github.com/restock-engine/restock/simulate"
)

func mustParse(t *testing.T, text string) *Settings {
	t.Helper()
	s, err := Parse("restock.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// row returns a valid article of merchant M.
func row(set ...func(*table.ArticleRow)) *table.ArticleRow {
	r := &table.ArticleRow{Key: table.Key{Merchant: "M", Article: "X"}, OnHand: 10, Price: 20, UnitCost: 12}
	for _, f := range set {
		f(r)
	}
	return r
}

func param(p table.Param, v float64) func(*table.ArticleRow) {
	return func(r *table.ArticleRow) { r.Params.Set(p, v) }
}

// TestPrecedence sets holding_cost in every combination of the four layers and expects the value of the highest.
func TestPrecedence(t *testing.T) {
	const defaults, merchant, article, flag = 1, 2, 4, 8
	for layers := range 16 {
		file := "defaults:\n"
		want, from := 0.0, "built in"
		if layers&defaults != 0 {
			file += "  holding_cost: 1\n"
			want, from = 1, "defaults (restock.yaml)"
		}
		file += "merchants:\n  M:\n"
		if layers&merchant != 0 {
			file += "    holding_cost: 2\n"
			want, from = 2, "merchant M (restock.yaml)"
		}
		s := mustParse(t, file)
		r := row()
		explained := want // the row is not part of the settings
		if layers&article != 0 {
			r = row(param(table.HoldingCost, 3))
			want = 3
		}
		if layers&flag != 0 {
			if err := s.Override("holding-cost", "4"); err != nil {
				t.Fatal(err)
			}
			want, explained, from = 4, 4, "flag"
		}
		a, _, err := s.Article(r)
		if err != nil || a.HoldingCost != want {
			t.Errorf("layers %04b: holding_cost %g, %v; want %g", layers, a.HoldingCost, err, want)
		}
		if got, want := s.Explain("M")[0], (Entry{"holding_cost", formatNumber(explained), from}); got != want {
			t.Errorf("layers %04b: explained as %v, want %v", layers, got, want)
		}
	}
}

func TestEveryKeyReachesTheArticleOrTheDecision(t *testing.T) {
	s := mustParse(t, `
defaults: {units: continuous}
merchants:
  M: {holding_cost: 1, inbound_cost: 2, outbound_cost: 3, return_cost: 4, overstock_cost: -5, order_cost: 6, return_rate: 0.5,
      resalable_share: 0.25, lost_sale_cost: 7, lead_time_mean: 8, lead_time_cv: 0.5, review_period: 3, review_phase: -1,
      pack_size: 2.5, moq: 6, max_order: 90, lifecycle_weeks: 30, return_lag_weights: [0.5, 0.5], lead_time_samples: [2, 3.5],
      horizon: 20, inbound_before_demand: 0.75, discount: 0.9, return_mode: expected, demand_autocorrelation: 0.3,
      trigger: stock, objective: cvar, quantile: 0.9, min_fill_rate: 0.8, candidates: 70, scenarios: 100, eval_scenarios: 300}
`)
	got, decision, err := s.Article(row())
	if err != nil {
		t.Fatal(err)
	}
	want := simulate.Article{
		Horizon: 20, OnHand: 10, Price: 20, UnitCost: 12, HoldingCost: 1, InboundCost: 2, OutboundCost: 3, ReturnCost: 4,
		OverstockCost: -5, OrderCost: 6, ReturnRate: 0.5, ResalableShare: 0.25, LostSaleCost: 7, LeadTimeMean: 8, LeadTimeCV: 0.5,
		ReviewPeriod: 3, ReviewPhase: -1, PackSize: 2.5, MOQ: 7.5, MaxOrder: 90,
		ReturnLagWeights: []float64{0.5, 0.5}, LeadTimeSamples: []float64{2, 3.5},
		Units: simulate.Continuous, InboundBeforeDemand: 0.75, Discount: 0.9, ReturnMode: simulate.ExpectedReturns, DemandAutocorrelation: 0.3,
	}
	if !slices.Equal(got.ReturnLagWeights, want.ReturnLagWeights) || !slices.Equal(got.LeadTimeSamples, want.LeadTimeSamples) {
		t.Errorf("lists %v, %v", got.ReturnLagWeights, got.LeadTimeSamples)
	}
	got.ReturnLagWeights, want.ReturnLagWeights, got.LeadTimeSamples, want.LeadTimeSamples = nil, nil, nil, nil
	if !articlesEqual(got, want) {
		t.Errorf("article\n%+v, want\n%+v", got, want)
	}
	if want := (Decision{"cvar", 0.9, 0.8, "stock", 70, 100, 300}); decision != want {
		t.Errorf("decision %+v, want %+v", decision, want)
	}
	for _, e := range s.Explain("M") {
		if want := "merchant M (restock.yaml)"; e.From != want && e.Key != "units" {
			t.Errorf("%s comes from %s, want %s", e.Key, e.From, want)
		}
	}
}

// articlesEqual compares articles without their lists.
func articlesEqual(a, b simulate.Article) bool {
	x, y := effective{article: a}, effective{article: b}
	return x.sameAs(&y) && a.OnHand == b.OnHand && a.Price == b.Price && a.UnitCost == b.UnitCost
}

func TestArticleRules(t *testing.T) {
	for _, c := range []struct {
		name string
		file string
		row  *table.ArticleRow
		ok   func(a simulate.Article) bool
	}{
		{"lost sale from price, cost and returns", "defaults: {return_rate: 0.25}", row(), func(a simulate.Article) bool { return a.LostSaleCost == 6 }},
		{"a row's return rate counts in it", "defaults: {return_rate: 0.25}", row(param(table.ReturnRate, 0.5)),
			func(a simulate.Article) bool { return a.LostSaleCost == 4 }},
		{"a given lost sale cost of 0 holds", "defaults: {lost_sale_cost: 0}", row(), func(a simulate.Article) bool { return a.LostSaleCost == 0 }},
		{"horizon is cut at the end of life", "", row(param(table.LifecycleWeeks, 5)), func(a simulate.Article) bool { return a.Horizon == 5 }},
		{"horizon is not extended", "", row(param(table.LifecycleWeeks, 50)), func(a simulate.Article) bool { return a.Horizon == 12 }},
		{"moq in full packs", "", row(param(table.MOQ, 7), param(table.PackSize, 5)), func(a simulate.Article) bool { return a.MOQ == 10 }},
		{"moq that is a multiple but for rounding stays", "defaults: {units: continuous}", row(param(table.MOQ, 0.3), param(table.PackSize, 0.1)),
			func(a simulate.Article) bool { return math.Abs(a.MOQ-0.3) < 1e-12 }},
		{"no moq stays none", "", row(param(table.PackSize, 5)), func(a simulate.Article) bool { return a.MOQ == 0 }},
		{"max_order none lifts a cap", "defaults: {max_order: 5}\nmerchants: {M: {max_order: none}}", row(),
			func(a simulate.Article) bool { return math.IsInf(a.MaxOrder, 1) }},
		{"a merchant's samples replace the defaults' mean", "defaults: {lead_time_mean: 2}\nmerchants: {M: {lead_time_samples: [4]}}", row(),
			func(a simulate.Article) bool { return slices.Equal(a.LeadTimeSamples, []float64{4}) }},
		{"a row's mean replaces the merchant's samples", "merchants: {M: {lead_time_samples: [4]}}", row(param(table.LeadTimeMean, 2)),
			func(a simulate.Article) bool { return a.LeadTimeSamples == nil && a.LeadTimeMean == 2 }},
		{"a row's cv alone does not", "merchants: {M: {lead_time_samples: [4]}}", row(param(table.LeadTimeCV, 0.2)),
			func(a simulate.Article) bool { return len(a.LeadTimeSamples) == 1 }},
		{"samples beside a mean win", "merchants: {M: {lead_time_samples: [4], lead_time_mean: 2}}", row(),
			func(a simulate.Article) bool { return len(a.LeadTimeSamples) == 1 }},
		{"another merchant's settings do not count", "merchants: {m: {holding_cost: 9}}", row(), func(a simulate.Article) bool { return a.HoldingCost == 0 }},
	} {
		if c.file == "" {
			c.file = "defaults:"
		}
		a, _, err := mustParse(t, c.file).Article(c.row)
		if err != nil || !c.ok(a) {
			t.Errorf("%s: %+v, %v", c.name, a, err)
		}
	}
}

func TestArticleErrors(t *testing.T) {
	for _, c := range []struct {
		row  *table.ArticleRow
		want string // columns at fault
	}{
		{row(param(table.LifecycleWeeks, 0)), "lifecycle_weeks"},
		{row(param(table.LifecycleWeeks, -3), param(table.ReviewPeriod, 1.5)), "review_period lifecycle_weeks"},
		{row(param(table.ReviewPeriod, math.NaN())), "review_period"},
		{row(param(table.ReviewPhase, 1e300)), "review_phase"},
		{row(param(table.LostSaleCost, math.NaN())), "lost_sale_cost"},
		{row(param(table.PackSize, 0), param(table.MOQ, 5)), "pack_size"},
		{row(param(table.MOQ, 2.5)), "moq"},
		{row(param(table.MOQ, 1e12), param(table.PackSize, 3)), "moq"}, // 1e12 + 2
		{row(func(r *table.ArticleRow) { r.Price = math.NaN() }), "price"},
		{row(func(r *table.ArticleRow) { r.Price = math.Inf(1) }), "price"},
		{row(func(r *table.ArticleRow) { r.Price, r.OnHand = 5, -1 }), "on_hand price"},
		{row(func(r *table.ArticleRow) { r.ReturnLagWeights = []float64{0.5, 0.4} }), "return_lag_weights"},
		{row(func(r *table.ArticleRow) { r.LeadTimeSamples = []float64{-1} }), "lead_time_samples"},
	} {
		_, _, err := newSettings().Article(c.row)
		var fields simulate.FieldErrors
		if !errors.As(err, &fields) {
			t.Errorf("want problems with %s, got %v", c.want, err)
			continue
		}
		var columns []string
		for _, f := range fields {
			columns = append(columns, f.Column)
		}
		if got := strings.Join(columns, " "); got != c.want {
			t.Errorf("problems with %s, want %s: %v", got, c.want, err)
		}
	}
}

// TestArticleIsValidOrAnError resolves rows with random values, half of them absurd: whatever comes out without an error is an article
// that the simulator accepts, with orders that keep the rules.
func TestArticleIsValidOrAnError(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	values := []float64{0, 1, 2, 3, 10, 0.5, 0.25, 12, 1e12, 1e13, -1, 1e300, -1e300, math.NaN(), math.Inf(1), math.Inf(-1), 2.5, 1e-320, 4e9}
	pick := func() float64 { return values[rng.IntN(len(values))] }
	likely := func() float64 { return values[rng.IntN(5)+1] }
	s := mustParse(t, "defaults: {return_lag_weights: [0.5, 0.5]}\nmerchants: {M: {units: continuous, return_mode: expected}}")
	accepted := 0
	for range 20000 {
		r := &table.ArticleRow{Key: table.Key{Merchant: []string{"M", "N"}[rng.IntN(2)]}, OnHand: likely(), Price: 12, UnitCost: likely()}
		for range rng.IntN(4) {
			r.Params.Set(table.Param(rng.IntN(int(table.NumParams))), pick())
		}
		if rng.IntN(4) == 0 {
			r.InTransit = []simulate.WeekQuantity{{Week: rng.IntN(4) - 1, Quantity: pick()}}
		}
		a, d, err := s.Article(r)
		if err != nil {
			if !errors.As(err, &simulate.FieldErrors{}) {
				t.Fatalf("%+v: %v is not FieldErrors", r, err)
			}
			continue
		}
		accepted++
		if err := a.Validate(); err != nil {
			t.Fatalf("%+v was accepted as %+v: %v", r, a, err)
		}
		if d.Scenarios != 500 {
			t.Fatalf("decision %+v", d)
		}
		if packs := a.MOQ / a.PackSize; math.Abs(packs-math.Round(packs)) > 1e-6*max(1, packs) {
			t.Fatalf("%+v: moq %g is not a multiple of pack_size %g", r, a.MOQ, a.PackSize)
		}
	}
	if accepted < 2000 {
		t.Errorf("only %d of 20000 rows were accepted; the test shows little", accepted)
	}
}

func TestArticleDoesNotAllocate(t *testing.T) {
	s := mustParse(t, "merchants: {M: {lead_time_samples: [1, 2]}}")
	if err := s.Override("quantile", "0.9"); err != nil {
		t.Fatal(err)
	}
	r := row(param(table.HoldingCost, 1), param(table.MOQ, 3))
	if n := testing.AllocsPerRun(100, func() { s.Article(r) }); n != 0 {
		t.Errorf("%g allocations per article, want 0", n)
	}
}

func TestOverride(t *testing.T) {
	s := newSettings()
	for _, c := range []struct{ name, text, want string }{
		{"quantile", "0.9", ""},
		{"eval-scenarios", "10", ""},
		{"candidates", "3", ""},
		{"lead_time_samples", "1;2.5", ""},
		{"quantile", "1", "quantile 1 must be between 0 and 1, both excluded"},
		{"horizon", "many", "horizon must be a number, not many"},
		{"objective", "quantil", "objective must be one of quantile, mean, cvar, not quantil; did you mean quantile?"},
		{"workers", "2", "workers: unknown setting"},
	} {
		err := s.Override(c.name, c.text)
		if got := message(err); got != c.want {
			t.Errorf("Override(%q, %q): %q, want %q", c.name, c.text, got, c.want)
		}
	}
	a, d, err := s.Article(row())
	if err != nil || d.Quantile != 0.9 || d.EvalScenarios != 10 || d.Candidates != 3 || d.Options().Budget != 3 || !slices.Equal(a.LeadTimeSamples, []float64{1, 2.5}) {
		t.Errorf("%+v, %+v, %v", a, d, err)
	}
}

func message(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestWarnsOfFreeStock(t *testing.T) {
	s := newSettings()
	s.Article(row(param(table.HoldingCost, 0)))
	if w := s.Warnings(); w != nil {
		t.Errorf("a holding cost of 0 that was given is warned of: %q", w)
	}
	s.Article(row())
	if w := s.Warnings(); len(w) != 1 || !strings.Contains(w[0], "1 article has no holding_cost") {
		t.Errorf("warnings %q", w)
	}
}

func TestHash(t *testing.T) {
	base := mustParse(t, "defaults: {moq: 2, horizon: 8}\nmerchants: {A: {moq: 3}}")
	same := mustParse(t, "merchants:\n  B: {moq: 2}\n  A: {moq: 3.0, horizon: 8}\ndefaults:\n  horizon: 8 # weeks\n  moq: 2\n")
	if base.Hash() != same.Hash() {
		t.Error("two files that say the same have different hashes")
	}
	seen := map[string]string{base.Hash(): "base", newSettings().Hash(): "built in"}
	for _, text := range []string{
		"defaults: {moq: 2, horizon: 9}\nmerchants: {A: {moq: 3}}",
		"defaults: {moq: 2, horizon: 8}\nmerchants: {A: {moq: 4}}",
		"defaults: {moq: 2, horizon: 8}\nmerchants: {B: {moq: 3}}",
		"defaults: {moq: 3, horizon: 8}",
		"defaults: {moq: 2, horizon: 8}",
	} {
		h := mustParse(t, text).Hash()
		if other, ok := seen[h]; ok {
			t.Errorf("%q has the hash of %q", text, other)
		}
		seen[h] = text
	}
	flag := mustParse(t, "defaults: {moq: 2, horizon: 8}")
	if err := flag.Override("moq", "2"); err != nil {
		t.Fatal(err)
	}
	if other, ok := seen[flag.Hash()]; ok { // it beats a row, the same value in the file does not
		t.Errorf("a flag has the hash of %q", other)
	}
}

func TestExampleLoadsAndHoldsTheBuiltInDefaults(t *testing.T) {
	s := mustParse(t, Example())
	if s.Hash() != newSettings().Hash() {
		t.Error("the example file holds something else than what is built in")
	}
	if len(s.Merchants()) != 0 {
		t.Errorf("the example names merchants: %v", s.Merchants())
	}
	s.Article(row())
	if s.Warnings() == nil {
		t.Error("the example hides that nobody gave a holding cost")
	}
	all := strings.NewReplacer("  # ", "  ", "  #   ", "    ").Replace(Example())
	s, err := Parse("example", []byte(stripMeanings(all)))
	if err != nil {
		t.Fatalf("with the comment marks removed: %v\n%s", err, all)
	}
	if !slices.Equal(s.Merchants(), []string{"M042"}) {
		t.Errorf("merchants %v", s.Merchants())
	}
	for _, e := range s.Explain("") {
		if e.From == "built in" {
			t.Errorf("the example lacks %s", e.Key)
		}
	}
	for _, k := range Keys() {
		if k.Meaning == "" {
			t.Errorf("nothing says what %s means", k.Key)
		}
	}
}

// stripMeanings cuts every line at the column where its meaning begins.
func stripMeanings(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		if key, rest, ok := strings.Cut(line, ": "); ok && strings.HasPrefix(key, "  ") {
			v, _, _ := strings.Cut(rest, "  ")
			v, _, _ = strings.Cut(v, " # ")
			line = key + ": " + strings.TrimSpace(v) + "\n"
		}
		b.WriteString(line)
	}
	return b.String()
}

func TestLoad(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	s, err := Load("")
	if err != nil || s.Hash() != newSettings().Hash() {
		t.Fatalf("without a file: %v", err)
	}
	if _, err := Load("other.yaml"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a file that was named and is not there: %v", err)
	}
	if err := os.WriteFile("restock.yml", []byte("defaults: {moq: 7}"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(""); err == nil || !strings.Contains(err.Error(), "restock.yml is not read; call it restock.yaml") {
		t.Errorf("a name that is not looked for: %v", err)
	}
	if err := os.WriteFile(DefaultFile, []byte("defaults: {moq: 7}"), 0o644); err != nil {
		t.Fatal(err)
	}
	s, err = Load("")
	if err != nil {
		t.Fatal(err)
	}
	if a, _, _ := s.Article(row()); a.MOQ != 7 {
		t.Errorf("restock.yaml of the current folder was not read")
	}
	if _, err := Load(dir); err == nil || !strings.Contains(err.Error(), filepath.Base(dir)) {
		t.Errorf("a folder as settings: %v", err)
	}
	big := filepath.Join(dir, "big.yaml")
	if err := os.WriteFile(big, []byte("defaults:\n"+strings.Repeat("#\n", MaxFileSize/2)), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(big); err == nil || !strings.Contains(err.Error(), "larger than 16 MiB") {
		t.Errorf("a huge file: %v", err)
	}
}

func TestHorizonIsTheLongest(t *testing.T) {
	s, err := Parse("test", []byte("defaults: {horizon: 8}\nmerchants: {a: {horizon: 20}, b: {horizon: 3}}"))
	if err != nil {
		t.Fatal(err)
	}
	if h := s.Horizon(); h != 20 {
		t.Errorf("horizon %d, want 20", h)
	}
	if err := s.Override("horizon", "30"); err != nil {
		t.Fatal(err)
	}
	if h := s.Horizon(); h != 30 {
		t.Errorf("horizon %d with a flag of 30", h)
	}
}
