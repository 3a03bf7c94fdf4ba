package kernel

import "math"

// packed is what the assembly reads: the scenarios in the order of Problem.Order, padded with scenarios without demand,
// [block][week][lane].
type packed struct {
	demand  []int32
	arrival []int32   // 1 << (31-d), d the delay, or the weeks left if these are less
	delay   []uint8   // at most the number of weeks
	round   []float32 // where float32 gives what float64 gives for the one drawn
	shift   []uint8   // returns in fields: bits to shift them by, past the register if they come after the horizon; else their lag

	largest               int // the largest d of arrival
	firstDelay, lastDelay int // the range of delays
	firstLag, lastLag     int // the range of lags

	returns    returnMode
	fieldWidth int

	ring   []int32 // [week][orders, returns][lane of the group] what arrives; all 0 between two runs
	totals []int32 // [scenario] demand of all weeks
	args   args
}

// returnMode says how returns are computed and kept until they come.
type returnMode int

const (
	noReturns      returnMode = iota
	fieldReturns              // in float32, in bit fields of a register: a field a week, fieldWidth bits wide
	ringReturns               // in float64, in memory
	numReturnModes = iota
)

func (k *packed) pack(p *Problem) {
	weeks, n := len(p.Weeks), p.Padded()
	cells := n * weeks
	k.demand, k.arrival, k.delay = resized(k.demand, cells), resized(k.arrival, cells), resized(k.delay, cells)
	k.ring = resized(k.ring, weeks*2*group*Lanes)
	k.packOrders(p)
	for i := p.Scenarios.N; i < n; i++ {
		for t := range weeks {
			k.demand[p.index(i)+t*Lanes] = 0
		}
	}
	k.returns = noReturns
	if p.ReturnShare == 0 {
		return
	}
	k.round, k.shift = resized(k.round, cells), resized(k.shift, cells)
	k.lagRange(p)
	k.returns = ringReturns
	if k.fitFields(p) {
		k.returns = fieldReturns
	}
	k.packReturns(p)
	if k.returns == fieldReturns && !k.fitRounds(p) {
		k.returns = ringReturns
		k.packReturns(p)
	}
}

// each calls f for each block and week: its first cell, the weeks left, itself included, and for each lane the cell of its
// scenario.
func (p *Problem) each(f func(cell, left int, from *[Lanes]int)) {
	var from [Lanes]int
	cell := 0
	for i := 0; i < p.Padded(); i += Lanes {
		for l := range from {
			from[l] = p.index(int(p.Order[min(i+l, p.Scenarios.N-1)]))
		}
		for t := range p.Weeks {
			f(cell, len(p.Weeks)-t, &from)
			for l := range from {
				from[l] += Lanes
			}
			cell += Lanes
		}
	}
}

// packOrders packs demands and delays.
func (k *packed) packOrders(p *Problem) {
	weeks := len(p.Weeks)
	k.largest, k.firstDelay, k.lastDelay = 0, weeks, 0
	demands, delays := p.Scenarios.Demand, p.Scenarios.Delay
	p.each(func(cell, left int, from *[Lanes]int) {
		demand, arrival := (*[Lanes]int32)(k.demand[cell:]), (*[Lanes]int32)(k.arrival[cell:])
		delay := (*[Lanes]uint8)(k.delay[cell:])
		low, high := weeks, 0
		for l, c := range from {
			demand[l] = demands[c]
			d := min(int(delays[c]), weeks)
			low, high = min(low, d), max(high, d)
			delay[l] = uint8(d)
			arrival[l] = int32(uint32(1) << 31 >> (uint(min(d, left)) % 32)) // beyond 31 they are not used, see largest
		}
		k.firstDelay, k.lastDelay = min(k.firstDelay, low), max(k.lastDelay, high)
		k.largest = max(k.largest, min(high, left))
	})
}

// packReturns packs the rounding and the lags of returns.
func (k *packed) packReturns(p *Problem) {
	p.each(func(cell, left int, from *[Lanes]int) {
		round, shift := (*[Lanes]float32)(k.round[cell:]), (*[Lanes]uint8)(k.shift[cell:])
		for l, c := range from {
			round[l] = p.Scenarios.Round[c]
			lag := int(p.Scenarios.Lag[c])
			s := min(lag, len(p.Weeks))
			if k.returns == fieldReturns {
				s = (lag - 1) * k.fieldWidth
				if lag >= left {
					s = math.MaxUint8
				}
			}
			shift[l] = uint8(s)
		}
	})
}

func (k *packed) lagRange(p *Problem) {
	first, last := int32(math.MaxInt32), int32(1)
	for _, lag := range p.Scenarios.Lag {
		first, last = min(first, lag), max(last, lag)
	}
	k.firstLag, k.lastLag = min(int(first), len(p.Weeks)), min(int(last), len(p.Weeks))
}

// fitFields chooses the width of the bit fields, and tells whether the returns of a week fit: at most those of as many weeks as
// there are lags.
func (k *packed) fitFields(p *Problem) bool {
	lags := max(1, min(k.lastLag, len(p.Weeks)-1))
	k.fieldWidth = 32 / lags
	return lags <= 32 && p.Largest <= maxPackedDemand && lags*(int(p.ReturnShare*float64(p.Largest))+1) < 1<<k.fieldWidth
}
