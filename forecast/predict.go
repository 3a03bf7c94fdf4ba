package forecast

import (
	"fmt"
	"math"
)

// Diagnostics tells what a forecast rests on.
type Diagnostics struct {
	Class      Class
	Weeks      int     // weeks of known demand
	Masked     int     // weeks out of stock, which told nothing
	Level      float64 // units per week, deseasonalised, over about the last ten weeks
	Dispersion float64 // kappa: the variance of a week is about mean + kappa·mean²
}

// Forecaster predicts one article at a time from its own history and what was learnt from all.
type Forecaster interface {
	// Predict writes the quantiles of the weeks asOf .. asOf+horizon-1 to dst, whose slices it reuses. It uses only the weeks of s before
	// asOf; s may be empty (a launch).
	Predict(s *Series, asOf, horizon int, dst *Quantiles) (Diagnostics, error)
}

// AsOf returns the week number of the first week behind the history that the model learnt from.
func (m *Model) AsOf() int { return m.asOf }

// Autocorrelation returns φ, the lag-1 autocorrelation of the model's standardised errors from one origin, estimated on the training history:
// the dependence between weeks for scenarios.
func (m *Model) Autocorrelation() float64 { return m.phi }

// Predict implements [Forecaster]. Beyond the horizon the model was fitted for its last week's correction is used.
func (m *Model) Predict(s *Series, asOf, horizon int, dst *Quantiles) (Diagnostics, error) {
	if err := checkQuestion(s, asOf, horizon); err != nil {
		return Diagnostics{}, err
	}
	var k track
	k.d.clean(s, asOf, m.opts.MinShare)
	m.start(&k, s)
	n := len(k.d.y)
	k.advance(n)
	o := origin{&k, k.pattern.class(), n}
	if k.d.first+n < asOf && n > 0 {
		o.n = asOf - k.d.first
	}
	dst.reshape(m.opts.Levels, horizon)
	for h := range horizon {
		base := m.spread(&o, h)
		c := &m.calib[o.group()][base.size()][min(h, m.opts.Horizon-1)]
		v := dst.Week(h)
		base.quantiles(c.u, c.normal, v)
		if base.whole {
			matchTail(dst, h, base.mean)
		}
	}
	return Diagnostics{o.class, k.pattern.weeks, n - k.pattern.weeks, k.level[middle].mean(), o.kappa(m.kappa[o.group()])}, nil
}

func checkQuestion(s *Series, asOf, horizon int) error {
	if horizon < 1 || horizon > maxHorizon {
		return fmt.Errorf("forecast horizon is %d weeks, want 1..%d", horizon, maxHorizon)
	}
	if asOf < -maxWeekNumber || asOf > maxWeekNumber {
		return fmt.Errorf("as-of week is %d, beyond ±%d", asOf, maxWeekNumber)
	}
	return s.check()
}

// reshape makes q a forecast of the given size, reusing its memory.
func (q *Quantiles) reshape(levels []float64, weeks int) {
	q.Levels = levels
	n := weeks * len(levels)
	if cap(q.Values) < n {
		q.Values = make([]float32, n)
	}
	q.Values = q.Values[:n]
}

// matchTail sets the top quantile of a very slow seller, whose other quantiles say little more than 0, such that the distribution has the
// right mean: else an article that sells once a year would sell never, or several times a year.
func matchTail(q *Quantiles, t int, mean float64) {
	v, levels := q.Week(t), q.Levels
	n := len(v)
	if n < 2 || v[n-1] > 1 || mean >= 1 || levels[n-1] < 0.9 {
		return
	}
	v[n-1] = v[n-2]
	rest := q.Mean(t)
	v[n-1] = v[n-2] + 1
	perUnit := q.Mean(t) - rest
	v[n-1] = v[n-2] + float32(math.Max((mean-rest)/perUnit, 0))
}
