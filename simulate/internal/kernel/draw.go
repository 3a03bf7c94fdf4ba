package kernel

// Column is a source of randomness of a week: point i of the scenarios is Points[i] + Shift, modulo 2^32. The week's draws go to
// blocks of 16 that are Between elements apart.
type Column struct {
	Points  []uint32
	Shift   uint32
	Between int
}

// maxSteps bounds the steps that are all compared with a point; more are better looked up.
const maxSteps = 40

// Pieces are a function of u in (0,1), piecewise linear: up to u = (Upper[i]+½)/2^32 it is Base[i] + Slope[i]·u.
type Pieces struct {
	Upper       []uint32
	Base, Slope []float64
}
