package backtest

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/restock-engine/restock/internal/stat"
	"github.com/restock-engine/restock/simulate"
)

// Table is a table of a report: a title, column names, and rows of text whose first cell is a name.
type Table struct {
	Title   string
	Note    string
	Headers []string
	Rows    [][]string
}

func percent(v float64) string {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return "–"
	}
	return fmt.Sprintf("%.1f %%", 100*v)
}

func signed(i stat.Interval) string {
	if math.IsInf(i.Low, 0) || math.IsInf(i.High, 0) {
		return fmt.Sprintf("%+.1f %%", 100*i.Estimate)
	}
	return fmt.Sprintf("%+.1f %% (%+.1f to %+.1f)", 100*i.Estimate, 100*i.Low, 100*i.High)
}

func number(v float64) string {
	switch a := math.Abs(v); {
	case a >= 1000:
		return fmt.Sprintf("%.0f", v)
	case a >= 10:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.2f", v)
}

func probability(p float64) string {
	if p < 0.001 {
		return "< 0.001"
	}
	return fmt.Sprintf("%.3f", p)
}

// ArmsTable compares all arms with one over the longest evaluation.
func (r *Report) ArmsTable(against int) Table {
	opponent := r.Arms[against].Name
	t := Table{Title: fmt.Sprintf("Arms, %d weeks after each date", r.Longest()),
		Note: fmt.Sprintf("Saves: of the cost of %s; gain: of its GMV after fulfilment costs; brackets: 95 %% bootstrap intervals over %s (%d resamples); "+
			"p: paired permutation test of the cost; better off: merchants that cost less. Fill rate and availability are weighted by price × demand.",
			opponent, r.resampled(against), resamples),
		Headers: []string{"arm", "SKUs", "cost", "saves", "p", "GMV after fulfilment", "gain", "fill rate", "availability", "stock", "turnover",
			"better off"}}
	if n := r.CommonSKUs(against, against); n < r.SKUs() {
		t.Title = fmt.Sprintf("Arms on the %d of %d SKUs that have %s, %d weeks after each date", n, r.SKUs(), opponent, r.Longest())
	}
	lines := r.lines(against)
	for _, l := range lines {
		row := []string{l.name, fmt.Sprint(l.skus), "–", "–", "–", "–", "–", "–", "–", "–", "–", "–"}
		if l.tally != nil {
			row[2], row[5], row[7] = number(l.tally.Cost.Total()), number(l.tally.GMVAfterFulfilment()), percent(l.tally.FillRate())
			row[8], row[9], row[10] = percent(l.tally.Availability()), number(l.tally.AverageStock()), number(l.tally.Turnover())
		}
		if l.arm != against && l.tally != nil {
			u := r.Uplift(everything, l.arm, against)
			row[3], row[4], row[6] = signed(u.Saving), probability(u.P), signed(u.Gain)
			row[11] = fmt.Sprintf("%d of %d (%s to %s)", u.Better.Count, u.Better.Of, percent(u.Better.Low), percent(u.Better.High))
		}
		t.Rows = append(t.Rows, row)
	}
	if len(lines) > len(r.Arms) {
		t.Note += fmt.Sprintf(" Each line is over the SKUs that its arm and %s both exist for; where these are fewer, the line below has %s on the same SKUs.",
			opponent, opponent)
	}
	return t
}

// line is one line of a table: an arm over the SKUs that the one it is set against exists for as well.
type line struct {
	name  string
	arm   int
	skus  int
	tally *Tally // nil if there is no such SKU
}

// lines returns a line for each arm. Where it is over fewer SKUs than the line of the arm that all are set against, one of that arm
// over the same SKUs follows.
func (r *Report) lines(against int) []line {
	var list []line
	full := r.CommonSKUs(against, against)
	for k, a := range r.Arms {
		n := r.CommonSKUs(k, against)
		list = append(list, line{a.Name, k, n, r.Common(everything, k, against, r.Longest())})
		if n > 0 && n < full {
			list = append(list, line{fmt.Sprintf("%s on SKUs of %s", r.Arms[against].Name, a.Name), against, n,
				r.Common(everything, against, k, r.Longest())})
		}
	}
	return list
}

// resampled says what the intervals of all arms resample.
func (r *Report) resampled(against int) string {
	over := map[string][]string{}
	for k, a := range r.Arms {
		if k != against {
			c := r.ClusteredBy(k, against) + "s"
			over[c] = append(over[c], a.Name)
		}
	}
	merchants, articles := over["merchants"], over["articles"]
	switch {
	case len(merchants) == 0:
		return "articles"
	case len(articles) == 0:
		return "merchants"
	}
	return "merchants, and over articles for " + strings.Join(articles, ", ")
}

// PartsTable splits the cost of all arms.
func (r *Report) PartsTable() Table {
	t := Table{Title: "Where the cost comes from", Note: "Money, summed over SKUs and dates; stock left: on hand and outstanding at the end, units.",
		Headers: slices.Concat([]string{"arm", "SKUs"}, simulate.CostPartWords[:], []string{"units ordered", "orders", "stock left"})}
	for _, l := range r.lines(r.Against) {
		if l.tally == nil {
			continue
		}
		parts := l.tally.Cost.Values()
		row := []string{l.name, fmt.Sprint(l.skus)}
		for _, v := range append(parts[:], l.tally.Ordered, l.tally.Orders, l.tally.Final) {
			row = append(row, number(v))
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// HorizonsTable shows what each arm saves by the length of the evaluation.
func (r *Report) HorizonsTable() Table {
	t := Table{Title: "By the length of the evaluation", Note: fmt.Sprintf("Saves: of the cost of %s on the same SKUs; gain: of its GMV after "+
		"fulfilment costs.", r.Arms[r.Against].Name), Headers: []string{"arm", "SKUs"}}
	for _, w := range r.Evaluate {
		t.Headers = append(t.Headers, fmt.Sprintf("%d weeks: saves", w), "gain", "fill rate")
	}
	for k, a := range r.Arms {
		row := []string{a.Name, fmt.Sprint(r.CommonSKUs(k, r.Against))}
		for _, w := range r.Evaluate {
			tally, base := r.Common(everything, k, r.Against, w), r.Common(everything, r.Against, k, w)
			if tally == nil || base == nil {
				row = append(row, "–", "–", "–")
				continue
			}
			row = append(row, fmt.Sprintf("%+.1f %%", 100*ratio(base.Cost.Total()-tally.Cost.Total(), base.Cost.Total(), 0)),
				fmt.Sprintf("%+.1f %%", 100*ratio(tally.GMVAfterFulfilment()-base.GMVAfterFulfilment(), math.Abs(base.GMVAfterFulfilment()), 0)),
				percent(tally.FillRate()))
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// GroupTable shows what an arm does in each group of a kind, merchant, date, month, class or stock-outs, over the SKUs that the one it
// is set against exists for as well.
func (r *Report) GroupTable(kind string, arm int) Table {
	t := Table{Title: fmt.Sprintf("%s against %s, by %s", r.Arms[arm].Name, r.Arms[r.Against].Name, kind),
		Headers: []string{kind, "SKUs", "SKUs × dates", "demand", "forecast WAPE", "saves", "p", "gain", "fill rate", "stock-out demand"}}
	for _, g := range r.Groups(kind) {
		tally := r.Common(g, arm, r.Against, r.Longest())
		if tally == nil {
			continue
		}
		u := r.Uplift(g, arm, r.Against)
		t.Rows = append(t.Rows, []string{g.Name, fmt.Sprint(u.SKUs), fmt.Sprint(tally.SKUs), number(tally.Demand), percent(tally.WAPE()), signed(u.Saving), probability(u.P),
			signed(u.Gain), percent(tally.FillRate()), percent(ratio(tally.Imputed, tally.Demand, 0))})
	}
	return t
}

// Headline says the result of the first arm in a sentence.
func (r *Report) Headline() string {
	arm := firstArm(r.Against)
	if arm >= len(r.Arms) {
		return "One arm alone: nothing to compare."
	}
	a, b := r.Common(everything, arm, r.Against, r.Longest()), r.Common(everything, r.Against, arm, r.Longest())
	if a == nil || b == nil {
		return fmt.Sprintf("There is no SKU that both %s and %s exist for: nothing to compare.", r.Arms[arm].Name, r.Arms[r.Against].Name)
	}
	u := r.Uplift(everything, arm, r.Against)
	more, low, high := "less", u.Saving.Low, u.Saving.High
	if u.Saving.Estimate < 0 {
		more, low, high = "more", -high, -low
	}
	sure := fmt.Sprintf(" (95 %% interval %.1f to %.1f)", 100*low, 100*high)
	if math.IsInf(low, 0) || math.IsInf(high, 0) {
		sure = ""
	} else if low <= 0 {
		sure += ", which may be chance"
	}
	skus := fmt.Sprintf("%d SKUs", u.SKUs)
	if u.SKUs < r.SKUs() {
		skus = fmt.Sprintf("the %d of %d SKUs that both exist for", u.SKUs, r.SKUs())
	}
	return fmt.Sprintf("%s costs %s %s than %s over %s%s; the fill rate is %s instead of %s", r.Arms[arm].Name, percent(math.Abs(u.Saving.Estimate)), more,
		r.Arms[r.Against].Name, skus, sure, percent(a.FillRate()), percent(b.FillRate()))
}
