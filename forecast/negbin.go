package forecast

import "math"

// spread is the family of distributions before calibration: mean m, variance unit·m + kappa·m².
//
// With whole units (unit 1) and a mean below largeMean it is the negative binomial distribution; else a normal distribution of the cube root
// (Wilson and Hilferty, PNAS 17, 1931: close to the gamma distribution) cut off at 0, rounded to whole units if unit is 1.
// What the family gets wrong calibration puts right, as long as it is a proper distribution.
type spread struct {
	mean, kappa float64
	whole       bool
}

const largeMean = 200

// numSizes is the number of ranges of the mean that are calibrated apart.
const numSizes = 4

func (s spread) size() int {
	switch {
	case s.mean < 0.5:
		return 0
	case s.mean < 3:
		return 1
	case s.mean < 20:
		return 2
	}
	return 3
}

func (s spread) discrete() bool { return s.whole && s.mean < largeMean }

// between returns P(Y < y) and P(Y ≤ y) for y ≥ 0: what a randomised probability integral transform lies between.
func (s spread) between(y float64) (low, high float64) {
	if s.mean <= 0 {
		if y > 0 {
			return 1, 1
		}
		return 0, 1
	}
	if !s.discrete() {
		if s.whole {
			if y > 0 {
				low = s.smooth(y - 0.5)
			}
			return low, s.smooth(y + 0.5)
		}
		high = s.smooth(y)
		if y > 0 {
			return high, high
		}
		return 0, high
	}
	p, ratio, step := s.recursion()
	high = p
	for k := 0.0; k < y; k++ {
		low = high
		p *= ratio + step/(k+1)
		high += p
		if p < 1e-14 && k > s.mean {
			return min(low, 1), min(high, 1)
		}
	}
	return min(low, 1), min(high, 1)
}

// recursion returns P(Y=0) and the numbers of P(k+1) = P(k)·(ratio + step/(k+1)), the Panjer recursion (ASTIN Bulletin 12, 1981).
func (s spread) recursion() (p0, ratio, step float64) {
	r := 1 / s.kappa // number of successes
	odds := s.kappa * s.mean
	ratio = odds / (1 + odds)
	return math.Exp(-r * math.Log1p(odds)), ratio, ratio * (r - 1)
}

// smooth is the distribution function of the cube-root normal.
func (s spread) smooth(x float64) float64 {
	if x < 0 {
		return 0
	}
	c, root := s.wilsonHilferty()
	return normalCDF((math.Cbrt(x/s.mean) - 1 + c) / root)
}

func (s spread) wilsonHilferty() (c, root float64) {
	variation := s.kappa
	if s.whole {
		variation += 1 / s.mean
	}
	c = variation / 9
	return c, math.Sqrt(c)
}

// quantiles writes the quantiles at the rising probabilities u, each in (0,1). normal holds the standard normal quantiles of u.
func (s spread) quantiles(u, normal []float64, dst []float32) {
	switch {
	case s.mean <= 0:
		for i := range dst {
			dst[i] = 0
		}
	case s.discrete():
		p, ratio, step := s.recursion()
		k, cdf := 0.0, p
		for i, v := range u {
			for cdf < v && !(p < 1e-14 && k > s.mean) {
				p *= ratio + step/(k+1)
				k++
				cdf += p
			}
			dst[i] = float32(k)
		}
	default:
		c, root := s.wilsonHilferty()
		for i, z := range normal {
			x := max(1-c+root*z, 0)
			x = s.mean * x * x * x
			if s.whole {
				x = math.Round(x)
			}
			dst[i] = float32(x)
		}
	}
}

func normalCDF(z float64) float64 { return math.Erfc(-z/math.Sqrt2) / 2 }

func normalQuantile(p float64) float64 { return -math.Sqrt2 * math.Erfcinv(2*p) }
