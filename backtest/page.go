package backtest

import (
	_ "embed" // of the page
	"fmt"
	"html/template"
	"io"
	"math"

	"github.com/restock-engine/restock/internal/plot"
	"github.com/restock-engine/restock/simulate"
)

//go:embed page.html
var pageText string

var page = template.Must(template.New("page").Parse(pageText))

// PageFacts are what a page says beside the results.
type PageFacts struct {
	Command     string
	Assumptions [][2]string
}

// figure is a chart with its caption.
type figure struct {
	Title, Note string
	Chart       template.HTML
	Key         []string
}

// told is a story as the page shows it.
type told struct {
	Title, Note string
	Chart       template.HTML
	Headers     []string
	Rows        [][]string
}

// WritePage writes the report as one HTML page that needs nothing else.
func (r *Report) WritePage(w io.Writer, facts PageFacts) error {
	arm := min(firstArm(r.Against), len(r.Arms)-1)
	all := r.Common(everything, arm, r.Against, r.Longest())
	if r.SKUs() == 0 {
		return fmt.Errorf("there is no outcome to report: no arm exists for any SKU that has a forecast")
	}
	if all == nil {
		all = &Tally{}
	}
	u := r.Uplift(everything, arm, r.Against)
	tables := []Table{r.ArmsTable(r.Against)}
	for _, k := range r.Partial() {
		if k != r.Against {
			tables = append(tables, r.ArmsTable(k))
		}
	}
	tables = append(tables, r.PartsTable(), r.HorizonsTable(), r.GroupTable("merchant", arm), r.GroupTable("month", arm),
		r.GroupTable("class", arm), r.GroupTable("stock-outs", arm))
	correlation := "too few to tell"
	if !math.IsNaN(u.WAPE) {
		correlation = fmt.Sprintf("%.2f", u.WAPE)
	}
	best, worst := r.Stories()
	return page.Execute(w, map[string]any{
		"Headline": r.Headline(), "Facts": facts, "Arm": r.Arms[arm].Name, "Against": r.Arms[r.Against].Name,
		"Dates": len(r.Dates), "First": day(r.Dates[0]), "Last": day(r.Dates[len(r.Dates)-1]), "Weeks": r.Longest(), "SKUs": r.SKUs(), "Compared": u.SKUs,
		"Merchants": len(r.merchants.list), "Cluster": r.ClusteredBy(arm, r.Against), "WAPE": percent(all.WAPE()),
		"Bias": percent(ratio(all.Forecast-all.Demand, all.Demand, 0)), "Imputed": percent(ratio(all.Imputed, all.Demand, 0)), "Correlation": correlation,
		"Figures": r.figures(arm),
		"Tables":  tables,
		"Best":    r.told(best, arm), "Worst": r.told(worst, arm),
	})
}

func (r *Report) figures(arm int) []figure {
	ranges := func(kind string) []plot.Range {
		var list []plot.Range
		for _, g := range r.Groups(kind) {
			u := r.Uplift(g, arm, r.Against)
			if u.SKUs == 0 {
				continue
			}
			name := g.Name
			if kind == "date" {
				name = g.Name[5:]
			}
			list = append(list, plot.Range{Name: name, Value: 100 * u.Saving.Estimate, Low: 100 * u.Saving.Low, High: 100 * u.Saving.High})
		}
		return list
	}
	var names []string
	var parts [][]float64
	var spots []plot.Spot
	for _, l := range r.lines(r.Against) {
		t := l.tally
		if t == nil {
			continue
		}
		values, name := t.Cost.Values(), l.name
		if l.skus < r.SKUs() {
			name = fmt.Sprintf("%s (%d SKUs)", name, l.skus)
		}
		names = append(names, name)
		parts = append(parts, values[:])
		spots = append(spots, plot.Spot{Name: name, X: t.AverageStock(), Y: 100 * t.FillRate()})
	}
	against := r.Arms[r.Against].Name
	return []figure{
		{Title: "What is saved, by date", Note: "% of the cost of " + against + ", 95 % intervals",
			Chart: template.HTML(plot.RangesSVG("Saving by date", "Saving of the cost by execution date with 95 % intervals", "execution date", ranges("date")))},
		{Title: "What is saved, by merchant", Note: "% of the cost of " + against + ", 95 % intervals",
			Chart: template.HTML(plot.RangesSVG("Saving by merchant", "Saving of the cost by merchant with 95 % intervals", "merchant", ranges("merchant")))},
		{Title: "Where the cost comes from", Note: "money, all dates, the SKUs that " + against + " exists for, fewer where a name says so", Key: simulate.CostPartWords[:],
			Chart: template.HTML(plot.BarsSVG("Cost parts", "Cost of each arm by part", names, parts))},
		{Title: "Service against stock", Note: "fill rate in %, weighted by price × demand; mean stock of a SKU in units",
			Chart: template.HTML(plot.SpotsSVG("Service against stock", "Fill rate against mean stock of each arm", "mean stock, units", spots))},
	}
}

// told prepares stories.
func (r *Report) told(stories []*Story, arm int) []told {
	var list []told
	for _, s := range stories {
		t := told{Title: fmt.Sprintf("%s / %s, decided on %s", s.Key.Merchant, s.Key.Article, day(r.Dates[s.Date])),
			Note: fmt.Sprintf("%s demand. %s: %s, cost %s. %s: %s, cost %s.", s.Class, r.Arms[arm].Name, s.Policies[0], number(s.Costs[0]),
				r.Arms[r.Against].Name, s.Policies[1], number(s.Costs[1])),
			Headers: []string{"week", "demand", "forecast", "ordered", "arrived", "sold", "lost", "stock"}}
		demand, forecasts, stock := []float64{}, []float64{}, []float64{}
		for week, w := range s.Weeks[0] {
			mark := ""
			if w.Imputed {
				mark = " *"
			}
			row := []string{fmt.Sprint(week), number(w.Demand) + mark, number(w.Forecast)}
			for _, value := range []func(w WeekStory) float64{
				func(w WeekStory) float64 { return w.Order }, func(w WeekStory) float64 { return w.Arrivals },
				func(w WeekStory) float64 { return w.Sales }, func(w WeekStory) float64 { return w.Lost },
				func(w WeekStory) float64 { return w.OnHandEnd }} {
				text := number(value(w))
				if week < len(s.Weeks[1]) {
					text += " · " + number(value(s.Weeks[1][week]))
				}
				row = append(row, text)
			}
			t.Rows = append(t.Rows, row)
			demand, forecasts, stock = append(demand, w.Demand), append(forecasts, w.Forecast), append(stock, w.OnHandEnd)
		}
		t.Chart = template.HTML(plot.LinesSVG(t.Title, "Demand, forecast and stock by week", "week", [][]float64{demand, forecasts, stock}))
		list = append(list, t)
	}
	return list
}
