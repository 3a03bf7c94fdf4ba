package whatif

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/restock-engine/restock/forecast"
	"github.com/restock-engine/restock/io/decision"
	"github.com/restock-engine/restock/io/settings"
	"github.com/restock-engine/restock/io/table"
	"github.com/restock-engine/restock/optimize"
	"github.com/restock-engine/restock/simulate"
)

func question(t testing.TB, sampler *simulate.Sampler, onHand float64) Question {
	t.Helper()
	set, err := settings.Parse("test", []byte("defaults: {holding_cost: 0.05, order_cost: 4, lead_time_mean: 2, lead_time_cv: 0.3, return_rate: 0.1}"))
	if err != nil {
		t.Fatal(err)
	}
	q := &forecast.Quantiles{Levels: []float64{0.05, 0.25, 0.5, 0.75, 0.95}}
	for range 12 {
		q.Values = append(q.Values, 2, 5, 8, 12, 21)
	}
	row := &table.ArticleRow{Key: table.Key{Merchant: "M", Article: "X"}, OnHand: onHand, Price: 20, UnitCost: 8}
	p, reject := decision.Prepare(set, sampler, &table.Item{Row: row, Forecast: q})
	if reject != nil {
		t.Fatal(reject)
	}
	return Question{Prepared: p, AsOf: time.Date(2026, 11, 16, 0, 0, 0, 0, time.UTC)}
}

// What is recommended is what the nightly run recommends, whatever else is asked, and all figures are of the same scenarios.
func TestAnswerIsDecide(t *testing.T) {
	sampler := simulate.NewSampler(1)
	for _, onHand := range []float64{0, 15, 500} {
		q := question(t, sampler, onHand)
		want, err := optimize.Decide(sampler, q.Input, q.Options, &optimize.Workspace{})
		if err != nil {
			t.Fatal(err)
		}
		q.Current = simulate.RSQ{Q0: 30, ReorderPoint: 10, Q: 24, TLimit: 9, Trigger: simulate.StockTrigger}
		q.Own = simulate.NewPlan([]simulate.WeekQuantity{{Week: 0, Quantity: 60}})
		q.Frontier = true
		var w Workspace
		for _, spare := range []bool{false, true, false} { // from the second time on with used memory
			a, err := Ask(t.Context(), sampler, q, &w, spare)
			if err != nil {
				t.Fatal(err)
			}
			check(t, a, &want)
		}
	}
}

func check(t *testing.T, a *Answer, want *optimize.Recommendation) {
	t.Helper()
	by := map[string]*Alternative{}
	for i := range a.Alternatives {
		by[a.Alternatives[i].Name] = &a.Alternatives[i]
	}
	r := by["recommended"]
	if r.Policy != want.Policy.String() || r.MeanCost.Estimate != want.Figures.MeanCost || r.Objective != interval(want.ObjectiveEval) ||
		a.Status != string(want.Status) || a.EvalScenarios != want.EvalScenarios || a.Explanation != want.Explain() {
		t.Errorf("recommended %s at %v, %s; Decide says %s at %v, %s", r.Policy, r.MeanCost, a.Status, want.Policy, want.Figures.MeanCost, want.Status)
	}
	if by["do_nothing"].MeanCost.Estimate != want.DoNothing.MeanCost {
		t.Errorf("doing nothing costs %v, Decide says %v", by["do_nothing"].MeanCost, want.DoNothing.MeanCost)
	}
	if by["current"].Saving != nil {
		t.Error("the current policy is compared with itself")
	}
	for _, name := range []string{"recommended", "own", "do_nothing"} {
		x := by[name]
		saving := by["current"].MeanCost.Estimate - x.MeanCost.Estimate
		if math.Abs(x.Saving.Estimate-saving) > 1e-9*math.Abs(saving)+1e-9 || x.Saving.Low > x.Saving.Estimate || x.Saving.High < x.Saving.Estimate {
			t.Errorf("%s saves %+v, want %v", name, *x.Saving, saving)
		}
		if d := x.ToRecommended; (d == nil) != (name == "recommended") ||
			d != nil && math.Abs(d.Estimate-(r.MeanCost.Estimate-x.MeanCost.Estimate)) > 1e-9*x.MeanCost.Estimate {
			t.Errorf("%s saves %+v against the recommended one", name, d)
		}
		if sum := x.CostParts.Total(); math.Abs(sum-x.MeanCost.Estimate) > 1e-6*sum {
			t.Errorf("%s: the parts add up to %v, not %v", name, sum, x.MeanCost.Estimate)
		}
		if len(x.Weeks) != 12 || x.Weeks[1].Date != "2026-11-23" {
			t.Errorf("%s: weeks %+v", name, x.Weeks)
		}
	}
	for i := 1; i < len(a.Frontier); i++ {
		if p, q := a.Frontier[i-1], a.Frontier[i]; p.FillRate >= q.FillRate || p.Objective.Estimate >= q.Objective.Estimate {
			t.Errorf("frontier: %+v before %+v", p, q)
		}
	}
	if len(a.Frontier) == 0 {
		t.Error("no frontier")
	}
}

// The first order of an own policy is told, whatever its kind.
func TestOwnOrder(t *testing.T) {
	sampler := simulate.NewSampler(1)
	for text, want := range map[string]struct{ week, quantity int }{
		"none": {0, 0}, "plan:0=60,3=20": {0, 60}, "plan:3=20": {3, 20}, "plan:99=5": {0, 0}, "basestock:S=70": {0, 55}, "ss:s=2,S=40": {0, 0},
		"rsq:t0=2,Q0=9,s=0,Q=0,t_limit=2,trigger=stock": {2, 9},
	} {
		q := question(t, sampler, 15)
		var err error
		if q.Own, err = simulate.ParsePolicy(text); err != nil {
			t.Fatal(err)
		}
		a, err := Ask(t.Context(), sampler, q, &Workspace{}, false)
		if err != nil {
			t.Fatal(err)
		}
		if own := a.Alternatives[1]; own.Name != "own" || own.OrderWeek != want.week || own.OrderQuantity != float64(want.quantity) {
			t.Errorf("%s: %s orders %v in week %d, want %v", text, own.Name, own.OrderQuantity, own.OrderWeek, want)
		}
	}
}

func TestAskEnds(t *testing.T) {
	sampler := simulate.NewSampler(1)
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if _, err := Ask(ctx, sampler, question(t, sampler, 0), &Workspace{}, true); !errors.Is(err, context.Canceled) {
		t.Errorf("after the asker has gone: %v", err)
	}
}

// faulty is a policy with a mistake in it.
type faulty struct{ simulate.None }

func (faulty) Order(simulate.Review) float64 { panic("a mistake") }

// A mistake ends the request, which can recover from it, not the process.
func TestPanicsInTheRequest(t *testing.T) {
	sampler := simulate.NewSampler(1)
	q := question(t, sampler, 0)
	q.Own = faulty{}
	for _, spare := range []bool{false, true} {
		func() {
			defer func() {
				if v := recover(); !strings.HasPrefix(fmt.Sprint(v), "a mistake") {
					t.Errorf("spare %v: recovered from %v", spare, v)
				}
			}()
			_, err := Ask(t.Context(), sampler, q, &Workspace{}, spare)
			t.Errorf("spare %v: no panic, %v", spare, err)
		}()
	}
}

func BenchmarkAsk(b *testing.B) {
	sampler := simulate.NewSampler(1)
	for name, frontier := range map[string]bool{"plain": false, "spare": false, "frontier": true} {
		b.Run(name, func(b *testing.B) {
			q := question(b, sampler, 15)
			q.Current = simulate.RSQ{Q0: 30, ReorderPoint: 10, Q: 24, TLimit: 9, Trigger: simulate.StockTrigger}
			q.Own = simulate.NewPlan([]simulate.WeekQuantity{{Week: 0, Quantity: 60}})
			q.Frontier = frontier
			spare := name == "spare"
			var w Workspace
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Ask(b.Context(), sampler, q, &w, spare); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
