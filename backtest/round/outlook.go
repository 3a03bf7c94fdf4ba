package round

import (
	"fmt"

	"github.com/restock-engine/restock/forecast"
)

// Forecast learns from the history with the embedded forecaster and predicts the weeks ahead. One model is fitted for each group that seasons are
// learnt by, and the quantiles of the models are averaged level by level (Vincent averaging; Lichtendahl, Grushka-Cockayne and Winkler,
// Management Science 59(7), 2013): the models err in different ways.
func (g *Game) Forecast() (*Outlook, error) {
	weeks := max(g.WeeksAhead(), 1)
	out := &Outlook{Quantiles: make([]forecast.Quantiles, len(g.Items))}
	share := 1 / float32(len(g.Groups))
	var q forecast.Quantiles
	for n, group := range g.Groups {
		model, series, err := g.fit(&group, weeks)
		if err != nil {
			return nil, err
		}
		out.Autocorrelation += model.Autocorrelation() / float64(len(g.Groups))
		for i, s := range series {
			if _, err := model.Predict(s, g.Last+1, weeks, &q); err != nil {
				return nil, fmt.Errorf("forecast of %s/%s: %w", g.Items[i].Merchant, g.Items[i].Article, err)
			}
			o := &out.Quantiles[i]
			if n == 0 {
				*o = forecast.Quantiles{Levels: q.Levels, Values: make([]float32, len(q.Values))}
			}
			for k, v := range q.Values {
				o.Values[k] += share * v
			}
		}
	}
	return out, nil
}

func (g *Game) fit(group *Group, weeks int) (*forecast.Model, []*forecast.Series, error) {
	trainer, err := forecast.NewTrainer(forecast.Options{AsOf: g.Last + 1, Horizon: min(weeks, 104)})
	if err != nil {
		return nil, nil, err
	}
	series := make([]*forecast.Series, len(g.Items))
	for i := range g.Items {
		series[i] = g.series(i, group.Member[i])
		if err := trainer.Add(series[i]); err != nil {
			return nil, nil, err
		}
	}
	model, err := trainer.Fit()
	if err != nil {
		return nil, nil, fmt.Errorf("seasons by %s: %w", group.Column, err)
	}
	return model, series, nil
}
