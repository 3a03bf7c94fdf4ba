package main

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/restock-engine/restock/batch"
	"github.com/restock-engine/restock/optimize"
	"github.com/restock-engine/restock/simulate"
)

// print writes the summary to stdout, or to stderr where stdout carries a table.
func (f *optimizeFlags) print(e *env, s *batch.Summary) error {
	w := e.stdout
	if f.out == "-" || f.rejects == "-" {
		if f.quiet {
			return nil
		}
		w = e.stderr
	}
	switch f.format.value {
	case "json":
		return printJSON(w, summaryFields(s))
	case "csv":
		headers, rows := topRows(s)
		return printCSV(w, headers, rows)
	}
	return printSummary(w, s)
}

func printSummary(w io.Writer, s *batch.Summary) error {
	var b strings.Builder
	if len(s.Top) > 0 {
		fmt.Fprintf(&b, "Order now (week of %s), largest savings first:\n\n", s.AsOf.Format(time.DateOnly))
		headers, rows := topTable(s)
		if err := printTable(&b, headers, rows); err != nil {
			return err
		}
		b.WriteString(`
stock covers: stock and inbound over the mean weekly demand. served, without: share of the demand that is served with this policy and
without any order. saves: mean cost of never ordering minus that of the policy, on the same scenarios. then: the policy's reorders.

`)
	}
	fmt.Fprintf(&b, "%d rows in = %d recommendations + %d rejects\n", s.In, s.Recommendations, s.Rejects)
	fmt.Fprintf(&b, "  order now %d SKUs, %s units; order in a later week %d; no order now %d; degraded %d (too uncertain to tell from doing nothing)\n",
		s.OrdersNow, thousands(s.UnitsNow), max(0, s.ByStatus[optimize.OK]+s.ByStatus[optimize.Degraded]-s.OrdersNow),
		s.ByStatus[optimize.NoOrder], s.ByStatus[optimize.Degraded])
	fmt.Fprintf(&b, "  expected cost %s, without any order %s: saves %s\n", money(s.Cost), money(s.DoNothingCost), money(s.Saving))
	if s.Demand > 0 {
		fmt.Fprintf(&b, "  demand served (by value) %.1f %%, without any order %.1f %%\n", 100*s.Served/s.Demand, 100*s.ServedNothing/s.Demand)
	}
	for i, r := range s.Reasons {
		if i == 5 {
			fmt.Fprintf(&b, "  … and %d more reasons\n", len(s.Reasons)-i)
			break
		}
		fmt.Fprintf(&b, "  rejected %d: %s\n", r.Count, strings.Map(printable, r.Reason))
	}
	fmt.Fprintf(&b, "  run %s, written to %s\n", s.RunID, joinWords(s.Files))
	_, err := io.WriteString(w, b.String())
	return err
}

// topTable shows the summary's orders to people: what, why, and what it saves.
func topTable(s *batch.Summary) (headers []string, rows [][]string) {
	headers = []string{"merchant", "article", "order now", "stock covers", "served", "without", "saves", "95 % interval", "then"}
	for _, r := range s.Top {
		rec := r.Recommendation
		then := ""
		if rec.Policy.Q > 0 {
			on := "stock"
			if rec.Policy.Trigger == simulate.PositionTrigger {
				on = "position"
			}
			then = fmt.Sprintf("%s at %s ≤ %s", plain(rec.Policy.Q), on, plain(rec.Policy.ReorderPoint))
		}
		rows = append(rows, []string{r.Key.Merchant, r.Key.Article, plain(rec.Policy.Q0), cover(rec),
			percent(rec.Figures.FillRate), percent(rec.DoNothing.FillRate),
			money(rec.Saving.Estimate), money(rec.Saving.Low) + " to " + money(rec.Saving.High), then})
	}
	return headers, rows
}

func cover(r *optimize.Recommendation) string {
	weeks := r.CoverWeeks()
	switch {
	case weeks > float64(r.Weeks):
		return fmt.Sprintf("> %d weeks", r.Weeks)
	case r.Stock == 0:
		return "no stock"
	}
	return fmt.Sprintf("%.1f weeks", weeks)
}

func plain(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

func percent(v float64) string { return fmt.Sprintf("%.0f %%", 100*v) }

// topRows are the summary's orders for spreadsheets.
func topRows(s *batch.Summary) (headers []string, rows [][]string) {
	headers = []string{"merchant_id", "article_id", "order_week", "order_quantity", "saving", "saving_low", "saving_high", "status", "policy", "why"}
	for _, r := range s.Top {
		rec := r.Recommendation
		rows = append(rows, []string{r.Key.Merchant, r.Key.Article, strconv.Itoa(rec.Policy.T0), plain(rec.Policy.Q0),
			plain(rec.Saving.Estimate), plain(rec.Saving.Low), plain(rec.Saving.High), string(rec.Status), rec.Policy.String(), rec.Explain()})
	}
	return headers, rows
}

// summaryFields is the summary for programs.
func summaryFields(s *batch.Summary) map[string]any {
	top := []map[string]any{}
	for _, r := range s.Top {
		rec := r.Recommendation
		top = append(top, map[string]any{"merchant_id": r.Key.Merchant, "article_id": r.Key.Article, "order_week": rec.Policy.T0,
			"order_quantity": rec.Policy.Q0, "saving": rec.Saving.Estimate, "saving_low": rec.Saving.Low, "saving_high": rec.Saving.High,
			"status": rec.Status, "policy": rec.Policy.String(), "why": rec.Explain()})
	}
	reasons := []map[string]any{}
	for _, r := range s.Reasons {
		reasons = append(reasons, map[string]any{"reason": r.Reason, "count": r.Count})
	}
	return map[string]any{
		"run_id": s.RunID, "as_of": s.AsOf.Format(time.DateOnly), "rows_in": s.In, "recommendations": s.Recommendations, "rejects": s.Rejects,
		"status": s.ByStatus, "orders_now": s.OrdersNow, "units_now": s.UnitsNow, "mean_cost": s.Cost, "none_mean_cost": s.DoNothingCost,
		"saving": s.Saving, "demand_value": s.Demand, "served_value": s.Served, "none_served_value": s.ServedNothing,
		"evaluations": s.Evaluations, "reject_reasons": reasons, "top": top, "files": s.Files, "warnings": s.Warnings,
	}
}

// money formats an amount for people: no decimals from 100 on, with spaces between thousands.
func money(v float64) string {
	if math.Abs(v) < 100 {
		return strconv.FormatFloat(v, 'f', 2, 64)
	}
	return thousands(v)
}

// thousands formats a number without decimals, with spaces between thousands.
func thousands(v float64) string {
	s := strconv.FormatFloat(math.Abs(v), 'f', 0, 64)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + " " + s[i:]
	}
	if v < 0 {
		s = "-" + s
	}
	return s
}

// joinWords lists words: a, b and c.
func joinWords(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " and " + words[len(words)-1]
}

// share is a flag value between 0 and 1.
type share float64

func (s *share) String() string { return strconv.FormatFloat(float64(*s), 'g', -1, 64) }

// Type implements pflag.Value.
func (s *share) Type() string { return "share" }

// Set implements pflag.Value.
func (s *share) Set(text string) error {
	v, err := strconv.ParseFloat(text, 64)
	if err != nil || !(v >= 0 && v <= 1) {
		return fmt.Errorf("must be a share between 0 and 1")
	}
	*s = share(v)
	return nil
}
