package main

import (
	"math"

	"github.com/restock-engine/restock/simulate"
)

// loop is what an ordinary simulation in Go looks like: a slice of weeks per scenario, goods under way in slices by week.
type loop struct {
	scenarios         [][]draw // [scenario][week]
	arriving, returns []int
	costs             []float64
}

type draw struct {
	demand, delay, lag int
	round              float64
}

func newLoop(a *simulate.Article, sc *simulate.Scenarios) loop {
	l := loop{arriving: make([]int, sc.Weeks), returns: make([]int, sc.Weeks), costs: make([]float64, sc.N)}
	for i := range sc.N {
		weeks := make([]draw, sc.Weeks)
		for t := range weeks {
			weeks[t] = draw{int(sc.Demand(i, t)), sc.ArrivalDelay(i, t), sc.ReturnLag(i, t), sc.ReturnRound(i, t)}
		}
		l.scenarios = append(l.scenarios, weeks)
	}
	return l
}

// ordinary returns each scenario's cost.
func (c *instance) ordinary(p simulate.RSQ) []float64 {
	a, l := &c.article, &c.loop
	for i, draws := range l.scenarios {
		clear(l.arriving)
		clear(l.returns)
		stock, outstanding := int(a.OnHand), 0
		for _, x := range a.InTransit {
			l.arriving[x.Week] += int(x.Quantity)
			outstanding += int(x.Quantity)
		}
		var onHand, ordered, orders, sales, lost int
		for t, d := range draws {
			quantity := 0.0
			if t == p.T0 {
				quantity = p.Q0
			} else if t > p.T0 && t <= p.TLimit && a.IsReview(t) && float64(stock) <= p.ReorderPoint && outstanding == 0 {
				quantity = p.Q
			}
			if q := int(a.OrderQuantity(quantity)); q > 0 {
				orders++
				ordered += q
				outstanding += q
				if t+d.delay < len(draws) {
					l.arriving[t+d.delay] += q
				}
			}
			inbound := l.arriving[t] + l.returns[t]
			outstanding -= l.arriving[t]
			after := int((1 - a.InboundBeforeDemand) * float64(inbound))
			sold := min(d.demand, stock+inbound-after)
			stock += inbound - sold
			sales += sold
			lost += d.demand - sold
			onHand += stock
			if a.ReturnRate > 0 && t+d.lag < len(draws) {
				l.returns[t+d.lag] += int(math.Floor(a.ResalableShare*a.ReturnRate*float64(sold) + d.round))
			}
		}
		cost := a.Cost(&simulate.Flows{OnHand: float64(onHand), Ordered: float64(ordered), Orders: float64(orders), Sales: float64(sales),
			Lost: float64(lost), Final: float64(stock + outstanding)})
		l.costs[i] = cost.Total()
	}
	return l.costs
}
