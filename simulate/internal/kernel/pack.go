package kernel

import (
	"math"
	"math/bits"
)

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

	due      []int32 // [week] returns of a scenario
	rounding rounding
	ring     []int32 // [week][orders, returns][lane of the group] what arrives; all 0 between two runs
	totals   []int32 // [scenario] demand of all weeks
	args     args
}

// returnMode says how returns are computed and kept until they come.
type returnMode int

const (
	noReturns      returnMode = iota
	fieldReturns              // in float32, in bit fields of a register: a field a week, fieldWidth bits wide
	ringReturns               // in float64, in memory
	numReturnModes = iota
)

// pack packs a problem. How returns are kept is chosen if the scenarios are new, and stays if only their order is: they may go
// into fields if no week's demand is more than largest.
func (k *packed) pack(p *Problem, choose bool, largest int32) {
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
	if p.ReturnShare == 0 {
		k.returns = noReturns
		return
	}
	k.round, k.shift = resized(k.round, cells), resized(k.shift, cells)
	if choose {
		k.lagRange(p)
		k.returns = ringReturns
		if p.Largest <= largest && k.fitFields(p) {
			k.returns = fieldReturns
		}
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

// fitFields chooses the width of the bit fields, and tells whether all returns fit into them. They do if they would with all of
// the demand sold. The field of the week that comes lag weeks later begins at bit (lag-1)·fieldWidth, so that the uppermost one
// may be cut: then it must hold less.
func (k *packed) fitFields(p *Problem) bool {
	most := int32(0)
	k.due = resized(k.due, len(p.Weeks))
	for i := range p.Scenarios.N {
		k.eachReturn(p, i, func(_, lag int, sum int32) { most = max(most, sum) })
	}
	k.fieldWidth = max(1, bits.Len32(uint32(most)))
	fits := true
	for i := range p.Scenarios.N {
		k.eachReturn(p, i, func(_, lag int, sum int32) {
			room := 32 - (lag-1)*k.fieldWidth
			fits = fits && room > 0 && sum>>min(room, 31) == 0
		})
		if !fits {
			return false
		}
	}
	return true
}

// eachReturn shows, for every week of a scenario whose returns come within the horizon, their lag and what has by then been
// returned for the week that they come in, if all of the demand is sold.
func (k *packed) eachReturn(p *Problem, scenario int, f func(week, lag int, sum int32)) {
	clear(k.due)
	c := p.index(scenario)
	for t := range p.Weeks {
		if lag := int(p.Scenarios.Lag[c]); t+lag < len(k.due) {
			k.due[t+lag] += int32(float64(p.ReturnShare*float64(p.Scenarios.Demand[c])) + float64(p.Scenarios.Round[c]))
			f(t, lag, k.due[t+lag])
		}
		c += Lanes
	}
}
