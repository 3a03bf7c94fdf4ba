package optimize

import (
	"errors"
	"fmt"

	"github.com/restock-engine/restock/forecast"
	"github.com/restock-engine/restock/internal/random"
	"github.com/restock-engine/restock/internal/stat"
	"github.com/restock-engine/restock/simulate"
)

// TriggerChoice says which triggers the optimiser may choose from.
type TriggerChoice string

// Choices of the trigger.
const (
	AutoTrigger     TriggerChoice = "auto" // whichever is better
	StockTrigger                  = TriggerChoice(simulate.StockTrigger)
	PositionTrigger               = TriggerChoice(simulate.PositionTrigger)
)

// Options are the settings of a decision. The zero value is not valid; see DefaultOptions.
type Options struct {
	Objective     Objective
	Trigger       TriggerChoice
	Scenarios     int    // Ω_opt
	EvalScenarios int    // Ω_eval
	Budget        int    // candidates that the search may evaluate
	Method        Method // nil: LocalSearch
}

// DefaultOptions returns the 75th percentile, 500 and 2,000 scenarios, either trigger, at most 1,000 candidates.
func DefaultOptions() Options {
	return Options{Objective: DefaultObjective(), Trigger: AutoTrigger, Scenarios: 500, EvalScenarios: 2000, Budget: 1000}
}

// Validate reports everything that is wrong, or nil.
func (o Options) Validate() error {
	errs := []error{o.Objective.Validate()}
	if o.Trigger != AutoTrigger && o.Trigger != StockTrigger && o.Trigger != PositionTrigger {
		errs = append(errs, fmt.Errorf("trigger %q must be stock, position or auto", o.Trigger))
	}
	for _, n := range []struct {
		name  string
		value int
	}{{"scenarios", o.Scenarios}, {"eval_scenarios", o.EvalScenarios}} {
		if err := simulate.CheckScenarios(n.value, 1); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", n.name, err))
		}
	}
	if o.Budget < 1 {
		errs = append(errs, fmt.Errorf("the budget must be at least 1 candidate, not %d", o.Budget))
	}
	return errors.Join(errs...)
}

func (c TriggerChoice) triggers() []simulate.Trigger {
	if c == AutoTrigger {
		return []simulate.Trigger{simulate.StockTrigger, simulate.PositionTrigger}
	}
	return []simulate.Trigger{simulate.Trigger(c)}
}

// Input is one SKU: what Decide needs to know of it.
type Input struct {
	Article  *simulate.Article
	Forecast *forecast.Quantiles
	Plan     simulate.Plan // to compare with; nil for none
	Key      random.Key    // of the SKU's stream: Sampler.Key
}

// Workspace holds the memory of decisions, to be used again for the next SKU. Not for concurrent use; the zero value is ready.
type Workspace struct {
	opt, eval simulate.Scenarios
	evaluator *simulate.Evaluator
	problem   Problem
	outcomes  []simulate.Outcome // [policy]
	scratch   []float64
}

func (w *Workspace) ready() *simulate.Evaluator {
	if w.evaluator == nil {
		w.evaluator = simulate.NewEvaluator()
	}
	return w.evaluator
}

// Decide chooses the SKU's extended (R, s, Q) policy on Ω_opt and reports what it does on Ω_eval, next to doing nothing and to
// the plan. It depends on its arguments alone: not on the workspace, other SKUs or the number of workers. Errors are about the
// input.
func Decide(s *simulate.Sampler, in Input, o Options, w *Workspace) (Recommendation, error) {
	best, err := Tune(RSQ, s, in, o, w)
	if err != nil {
		return Recommendation{}, err
	}
	w.scratch = w.evaluator.Costs(best.Policy, w.scratch)
	optCosts := o.Objective.interval(w.scratch)
	a := in.Article
	policies := []simulate.Policy{best.Policy, simulate.None{}}
	if in.Plan != nil {
		policies = append(policies, in.Plan)
	}
	rec := Recommendation{
		Policy:       best.Policy.(simulate.RSQ),
		ObjectiveOpt: best.Score.Value,
		Shortfall:    best.Score.Shortfall,
		Stock:        stock(a),
		Price:        a.Price,
		Weeks:        a.Horizon,
		ReviewPeriod: a.ReviewPeriod,
		Evaluations:  best.Evaluations,
	}
	for set, n := simulate.EvalSet, o.EvalScenarios; ; set, n = ExtendedSet, Extension*o.EvalScenarios {
		if err := s.Draw(&w.eval, a, in.Forecast, in.Key, set, n, false); err != nil {
			return Recommendation{}, err
		}
		w.run(a, policies, &w.eval)
		rec.report(o.Objective, w)
		rec.EvalScenarios = n
		rec.Status = rec.status(o.Objective.MinFillRate)
		if rec.Status != Degraded || set == ExtendedSet || simulate.CheckScenarios(Extension*o.EvalScenarios, a.Horizon) != nil {
			break
		}
	}
	rec.SamplingGap = samplingGap(optCosts, rec.ObjectiveEval)
	return rec, nil
}

// A recommendation that can't be told from doing nothing is looked at once more, on so many times the scenarios, which are a set
// of their own.
const (
	Extension                = 4
	ExtendedSet simulate.Set = 2
)

// report takes over what the policy, doing nothing and the plan, if there is one, do: the workspace's outcomes.
func (r *Recommendation) report(o Objective, w *Workspace) {
	policy, nothing := &w.outcomes[0], &w.outcomes[1]
	r.ObjectiveEval = o.interval(w.copied(policy.Costs))
	r.Figures, r.DoNothing = figures(policy), figures(nothing)
	r.Figures.Objective, r.DoNothing.Objective = r.ObjectiveEval.Estimate, o.estimate(w.copied(nothing.Costs))
	r.Saving = w.excess(1)
	r.ObjectiveSaving = stat.PairedInterval(r.DoNothing.Objective-r.ObjectiveEval.Estimate, nothing.Costs, policy.Costs, o.Value)
	r.MeanDemand = r.Figures.UnitsSold + r.Figures.UnitsLost
	if len(w.outcomes) > 2 {
		f, excess := figures(&w.outcomes[2]), w.excess(2)
		f.Objective = o.estimate(w.copied(w.outcomes[2].Costs))
		r.Plan, r.PlanSaving = &f, &excess
	}
}

// run runs policies on the same scenarios, which were drawn for the article: the outcomes are then theirs.
func (w *Workspace) run(a *simulate.Article, policies []simulate.Policy, sc *simulate.Scenarios) {
	ev := w.ready()
	ev.Prepare(a, sc)
	for cap(w.outcomes) < len(policies) {
		w.outcomes = append(w.outcomes[:cap(w.outcomes)], simulate.Outcome{})
	}
	w.outcomes = w.outcomes[:len(policies)]
	for i, p := range policies {
		ev.Outcome(p, &w.outcomes[i])
	}
}

// copied returns a copy of x for functions that reorder it, valid until the next.
func (w *Workspace) copied(x []float64) []float64 {
	w.scratch = append(w.scratch[:0], x...)
	return w.scratch
}

// excess returns the mean cost of outcome i minus that of the first, paired.
func (w *Workspace) excess(i int) stat.Interval {
	w.scratch = w.scratch[:0]
	first := w.outcomes[0].Costs
	for k, c := range w.outcomes[i].Costs {
		w.scratch = append(w.scratch, c-first[k])
	}
	return stat.MeanInterval(w.scratch)
}

// Reported returns the scenarios that the last Decide has reported from, and Costs those of the ith policy of the last Compare,
// [scenario]. Both are valid until the workspace is used again, and must not be changed.
func (w *Workspace) Reported() *simulate.Scenarios { return &w.eval }

// Costs: see [Workspace.Reported].
func (w *Workspace) Costs(i int) []float64 { return w.outcomes[i].Costs }

// Comparison is what one of several policies does on scenarios that all share.
type Comparison struct {
	Policy    simulate.Policy
	Figures   Figures
	Objective stat.Interval // 95 %
	MeanCost  stat.Interval
	FillRate  stat.Interval
	Excess    stat.Interval // mean cost minus that of the first policy, paired
}

// Compare runs policies on the same scenarios, which were drawn for the article.
func Compare(a *simulate.Article, policies []simulate.Policy, sc *simulate.Scenarios, o Objective, w *Workspace) []Comparison {
	w.run(a, policies, sc)
	results := make([]Comparison, len(policies))
	for i := range results {
		outcome := &w.outcomes[i]
		r := Comparison{
			Policy: policies[i], Figures: figures(outcome), Objective: o.interval(w.copied(outcome.Costs)),
			MeanCost: stat.MeanInterval(outcome.Costs), FillRate: stat.MeanInterval(outcome.FillRates), Excess: w.excess(i),
		}
		r.Figures.Objective = r.Objective.Estimate
		results[i] = r
	}
	return results
}

// status: degraded if orders are placed that may as well save nothing of the objective. Orders without which the fill rate misses its
// floor need not save anything.
func (r *Recommendation) status(floor float64) Status {
	asked := r.DoNothing.FillRate < floor && r.DoNothing.FillRate < r.Figures.FillRate
	switch {
	case r.Figures.UnitsOrdered > 0 && r.ObjectiveSaving.Low <= 0 && !asked:
		return Degraded
	case r.Policy.Q0 == 0:
		return NoOrder
	default:
		return OK
	}
}

// Tuned is the best policy of a family on Ω_opt.
type Tuned struct {
	Policy      simulate.Policy
	Score       Score // on Ω_opt
	Evaluations int
}

// sharp is the coefficient of variation of a horizon's demand below which it is known well.
const sharp = 0.2

// Tune draws Ω_opt and searches a family's best policy on it. Every family is tuned on the same scenarios with the same budget.
func Tune(kind Kind, s *simulate.Sampler, in Input, o Options, w *Workspace) (Tuned, error) {
	return tune(kind, s, in, o, simulate.OptSet, w)
}

// tune is Tune on any set of scenarios, for which the workspace's evaluator stays prepared.
func tune(kind Kind, s *simulate.Sampler, in Input, o Options, set simulate.Set, w *Workspace) (Tuned, error) {
	if err := s.Draw(&w.opt, in.Article, in.Forecast, in.Key, set, o.Scenarios, false); err != nil {
		return Tuned{}, err
	}
	facts := newDemandFacts(in.Article, &w.opt)
	var f *Family
	switch kind {
	case RSQ:
		f = rsqFamily(in.Article, facts, o.Trigger.triggers())
	case SS:
		f = ssFamily(in.Article, facts)
	case BaseStock:
		f = baseStockFamily(in.Article, facts)
	case Newsvendor:
		policy := simulate.NewNewsvendor(in.Article, &w.opt)
		f = &Family{Sizes: []int{1}, Starts: []Start{{X: []int{0}}},
			Policy: func([]int) simulate.Policy { return policy }}
	default:
		return Tuned{}, fmt.Errorf("policy family %q is not known; known are %v", kind, Kinds())
	}
	// A step from a policy that just reaches a floor, or that just covers a demand that is known well, mostly leads to one that does not.
	f.Steep = o.Objective.MinFillRate > 0 || facts.sd[in.Article.Horizon] < sharp*facts.mean[in.Article.Horizon]
	ev := w.ready()
	ev.Prepare(in.Article, &w.opt)
	ev.Reorder(f.Policy(f.typical()))
	p := &w.problem
	p.reset(f, o.Objective, ev, o.Scenarios, o.Budget)
	method := o.Method
	if method == nil {
		method = LocalSearch{}
	}
	method.Search(p, random.New(in.Key.String("search")))
	x, score := p.Best()
	return Tuned{Policy: f.Policy(x), Score: score, Evaluations: p.Evaluations()}, nil
}
