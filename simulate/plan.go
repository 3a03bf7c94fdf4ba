package simulate

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Plan is a list of orders, made by a human or a partner's own system: Quantity wanted in Week. Weeks are distinct and rising.
type Plan []WeekQuantity

// NewPlan returns the orders sorted by week, orders of the same week added up.
func NewPlan(orders []WeekQuantity) Plan {
	p := slices.Clone(orders)
	slices.SortStableFunc(p, func(a, b WeekQuantity) int { return cmp.Compare(a.Week, b.Week) })
	out := p[:0]
	for _, x := range p {
		if n := len(out); n > 0 && out[n-1].Week == x.Week {
			out[n-1].Quantity += x.Quantity
		} else {
			out = append(out, x)
		}
	}
	return out
}

// Order implements [Policy].
func (p Plan) Order(r Review) float64 {
	for _, x := range p {
		if x.Week == r.Week {
			return x.Quantity
		}
	}
	return 0
}

func (p Plan) String() string {
	if len(p) == 0 {
		return "none"
	}
	s := make([]string, len(p))
	for i, x := range p {
		s[i] = fmt.Sprintf("%d=%s", x.Week, formatNumber(x.Quantity))
	}
	return "plan:" + strings.Join(s, ",")
}

// Validate implements [Policy].
func (p Plan) Validate() error {
	for i, x := range p {
		if x.Week < 0 || i > 0 && x.Week <= p[i-1].Week {
			return fmt.Errorf("plan weeks must be 0 or later, and distinct and rising; week %d is not", x.Week)
		}
		if err := checkQuantities([]string{"a plan's quantity"}, x.Quantity); err != nil {
			return err
		}
	}
	return nil
}

func parsePlan(fs fields) (Policy, error) {
	var orders []WeekQuantity
	for _, f := range fs {
		week, err := strconv.Atoi(f.name)
		if err != nil {
			return nil, fmt.Errorf("%q is not a week number", f.name)
		}
		q, err := fs.number(f.name)
		if err != nil {
			return nil, err
		}
		orders = append(orders, WeekQuantity{week, q})
	}
	return NewPlan(orders), nil
}

// None never orders.
type None struct{}

// Order implements [Policy].
func (None) Order(Review) float64 { return 0 }

func (None) String() string { return "none" }

// Validate implements [Policy].
func (None) Validate() error { return nil }
