package judge

import (
	"math"
	"slices"
	"testing"

	"github.com/restock-engine/restock/forecast"
	"github.com/restock-engine/restock/simulate"
)

// TestRewind: a SKU whose history knows its stock, orders and sales goes back to the state it had, and to no later one.
func TestRewind(t *testing.T) {
	s := &forecast.Series{FirstWeek: 100, Sales: []float64{10, 20, 30, 99}, OnHand: []float64{7, 8, 9, 99},
		Ordered: []float64{4, 0, 6, 99}}
	a := simulate.DefaultArticle()
	a.OnHand, a.LeadTimeMean, a.ReturnRate, a.ResalableShare, a.ReturnLagWeights = 500, 3, 0.5, 0.8, []float64{0.25, 0.75}
	a.Horizon = 4
	a.InTransit = []simulate.WeekQuantity{{Week: 1, Quantity: 70}}
	b := a
	rewind(&a, s, 103)
	if a.OnHand != 9 {
		t.Errorf("on hand %g, want the 9 at the end of the week before", a.OnHand)
	}
	// ordered in weeks 100 and 102, three weeks to arrive: in weeks 103 and 105, which are 0 and 2
	if want := []simulate.WeekQuantity{{Week: 2, Quantity: 6}, {Week: 0, Quantity: 4}}; !slices.Equal(a.InTransit, want) {
		t.Errorf("in transit %v, want %v", a.InTransit, want)
	}
	// week 0: 0.4·(0.25·30 + 0.75·20) = 9; week 1: 0.4·0.75·30 = 9
	if want := []simulate.WeekQuantity{{Week: 0, Quantity: 9}, {Week: 1, Quantity: 9}}; !slices.Equal(a.PendingReturns, want) {
		t.Errorf("returns %v, want %v", a.PendingReturns, want)
	}
	if err := a.Validate(); err != nil {
		t.Error(err)
	}

	s.OnHand, s.Ordered = []float64{7, 8, math.NaN(), 99}, nil
	rewind(&b, s, 103)
	// mean 20 a week, for a lead time of 3 weeks and a review period of 1
	if b.OnHand != 80 || b.InTransit != nil {
		t.Errorf("unknown stock: on hand %g and %v in transit, want 80 (today's is 500) and nothing", b.OnHand, b.InTransit)
	}
}
