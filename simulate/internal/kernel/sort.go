package kernel

// sortBy sets Order and Total, scenarios with large values first. The order is by classes of 1/256 of the values' range: it is worth nothing
// to the answer and everything to the time until a bad policy is abandoned.
func sortBy[T int32 | float64](p *Problem, values []T) {
	low, high := values[0], values[0]
	for _, v := range values {
		low, high = min(low, v), max(high, v)
	}
	scale := 0.0
	if spread := float64(high) - float64(low); spread > 1e-300 {
		scale = 255 / spread
	}
	class := func(v T) uint8 { return uint8(min(255, (float64(high)-float64(v))*scale)) }
	var start [256]int32
	for _, v := range values {
		start[class(v)]++
	}
	next := int32(0)
	for c, count := range start {
		start[c] = next
		next += count
	}
	p.Order, p.Total = resized(p.Order, len(values)), resized(p.Total, p.Padded())
	clear(p.Total[len(values):])
	for i, v := range values {
		c := class(v)
		p.Order[start[c]], p.Total[start[c]] = int32(i), p.packed.totals[i]
		start[c]++
	}
}

// totals returns each scenario's demand of all weeks, and sets Largest.
func (p *Problem) totals() []int32 {
	n := (p.Scenarios.N + Lanes - 1) / Lanes * Lanes
	p.packed.totals = resized(p.packed.totals, n)
	p.Largest = 0
	cells := p.Scenarios.Demand
	for i := 0; i < n; i += Lanes {
		var sums, largest [Lanes]int32
		for range p.Weeks {
			for l, d := range (*[Lanes]int32)(cells) {
				sums[l] += d
				largest[l] = max(largest[l], d)
			}
			cells = cells[Lanes:]
		}
		copy(p.packed.totals[i:], sums[:])
		for _, d := range largest {
			p.Largest = max(p.Largest, d)
		}
	}
	return p.packed.totals[:p.Scenarios.N]
}
