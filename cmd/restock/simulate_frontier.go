package main

import (
	"fmt"
	"strings"

	"github.com/restock-engine/restock/internal/plot"
	"github.com/restock-engine/restock/optimize"
	"github.com/restock-engine/restock/simulate"
)

// frontierPoint is a point of the frontier with what its policy does on the chosen scenarios.
type frontierPoint struct {
	Floor  float64 // 0: none
	Result optimize.Comparison
}

// tuneFrontier finds the policies of the frontier.
func (s *simulation) tuneFrontier(sampler *simulate.Sampler, in optimize.Input, w *optimize.Workspace) error {
	points, err := optimize.Frontier(sampler, in, s.options, w)
	for _, p := range points {
		s.frontier = append(s.frontier, frontierPoint{p.Floor, optimize.Comparison{Policy: p.Policy}})
	}
	return err
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
