package simulate

import (
	"math"

	"github.com/restock-engine/restock/simulate/internal/kernel"
)

// Evaluator runs many policies on one SKU's scenarios, with the answers of [Run] and [Costs] bit for bit, by the fast kernels
// wherever they can: whole units, no discount, and totals that provably fit an int32. Everything else, and a policy of a type
// unknown to this package, goes through Run. Its memory is reused; it is not safe for concurrent use: make one per goroutine.
type Evaluator struct {
	kind    kernel.Kind
	article *Article
	sc      *Scenarios

	fits   bool           // the kernels can run the article and the scenarios
	prob   kernel.Problem // its Weeks' rules and Look are the policy's
	supply float64        // units: bound of what can ever be in stock, without the policy's orders
	old    []int32        // [week] units ordered before week 0 that are outstanding at the week's review
	review []bool         // [week]

	costs []float64     // [position of CostsBelow]
	dear  []float64     // [scenario] the costs that the order follows
	sums  []kernel.Sums // [position / Lanes]
	near  []float64
	world *world
}

// NewEvaluator returns an Evaluator that uses the fastest kernel of this machine.
func NewEvaluator() *Evaluator { return &Evaluator{kind: kernel.Best()} }

// Prepare makes ready for an article and the scenarios drawn for it. Both must stay unchanged while policies are run. Who runs
// many calls Reorder then.
func (ev *Evaluator) Prepare(a *Article, sc *Scenarios) {
	ev.article, ev.sc = a, sc
	ev.fits = ev.prepareArticle(a, sc) && ev.prepareScenarios(sc)
}

// Costs returns each scenario's cost in dst, whose memory is reused: [scenario], money.
func (ev *Evaluator) Costs(p Policy, dst []float64) []float64 {
	ev.costs, _ = ev.CostsBelow(p, math.Inf(1), ev.sc.N, ev.costs)
	dst = resized(dst, ev.sc.N)
	if !ev.fits {
		copy(dst, ev.costs)
		return dst
	}
	for i, scenario := range ev.prob.Order {
		dst[scenario] = ev.costs[i]
	}
	return dst
}

// CostsBelow returns the costs of a policy that is of interest only if at most maxAtLeast scenarios cost limit or more. It gives
// up, abandoned, as soon as more do, and dst is then undefined. The costs are in dst, whose memory is reused, in an order that is
// common to all policies until the next Reorder.
func (ev *Evaluator) CostsBelow(p Policy, limit float64, maxAtLeast int, dst []float64) (costs []float64, abandoned bool) {
	if !ev.fits || !ev.preparePolicy(p) {
		return ev.costsWide(p, limit, maxAtLeast, dst)
	}
	dst = resized(dst, ev.prob.Padded())
	atLeast := ev.kind.Costs(&ev.prob, limit, maxAtLeast, dst)
	return dst[:ev.sc.N], atLeast > maxAtLeast
}

// Near returns those of the costs that are from low to high, in memory that the next call uses again, how many are below, and the least of those
// above, infinite if there are none.
func (ev *Evaluator) Near(costs []float64, low, high float64) (near []float64, below int, above float64) {
	ev.near = resized(ev.near, len(costs)+Lanes)
	found, below, above := ev.kind.Near(costs, low, high, ev.near)
	return ev.near[:found], below, above
}

// Reorder makes ready for many policies that are like one: each then takes less time, and CostsBelow's costs are in an order in
// which scenarios where the policy is dear come first, so that policies like it are abandoned early.
func (ev *Evaluator) Reorder(p Policy) {
	if ev.fits {
		ev.dear = ev.Costs(p, ev.dear)
		ev.kind.Reorder(&ev.prob, ev.dear)
	}
}

// costsWide is CostsBelow in float64.
func (ev *Evaluator) costsWide(p Policy, limit float64, maxAtLeast int, dst []float64) (costs []float64, abandoned bool) {
	dst = resized(dst, ev.sc.N)
	w := ev.wideWorld()
	atLeast := 0
	for i := range dst {
		scenario := i
		if ev.fits {
			scenario = int(ev.prob.Order[i])
		}
		sum := w.scenario(ev.article, p, ev.sc, scenario, nil)
		dst[i] = ev.article.Cost(&sum.Discounted).Total()
		if dst[i] >= limit {
			if atLeast++; atLeast > maxAtLeast {
				return dst, true
			}
		}
	}
	return dst, false
}

func (ev *Evaluator) wideWorld() *world {
	if ev.world == nil || len(ev.world.returns) != ev.sc.Weeks {
		ev.world = newWorld(ev.sc.Weeks)
	}
	return ev.world
}

// Totals returns each scenario's totals in dst, whose memory is reused: [scenario].
func (ev *Evaluator) Totals(p Policy, dst []Totals) []Totals {
	if !ev.fits || !ev.preparePolicy(p) {
		return Run(ev.article, p, ev.sc, dst)
	}
	dst = resized(dst, ev.sc.N)
	ev.sums = resized(ev.sums, ev.prob.Padded()/Lanes)
	ev.kind.Sums(&ev.prob, ev.sums)
	var f Flows
	for i, scenario := range ev.prob.Order {
		short := ev.flows(i, &f)
		dst[scenario] = Totals{
			OnHand: f.OnHand, Ordered: f.Ordered, Orders: f.Orders, Sales: f.Sales, Lost: f.Lost, Final: f.Final,
			ShortWeeks: short,
			Discounted: f,
		}
	}
	return dst
}

// flows sets the flows of the scenario at a position from the sums that the kernels wrote, and returns its weeks with lost sales.
func (ev *Evaluator) flows(position int, f *Flows) (shortWeeks float64) {
	s, l := &ev.sums[position/Lanes], position%Lanes
	f.OnHand, f.Ordered, f.Orders = float64(s.OnHand[l]), float64(s.Ordered[l]), float64(s.Orders[l])
	f.Sales, f.Lost, f.Final = float64(s.Sales[l]), float64(ev.prob.Total[position]-s.Sales[l]), float64(s.Final[l])
	return float64(s.Short[l])
}

// OrdersCost tells whether every unit ordered costs something, and stock does: policies that order differently then cost
// differently.
func (ev *Evaluator) OrdersCost() bool {
	return ev.article.InboundCost > 0 && ev.article.HoldingCost > 0
}

// MeanOrdered returns the units that a policy orders, mean over the scenarios.
func (ev *Evaluator) MeanOrdered(p Policy) float64 {
	sum := 0.0
	if !ev.fits || !ev.preparePolicy(p) {
		w := ev.wideWorld()
		for i := range ev.sc.N {
			sum += w.scenario(ev.article, p, ev.sc, i, nil).Ordered
		}
		return sum / float64(ev.sc.N)
	}
	ev.sums = resized(ev.sums, ev.prob.Padded()/Lanes)
	ev.kind.Sums(&ev.prob, ev.sums)
	total := int64(0)
	for i := range ev.sc.N {
		total += int64(ev.sums[i/Lanes].Ordered[i%Lanes])
	}
	return float64(total) / float64(ev.sc.N)
}

// maxSum is what no sum of a kernel may exceed.
const maxSum = math.MaxInt32 - 1

// prepareArticle reduces the article to the kernels' numbers and tells whether that is possible.
func (ev *Evaluator) prepareArticle(a *Article, sc *Scenarios) bool {
	weeks := sc.Weeks
	if a.Units != Whole || a.ReturnMode == ExpectedReturns || a.Discount != 1 || sc.wide ||
		sc.N < 1 || weeks < 1 || weeks > kernel.MaxWeeks {
		return false
	}
	// Bounds first, in float64, which holds them all.
	supply := a.OnHand
	for _, list := range [][]WeekQuantity{a.InTransit, a.PendingReturns} {
		for _, x := range list {
			supply += x.Quantity
		}
	}
	if !(supply <= maxSum) {
		return false
	}
	ev.supply = supply

	p := &ev.prob
	p.OnHand, p.Transit, p.Late = int32(a.OnHand), 0, 0
	p.Weeks = resized(p.Weeks, weeks)
	clear(p.Weeks)
	ev.old, ev.review = resized(ev.old, weeks), resized(ev.review, weeks)
	for _, x := range a.InTransit {
		q := int32(x.Quantity)
		p.Transit += q
		if x.Week < weeks {
			p.Weeks[x.Week].Inbound += q
		} else {
			p.Late += q
		}
	}
	left := p.Transit
	for t := range ev.old {
		ev.old[t], ev.review[t] = left, a.IsReview(t)
		left -= p.Weeks[t].Inbound
	}
	for _, x := range a.PendingReturns {
		if x.Week < weeks {
			p.Weeks[x.Week].Inbound += int32(x.Quantity)
			p.Weeks[x.Week].Returned += int32(x.Quantity)
		}
	}
	p.After = 1 - a.InboundBeforeDemand
	p.AfterShift = shiftOf(p.After)
	p.ReturnShare = a.ResalableShare * a.ReturnRate
	p.Prices = kernel.Prices{
		Holding: a.HoldingCost, Inbound: a.InboundCost, Order: a.OrderCost, Outbound: a.OutboundCost,
		Returns: a.ReturnCost * a.ReturnRate, Lost: a.LostSaleCost, Overstock: a.OverstockCost,
	}
	return true
}

// shiftOf returns the k for which share = 2^-k, 31 for 0, and -1 if there is none.
func shiftOf(share float64) int32 {
	if share == 0 {
		return 31
	}
	if fraction, exponent := math.Frexp(share); fraction == 0.5 && exponent >= -30 {
		return int32(1 - exponent)
	}
	return -1
}

// prepareScenarios hands the scenarios to the kernels, and tells whether their sums fit.
func (ev *Evaluator) prepareScenarios(sc *Scenarios) bool {
	p := &ev.prob
	p.Scenarios = kernel.Scenarios{N: sc.N, Demand: sc.demand, Delay: sc.delay, Lag: sc.lag, Round: sc.round}
	ev.kind.Prepare(p)
	if p.ReturnShare != 0 { // a week's returns are at most its sales and one more for the rounding
		ev.supply += float64(sc.Weeks) * (float64(p.Largest) + 1)
	}
	return ev.sumsFit(0)
}

// sumsFit tells whether no sum over the weeks can exceed an int32 if each week's order is at most so many units.
func (ev *Evaluator) sumsFit(order float64) bool {
	weeks := float64(ev.sc.Weeks)
	return weeks*(ev.supply+weeks*order) <= maxSum
}

// preparePolicy reduces a policy to two numbers a week, and tells whether that is possible.
func (ev *Evaluator) preparePolicy(p Policy) bool {
	weeks := ev.prob.Weeks
	for t := range weeks {
		weeks[t].Below, weeks[t].Quantity = kernel.Never, 0
	}
	ev.prob.Look = kernel.Stock
	switch p := p.(type) {
	case None:
		return true
	case RSQ:
		return ev.prepareRSQ(p)
	case Plan:
		return ev.preparePlan(p)
	case SS:
		return ev.prepareOrderUpTo(func(int) float64 { return p.OrderUpTo }, p.ReorderPoint)
	case BaseStock:
		return ev.prepareOrderUpTo(func(int) float64 { return p.OrderUpTo }, math.Inf(1))
	case Newsvendor:
		return ev.prepareOrderUpTo(func(t int) float64 {
			if t < len(p.Levels) {
				return p.Levels[t]
			}
			return 0
		}, math.Inf(1))
	}
	return false
}

func (ev *Evaluator) prepareRSQ(p RSQ) bool {
	a, weeks := ev.article, ev.prob.Weeks
	first, again := a.OrderQuantity(p.Q0), a.OrderQuantity(p.Q)
	if !ev.sumsFit(max(first, again)) || !(p.ReorderPoint >= 0) || p.T0 < 0 {
		return false
	}
	if p.Trigger == PositionTrigger {
		ev.prob.Look = kernel.Position
	}
	if p.T0 < len(weeks) && first > 0 {
		weeks[p.T0].Below, weeks[p.T0].Quantity = kernel.Always, int32(first)
	}
	below := int32(min(math.Floor(p.ReorderPoint), maxSum)) + 1
	for t := p.T0 + 1; t <= p.TLimit && t < len(weeks) && again > 0; t++ {
		if ev.review[t] && (p.Trigger == PositionTrigger || ev.old[t] == 0) {
			weeks[t].Below, weeks[t].Quantity = below, int32(again)
		}
	}
	return true
}

func (ev *Evaluator) preparePlan(p Plan) bool {
	weeks := ev.prob.Weeks
	orders := 0
	for _, x := range p {
		q := ev.article.OrderQuantity(x.Quantity)
		if !ev.sumsFit(q) || x.Week < 0 {
			return false
		}
		if q > 0 && x.Week < len(weeks) && weeks[x.Week].Below == kernel.Never {
			weeks[x.Week].Below, weeks[x.Week].Quantity = kernel.Always, int32(q)
			orders++
		}
	}
	if orders > 1 {
		ev.prob.Look = kernel.Position
	}
	return true
}

// prepareOrderUpTo prepares a policy that orders up to a week's level in review weeks with a position of at most the reorder
// point.
func (ev *Evaluator) prepareOrderUpTo(level func(week int) float64, reorderPoint float64) bool {
	a := ev.article
	if a.PackSize > a.MaxOrder { // every order is cut to nothing
		return true
	}
	if !ev.sumsFit(max(a.PackSize, a.MOQ)) || !(reorderPoint >= 0) {
		return false
	}
	ev.prob.Look = kernel.UpTo
	ev.prob.Rules = kernel.Rules{Pack: int32(a.PackSize), Least: int32(a.MOQ), Most: maxSum}
	if a.MaxOrder < maxSum {
		ev.prob.Rules.Most, ev.prob.Rules.Cap = int32(a.MaxOrder), int32(a.OrderQuantity(a.MaxOrder))
	}
	for t := range ev.prob.Weeks {
		s := level(t)
		if s < 0 || s != math.Trunc(s) || !ev.sumsFit(max(s+a.PackSize, a.MOQ)) {
			return false
		}
		if ev.review[t] {
			w := &ev.prob.Weeks[t]
			w.Below, w.Quantity = int32(min(math.Floor(reorderPoint)+1, s)), int32(s)
		}
	}
	return true
}
