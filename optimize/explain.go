package optimize

import (
	"fmt"
	"math"
)

// Explain says in a sentence why the policy is recommended, for a planner: what the stock covers, and what ordering changes.
func (r *Recommendation) Explain() string {
	cover := "no demand is expected"
	if r.MeanDemand > 0 {
		weeks := r.CoverWeeks()
		cover = fmt.Sprintf("stock and inbound of %s cover %.1f weeks", units(r.Stock), weeks)
		if weeks > float64(r.Weeks) {
			cover = fmt.Sprintf("stock and inbound of %s cover all %d weeks", units(r.Stock), r.Weeks)
		} else if r.Stock == 0 {
			cover = "nothing is in stock or on its way"
		}
	}
	served := fmt.Sprintf("%.0f %% of the demand is served, without an order %.0f %%", 100*r.Figures.FillRate, 100*r.DoNothing.FillRate)
	if r.Shortfall > 0 {
		served += fmt.Sprintf("; what is to be served at least is %.1f points more than any policy found reaches", 100*r.Shortfall)
	}
	switch {
	case r.Figures.UnitsOrdered == 0:
		return fmt.Sprintf("%s; %.0f %% of the demand is served without an order", cover, 100*r.DoNothing.FillRate)
	case r.Policy.Q0 == 0:
		return fmt.Sprintf("%s; reorder %s when %s; %s", cover, units(r.Policy.Q), r.trigger(), served)
	case r.Policy.Q > 0:
		return fmt.Sprintf("%s; then %s more when %s; %s", cover, units(r.Policy.Q), r.trigger(), served)
	default:
		return fmt.Sprintf("%s; %s", cover, served)
	}
}

// CoverWeeks returns for how many weeks of mean demand the stock and what is in transit last; infinite without demand.
func (r *Recommendation) CoverWeeks() float64 {
	return r.Stock / (r.MeanDemand / float64(r.Weeks))
}

func (r *Recommendation) trigger() string {
	if r.Policy.Trigger == "position" {
		return fmt.Sprintf("stock and inbound fall to %s", units(r.Policy.ReorderPoint))
	}
	return fmt.Sprintf("stock falls to %s and nothing is on its way", units(r.Policy.ReorderPoint))
}

// units formats a quantity with at most two decimals.
func units(q float64) string {
	if q == math.Trunc(q) {
		return fmt.Sprintf("%.0f", q)
	}
	return fmt.Sprintf("%.2f", q)
}
