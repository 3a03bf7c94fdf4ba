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
	Scenarios     int // Ω_opt
	EvalScenarios int // Ω_eval
	Budget        int // candidates that the search may evaluate
}

// DefaultOptions returns the 75th percentile, 500 and 2,000 scenarios, either trigger, 600 candidates.
func DefaultOptions() Options {
	return Options{Objective: DefaultObjective(), Trigger: AutoTrigger, Scenarios: 500, EvalScenarios: 2000, Budget: 600}
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
	opt, eval                         simulate.Scenarios
	evaluator                         *simulate.Evaluator
	policy, nothing, plan             []simulate.Totals
	policyCost, otherCost, difference []float64
}

func (w *Workspace) prepare(a *simulate.Article, sc *simulate.Scenarios) *simulate.Evaluator {
	if w.evaluator == nil {
		w.evaluator = simulate.NewEvaluator()
	}
	w.evaluator.Prepare(a, sc)
	return w.evaluator
}

// Decide chooses the SKU's extended (R, s, Q) policy on Ω_opt and reports what it does on Ω_eval, next to doing nothing and to the plan.
// It depends on its arguments alone: not on the workspace, other SKUs or the number of workers. Errors are about the input.
func Decide(s *simulate.Sampler, in Input, o Options, w *Workspace) (Recommendation, error) {
	best, err := Tune(RSQ, s, in, o, w)
	if err != nil {
		return Recommendation{}, err
	}
	if err := s.Draw(&w.eval, in.Article, in.Forecast, in.Key, simulate.EvalSet, o.EvalScenarios, false); err != nil {
		return Recommendation{}, err
	}
	rec := Recommendation{
		Policy:       best.Policy.(simulate.RSQ),
		ObjectiveOpt: best.Score.Value,
		ReviewPeriod: in.Article.ReviewPeriod,
		Evaluations:  best.Evaluations,
	}
	a := in.Article
	ev := w.prepare(a, &w.eval)
	w.policy = ev.Totals(rec.Policy, w.policy)
	rec.Figures = Summarize(a, w.policy, o.Objective)
	w.nothing = ev.Totals(simulate.None{}, w.nothing)
	rec.DoNothing = Summarize(a, w.nothing, o.Objective)
	rec.Saving = w.saving(a, w.nothing)
	if in.Plan != nil {
		w.plan = ev.Totals(in.Plan, w.plan)
		figures := Summarize(a, w.plan, o.Objective)
		saving := w.saving(a, w.plan)
		rec.Plan, rec.PlanSaving = &figures, &saving
	}
	w.policyCost = simulate.Costs(a, w.policy, w.policyCost)
	w.otherCost = simulate.Costs(a, w.nothing, w.otherCost)
	rec.ObjectiveSaving = stat.PairedInterval(w.otherCost, w.policyCost, o.Objective.Value)
	rec.ObjectiveEval = o.Objective.interval(w.policyCost)
	for i := range w.nothing {
		rec.MeanDemand += (w.nothing[i].Sales + w.nothing[i].Lost) / float64(len(w.nothing))
	}
	rec.Stock, rec.Price, rec.Weeks = stock(a), a.Price, a.Horizon
	rec.Status = rec.status()
	return rec, nil
}

// status: degraded if orders are placed that may as well save nothing of the objective.
func (r *Recommendation) status() Status {
	switch {
	case r.Figures.UnitsOrdered > 0 && r.ObjectiveSaving.Low <= 0:
		return Degraded
	case r.Policy.Q0 == 0:
		return NoOrder
	default:
		return OK
	}
}

// saving compares the policy's costs with those of other totals on the same scenarios.
func (w *Workspace) saving(a *simulate.Article, other []simulate.Totals) stat.Interval {
	w.policyCost = simulate.Costs(a, w.policy, w.policyCost)
	w.otherCost = simulate.Costs(a, other, w.otherCost)
	w.difference = w.difference[:0]
	for i := range w.otherCost {
		w.difference = append(w.difference, w.otherCost[i]-w.policyCost[i])
	}
	return stat.MeanInterval(w.difference)
}

// Tuned is the best policy of a family on Ω_opt.
type Tuned struct {
	Policy      simulate.Policy
	Score       Score // on Ω_opt
	Evaluations int
}

// Tune draws Ω_opt and searches a family's best policy on it. Every family is tuned on the same scenarios with the same budget.
func Tune(kind Kind, s *simulate.Sampler, in Input, o Options, w *Workspace) (Tuned, error) {
	if err := s.Draw(&w.opt, in.Article, in.Forecast, in.Key, simulate.OptSet, o.Scenarios, false); err != nil {
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
		f = &Family{Sizes: []int{1}, Weeks: []bool{false}, Starts: []Start{{X: []int{0}}},
			Policy: func([]int) simulate.Policy { return policy }}
	default:
		return Tuned{}, fmt.Errorf("policy family %q is not known; known are %v", kind, Kinds())
	}
	ev := w.prepare(in.Article, &w.opt)
	p := NewProblem(f, o.Objective, ev, o.Scenarios, o.Budget)
	PatternSearch{}.Search(p, random.New(in.Key.String("search")))
	x, score := p.Best()
	return Tuned{Policy: f.Policy(x), Score: score, Evaluations: p.Evaluations()}, nil
}
