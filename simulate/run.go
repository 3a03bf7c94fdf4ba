package simulate

import "math"

// WeekRecord is what happened in one week of one scenario, in units.
type WeekRecord struct {
	OnHandStart float64 `json:"on_hand_start"` // before the review
	Order       float64 `json:"order"`         // placed at the review
	Arrivals    float64 `json:"arrivals"`      // orders received
	Returns     float64 `json:"returns"`       // returned units that became sellable
	Sales       float64 `json:"sales"`
	Lost        float64 `json:"lost"`
	OnHandEnd   float64 `json:"on_hand_end"`
}

// world is the state of one scenario between two weeks, in units.
type world struct {
	onHand      float64
	outstanding []float64 // [arrival week]
	beyond      float64   // outstanding and arriving after the horizon
	returns     []float64 // [week] returned units that become sellable in it
}

func newWorld(weeks int) *world {
	return &world{outstanding: make([]float64, weeks), returns: make([]float64, weeks)}
}

// reset puts the world to the article's state now.
func (w *world) reset(a *Article) {
	w.onHand, w.beyond = a.OnHand, 0
	clear(w.outstanding)
	clear(w.returns)
	for _, x := range a.InTransit {
		w.expect(x.Week, x.Quantity)
	}
	for _, x := range a.PendingReturns {
		if x.Week < len(w.returns) {
			w.returns[x.Week] += x.Quantity
		}
	}
}

// expect adds a quantity that arrives in a week, which may be after the horizon.
func (w *world) expect(week int, quantity float64) {
	if week < len(w.outstanding) {
		w.outstanding[week] += quantity
	} else {
		w.beyond += quantity
	}
}

// ordered returns what is outstanding at the start of week t: P of model.md.
func (w *world) ordered(t int) float64 {
	sum := w.beyond
	for _, q := range w.outstanding[t:] {
		sum += q
	}
	return sum
}

// week runs week t of scenario i: the order of events of docs/model.md, which also tells how to change a rule.
func (w *world) week(a *Article, p Policy, sc *Scenarios, i, t int) WeekRecord {
	r := WeekRecord{OnHandStart: w.onHand}

	// 1. Review: the policy may order.
	r.Order = a.OrderQuantity(p.Order(Review{
		Week: t, Scheduled: a.IsReview(t), OnHand: w.onHand, Outstanding: w.ordered(t)}))
	if r.Order > 0 {
		w.expect(t+sc.ArrivalDelay(i, t), r.Order)
	}

	// 2. A part of the inbound and the returns is available before the demand.
	r.Arrivals, r.Returns = w.outstanding[t], w.returns[t]
	w.outstanding[t] = 0
	inbound := r.Arrivals + r.Returns
	after := (1 - a.InboundBeforeDemand) * inbound
	if a.Units == Whole {
		after = math.Floor(after)
	}
	w.onHand += inbound - after

	// 3. Demand is served from stock or lost.
	demand := sc.Demand(i, t)
	r.Sales = min(demand, w.onHand)
	r.Lost = demand - r.Sales
	w.onHand -= r.Sales

	// 4. The rest of the inbound.
	w.onHand += after
	r.OnHandEnd = w.onHand

	// 5. A share of this week's sales comes back later.
	w.returnLater(a, sc, i, t, r.Sales)
	return r
}

// returnLater schedules the returns of week t's sales.
func (w *world) returnLater(a *Article, sc *Scenarios, i, t int, sales float64) {
	back := float64(a.ResalableShare * a.ReturnRate * sales)
	switch {
	case back == 0:
	case a.ReturnMode == ExpectedReturns:
		for k, weight := range a.ReturnLagWeights {
			if week := t + k + 1; week < len(w.returns) {
				w.returns[week] += float64(a.ResalableShare * a.ReturnRate * weight * sales)
			}
		}
	default:
		if a.Units == Whole {
			back = math.Floor(back + sc.ReturnRound(i, t))
		}
		if week := t + sc.ReturnLag(i, t); week < len(w.returns) {
			w.returns[week] += back
		}
	}
}

// Totals are one scenario's sums over the weeks, in units (Orders: orders; ShortWeeks: weeks with lost sales).
type Totals struct {
	OnHand     float64 // Σ stock at the end of a week
	Ordered    float64
	Orders     float64
	Sales      float64
	Lost       float64
	ShortWeeks float64
	Final      float64 // on hand and outstanding after the last week

	Discounted Flows // the sums that costs are computed from, week t weighted with γ^t
}

// Flows are sums over the weeks that costs are proportional to, in units.
type Flows struct {
	OnHand, Ordered, Orders, Sales, Lost float64
	Final                                float64
}

// add books week t, whose costs have the weight γ^t.
func (s *Totals) add(r WeekRecord, weight float64) {
	s.OnHand += r.OnHandEnd
	s.Ordered += r.Order
	s.Sales += r.Sales
	s.Lost += r.Lost
	s.Discounted.Book(&r, weight)
	if r.Order > 0 {
		s.Orders++
	}
	if r.Lost > 0 {
		s.ShortWeeks++
	}
}

// Book adds a week, whose costs have the weight γ^t, to all flows but the final one.
func (f *Flows) Book(r *WeekRecord, weight float64) {
	f.OnHand += float64(weight * r.OnHandEnd)
	f.Ordered += float64(weight * r.Order)
	f.Sales += float64(weight * r.Sales)
	f.Lost += float64(weight * r.Lost)
	if r.Order > 0 {
		f.Orders += weight
	}
}

// Run runs a policy through every scenario and returns each one's totals in dst, whose memory is reused: [scenario]. It is a
// deterministic function of its arguments. The article must be valid, and the scenarios drawn for it.
func Run(a *Article, p Policy, sc *Scenarios, dst []Totals) []Totals {
	dst = resized(dst, sc.N)
	w := newWorld(sc.Weeks)
	for i := range dst {
		dst[i] = w.scenario(a, p, sc, i, nil)
	}
	return dst
}

// scenario runs scenario i from the article's state now. visit, if not nil, sees every week.
func (w *world) scenario(a *Article, p Policy, sc *Scenarios, i int, visit func(t int, r WeekRecord)) Totals {
	w.reset(a)
	var sum Totals
	weight := 1.0
	for t := range sc.Weeks {
		r := w.week(a, p, sc, i, t)
		sum.add(r, weight)
		if visit != nil {
			visit(t, r)
		}
		if t < sc.Weeks-1 {
			weight *= a.Discount
		}
	}
	sum.Final = w.onHand + w.ordered(sc.Weeks)
	sum.Discounted.Final = weight * sum.Final
	return sum
}

// Visit runs a policy through every scenario and shows each week: scenario i, week t.
func Visit(a *Article, p Policy, sc *Scenarios, visit func(i, t int, r WeekRecord)) {
	w := newWorld(sc.Weeks)
	for i := range sc.N {
		w.scenario(a, p, sc, i, func(t int, r WeekRecord) { visit(i, t, r) })
	}
}
