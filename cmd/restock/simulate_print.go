package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/restock-engine/restock/internal/plot"
	"github.com/restock-engine/restock/internal/stat"
	"github.com/restock-engine/restock/optimize"
	"github.com/restock-engine/restock/simulate"
)

// indicator is one line of the table of outcomes.
type indicator struct {
	name  string // for people
	key   string // for programs
	unit  string
	value func(r *optimize.Comparison) stat.Interval // Low and High equal Estimate where there is no interval
}

func single(get func(f *optimize.Figures) float64) func(*optimize.Comparison) stat.Interval {
	return func(r *optimize.Comparison) stat.Interval {
		v := get(&r.Figures)
		return stat.Interval{Estimate: v, Low: v, High: v}
	}
}

// indicators are the lines of the table, in order.
func (s *simulation) indicators() []indicator {
	objective := string(s.options.Objective.Measure) + " of the cost"
	if s.options.Objective.Measure != optimize.Mean {
		objective = fmt.Sprintf("%s %g of the cost", s.options.Objective.Measure, s.options.Objective.P)
	}
	list := []indicator{
		{objective, "objective", "money", func(r *optimize.Comparison) stat.Interval { return r.Objective }},
		{"mean cost", "mean_cost", "money", func(r *optimize.Comparison) stat.Interval { return r.MeanCost }},
	}
	for i, words := range simulate.CostPartWords {
		list = append(list, indicator{"  " + words, simulate.CostPartNames[i], "money", single(func(f *optimize.Figures) float64 { return f.Parts.Values()[i] })})
	}
	return append(list, []indicator{
		{"cost above the first", "excess_cost", "money", func(r *optimize.Comparison) stat.Interval { return r.Excess }},
		{"fill rate", "fill_rate", "share", func(r *optimize.Comparison) stat.Interval { return r.FillRate }},
		{"availability", "availability", "share", single(func(f *optimize.Figures) float64 { return f.Availability })},
		{"GMV", "gmv", "money", single(func(f *optimize.Figures) float64 { return f.GMV })},
		{"GMV after fulfilment", "gmv_after_fulfilment", "money", single(func(f *optimize.Figures) float64 { return f.GMVAfterFulfilment })},
		{"average stock", "average_stock", "units", single(func(f *optimize.Figures) float64 { return f.AverageStock })},
		{"units ordered", "units_ordered", "units", single(func(f *optimize.Figures) float64 { return f.UnitsOrdered })},
		{"orders placed", "orders_placed", "orders", single(func(f *optimize.Figures) float64 { return f.OrdersPlaced })},
	}...)
}

func formatIndicator(unit string, i stat.Interval) string {
	format := money
	switch unit {
	case "share":
		format = func(v float64) string { return fmt.Sprintf("%.1f %%", 100*v) }
	case "units", "orders":
		format = func(v float64) string { return fmt.Sprintf("%.1f", v) }
	}
	if i.Low == i.High {
		return format(i.Estimate)
	}
	return fmt.Sprintf("%s  (%s to %s)", format(i.Estimate), format(i.Low), format(i.High))
}

func (s *simulation) print(w io.Writer, format string) error {
	switch format {
	case "json":
		return printJSON(w, s.fields())
	case "csv":
		headers, rows := s.csvRows()
		return printCSV(w, headers, rows)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s / %s: %d weeks, %d scenarios (%s set, seed %d); brackets are 95 %% intervals\n\n", s.key.Merchant, s.key.Article,
		s.article.Horizon, s.sc.N, s.flags.set.value, s.flags.seed)
	headers, rows := s.table()
	if err := printTable(&b, headers, rows); err != nil {
		return err
	}
	b.WriteByte('\n')
	for i, r := range s.results {
		fmt.Fprintf(&b, "%s: %s\n", s.names[i], s.inWords(r.Policy))
	}
	if s.gap != nil {
		share := ""
		if v := s.results[0].Objective.Estimate; v > 0 {
			share = fmt.Sprintf(", %.1f %% of the objective", 100*s.gap.High/v)
		}
		fmt.Fprintf(&b, "\nNo extended (R, s, Q) policy saves more than %s over %s%s (one-sided 95 %% bound from %d searches on fresh scenarios; mean %s)\n",
			money(s.gap.High), s.names[0], share, s.flags.replications, money(s.gap.Estimate))
	}
	fmt.Fprintf(&b, "\nStock at the end of each week, %s (█ median, ▓ middle half, ░ 5 to 95 %%):\n\n%s", s.names[0], plot.FanText(s.weeks[0].OnHand, 12))
	b.WriteString(meanLine("orders", s.weeks[0].Orders) + meanLine("arrivals", s.weeks[0].Arrivals) + meanLine("lost", s.weeks[0].Lost))
	if err := s.frontierText(&b); err != nil {
		return err
	}
	if s.flags.page != "" {
		fmt.Fprintf(&b, "\nThe page is %s\n", s.flags.page)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// meanLine puts the weekly means below the chart's columns.
func meanLine(name string, values []float64) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%9s ", name)
	for _, v := range values {
		text := "  ·  "
		switch {
		case v >= 9999.5:
			text = fmt.Sprintf("%4s ", plot.Short(v))
		case v >= 99.95:
			text = fmt.Sprintf("%4.0f ", v)
		case v >= 0.05:
			text = fmt.Sprintf("%4.1f ", v)
		}
		b.WriteString(text)
	}
	return b.String() + "\n"
}

func (s *simulation) table() (headers []string, rows [][]string) {
	headers = append([]string{""}, s.names...)
	for _, ind := range s.indicators() {
		row := []string{ind.name}
		for k := range s.results {
			row = append(row, formatIndicator(ind.unit, ind.value(&s.results[k])))
		}
		rows = append(rows, row)
	}
	return headers, rows
}

// inWords says what a policy does.
func (s *simulation) inWords(p simulate.Policy) string {
	when := "each week"
	if s.article.ReviewPeriod > 1 {
		when = fmt.Sprintf("every %d weeks", s.article.ReviewPeriod)
	}
	switch p := p.(type) {
	case simulate.RSQ:
		text := "no order in week 0"
		if p.Q0 > 0 {
			text = fmt.Sprintf("order %s in week %d", plain(p.Q0), p.T0)
		}
		if p.Q == 0 || p.TLimit <= p.T0 {
			return text + ", then nothing"
		}
		due := fmt.Sprintf("stock is at most %s and nothing is on its way", plain(p.ReorderPoint))
		if p.Trigger == simulate.PositionTrigger {
			due = fmt.Sprintf("stock and inbound are at most %s", plain(p.ReorderPoint))
		}
		return fmt.Sprintf("%s, then look %s up to week %d and order %s when %s", text, when, p.TLimit, plain(p.Q), due)
	case simulate.SS:
		return fmt.Sprintf("look %s; when stock and inbound are at most %s, order up to %s", when, plain(p.ReorderPoint), plain(p.OrderUpTo))
	case simulate.BaseStock:
		return fmt.Sprintf("order up to %s %s", plain(p.OrderUpTo), when)
	case simulate.Newsvendor:
		return fmt.Sprintf("order up to a level for each week %s: %s", when, strings.TrimPrefix(p.String(), "newsvendor:S="))
	case simulate.None:
		return "never order"
	}
	return p.String()
}

// csvRows is one row an indicator and policy, with full precision.
func (s *simulation) csvRows() (headers []string, rows [][]string) {
	headers = []string{"policy", "parameters", "indicator", "week", "value", "low", "high"}
	number := func(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }
	for k, r := range s.results {
		for _, ind := range s.indicators() {
			v := ind.value(&s.results[k])
			rows = append(rows, []string{s.names[k], r.Policy.String(), ind.key, "", number(v.Estimate), number(v.Low), number(v.High)})
		}
		for t, b := range s.weeks[k].OnHand {
			for i, level := range simulate.FanLevels {
				rows = append(rows, []string{s.names[k], r.Policy.String(), "on_hand_q" + number(level), strconv.Itoa(t), number(b[i]), "", ""})
			}
		}
	}
	return headers, rows
}

// fields is everything for programs.
func (s *simulation) fields() map[string]any {
	var policies []map[string]any
	for k, r := range s.results {
		p := map[string]any{"name": s.names[k], "policy": r.Policy.String()}
		for _, ind := range s.indicators() {
			v := ind.value(&s.results[k])
			p[ind.key] = finite(v.Estimate)
			if v.Low != v.High {
				p[ind.key+"_low"], p[ind.key+"_high"] = finite(v.Low), finite(v.High)
			}
		}
		w := s.weeks[k]
		p["weeks"] = map[string]any{"on_hand_quantiles": w.OnHand, "demand_quantiles": s.demand, "sales": w.Sales, "lost": w.Lost,
			"orders": w.Orders, "arrivals": w.Arrivals, "share_with_lost_sales": w.Short}
		policies = append(policies, p)
	}
	fields := map[string]any{"merchant_id": s.key.Merchant, "article_id": s.key.Article, "horizon": s.article.Horizon, "scenarios": s.sc.N,
		"set": s.flags.set.value, "seed": s.flags.seed, "quantile_levels": simulate.FanLevels, "policies": policies}
	if s.gap != nil {
		fields["sampling_gap"] = map[string]any{"estimate": s.gap.Estimate, "high": s.gap.High, "replications": s.flags.replications}
	}
	if s.flags.frontier {
		fields["frontier"] = s.frontierFields()
	}
	return fields
}
