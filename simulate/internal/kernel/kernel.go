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

// Costs writes the cost of each scenario of the blocks first..last-1 to dst, [scenario] of all blocks, padding included, and returns how many
// of these are at least limit. It stops after a block with which more than most are.
func (k Kind) Costs(p *Problem, first, last int, limit float64, most int, dst []float64) (atLeast int) {
	return p.costsScalar(first, last, limit, most, dst)
}

// Sums writes the sums of the blocks first..last-1 to dst, [block] of all blocks.
func (k Kind) Sums(p *Problem, first, last int, dst []Sums) {
	p.sumsScalar(first, last, dst)
}

// Best returns the fastest implementation that this machine can run.
func Best() Kind { return Scalar }
