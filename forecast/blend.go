package forecast

import "math"

// normal holds the normal equations of a weighted least-squares fit without intercept.
type normal struct {
	xx [numFeatures][numFeatures]float64
	xy features
	n  float64
}

// add counts an observation y with features x. Its weight is the inverse of a rough variance, so that big sellers do not drown the rest,
// and a demand far beyond every expectation counts only up to a bound.
func (e *normal) add(x *features, y float64) {
	scale := x.scale()
	y = min(y, 10*scale+5*math.Sqrt(scale)+1)
	w := 1 / (scale + scale*scale/2)
	for i := range x {
		for j := range x {
			e.xx[i][j] += w * x[i] * x[j]
		}
		e.xy[i] += w * x[i] * y
	}
	e.n++
}

func (e *normal) merge(o *normal) {
	for i := range e.xx {
		for j := range e.xx {
			e.xx[i][j] += o.xx[i][j]
		}
		e.xy[i] += o.xy[i]
	}
	e.n += o.n
}

// solve minimises the squared error plus strength observations' worth of squared distance from the prior weights, over weights ≥ 0, by
// coordinate descent.
func (e *normal) solve(prior *features, strength float64) features {
	w := *prior
	if e.n == 0 {
		return w
	}
	var ridge features
	for i := range ridge {
		ridge[i] = strength / e.n * e.xx[i][i]
	}
	for range 500 {
		moved := 0.0
		for i := range w {
			if e.xx[i][i] == 0 {
				continue
			}
			rest := e.xy[i] + ridge[i]*prior[i]
			for j := range w {
				if j != i {
					rest -= e.xx[i][j] * w[j]
				}
			}
			next := max(rest/(e.xx[i][i]+ridge[i]), 0)
			moved = max(moved, math.Abs(next-w[i]))
			w[i] = next
		}
		if moved < 1e-9 {
			break
		}
	}
	return w
}
