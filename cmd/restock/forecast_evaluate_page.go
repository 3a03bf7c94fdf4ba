package main

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"strconv"
	"strings"

	"github.com/restock-engine/restock/backtest/judge"
	"github.com/restock-engine/restock/internal/plot"
)

//go:embed forecast_evaluate_page.html
var evaluationPageText string

// evaluationPage is what the template shows.
type evaluationPage struct {
	History, Headline, Lead string
	Notes                   []string
	Key                     []string // models, in the order of their colours
	Charts                  []pageChart
	Tables                  []pageTable
}

type pageChart struct {
	Title, Words string
	SVG          template.HTML
}

type pageTable struct {
	Title   string
	Headers []string
	Rows    [][]string
}

// pageColours is how many models have a colour of their own on the page.
const pageColours = 6

// writeEvaluationPage writes a page that needs no network.
func writeEvaluationPage(out io.Writer, r *judge.Report) error {
	tmpl, err := template.New("page").Funcs(template.FuncMap{"colour": lineClass}).Parse(evaluationPageText)
	if err != nil {
		return err
	}
	p := evaluationPage{History: r.History, Headline: evaluationHeadline(r), Lead: evaluationLead(r),
		Notes: append(evaluationNotes(r), r.Notes...)}
	for _, m := range r.Models {
		p.Key = append(p.Key, m.Name)
	}
	p.Charts = []pageChart{
		{"Reliability",
			"share of weeks whose demand fell below each quantile; on the diagonal is calibrated, below it too little was forecast",
			reliabilityChart(r)},
		{"Loss by quantile", "mean pinball loss, units", levelChart(r)},
		{"Loss by weeks ahead", "weighted quantile loss, per unit of demand",
			horizonChart(r, "Loss by weeks ahead", func(f *judge.Figures) judge.Number { return f.WQL }, 1, nil)},
		{"Bias by weeks ahead", "mean forecast less demand, % of the demand",
			horizonChart(r, "Bias by weeks ahead", func(f *judge.Figures) judge.Number { return f.Bias }, 100, nil)},
		{"Coverage by weeks ahead", "share of weeks within the central 80 % interval, %; dashed: 80 %",
			horizonChart(r, "Coverage by weeks ahead", func(f *judge.Figures) judge.Number { return f.Coverage[1].Share }, 100,
				[]float64{80})},
		{"Width by weeks ahead", "mean width of the central 80 % interval, units",
			horizonChart(r, "Width by weeks ahead", func(f *judge.Figures) judge.Number { return f.Coverage[1].Width }, 1, nil)},
	}
	if len(r.Origins) > 1 {
		p.Charts = append(p.Charts, pageChart{"Loss by origin",
			"weighted quantile loss; origins from " + r.Origins[0] + " to " + r.Origins[len(r.Origins)-1], originChart(r)})
	}
	headers, rows := overallTable(r)
	p.Tables = []pageTable{{"Overall", headers, rows}}
	for _, g := range []struct{ by, title string }{{judge.ByHorizon, "By weeks ahead"}, {judge.ByClass, "By demand class"},
		{judge.ByOrigin, "By origin"}, {judge.ByMerchant, "By merchant"}} {
		headers, rows := groupTable(r, g.by, pageMerchants)
		if n := len(r.Groups(g.by)); n > len(rows) {
			g.title += fmt.Sprintf(", the %d of %d with most demand", len(rows), n)
		}
		p.Tables = append(p.Tables, pageTable{g.title, headers, rows})
	}
	return tmpl.Execute(out, p)
}

// pageMerchants is how many merchants the page has.
const pageMerchants = 100

func lineClass(model int) string { return "line" + strconv.Itoa(model%pageColours) }

// evaluationLead says in a sentence how the models compare.
func evaluationLead(r *judge.Report) string {
	var parts []string
	for _, m := range r.Models {
		if m.IsReference() || !m.WQLChange.Estimate.Known() {
			continue
		}
		c := 100 * float64(m.WQLChange.Estimate)
		word := "better"
		if c > 0 {
			word = "worse"
		}
		sure := ""
		if !m.WQLChange.Low.Known() || m.WQLChange.Low <= 0 && m.WQLChange.High >= 0 {
			sure = ", which may be chance"
		}
		parts = append(parts, fmt.Sprintf("%s is %.1f %% %s%s", m.Name, max(c, -c), word, sure))
	}
	x := r.Find(r.Reference, judge.ByOverall, "")
	lead := fmt.Sprintf("%s loses %s per unit of demand", r.Reference, figure("%.3f", x.WQL, 1))
	if parts == nil {
		return lead + "."
	}
	return lead + "; " + strings.Join(parts, "; ") + "."
}

func reliabilityChart(r *judge.Report) template.HTML {
	lines := []plot.Line{{Name: "calibrated", Class: "ideal", Points: []plot.Point{{X: 0, Y: 0}, {X: 100, Y: 100}}}}
	for i, m := range r.Models {
		l := plot.Line{Name: m.Name, Class: lineClass(i), Dots: true}
		for k, level := range r.Levels {
			l.Points = append(l.Points, plot.Point{X: 100 * level, Y: 100 * float64(m.Reliability[k])})
		}
		lines = append(lines, l)
	}
	return template.HTML(plot.LineChartSVG("Reliability",
		"Share of weeks whose demand fell below each quantile, one line a model; calibrated is the diagonal.",
		"level of the quantile, %", lines))
}

func levelChart(r *judge.Report) template.HTML {
	var lines []plot.Line
	for i, m := range r.Models {
		l := plot.Line{Name: m.Name, Class: lineClass(i)}
		for k, level := range r.Levels {
			l.Points = append(l.Points, plot.Point{X: 100 * level, Y: float64(m.LevelLoss[k])})
		}
		lines = append(lines, l)
	}
	return template.HTML(plot.LineChartSVG("Loss by quantile", "Mean pinball loss of each quantile, one line a model.",
		"level of the quantile, %", lines))
}

// horizonChart draws a figure against the weeks ahead, with dashed marks.
func horizonChart(r *judge.Report, title string, of func(*judge.Figures) judge.Number, factor float64,
	marks []float64) template.HTML {
	var lines []plot.Line
	for _, v := range marks {
		lines = append(lines, plot.Line{Name: "nominal", Class: "ideal", Points: []plot.Point{{X: 1, Y: v},
			{X: float64(r.Horizon), Y: v}}})
	}
	for i, m := range r.Models {
		l := plot.Line{Name: m.Name, Class: lineClass(i), Dots: true}
		for h := range r.Horizon {
			x := r.Find(m.Name, judge.ByHorizon, strconv.Itoa(h+1))
			l.Points = append(l.Points, plot.Point{X: float64(h + 1), Y: factor * float64(of(x))})
		}
		lines = append(lines, l)
	}
	return template.HTML(plot.LineChartSVG(title, title+", one line a model; the table below has the losses.", "weeks ahead",
		lines))
}

func originChart(r *judge.Report) template.HTML {
	var lines []plot.Line
	for i, m := range r.Models {
		l := plot.Line{Name: m.Name, Class: lineClass(i), Dots: true}
		for k, origin := range r.Origins {
			l.Points = append(l.Points, plot.Point{X: float64(k + 1), Y: float64(r.Find(m.Name, judge.ByOrigin, origin).WQL)})
		}
		lines = append(lines, l)
	}
	return template.HTML(plot.LineChartSVG("Loss by origin", "Weighted quantile loss at each origin, one line a model.",
		"origin", lines))
}
