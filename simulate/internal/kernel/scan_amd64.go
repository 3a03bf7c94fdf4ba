//go:build !purego

package kernel

import (
	"math"
	"slices"
	"unsafe"
)

// totals writes the sum of each scenario's weeks to sums, and returns the largest number of all, [block][week][lane], at least 0.
func (k Kind) totals(cells []int32, blocks, weeks int, sums []int32) (largest int32) {
	if k == Scalar {
		return totalsScalar(cells, blocks, weeks, sums)
	}
	a := scanArgs{src: &cells[0], dst: (*byte)(unsafe.Pointer(&sums[0])), blocks: int64(blocks), weeks: int64(weeks)}
	if k == AVX512 {
		totalsAVX512(&a)
	} else {
		totalsAVX2(&a)
	}
	return slices.Max(a.high[:])
}

// narrow writes numbers of weeks to dst as bytes, at most the weeks left, and clears the rest of dst.
func (k Kind) narrow(cells []int32, blocks, weeks int, dst []uint8) span {
	clear(dst[blocks*weeks*Lanes:])
	a := scanArgs{src: &cells[0], dst: &dst[0], blocks: int64(blocks), weeks: int64(weeks), one: 1}
	for l := range a.low {
		a.low[l] = math.MaxInt32
	}
	if k == AVX512 {
		narrowAVX512(&a)
	} else {
		narrowAVX2(&a)
	}
	return span{min(int(slices.Min(a.low[:])), weeks), min(int(slices.Max(a.high[:])), weeks), int(slices.Max(a.written[:]))}
}
