package backtest

import (
	"fmt"
	"math"

	"github.com/restock-engine/restock/internal/stat"
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

// ArmsTable compares all arms over the longest evaluation.
func (r *Report) ArmsTable() Table {
	weeks := r.Longest()
	t := Table{Title: fmt.Sprintf("Arms, %d weeks after each date", weeks),
		Note: fmt.Sprintf("Saves: of the cost of %s; gain: of its GMV after fulfilment costs; brackets: 95 %% bootstrap intervals over %ss (%d resamples); "+
			"p: paired permutation test of the cost; better off: merchants that cost less. Fill rate and availability are weighted by price × demand.",
			r.Arms[r.Against].Name, r.ClusteredBy(), resamples),
		Headers: []string{"arm", "cost", "saves", "p", "GMV after fulfilment", "gain", "fill rate", "availability", "stock", "turnover", "better off"}}
	all := Group{"all", "all"}
	for k, a := range r.Arms {
		tally := r.Tally(all, k, weeks)
		if tally == nil {
			continue
		}
		row := []string{a.Name, number(tally.Cost.Total()), "–", "–", number(tally.GMVAfterFulfilment()), "–", percent(tally.FillRate()),
			percent(tally.Availability()), number(tally.AverageStock()), number(tally.Turnover()), "–"}
		if k != r.Against {
			u := r.Uplift(all, k)
			row[2], row[3], row[5] = signed(u.Saving), probability(u.P), signed(u.Gain)
			row[10] = fmt.Sprintf("%d of %d (%s to %s)", u.Better.Count, u.Better.Of, percent(u.Better.Low), percent(u.Better.High))
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// PartsTable splits the cost of all arms.
func (r *Report) PartsTable() Table {
	t := Table{Title: "Where the cost comes from", Note: "Money, summed over SKUs and dates; stock left: on hand and outstanding at the end, units.",
		Headers: []string{"arm", "holding", "inbound", "outbound", "returns", "lost sales", "overstock", "units ordered", "orders", "stock left"}}
	for k, a := range r.Arms {
		tally := r.Tally(Group{"all", "all"}, k, r.Longest())
		if tally == nil {
			continue
		}
		c := tally.Cost
		row := []string{a.Name}
		for _, v := range []float64{c.Holding, c.Inbound, c.Outbound, c.Returns, c.LostSales, c.Overstock, tally.Ordered, tally.Orders, tally.Final} {
			row = append(row, number(v))
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// HorizonsTable shows what each arm saves by the length of the evaluation.
func (r *Report) HorizonsTable() Table {
	t := Table{Title: "By the length of the evaluation", Note: fmt.Sprintf("Saves: of the cost of %s; gain: of its GMV after fulfilment costs.",
		r.Arms[r.Against].Name), Headers: []string{"arm"}}
	for _, w := range r.Evaluate {
		t.Headers = append(t.Headers, fmt.Sprintf("%d weeks: saves", w), "gain", "fill rate")
	}
	all := Group{"all", "all"}
	for k, a := range r.Arms {
		row := []string{a.Name}
		for _, w := range r.Evaluate {
			tally, base := r.Tally(all, k, w), r.Tally(all, r.Against, w)
			if tally == nil || base == nil {
				return t
			}
			row = append(row, fmt.Sprintf("%+.1f %%", 100*ratio(base.Cost.Total()-tally.Cost.Total(), base.Cost.Total(), 0)),
				fmt.Sprintf("%+.1f %%", 100*ratio(tally.GMVAfterFulfilment()-base.GMVAfterFulfilment(), math.Abs(base.GMVAfterFulfilment()), 0)),
				percent(tally.FillRate()))
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// GroupTable shows what an arm does in each group of a kind: merchant, date, month, class or stock-outs.
func (r *Report) GroupTable(kind string, arm int) Table {
	t := Table{Title: fmt.Sprintf("%s against %s, by %s", r.Arms[arm].Name, r.Arms[r.Against].Name, kind),
		Headers: []string{kind, "SKUs × dates", "demand", "forecast WAPE", "saves", "p", "gain", "fill rate", "stock-out demand"}}
	for _, g := range r.Groups(kind) {
		tally := r.Tally(g, arm, r.Longest())
		if tally == nil {
			continue
		}
		u := r.Uplift(g, arm)
		t.Rows = append(t.Rows, []string{g.Name, fmt.Sprint(tally.SKUs), number(tally.Demand), percent(tally.WAPE()), signed(u.Saving), probability(u.P),
			signed(u.Gain), percent(tally.FillRate()), percent(ratio(tally.Imputed, tally.Demand, 0))})
	}
	return t
}

// Headline says the result of the first arm in a sentence.
func (r *Report) Headline() string {
	arm := firstArm(r.Against)
	tally := r.Tally(Group{"all", "all"}, 0, r.Longest())
	if arm >= len(r.Arms) || tally == nil {
		return "One arm alone: nothing to compare."
	}
	u := r.Uplift(Group{"all", "all"}, arm)
	a, b := r.Tally(Group{"all", "all"}, arm, r.Longest()), r.Tally(Group{"all", "all"}, r.Against, r.Longest())
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
	return fmt.Sprintf("%s costs %s %s than %s%s; the fill rate is %s instead of %s", r.Arms[arm].Name, percent(math.Abs(u.Saving.Estimate)), more,
		r.Arms[r.Against].Name, sure, percent(a.FillRate()), percent(b.FillRate()))
}
