package kernel

// The ring holds what comes in later: for each vector of the group rows of 32 bits, divided into fields of 1, 2, 4, 8, 16 or 32
// bits, one for each week. The wider the fields must be, the more rows have to be tried for what comes in at different times in
// different lanes.

// step is a week's places in the ring. The assembly reads it.
type step struct {
	orders, returns place
}

// place is where a week's field is.
type place struct {
	row   int32 // bytes
	shift int32 // bits
	rows  int32 // from this row on: those that what is pushed in this week may come to
}

// fields is one of the two kinds of fields of the ring.
type fields struct {
	span     // weeks until something comes in
	log  int // logarithm of the width in bits; the weeks' places are for it
}

// logWidth returns the logarithm of the width of fields that hold a number.
func logWidth(most int64) int {
	log := 0
	for log < 5 && most >= 1<<(1<<log) {
		log++
	}
	return log
}

// layOut sets the places of the weeks' fields from a row on, and returns the row behind them.
func (f *fields) layOut(log, row, rowSize int, steps []step, part func(*step) *place) int {
	f.log = log
	perRow, weeks := 32>>log, len(steps)
	for t := range steps {
		p := part(&steps[t])
		*p = place{row: int32((row + t/perRow) * rowSize), shift: int32(t % perRow << log)}
		if t+f.first < weeks {
			p.rows = int32(min(t+f.last, weeks-1)/perRow - t/perRow + 1)
		}
	}
	return row + (weeks-1)/perRow + 1
}

// layOutRing sets the places of the returns' fields, for as many returns as may come in in a week, and room for any orders behind
// them.
func (k *packed) layOutRing(weeks, rowSize int, most int64) {
	k.steps = resized(k.steps, weeks)
	clear(k.steps)
	k.orderRow = 0
	if k.returns == ringReturns {
		k.orderRow = k.lags.layOut(logWidth(most), 0, rowSize, k.steps, func(s *step) *place { return &s.returns })
	}
	k.ring = resized(k.ring, (k.orderRow+weeks)*rowSize/4)
	k.delays.log = -1
}

// layOutOrders sets the places of the orders' fields, for orders of the problem's policy, and returns the number of rows in all.
func (k *packed) layOutOrders(p *Problem, rowSize int) int {
	most, orders := int64(0), 0
	for i := range p.Weeks {
		w := &p.Weeks[i]
		if w.Below == Never {
			continue
		}
		orders++
		q := int64(w.Quantity)
		if p.Look == UpTo {
			q = max(q+int64(p.Rules.Pack), int64(p.Rules.Least))
		}
		most = max(most, q)
	}
	most *= int64(min(orders, k.delays.last-k.delays.first+1))
	if log := logWidth(most); log != k.delays.log {
		k.rows = k.delays.layOut(log, k.orderRow, rowSize, k.steps, func(s *step) *place { return &s.orders })
	}
	return k.rows
}
