package forecast

import (
	"errors"
	"math"
)

// Model is the embedded forecaster, fitted by [Trainer.Fit]: immutable, safe for concurrent use.
//
// The mean of a week is a blend, with weights ≥ 0 for each group (see [origin.group]) and number of weeks ahead, of the opinions in
// [track]. Around it lies a negative binomial distribution whose dispersion is the article's own, shrunk towards its group. Last,
// the probabilities are recalibrated by the ranks of what happened at rolling origins (see [calibration]).
type Model struct {
	opts      Options
	asOf      int
	all       profile
	launch    float64
	merchants map[string]merchantModel
	blend     [numGroups][]features // [group][weeks ahead]
	kappa     [numGroups]float64
	calib     [numGroups][numSizes][]calibration // [group][size][weeks ahead]
	phi       float64
}

type merchantModel struct {
	season profile
	launch float64
}

// ErrNoSeries is returned when a model is fitted before any series was added.
var ErrNoSeries = errors.New("no series to learn from")

const (
	seasonStrength   = 10.0 // weight of the smoothed profile in the profile of all, in units of seasonSums.weight
	merchantStrength = 60.0 // weight of the profile of all in that of a merchant
	launchStrength   = 20.0 // articles that the launch level of all counts for in that of a merchant
)

// Fit returns the model of everything added. The trainer can go on learning.
func (t *Trainer) Fit() (*Model, error) {
	if t.series == 0 {
		return nil, ErrNoSeries
	}
	m := &Model{opts: t.opts, asOf: t.asOf(), merchants: make(map[string]merchantModel, len(t.merchants))}
	flat := flatProfile()
	rough := t.all.season.shrunk(&flat, 1)
	smooth := rough.smoothed()
	years := max(float64(m.asOf-t.firstWeek)/seasonWeeks, 1)
	m.all = t.all.season.shrunk(&smooth, seasonStrength+t.all.season.oneYear(years))
	m.launch = t.all.launchLevel(1, 1)
	for id, p := range t.merchants {
		season := p.season.shrunk(&m.all, merchantStrength+p.season.oneYear(years))
		m.merchants[id] = merchantModel{season, p.launchLevel(m.launch, launchStrength)}
	}
	f := fitter{m: m, series: t.inOrder(), firstWeek: t.firstWeek}
	f.fitBlend()
	f.fitSpread()
	f.fitCalibration()
	return m, nil
}

// fitter validates the model at rolling origins of the sampled series, always in the same order.
type fitter struct {
	m         *Model
	series    []*Series
	firstWeek int
}

// origin is one point in the past from which the weeks ahead are forecast.
type origin struct {
	*track
	class Class
	n     int // index of the first week ahead
}

// Articles of which nothing is known yet are a group of their own behind the classes. All that is known is the launch level, far
// below the mean of what launches sell, and learning that together with young articles would inflate the young ones' own levels.
const (
	unborn    = int(numClasses)
	numGroups = unborn + 1
)

// group returns the origin's class, or unborn.
func (o *origin) group() int {
	if o.pattern.weeks == 0 {
		return unborn
	}
	return int(o.class)
}

// known returns the demand h weeks ahead, and whether it is known well enough to learn from.
func (o *origin) known(h int) (y float64, ok bool) {
	t := o.n + h
	if t >= len(o.d.y) || o.d.weight[t] < fullWeek {
		return 0, false
	}
	return o.d.y[t], true
}

// each calls visit at every rolling origin: the last Origins ones, Stride weeks apart, such that at least one week ahead is known; a
// young article also at its launch. An article that is there from the start of the history was not launched then: it is left out until it is
// older.
func (f *fitter) each(visit func(*origin)) {
	var k track
	m := f.m
	for _, s := range f.series {
		k.d.clean(s, m.asOf, m.opts.MinShare)
		n := len(k.d.y)
		if n == 0 {
			continue
		}
		m.start(&k, s)
		last := n - 1
		first := last - (m.opts.Origins-1)*m.opts.Stride
		if begun := k.d.first <= f.firstWeek+4; begun && first < launchWeeks {
			first = launchWeeks + (last-launchWeeks)%m.opts.Stride
		} else if first < 0 {
			visit(&origin{&k, Launch, 0})
			first += -first / m.opts.Stride * m.opts.Stride
			if first <= 0 {
				first += m.opts.Stride
			}
		}
		for at := first; at <= last; at += m.opts.Stride {
			k.advance(at)
			visit(&origin{&k, k.pattern.class(), at})
		}
	}
}

// start prepares a track with what the model knows about the merchant.
func (m *Model) start(k *track, s *Series) {
	if known, ok := m.merchants[s.MerchantID]; ok {
		k.start(&known.season, known.launch)
	} else {
		k.start(&m.all, m.launch)
	}
}

// fitBlend finds the weights of the opinions about the mean by least squares, for each group drawn towards all and for each
// number of weeks ahead drawn towards all weeks.
func (f *fitter) fitBlend() {
	m, horizon := f.m, f.m.opts.Horizon
	var all normal
	var class [numGroups]normal
	var week [numGroups][]normal
	for c := range week {
		week[c] = make([]normal, horizon)
	}
	f.each(func(o *origin) {
		for h := range horizon {
			if y, ok := o.known(h); ok {
				x, _ := o.features(o.n + h)
				week[o.group()][h].add(&x, y)
			}
		}
	})
	for c := range week {
		for h := range week[c] {
			class[c].merge(&week[c][h])
		}
		all.merge(&class[c])
	}
	equal := features{1. / 3, 1. / 3, 1. / 3}
	base := all.solve(&equal, 50)
	for c := range week {
		prior := base
		if Class(c) == Dormant {
			prior = features{fast: 1} // until articles come back to life in the history, those that stopped selling stay dead
		}
		own := class[c].solve(&prior, 200)
		m.blend[c] = make([]features, horizon)
		for h := range week[c] {
			m.blend[c][h] = week[c][h].solve(&own, 400)
		}
	}
}

// fitSpread finds each group's dispersion over the next month; what more there is further ahead is left to calibration.
func (f *fitter) fitSpread() {
	m := f.m
	var class [numGroups]ratio
	f.each(func(o *origin) {
		for h := range min(m.opts.Horizon, 4) {
			if y, ok := o.known(h); ok {
				class[o.group()].add(m.mean(o, h), y, o.unit())
			}
		}
	})
	for c := range class {
		m.kappa[c] = min(max(class[c].value(1, 20), minKappa), maxKappa)
	}
}

// ratio estimates kappa by the method of moments: Σw(e² - unit·m) / Σw·m², w = (m/variance)² with the variance at kappa 1.
type ratio struct{ excess, square float64 }

func (r *ratio) add(mean, y, unit float64) {
	if mean <= 0 {
		return
	}
	e := y - mean
	variance := unit*mean + mean*mean
	w := (mean / variance) * (mean / variance)
	r.excess += w * (min(e*e, 25*variance) - unit*mean)
	r.square += w * mean * mean
}

// value returns the estimate, drawn towards a prior.
func (r *ratio) value(prior, strength float64) float64 {
	return (r.excess + strength*prior) / (r.square + strength)
}

// mean is the blended forecast h weeks ahead.
func (m *Model) mean(o *origin, h int) float64 {
	x, _ := o.features(o.n + h)
	blend := &m.blend[o.group()][min(h, len(m.blend[o.group()])-1)]
	sum := 0.0
	for i, w := range blend {
		sum += w * x[i]
	}
	if sum < 1e-9 {
		return 0
	}
	return sum
}

// spread is the distribution before calibration h weeks ahead.
func (m *Model) spread(o *origin, h int) spread {
	return spread{m.mean(o, h), o.kappa(m.kappa[o.group()]), o.d.whole}
}

// fitCalibration ranks what happened among what was forecast, and measures how the ranks hang together from week to week.
func (f *fitter) fitCalibration() {
	m, horizon := f.m, f.m.opts.Horizon
	var week [numGroups][numSizes][]ranks
	for c := range week {
		for size := range week[c] {
			week[c][size] = make([]ranks, horizon)
		}
	}
	var errors correlation
	z := make([]float64, horizon)
	f.each(func(o *origin) {
		for h := range horizon {
			z[h] = math.NaN()
			if y, ok := o.known(h); ok {
				s := m.spread(o, h)
				low, high := s.between(y)
				week[o.group()][s.size()][h].add(low, high)
				z[h] = normalQuantile(min(max((low+high)/2, 0.001), 0.999))
			}
		}
		errors.add(z)
	})
	m.phi = errors.value()
	var all ranks
	var class [numGroups]ranks
	var size [numGroups][numSizes]ranks
	for c := range week {
		for s := range week[c] {
			for h := range week[c][s] {
				size[c][s].merge(&week[c][s][h])
			}
			class[c].merge(&size[c][s])
		}
		all.merge(&class[c])
	}
	for c := range week {
		class[c].shrink(&all, calibStrength)
		for s := range week[c] {
			size[c][s].shrink(&class[c], calibStrength)
			m.calib[c][s] = make([]calibration, horizon)
			for h := range week[c][s] {
				r := &week[c][s][h]
				r.shrink(&size[c][s], calibStrength)
				m.calib[c][s][h] = r.calibrate(m.opts.Levels)
			}
		}
	}
}

// calibStrength is the number of past weeks that a larger group counts for in the calibration of a smaller one.
const calibStrength = 3000
