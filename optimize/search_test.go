package optimize

import (
	"fmt"
	"testing"

	"github.com/restock-engine/restock/forecast"
	"github.com/restock-engine/restock/internal/random"
	"github.com/restock-engine/restock/simulate"
)

// smallSKU makes a random SKU whose whole box of policies can be tried: little demand, a short horizon.
func smallSKU(n int) (simulate.Article, forecast.Quantiles) {
	r := random.New(random.NewKey(11, "small").Int(n))
	a := simulate.DefaultArticle()
	a.Horizon = 4 + r.Intn(3)
	a.OnHand = float64(r.Intn(4))
	a.Price, a.UnitCost = 10, 4
	a.LostSaleCost = 1 + 6*r.Float64()
	a.HoldingCost = 0.02 + 0.5*r.Float64()
	a.InboundCost = 0.3 * r.Float64()
	a.OrderCost = 3 * r.Float64() * float64(r.Intn(2))
	a.OverstockCost = r.Float64() * float64(r.Intn(2))
	a.ReturnRate = 0.4 * r.Float64() * float64(r.Intn(2))
	a.LeadTimeMean = 2.5 * r.Float64()
	a.LeadTimeCV = 0.4 * r.Float64()
	a.ReviewPeriod = 1 + r.Intn(2)
	a.PackSize = float64(1 + 2*r.Intn(2))
	q := forecast.Quantiles{Levels: forecast.Levels39()}
	scale := 0.3 + 1.5*r.Float64()
	for range a.Horizon {
		for i := range q.Levels {
			q.Values = append(q.Values, float32(scale*float64(i*i)/400))
		}
	}
	return a, q
}

// TestSearchAgainstGrid: on small instances the search is within 1 % of the best of every policy in the box, for each family and
// measure.
func TestSearchAgainstGrid(t *testing.T) {
	instances := 10
	if testing.Short() {
		instances = 4
	}
	for n := range instances {
		a, q := smallSKU(n)
		if err := a.Validate(); err != nil {
			t.Fatal(err)
		}
		s := simulate.NewSampler(5)
		in := Input{Article: &a, Forecast: &q, Key: s.Key("m", fmt.Sprint(n))}
		o := DefaultOptions()
		o.Scenarios = 60
		o.Objective.Measure = []Measure{Quantile, Mean, CVaR}[n%3]
		var w Workspace
		for _, kind := range []Kind{RSQ, SS, BaseStock} {
			got, err := Tune(kind, s, in, o, &w)
			if err != nil {
				t.Fatal(err)
			}
			best, points := gridBest(t, kind, &a, &w.opt, o)
			gap := got.Score.Value/best.Value - 1
			t.Logf("SKU %d %s: search %.4f in %d evaluations, grid %.4f in %d: gap %.3f %%", n, kind, got.Score.Value, got.Evaluations,
				best.Value, points, 100*gap)
			if best.Better(got.Score) && gap > 0.01 {
				t.Errorf("SKU %d %s: search %.4f, grid %.4f", n, kind, got.Score.Value, best.Value)
			}
		}
	}
}

func gridBest(t *testing.T, kind Kind, a *simulate.Article, sc *simulate.Scenarios, o Options) (Score, int) {
	t.Helper()
	facts := newDemandFacts(a, sc)
	f := map[Kind]*Family{RSQ: rsqFamily(a, facts, o.Trigger.triggers()), SS: ssFamily(a, facts), BaseStock: baseStockFamily(a, facts)}[kind]
	ev := simulate.NewEvaluator()
	ev.Prepare(a, sc)
	p := NewProblem(f, o.Objective, ev, sc.N, f.points())
	Grid{}.Search(p, random.Source{})
	_, s := p.Best()
	return s, p.Evaluations()
}
