package forecast

import (
	"math"
	"slices"

	"github.com/restock-engine/restock/internal/stat"
)

// Baseline is a simple comparator: a point forecast, and around it the empirical quantiles of its own past errors at rolling origins,
// relative to the article's scale and pooled by demand class and number of weeks ahead (split conformal prediction with signed, scaled
// residuals: Lei et al., JASA 113(523), 2018, section 5.2). Immutable, safe for concurrent use.
type Baseline struct {
	opts  Options
	flat  *Model // what a track starts from
	point func(o *origin, h int) float64
	error [numClasses][][]float64 // [class][weeks ahead][level], in scales
}

// minErrors is the number of errors that a demand class needs for quantiles of its own; else it takes those of all classes.
const minErrors = 100

func (t *Trainer) fitBaseline(point func(o *origin, h int) float64) (*Baseline, error) {
	if t.series == 0 {
		return nil, ErrNoSeries
	}
	b := &Baseline{opts: t.opts, flat: flatModel(t), point: point}
	horizon := t.opts.Horizon
	var errors [numClasses][][]float64
	for c := range errors {
		errors[c] = make([][]float64, horizon)
	}
	all := make([][]float64, horizon)
	f := fitter{m: b.flat, series: t.inOrder(), firstWeek: t.firstWeek}
	f.each(func(o *origin) {
		scale := o.scale()
		for h := range horizon {
			if y, ok := o.known(h); ok {
				e := (y - point(o, h)) / scale
				errors[o.class][h] = append(errors[o.class][h], e)
				all[h] = append(all[h], e)
			}
		}
	})
	for h := range horizon {
		slices.Sort(all[h])
	}
	for c := range errors {
		b.error[c] = make([][]float64, horizon)
		for h := range horizon {
			e := errors[c][h]
			slices.Sort(e)
			if len(e) < minErrors {
				e = all[h]
			}
			quantiles := make([]float64, len(t.opts.Levels))
			for i, level := range t.opts.Levels {
				if len(e) > 0 {
					quantiles[i] = stat.SortedQuantile(e, level)
				}
			}
			b.error[c][h] = quantiles
		}
	}
	return b, nil
}

// flatModel knows no season.
func flatModel(t *Trainer) *Model {
	return &Model{opts: t.opts, asOf: t.asOf(), all: flatProfile(), launch: t.all.launchLevel(1, 1)}
}

// scale is the mean demand of the last year, with the launch level for as many weeks as a launch takes to show its own; never 0.
func (o *origin) scale() float64 {
	mean, known := o.sums.mean(max(o.next-seasonWeeks, 0), o.next)
	return (mean*known + firstWeeks*(o.launch+0.1)) / (known + firstWeeks)
}

// Predict implements [Forecaster].
func (b *Baseline) Predict(s *Series, asOf, horizon int, dst *Quantiles) (Diagnostics, error) {
	if err := checkQuestion(s, asOf, horizon); err != nil {
		return Diagnostics{}, err
	}
	var k track
	k.d.clean(s, asOf, b.opts.MinShare)
	b.flat.start(&k, s)
	n := len(k.d.y)
	k.advance(n)
	o := origin{&k, k.pattern.class(), n}
	dst.reshape(b.opts.Levels, horizon)
	scale := o.scale()
	for h := range horizon {
		point := b.point(&o, h)
		errors := b.error[o.class][min(h, b.opts.Horizon-1)]
		for i, e := range errors {
			v := max(point+e*scale, 0)
			if k.d.whole {
				v = math.Round(v)
			}
			dst.Week(h)[i] = float32(v)
		}
	}
	return Diagnostics{o.class, k.pattern.weeks, n - k.pattern.weeks, k.level[middle].mean(), 0}, nil
}
