package main

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"strings"

	"github.com/restock-engine/restock/internal/plot"
	"github.com/restock-engine/restock/simulate"
)

//go:embed simulate_page.html
var pageText string

// page is what the template shows.
type page struct {
	Merchant, Article, Headline, Words string
	Scenarios, Weeks                   int
	Set                                string
	Seed                               uint64
	Headers                            []string
	Rows                               [][]string
	Policies                           []pagePolicy
	Stock, Demand, Cost, Parts         template.HTML
	Frontier                           template.HTML
	FrontierHeaders                    []string
	FrontierRows                       [][]string
	PartNames                          []string
	WeekRows                           [][]string
	Assumptions                        [][2]string
	Command                            string
}

type pagePolicy struct{ Name, Words, Text string }

// writePage writes a page that needs no network.
func (s *simulation) writePage(out io.Writer) error {
	tmpl, err := template.New("page").Parse(pageText)
	if err != nil {
		return err
	}
	first := s.results[0]
	p := page{Merchant: s.key.Merchant, Article: s.key.Article, Words: s.inWords(first.Policy), Scenarios: s.sc.N, Weeks: s.article.Horizon,
		Set: s.flags.set.value, Seed: s.flags.seed, Assumptions: s.assumptions(), Command: s.command()}
	p.Headline = fmt.Sprintf("%s expected cost over %d weeks, %s of the demand served", money(first.MeanCost.Estimate), s.article.Horizon,
		percent(first.FillRate.Estimate))
	p.Headers, p.Rows = s.table()
	for i, r := range s.results {
		p.Policies = append(p.Policies, pagePolicy{s.names[i], s.inWords(r.Policy), r.Policy.String()})
	}
	w := s.weeks[0]
	p.Stock = template.HTML(plot.FanSVG("Stock at the end of each week", "Fan of the stock under the policy: median, middle half, 5 to 95 %; the table below has the numbers.",
		"week", w.OnHand, nil))
	p.Demand = template.HTML(plot.FanSVG("Demand and sales", "Fan of the weekly demand, and the mean sales as a line.", "week", s.demand, w.Sales))
	costs := simulate.Costs(&s.article, simulate.Run(&s.article, first.Policy, &s.sc, nil), nil)
	p.Cost = template.HTML(plot.HistogramSVG("Distribution of the cost", "Share of the scenarios by cost, with the mean and the objective.",
		"cost; share of the scenarios in %", costs, []plot.Mark{{Value: first.MeanCost.Estimate, Name: "mean"}, {Value: first.Objective.Estimate, Name: s.indicators()[0].name}}))
	parts := make([][]float64, len(s.results))
	for i, r := range s.results {
		values := r.Figures.Parts.Values()
		parts[i] = values[:]
	}
	p.PartNames = simulate.CostPartWords[:]
	p.Parts = template.HTML(plot.BarsSVG("Mean cost by part", "One bar a policy; the table above has the numbers.", s.names, parts))
	p.Frontier = template.HTML(s.frontierChart())
	p.FrontierHeaders, p.FrontierRows = s.frontierTable()
	for t := range w.OnHand {
		row := []string{fmt.Sprint(t)}
		for _, q := range w.OnHand[t] {
			row = append(row, fmt.Sprintf("%.0f", q))
		}
		p.WeekRows = append(p.WeekRows, append(row, fmt.Sprintf("%.1f", w.Orders[t]), fmt.Sprintf("%.1f", w.Arrivals[t]),
			fmt.Sprintf("%.1f", w.Sales[t]), fmt.Sprintf("%.1f", w.Lost[t]), percent(w.Short[t])))
	}
	return tmpl.Execute(out, p)
}

// assumptions are the article's resolved columns and settings.
func (s *simulation) assumptions() [][2]string {
	a := &s.article
	lead := fmt.Sprintf("Gamma, mean %g weeks, coefficient of variation %g", a.LeadTimeMean, a.LeadTimeCV)
	if a.LeadTimeCV == 0 {
		lead = fmt.Sprintf("%g weeks", a.LeadTimeMean)
	}
	if n := len(a.LeadTimeSamples); n > 0 {
		lead = fmt.Sprintf("drawn from %d past lead times", n)
	}
	return [][2]string{
		{"on hand, units", plain(a.OnHand)},
		{"in transit, week:units", pairsText(a.InTransit)},
		{"returns expected, week:units", pairsText(a.PendingReturns)},
		{"price, unit cost", plain(a.Price) + ", " + plain(a.UnitCost)},
		{"cost of a lost sale", plain(a.LostSaleCost)},
		{"holding cost per unit and week", plain(a.HoldingCost)},
		{"inbound, outbound, return cost per unit", plain(a.InboundCost) + ", " + plain(a.OutboundCost) + ", " + plain(a.ReturnCost)},
		{"cost per order", plain(a.OrderCost)},
		{"overstock cost per unit left", plain(a.OverstockCost)},
		{"return rate, of which can be sold again", fmt.Sprintf("%.2f %%, %.0f %%", 100*a.ReturnRate, 100*a.ResalableShare)},
		{"lead time", lead},
		{"review period, phase", fmt.Sprintf("%d, %d weeks", a.ReviewPeriod, a.ReviewPhase)},
		{"pack size, minimum, maximum order", fmt.Sprintf("%s, %s, %g", plain(a.PackSize), plain(a.MOQ), a.MaxOrder)},
		{"units", string(a.Units)},
		{"inbound available before the week's demand", percent(a.InboundBeforeDemand)},
		{"discount per week", plain(a.Discount)},
		{"autocorrelation of the demand", plain(a.DemandAutocorrelation)},
	}
}

func pairsText(list []simulate.WeekQuantity) string {
	var parts []string
	for _, x := range list {
		parts = append(parts, fmt.Sprintf("%d:%s", x.Week, plain(x.Quantity)))
	}
	if parts == nil {
		return "none"
	}
	return strings.Join(parts, ", ")
}

// command is the command line that gives the same page.
func (s *simulation) command() string {
	f := s.flags
	words := []string{"restock", "simulate", "--articles", f.tables.articles, "--forecast", f.tables.forecast, "--merchant", f.merchant, "--article", f.article}
	for _, p := range f.policies {
		words = append(words, "--policy", p)
	}
	words = append(words, "--set", f.set.value, "--scenarios", fmt.Sprint(s.sc.N), "--seed", fmt.Sprint(f.seed))
	if f.frontier {
		words = append(words, "--frontier")
	}
	if f.config != "" {
		words = append(words, "--config", f.config)
	}
	words = append(words, "--html", f.page)
	for i, w := range words {
		if w == "" || strings.ContainsAny(w, " '\"\\$&;|<>()*?[]#~`!\n") {
			words[i] = "'" + strings.ReplaceAll(w, "'", `'\''`) + "'"
		}
	}
	return strings.Join(words, " ")
}
