package kernel

import "math"

// lane is one scenario's result, units.
type lane struct {
	onHand, ordered, orders, sales, final, short int32
}

// scalar runs a scenario. It is the readable form of the assembly.
func (p *Problem) scalar(scenario int32) (s lane) {
	sc, weeks := &p.Scenarios, len(p.Weeks)
	var arrivals, returns [MaxWeeks]int32 // [week] units
	stock, outstanding := p.OnHand, int32(0)
	position := p.OnHand + p.Transit
	cell := p.index(int(scenario))
	for t := range p.Weeks {
		w := &p.Weeks[t]

		looked := position
		if p.Look == Stock {
			if looked = stock; outstanding != 0 {
				looked = math.MaxInt32
			}
		}
		if looked-w.Below < 0 {
			order := w.Quantity
			if p.Look == UpTo {
				order = p.Rules.order(w.Quantity - position)
			}
			outstanding += order
			position += order
			s.ordered += order
			s.orders++
			if week := t + int(sc.Delay[cell]); week < weeks {
				arrivals[week] += order
			}
		}

		arrived := arrivals[t]
		outstanding -= arrived
		inbound := arrived + returns[t] + w.Inbound
		var after int32
		if p.AfterShift >= 0 {
			after = inbound >> uint32(p.AfterShift)
		} else {
			after = int32(p.After * float64(inbound))
		}
		stock += inbound - after

		demand := sc.Demand[cell]
		sales := min(demand, stock)
		stock += after - sales
		position += returns[t] + w.Returned - sales
		s.onHand += stock
		s.sales += sales
		if sales < demand {
			s.short++
		}

		if p.ReturnShare != 0 {
			back := int32(float64(p.ReturnShare*float64(sales)) + float64(sc.Round[cell]))
			if week := t + int(sc.Lag[cell]); week < weeks {
				returns[week] += back
			}
		}
		cell += Lanes
	}
	s.final = stock + outstanding + p.Late
	return s
}

// order applies the rules to a positive quantity.
func (r *Rules) order(wanted int32) int32 {
	q := max((wanted+r.Pack-1)/r.Pack*r.Pack, r.Least)
	if q > r.Most {
		return r.Cap
	}
	return q
}

// costsScalar is the Go form of [Kind.Costs].
func (p *Problem) costsScalar(limit float64, most int, dst []float64) (atLeast int) {
	for i, scenario := range p.Order {
		s := p.scalar(scenario)
		dst[i] = p.Prices.cost(s.onHand, s.ordered, s.orders, s.sales, p.Total[i]-s.sales, s.final)
		if dst[i] >= limit {
			if atLeast++; atLeast > most {
				break
			}
		}
	}
	return atLeast
}

// sumsScalar is the Go form of [Kind.Sums].
func (p *Problem) sumsScalar(dst []Sums) {
	for i, scenario := range p.Order {
		s, d, l := p.scalar(scenario), &dst[i/Lanes], i%Lanes
		d.OnHand[l], d.Ordered[l], d.Orders[l] = s.onHand, s.ordered, s.orders
		d.Sales[l], d.Final[l], d.Short[l] = s.sales, s.final, s.short
	}
}
