package optimize

import (
	"testing"

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
