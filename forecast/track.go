package forecast

import "math"

// track follows one article's demand week by week and knows, at every point, what the model looks at: exponentially weighted levels of
// several memories, the same season of the last year, the spread of past one-week errors, the demand class.
type track struct {
	d       demand
	season  profile
	launch  float64    // level expected before anything is known
	index   []float64  // seasonal index of each week of d
	level   [3]average // of deseasonalised demand
	error2  float64    // faded sum of squared one-week errors, less what whole units explain
	square  float64    // faded sum of squared one-week forecasts
	weeks   float64    // faded number of both
	pattern pattern
	next    int // index of the first week not yet seen
	sums    runningSums
}

// average is an exponentially weighted mean that starts from the launch level, counted as launchWeight weeks.
type average struct{ sum, weight float64 }

const (
	fast, middle, slow = 0, 1, 2
	launchWeight       = 1.0
	errorFade          = 0.98
	kappaWeight        = 8.0 // weeks that the class's kappa counts for against the article's own
	minKappa           = 1e-3
	maxKappa           = 100.0
)

var fades = [3]float64{0.70, 0.90, 0.975}

func (a average) mean() float64 { return a.sum / a.weight }

// start begins at the first week of an article's life.
func (k *track) start(season *profile, launch float64) {
	k.season, k.launch = *season, launch
	k.index = k.index[:0]
	k.sums.demand, k.sums.weight = append(k.sums.demand[:0], 0), append(k.sums.weight[:0], 0)
	for t, y := range k.d.y {
		s := season.at(k.d.first + t)
		k.index = append(k.index, s)
		k.sums.demand = append(k.sums.demand, k.sums.demand[t]+y*k.d.weight[t]/s)
		k.sums.weight = append(k.sums.weight, k.sums.weight[t]+k.d.weight[t])
	}
	for i := range k.level {
		k.level[i] = average{launchWeight * launch, launchWeight}
	}
	k.error2, k.square, k.weeks, k.next, k.pattern = 0, 0, 0, 0, pattern{}
}

// advance takes in the weeks before index t.
func (k *track) advance(t int) {
	unit := k.unit()
	for ; k.next < t; k.next++ {
		y, w, s := k.d.y[k.next], k.d.weight[k.next], k.index[k.next]
		expected := k.level[middle].mean() * s
		if w == 0 {
			if y <= expected {
				continue // out of stock
			}
			w = 0.5 // a lower bound above the expectation
		} else {
			y = min(y, k.pattern.credible(k.launch))
			k.pattern.observe(y)
		}
		e := y - expected
		k.error2 = k.error2*errorFade + w*(e*e-unit*expected)
		k.square = k.square*errorFade + w*expected*expected
		k.weeks = k.weeks*errorFade + w
		for i, f := range fades {
			k.level[i].sum = k.level[i].sum*f + w*y/s
			k.level[i].weight = k.level[i].weight*f + w
		}
	}
}

func (k *track) unit() float64 {
	if k.d.whole {
		return 1
	}
	return 0
}

// numFeatures is the number of opinions about the mean that a model blends.
const numFeatures = 5

type features [numFeatures]float64

// features returns the opinions about the mean demand of the week at index t, which lies ahead: the three levels, the same weeks of last
// year, the launch level; all times the week's seasonal index.
func (k *track) features(t int) (x features, index float64) {
	index = k.season.at(k.d.first + t)
	for i, l := range k.level {
		x[i] = l.mean() * index
	}
	x[3] = x[slow]
	const reach = 2
	year := t - seasonWeeks
	if ahead := year - k.next; ahead >= 0 {
		year -= (ahead/seasonWeeks + 1) * seasonWeeks
	}
	if from, to := max(year-reach, 0), min(year+reach+1, k.next); from < to {
		if mean, known := k.sums.mean(from, to); known > 0 {
			blend := known / (known + 1)
			x[3] = (blend*mean + (1-blend)*k.level[slow].mean()) * index
		}
	}
	x[4] = k.launch * index
	return x, index
}

// kappa returns the article's dispersion, shrunk towards that of its class.
func (k *track) kappa(class float64) float64 {
	if k.weeks == 0 || k.square == 0 {
		return class
	}
	prior := kappaWeight * k.square / k.weeks
	own := (k.error2 + prior*class) / (k.square + prior)
	return min(max(own, minKappa), maxKappa)
}

// scale is a rough size of demand, never 0: what errors are compared with when articles are pooled.
func (x *features) scale() float64 { return math.Max((x[fast]+x[middle]+x[slow])/3, 0.02) }
