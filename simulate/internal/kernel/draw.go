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
