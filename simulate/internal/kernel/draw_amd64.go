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

// Invert draws whole units, dst[i] = floor(max(0, x) + v), where x is the value of the pieces at points[i] + shift and v is
// rounds[i] + roundShift, as units of 2^-32. With the shift the points rise, from the first piece on; what is beyond the last one
// is the work of the caller, as is everything if it returns false.
func (k Kind) Invert(points, rounds []uint32, shift, roundShift uint32, p Pieces, dst []int32) bool {
	if k != AVX512 || len(p.Base) == 0 {
		return false
	}
	if len(points) > 0 {
		invertAVX512(&invertArgs{
			points: &points[0], rounds: &rounds[:len(points)][0], dst: &dst[:len(points)][0], n: int64(len(points)),
			upper: &p.Upper[0], base: &p.Base[0], slope: &p.Slope[0], pieces: int64(len(p.Base)),
			shift: int64(shift), roundShift: int64(roundShift), half: 0.5, scale: 0x1p-32,
		})
	}
	return true
}
