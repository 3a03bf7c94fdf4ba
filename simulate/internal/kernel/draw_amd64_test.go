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

// TestInvert: whole units from random piecewise linear functions, as Go has them, up to the end of the last piece, and nothing
// beyond the points.
func TestInvert(t *testing.T) {
	if Best() != AVX512 {
		t.Skip("needs AVX-512")
	}
	r := rand.New(rand.NewPCG(6, 0))
	for _, n := range []int{0, 1, 7, 8, 9, 100, 256, 257, 500, 2000} {
		for _, numPieces := range []int{1, 2, 39, 300} {
			shift, roundShift := r.Uint32(), r.Uint32()
			points, rounds := make([]uint32, n), make([]uint32, n)
			for i := range points {
				points[i], rounds[i] = r.Uint32(), r.Uint32()
			}
			slices.Sort(points)
			for i := range points {
				points[i] -= shift
			}
			p := Pieces{}
			for range numPieces {
				p.Upper = append(p.Upper, r.Uint32())
				p.Base, p.Slope = append(p.Base, 100*r.Float64()-20), append(p.Slope, 1000*r.Float64())
			}
			slices.Sort(p.Upper)
			p.Upper = append(p.Upper, 1<<32-1)
			const mark = -7
			dst := make([]int32, n+32)
			for i := range dst {
				dst[i] = mark
			}
			if !AVX512.Invert(points, rounds, shift, roundShift, p, dst[:n]) {
				t.Fatal("not done")
			}
			for i, got := range dst {
				if i >= n {
					if got != mark {
						t.Fatalf("%d points, %d pieces: wrote %d at %d", n, numPieces, got, i)
					}
					continue
				}
				u := points[i] + shift
				piece, _ := slices.BinarySearch(p.Upper, u)
				if piece == numPieces {
					break
				}
				x := p.Base[piece] + float64(p.Slope[piece]*((float64(u)+0.5)*0x1p-32))
				if want := int32(max(0, x) + float64(rounds[i]+roundShift)*0x1p-32); got != want {
					t.Fatalf("%d points, %d pieces: point %d, piece %d: %d, want %d", n, numPieces, i, piece, got, want)
				}
			}
		}
	}
}
