package kernel

// sortBy sets Order and Total, scenarios with large values first. The order is by classes of 1/256 of the values' range: it is
// worth nothing to the answer and everything to the time until a bad policy is abandoned.
func sortBy(p *Problem, values []float64) {
	low, high := values[0], values[0]
	for _, v := range values {
		low, high = min(low, v), max(high, v)
	}
	scale := 0.0
	if spread := high - low; spread > 1e-300 {
		scale = 255 / spread
	}
	class := func(v float64) uint8 { return uint8(min(255, (high-v)*scale)) }
	var start [256]int32
	for _, v := range values {
		start[class(v)]++
	}
	next := int32(0)
	for c, count := range start {
		start[c] = next
		next += count
	}
	for i, v := range values {
		c := class(v)
		p.Order[start[c]], p.Total[start[c]] = int32(i), p.packed.totals[i]
		start[c]++
	}
}
