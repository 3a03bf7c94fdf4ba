package main

import (
	"context"
	"math"
	"path/filepath"
	"slices"

	"github.com/restock-engine/restock/backtest/round"
	"github.com/restock-engine/restock/internal/stat"
	"github.com/restock-engine/restock/simulate"
)

// arm is a way to decide the orders that are due.
type arm struct {
	name   string
	orders func(t *truth, g *round.Game) ([]float64, error)
}

// outcome is what the scored weeks of a window cost.
type outcome struct{ holding, shortage float64 }

func (o outcome) total() float64 { return o.holding + o.shortage }

// play plays a window.
func (t *truth) play(w int, a arm) (outcome, error) {
	g := t.begin(w)
	var out outcome
	for g.Week < g.Rules.ScoredWeeks.Last {
		if g.Week < g.Rules.Orders {
			orders, err := a.orders(t, g)
			if err != nil {
				return out, err
			}
			for i, q := range orders {
				g.Stocks[i].Order(q)
			}
		}
		weeks := g.Live(t.week(w + g.Week))
		if g.Week < g.Rules.ScoredWeeks.First {
			continue
		}
		for _, x := range weeks {
			out.holding += g.Rules.Costs.Holding * x.End
			out.shortage += g.Rules.Costs.Shortage * x.Missed
		}
	}
	return out, nil
}

// benchmark is the organisers' policy. Without flags it takes weeks out of stock for weeks without demand.
func benchmark(_ *truth, flags bool) func(*truth, *round.Game) ([]float64, error) {
	return func(_ *truth, g *round.Game) ([]float64, error) {
		sales := g.Sales
		if !flags {
			sales = make([][]float64, len(g.Sales))
			for i, s := range g.Sales {
				sales[i] = slices.Clone(s)
				for t, x := range s {
					if x != x {
						sales[i][t] = 0
					}
				}
			}
		}
		return round.Benchmark{AverageWeeks: 13, CoverWeeks: 4}.Orders(sales, g.First, g.Stocks), nil
	}
}

type forecaster func(*truth, *round.Game) (*round.Outlook, error)

type planner func(*round.Game, *round.Outlook) ([]float64, error)

func planned(f forecaster, p planner) func(*truth, *round.Game) ([]float64, error) {
	return func(t *truth, g *round.Game) ([]float64, error) {
		o, err := f(t, g)
		if err != nil {
			return nil, err
		}
		return p(g, o)
	}
}

func embedded(_ *truth, g *round.Game) (*round.Outlook, error) { return g.Forecast() }

// fromFiles reads the forecasts that another program made from the exported histories.
func fromFiles(dir string) forecaster {
	return func(t *truth, g *round.Game) (*round.Outlook, error) {
		matches, err := filepath.Glob(filepath.Join(dir, t.name(g)+".*"))
		if err != nil {
			return nil, err
		}
		if len(matches) == 0 {
			matches = []string{filepath.Join(dir, t.name(g)+".csv")} // so that the error names it
		}
		return g.ReadForecast(matches[0])
	}
}

// averaged is the mean of two forecasts' quantiles, at the levels of the first.
func averaged(a, b forecaster) forecaster {
	return func(t *truth, g *round.Game) (*round.Outlook, error) {
		x, err := a(t, g)
		if err != nil {
			return nil, err
		}
		y, err := b(t, g)
		if err != nil {
			return nil, err
		}
		return round.Average(x, y), nil
	}
}

func lookAhead(ctx context.Context, scenarios int) planner {
	return func(g *round.Game, o *round.Outlook) ([]float64, error) {
		return g.Plan(ctx, o, round.PlanOptions{Scenarios: scenarios})
	}
}

// newsvendor looks one week ahead: it orders the quantile at the critical ratio of what projected stock leaves unmet in the
// week that the order is received in. It shows what looking further ahead brings.
func newsvendor(scenarios int) planner {
	sampler := simulate.NewSampler(1)
	return func(g *round.Game, o *round.Outlook) ([]float64, error) {
		article := simulate.DefaultArticle()
		article.Horizon, article.Units, article.DemandAutocorrelation = g.Rules.LeadTime+1, simulate.Whole, o.Autocorrelation
		orders := make([]float64, len(g.Items))
		critical := g.Rules.Costs.Shortage / (g.Rules.Costs.Shortage + g.Rules.Costs.Holding)
		var sc simulate.Scenarios
		need := make([]float64, scenarios)
		for i := range orders {
			key := sampler.Key(g.Items[i].Merchant, g.Items[i].Article)
			if err := sampler.Draw(&sc, &article, &o.Quantiles[i], key, simulate.OptSet, scenarios, false); err != nil {
				return nil, err
			}
			for n := range need {
				stock := g.Stocks[i].OnHand
				for t := range g.Rules.LeadTime {
					stock = max(stock+g.Stocks[i].InTransit[t]-sc.Demand(n, t), 0)
				}
				need[n] = sc.Demand(n, g.Rules.LeadTime) - stock
			}
			orders[i] = max(math.Round(stat.Quantile(need, critical)), 0)
		}
		return orders, nil
	}
}
