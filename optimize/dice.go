package optimize

import "github.com/restock-engine/restock/internal/random"

// dice deals a stream's random bits 16 at a time, since a step of a search asks for several small random numbers.
type dice struct {
	r    random.Source
	bits uint64
	left int
}

// share returns a random number in [0, 1<<16).
func (d *dice) share() uint32 {
	if d.left == 0 {
		d.bits, d.left = d.r.Uint64(), 4
	}
	s := uint32(d.bits & 0xffff)
	d.bits >>= 16
	d.left--
	return s
}

// unit returns a random number in [0, 1), a multiple of 2^-16.
func (d *dice) unit() float64 { return float64(d.share()) * 0x1p-16 }

// pick returns a random number in [0, n).
func (d *dice) pick(n int) int {
	if n > 1<<10 { // 16 bits would prefer some of them too much
		return d.r.Intn(n)
	}
	return int(d.share() * uint32(n) >> 16)
}
