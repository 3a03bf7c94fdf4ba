package round

import (
	"context"
	"fmt"
	"io"

	"github.com/restock-engine/restock/forecast"
	"github.com/restock-engine/restock/internal/parallel"
	"github.com/restock-engine/restock/simulate"
)

// Outlook is the predictive distribution of every item's demand in the weeks ahead.
type Outlook struct {
	Quantiles       []forecast.Quantiles // [item], as many weeks as the game goes on
	Autocorrelation float64              // φ between the weeks of a scenario
}

// PlanOptions set up a decision.
type PlanOptions struct {
	Scenarios int // of demand, for each item; default 1,000
	Workers   int // default: the number of processors
}

// lookWeeks is how far behind the arrival of an order its consequences are looked at: what happens later hardly depends on it.
const lookWeeks = 40

// WeeksAhead returns how many weeks from the next one on are looked at: to the end of the game, if that is not too far.
func (g *Game) WeeksAhead() int {
	return min(max(g.Rules.lastWeek()-g.Week, 0), g.Rules.LeadTime+lookWeeks)
}

// OrdersLeft returns how many orders there are still to place, with the one due now.
func (g *Game) OrdersLeft() int { return max(g.Rules.Orders-g.Week, 0) }

// Plan decides the order of every item that is due now. It does not place them.
func (g *Game) Plan(ctx context.Context, o *Outlook, opts PlanOptions) ([]float64, error) {
	if opts.Scenarios == 0 {
		opts.Scenarios = 1000
	}
	orders := make([]float64, len(g.Items))
	weeks := g.WeeksAhead()
	if g.OrdersLeft() == 0 || weeks <= g.Rules.LeadTime {
		return orders, nil
	}
	if err := simulate.CheckScenarios(opts.Scenarios, weeks); err != nil {
		return nil, err
	}
	workers := parallel.Workers(opts.Workers)
	planners := make([]planner, workers)
	sampler := simulate.NewSampler(g.Rules.Seed)
	for w := range planners {
		planners[w].init(g, o, sampler, weeks, opts.Scenarios)
	}
	i := -1
	next := func() (int, error) {
		if i++; i == len(orders) {
			return 0, io.EOF
		}
		return i, nil
	}
	work := func(w, item int) planned {
		q, err := planners[w].plan(item)
		return planned{item, q, err}
	}
	emit := func(p planned) error {
		orders[p.item] = p.order
		return p.err
	}
	return orders, parallel.Ordered(ctx, workers, next, work, emit)
}

type planned struct {
	item  int
	order float64
	err   error
}

// planner decides item after item, reusing its memory.
type planner struct {
	game      *Game
	outlook   *Outlook
	sampler   *simulate.Sampler
	article   simulate.Article
	scenarios simulate.Scenarios
	look      lookahead
	n         int
}

func (p *planner) init(g *Game, o *Outlook, s *simulate.Sampler, weeks, n int) {
	p.game, p.outlook, p.sampler, p.n = g, o, s, n
	p.article = simulate.DefaultArticle()
	p.article.Horizon, p.article.Units, p.article.DemandAutocorrelation = weeks, simulate.Whole, o.Autocorrelation
	p.look = lookahead{costs: g.Rules.Costs, leadTime: g.Rules.LeadTime, orders: g.OrdersLeft(), demand: make([][]float64, weeks)}
	for t := range weeks {
		p.look.scored = append(p.look.scored, g.Rules.scored(g.Week+1+t))
		p.look.demand[t] = make([]float64, n)
	}
}

func (p *planner) plan(item int) (float64, error) {
	key := p.sampler.Key(p.game.Items[item].Merchant, p.game.Items[item].Article)
	err := p.sampler.Draw(&p.scenarios, &p.article, &p.outlook.Quantiles[item], key, simulate.OptSet, p.n, false)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", p.game.Items[item], err)
	}
	for t, d := range p.look.demand {
		for i := range d {
			d[i] = p.scenarios.Demand(i, t)
		}
	}
	return p.look.order(&p.game.Stocks[item]), nil
}
