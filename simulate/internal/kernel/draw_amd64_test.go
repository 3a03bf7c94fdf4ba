//go:build !purego

package kernel

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// Each routine draws what Go draws, in whole blocks, and writes nowhere else.
func TestDraw(t *testing.T) {
	if Best() == Scalar {
		t.Skip("no assembly for this machine")
	}
	r := rand.New(rand.NewPCG(3, 0))
	for k := AVX2; k <= Best(); k++ {
		for _, n := range []int{0, 15, 16, 33, 100} {
			for _, numSteps := range []int{0, 1, 12, maxSteps, maxSteps + 1} {
				const weeks = 3
				c := Column{Points: make([]uint32, n), Shift: r.Uint32(), Between: weeks * Lanes}
				for i := range c.Points {
					c.Points[i] = r.Uint32()
				}
				steps := make([]uint32, numSteps)
				for i := range steps {
					steps[i] = r.Uint32()
					if n > 0 && i%2 == 0 { // exactly at a point
						steps[i] = c.Points[r.IntN(n)] + c.Shift
					}
				}
				slices.Sort(steps)
				counts, rounds := make([]int32, (n+Lanes)*weeks), make([]float32, (n+Lanes)*weeks)
				wantCounts, wantRounds := slices.Clone(counts), slices.Clone(rounds)
				done := k.CountSteps(c, steps, 1, counts)
				for i := range done {
					for _, s := range append([]uint32{0}, steps...) {
						if c.Points[i]+c.Shift >= s {
							wantCounts[i/Lanes*c.Between+i%Lanes]++
						}
					}
				}
				if whole := n / Lanes * Lanes; done != whole && numSteps > 0 && numSteps <= maxSteps {
					t.Errorf("%v: %d counts of %d", k, done, whole)
				}
				done = k.Rounds(c, rounds)
				for i := range done {
					wantRounds[i/Lanes*c.Between+i%Lanes] = float32((c.Points[i]+c.Shift)>>9)*0x1p-23 + 0x1p-24
				}
				if !slices.Equal(counts, wantCounts) || !slices.Equal(rounds, wantRounds) {
					t.Errorf("%v, %d points, %d steps:\n%v\n%v, want\n%v\n%v", k, n, numSteps, counts, rounds, wantCounts, wantRounds)
				}
			}
		}
	}
}
