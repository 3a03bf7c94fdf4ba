package optimize

import (
	"fmt"
	"math"
	"testing"

	"gonum.org/v1/gonum/stat/distuv"

	"github.com/restock-engine/restock/forecast"
	"github.com/restock-engine/restock/internal/random"
	"github.com/restock-engine/restock/simulate"
)

// typicalSKU makes a SKU like those of a mid-size assortment: a few to some dozens of units a week, 12 weeks.
func typicalSKU(n int) (simulate.Article, forecast.Quantiles) {
	r := random.New(random.NewKey(12, "typical").Int(n))
	a := simulate.DefaultArticle()
	a.Price, a.UnitCost = 10, 5
	a.LostSaleCost, a.HoldingCost = 4.5, 0.05
	a.InboundCost, a.OutboundCost, a.ReturnCost, a.OrderCost = 0.3, 1, 0.5, 2
	a.ReturnRate = 0.1 * float64(r.Intn(3))
	a.ReturnLagWeights = []float64{0.5, 0.3, 0.2}
	a.LeadTimeMean, a.LeadTimeCV = 1+3*r.Float64(), 0.3
	a.ReviewPeriod = 1 + r.Intn(2)
	weekly := 0.5 * float64(int(1)<<r.Intn(7))
	a.OnHand = float64(r.Intn(1 + int(6*weekly)))
	q := forecast.Quantiles{Levels: forecast.Levels39()}
	for range a.Horizon {
		for i := range q.Levels {
			q.Values = append(q.Values, float32(weekly*float64(i*i)/500))
		}
	}
	return a, q
}

// BenchmarkDecide reports whole decisions on one thread, 500 + 2,000 scenarios of 12 weeks.
func BenchmarkDecide(b *testing.B) {
	s := simulate.NewSampler(1)
	var w Workspace
	n, evaluations := 0, 0
	for b.Loop() {
		a, q := typicalSKU(n % 64)
		rec, err := Decide(s, Input{Article: &a, Forecast: &q, Key: s.Key("m", fmt.Sprint(n%64))}, DefaultOptions(), &w)
		if err != nil {
			b.Fatal(err)
		}
		evaluations += rec.Evaluations
		n++
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "SKUs/s")
	b.ReportMetric(float64(evaluations)/float64(n), "evaluations/SKU")
}

// sharpSKU makes a SKU whose weeks differ much and are known well: demand of each week with the given noise, as a share of its mean, and a cost
// per order that makes it worth to order for several weeks at once.
func sharpSKU(n int, noise float64) (simulate.Article, forecast.Quantiles) {
	r := random.New(random.NewKey(13, "sharp").Int(n))
	a := simulate.DefaultArticle()
	a.InboundBeforeDemand = 1
	weekly := []float64{5, 30, 100}[r.Intn(3)]
	a.HoldingCost, a.LostSaleCost, a.OrderCost = 0.2, []float64{2, 10, 40}[r.Intn(3)], weekly*[]float64{0, 0.2, 0.6}[r.Intn(3)]
	a.LeadTimeMean = float64(r.Intn(3))
	a.OnHand = math.Round(weekly * (a.LeadTimeMean + 1))
	spread := []float64{0.3, 0.8}[r.Intn(2)]
	q := forecast.Quantiles{Levels: forecast.Levels39()}
	for range a.Horizon {
		mean := weekly * math.Exp(spread*r.NormFloat64())
		for _, level := range q.Levels {
			q.Values = append(q.Values, float32(max(0, mean*(1+noise*distuv.UnitNormal.Quantile(level)))))
		}
	}
	return a, q
}

// BenchmarkSharpForecasts reports what ten times the candidates, and what four times the scenarios save on fresh scenarios, in percent of the
// objective, against 1,000 candidates on 500.
func BenchmarkSharpForecasts(b *testing.B) {
	const skus = 100
	for _, noise := range []float64{0.02, 0.1, 0.2, 0.4} {
		b.Run(fmt.Sprintf("noise=%g", noise), func(b *testing.B) {
			for range b.N {
				var saved [2]float64
				var w Workspace
				for n := range skus {
					a, q := sharpSKU(n, noise)
					s := simulate.NewSampler(1)
					in := Input{Article: &a, Forecast: &q, Key: s.Key("sharp", fmt.Sprint(n))}
					var policies []simulate.Policy
					for _, c := range [][2]int{{500, 1000}, {500, 10_000}, {2000, 1000}} {
						o := DefaultOptions()
						o.Scenarios, o.Budget = c[0], c[1]
						best, err := Tune(RSQ, s, in, o, &w)
						if err != nil {
							b.Fatal(err)
						}
						policies = append(policies, best.Policy)
					}
					var fresh simulate.Scenarios
					if err := s.Draw(&fresh, &a, &q, in.Key, simulate.EvalSet, 8000, false); err != nil {
						b.Fatal(err)
					}
					results := Compare(&a, policies, &fresh, DefaultObjective(), &w)
					for i := range saved {
						saved[i] += 100 * (1 - results[i+1].Figures.Objective/results[0].Figures.Objective) / skus
					}
				}
				b.ReportMetric(saved[0], "%-saved-by-candidates")
				b.ReportMetric(saved[1], "%-saved-by-scenarios")
			}
		})
	}
}
