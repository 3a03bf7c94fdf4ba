package optimize

import (
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/restock-engine/restock/forecast"
	"github.com/restock-engine/restock/internal/random"
	"github.com/restock-engine/restock/simulate"
)

func smallOptions() Options {
	o := DefaultOptions()
	o.Scenarios, o.EvalScenarios, o.Budget = 64, 200, 120
	return o
}

// TestDecideDependsOnItsInputAlone: a workspace that has served other SKUs, and other SKUs' order, change no bit.
func TestDecideDependsOnItsInputAlone(t *testing.T) {
	decide := func(n int, w *Workspace) Recommendation {
		a, q := smallSKU(n)
		s := simulate.NewSampler(9)
		rec, err := Decide(s, Input{Article: &a, Forecast: &q, Plan: simulate.Plan{{Week: 0, Quantity: 3}}, Key: s.Key("m", string(rune('a'+n)))}, smallOptions(), w)
		if err != nil {
			t.Fatal(err)
		}
		return rec
	}
	var fresh []Recommendation
	for n := range 6 {
		fresh = append(fresh, decide(n, &Workspace{}))
	}
	var w Workspace
	for _, n := range []int{5, 2, 0, 4, 1, 3, 3} {
		if got := decide(n, &w); !reflect.DeepEqual(got, fresh[n]) {
			t.Errorf("SKU %d: %+v in a used workspace, %+v in a fresh one", n, got, fresh[n])
		}
	}
}

func TestDecideWhenNothingIsToBeDone(t *testing.T) {
	a, q := smallSKU(1)
	a.OnHand = 1000
	s := simulate.NewSampler(1)
	rec, err := Decide(s, Input{Article: &a, Forecast: &q, Key: s.Key("m", "full")}, smallOptions(), &Workspace{})
	if err != nil {
		t.Fatal(err)
	}
	if rec.Status != NoOrder || rec.Figures.UnitsOrdered != 0 || rec.Saving.Estimate != 0 {
		t.Errorf("with stock for years: %s, orders %g, saves %g", rec.Status, rec.Figures.UnitsOrdered, rec.Saving.Estimate)
	}
}

// TestFillRateFloor: a floor raises the fill rate to it on Ω_opt where any policy can, and costs money.
func TestFillRateFloor(t *testing.T) {
	a, q := smallSKU(5)
	a.LeadTimeMean, a.LeadTimeCV, a.InboundBeforeDemand, a.LostSaleCost = 0, 0, 1, 0.5
	s := simulate.NewSampler(1)
	in := Input{Article: &a, Forecast: &q, Key: s.Key("m", "floor")}
	o := smallOptions()
	free, err := Tune(RSQ, s, in, o, &Workspace{})
	if err != nil {
		t.Fatal(err)
	}
	o.Objective.MinFillRate = 0.98
	bound, err := Tune(RSQ, s, in, o, &Workspace{})
	if err != nil {
		t.Fatal(err)
	}
	if bound.Score.Shortfall != 0 {
		t.Errorf("the floor is missed by %g", bound.Score.Shortfall)
	}
	if bound.Score.Value <= free.Score.Value {
		t.Errorf("with a floor %g, without %g", bound.Score.Value, free.Score.Value)
	}
	a.LeadTimeMean, a.OnHand, a.InTransit = 4, 0, nil // nothing serves the weeks before
	rec, err := Decide(s, in, o, &Workspace{})
	if err != nil {
		t.Fatal(err)
	}
	if missed := 0.98 - rec.Figures.FillRate; math.Abs(rec.Shortfall-missed) > 0.02 || rec.Shortfall < 0.1 {
		t.Errorf("the floor is missed by %g, and said to be by %g", missed, rec.Shortfall)
	}
	if why := rec.Explain(); !strings.Contains(why, "points more than any policy found reaches") {
		t.Errorf("%q does not say that the floor is missed", why)
	}
}

// TestOrdersForTheFloorAreNotDegraded: orders that the floor of the fill rate asks for cost more than none, and are meant to.
func TestOrdersForTheFloorAreNotDegraded(t *testing.T) {
	a, q := smallSKU(5)
	a.OnHand, a.InTransit, a.LeadTimeMean, a.LeadTimeCV = 0, nil, 0, 0
	a.HoldingCost, a.LostSaleCost, a.OrderCost = 1, 0.01, 1
	s := simulate.NewSampler(1)
	in := Input{Article: &a, Forecast: &q, Key: s.Key("m", "floor")}
	o := smallOptions()
	o.Objective.MinFillRate = 0.5
	rec, err := Decide(s, in, o, &Workspace{})
	if err != nil {
		t.Fatal(err)
	}
	if rec.ObjectiveSaving.High >= 0 || rec.Figures.FillRate <= rec.DoNothing.FillRate {
		t.Fatalf("orders save %v, and serve %g instead of %g", rec.ObjectiveSaving, rec.Figures.FillRate, rec.DoNothing.FillRate)
	}
	if rec.Status == Degraded || rec.EvalScenarios != o.EvalScenarios {
		t.Errorf("%s after %d scenarios", rec.Status, rec.EvalScenarios)
	}
}

func TestObjectiveValues(t *testing.T) {
	costs := []float64{4, 1, 3, 2, 5, 9, 7, 8, 6, 10}
	for _, c := range []struct {
		o    Objective
		want float64
	}{
		{Objective{Measure: Quantile, P: 0.75}, 7.75},
		{Objective{Measure: Mean, P: 0.75}, 5.5},
		{Objective{Measure: CVaR, P: 0.8}, 9.5},
		{Objective{Measure: CVaR, P: 0.75}, (10 + 9 + 0.5*8) / 2.5},
	} {
		if got := c.o.Value(slices.Clone(costs)); math.Abs(got-c.want) > 1e-12 {
			t.Errorf("%+v: %g, want %g", c.o, got, c.want)
		}
		if got := c.o.interval(slices.Clone(costs)); math.Abs(got.Estimate-c.want) > 1e-12 || got.Low > c.want || got.High < c.want {
			t.Errorf("%+v: interval %+v, want %g inside", c.o, got, c.want)
		}
	}
}

func TestTies(t *testing.T) {
	score := func(value, ordered float64, week int) Score {
		return Score{Value: value, OrderWeek: week, ordered: &lazyUnits{value: ordered}}
	}
	base := score(1, 5, 2)
	for _, c := range []struct {
		name string
		s    Score
	}{
		{"smaller objective", score(0.5, 9, 0)},
		{"smaller order", score(1, 4, 0)},
		{"later order", score(1, 5, 3)},
	} {
		if !c.s.Better(base) || base.Better(c.s) {
			t.Errorf("%s does not win", c.name)
		}
	}
	if base.Better(base) {
		t.Error("a score is better than itself")
	}
	if (Score{Shortfall: 0.01, Value: 0}).Better(base) {
		t.Error("a missed fill rate wins over a reached one")
	}
}

func TestOptionsValidateReportsEverything(t *testing.T) {
	err := Options{Objective: Objective{Measure: "median", P: 0.5}, Trigger: "sometimes", Scenarios: -1, EvalScenarios: 0, Budget: 0}.Validate()
	if err == nil || len(err.(interface{ Unwrap() []error }).Unwrap()) != 5 {
		t.Errorf("5 problems expected: %v", err)
	}
	if err := DefaultOptions().Validate(); err != nil {
		t.Error(err)
	}
}

// TestSearchBeatsRandom: with the same 200 candidates the search is never worse than random points on 12 SKUs.
func TestSearchBeatsRandom(t *testing.T) {
	o := smallOptions()
	o.Budget = 200
	for n := range 12 {
		a, q := smallSKU(n)
		s := simulate.NewSampler(3)
		in := Input{Article: &a, Forecast: &q, Key: s.Key("m", string(rune('a'+n)))}
		var w Workspace
		got, err := Tune(RSQ, s, in, o, &w)
		if err != nil {
			t.Fatal(err)
		}
		f := rsqFamily(&a, newDemandFacts(&a, &w.opt), AutoTrigger.triggers())
		w.ready().Prepare(&a, &w.opt)
		p := NewProblem(f, DefaultObjective(), w.evaluator, w.opt.N, o.Budget)
		RandomSearch{}.Search(p, random.New(in.Key))
		if _, random := p.Best(); random.Better(got.Score) {
			t.Errorf("SKU %d: random search %g, pattern search %g", n, random.Value, got.Score.Value)
		}
	}
}

// TestShareOfAnOrderThatIsInTime: where a part of an order is too late for the only week there is, more than that week's demand has
// to be ordered. With a share α in time that is the smallest q with q - floor((1-α)q) = 10.
func TestShareOfAnOrderThatIsInTime(t *testing.T) {
	for _, c := range []struct{ share, want float64 }{{1, 10}, {0.5, 19}, {0.25, 37}, {0, 0}} {
		a := simulate.DefaultArticle()
		a.Horizon, a.LeadTimeMean, a.InboundBeforeDemand = 1, 0, c.share
		a.HoldingCost, a.LostSaleCost = 0.01, 100
		q, s := forecast.Quantiles{Levels: []float64{0.5}, Values: []float32{10}}, simulate.NewSampler(1)
		rec, err := Decide(s, Input{Article: &a, Forecast: &q, Key: s.Key("m", "x")}, smallOptions(), &Workspace{})
		if err != nil {
			t.Fatal(err)
		}
		if rec.Policy.T0 != 0 || rec.Policy.Q0 != c.want {
			t.Errorf("share %g: %s, want an order of %g", c.share, rec.Policy, c.want)
		}
	}
}
