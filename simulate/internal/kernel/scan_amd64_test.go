//go:build !purego

package kernel

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// Each routine finds what Go finds, and writes nowhere else.
func TestScan(t *testing.T) {
	if Best() == Scalar {
		t.Skip("no assembly for this machine")
	}
	r := rand.New(rand.NewPCG(4, 0))
	for k := AVX2; k <= Best(); k++ {
		for _, blocks := range []int{1, 2, 7} {
			for _, weeks := range []int{1, 2, 12, 33, MaxWeeks} {
				cells := make([]int32, blocks*weeks*Lanes)
				for c := range cells {
					cells[c] = int32(r.IntN(MaxWeeks))
				}
				const guard = 64
				sums, want := make([]int32, blocks*Lanes+guard), make([]int32, blocks*Lanes+guard)
				if got, largest := k.totals(cells, blocks, weeks, sums), totalsScalar(cells, blocks, weeks, want); got != largest || largest != slices.Max(cells) {
					t.Errorf("%v, %d blocks of %d weeks: largest %d, want %d", k, blocks, weeks, got, largest)
				}
				if !slices.Equal(sums, want) {
					t.Errorf("%v, %d blocks of %d weeks: totals\n%v, want\n%v", k, blocks, weeks, sums, want)
				}

				bytes := make([]uint8, len(cells)+2*guard)
				for i := range bytes {
					bytes[i] = 200
				}
				got := k.narrow(cells, blocks, weeks, bytes[:len(cells)+guard])
				span := span{min(int(slices.Min(cells)), weeks), min(int(slices.Max(cells)), weeks), 0}
				for i, b := range bytes {
					want := uint8(200)
					switch {
					case i < len(cells):
						want = uint8(min(int(cells[i]), weeks-i/Lanes%weeks))
						span.written = max(span.written, int(want))
					case i < len(cells)+guard:
						want = 0
					}
					if b != want {
						t.Fatalf("%v, %d blocks of %d weeks: byte %d is %d, want %d", k, blocks, weeks, i, b, want)
					}
				}
				if got != span {
					t.Errorf("%v, %d blocks of %d weeks: %+v, want %+v", k, blocks, weeks, got, span)
				}
			}
		}
	}
}

// TestNear: what is between two numbers, with ties and at the ends, and nothing is written beyond what is allowed.
func TestNear(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 0))
	for k := Scalar; k <= Best(); k++ {
		for _, n := range []int{0, 1, 7, 8, 9, 100, 255, 256, 257, 500} {
			x := make([]float64, n)
			for i := range x {
				x[i] = float64(r.IntN(50))
			}
			for _, between := range [][2]float64{{-1, 100}, {10, 20}, {20, 20}, {25.5, 25.6}, {60, 70}, {-3, -2}} {
				low, high := between[0], between[1]
				dst, want := make([]float64, n+9), make([]float64, n+9)
				dst[n+8] = -7
				found, below, next := k.Near(x, low, high, dst)
				wantFound, wantBelow, wantNext := nearScalar(x, low, high, want)
				slices.Sort(dst[:found])
				slices.Sort(want[:wantFound])
				if found != wantFound || below != wantBelow || next != wantNext || !slices.Equal(dst[:found], want[:wantFound]) || dst[n+8] != -7 {
					t.Fatalf("%v, %d numbers, from %g to %g: %v, %d below, next %g; want %v, %d, %g", k, n, low, high, dst[:found], below, next,
						want[:wantFound], wantBelow, wantNext)
				}
			}
		}
	}
}
