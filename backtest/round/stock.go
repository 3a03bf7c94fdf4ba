package round

// Stock is one item's stock between two weeks, in whole units.
type Stock struct {
	OnHand    float64   // at the end of the week
	InTransit []float64 // [weeks from now] received at the start of the next week, the one after …; lead time + 1 long
}

// Week is what one week did to an item, in units.
type Week struct {
	Start  float64 // on hand at the start, with what was received
	Demand float64
	Sales  float64
	Missed float64
	End    float64
}

// Order adds an order placed now, which is received behind all other orders.
func (s *Stock) Order(units float64) { s.InTransit[len(s.InTransit)-1] += units }

// Live lets a week with the given demand pass: receive, sell, lose what cannot be sold.
func (s *Stock) Live(demand float64) Week {
	w := Week{Start: s.OnHand + s.InTransit[0], Demand: demand}
	w.Sales = min(demand, w.Start)
	w.Missed = demand - w.Sales
	w.End = w.Start - w.Sales
	s.OnHand = w.End
	copy(s.InTransit, s.InTransit[1:])
	s.InTransit[len(s.InTransit)-1] = 0
	return w
}
