package optimize

import "github.com/restock-engine/restock/simulate"

// figures returns the figures of an outcome, but the objective.
func figures(o *simulate.Outcome) Figures {
	m, c := &o.Means, &o.Means.Cost
	return Figures{
		MeanCost: c.Total(), Parts: *c,
		FillRate: m.FillRate, Availability: m.Availability,
		GMV: m.GMV, GMVAfterFulfilment: c.AfterFulfilment(m.GMV),
		AverageStock: m.AverageStock,
		UnitsSold:    m.Sold, UnitsLost: m.Lost, UnitsOrdered: m.Ordered, OrdersPlaced: m.Orders,
	}
}
