// Package made draws what random SKUs have in common: those that searches are measured on here, and those that the starts of the
// search are chosen on by optimize's tests.
package made

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/stat/distuv"

	"github.com/restock-engine/restock/forecast"
	"github.com/restock-engine/restock/internal/random"
	"github.com/restock-engine/restock/internal/stat"
	"github.com/restock-engine/restock/simulate"
)

// Between draws a number of log-uniform distribution.
func Between(r random.Source, low, high float64) float64 {
	return low * math.Pow(high/low, r.Float64())
}

// Economics draws an article's price and costs, and its return rate: none for half of the articles, else up to returns.
func Economics(a *simulate.Article, r random.Source, returns float64) {
	a.UnitCost = Between(r, 1, 50)
	a.Price = a.UnitCost * (1.2 + 1.8*r.Float64())
	a.ReturnRate = returns * r.Float64() * float64(r.Intn(2))
	a.LostSaleCost = (a.Price - a.UnitCost) * (1 - a.ReturnRate)
	a.ReturnLagWeights = []float64{0.2, 0.4, 0.3, 0.1}
	a.HoldingCost = a.UnitCost * Between(r, 0.002, 0.03)
	a.InboundCost = a.UnitCost * 0.1 * r.Float64()
	a.OutboundCost = a.Price * 0.1 * r.Float64()
	a.ReturnCost = a.Price * 0.1 * r.Float64()
	a.OverstockCost = a.UnitCost * 0.3 * r.Float64() * float64(r.Intn(2))
	a.OrderCost = Between(r, 0.5, 30) * float64(r.Intn(2))
}

// Forecast returns the quantiles of 400 draws for each of the weeks with the given mean demands, units, negative binomial with the
// given dispersion (the Gamma's shape).
func Forecast(r random.Source, means []float64, dispersion float64) forecast.Quantiles {
	q := forecast.Quantiles{Levels: forecast.Levels39()}
	counts := make([]float64, 400)
	for _, mean := range means {
		for k := range counts {
			counts[k] = negativeBinomial(r, mean, dispersion)
		}
		slices.Sort(counts)
		for _, level := range q.Levels {
			q.Values = append(q.Values, float32(stat.SortedQuantile(counts, level)))
		}
	}
	return q
}

// negativeBinomial draws a Poisson number whose mean is Gamma distributed with the given mean and shape.
func negativeBinomial(r random.Source, mean, shape float64) float64 {
	if mean <= 0 {
		return 0
	}
	lambda := distuv.Gamma{Alpha: shape, Beta: shape / mean, Src: r}.Rand()
	if lambda <= 0 {
		return 0
	}
	return distuv.Poisson{Lambda: lambda, Src: r}.Rand()
}
