package main

import (
	"fmt"
	"strings"

	"github.com/restock-engine/restock/internal/plot"
	"github.com/restock-engine/restock/optimize"
	"github.com/restock-engine/restock/simulate"
)

// frontierSteps is the number of fill rates between the optimum's and the highest that can be reached.
const frontierSteps = 8

// frontierPoint is the cheapest policy found for a floor on the mean fill rate.
type frontierPoint struct {
	Floor  float64 // 0: none
	Result optimize.Comparison
}

// tuneFrontier tunes the extended (R, s, Q) on Ω_opt for floors from the fill rate of the optimum up to the highest that any policy found reaches.
// A lower fill rate than the optimum's would cost more, since lost sales are part of the cost.
func tuneFrontier(s *simulate.Sampler, in optimize.Input, o optimize.Options, w *optimize.Workspace) ([]frontierPoint, error) {
	tune := func(floor float64) (optimize.Tuned, error) {
		o.Objective.MinFillRate = floor
		return optimize.Tune(optimize.RSQ, s, in, o, w)
	}
	free, err := tune(0)
	if err != nil {
		return nil, err
	}
	most, err := tune(1)
	if err != nil {
		return nil, err
	}
	var opt simulate.Scenarios
	if err := s.Draw(&opt, in.Article, in.Forecast, in.Key, simulate.OptSet, o.Scenarios, false); err != nil {
		return nil, err
	}
	low := optimize.Compare(in.Article, []simulate.Policy{free.Policy}, &opt, o.Objective, w)[0].Figures.FillRate
	high := 1 - most.Score.Shortfall
	points := []frontierPoint{{Result: optimize.Comparison{Policy: free.Policy}}}
	values := []float64{free.Score.Value}
	for k := 1; k <= frontierSteps && high-low > 1e-6; k++ {
		floor := low + (high-low)*float64(k)/frontierSteps
		tuned, err := tune(floor)
		if err != nil {
			return nil, err
		}
		points = append(points, frontierPoint{floor, optimize.Comparison{Policy: tuned.Policy}})
		values = append(values, tuned.Score.Value)
	}
	// What reaches a higher fill rate reaches a lower one, too.
	for k := len(points) - 2; k >= 0; k-- {
		if values[k+1] < values[k] {
			values[k], points[k].Result = values[k+1], points[k+1].Result
		}
	}
	return points, nil
}

// evaluateFrontier fills in what the policies do on the chosen scenarios.
func (s *simulation) evaluateFrontier(w *optimize.Workspace) {
	policies := make([]simulate.Policy, len(s.frontier))
	for i := range policies {
		policies[i] = s.frontier[i].Result.Policy
	}
	if len(policies) == 0 {
		return
	}
	for i, r := range optimize.Compare(&s.article, policies, &s.sc, s.options.Objective, w) {
		s.frontier[i].Result = r
	}
}

func (s *simulation) frontierTable() (headers []string, rows [][]string) {
	headers = []string{"fill rate of at least", "fill rate", s.indicators()[0].name, "mean cost", "average stock", "policy"}
	for _, p := range s.frontier {
		floor := percent1(p.Floor)
		if p.Floor == 0 {
			floor = "any"
		}
		r := p.Result
		rows = append(rows, []string{floor, formatIndicator("share", r.FillRate), money(r.Objective.Estimate), money(r.MeanCost.Estimate),
			fmt.Sprintf("%.1f", r.Figures.AverageStock), r.Policy.String()})
	}
	return headers, rows
}

func percent1(v float64) string { return fmt.Sprintf("%.1f %%", 100*v) }

// frontierText is the frontier for the terminal.
func (s *simulation) frontierText(b *strings.Builder) error {
	if len(s.frontier) == 0 {
		return nil
	}
	b.WriteString("\nFrontier: the cheapest policy found for each fill rate asked for (on the opt set; figures are of the set above)\n\n")
	headers, rows := s.frontierTable()
	return printTable(b, headers, rows)
}

// frontierFields is the frontier for programs.
func (s *simulation) frontierFields() []map[string]any {
	var list []map[string]any
	for _, p := range s.frontier {
		r := p.Result
		list = append(list, map[string]any{"min_fill_rate": p.Floor, "policy": r.Policy.String(), "fill_rate": r.FillRate.Estimate,
			"fill_rate_low": r.FillRate.Low, "fill_rate_high": r.FillRate.High, "objective": r.Objective.Estimate, "mean_cost": r.MeanCost.Estimate,
			"average_stock": r.Figures.AverageStock})
	}
	return list
}

// frontierChart is the frontier for the page.
func (s *simulation) frontierChart() string {
	if len(s.frontier) < 2 {
		return ""
	}
	var points []plot.Point
	for _, p := range s.frontier {
		points = append(points, plot.Point{X: 100 * p.Result.FillRate.Estimate, Y: p.Result.Objective.Estimate})
	}
	return plot.CurveSVG("Cost against fill rate", "The objective of the cheapest policy found for each fill rate; the table below has the numbers.",
		"fill rate in %", points)
}
