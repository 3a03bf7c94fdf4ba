package main

import (
	"slices"

	"github.com/restock-engine/restock/internal/plot"
	"github.com/restock-engine/restock/internal/stat"
	"github.com/restock-engine/restock/simulate"
)

// fanLevels are the quantiles of a fan chart.
var fanLevels = [5]float64{0.05, 0.25, 0.5, 0.75, 0.95}

// weekly is what a policy does week by week, over all scenarios: [week].
type weekly struct {
	OnHand   []plot.Band // stock at the end of the week
	Sales    []float64   // means, units
	Lost     []float64
	Orders   []float64
	Arrivals []float64
	Demand   []plot.Band
	Short    []float64 // share of the scenarios with lost sales
}

func weeksOf(a *simulate.Article, p simulate.Policy, sc *simulate.Scenarios) weekly {
	onHand := make([][]float64, sc.Weeks)
	demand := make([][]float64, sc.Weeks)
	w := weekly{Sales: make([]float64, sc.Weeks), Lost: make([]float64, sc.Weeks), Orders: make([]float64, sc.Weeks),
		Arrivals: make([]float64, sc.Weeks), Short: make([]float64, sc.Weeks)}
	n := float64(sc.N)
	simulate.Visit(a, p, sc, func(_, t int, r simulate.WeekRecord) {
		onHand[t] = append(onHand[t], r.OnHandEnd)
		demand[t] = append(demand[t], r.Sales+r.Lost)
		w.Sales[t] += r.Sales / n
		w.Lost[t] += r.Lost / n
		w.Orders[t] += r.Order / n
		w.Arrivals[t] += r.Arrivals / n
		if r.Lost > 0 {
			w.Short[t] += 1 / n
		}
	})
	for t := range onHand {
		w.OnHand = append(w.OnHand, band(onHand[t]))
		w.Demand = append(w.Demand, band(demand[t]))
	}
	return w
}

// band sorts values and takes the fan's quantiles.
func band(values []float64) (b plot.Band) {
	slices.Sort(values)
	for i, p := range fanLevels {
		b[i] = stat.SortedQuantile(values, p)
	}
	return b
}
