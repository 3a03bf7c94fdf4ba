package kernel

import "math"

// packed is what the assembly reads beside a Problem's own arrays.
type packed struct {
	arrival  []int32 // [block][week][lane] 1 << (31-d), d the delay, or the weeks left if these are less
	maxDelay int     // the largest d

	firstDelay, lastDelay int // the range of delays of orders that arrive within the horizon; last < first if there are none

	// Returns under way are a bit field a week, so many bits wide.
	returnsFit bool
	shift      []uint8 // [block][week][lane] bits to shift a week's returns by: past the register if they come after the horizon
	fieldWidth int
	ring       []int32 // [week][lane of the group] arriving orders; all 0 between two runs
}

func (k *packed) pack(p *Problem) {
	k.packDelays(p)
	k.returnsFit = p.ReturnShare == 0 || k.packReturns(p)
	k.ring = resized(k.ring, len(p.Weeks)*group*Lanes)
}

func (k *packed) packDelays(p *Problem) {
	weeks := len(p.Weeks)
	k.arrival = resized(k.arrival, len(p.Delay))
	k.maxDelay, k.firstDelay, k.lastDelay = 0, weeks, -1
	cell := 0
	for block := range p.Blocks() {
		lanes := min(Lanes, p.Scenarios-block*Lanes)
		for t := range weeks {
			left := weeks - t
			for l, d := range (*[Lanes]uint8)(p.Delay[cell:]) {
				delay := int(d)
				if delay >= left {
					delay = left
				} else if l < lanes {
					k.firstDelay, k.lastDelay = min(k.firstDelay, delay), max(k.lastDelay, delay)
				}
				if l < lanes {
					k.maxDelay = max(k.maxDelay, delay)
				}
				k.arrival[cell+l] = int32(uint32(1) << 31 >> delay)
			}
			cell += Lanes
		}
	}
}

// maxPackedDemand bounds the work of packReturns.
const maxPackedDemand = 400

// packReturns prepares returns computed in float32 and kept in bit fields, and tells whether that is exact for all sales up to each week's demand.
func (k *packed) packReturns(p *Problem) bool {
	weeks, largest, lags := len(p.Weeks), int32(0), 1
	for _, d := range p.Demand {
		largest = max(largest, d)
	}
	cell := 0
	for range p.Blocks() {
		for t := range weeks {
			for _, lag := range p.Lag[cell : cell+Lanes] {
				if int(lag) < weeks-t {
					lags = max(lags, int(lag))
				}
			}
			cell += Lanes
		}
	}
	// A field receives the returns of at most lags weeks.
	k.fieldWidth = 32 / lags
	if largest > maxPackedDemand || lags*(int(p.ReturnShare*float64(largest))+1) >= 1<<k.fieldWidth {
		return false
	}
	k.shift = resized(k.shift, len(p.Lag))
	cell = 0
	for range p.Blocks() {
		for t := range weeks {
			for l, lag := range (*[Lanes]uint8)(p.Lag[cell:]) {
				shift := uint8(math.MaxUint8)
				if int(lag) < weeks-t {
					shift = uint8((int(lag) - 1) * k.fieldWidth)
				}
				k.shift[cell+l] = shift
			}
			cell += Lanes
		}
	}
	return fitRounds(p, int(largest))
}
