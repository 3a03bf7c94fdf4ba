package forecast

import (
	"cmp"
	"math"
	"slices"

	"github.com/restock-engine/restock/internal/random"
)

// Drift tells whether forecasts of the last weeks fared otherwise than forecasts of the weeks before, for one group of SKUs.
//
// Each SKU is compared with itself: from every figure of a week, its own mean over the past weeks at the same number of weeks
// ahead is taken away, so that neither a change of the assortment nor a different mix of weeks ahead looks like drift. What
// remains is averaged over the SKUs, one number a week. A week, not a SKU, is the unit of the test: SKUs share holidays,
// campaigns and weather, and a test that took thousands of them for independent would ring in every unusual week. See
// [Drift.Tests] for the test.
type Drift struct {
	plan  *DriftPlan
	sum   [numDriftFigures][]float64 // [week] departures from the SKU's own past
	n     []float64                  // [week] their number
	level [numDriftFigures]float64   // sum of the past figures
	count float64                    // their number
	past  [numDriftFigures][]float64 // [weeks ahead] scratch
	seen  []float64                  // [weeks ahead] scratch
	skus  int
}

// DriftFigure is a figure that is watched.
type DriftFigure uint8

const (
	DriftLoss     DriftFigure = iota // mean pinball loss over the levels, twice, in scales of the SKU
	DriftCoverage                    // share by ranks (see [Coverage]) within the central 80 % interval
	DriftBias                        // 0.5 less the demand's rank within the forecast: above 0 where too much was forecast
	numDriftFigures
)

func (f DriftFigure) String() string { return [numDriftFigures]string{"loss", "coverage", "bias"}[f] }

// notable is the change of a figure below which it is no drift worth an alarm, however significant: 5 % of the past loss, 3
// points of coverage, 3 points of rank.
var notable = [numDriftFigures]float64{0.05, 0.03, 0.03}

const (
	minPastWeeks = 8   // past weeks without which nothing can be said about how weeks vary
	driftCap     = 5.0 // scales at which a single figure is cut, so that one bulk order does not ring
)

// DriftPlan says which weeks are compared: which are recent, and up to which number of weeks ahead the past has enough to compare
// with.
type DriftPlan struct {
	First, Recent, End int // week numbers: the past begins, the last weeks begin, behind the last
	Ahead              int // weeks ahead that are looked at: 0..Ahead-1; 0: there is too little past
}

// NewDriftPlan plans the comparison of the last recent weeks before week end with the weeks before them, for forecasts made at
// the given origins (rising week numbers) for horizon weeks each. A number of weeks ahead counts if at least 8 past weeks, and at
// least half as many as of the best covered one, have a forecast made so far ahead: a mean over fewer would be the shock of a
// single week.
func NewDriftPlan(origins []int, horizon, recent, end int) DriftPlan {
	p := DriftPlan{First: end, Recent: end - recent, End: end}
	counts := make([]int, horizon)
	for _, o := range origins {
		p.First = min(p.First, o)
		for h := range min(horizon, max(p.Recent-o, 0)) {
			counts[h]++
		}
	}
	if horizon == 0 {
		return p
	}
	need := max(minPastWeeks, (slices.Max(counts)+1)/2)
	for p.Ahead < horizon && counts[p.Ahead] >= need {
		p.Ahead++
	}
	return p
}

// NewDrift returns an empty comparison.
func NewDrift(p *DriftPlan) *Drift {
	d := &Drift{plan: p, n: make([]float64, p.End-p.First), seen: make([]float64, p.Ahead)}
	for f := range d.sum {
		d.sum[f] = make([]float64, p.End-p.First)
		d.past[f] = make([]float64, p.Ahead)
	}
	return d
}

// DriftObservation is how one forecast of one week of a SKU fared.
type DriftObservation struct {
	Week, Ahead int // week number; weeks between the forecast's origin and the week
	Figures     [numDriftFigures]float64
}

// ObserveDrift returns the figures of week t of the forecast q against the known demand y. scale is about what the SKU sells in a
// week, as known at the forecast's origin, above 0.
func ObserveDrift(q *Quantiles, t int, y, scale float64) (figures [numDriftFigures]float64) {
	loss := 0.0
	for i, level := range q.Levels {
		loss += Pinball(level, float64(q.Week(t)[i]), y)
	}
	figures[DriftLoss] = min(2*loss/float64(len(q.Levels))/scale, driftCap)
	figures[DriftCoverage] = q.ranked(t, y, 0.1)
	below, upTo := q.rank(t, y)
	figures[DriftBias] = 0.5 - (below+upTo)/2
	return figures
}

// Add counts all observations of one SKU.
func (d *Drift) Add(observations []DriftObservation) {
	clear(d.seen)
	for f := range d.past {
		clear(d.past[f])
	}
	usable := func(o *DriftObservation) bool {
		return o.Ahead < d.plan.Ahead && o.Week >= d.plan.First && o.Week < d.plan.End
	}
	for i := range observations {
		if o := &observations[i]; usable(o) && o.Week < d.plan.Recent {
			d.seen[o.Ahead]++
			for f, v := range o.Figures {
				d.past[f][o.Ahead] += v
				d.level[f] += v
			}
			d.count++
		}
	}
	counted := false
	for i := range observations {
		o := &observations[i]
		if !usable(o) || d.seen[o.Ahead] == 0 {
			continue
		}
		counted = true
		d.n[o.Week-d.plan.First]++
		for f, v := range o.Figures {
			d.sum[f][o.Week-d.plan.First] += v - d.past[f][o.Ahead]/d.seen[o.Ahead]
		}
	}
	if counted {
		d.skus++
	}
}

// SKUs returns how many SKUs had something to compare.
func (d *Drift) SKUs() int { return d.skus }

// DriftTest is what became of one figure.
type DriftTest struct {
	Figure   DriftFigure
	Past     float64 // mean over the past weeks
	Change   float64 // of the recent weeks against them, SKU by SKU
	StdError float64 // of the change, by how much weeks vary
	Weeks    int     // past weeks
	P        float64 // chance of such a change without drift: of a higher loss; of any change of coverage and bias
	Notable  bool    // the change is large enough to matter
}

// Tests returns one test for each figure, or nil where there is too little to compare: fewer than 8 past weeks, or no recent one.
// The key names the random numbers.
//
// The statistic is the mean departure of the recent weeks less that of the past weeks. It is compared with what it would be had
// the weeks come in another order (a permutation test, so nothing is assumed about their distribution: one quiet and one wild
// week in ten are no drift). Weeks hang together, so it is not the weeks that change places but the residuals of an AR(1) process
// fitted to the past, from which the weeks are built up again. TestDriftFalseAlarms measures how often it rings in vain.
func (d *Drift) Tests(key random.Key) []DriftTest {
	var tests []DriftTest
	for f := range numDriftFigures {
		var past, recent []float64
		for w, n := range d.n {
			switch {
			case n == 0:
			case d.plan.First+w < d.plan.Recent:
				past = append(past, d.sum[f][w]/n)
			default:
				recent = append(recent, d.sum[f][w]/n)
			}
		}
		if len(past) < minPastWeeks || len(recent) == 0 {
			return nil
		}
		w := newWeekSeries(past, recent)
		t := DriftTest{Figure: f, Past: d.level[f] / d.count, Change: w.change, StdError: w.stdError(), Weeks: len(past)}
		least := notable[f]
		if f == DriftLoss {
			t.P = w.permute(random.New(key.Int(int(f))), func(change float64) float64 { return change })
			least *= t.Past
			t.Notable = t.Change > 0 && t.Change >= least
		} else {
			t.P = w.permute(random.New(key.Int(int(f))), math.Abs)
			t.Notable = math.Abs(t.Change) >= least
		}
		tests = append(tests, t)
	}
	return tests
}

// weekSeries is a figure of consecutive weeks, the last ones recent, taken apart as an AR(1) process.
type weekSeries struct {
	past, recent int       // their numbers
	change       float64   // mean of the recent weeks less that of the past ones
	phi          float64   // coefficient, estimated from the past weeks
	variance     float64   // of a week
	residuals    []float64 // [week]
	scale        float64   // what rounding errors are small against
}

// maxWeekPhi keeps a short past that wanders from being worth less than one week.
const maxWeekPhi = 0.8

func newWeekSeries(past, recent []float64) *weekSeries {
	n := float64(len(past))
	mean := meanOf(past)
	var square, product float64
	for i, x := range past {
		square += (x - mean) * (x - mean)
		if i > 0 {
			product += (x - mean) * (past[i-1] - mean)
		}
	}
	w := &weekSeries{past: len(past), recent: len(recent), change: meanOf(recent) - mean}
	if square > 0 {
		// Kendall's correction of the estimate's bias (Biometrika 41, 1954), and a standard error on top: an estimate that is too
		// low by chance rings, one that is too high does not
		phi := min((product/square+1/n)/(1-3/n), 1)
		phi += math.Sqrt((1 - phi*phi) / n)
		w.phi = min(max(phi, 0), maxWeekPhi)
	}
	w.variance = square / (n * (1 - meanVariance(len(past), w.phi)))
	all := slices.Concat(past, recent)
	centre := meanOf(all)
	before := 0.0
	for i, x := range all {
		x -= centre
		w.scale = max(w.scale, math.Abs(x))
		e := x - w.phi*before
		if i == 0 {
			e = x * math.Sqrt(1-w.phi*w.phi)
		}
		w.residuals = append(w.residuals, e)
		before = x
	}
	return w
}

// stdError returns the standard error of the change.
func (w *weekSeries) stdError() float64 {
	return math.Sqrt(w.variance * (meanVariance(w.past, w.phi) + meanVariance(w.recent, w.phi)))
}

const (
	enoughExceed    = 20     // permutations beyond the observed change after which its chance is known well enough
	maxPermutations = 30_000 // least chance: one in so many
)

// permute returns the chance that a change of the weeks in another order is at least as extreme as the observed one:
// sequentially, by Besag and Clifford (Biometrika 78(2), 1991), with the observed order counted as one of them.
func (w *weekSeries) permute(r random.Source, extreme func(float64) float64) float64 {
	observed := extreme(w.change) - 1e-9*w.scale
	root := math.Sqrt(1 - w.phi*w.phi)
	exceed := 0
	for n := 1; n < maxPermutations; n++ {
		r.Shuffle(len(w.residuals), func(i, j int) { w.residuals[i], w.residuals[j] = w.residuals[j], w.residuals[i] })
		x := w.residuals[0] / root
		past, recent := x, 0.0
		for i, e := range w.residuals[1:] {
			x = w.phi*x + e
			if i+1 < w.past {
				past += x
			} else {
				recent += x
			}
		}
		if extreme(recent/float64(w.recent)-past/float64(w.past)) >= observed {
			if exceed++; exceed == enoughExceed {
				return float64(exceed) / float64(n)
			}
		}
	}
	return float64(exceed+1) / maxPermutations
}

// meanVariance returns the variance of the mean of n values of an AR(1) process of variance 1: (1+2Σ(1-j/n)φ^j)/n.
func meanVariance(n int, phi float64) float64 {
	sum, power := 1.0, 1.0
	for j := 1; j < n; j++ {
		power *= phi
		sum += 2 * (1 - float64(j)/float64(n)) * power
	}
	return sum / float64(n)
}

func meanOf(x []float64) float64 {
	sum := 0.0
	for _, v := range x {
		sum += v
	}
	return sum / float64(len(x))
}

// Holm returns for each p-value of a family of tests the adjusted one: rejecting those not above α keeps the chance of any false
// rejection at α, however the tests depend on each other (Holm, Scandinavian Journal of Statistics 6(2), 1979).
func Holm(p []float64) []float64 {
	order := make([]int, len(p))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(p[a], p[b]) })
	adjusted := make([]float64, len(p))
	highest := 0.0
	for rank, i := range order {
		highest = max(highest, min(float64(len(p)-rank)*p[i], 1))
		adjusted[i] = highest
	}
	return adjusted
}
