package main

import (
	"math"
	"slices"
	"time"

	"github.com/restock-engine/restock/backtest/round"
	"github.com/restock-engine/restock/forecast"
	"github.com/restock-engine/restock/internal/random"
)

// truth is the game's history with demand made up for the weeks in which nobody could see it.
type truth struct {
	game   *round.Game
	demand [][]float64 // [item][week] units
}

// stateWeeks is the number of weeks whose mean sales make an initial state.
const stateWeeks = 52

// nearWeeks is the number of weeks in stock, on either side of one out of stock, that its demand is drawn from.
const nearWeeks = 12

// newTruth fills weeks out of stock: the item's demand of one of the nearest weeks in stock, drawn at random, times the ratio
// of all items' mean sales in stock between the two weeks, rounded at random. The draws follow from the item alone and are the
// same for all arms. Without draw demand was 0.
func newTruth(g *round.Game, draw bool) *truth {
	t := &truth{game: g}
	mean := make([]float64, len(g.Sales[0]))
	for week := range mean {
		n := 0.0
		for _, s := range g.Sales {
			if s[week] == s[week] {
				mean[week] += s[week]
				n++
			}
		}
		mean[week] /= max(n, 1)
	}
	for i, s := range g.Sales {
		r := random.New(random.NewKey(1, "demand", g.Items[i].Merchant, g.Items[i].Article))
		d := slices.Clone(s)
		for week := range d {
			if d[week] == d[week] {
				continue
			}
			d[week] = 0
			if near := nearest(s, week); draw && len(near) > 0 {
				u := near[r.Intn(len(near))]
				d[week] = math.Floor(s[u]*mean[week]/max(mean[u], 1e-9) + r.Float64())
			}
		}
		t.demand = append(t.demand, d)
	}
	return t
}

// nearest returns the weeks of known demand that are nearest to a week.
func nearest(s []float64, week int) []int {
	var near []int
	for k := 1; k < len(s) && len(near) < 2*nearWeeks; k++ {
		for _, u := range [...]int{week - k, week + k} {
			if u >= 0 && u < len(s) && s[u] == s[u] {
				near = append(near, u)
			}
		}
	}
	return near
}

// week returns all items' demand of a week.
func (t *truth) week(w int) []float64 {
	demand := make([]float64, len(t.demand))
	for i, d := range t.demand {
		demand[i] = d[w]
	}
	return demand
}

func (t *truth) date(w int) string {
	return forecast.WeekStart(t.game.First + w).Format(time.DateOnly)
}

// begin returns the game as it stands when the week with index w begins and the first order is due: the history before with its
// unknown weeks, and a stock made by the rule that made VN2's.
func (t *truth) begin(w int) *round.Game {
	g := &round.Game{Rules: t.game.Rules, Items: t.game.Items, Groups: t.game.Groups, First: t.game.First,
		Last: t.game.First + w - 1}
	for _, s := range t.game.Sales {
		g.Sales = append(g.Sales, slices.Clone(s[:w]))
	}
	g.Stocks = initial(g)
	return g
}

// initial returns the stock that VN2 began with: on hand the mean weekly sales of the last year, rounded up; received in two
// weeks what is lacking to twice that mean, rounded. Weeks out of stock count as weeks without sales.
func initial(g *round.Game) []round.Stock {
	stocks := make([]round.Stock, len(g.Items))
	for i, s := range g.Sales {
		year := 0.0
		for _, x := range s[len(s)-stateWeeks:] {
			if x == x {
				year += x
			}
		}
		mean := year / stateWeeks
		stocks[i] = round.Stock{OnHand: math.Ceil(mean), InTransit: make([]float64, g.Rules.LeadTime+1)}
		if g.Rules.LeadTime > 0 {
			stocks[i].InTransit[g.Rules.LeadTime-1] = max(math.RoundToEven(2*mean-stocks[i].OnHand), 0)
		}
	}
	return stocks
}

// sameStocks counts the items whose stock at the end of the history the rule gives.
func (t *truth) sameStocks(stocks []round.Stock) int {
	same := 0
	for i, s := range initial(t.game) {
		if s.OnHand == stocks[i].OnHand && slices.Equal(s.InTransit, stocks[i].InTransit) {
			same++
		}
	}
	return same
}
