package demo

import (
	"fmt"
	"math"
	"time"

	"github.com/restock-engine/restock/forecast"
	"github.com/restock-engine/restock/internal/random"
	"github.com/restock-engine/restock/io/table"
	"github.com/restock-engine/restock/simulate"
)

const (
	// MaxSKUs is the largest assortment; the numbers in keys have as many digits.
	MaxSKUs = 99_999_999
	// MaxHistoryWeeks is the length of the real sales. Merchants in an earlier season have up to a year less.
	MaxHistoryWeeks = 105

	weeksAhead  = 12
	perMerchant = 250 // SKUs
	seasonStep  = 4   // weeks between the seasons that merchants can be in
	seasons     = 13  // so that they are spread over a year
)

// Generator makes SKUs. It is not safe for concurrent use.
type Generator struct {
	key       random.Key
	templates []template
	model     *forecast.Model
	lags      []float64 // return lag weights, the same for all
	forecasts map[question]*forecast.Quantiles
}

// question is which template's forecast, from how many weeks before the end of its history.
type question struct{ template, back int }

// SKU is one article with its forecast and its history.
type SKU struct {
	Row      table.ArticleRow
	Forecast forecast.Quantiles
	History  forecast.Series
}

// NewGenerator reads the example data and learns the forecast model from them.
func NewGenerator(seed uint64) (*Generator, error) {
	templates, err := readTemplates()
	if err != nil {
		return nil, fmt.Errorf("the example data that the program carries: %w", err)
	}
	trainer, err := forecast.NewTrainer(forecast.Options{Horizon: weeksAhead})
	if err != nil {
		return nil, err
	}
	for i := range templates {
		if err := trainer.Add(templates[i].series); err != nil {
			return nil, err
		}
	}
	model, err := trainer.Fit()
	if err != nil {
		return nil, err
	}
	return &Generator{key: random.NewKey(seed, "demo-data"), templates: templates, model: model,
		lags: templates[0].article.ReturnLagWeights, forecasts: map[question]*forecast.Quantiles{}}, nil
}

// AsOf returns the Monday of week 0.
func (g *Generator) AsOf() time.Time { return forecast.WeekStart(g.model.AsOf()) }

// SKU makes SKU i in dst, whose memory is reused, with the last historyWeeks weeks of its sales. It depends on the seed, i and,
// for the history alone, historyWeeks. Keys rise with i.
func (g *Generator) SKU(i, historyWeeks int, dst *SKU) error {
	merchant := i / perMerchant
	m := random.New(g.key.String("merchant").Int(merchant))
	back := seasonStep * m.Intn(seasons)
	slowness := math.Exp(0.25 * m.NormFloat64())

	key := g.key.String("article").Int(i)
	r := random.New(key)
	n := g.choose(r, back)
	t := &g.templates[n]
	real, err := g.forecast(question{n, back})
	if err != nil {
		return err
	}
	pace := math.Exp(0.5 * r.NormFloat64())
	perturb(&dst.Forecast, real, pace*math.Exp(0.1*r.NormFloat64()), math.Exp(0.15*r.NormFloat64()))
	id := table.Key{Merchant: fmt.Sprintf("shop-%06d", merchant), Article: fmt.Sprintf("%08d-%s", i, t.id)}
	price := g.row(&dst.Row, t, id, &dst.Forecast, slowness, r)
	dst.History = history(t.series, id, g.model.AsOf(), back, historyWeeks, pace, price, random.New(key.String("history")))
	return nil
}

// choose draws a template that had been sold before the week that the merchant's season begins in.
func (g *Generator) choose(r random.Source, back int) int {
	for {
		n := r.Intn(len(g.templates))
		if g.templates[n].series.FirstWeek < g.model.AsOf()-back {
			return n
		}
	}
}

// forecast returns a template's real forecast for the weeks that follow so many weeks before the end of its history. It is
// kept: there are a few thousand of them.
func (g *Generator) forecast(q question) (*forecast.Quantiles, error) {
	if f := g.forecasts[q]; f != nil {
		return f, nil
	}
	f := &forecast.Quantiles{}
	if _, err := g.model.Predict(g.templates[q.template].series, g.model.AsOf()-q.back, weeksAhead, f); err != nil {
		return nil, err
	}
	g.forecasts[q] = f
	return f, nil
}

// perturb makes dst the forecast of demand that is faster by a factor and has quantiles further from the median by another.
func perturb(dst, real *forecast.Quantiles, pace, spread float64) {
	dst.Levels = real.Levels
	dst.Values = append(dst.Values[:0], real.Values...)
	for t := range dst.Weeks() {
		week := dst.Week(t)
		median := float64(week[len(week)/2])
		for k, v := range week {
			week[k] = float32(max(0, pace*(median+spread*(float64(v)-median))))
		}
	}
}

// history returns the last weeks of a series as they were some weeks before its end, dated up to asOf, with sales and prices
// changed by factors. Units stay whole: a fraction is rounded up as often as it is large.
func history(s *forecast.Series, id table.Key, asOf, back, weeks int, pace, price float64, r random.Source) forecast.Series {
	last := asOf - back - s.FirstWeek
	first := max(0, last-weeks)
	last = min(last, s.Weeks())
	h := forecast.Series{MerchantID: id.Merchant, ArticleID: id.Article, FirstWeek: s.FirstWeek + first + back}
	for w := first; w < last; w++ {
		h.Sales = append(h.Sales, whole(pace*s.Sales[w], r))
		h.Returns = append(h.Returns, whole(pace*s.Returns[w], r))
		h.Price = append(h.Price, roundTo(price*s.Price[w], 0.01))
	}
	return h
}

// whole rounds up or down at random, right on average.
func whole(x float64, r random.Source) float64 { return math.Floor(x + r.Float64()) }

// roundTo rounds to a multiple of a unit such as 0.01.
func roundTo(x, unit float64) float64 {
	per := math.Round(1 / unit)
	return math.Round(x*per) / per
}

// weekly returns the mean demand of a week, units.
func weekly(f *forecast.Quantiles) float64 {
	sum := 0.0
	for t := range f.Weeks() {
		sum += f.Mean(t)
	}
	return sum / float64(f.Weeks())
}

// packs returns an article that has the order rules of a SKU and nothing else.
func packs(pack, moq float64) simulate.Article {
	return simulate.Article{PackSize: pack, MOQ: math.Ceil(moq/pack) * pack, MaxOrder: math.Inf(1)}
}
