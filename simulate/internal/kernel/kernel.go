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

// Prepare makes a problem ready for the implementation, with scenarios of a large demand first.
func (k Kind) Prepare(p *Problem) {
	sortBy(p, p.totals())
	k.plan(p, false)
	k.pack(p, true)
}

// PrepareUnsorted is Prepare with the scenarios in their own order, which is quicker.
func (k Kind) PrepareUnsorted(p *Problem) {
	totals := p.totals()
	p.Order, p.Total = resized(p.Order, len(totals)), resized(p.Total, p.Padded())
	clear(p.Total[copy(p.Total, totals):])
	for i := range p.Order {
		p.Order[i] = int32(i)
	}
	k.plan(p, true)
	k.pack(p, false)
}

// Reorder changes Order: scenarios with large costs, [scenario], come first. Policies that are like the one that costs so are
// then abandoned early.
func (k Kind) Reorder(p *Problem, costs []float64) {
	sortBy(p, costs)
	k.pack(p, true)
}

// plan looks at the scenarios as far as their order does not matter, for a few policies with less care.
func (k Kind) plan(p *Problem, few bool) {
	if k != Scalar {
		p.packed.lookAtDelays(p)
		p.packed.planReturns(p, few)
	}
}

func (k Kind) pack(p *Problem, sorted bool) {
	if k != Scalar {
		p.packed.pack(p, sorted)
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
