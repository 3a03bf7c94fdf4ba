package judge

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/restock-engine/restock/forecast"
	"github.com/restock-engine/restock/internal/parallel"
	"github.com/restock-engine/restock/io/table"
)

// learn reads the history and fits each of the models at each origin, from what was known then: [origin][model]. Every origin
// keeps a sample of series for as long as it learns, 30 MB at most.
func learn(ctx context.Context, h *table.HistoryReader, in *Input, origins []int) ([][]forecast.Forecaster, error) {
	trainers := make([]*forecast.Trainer, len(origins))
	for i, week := range origins {
		var err error
		if trainers[i], err = forecast.NewTrainer(forecast.Options{AsOf: week, Horizon: in.Horizon}); err != nil {
			return nil, err
		}
	}
	var rejected int64
	known := make([]int, len(origins))
	err := eachSeries(ctx, h, func(s *forecast.Series) error {
		for i, week := range origins {
			if s.FirstWeek >= week {
				continue
			}
			known[i]++
			if err := trainers[i].Add(s.Until(week)); err != nil {
				return fmt.Errorf("%s: SKU %s/%s: %w", in.History, s.MerchantID, s.ArticleID, err)
			}
		}
		return nil
	}, &rejected)
	if err != nil {
		return nil, err
	}
	for i, n := range known {
		if n == 0 {
			return nil, fmt.Errorf("%s has no SKU with a week before %s", in.History,
				forecast.WeekStart(origins[i]).Format(time.DateOnly))
		}
	}
	if err := h.Rewind(); err != nil {
		return nil, err
	}
	return fitAll(ctx, in, trainers)
}

// fitAll fits the models, several at a time.
func fitAll(ctx context.Context, in *Input, trainers []*forecast.Trainer) ([][]forecast.Forecaster, error) {
	type fitted struct {
		model forecast.Forecaster
		err   error
	}
	var all [][]forecast.Forecaster
	i := -1
	next := func() (int, error) {
		if i++; i == len(trainers)*len(in.Models) {
			return 0, io.EOF
		}
		return i, nil
	}
	err := parallel.Ordered(ctx, parallel.Workers(in.Workers), next, func(_ int, i int) (f fitted) {
		f.model, f.err = fit(trainers[i/len(in.Models)], in.Models[i%len(in.Models)])
		return f
	}, func(f fitted) error {
		if len(all) == 0 || len(all[len(all)-1]) == len(in.Models) {
			all = append(all, nil)
		}
		last := len(all) - 1
		all[last] = append(all[last], f.model)
		return f.err
	})
	return all, err
}

func fit(t *forecast.Trainer, model string) (forecast.Forecaster, error) {
	switch model {
	case SeasonalNaive:
		return t.FitSeasonalNaive()
	case MovingAverage:
		return t.FitMovingAverage()
	default:
		return t.Fit()
	}
}
