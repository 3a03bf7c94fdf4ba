package kernel

// sort sets Order, Total and Largest. The order is by classes of 1/256 of the totals' range: it is worth nothing to the answer
// and everything to the time until a bad policy is abandoned.
func (p *Problem) sort() {
	n, totals := p.Scenarios.N, p.totals()
	low, high := totals[0], totals[0]
	for _, d := range totals {
		low, high = min(low, d), max(high, d)
	}
	scale := 255 / max(1, float32(high)-float32(low))
	class := func(d int32) uint8 { return uint8(float32(high-d) * scale) }
	var start [256]int32
	for _, d := range totals {
		start[class(d)]++
	}
	next := int32(0)
	for c, count := range start {
		start[c] = next
		next += count
	}
	p.Order, p.Total = resized(p.Order, n), resized(p.Total, p.Padded())
	clear(p.Total[n:])
	for i, d := range totals {
		c := class(d)
		p.Order[start[c]], p.Total[start[c]] = int32(i), d
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
