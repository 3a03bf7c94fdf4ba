package judge

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/restock-engine/restock/forecast"
	"github.com/restock-engine/restock/internal/parallel"
	"github.com/restock-engine/restock/io/table"
)

// panel is everything that is needed to forecast each SKU at each origin.
type panel struct {
	in      *Input
	history *table.HistoryReader
	found   *survey
	origins []int // week numbers, rising
	models  []string
	levels  []float64
	keys    *keysFile
	files   []*openFile             // of the origins
	fitted  [][]forecast.Forecaster // [origin][built-in model]
	keep    map[table.Key]bool      // SKUs that are judged; nil: all
	notes   []string                // what the reader should know
}

// openPanel opens the history and the files, settles the origins and fits the models. sample is how many SKUs the survey is to
// draw.
func openPanel(ctx context.Context, in *Input, sample int) (p *panel, err error) {
	if err := in.validate(); err != nil {
		return nil, err
	}
	p = &panel{in: in, levels: forecast.Levels39()}
	defer func() {
		if err != nil {
			err = errors.Join(err, p.close())
			p = nil
		}
	}()
	if p.history, err = table.OpenHistory(in.History, in.Read); err != nil {
		return p, err
	}
	if p.found, err = look(ctx, p.history, in.History, max(sample, in.SKUs)); err != nil {
		return p, err
	}
	if in.SKUs > 0 && in.SKUs < p.found.skus {
		p.keep = map[table.Key]bool{}
		for _, key := range p.found.sample[:in.SKUs] {
			p.keep[key] = true
		}
	}
	var fileOrigins []int
	if len(in.Files) > 0 {
		if fileOrigins, err = p.openFiles(ctx); err != nil {
			return p, err
		}
	}
	if p.origins, err = in.origins(p.found.first, p.found.end, fileOrigins); err != nil {
		return p, err
	}
	if err = p.noteOrigins(fileOrigins); err != nil {
		return p, err
	}
	if len(in.Models) > 0 {
		p.fitted, err = learn(ctx, p.history, in, p.origins)
	}
	p.models = append(p.models, in.Models...)
	return p, err
}

// openFiles opens the forecast files and returns the origins that all of these have.
func (p *panel) openFiles(ctx context.Context) (origins []int, err error) {
	if p.keys, err = writeKeys(ctx, p.history, p.keep, p.in.Read.TempDir); err != nil {
		return nil, err
	}
	for _, f := range p.in.Files {
		file, err := p.keys.open(p.in, f)
		if err != nil {
			return nil, err
		}
		p.files = append(p.files, file)
	}
	if err := name(p.files); err != nil {
		return nil, err
	}
	p.models, origins, err = commonOrigins(p.files)
	return origins, err
}

// noteOrigins closes the files that are not judged, and says which and why.
func (p *panel) noteOrigins(fileOrigins []int) error {
	in := p.in
	if fileOrigins == nil {
		if len(in.Dates) == 0 && len(p.origins) < in.Origins {
			p.notes = append(p.notes, fmt.Sprintf("the history has room for %d of the %d origins", len(p.origins), in.Origins))
		}
		return nil
	}
	var used, unused []*openFile
	for _, f := range p.files {
		if slices.Contains(p.origins, f.origin) {
			used = append(used, f)
			continue
		}
		if in.Origins == 0 && len(in.Dates) == 0 {
			p.notes = append(p.notes,
				fmt.Sprintf("%s, from %s, is left out: not every forecast has this origin, or the history has no week to judge it by",
					f.Path, forecast.WeekStart(f.origin).Format(time.DateOnly)))
		}
		unused = append(unused, f)
	}
	p.files = used
	return closeAll(unused)
}

// close releases files and temporary files.
func (p *panel) close() error {
	var errs []error
	errs = append(errs, closeAll(p.files))
	if p.keys != nil {
		errs = append(errs, p.keys.remove())
	}
	if p.history != nil {
		errs = append(errs, p.history.Close())
	}
	return errors.Join(errs...)
}

// subject is one SKU with what the files say about it.
type subject struct {
	series *forecast.Series
	given  []*forecast.Quantiles // [file], nil where it has none
}

// next returns the next SKU that is judged; io.EOF after the last one.
func (p *panel) next() (subject, error) {
	for {
		s, _, err := p.history.Next()
		if err != nil {
			return subject{}, err
		}
		if s == nil || p.keep != nil && !p.keep[table.Key{Merchant: s.MerchantID, Article: s.ArticleID}] {
			continue
		}
		x := subject{series: s}
		for _, f := range p.files {
			q, err := f.next()
			if err != nil {
				return subject{}, err
			}
			x.given = append(x.given, q)
		}
		return x, nil
	}
}

// view is one SKU at one origin.
type view struct {
	origin   int // index
	class    forecast.Class
	scale    float64              // about what it sells in a week, as known at the origin
	actual   []float64            // [week ahead] NaN where the demand is not known
	forecast []forecast.Quantiles // [model] at the panel's levels; no weeks where the model has none
	outcome  []outcome            // [model] of the decisions; nil where none were made
}

// views forecasts a SKU at each origin at which it had a history.
func (p *panel) views(x subject) ([]view, error) {
	s := x.series
	var views []view
	past := make([]float64, 52)
	for i, week := range p.origins {
		if s.FirstWeek >= week {
			continue
		}
		known := s.Until(week)
		v := view{origin: i, actual: make([]float64, p.in.Horizon), forecast: make([]forecast.Quantiles, len(p.models))}
		s.Actual(week, p.found.end, v.actual)
		known.Actual(week-len(past), week, past)
		v.scale = scaleOf(past)
		v.class = classAt(known, week)
		ours := len(p.models) - len(p.in.Models)
		for k, f := range p.files {
			if f.origin == week && x.given[k] != nil {
				v.forecast[slices.Index(p.models[:ours], f.Model)] = onLevels(x.given[k], p.levels)
			}
		}
		for m, model := range p.fittedAt(i) {
			if _, err := model.Predict(known, week, p.in.Horizon, &v.forecast[ours+m]); err != nil {
				return nil, fmt.Errorf("%s: SKU %s/%s: %w", p.in.History, s.MerchantID, s.ArticleID, err)
			}
		}
		views = append(views, v)
	}
	return views, nil
}

func (p *panel) fittedAt(origin int) []forecast.Forecaster {
	if p.fitted == nil {
		return nil
	}
	return p.fitted[origin]
}

// scaleOf returns what an error is large against: the mean of the known weeks, drawn a little towards one unit a week; of slow
// sellers its square root, which is about the standard deviation of their weeks. Never 0.
func scaleOf(past []float64) float64 {
	const strength = 4
	sum, n := float64(strength), float64(strength)
	for _, y := range past {
		if !math.IsNaN(y) {
			sum += y
			n++
		}
	}
	return max(sum/n, math.Sqrt(sum/n))
}

// classAt returns the demand class of a history that ends before the given week.
func classAt(known *forecast.Series, week int) forecast.Class {
	demand := make([]float64, week-known.FirstWeek)
	known.Actual(known.FirstWeek, week, demand)
	return forecast.Classify(demand)
}

// onLevels returns the forecast at other levels, as the simulator reads between and beyond its own.
func onLevels(q *forecast.Quantiles, levels []float64) forecast.Quantiles {
	if slices.Equal(q.Levels, levels) {
		return *q
	}
	out := forecast.Quantiles{Levels: levels, Values: make([]float32, 0, q.Weeks()*len(levels))}
	for t := range q.Weeks() {
		for _, level := range levels {
			out.Values = append(out.Values, float32(q.At(t, level)))
		}
	}
	return out
}

// judged is one SKU's forecasts, or an error.
type judged struct {
	series *forecast.Series
	views  []view
	seen   []forecast.DriftObservation // of a drift check
	err    error
}

// each forecasts all SKUs, looks at each with work, on several workers, and hands them out in the order of the history.
func (p *panel) each(ctx context.Context, work func(worker int, j *judged) error, emit func(*judged) error) error {
	total := int64(p.found.skus)
	if p.keep != nil {
		total = int64(len(p.keep))
	}
	done := int64(0)
	return parallel.Ordered(ctx, parallel.Workers(p.in.Workers), p.next, func(worker int, x subject) *judged {
		j := &judged{series: x.series}
		if j.views, j.err = p.views(x); j.err == nil {
			j.err = work(worker, j)
		}
		return j
	}, func(j *judged) error {
		if j.err != nil {
			return j.err
		}
		done++
		if p.in.Progress != nil {
			p.in.Progress(done, total)
		}
		return emit(j)
	})
}
