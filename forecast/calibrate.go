package forecast

// ranks is a histogram of probability integral transforms: where, within the distribution forecast for it, a demand fell. A demand y of
// whole units is not a point of [0,1] but the stretch between P(Y<y) and P(Y≤y), over which its weight 1 is spread evenly (the
// nonrandomised transform of Czado, Gneiting and Held, Biometrics 65(4), 2009).
type ranks struct {
	mass [rankCells]float64
	n    float64
}

const rankCells = 400

func (r *ranks) add(low, high float64) {
	r.n++
	low, high = min(max(low, 0), 1)*rankCells, min(max(high, 0), 1)*rankCells
	i, j := min(int(low), rankCells-1), min(int(high), rankCells-1)
	if i == j {
		r.mass[i]++
		return
	}
	density := 1 / (high - low)
	r.mass[i] += density * (float64(i+1) - low)
	for c := i + 1; c < j; c++ {
		r.mass[c] += density
	}
	r.mass[j] += density * (high - float64(j))
}

func (r *ranks) merge(o *ranks) {
	for i, m := range o.mass {
		r.mass[i] += m
	}
	r.n += o.n
}

// shrink adds the histogram of a larger group, scaled to the given number of observations.
func (r *ranks) shrink(group *ranks, strength float64) {
	if group.n == 0 {
		return
	}
	for i, m := range group.mass {
		r.mass[i] += strength * m / group.n
	}
	r.n += strength
}

// calibration holds, for each level of the model, the probability at which the forecast distribution has to be read so that demands of
// the past fell below as often as the level says: distributional conformal prediction (Chernozhukov, Wüthrich and Zhu, PNAS 118(48),
// 2021), which corrects each quantile as conformalised quantile regression (Romano, Patterson and Candès, NeurIPS 2019) corrects an
// interval's two ends.
type calibration struct {
	u      []float64 // [level]
	normal []float64 // standard normal quantiles of u
}

// calibrate reads the quantiles of the histogram; one observation is spread evenly, the n+1 of conformal prediction.
func (r *ranks) calibrate(levels []float64) calibration {
	c := calibration{make([]float64, len(levels)), make([]float64, len(levels))}
	cell, below := 0, 0.0
	mass := func(i int) float64 { return (r.mass[i] + 1.0/rankCells) / (r.n + 1) }
	for i, level := range levels {
		for cell < rankCells-1 && below+mass(cell) < level {
			below += mass(cell)
			cell++
		}
		u := (float64(cell) + (level-below)/mass(cell)) / rankCells
		c.u[i] = min(max(u, 1e-6), 1-1e-6)
		c.normal[i] = normalQuantile(c.u[i])
	}
	return c
}
