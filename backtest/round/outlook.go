package round

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/restock-engine/restock/forecast"
	"github.com/restock-engine/restock/io/table"
)

// Forecast learns from the history with the embedded forecaster and predicts the weeks ahead. One model is fitted for each
// group that seasons are learnt by, and the quantiles of the models are averaged level by level (Vincent averaging;
// Lichtendahl, Grushka-Cockayne and Winkler, Management Science 59(7), 2013): the models err in different ways.
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
				return nil, fmt.Errorf("forecast of %s: %w", g.Items[i], err)
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
	trainer, err := forecast.NewTrainer(forecast.Options{AsOf: g.Last + 1, Horizon: weeks})
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

// ReadForecast reads the outlook from a forecast table for the next week on, whose merchants and articles are the items' keys.
func (g *Game) ReadForecast(path string) (_ *Outlook, err error) {
	dir, err := os.MkdirTemp("", "restock-round-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	articles := filepath.Join(dir, "articles.csv")
	if err := g.writeArticles(articles); err != nil {
		return nil, err
	}
	j, err := table.Join(articles, path, table.JoinOptions{AsOf: forecast.WeekStart(g.Last + 1)})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, j.Close()) }()
	weeks := g.WeeksAhead()
	out := &Outlook{Autocorrelation: defaultAutocorrelation}
	for i := range g.Items {
		item, err := j.Next()
		if err != nil {
			return nil, err
		}
		if item.Reject != nil {
			return nil, fmt.Errorf("%s: %s: %s", path, g.Items[i], item.Reject.Reason)
		}
		if n := item.Forecast.Weeks(); n < weeks {
			return nil, fmt.Errorf("%s: %s has %d of the %d weeks from %s on that the game needs", path, g.Items[i], n, weeks,
				weekName(g.Last+1))
		}
		out.Quantiles = append(out.Quantiles, *item.Forecast)
	}
	return out, nil
}

// defaultAutocorrelation is assumed between the weeks of a forecast that comes from elsewhere.
const defaultAutocorrelation = 0.3

// writeArticles writes the items as an articles table, in their order.
func (g *Game) writeArticles(path string) error {
	w, err := table.CreateArticles(path, nil)
	if err != nil {
		return err
	}
	defer w.Abort()
	for i, item := range g.Items {
		row := table.ArticleRow{Key: table.Key{Merchant: item.Merchant, Article: item.Article}, OnHand: g.Stocks[i].OnHand}
		if err := w.Write(&row); err != nil {
			return err
		}
	}
	return w.Commit()
}

// WriteHistory writes all known demand as a history table, for other forecasters.
func (g *Game) WriteHistory(path string) error {
	w, err := table.CreateHistory(path, nil)
	if err != nil {
		return err
	}
	defer w.Abort()
	for i, item := range g.Items {
		s := g.series(i, item.Merchant)
		s.ArticleID = item.Article
		if err := w.Write(s); err != nil {
			return err
		}
	}
	return w.Commit()
}

// Average returns the mean of two outlooks' quantiles, at the levels of the first.
func Average(a, b *Outlook) *Outlook {
	out := &Outlook{Autocorrelation: (a.Autocorrelation + b.Autocorrelation) / 2}
	for i := range a.Quantiles {
		x, y := &a.Quantiles[i], &b.Quantiles[i]
		q := forecast.Quantiles{Levels: x.Levels, Values: make([]float32, len(x.Values))}
		for t := range x.Weeks() {
			for k, level := range x.Levels {
				q.Week(t)[k] = float32((float64(x.Week(t)[k]) + y.At(t, level)) / 2)
			}
		}
		out.Quantiles = append(out.Quantiles, q)
	}
	return out
}
