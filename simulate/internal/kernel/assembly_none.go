//go:build !amd64 || purego

package kernel

// Best returns the fastest implementation that this machine can run.
func Best() Kind { return Scalar }

func (k Kind) costsAssembly(*Problem, float64, int, []float64) (atLeast int, ok bool) {
	return 0, false
}

func (k Kind) sumsAssembly(*Problem, []Sums) bool { return false }

type args struct{}

func (k Kind) fillArgs(*Problem) {}

func (k Kind) totals(cells []int32, blocks, weeks int, sums []int32) (largest int32) {
	return totalsScalar(cells, blocks, weeks, sums)
}

func (k Kind) narrow([]int32, int, int, []uint8) (s span) { return s }

// CountSteps is the work of the caller.
func (k Kind) CountSteps(Column, []uint32, int32, []int32) (done int) { return 0 }

// Rounds is the work of the caller.
func (k Kind) Rounds(Column, []float32) (done int) { return 0 }

// Invert is the work of the caller.
func (k Kind) Invert(_, _ []uint32, _, _ uint32, _ Pieces, _ []int32) bool { return false }

// Near: see the assembly's.
func (k Kind) Near(x []float64, low, high float64, dst []float64) (found, below int, next float64) {
	return nearScalar(x, low, high, dst)
}
