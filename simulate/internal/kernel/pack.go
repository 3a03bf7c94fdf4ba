package kernel

import "math"

// packed is what the assembly reads: the scenarios in the order of Problem.Order, padded with scenarios without demand, [block][week][lane].
type packed struct {
	demand  []int32
	arrival []int32   // 1 << (31-d), d the delay, or the weeks left if these are less
	delay   []uint8   // at most the number of weeks
	round   []float32 // where float32 gives what float64 gives for the one drawn
	shift   []uint8   // bits to shift a week's returns by: past the register if they come after the horizon

	largest               int // the largest d of arrival
	firstDelay, lastDelay int // the range of delays

	returnsFit bool // returns under way fit a register: a bit field a week, fieldWidth bits wide, and float32 is exact
	fieldWidth int

	ring   []int32 // [week][lane of the group] arriving orders; all 0 between two runs
	totals []int32 // [scenario] demand of all weeks
	args   args
}

func (k *packed) pack(p *Problem) {
	weeks, n := len(p.Weeks), p.Padded()
	cells := n * weeks
	k.demand, k.arrival, k.delay = resized(k.demand, cells), resized(k.arrival, cells), resized(k.delay, cells)
	k.ring = resized(k.ring, weeks*group*Lanes)
	k.returnsFit = p.ReturnShare == 0
	returns := !k.returnsFit && k.fitFields(p)
	if returns {
		k.round, k.shift = resized(k.round, cells), resized(k.shift, cells)
	}
	k.largest, k.firstDelay, k.lastDelay = 0, weeks, 0
	var from [Lanes]int // where the lanes' weeks are
	cell := 0
	for i := 0; i < n; i += Lanes {
		for l := range from {
			from[l] = p.index(int(p.Order[min(i+l, p.Scenarios.N-1)]))
		}
		for t := range weeks {
			k.packOrders(p, &from, cell, weeks-t)
			if returns {
				k.packReturns(p, &from, cell, weeks-t)
			}
			for l := range from {
				from[l] += Lanes
			}
			cell += Lanes
		}
	}
	for i := p.Scenarios.N; i < n; i++ {
		for t := range weeks {
			k.demand[p.index(i)+t*Lanes] = 0
		}
	}
	if returns {
		k.returnsFit = k.fitRounds(p)
	}
}

// packOrders packs the demand and the delays of a week with so many weeks left, itself included.
func (k *packed) packOrders(p *Problem, from *[Lanes]int, cell, left int) {
	demand, arrival := (*[Lanes]int32)(k.demand[cell:]), (*[Lanes]int32)(k.arrival[cell:])
	delay, weeks := (*[Lanes]uint8)(k.delay[cell:]), len(p.Weeks)
	low, high := k.firstDelay, 0
	for l, c := range from {
		demand[l] = p.Scenarios.Demand[c]
		d := min(int(p.Scenarios.Delay[c]), weeks)
		low, high = min(low, d), max(high, d)
		delay[l] = uint8(d)
		arrival[l] = int32(uint32(1) << 31 >> (uint(min(d, left)) % 32)) // larger ones do not fit, see largest
	}
	k.firstDelay, k.lastDelay = low, max(k.lastDelay, high)
	k.largest = max(k.largest, min(high, left))
}

// packReturns packs the rounding and the lag of a week's returns.
func (k *packed) packReturns(p *Problem, from *[Lanes]int, cell, left int) {
	round, shift := (*[Lanes]float32)(k.round[cell:]), (*[Lanes]uint8)(k.shift[cell:])
	for l, c := range from {
		round[l] = p.Scenarios.Round[c]
		lag := int(p.Scenarios.Lag[c])
		s := (lag - 1) * k.fieldWidth
		if lag >= left {
			s = math.MaxUint8
		}
		shift[l] = uint8(s)
	}
}

// fitFields chooses the width of the bit fields, and tells whether the returns of a week fit: at most those of as many weeks as there are lags.
func (k *packed) fitFields(p *Problem) bool {
	longest := int32(1)
	for _, lag := range p.Scenarios.Lag {
		longest = max(longest, lag)
	}
	lags := min(int(longest), max(1, len(p.Weeks)-1))
	k.fieldWidth = 32 / lags
	return p.Largest <= maxPackedDemand && lags*(int(p.ReturnShare*float64(p.Largest))+1) < 1<<k.fieldWidth
}
