package optimize

import "github.com/restock-engine/restock/simulate"

// Summarize returns the figures of totals, one per scenario, of an article.
func Summarize(a *simulate.Article, totals []simulate.Totals, o Objective) Figures {
	var f Figures
	costs := make([]float64, len(totals))
	for i := range totals {
		s := &totals[i]
		c := a.Cost(&s.Discounted)
		costs[i] = c.Total()
		f.Holding += c.Holding
		f.Inbound += c.Inbound
		f.Outbound += c.Outbound
		f.Returns += c.Returns
		f.LostSales += c.LostSales
		f.Overstock += c.Overstock
		f.FillRate += s.FillRate()
		f.Availability += s.Availability(a.Horizon)
		f.GMV += a.Price * s.Sales
		f.AverageStock += s.OnHand / float64(a.Horizon)
		f.UnitsOrdered += s.Ordered
		f.OrdersPlaced += s.Orders
	}
	n := float64(len(totals))
	for _, x := range []*float64{&f.Holding, &f.Inbound, &f.Outbound, &f.Returns, &f.LostSales, &f.Overstock,
		&f.FillRate, &f.Availability, &f.GMV, &f.AverageStock, &f.UnitsOrdered, &f.OrdersPlaced} {
		*x /= n
	}
	f.MeanCost = f.Holding + f.Inbound + f.Outbound + f.Returns + f.LostSales + f.Overstock
	f.GMVAfterFulfilment = f.GMV - f.Holding - f.Inbound - f.Outbound - f.Returns
	f.Objective = o.Value(costs)
	return f
}
