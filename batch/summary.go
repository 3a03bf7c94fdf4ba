package batch

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/restock-engine/restock/io/settings"
)

// Summary says what a run did: counts, money over all SKUs, and the recommendations that matter most.
type Summary struct {
	RunID string
	AsOf  time.Time
	Totals

	Reasons  []ReasonCount // of rejects, most frequent first
	Top      []Result      // orders of week 0, largest saving first
	Warnings []string
	Files    []string // that were written

	keep int
}

// ReasonCount is how many rows were rejected for a reason.
type ReasonCount struct {
	Reason string `json:"reason"` // with its column
	Count  int64  `json:"count"`
}

func newSummary(keep int) *Summary { return &Summary{Totals: newTotals(), keep: keep} }

func (s *Summary) add(r *Result) {
	s.Totals.add(r)
	if r.Reject == nil && r.Recommendation.Policy.T0 == 0 && r.Recommendation.Policy.Q0 > 0 {
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
func (s *Summary) finish(set *settings.Settings, complete bool) {
	s.Reasons = s.Totals.byCount()
	s.Warnings = append(s.Warnings, set.Warnings()...)
	if complete {
		s.Warnings = append(s.Warnings, s.missingMerchants(set)...)
	}
	s.Warnings = append(s.Warnings, s.remarks()...)
}

// byCount lists the reasons of rejects, most frequent first.
func (t *Totals) byCount() []ReasonCount {
	var list []ReasonCount
	for reason, n := range t.Reasons {
		list = append(list, ReasonCount{reason, n})
	}
	slices.SortFunc(list, func(a, b ReasonCount) int {
		return cmp.Or(-cmp.Compare(a.Count, b.Count), cmp.Compare(a.Reason, b.Reason))
	})
	return list
}

func (t *Totals) missingMerchants(set *settings.Settings) (warnings []string) {
	for _, m := range set.Merchants() {
		if t.Merchants[m] == 0 {
			warnings = append(warnings, "the settings have a section for merchant "+m+
				", but no article is theirs; is the id spelt as in the articles?")
		}
	}
	return warnings
}

func (t *Totals) remarks() (warnings []string) {
	if t.Crossed > 0 {
		warnings = append(warnings, plural(t.Crossed, "forecast has", "forecasts have")+" crossing quantiles, which were sorted")
	}
	if t.Certain > 0 {
		warnings = append(warnings, plural(t.Certain, "forecast is", "forecasts are")+" of one level and not of quantiles: the demand is taken for certain, "+
			"and nothing is kept in stock for the case that it is higher")
	}
	if t.BelowMOQ > 0 {
		warnings = append(warnings, plural(t.BelowMOQ, "SKU has", "SKUs have")+" a max_order below moq: max_order holds, and every order is smaller than moq")
	}
	if t.Unserved > 0 {
		warnings = append(warnings, plural(t.Unserved, "SKU has", "SKUs have")+" a min_fill_rate that no policy found reaches (column fill_rate_shortfall): "+
			"what serves most is recommended, whatever it costs; restock simulate --frontier shows what service costs")
	}
	return warnings
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

func plain(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }
