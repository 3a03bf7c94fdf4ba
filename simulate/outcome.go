package simulate

// Outcome is what a policy does on a set of scenarios.
type Outcome struct {
	Costs     []float64 // [scenario] money
	FillRates []float64 // [scenario]
	Means     Means
}

// Means are means over the scenarios, of money and units over the whole horizon. The costs are those of the mean flows, which is
// the same but for rounding.
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

// Outcome runs a policy through all scenarios and writes what it does to dst, whose memory is reused: what [Run] and [Costs]
// would give, without the totals of each scenario.
func (ev *Evaluator) Outcome(p Policy, dst *Outcome) {
	n := ev.sc.N
	dst.Costs, dst.FillRates = resized(dst.Costs, n), resized(dst.FillRates, n)
	if ev.fits && ev.preparePolicy(p) {
		ev.outcomeFast(dst)
	} else {
		ev.outcomeWide(p, dst)
	}
	fill := 0.0
	for _, f := range dst.FillRates {
		fill += f
	}
	dst.Means.FillRate = fill / float64(n)
}

func (ev *Evaluator) outcomeWide(p Policy, dst *Outcome) {
	var all, discounted Flows
	short := 0.0
	w := ev.wideWorld()
	for i := range ev.sc.N {
		s := w.scenario(ev.article, p, ev.sc, i, nil)
		dst.Costs[i], dst.FillRates[i] = ev.article.Cost(&s.Discounted).Total(), s.FillRate()
		all.add(&Flows{s.OnHand, s.Ordered, s.Orders, s.Sales, s.Lost, s.Final})
		discounted.add(&s.Discounted)
		short += s.ShortWeeks
	}
	dst.Means = ev.means(&all, &discounted, short)
}

func (ev *Evaluator) outcomeFast(dst *Outcome) {
	ev.sums = resized(ev.sums, ev.prob.Padded()/Lanes)
	ev.kind.Sums(&ev.prob, ev.sums)
	var onHand, ordered, orders, sales, lost, final, short int64
	for first := 0; first < ev.sc.N; first += Lanes {
		s, totals := &ev.sums[first/Lanes], (*[Lanes]int32)(ev.prob.Total[first:])
		for l, scenario := range ev.prob.Order[first:min(first+Lanes, ev.sc.N)] {
			missed := totals[l] - s.Sales[l]
			dst.Costs[scenario] = ev.prob.Prices.Cost(s, l, missed)
			dst.FillRates[scenario] = fillRate(float64(s.Sales[l]), float64(missed))
			onHand += int64(s.OnHand[l])
			ordered += int64(s.Ordered[l])
			orders += int64(s.Orders[l])
			sales += int64(s.Sales[l])
			lost += int64(missed)
			final += int64(s.Final[l])
			short += int64(s.Short[l])
		}
	}
	f := Flows{float64(onHand), float64(ordered), float64(orders), float64(sales), float64(lost), float64(final)}
	dst.Means = ev.means(&f, &f, float64(short))
}

// means returns the means of sums over the scenarios, but for the fill rate.
func (ev *Evaluator) means(all, discounted *Flows, shortWeeks float64) Means {
	a, n := ev.article, float64(ev.sc.N)
	weeks := float64(a.Horizon)
	f, d := all.over(n), discounted.over(n)
	return Means{
		Cost: a.Cost(&d), Availability: 1 - shortWeeks/(n*weeks), GMV: a.Price * f.Sales, AverageStock: f.OnHand / weeks,
		Sold: f.Sales, Lost: f.Lost, Ordered: f.Ordered, Orders: f.Orders,
	}
}

func (f *Flows) add(o *Flows) {
	f.OnHand += o.OnHand
	f.Ordered += o.Ordered
	f.Orders += o.Orders
	f.Sales += o.Sales
	f.Lost += o.Lost
	f.Final += o.Final
}

func (f *Flows) over(n float64) Flows {
	return Flows{f.OnHand / n, f.Ordered / n, f.Orders / n, f.Sales / n, f.Lost / n, f.Final / n}
}
