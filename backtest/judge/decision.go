package judge

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/restock-engine/restock/forecast"
	"github.com/restock-engine/restock/internal/parallel"
	"github.com/restock-engine/restock/io/settings"
	"github.com/restock-engine/restock/io/table"
	"github.com/restock-engine/restock/optimize"
	"github.com/restock-engine/restock/simulate"
)

// outcome is what a decision came to on what really happened: money and units over the horizon.
type outcome struct {
	Cost    float64
	Sold    float64
	Lost    float64
	Ordered float64
	Stock   float64 // at the end of the weeks, mean
}

func (o *outcome) add(x *outcome) {
	o.Cost += x.Cost
	o.Sold += x.Sold
	o.Lost += x.Lost
	o.Ordered += x.Ordered
	o.Stock += x.Stock
}

// decider feeds forecasts to the optimiser, and replays what it recommends.
type decider struct {
	settings *settings.Settings
	sampler  *simulate.Sampler
	articles map[table.Key]*table.ArticleRow // of the SKUs that are decided
	workers  []decisionMemory
}

type decisionMemory struct {
	work      optimize.Workspace
	scenarios simulate.Scenarios
	totals    []simulate.Totals
	costs     []float64
}

const (
	// replays is how often the lead times and returns of a replay are drawn; its demand is what happened. All models get the same
	// draws.
	replays   = 64
	replaySet = simulate.Set(2) // neither what the policy was chosen on nor what it was reported from
)

// newDecider reads the articles table and keeps the rows of the given SKUs. A nil decider decides nothing.
func newDecider(ctx context.Context, d *Decisions, keys []table.Key, workers int, stdin io.Reader) (_ *decider, err error) {
	if d == nil {
		return nil, nil
	}
	wanted := make(map[table.Key]bool, len(keys))
	for _, k := range keys {
		wanted[k] = true
	}
	x := &decider{settings: d.Settings, sampler: simulate.NewSampler(d.Seed), articles: map[table.Key]*table.ArticleRow{},
		workers: make([]decisionMemory, parallel.Workers(workers))}
	r, err := table.OpenArticles(d.Articles, stdin)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		row, rejects, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		if rejects == nil && wanted[row.Key] && x.articles[row.Key] == nil {
			x.articles[row.Key] = row
		}
	}
	if len(x.articles) == 0 {
		return nil, fmt.Errorf("%s has a usable row for none of the %d SKUs to be decided, so no decision can be judged",
			d.Articles, len(keys))
	}
	return x, nil
}

// decide fills in the outcomes of a SKU's views, where the demand of every week of its horizon is known and every model forecasts
// them all.
func (d *decider) decide(worker int, in *Input, origins []int, j *judged) error {
	if d == nil {
		return nil
	}
	s := j.series
	row := d.articles[table.Key{Merchant: s.MerchantID, Article: s.ArticleID}]
	if row == nil {
		return nil
	}
	for i := range j.views {
		v := &j.views[i]
		article, how, err := d.settings.Article(row)
		if err != nil {
			return nil // its row can't be used; the count of decisions shows it
		}
		article.Horizon = min(article.Horizon, in.Horizon)
		if !complete(v, article.Horizon) {
			continue
		}
		rewind(&article, s, origins[v.origin])
		if err := article.Validate(); err != nil {
			continue
		}
		if err := d.view(&d.workers[worker], &article, how.Options(), s, origins[v.origin], v); err != nil {
			return fmt.Errorf("SKU %s/%s: %w", s.MerchantID, s.ArticleID, err)
		}
	}
	return nil
}

// complete tells whether the demand of all weeks is known, and forecast by all models.
func complete(v *view, weeks int) bool {
	for _, y := range v.actual[:weeks] {
		if math.IsNaN(y) {
			return false
		}
	}
	for m := range v.forecast {
		if v.forecast[m].Weeks() < weeks {
			return false
		}
	}
	return true
}

// view decides by each model's forecast, and replays.
func (d *decider) view(w *decisionMemory, a *simulate.Article, o optimize.Options, s *forecast.Series, week int, v *view) error {
	key := d.sampler.Key(s.MerchantID, s.ArticleID).Int(week)
	actual := forecast.Quantiles{Levels: []float64{0.5}}
	for _, y := range v.actual[:a.Horizon] {
		actual.Values = append(actual.Values, float32(y))
	}
	if err := d.sampler.Draw(&w.scenarios, a, &actual, key, replaySet, replays, false); err != nil {
		return err
	}
	outcomes := make([]outcome, len(v.forecast))
	for m := range v.forecast {
		rec, err := optimize.Decide(d.sampler, optimize.Input{Article: a, Forecast: &v.forecast[m], Key: key}, o, &w.work)
		if err != nil {
			return err
		}
		w.totals = simulate.Run(a, rec.Policy, &w.scenarios, w.totals)
		w.costs = simulate.Costs(a, w.totals, w.costs)
		for i := range w.totals {
			t := &w.totals[i]
			outcomes[m].add(&outcome{w.costs[i] / replays, t.Sales / replays, t.Lost / replays, t.Ordered / replays,
				t.OnHand / float64(a.Horizon) / replays})
		}
	}
	v.outcome = outcomes
	return nil
}

// rewind puts an article back to the state that it had when week origin began, as far as the history tells. Where it does not
// know the stock, that is the mean sales of the last 13 weeks for as many weeks as an order takes and the next review is away;
// today's would know the future. What was ordered before and had not arrived by the mean lead time is in transit; what was sold
// before comes back as the return lags say.
func rewind(a *simulate.Article, s *forecast.Series, origin int) {
	round := func(v float64) float64 {
		if a.Units == simulate.Whole {
			return math.Round(v)
		}
		return v
	}
	at := func(column []float64, week int) (float64, bool) {
		if t := week - s.FirstWeek; t >= 0 && t < len(column) && !math.IsNaN(column[t]) {
			return max(column[t], 0), true
		}
		return 0, false
	}
	if v, ok := at(s.OnHand, origin-1); ok {
		a.OnHand = round(v)
	} else {
		a.OnHand = round(recentMean(s, origin) * float64(leadWeeks(a)+a.ReviewPeriod))
	}
	a.InTransit, a.PendingReturns = nil, nil
	for week := origin - 1; week+leadWeeks(a) >= origin; week-- {
		if v, ok := at(s.Ordered, week); ok && round(v) > 0 {
			a.InTransit = append(a.InTransit, simulate.WeekQuantity{Week: week + leadWeeks(a) - origin, Quantity: round(v)})
		}
	}
	back := a.ReturnRate * a.ResalableShare
	for t := range min(len(a.ReturnLagWeights), a.Horizon) {
		sum := 0.0
		for lag := t + 1; lag <= len(a.ReturnLagWeights); lag++ {
			v, _ := at(s.Sales, origin+t-lag)
			sum += back * a.ReturnLagWeights[lag-1] * v
		}
		if round(sum) > 0 {
			a.PendingReturns = append(a.PendingReturns, simulate.WeekQuantity{Week: t, Quantity: round(sum)})
		}
	}
}

// recentMean returns the mean demand of the 13 weeks before the origin, as far as it is known.
func recentMean(s *forecast.Series, origin int) float64 {
	weeks := make([]float64, 13)
	s.Until(origin).Actual(origin-len(weeks), origin, weeks)
	sum, n := 0.0, 0.0
	for _, y := range weeks {
		if !math.IsNaN(y) {
			sum += y
			n++
		}
	}
	return sum / max(n, 1)
}

// leadWeeks returns the weeks after which an order usually arrives.
func leadWeeks(a *simulate.Article) int {
	mean := a.LeadTimeMean
	if n := len(a.LeadTimeSamples); n > 0 {
		mean = 0
		for _, l := range a.LeadTimeSamples {
			mean += l / float64(n)
		}
	}
	return int(min(max(mean, 0), simulate.MaxHorizon))
}
