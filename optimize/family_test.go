package optimize

import (
	"slices"
	"testing"

	"github.com/restock-engine/restock/internal/random"
	"github.com/restock-engine/restock/simulate"
)

// TestOrdersKeepTheMaximum: no order quantity of the search is above what the order rules make of it, for packs that floats hold inexactly, too: the
// recommendation says its quantity as it is.
func TestOrdersKeepTheMaximum(t *testing.T) {
	for _, pack := range []float64{0.1, 0.3, 0.7, 1, 2.5} {
		for most := 1.0; most < 60; most++ {
			a := simulate.DefaultArticle()
			a.Units, a.PackSize, a.MaxOrder = simulate.Continuous, pack, most*0.1
			s := newScale(&a, &demandFacts{largest: 100})
			for x := range s.orders {
				if q, ordered := s.order(x), a.OrderQuantity(s.order(x)); q > ordered+1e-9 {
					t.Errorf("packs of %g, at most %g: the search has an order of %g, which orders %g", pack, a.MaxOrder, q, ordered)
				}
			}
		}
	}
}

// TestPointsOfOnePolicy: the point that stands for others has their costs, so that nothing is lost by looking at it alone. The search against the
// grid can't tell: both look at such points only.
func TestPointsOfOnePolicy(t *testing.T) {
	ev := simulate.NewEvaluator()
	var costs, standing []float64
	triggers := AutoTrigger.triggers()
	changed := 0
	for n := range 40 {
		a, q := typicalSKU(n)
		if n%2 == 0 {
			a, q = smallSKU(n)
		}
		s := simulate.NewSampler(4)
		var sc simulate.Scenarios
		if err := s.Draw(&sc, &a, &q, s.Key("m", "x").Int(n), simulate.OptSet, 50, false); err != nil {
			t.Fatal(err)
		}
		ev.Prepare(&a, &sc)
		facts := newDemandFacts(&a, &sc)
		scale := newScale(&a, facts)
		f := rsqFamily(&a, facts, triggers)
		r := random.New(random.NewKey(13, "same").Int(n))
		for range 500 {
			x := make([]int, len(f.Sizes))
			for d, size := range f.Sizes { // few orders and high reorder points, too
				x[d] = r.Intn(1 + r.Intn(size))
			}
			if r.Intn(2) == 0 {
				x[dimS] = f.Sizes[dimS] - 1 - r.Intn(f.Sizes[dimS])/2
			}
			p := simulate.RSQ{T0: x[dimT0], Q0: scale.order(x[dimQ0]), ReorderPoint: scale.level(x[dimS]), Q: scale.order(x[dimQ]), TLimit: x[dimLimit],
				Trigger: triggers[x[dimTrigger]]}
			same := f.Policy(x)
			if same != simulate.Policy(p) {
				changed++
			}
			costs, standing = ev.Costs(p, costs), ev.Costs(same, standing)
			if !slices.Equal(costs, standing) {
				t.Fatalf("SKU %d: %v costs something else than %v, which sameRSQ says is the same", n, p, same)
			}
		}
	}
	if changed < 2000 {
		t.Errorf("only %d points were stood for by another: the test shows little", changed)
	}
}
