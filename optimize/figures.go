package optimize

import "github.com/restock-engine/restock/simulate"

// summarize returns the figures of an article's totals, one per scenario, but the objective.
func summarize(a *simulate.Article, totals []simulate.Totals) Figures {
	var f Figures
	for i := range totals {
		s := &totals[i]
		c := a.Cost(&s.Discounted)
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
		f.UnitsSold += s.Sales
		f.UnitsLost += s.Lost
		f.UnitsOrdered += s.Ordered
		f.OrdersPlaced += s.Orders
	}
	n := float64(len(totals))
	for _, x := range []*float64{&f.Holding, &f.Inbound, &f.Outbound, &f.Returns, &f.LostSales, &f.Overstock,
		&f.FillRate, &f.Availability, &f.GMV, &f.AverageStock, &f.UnitsSold, &f.UnitsLost, &f.UnitsOrdered, &f.OrdersPlaced} {
		*x /= n
	}
	f.MeanCost = f.Holding + f.Inbound + f.Outbound + f.Returns + f.LostSales + f.Overstock
	f.GMVAfterFulfilment = f.GMV - f.Holding - f.Inbound - f.Outbound - f.Returns
	return f
}
