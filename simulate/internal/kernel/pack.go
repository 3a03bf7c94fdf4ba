package kernel

import "math"

// packed is what the assembly reads: the scenarios in the order of Problem.Order, padded with scenarios without demand,
// [block][week][lane].
type packed struct {
	demand []int32
	delay  []uint8 // at most the weeks left
	round  []float32
	shift  []uint8 // returns in fields: bits to shift them by, past the register if they come after the horizon; else their lag

	returnPlan
	largest int // the largest delay

	ring         []int32 // see ring.go
	steps        []step  // [week]
	delays, lags fields
	orderRow     int // the first row of orders
	rows         int

	totals []int32 // [scenario] demand of all weeks
	args   args
}

// pack packs the scenarios in the order of Problem.Order.
func (k *packed) pack(p *Problem, sorted bool) {
	cells := p.Padded() * len(p.Weeks)
	k.demand, k.delay = resized(k.demand, cells), resized(k.delay, cells)
	if k.returns != noReturns {
		k.round, k.shift = resized(k.round, cells), resized(k.shift, cells)
	}
	if sorted {
		k.gather(p)
	} else {
		k.copy(p)
	}
	for i := p.Scenarios.N; i < p.Padded(); i++ {
		for t := range p.Weeks {
			k.demand[p.index(i)+t*Lanes] = 0
		}
	}
}

// gather packs scenarios in any order.
func (k *packed) gather(p *Problem) {
	sc, weeks := &p.Scenarios, len(p.Weeks)
	rounds := k.rounds(p)
	var from [Lanes]int
	cell := 0
	for i := 0; i < p.Padded(); i += Lanes {
		for l := range from {
			from[l] = p.index(int(p.Order[min(i+l, sc.N-1)]))
		}
		for t := range weeks {
			demand, delay := (*[Lanes]int32)(k.demand[cell:]), (*[Lanes]uint8)(k.delay[cell:])
			next := t * Lanes
			for l, c := range from {
				demand[l] = sc.Demand[c+next]
				delay[l] = uint8(min(int(sc.Delay[c+next]), weeks-t))
			}
			if k.returns != noReturns {
				round, shift := (*[Lanes]float32)(k.round[cell:]), (*[Lanes]uint8)(k.shift[cell:])
				for l, c := range from {
					round[l] = rounds[c+next]
					shift[l] = k.shiftOf(int(sc.Lag[c+next]), weeks-t)
				}
			}
			cell += Lanes
		}
	}
}

// copy packs scenarios in their own order.
func (k *packed) copy(p *Problem) {
	sc, weeks := &p.Scenarios, len(p.Weeks)
	n := copy(k.demand, sc.Demand)
	clear(k.delay[n:])
	for cell := 0; cell < n; cell += Lanes {
		left := weeks - cell/Lanes%weeks
		delay := (*[Lanes]uint8)(k.delay[cell:])
		for l, d := range (*[Lanes]int32)(sc.Delay[cell:]) {
			delay[l] = uint8(min(int(d), left))
		}
	}
	if k.returns == noReturns {
		return
	}
	clear(k.round[copy(k.round, k.rounds(p)):])
	clear(k.shift[n:])
	for cell := 0; cell < n; cell += Lanes {
		left := weeks - cell/Lanes%weeks
		shift := (*[Lanes]uint8)(k.shift[cell:])
		for l, lag := range (*[Lanes]int32)(sc.Lag[cell:]) {
			shift[l] = k.shiftOf(int(lag), left)
		}
	}
}

// shiftOf returns what is kept of a lag, in a week that has so many left, itself included.
func (k *packed) shiftOf(lag, left int) uint8 {
	switch {
	case k.returns == ringReturns:
		return uint8(min(lag, left))
	case lag >= left:
		return math.MaxUint8
	default:
		return uint8((lag - 1) * k.fieldWidth)
	}
}

// lookAtDelays finds the range of the delays.
func (k *packed) lookAtDelays(p *Problem) {
	weeks := len(p.Weeks)
	first, last := weeks, 0
	k.largest = 0
	cells := p.Scenarios.Delay
	for left := weeks; len(cells) > 0; cells = cells[Lanes:] {
		low, high := int32(math.MaxInt32), int32(0)
		for _, d := range (*[Lanes]int32)(cells) {
			low, high = min(low, d), max(high, d)
		}
		first, last = min(first, int(low)), max(last, int(high))
		k.largest = max(k.largest, min(int(high), left))
		if left--; left == 0 {
			left = weeks
		}
	}
	k.delays.first, k.delays.last = first, min(last, weeks)
}
