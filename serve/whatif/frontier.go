package whatif

import (
	"cmp"
	"slices"

	"github.com/restock-engine/restock/optimize"
	"github.com/restock-engine/restock/simulate"
)

// frontier returns the cheapest policies for rising fill rates with their figures on the answer's scenarios, without those that
// another one beats.
func frontier(sampler *simulate.Sampler, q Question, rec *optimize.Recommendation, w *Workspace) ([]FrontierPoint, error) {
	tuned, err := optimize.Frontier(sampler, q.Input, q.Options, &w.optimize)
	if err != nil {
		return nil, err
	}
	var policies []simulate.Policy
	for _, p := range append(tuned, optimize.FrontierPoint{Policy: rec.Policy}) {
		if !slices.ContainsFunc(policies, func(x simulate.Policy) bool { return x.String() == p.Policy.String() }) {
			policies = append(policies, p.Policy)
		}
	}
	// The scenarios that Decide reported from are still there: Frontier draws others into memory of its own.
	results := optimize.Compare(q.Input.Article, policies, w.optimize.Reported(), q.Options.Objective, &w.optimize)
	slices.SortFunc(results, func(x, y optimize.Comparison) int {
		return cmp.Or(cmp.Compare(y.Figures.FillRate, x.Figures.FillRate), cmp.Compare(x.Objective.Estimate, y.Objective.Estimate))
	})
	var points []FrontierPoint
	for _, r := range results {
		if n := len(points); n > 0 && r.Objective.Estimate >= points[n-1].Objective.Estimate {
			continue
		}
		points = append(points, FrontierPoint{r.Figures.FillRate, interval(r.Objective), r.MeanCost.Estimate, r.Figures.AverageStock, r.Policy.String()})
	}
	slices.Reverse(points)
	return points, nil
}
