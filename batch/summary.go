package batch

import (
	"cmp"
	"slices"
	"time"

	"github.com/restock-engine/restock/io/settings"
	"github.com/restock-engine/restock/io/table"
	"github.com/restock-engine/restock/optimize"
)

// Summary says what a run did: counts, money over all SKUs, and the recommendations that matter most.
type Summary struct {
	RunID string
	AsOf  time.Time

	In              int64 // rows of articles, and SKUs of the forecast without a usable article row
	Recommendations int64
	Rejects         int64
	ByStatus        map[optimize.Status]int64
	Reasons         []ReasonCount // of rejects, most frequent first

	OrdersNow     int64   // SKUs with an order in week 0
	UnitsNow      float64 // units of these
	Cost          float64 // mean, all SKUs
	DoNothingCost float64
	Saving        float64 // against doing nothing, mean
	Demand        float64 // money: price × units
	Served        float64 // of that, mean
	ServedNothing float64 // the same when doing nothing
	Evaluations   int64

	Top      []Result // orders of week 0, largest saving first
	Warnings []string
	Files    []string // that were written

	keep    int
	reasons map[string]int64
	seen    map[string]bool // merchants
}

// ReasonCount is how many rows were rejected for a reason.
type ReasonCount struct {
	Reason string // with its column
	Count  int64
}

func newSummary(keep int) *Summary {
	return &Summary{ByStatus: map[optimize.Status]int64{}, keep: keep, reasons: map[string]int64{}, seen: map[string]bool{}}
}

func (s *Summary) add(r *Result) {
	s.In++
	s.seen[r.Key.Merchant] = true
	if r.Reject != nil {
		s.Rejects++
		reason := r.Reject.Reason
		if r.Reject.Column != "" {
			reason = r.Reject.Column + " " + reason
		}
		if len(s.reasons) < 1000 || s.reasons[reason] > 0 {
			s.reasons[reason]++
		}
		return
	}
	rec := r.Recommendation
	s.Recommendations++
	s.ByStatus[rec.Status]++
	s.Cost += rec.Figures.MeanCost
	s.DoNothingCost += rec.DoNothing.MeanCost
	s.Saving += rec.Saving.Estimate
	s.Demand += rec.Demand()
	s.Served += rec.Figures.GMV
	s.ServedNothing += rec.DoNothing.GMV
	s.Evaluations += int64(rec.Evaluations)
	if rec.Policy.T0 == 0 && rec.Policy.Q0 > 0 {
		s.OrdersNow++
		s.UnitsNow += rec.Policy.Q0
		s.offer(r)
	}
}

// offer keeps a result if it is among the best.
func (s *Summary) offer(r *Result) {
	saving := func(x Result) float64 { return x.Recommendation.Saving.Estimate }
	if s.keep == 0 || len(s.Top) == s.keep && saving(*r) <= saving(s.Top[s.keep-1]) {
		return
	}
	i, _ := slices.BinarySearchFunc(s.Top, *r, func(a, b Result) int {
		if saving(a) >= saving(b) {
			return -1
		}
		return 1
	})
	s.Top = slices.Insert(s.Top, i, *r)
	s.Top = s.Top[:min(len(s.Top), s.keep)]
}

// finish completes the summary; whether merchants are missing can only be told of a complete run.
func (s *Summary) finish(joined *table.Joined, set *settings.Settings, complete bool) {
	for reason, n := range s.reasons {
		s.Reasons = append(s.Reasons, ReasonCount{reason, n})
	}
	slices.SortFunc(s.Reasons, func(a, b ReasonCount) int {
		return cmp.Or(-cmp.Compare(a.Count, b.Count), cmp.Compare(a.Reason, b.Reason))
	})
	s.Warnings = append(s.Warnings, set.Warnings()...)
	for _, m := range set.Merchants() {
		if complete && !s.seen[m] {
			s.Warnings = append(s.Warnings, "the settings have a section for merchant "+m+", but no article is theirs; is the id spelt as in the articles?")
		}
	}
	if n := joined.Crossed(); n > 0 {
		s.Warnings = append(s.Warnings, plural(n, "forecast has", "forecasts have")+" crossing quantiles, which were sorted")
	}
}

// RejectShare is the share of the rows that were rejected.
func (s *Summary) RejectShare() float64 {
	if s.In == 0 {
		return 0
	}
	return float64(s.Rejects) / float64(s.In)
}
