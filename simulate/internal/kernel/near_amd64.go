//go:build !purego

package kernel

import (
	"math"
	"slices"
)

// Near writes the numbers of x from low to high to dst, in any order, which must have room for 8 more than x has, and returns how many they
// are, how many are below, and the least of those above, infinite if there are none.
func (k Kind) Near(x []float64, low, high float64, dst []float64) (found, below int, next float64) {
	if k != AVX512 || len(x) == 0 {
		return nearScalar(x, low, high, dst)
	}
	a := nearArgs{x: &x[0], dst: &dst[:len(x)+8][0], n: int64(len(x)), low: low, high: high, next: math.Inf(1)}
	nearAVX512(&a)
	return int(a.found), len(x) - int(a.reached), slices.Min(a.above[:])
}
