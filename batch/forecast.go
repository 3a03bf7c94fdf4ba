package batch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"time"

	"github.com/restock-engine/restock/forecast"
	"github.com/restock-engine/restock/internal/parallel"
	"github.com/restock-engine/restock/io/table"
)

// ForecastJob is one forecast of a whole history.
type ForecastJob struct {
	History  string    // path of the table
	Out      string    // path of the forecast table
	Rejects  string    // path; "" writes none
	Method   string    // one of Methods
	AsOf     time.Time // a day of the first week to forecast; zero: the week after the last one of the history
	Horizon  int
	Workers  int
	Read     table.HistoryOptions
	Stdout   io.Writer
	Progress func(done, total int64)
}

// Methods are the forecasters that a ForecastJob knows, the default first.
func Methods() []string { return []string{"pooled", "seasonal-naive", "moving-average"} }

// ForecastSummary says what a forecast rests on.
type ForecastSummary struct {
	AsOf            time.Time // Monday of week 0
	SKUs            int64
	In              int64 // rows of the history
	Rows            int64 // of the history that were rejected
	Classes         map[forecast.Class]int64
	MaskedWeeks     int64 // weeks out of stock, which are not demand
	Autocorrelation float64
	Files           []string
	Warnings        []string
}

// Forecast learns from all SKUs of the history in one pass, and predicts each in a second one, in the history's order.
func Forecast(ctx context.Context, job ForecastJob) (s *ForecastSummary, err error) {
	s = &ForecastSummary{Classes: map[forecast.Class]int64{}}
	if err := checkOutputs(job.Out, job.Rejects); err != nil {
		return nil, err
	}
	history, err := table.OpenHistory(job.History, job.Read)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, history.Close()) }()
	if history.SKUs() == 0 {
		return nil, fmt.Errorf("%s has no SKU with a usable row, so there is nothing to forecast", job.History)
	}
	s.In, s.Warnings = history.Rows(), history.Doubts()
	total := 2 * int64(history.SKUs())
	var done int64
	progress := func() {
		done++
		if job.Progress != nil {
			job.Progress(done/2, total/2)
		}
	}
	model, weekZero, err := job.learn(ctx, history, s, progress)
	if err != nil {
		return nil, err
	}
	s.AsOf = forecast.WeekStart(weekZero)
	if m, ok := model.(*forecast.Model); ok {
		s.Autocorrelation = m.Autocorrelation()
	}
	if err := history.Rewind(); err != nil {
		return nil, err
	}
	return s, job.predict(ctx, history, model, weekZero, s, progress)
}

// learn fits the model on all series.
func (job *ForecastJob) learn(ctx context.Context, history *table.HistoryReader, s *ForecastSummary, progress func()) (forecast.Forecaster, int, error) {
	o := forecast.Options{Horizon: job.Horizon}
	if !job.AsOf.IsZero() {
		o.AsOf = forecast.WeekNumber(job.AsOf)
	}
	trainer, err := forecast.NewTrainer(o)
	if err != nil {
		return nil, 0, err
	}
	first, last := math.MaxInt, 0
	for ctx.Err() == nil {
		series, _, err := history.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, 0, err
		}
		if series != nil {
			if err := trainer.Add(series); err != nil {
				return nil, 0, fmt.Errorf("%s: SKU %s/%s: %w", job.History, series.MerchantID, series.ArticleID, err)
			}
			first = min(first, series.FirstWeek)
			last = max(last, series.FirstWeek+series.Weeks())
			progress()
		}
	}
	if ctx.Err() != nil {
		return nil, 0, ctx.Err()
	}
	if !job.AsOf.IsZero() {
		switch {
		case o.AsOf <= first:
			return nil, 0, fmt.Errorf("%s begins with the week of %s: there is nothing before %s to learn from", job.History,
				forecast.WeekStart(first).Format(time.DateOnly), job.AsOf.Format(time.DateOnly))
		case o.AsOf > last:
			s.Warnings = append(s.Warnings, fmt.Sprintf("the history ends %d weeks before the forecast begins; newer sales would make it better", o.AsOf-last))
		}
		last = o.AsOf
	}
	switch job.Method {
	case "seasonal-naive":
		m, err := trainer.FitSeasonalNaive()
		return m, last, err
	case "moving-average":
		m, err := trainer.FitMovingAverage()
		return m, last, err
	default:
		m, err := trainer.Fit()
		return m, last, err
	}
}

// predicted is one SKU's forecast, or an error; rejects are of its rows.
type predicted struct {
	key       table.Key
	quantiles forecast.Quantiles
	facts     forecast.Diagnostics
	rejects   []table.Reject
	err       error
}

func (job *ForecastJob) predict(ctx context.Context, history *table.HistoryReader, model forecast.Forecaster, weekZero int,
	s *ForecastSummary, progress func()) (err error) {
	out, err := table.CreateForecast(job.Out, job.Stdout, forecast.Levels39(), s.AsOf)
	if err != nil {
		return err
	}
	var rejects *table.RejectWriter
	if job.Rejects != "" {
		if rejects, err = table.CreateRejects(job.Rejects, job.Stdout); err != nil {
			out.Abort()
			return err
		}
	}
	type read struct {
		series  *forecast.Series
		rejects []table.Reject
	}
	next := func() (read, error) {
		series, rejects, err := history.Next()
		return read{series, rejects}, err
	}
	work := func(_ int, r read) predicted {
		p := predicted{rejects: r.rejects}
		if r.series != nil {
			p.key = table.Key{Merchant: r.series.MerchantID, Article: r.series.ArticleID}
			p.facts, p.err = model.Predict(r.series, weekZero, job.Horizon, &p.quantiles)
		}
		return p
	}
	err = parallel.Ordered(ctx, parallel.Workers(job.Workers), next, work, func(p predicted) error {
		if p.err != nil {
			return fmt.Errorf("%s: SKU %s/%s: %w", job.History, p.key.Merchant, p.key.Article, p.err)
		}
		s.Rows += int64(len(p.rejects))
		for _, r := range p.rejects {
			if rejects != nil {
				if err := rejects.Write(r); err != nil {
					return err
				}
			}
		}
		if p.quantiles.Weeks() == 0 {
			return nil
		}
		s.SKUs++
		s.Classes[p.facts.Class]++
		s.MaskedWeeks += int64(p.facts.Masked)
		progress()
		return out.Write(p.key, &p.quantiles)
	})
	if err != nil {
		out.Abort()
		if rejects != nil {
			rejects.Abort()
		}
		return err
	}
	s.Files = []string{job.Out}
	if rejects != nil {
		s.Files = append(s.Files, job.Rejects)
		if err := rejects.Commit(); err != nil {
			out.Abort()
			return err
		}
	}
	return out.Commit()
}
