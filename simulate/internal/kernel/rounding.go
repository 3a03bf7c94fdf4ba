package kernel

import "math"

// maxPackedDemand is the largest demand in a week up to which fitRounds is worth its work.
const maxPackedDemand = 1500

// fitRounds sets fitted to the scenarios' v, each moved, if need be, to where floor(c·s + v), c the ReturnShare, is the same in
// float32 as in float64 for all sales s that can occur, and tells whether that was possible. The floor jumps where v crosses a
// threshold, 1 less the fraction of c·s; only a v too near to one has to be moved, away from it, and that is rare: a bit map of
// [0,1) says where to look.
func (k *packed) fitRounds(p *Problem) bool {
	r := &k.rounding
	r.prepare(p.ReturnShare, int(p.Largest))
	k.fitted = resized(k.fitted, len(p.Scenarios.Round))
	ok := true
	for cell, v := range p.Scenarios.Round {
		k.fitted[cell] = v
		if bin := uint32(v * roundBins); r.near[bin/64%(roundBins/64)]>>(bin%64)&1 != 0 {
			k.fitted[cell], ok = r.clear(float64(v), int(p.Scenarios.Demand[cell]))
			if !ok {
				return false
			}
		}
	}
	return true
}

const roundBins = 1 << 18

// rounding knows the thresholds of a share c.
type rounding struct {
	share      float64
	thresholds []float64 // [s]
	near       [roundBins / 64]uint64
}

func (r *rounding) prepare(share float64, largest int) {
	r.share, r.thresholds = share, resized(r.thresholds, largest+1)
	clear(r.near[:])
	for s := range r.thresholds {
		x := float64(share * float64(s))
		r.thresholds[s] = 1 - (x - math.Floor(x))
		r.mark(r.thresholds[s], r.margin(s))
		r.mark(r.thresholds[s]-1, r.margin(s))
	}
}

// margin is twice the error of c·s + v in float32, where the multiplication and the addition are fused: c is rounded to
// float32, and so is the sum.
func (r *rounding) margin(s int) float64 { return (r.share*float64(s) + 2) * 0x1p-22 }

func (r *rounding) mark(threshold, margin float64) {
	low, high := int(math.Floor((threshold-margin)*roundBins)), int((threshold+margin)*roundBins)
	for bin := max(low, 0); bin <= min(high, roundBins-1); bin++ {
		r.near[bin/64] |= 1 << (bin % 64)
	}
}

// clear returns a v' with the same floors as v for all sales up to demand, and no threshold within its margin.
func (r *rounding) clear(v float64, demand int) (float32, bool) {
	low, high := 0.0, 1.0
	for s, threshold := range r.thresholds[:demand+1] {
		margin := r.margin(s)
		x := float64(r.share * float64(s))
		if float64(x+v) >= math.Floor(x)+1 {
			low = max(low, threshold+margin)
		} else {
			high = min(high, threshold-margin)
			low = max(low, threshold-1+margin)
		}
	}
	if v >= low && v <= high {
		return float32(v), true
	}
	moved := float32((low + high) / 2)
	return moved, float64(moved) > low && float64(moved) < high
}
