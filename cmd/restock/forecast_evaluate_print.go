package main

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/restock-engine/restock/backtest/judge"
)

// shownMerchants is how many merchants the table has; JSON and CSV have all.
const shownMerchants = 10

func (f *evaluateFlags) print(e *env, r *judge.Report, paths evaluationFiles) error {
	switch f.format.value {
	case "json":
		return printJSON(e.stdout, r)
	case "csv":
		headers, rows := evaluationCSV(r)
		return printCSV(e.stdout, headers, rows)
	}
	if _, err := fmt.Fprintln(e.stdout, evaluationHeadline(r)+"\n"); err != nil {
		return err
	}
	headers, rows := overallTable(r)
	if err := printTable(e.stdout, headers, rows); err != nil {
		return err
	}
	for _, by := range []string{judge.ByHorizon, judge.ByClass, judge.ByMerchant} {
		headers, rows := groupTable(r, by, shownMerchants)
		if len(rows) < 2 {
			continue
		}
		fmt.Fprintln(e.stdout)
		if err := printTable(e.stdout, headers, rows); err != nil {
			return err
		}
	}
	lines := evaluationNotes(r)
	if written := paths.list(); written != nil {
		lines = append(lines, "written to "+joinWords(written))
	}
	_, err := fmt.Fprintf(e.stdout, "\n%s\n", strings.Join(lines, "\n"))
	return err
}

func (p *evaluationFiles) list() (paths []string) {
	for _, path := range []string{p.figures, p.page} {
		if path != "" {
			paths = append(paths, path)
		}
	}
	return paths
}

func evaluationHeadline(r *judge.Report) string {
	origins := r.Origins[0]
	if n := len(r.Origins); n > 1 {
		origins = fmt.Sprintf("%d origins from %s to %s", n, origins, r.Origins[n-1])
	}
	return fmt.Sprintf("%d articles of %d merchants, %s, %d weeks ahead", r.SKUs, r.Merchants, origins, r.Horizon)
}

// evaluationNotes explain the tables.
func evaluationNotes(r *judge.Report) []string {
	notes := []string{
		fmt.Sprintf("%d weeks were scored; %d had no known demand (out of stock, or rows that could not be used) and were not",
			r.Weeks, r.Masked),
		"wql: loss of all quantiles per unit of demand, smaller is better; within: share of weeks in the central interval, by ranks",
		fmt.Sprintf("brackets: 95 %% interval, %s taken for independent; ~ where it holds no difference", r.Clusters),
	}
	if r.DecisionSKUs > 0 {
		overall := r.Find(r.Reference, judge.ByOverall, "")
		notes = append(notes, fmt.Sprintf("cost: mean cost of %d decisions for %d articles, replayed on what happened",
			overall.Decisions, r.DecisionSKUs))
	}
	for _, m := range r.Models {
		if m.Missing > 0 {
			notes = append(notes, fmt.Sprintf("%s did not forecast %d weeks of known demand, for which no model is scored",
				m.Name, m.Missing))
		}
	}
	return notes
}

// figure formats a number of a table, - if it does not exist.
func figure(format string, n judge.Number, factor float64) string {
	if !n.Known() {
		return "-"
	}
	return fmt.Sprintf(format, float64(n)*factor)
}

// change formats a relative change with its interval, with ~ where the interval holds 0.
func change(i judge.Interval) string {
	if !i.Estimate.Known() {
		return "-"
	}
	text := figure("%+.1f %%", i.Estimate, 100)
	if !i.Low.Known() || !i.High.Known() {
		return text
	}
	if i.Low <= 0 && i.High >= 0 {
		text = "~ " + text
	}
	return text + fmt.Sprintf(" [%+.1f, %+.1f]", 100*float64(i.Low), 100*float64(i.High))
}

// overallTable has a row for each model.
func overallTable(r *judge.Report) (headers []string, rows [][]string) {
	headers = []string{"model", "wql", "against " + r.Reference, "crps", "wape", "bias", "within 50 %", "80 %", "95 %",
		"width 80 %"}
	decided := r.DecisionSKUs > 0 && r.Find(r.Reference, judge.ByOverall, "").Decisions > 0
	if decided {
		headers = append(headers, "cost", "against "+r.Reference, "fill rate")
	}
	for i := range r.Models {
		m := &r.Models[i]
		x := r.Find(m.Name, judge.ByOverall, "")
		row := []string{m.Name, figure("%.4f", x.WQL, 1), change(m.WQLChange), figure("%.4g", x.CRPS, 1), figure("%.1f %%",
			x.WAPE, 100),
			figure("%+.1f %%", x.Bias, 100)}
		if m.IsReference() {
			row[2] = ""
		}
		for _, c := range x.Coverage {
			row = append(row, figure("%.1f %%", c.Share, 100))
		}
		row = append(row, figure("%.4g", x.Coverage[1].Width, 1))
		if decided {
			against := change(*m.CostChange)
			if m.IsReference() {
				against = ""
			}
			row = append(row, figure("%.2f", *x.DecisionCost, 1), against, figure("%.1f %%", *x.FillRate, 100))
		}
		rows = append(rows, row)
	}
	return headers, rows
}

// groupNames are the words for what figures are grouped by.
var groupNames = map[string]string{judge.ByHorizon: "weeks ahead", judge.ByClass: "class", judge.ByMerchant: "merchant",
	judge.ByOrigin: "origin"}

// groupTable has a row for each group, with every model's loss and coverage, and its decisions' cost. Of merchants it has those
// with most demand, at most so many.
func groupTable(r *judge.Report, by string, merchants int) (headers []string, rows [][]string) {
	headers = []string{groupNames[by], "weeks"}
	groups := r.Groups(by)
	if by == judge.ByMerchant {
		slices.SortStableFunc(groups, func(a, b string) int {
			return cmp.Compare(r.Find(r.Reference, by, b).Demand, r.Find(r.Reference, by, a).Demand)
		})
		groups = groups[:min(len(groups), merchants)]
	}
	for _, m := range r.Models {
		headers = append(headers, m.Name+" wql", "80 %")
	}
	decided := false
	for _, g := range groups {
		decided = decided || r.Find(r.Reference, by, g).DecisionCost != nil
	}
	if decided {
		for _, m := range r.Models {
			headers = append(headers, m.Name+" cost")
		}
	}
	for _, g := range groups {
		row := []string{g, strconv.Itoa(r.Find(r.Reference, by, g).Weeks)}
		for _, m := range r.Models {
			x := r.Find(m.Name, by, g)
			row = append(row, figure("%.4f", x.WQL, 1), figure("%.1f %%", x.Coverage[1].Share, 100))
		}
		for _, m := range r.Models {
			if x := r.Find(m.Name, by, g); decided && x.DecisionCost != nil {
				row = append(row, figure("%.2f", *x.DecisionCost, 1))
			} else if decided {
				row = append(row, "-")
			}
		}
		rows = append(rows, row)
	}
	return headers, rows
}

// evaluationCSV has a row for each model and group.
func evaluationCSV(r *judge.Report) (headers []string, rows [][]string) {
	headers = []string{"model", "by", "group", "weeks", "demand", "wql", "crps", "wape", "bias", "within_50", "within_80",
		"within_95",
		"width_50", "width_80", "width_95", "decisions", "decision_cost", "fill_rate"}
	number := func(n judge.Number) string {
		if !n.Known() {
			return ""
		}
		return strconv.FormatFloat(float64(n), 'g', -1, 64)
	}
	optional := func(n *judge.Number) string {
		if n == nil {
			return ""
		}
		return number(*n)
	}
	for _, x := range r.Rows {
		row := []string{x.Model, x.By, x.Group, strconv.Itoa(x.Weeks), number(judge.Number(x.Demand)), number(x.WQL),
			number(x.CRPS), number(x.WAPE),
			number(x.Bias)}
		for _, c := range x.Coverage {
			row = append(row, number(c.Share))
		}
		for _, c := range x.Coverage {
			row = append(row, number(c.Width))
		}
		rows = append(rows, append(row, strconv.Itoa(x.Decisions), optional(x.DecisionCost), optional(x.FillRate)))
	}
	return headers, rows
}
