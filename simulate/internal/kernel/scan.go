package kernel

// scanned is what a look through the scenarios finds, and what the packing reads: all in the scenarios' own order.
type scanned struct {
	totals []int32 // [scenario] demand of all weeks, padding included
	delay  []uint8 // [block][week][lane] the delays, at most the weeks left
	lag    []uint8 // the same of the lags

	delays, lags span
}

// span is the range of numbers of weeks.
type span struct {
	first, last int
	written     int // the largest that is at most the weeks left
}

// scan looks through the scenarios, and sets Largest.
func (s *scanned) scan(p *Problem, kind Kind) {
	blocks, weeks := (p.Scenarios.N+Lanes-1)/Lanes, len(p.Weeks)
	s.totals = resized(s.totals, blocks*Lanes)
	p.Largest = kind.totals(p.Scenarios.Demand, blocks, weeks, s.totals)
	if kind == Scalar {
		return
	}
	s.delay = resized(s.delay, p.Padded()*weeks)
	s.delays = kind.narrow(p.Scenarios.Delay, blocks, weeks, s.delay)
	if p.ReturnShare != 0 {
		s.lag = resized(s.lag, p.Padded()*weeks)
		s.lags = kind.narrow(p.Scenarios.Lag, blocks, weeks, s.lag)
	}
}

// totalsScalar writes the sum of each scenario's weeks to sums, and returns the largest number.
func totalsScalar(cells []int32, blocks, weeks int, sums []int32) (largest int32) {
	for b := range blocks {
		block := (*vector)(sums[b*Lanes:])
		*block = vector{}
		for range weeks {
			for l, x := range (*vector)(cells) {
				block[l] += x
				largest = max(largest, x)
			}
			cells = cells[Lanes:]
		}
	}
	return largest
}

// vector holds a number for each lane.
type vector [Lanes]int32
