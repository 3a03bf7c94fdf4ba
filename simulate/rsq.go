package simulate

import "fmt"

// Trigger says when a reorder of [RSQ] is due.
type Trigger string

// Triggers of RSQ.
const (
	StockTrigger    Trigger = "stock"    // on hand ≤ s and nothing outstanding (the paper's)
	PositionTrigger Trigger = "position" // on hand + outstanding ≤ s (the classical one)
)

// RSQ is the extended (R, s, Q) policy θ = (t0, Q0, s, Q, t_limit) of Presbitero et al. (2025): a kick-start order Q0 in week t0,
// then Q in each review week up to t_limit in which the trigger is true. R is the article's review period.
type RSQ struct {
	T0           int     // week of the kick-start order
	Q0           float64 // units of the kick-start order
	ReorderPoint float64 // s, units
	Q            float64 // units of a reorder
	TLimit       int     // last week in which a reorder may be placed
	Trigger      Trigger
}

// Order implements [Policy].
func (p RSQ) Order(r Review) float64 {
	switch {
	case r.Week == p.T0:
		return p.Q0
	case r.Week > p.T0 && r.Week <= p.TLimit && r.Scheduled && p.due(r):
		return p.Q
	}
	return 0
}

func (p RSQ) due(r Review) bool {
	if p.Trigger == PositionTrigger {
		return r.Position() <= p.ReorderPoint
	}
	return r.OnHand <= p.ReorderPoint && r.Outstanding == 0
}

func (p RSQ) String() string {
	return fmt.Sprintf("rsq:t0=%d,Q0=%s,s=%s,Q=%s,t_limit=%d,trigger=%s",
		p.T0, formatNumber(p.Q0), formatNumber(p.ReorderPoint), formatNumber(p.Q), p.TLimit, p.Trigger)
}

// Validate implements [Policy].
func (p RSQ) Validate() error {
	if p.Trigger != StockTrigger && p.Trigger != PositionTrigger {
		return fmt.Errorf("trigger must be stock or position, not %q", p.Trigger)
	}
	if p.T0 < 0 || p.TLimit < 0 {
		return fmt.Errorf("t0 and t_limit must be 0 (this week) or later, not %d and %d", p.T0, p.TLimit)
	}
	return checkQuantities([]string{"Q0", "s", "Q"}, p.Q0, p.ReorderPoint, p.Q)
}

func parseRSQ(fs fields) (Policy, error) {
	p := RSQ{Trigger: StockTrigger}
	if err := fs.only("t0", "Q0", "s", "Q", "t_limit", "trigger"); err != nil {
		return nil, err
	}
	var err error
	if p.T0, err = fs.week("t0"); err != nil {
		return nil, err
	}
	if p.Q0, err = fs.number("Q0"); err != nil {
		return nil, err
	}
	if p.ReorderPoint, err = fs.number("s"); err != nil {
		return nil, err
	}
	if p.Q, err = fs.number("Q"); err != nil {
		return nil, err
	}
	if p.TLimit, err = fs.week("t_limit"); err != nil {
		return nil, err
	}
	if t, err := fs.get("trigger"); err == nil {
		p.Trigger = Trigger(t)
	}
	return p, nil
}
