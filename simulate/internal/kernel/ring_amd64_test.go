//go:build !purego

package kernel

import (
	"math/rand/v2"
	"testing"
)

// Fields of every width hold what comes in, orders and returns, also where all of it comes in in the same week.
func TestRingWidths(t *testing.T) {
	if Best() == Scalar {
		t.Skip("no assembly for this machine")
	}
	type widths struct{ orders, returns int }
	seen := map[widths]bool{}
	for k := AVX2; k <= Best(); k++ {
		for _, largest := range []int32{1, 2, 5, 15, 200, 3000, 1 << 20} {
			for _, weeks := range []int{1, 4, 12, 33} {
				for _, spread := range []int{1, 3} {
					r := rand.New(rand.NewPCG(uint64(largest), uint64(weeks)))
					p := randomProblem(r, 50, weeks, int(largest), 6, 12)
					p.Look, p.ReturnShare, p.OnHand, p.Transit = Position, 0.99, largest, 0
					for c := range p.Scenarios.Delay { // every order, and every return, in one of the last weeks
						p.Scenarios.Delay[c] = int32(max(0, weeks-1-r.IntN(spread)-c/Lanes%weeks))
						p.Scenarios.Lag[c] = p.Scenarios.Delay[c] + 1
					}
					for i := range p.Weeks {
						p.Weeks[i] = Week{Below: Always, Quantity: largest}
					}
					k.Prepare(p)
					samePrepared(t, k, p)
					seen[widths{p.packed.delays.log, p.packed.lags.log}] = true
				}
			}
		}
	}
	for log := range 6 {
		orders, returns := false, false
		for w := range seen {
			orders, returns = orders || w.orders == log, returns || w.returns == log
		}
		if !orders || !returns {
			t.Errorf("fields of %d bits: orders %t, returns %t", 1<<log, orders, returns)
		}
	}
}
