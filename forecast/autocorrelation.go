package forecast

// correlation estimates the lag-1 autocorrelation of standardised errors over many short runs of weeks.
type correlation struct{ product, square, pairs float64 }

// add counts one run; NaN marks weeks without an error.
func (c *correlation) add(z []float64) {
	for i := 1; i < len(z); i++ {
		if a, b := z[i-1], z[i]; a == a && b == b {
			c.product += a * b
			c.square += (a*a + b*b) / 2
			c.pairs++
		}
	}
}

// value returns φ, drawn towards 0 while there are few pairs, within ±0.99.
func (c *correlation) value() float64 {
	if c.square == 0 {
		return 0
	}
	return min(max(c.product/(c.square*(1+20/c.pairs)), -0.99), 0.99)
}

// Autocorrelation estimates φ of an AR(1) process from runs of standardised errors, each run one origin's errors by weeks ahead
// ([run][week]; NaN where unknown): Σz_t·z_(t+1) over Σ(z_t²+z_(t+1)²)/2, with the zero mean that standardised errors should have. With few
// pairs of weeks it is drawn towards 0.
func Autocorrelation(runs [][]float64) float64 {
	var c correlation
	for _, z := range runs {
		c.add(z)
	}
	return c.value()
}
