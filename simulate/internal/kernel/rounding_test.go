package kernel

import (
	"math"
	"math/rand/v2"
	"testing"
)

// fitRounds leaves no v for which float32 and float64 differ, also if every v is drawn beside a threshold. Thresholds as dense
// as those of a tiny share leave no room, and it says so.
func TestFitRounds(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 0))
	for _, share := range []float64{0.5, 1, 0.3, 0.1, 1. / 3, 0.7 * 0.9, 1e-9, 1 - 0x1p-40, r.Float64(), r.Float64()} {
		const largest = 60
		p := &Problem{ReturnShare: share, Largest: largest}
		var drawn []float32
		for s := range largest + 1 {
			x := share * float64(s)
			near := math.Floor((1-(x-math.Floor(x)))*0x1p24/2)*2 + 1 // an odd multiple of 2^-24
			for k := -6.0; k <= 6; k += 2 {
				if v := (near + k) * 0x1p-24; v > 0 && v < 1 {
					drawn = append(drawn, float32(v))
					p.Scenarios.Demand = append(p.Scenarios.Demand, int32(r.IntN(largest+1)))
				}
			}
		}
		p.Scenarios.Round = drawn
		if got, want := p.packed.fitRounds(p), share > 1e-6; got != want {
			t.Errorf("share %g: every v has room: %t, want %t", share, got, want)
		} else if !got {
			continue
		}
		for i, v := range p.packed.fitted {
			for s := range int(p.Scenarios.Demand[i]) + 1 {
				want := int32(float64(share*float64(s)) + float64(drawn[i]))
				got := int32(float32(math.FMA(float64(float32(share)), float64(s), float64(v))))
				if got != want {
					t.Errorf("share %g, %d sales, v %g moved to %g: %d returns, want %d", share, s, drawn[i], v, got, want)
				}
			}
		}
	}
}
