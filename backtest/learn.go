package backtest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/restock-engine/restock/forecast"
)

// forecaster returns the forecast of a SKU from its date on, nil if there is none.
type forecaster func(s *sku, weeks int) (*forecast.Quantiles, forecast.Class, error)

// ahead is a date's forecasts under way.
type ahead struct {
	date   int
	done   chan struct{}
	source forecaster
	err    error
}

// learn returns the forecasts of date n, and begins to learn those of the next date.
func (r *replay) learn(ctx context.Context, n int) (forecaster, error) {
	begin := func(n int) {
		a := &ahead{date: n, done: make(chan struct{})}
		r.ahead = a
		go func() {
			defer close(a.done)
			a.source, a.err = r.forecasts(ctx, n)
		}()
	}
	if r.ahead == nil || r.ahead.date != n {
		r.learnt()
		begin(n)
	}
	source, err := r.learnt()
	if err == nil && n+1 < len(r.job.Dates) {
		begin(n + 1)
	}
	return source, err
}

// learnt waits for the forecasts under way.
func (r *replay) learnt() (forecaster, error) {
	if r.ahead == nil {
		return nil, nil
	}
	<-r.ahead.done
	return r.ahead.source, r.ahead.err
}

// forecasts learns from what was known at the date, or reads what was forecast then.
func (r *replay) forecasts(ctx context.Context, n int) (forecaster, error) {
	asOf := r.job.Dates[n]
	options := forecast.Options{AsOf: asOf, Horizon: min(max(r.job.Settings.Horizon(), r.job.Evaluate[len(r.job.Evaluate)-1]), 104)}
	trainer, err := forecast.NewTrainer(options)
	if err != nil {
		return nil, err
	}
	if err := r.lessons.Rewind(); err != nil {
		return nil, err
	}
	for ctx.Err() == nil {
		series, _, err := r.lessons.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		if series == nil || series.FirstWeek >= asOf {
			continue
		}
		if err := trainer.Add(cut(series, asOf)); err != nil {
			return nil, fmt.Errorf("%s: SKU %s/%s: %w", r.job.History, series.MerchantID, series.ArticleID, err)
		}
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	model, err := trainer.Fit()
	if err != nil {
		return nil, fmt.Errorf("%s, before %s: %w", r.job.History, day(asOf), err)
	}
	embedded := func(s *sku, weeks int) (*forecast.Quantiles, forecast.Class, error) {
		q := &forecast.Quantiles{}
		d, err := model.Predict(cut(s.series, s.asOf), s.asOf, min(weeks, 104), q)
		return q, d.Class, err
	}
	if r.job.Forecasts == "" {
		return embedded, nil
	}
	given, err := r.readForecast(asOf)
	if err != nil {
		return nil, err
	}
	return func(s *sku, weeks int) (*forecast.Quantiles, forecast.Class, error) {
		_, class, err := embedded(s, weeks)
		return given[s.key], class, err
	}, nil
}

// cut returns the series as it was known at a date: nothing of its week or later.
func cut(s *forecast.Series, asOf int) *forecast.Series {
	n := max(0, min(len(s.Sales), asOf-s.FirstWeek))
	c := *s
	for _, column := range []*[]float64{&c.Sales, &c.InStock, &c.Returns, &c.Price, &c.OnHand, &c.Ordered, &c.Received} {
		if *column != nil {
			*column = slices.Clone((*column)[:n])
		}
	}
	return &c
}
