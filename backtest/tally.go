package backtest

import "github.com/restock-engine/restock/simulate"

// Tally sums outcomes: of one arm, evaluation horizon and group.
type Tally struct {
	SKUs      int64 // SKUs × dates
	Demand    float64
	Imputed   float64
	Forecast  float64
	Error     float64
	Sold      float64
	Lost      float64
	Ordered   float64
	Orders    float64
	Stock     float64 // Σ of the mean stock over the weeks, units
	Final     float64
	Cost      simulate.CostParts
	GMV       float64
	Potential float64 // price · demand
	Available float64 // Σ potential · share of weeks without lost sales
	Filled    float64 // Σ potential · fill rate
	SoldWeeks float64 // Σ units sold in a week, for the turnover
}

func (t *Tally) add(o *Outcome) {
	weeks := float64(o.Weeks)
	potential := o.Price * o.Demand
	t.SKUs++
	t.Demand += o.Demand
	t.Imputed += o.Imputed
	t.Forecast += o.Forecast
	t.Error += o.Error
	t.Sold += o.Flows.Sales
	t.Lost += o.Flows.Lost
	t.Ordered += o.Flows.Ordered
	t.Orders += o.Flows.Orders
	t.Stock += o.Flows.OnHand / weeks
	t.Final += o.Flows.Final
	t.GMV += o.Price * o.Flows.Sales
	t.Potential += potential
	t.Available += potential * (1 - o.Short/weeks)
	if o.Demand > 0 {
		t.Filled += potential * o.Flows.Sales / o.Demand
	}
	t.SoldWeeks += o.Flows.Sales / weeks
	t.Cost.Add(&o.Costs)
}

// join adds the sums of other SKUs.
func (t *Tally) join(o *Tally) {
	t.SKUs += o.SKUs
	t.Demand += o.Demand
	t.Imputed += o.Imputed
	t.Forecast += o.Forecast
	t.Error += o.Error
	t.Sold += o.Sold
	t.Lost += o.Lost
	t.Ordered += o.Ordered
	t.Orders += o.Orders
	t.Stock += o.Stock
	t.Final += o.Final
	t.GMV += o.GMV
	t.Potential += o.Potential
	t.Available += o.Available
	t.Filled += o.Filled
	t.SoldWeeks += o.SoldWeeks
	t.Cost.Add(&o.Cost)
}

// GMVAfterFulfilment is the GMV less the costs of fulfilment.
func (t *Tally) GMVAfterFulfilment() float64 { return t.Cost.AfterFulfilment(t.GMV) }

// FillRate is the share of the demand that was sold, weighted by price · demand; 1 without demand.
func (t *Tally) FillRate() float64 { return ratio(t.Filled, t.Potential, 1) }

// Availability is the share of weeks without lost sales, weighted by price · demand; 1 without demand.
func (t *Tally) Availability() float64 { return ratio(t.Available, t.Potential, 1) }

// Turnover is how often the mean stock is sold in a year.
func (t *Tally) Turnover() float64 { return 52 * ratio(t.SoldWeeks, t.Stock, 0) }

// WAPE is the forecast's Σ|error| over the demand, by week.
func (t *Tally) WAPE() float64 { return ratio(t.Error, t.Demand, 0) }

// AverageStock is the mean stock of a SKU, units.
func (t *Tally) AverageStock() float64 { return ratio(t.Stock, float64(t.SKUs), 0) }

func ratio(a, b, otherwise float64) float64 {
	if b == 0 {
		return otherwise
	}
	return a / b
}

// Group is a part of the outcomes: Kind is all, date, merchant, month, class or stock-outs, Name which of them.
type Group struct{ Kind, Name string }

// everything is all outcomes.
var everything = Group{"all", "all"}

// cell is where an outcome is counted. SKUs with different records stand apart, so that arms can be compared over the SKUs that
// both exist for.
type cell struct {
	group Group
	arm   int
	weeks int
	has   Records
}

// unit is the smallest part of the outcomes of the longest evaluation that intervals are made from.
type unit struct {
	cluster, merchant int32
	date              int16
	class             int8
	has               Records
	censored          bool
}

// measures are what is compared between arms, and what the forecast was worth, summed over a unit.
type measures struct {
	gmv, cost     []float64 // [arm] GMV after fulfilment costs, money; cost, money; 0 of arms that don't exist for the SKU
	demand, error float64
}

// add takes in what an arm did to a SKU at a date.
func (m *measures) add(o *Outcome, arms int) {
	if m.gmv == nil {
		m.gmv, m.cost = make([]float64, arms), make([]float64, arms)
		m.demand, m.error = o.Demand, o.Error // the same for all arms
	}
	cost := o.Costs.Total()
	m.cost[o.Arm] += cost
	m.gmv[o.Arm] += o.Costs.AfterFulfilment(o.Price * o.Flows.Sales)
}

func (m *measures) join(o *measures) {
	if m.gmv == nil {
		m.gmv, m.cost = make([]float64, len(o.gmv)), make([]float64, len(o.cost))
	}
	for k := range o.gmv {
		m.gmv[k] += o.gmv[k]
		m.cost[k] += o.cost[k]
	}
	m.demand += o.demand
	m.error += o.error
}

// names gives numbers to names in the order in which they come.
type names struct {
	list  []string
	index map[string]int32
}

func (n *names) number(name string) int32 {
	if n.index == nil {
		n.index = map[string]int32{}
	}
	i, ok := n.index[name]
	if !ok {
		i = int32(len(n.list))
		n.list = append(n.list, name)
		n.index[name] = i
	}
	return i
}
