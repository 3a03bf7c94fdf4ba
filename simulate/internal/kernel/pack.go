package kernel

import "math"

// packed is what the assembly reads: the scenarios in the order of Problem.Order, padded with scenarios without demand,
// [block][week][lane].
type packed struct {
	scanned

	demand []int32
	delay  []uint8 // at most the weeks left
	round  []float32
	shift  []uint8 // returns in fields: bits to shift them by, past the register if they come after the horizon; else their lag

	returnPlan

	ring         []int32 // see ring.go
	steps        []step  // [week]
	delays, lags fields
	orderRow     int // the first row of orders
	rows         int

	sorted struct { // memory of delay and shift, which unsorted are the scanned ones
		delay, shift []uint8
	}
	args args
}

// copy packs scenarios in their own order.
func (k *packed) copy(p *Problem) {
	k.demand = resized(k.demand, p.Padded()*len(p.Weeks))
	clear(k.demand[copy(k.demand, p.Scenarios.Demand):])
	k.delay, k.shift = k.scanned.delay, k.scanned.lag
	if k.returns != noReturns {
		k.round = resized(k.round, len(k.demand))
		clear(k.round[copy(k.round, p.Scenarios.Round):])
	}
}

// gather packs scenarios in any order.
func (k *packed) gather(p *Problem) {
	n, weeks := p.Scenarios.N, len(p.Weeks)
	cells := p.Padded() * weeks
	k.demand, k.sorted.delay = resized(k.demand, cells), resized(k.sorted.delay, cells)
	k.delay = k.sorted.delay
	var from [Lanes]int
	for i := 0; i < p.Padded(); i += Lanes {
		for l := range from {
			from[l] = p.index(int(p.Order[min(i+l, n-1)]))
		}
		move(k.demand[i*weeks:][:weeks*Lanes], p.Scenarios.Demand, &from)
		move(k.delay[i*weeks:][:weeks*Lanes], k.scanned.delay, &from)
	}
	for i := n; i < p.Padded(); i++ {
		for t := range weeks {
			k.demand[p.index(i)+t*Lanes] = 0
		}
	}
	if k.returns == noReturns {
		return
	}
	rounds := p.Scenarios.Round
	if k.narrow {
		rounds = k.fitted
	}
	k.round, k.sorted.shift = resized(k.round, cells), resized(k.sorted.shift, cells)
	k.shift = k.sorted.shift
	for i := 0; i < p.Padded(); i += Lanes {
		for l := range from {
			from[l] = p.index(int(p.Order[min(i+l, n-1)]))
		}
		move(k.round[i*weeks:][:weeks*Lanes], rounds, &from)
		move(k.shift[i*weeks:][:weeks*Lanes], k.scanned.lag, &from)
	}
	if k.returns == fieldReturns {
		k.shiftFields(weeks)
	}
}

// move fills a block with the scenarios whose week 0 is at the given indices.
func move[T any](block, all []T, from *[Lanes]int) {
	for t := 0; t < len(block); t += Lanes {
		cells := (*[Lanes]T)(block[t:])
		for l, c := range from {
			cells[l] = all[c+t]
		}
	}
}

// shiftFields turns lags into what a week's returns are to be shifted by.
func (k *packed) shiftFields(weeks int) {
	var shifts [MaxWeeks + 1]uint8
	for lag := range shifts {
		shifts[lag] = uint8(min((lag-1)*k.fieldWidth, math.MaxUint8))
	}
	left := weeks
	for c := 0; c < len(k.shift); c += Lanes {
		old := shifts[left]
		shifts[left] = math.MaxUint8 // after the horizon
		cells := (*[Lanes]uint8)(k.shift[c:])
		for l, lag := range cells {
			cells[l] = shifts[lag]
		}
		shifts[left] = old
		if left--; left == 0 {
			left = weeks
		}
	}
}
