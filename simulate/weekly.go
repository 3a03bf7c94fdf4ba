package simulate

import "github.com/restock-engine/restock/internal/stat"

// FanLevels are the quantiles of a fan.
var FanLevels = [5]float64{0.05, 0.25, 0.5, 0.75, 0.95}

// Fan are the quantiles at FanLevels of a week's values over the scenarios, in units.
type Fan = [len(FanLevels)]float64

// Weekly is what a policy does week by week: [week].
type Weekly struct {
	OnHand   []Fan     // stock at the end of the week
	Sales    []float64 // means, units
	Lost     []float64
	Orders   []float64
	Arrivals []float64
	Short    []float64 // share of the scenarios with lost sales
}

// Weeks runs a policy through the first n scenarios and returns what it does week by week.
func Weeks(a *Article, p Policy, sc *Scenarios, n int) Weekly {
	n = min(n, sc.N)
	onHand := make([]float64, sc.Weeks*n) // [week][scenario]
	means := make([]float64, 5*sc.Weeks)
	column := func(i int) []float64 { return means[i*sc.Weeks : (i+1)*sc.Weeks] }
	w := Weekly{Sales: column(0), Lost: column(1), Orders: column(2), Arrivals: column(3), Short: column(4)}
	run := newWorld(sc.Weeks)
	for i := range n {
		run.reset(a)
		for t := range sc.Weeks {
			r := run.week(a, p, sc, i, t)
			onHand[t*n+i] = r.OnHandEnd
			w.Sales[t] += r.Sales
			w.Lost[t] += r.Lost
			w.Orders[t] += r.Order
			w.Arrivals[t] += r.Arrivals
			if r.Lost > 0 {
				w.Short[t]++
			}
		}
	}
	for i := range means {
		means[i] /= float64(n)
	}
	for t := range sc.Weeks {
		w.OnHand = append(w.OnHand, fan(onHand[t*n:(t+1)*n]))
	}
	return w
}

// DemandFans returns the fans of the weekly demand in the first n scenarios: [week].
func DemandFans(sc *Scenarios, n int) []Fan {
	values := make([]float64, min(n, sc.N))
	fans := make([]Fan, sc.Weeks)
	for t := range fans {
		for i := range values {
			values[i] = sc.Demand(i, t)
		}
		fans[t] = fan(values)
	}
	return fans
}

// fan reorders values and takes the fan's quantiles.
func fan(values []float64) (f Fan) {
	for i, level := range FanLevels {
		f[i] = stat.Quantile(values, level)
	}
	return f
}
