package optimize

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/stat/distuv"

	"github.com/restock-engine/restock/internal/stat"
	"github.com/restock-engine/restock/simulate"
)

// The best objective on a set of scenarios is, in expectation, no more than that of the best policy on all the scenarios there
// could be. What a policy costs more than that on scenarios of its own therefore bounds from above what a better policy could
// save: the sampling gap of Mak, Morton and Wood, Operations Research Letters 24(1), 1999. Searches that miss the optimum of
// their set make the bound too small by what they miss; benchmarks/optimizer measures how much that is.

// Gap is an upper bound of what the best policy could save of the objective, money.
type Gap struct {
	Estimate float64
	High     float64 // upper end of the one-sided 95 % confidence interval, at least 0
}

// samplingGap bounds the gap from one search: the objective on fresh scenarios minus that on the search's, which are independent.
func samplingGap(opt, eval stat.Interval) Gap {
	variance := 0.0
	for _, i := range []stat.Interval{opt, eval} {
		se := (i.High - i.Low) / (2 * stat.Z95)
		variance += se * se
	}
	estimate := eval.Estimate - opt.Estimate
	return Gap{estimate, max(0, estimate+z90*math.Sqrt(variance))}
}

// z90 is the 0.95 quantile of the standard normal distribution: one-sided 95 %.
var z90 = distuv.UnitNormal.Quantile(0.95)

// firstReplication is the set of the first replication; those before it are Ω_opt, Ω_eval and its extension.
const firstReplication simulate.Set = 16

// ReplicateGap bounds the gap of a policy with common random numbers: in each replication a new search, on fresh scenarios of the
// number of Ω_opt, is set against the policy on the same scenarios. Errors: fewer than 2 replications, and those of [Tune].
func ReplicateGap(policy simulate.Policy, s *simulate.Sampler, in Input, o Options, replications int, w *Workspace) (Gap, error) {
	if replications < 2 {
		return Gap{}, fmt.Errorf("a confidence interval needs at least 2 replications, not %d", replications)
	}
	gaps := make([]float64, replications)
	for i := range gaps {
		tuned, err := tune(RSQ, s, in, o, firstReplication+simulate.Set(i), w)
		if err != nil {
			return Gap{}, err
		}
		costs := w.evaluator.Costs(policy, nil)
		gaps[i] = max(0, o.Objective.Value(costs)-tuned.Score.Value) // the policy is one that the search could have found
	}
	mean := stat.MeanInterval(gaps)
	se := (mean.High - mean.Low) / (2 * stat.Z95)
	t := distuv.StudentsT{Sigma: 1, Nu: float64(replications - 1)}.Quantile(0.95)
	return Gap{mean.Estimate, mean.Estimate + t*se}, nil
}
