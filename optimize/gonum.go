package optimize

import (
	"math"

	"gonum.org/v1/gonum/mat"
	gonum "gonum.org/v1/gonum/optimize"

	"github.com/restock-engine/restock/internal/random"
)

// CMAES is gonum's covariance matrix adaptation (Hansen, The CMA Evolution Strategy: A Tutorial, arXiv:1604.00772, 2016) on the
// unit box, from the middle of the box and then from random points until the budget is spent.
type CMAES struct{}

// Search implements [Method].
func (CMAES) Search(p *Problem, r random.Source) {
	restarts(p, r, func(settings *gonum.Settings) gonum.Method {
		sigma := make([]float64, len(p.Family.Sizes))
		for d := range sigma {
			sigma[d] = 1
		}
		chol := mat.Cholesky{}
		chol.Factorize(mat.NewDiagDense(len(sigma), sigma))
		return &gonum.CmaEsChol{InitStepSize: 0.3, InitCholesky: &chol, ForgetBest: false, Src: r}
	})
}

// NelderMead is gonum's simplex search (Nelder and Mead, Computer Journal 7(4), 1965) on the unit box, from the middle of the box
// and then from random points until the budget is spent.
type NelderMead struct{}

// Search implements [Method].
func (NelderMead) Search(p *Problem, r random.Source) {
	restarts(p, r, func(*gonum.Settings) gonum.Method { return &gonum.NelderMead{SimplexSize: 0.25} })
}

// maxRestarts in a row that find nothing new end the search.
const maxRestarts = 50

// restarts runs a method of gonum again and again. Points outside the unit box are clamped, coordinates scaled to the family's
// box and rounded.
func restarts(p *Problem, r random.Source, method func(*gonum.Settings) gonum.Method) {
	sizes := p.Family.Sizes
	x := make([]int, len(sizes))
	point := func(u []float64) {
		for d, size := range sizes {
			x[d] = clampInt(int(math.Floor(u[d]*float64(size))), 0, size-1)
		}
	}
	problem := gonum.Problem{
		Func: func(u []float64) float64 {
			point(u)
			return penalized(p.Evaluate(x))
		},
		Status: func() (gonum.Status, error) {
			if p.Exhausted() {
				return gonum.FunctionEvaluationLimit, nil
			}
			return gonum.NotTerminated, nil
		},
	}
	start := make([]float64, len(sizes))
	for d := range start {
		start[d] = 0.5
	}
	for tries := 0; !p.Exhausted() && tries < maxRestarts; tries++ {
		before := p.Evaluations()
		settings := &gonum.Settings{MajorIterations: p.Budget, FuncEvaluations: 20 * p.Budget, Converger: &gonum.FunctionConverge{
			Absolute: 1e-9, Iterations: 100}}
		// An error says that the method cannot go on from here: the next start may do better.
		_, _ = gonum.Minimize(problem, start, settings, method(settings))
		for d := range start {
			start[d] = r.Float64()
		}
		if p.Evaluations() > before {
			tries = 0
		}
	}
}

// penalized is one number for a score: a policy that misses the floor is dearer than all that reach it.
func penalized(s Score) float64 {
	if s.Shortfall == 0 {
		return s.Value
	}
	if math.IsInf(s.Value, 1) {
		return math.MaxFloat64
	}
	return math.Abs(s.Value)*1e3 + 1e9*(1+s.Shortfall)
}
