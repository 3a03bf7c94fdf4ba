package optimize

import "github.com/restock-engine/restock/simulate"

// Curve tells what an order of one SKU now is worth, by its size: the objective (money) when nothing is ordered this week minus
// the objective when that much is, on Ω_opt. What the policy does in later weeks is part of both.
type Curve struct {
	Quantity []float64 // rising; [0] is 0
	Value    []float64 // money; [0] is 0
	Wanted   int       // the quantity that the SKU's recommendation orders now
}

// CurveOptions say where a curve is computed.
type CurveOptions struct {
	Steps int // between nothing and the wanted quantity, where the packs are more than that
	More  int // further steps beyond, up to four weeks' demand more: for orders that have to reach a minimum
}

// DefaultCurveOptions returns 8 steps and none beyond the wanted quantity.
func DefaultCurveOptions() CurveOptions { return CurveOptions{Steps: 8} }

// OrderCurve computes the curve of a SKU for which rec was decided with the same arguments. It depends on its arguments alone.
func OrderCurve(s *simulate.Sampler, in Input, o Options, rec *Recommendation, c CurveOptions, w *Workspace) (Curve, error) {
	wanted := 0.0
	if rec.Policy.T0 == 0 {
		wanted = in.Article.OrderQuantity(rec.Policy.Q0)
	}
	curve := Curve{Quantity: orderSizes(in.Article, wanted, rec, c)}
	curve.Value = make([]float64, len(curve.Quantity))
	if len(curve.Quantity) == 1 {
		return curve, nil
	}
	if err := s.Draw(&w.opt, in.Article, in.Forecast, in.Key, simulate.OptSet, o.Scenarios, false); err != nil {
		return Curve{}, err
	}
	ev := w.ready()
	ev.Prepare(in.Article, &w.opt)
	var costs []float64
	base := 0.0
	for i, q := range curve.Quantity {
		policy := rec.Policy
		if policy.T0 == 0 || q > 0 {
			policy.T0, policy.Q0 = 0, q
		}
		costs = ev.Costs(policy, costs)
		value := o.Objective.Value(costs)
		if i == 0 {
			base = value
		}
		curve.Value[i] = base - value
		if q == wanted {
			curve.Wanted = i
		}
	}
	return curve, nil
}

// orderSizes returns the quantities of a curve: all packs up to the wanted quantity or, if they are many, evenly spaced ones, and
// those beyond.
func orderSizes(a *simulate.Article, wanted float64, rec *Recommendation, c CurveOptions) []float64 {
	sizes := []float64{0}
	add := func(q float64) {
		if q = a.OrderQuantity(q); q > sizes[len(sizes)-1] {
			sizes = append(sizes, q)
		}
	}
	for k := 1; wanted > 0 && k <= c.Steps; k++ {
		if q := wanted * float64(k) / float64(c.Steps); a.OrderQuantity(q) <= wanted {
			add(q)
		}
	}
	if wanted > sizes[len(sizes)-1] {
		sizes = append(sizes, wanted)
	}
	more := 4 * rec.MeanDemand / float64(max(rec.Weeks, 1))
	for k := 1; k <= c.More; k++ {
		add(wanted + max(more*float64(k)/float64(c.More), float64(k)*a.PackSize))
	}
	return sizes
}
