package simulate

// CostParts are one scenario's costs, money.
type CostParts struct {
	Holding   float64 `json:"holding"`
	Inbound   float64 `json:"inbound"` // with the cost per order
	Outbound  float64 `json:"outbound"`
	Returns   float64 `json:"returns"`
	LostSales float64 `json:"lost_sales"`
	Overstock float64 `json:"overstock"`
}

// CostPartNames are the parts' names in tables, JSON and reports, in the order of [CostParts.Values].
var CostPartNames = [...]string{"holding", "inbound", "outbound", "returns", "lost_sales", "overstock"}

// CostPartWords are the names for people to read.
var CostPartWords = [len(CostPartNames)]string{"holding", "inbound and orders", "outbound", "returns", "lost sales", "overstock"}

// Values returns the parts, in the order of [CostPartNames].
func (c *CostParts) Values() [len(CostPartNames)]float64 {
	return [...]float64{c.Holding, c.Inbound, c.Outbound, c.Returns, c.LostSales, c.Overstock}
}

// Total returns the cost C(θ, ω).
func (c CostParts) Total() float64 {
	return c.Holding + c.Inbound + c.Outbound + c.Returns + c.LostSales + c.Overstock
}

// Add adds the costs of others.
func (c *CostParts) Add(o *CostParts) {
	c.Holding += o.Holding
	c.Inbound += o.Inbound
	c.Outbound += o.Outbound
	c.Returns += o.Returns
	c.LostSales += o.LostSales
	c.Overstock += o.Overstock
}

// AfterFulfilment takes the costs of fulfilment off a GMV.
func (c *CostParts) AfterFulfilment(gmv float64) float64 {
	return gmv - c.Holding - c.Inbound - c.Outbound - c.Returns
}

// Cost puts prices to a scenario's flows: model.md, costs.
func (a *Article) Cost(f *Flows) CostParts {
	return CostParts{
		Holding:   a.HoldingCost * f.OnHand,
		Inbound:   float64(a.InboundCost*f.Ordered) + float64(a.OrderCost*f.Orders),
		Outbound:  a.OutboundCost * f.Sales,
		Returns:   a.ReturnCost * a.ReturnRate * f.Sales,
		LostSales: a.LostSaleCost * f.Lost,
		Overstock: a.OverstockCost * f.Final,
	}
}

// Costs returns each scenario's cost in dst, whose memory is reused: [scenario], money.
func Costs(a *Article, totals []Totals, dst []float64) []float64 {
	dst = resized(dst, len(totals))
	for i := range totals {
		dst[i] = a.Cost(&totals[i].Discounted).Total()
	}
	return dst
}

// FillRate returns the share of the demand that was sold; 1 without demand.
func (s *Totals) FillRate() float64 { return fillRate(s.Sales, s.Lost) }

func fillRate(sales, lost float64) float64 {
	if sales+lost == 0 {
		return 1
	}
	return sales / (sales + lost)
}

// Availability returns the share of the weeks without lost sales.
func (s *Totals) Availability(weeks int) float64 { return 1 - s.ShortWeeks/float64(weeks) }
