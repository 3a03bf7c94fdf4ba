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

// Pack makes a problem's scenarios, ReturnShare and Weeks' number ready for the implementation. It must follow every change of these, and
// may move Round within the bounds in which no return changes.
func (k Kind) Pack(p *Problem) {
	if k != Scalar {
		p.packed.pack(p)
	}
}

// Costs writes the cost of each scenario to dst, [block][lane], and returns how many are at least limit. As soon as more than most are,
// it may stop; then the number returned is also more than most.
func (k Kind) Costs(p *Problem, limit float64, most int, dst []float64) (atLeast int) {
	if k != Scalar {
		if atLeast, ok := k.costsAssembly(p, limit, most, dst[:p.Blocks()*Lanes]); ok {
			return atLeast
		}
	}
	return p.costsScalar(limit, most, dst)
}

// Sums writes the sums of each block to dst.
func (k Kind) Sums(p *Problem, dst []Sums) {
	if k == Scalar || !k.sumsAssembly(p, dst[:p.Blocks()]) {
		p.sumsScalar(dst)
	}
}
