//go:build !purego

package kernel

import "unsafe"

// CountSteps draws how many of the rising steps are at most the point, and least more, for as many whole blocks as the machine
// can do fast. It returns the number of scenarios done.
func (k Kind) CountSteps(c Column, steps []uint32, least int32, dst []int32) (done int) {
	if len(steps) == 0 || len(steps) > maxSteps {
		return 0
	}
	return k.draw(c, unsafe.Pointer(unsafe.SliceData(dst)), &drawArgs{
		steps: &steps[0], numSteps: int64(len(steps)), least: int64(least), one: 1,
	}, countStepsAVX512, countStepsAVX2)
}

// Rounds draws the upper 23 bits of the point, a number in [0,1), and 2^-24, as CountSteps does its draws.
func (k Kind) Rounds(c Column, dst []float32) (done int) {
	return k.draw(c, unsafe.Pointer(unsafe.SliceData(dst)), &drawArgs{scale: float32Bits(0x1p-23), half: float32Bits(0x1p-24)},
		roundAVX512, roundAVX2)
}

func (k Kind) draw(c Column, dst unsafe.Pointer, a *drawArgs, avx512, avx2 func(*drawArgs)) (done int) {
	blocks := len(c.Points) / Lanes
	if k == Scalar || blocks == 0 {
		return 0
	}
	a.points, a.dst, a.blocks, a.between, a.shift = &c.Points[0], (*byte)(dst), int64(blocks), int64(4*c.Between), int64(c.Shift)
	if k == AVX512 {
		avx512(a)
	} else {
		avx2(a)
	}
	return blocks * Lanes
}
