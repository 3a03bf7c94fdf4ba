package simulate

// Outcome is what a policy does on a set of scenarios.
type Outcome struct {
	Costs     []float64 // [scenario] money
	FillRates []float64 // [scenario]
	Means     Means
}

// Means are means over the scenarios, of money and units over the whole horizon.
type Means struct {
	Cost         CostParts
	FillRate     float64
	Availability float64
	GMV          float64 // money
	AverageStock float64 // units at the end of a week
	Sold         float64 // units
	Lost         float64 // units
	Ordered      float64 // units
	Orders       float64
}

// Outcome runs a policy through all scenarios and writes what it does to dst, whose memory is reused: what [Run] and [Costs] would
// give, without the totals of each scenario.
func (ev *Evaluator) Outcome(p Policy, dst *Outcome) {
	n := ev.sc.N
	dst.Costs, dst.FillRates, dst.Means = resized(dst.Costs, n), resized(dst.FillRates, n), Means{}
	if !ev.fits || !ev.preparePolicy(p) {
		w := ev.wideWorld()
		for i := range n {
			s := w.scenario(ev.article, p, ev.sc, i, nil)
			f := Flows{s.OnHand, s.Ordered, s.Orders, s.Sales, s.Lost, s.Final}
			dst.add(ev.article, i, &f, &s.Discounted, s.ShortWeeks)
		}
	} else {
		ev.sums = resized(ev.sums, ev.prob.Padded()/Lanes)
		ev.kind.Sums(&ev.prob, ev.sums)
		ev.position = resized(ev.position, n)
		for i, scenario := range ev.prob.Order {
			ev.position[scenario] = int32(i)
		}
		var f Flows
		for i, position := range ev.position {
			short := ev.flows(int(position), &f)
			dst.add(ev.article, i, &f, &f, short)
		}
	}
	dst.Means.divide(float64(n))
}

// add books scenario i: its flows, the same discounted, and the weeks with lost sales.
func (o *Outcome) add(a *Article, i int, f, discounted *Flows, shortWeeks float64) {
	m, weeks, price := &o.Means, float64(a.Horizon), a.Price
	c := a.Cost(discounted)
	holding, inbound, outbound, returns, lostSales, overstock := c.Holding, c.Inbound, c.Outbound, c.Returns, c.LostSales, c.Overstock
	m.Cost.Holding += holding
	m.Cost.Inbound += inbound
	m.Cost.Outbound += outbound
	m.Cost.Returns += returns
	m.Cost.LostSales += lostSales
	m.Cost.Overstock += overstock
	o.Costs[i] = holding + inbound + outbound + returns + lostSales + overstock
	onHand, sales, lost := f.OnHand, f.Sales, f.Lost
	fill := fillRate(sales, lost)
	o.FillRates[i] = fill
	m.FillRate += fill
	m.Availability += 1 - shortWeeks/weeks
	m.GMV += float64(price * sales)
	m.AverageStock += onHand / weeks
	m.Sold += sales
	m.Lost += lost
	m.Ordered += f.Ordered
	m.Orders += f.Orders
}

func (m *Means) divide(n float64) {
	for _, x := range []*float64{&m.Cost.Holding, &m.Cost.Inbound, &m.Cost.Outbound, &m.Cost.Returns, &m.Cost.LostSales,
		&m.Cost.Overstock, &m.FillRate, &m.Availability, &m.GMV, &m.AverageStock, &m.Sold, &m.Lost, &m.Ordered, &m.Orders} {
		*x /= n
	}
}
