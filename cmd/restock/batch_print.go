package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/restock-engine/restock/batch"
)

// printSlice tells what a part of a run has done.
func (f *batchRunFlags) printSlice(e *env, o *batch.Outcome, date time.Time) error {
	if f.format.value == "json" {
		return printJSON(e.stdout, map[string]any{"folder": o.Folder, "shard": f.slice.String(), "shards": o.Shards, "done": o.Done,
			"kept": o.Kept, "rows": o.Rows, "seconds": o.Elapsed.Seconds()})
	}
	_, err := fmt.Fprintf(e.stdout, "part %s: %d shards done, %d kept, of %d in all; %d rows in %s\n"+
		"when all parts are done: restock batch merge --output %s --date %s\n",
		f.slice.String(), o.Done, o.Kept, o.Shards, o.Rows, o.Elapsed.Round(time.Millisecond),
		shellWord(f.output), date.Format(time.DateOnly))
	return err
}

// printBatch prints the summary of a complete run.
func printBatch(e *env, f *commonFlags, o *batch.Outcome) error {
	switch f.format.value {
	case "json":
		return printJSON(e.stdout, o.Summary)
	case "csv":
		var rows [][]string
		for _, c := range o.Summary.Checks {
			rows = append(rows, []string{c.Check, fmt.Sprint(c.Value), fmt.Sprint(c.Passed)})
		}
		return printCSV(e.stdout, []string{"check", "value", "passed"}, rows)
	}
	s, t := o.Summary, &o.Summary.Totals
	var b strings.Builder
	fmt.Fprintf(&b, "%d rows in = %d recommendations + %d rejects\n", t.In, t.Recommendations, t.Rejects)
	fmt.Fprintf(&b, "  order now %d SKUs, %s units, worth %s\n", t.OrdersNow, thousands(t.UnitsNow), money(t.ValueNow))
	fmt.Fprintf(&b, "  expected cost %s, without any order %s: saves %s\n",
		money(t.Cost), money(t.DoNothingCost), money(t.Saving))
	if t.Demand > 0 {
		fmt.Fprintf(&b, "  demand served (by value) %.1f %%, without any order %.1f %%\n",
			100*t.Served/t.Demand, 100*t.ServedNothing/t.Demand)
	}
	for i, r := range s.Reasons() {
		if i == 5 {
			fmt.Fprintf(&b, "  … and %d more reasons\n", len(s.Reasons())-i)
			break
		}
		fmt.Fprintf(&b, "  rejected %d: %s\n", r.Count, strings.Map(printable, r.Reason))
	}
	printLimits(&b, s.Limits)
	printComparison(&b, s.Comparison)
	passed := len(s.Checks) - len(s.Failed())
	fmt.Fprintf(&b, "  checks: %d passed, %d failed\n", passed, len(s.Failed()))
	fmt.Fprintf(&b, "  %d shards done, %d kept, %s\n", o.Done, o.Kept, o.Elapsed.Round(time.Millisecond))
	fmt.Fprintf(&b, "  run %s, complete in %s: recommendations, rejects, summary.json, report.html\n", s.RunID, o.Folder)
	_, err := io.WriteString(e.stdout, b.String())
	return err
}

func printComparison(b *strings.Builder, c *batch.Comparison) {
	if c == nil {
		return
	}
	fmt.Fprintf(b, "  since the run of %s: %d of %d orders differ (%d new, %d dropped, %d raised, %d lowered), "+
		"%s units now, %s then\n", c.PreviousDate, c.Changed, c.Both, c.New, c.Dropped, c.Raised, c.Lowered,
		thousands(c.UnitsNow), thousands(c.UnitsBefore))
	for _, x := range c.Causes {
		if x.Changed > 0 {
			fmt.Fprintf(b, "    %d of %d SKUs with another %s: +%s, -%s units\n",
				x.Changed, x.SKUs, x.Cause, thousands(x.Added), thousands(x.Removed))
		}
	}
}

func printLimits(b *strings.Builder, limits []batch.LimitResult) {
	if len(limits) > 0 {
		b.WriteString("  the orders that keep the limits are in orders.parquet; all other figures are before limits\n")
	}
	for i, l := range limits {
		if i == 10 {
			fmt.Fprintf(b, "  … and %d more limits, in summary.json\n", len(limits)-i)
			break
		}
		bounds := ""
		if l.AtLeast > 0 {
			bounds = " at least " + money(l.AtLeast)
		}
		if l.AtMost != nil {
			bounds += " at most " + money(*l.AtMost)
		}
		fmt.Fprintf(b, "  limit of %s, %s%s: %s wanted, %s ordered, %d SKUs cut, %d raised; one more is worth %.4g; gap %.3f %%\n",
			strings.Map(printable, l.Merchant), l.Of, bounds, money(l.Wanted), money(l.Used), l.Cut, l.Raised, l.Price, l.GapPercent())
	}
}
