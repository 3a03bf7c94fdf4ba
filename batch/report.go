package batch

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"strings"

	"github.com/restock-engine/restock/internal/plot"
)

//go:embed report.html
var reportText string

// reportPage is what the report's template shows.
type reportPage struct {
	*RunSummary
	Served, ServedNothing string
	Demand, Orders, Cover template.HTML
}

// page is the report: one page that needs no network.
func (s *RunSummary) page() ([]byte, error) {
	functions := template.FuncMap{"whole": whole,
		"share": func(a, b int64) string { return fmt.Sprintf("%.1f %%", 100*ratio(a, b)) },
		"count": func(n int64) string { return whole(float64(n)) }}
	tmpl, err := template.New("report").Funcs(functions).Parse(reportText)
	if err != nil {
		return nil, err
	}
	t := &s.Totals
	p := reportPage{RunSummary: s, Served: "–", ServedNothing: "–"}
	if t.Demand > 0 {
		p.Served, p.ServedNothing = fmt.Sprintf("%.1f %%", 100*t.Served/t.Demand), fmt.Sprintf("%.1f %%", 100*t.ServedNothing/t.Demand)
	}
	p.Demand = t.DemandHistogram.chart("SKUs by weekly demand", "units a week, from … on")
	p.Orders = t.OrderHistogram.chart("SKUs by order now", "units ordered, from … on")
	p.Cover = t.CoverHistogram.chart("SKUs by stock", "weeks of demand that stock and inbound cover, from … on")
	var b bytes.Buffer
	err = tmpl.Execute(&b, p)
	return b.Bytes(), err
}

// chart draws the histogram as shares, without empty bins at its ends.
func (h *Histogram) chart(title, under string) template.HTML {
	first, last, sum := len(h), -1, int64(0)
	for i, n := range h {
		if n > 0 {
			first, last = min(first, i), i
		}
		sum += n
	}
	if sum == 0 {
		return ""
	}
	var names []string
	var parts [][]float64
	for i := first; i <= last; i++ {
		names = append(names, h.label(i))
		parts = append(parts, []float64{100 * ratio(h[i], sum)})
	}
	return template.HTML(plot.BarsSVG(title+", % of them", under, names, parts))
}

// whole formats a number without decimals, with narrow spaces between thousands.
func whole(v float64) string {
	text := fmt.Sprintf("%.0f", v)
	sign := ""
	if strings.HasPrefix(text, "-") {
		sign, text = "−", text[1:]
	}
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "\u202f" + text[i:]
	}
	return sign + text
}
