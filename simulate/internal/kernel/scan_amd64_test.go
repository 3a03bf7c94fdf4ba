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
