package kernel

import "math"

func nearScalar(x []float64, low, high float64, dst []float64) (found, below int, next float64) {
	next = math.Inf(1)
	for _, v := range x {
		switch {
		case v < low:
			below++
		case v <= high:
			dst[found] = v
			found++
		default:
			next = min(next, v)
		}
	}
	return found, below, next
}
