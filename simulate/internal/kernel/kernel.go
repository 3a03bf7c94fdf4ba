package kernel

// Kind is one of the implementations; all give the same bits.
type Kind int

// The implementations, slowest first.
const (
	Scalar Kind = iota
	AVX2
	AVX512
)

func (k Kind) String() string { return [...]string{"scalar", "avx2", "avx512"}[k] }

// Prepare makes a problem ready for the implementation, for a few policies, with the scenarios in their own order.
func (k Kind) Prepare(p *Problem) {
	c := &p.packed
	c.scan(p, k)
	p.Order, p.Total = resized(p.Order, p.Scenarios.N), resized(p.Total, p.Padded())
	clear(p.Total[copy(p.Total, c.totals[:p.Scenarios.N]):])
	for i := range p.Order {
		p.Order[i] = int32(i)
	}
	if k != Scalar {
		c.delays.span = c.scanned.delays
		c.planReturns(p, true)
		c.copy(p)
		k.fillArgs(p)
	}
}

// Reorder makes a prepared problem ready for many policies that are like one with the given costs, [scenario]: scenarios with
// large ones come first, so that policies like it are abandoned early.
func (k Kind) Reorder(p *Problem, costs []float64) {
	sortBy(p, costs)
	if k != Scalar {
		c := &p.packed
		c.planReturns(p, false)
		c.gather(p)
		k.fillArgs(p)
	}
}

// Costs writes the costs to dst, [position], and returns how many are at least limit. As soon as more than most are, it may
// stop; then the number returned is also more than most.
func (k Kind) Costs(p *Problem, limit float64, most int, dst []float64) (atLeast int) {
	if k != Scalar {
		if atLeast, ok := k.costsAssembly(p, limit, most, dst[:p.Padded()]); ok {
			return atLeast
		}
	}
	return p.costsScalar(limit, most, dst)
}

// Sums writes the sums to dst, [position / 16].
func (k Kind) Sums(p *Problem, dst []Sums) {
	if k == Scalar || !k.sumsAssembly(p, dst[:p.Padded()/Lanes]) {
		p.sumsScalar(dst)
	}
}
