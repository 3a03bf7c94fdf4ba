package whatif

import (
	"github.com/restock-engine/restock/internal/stat"
	"github.com/restock-engine/restock/optimize"
	"github.com/restock-engine/restock/simulate"
)

// panel are the policies of an answer, which are judged on the same scenarios.
type panel struct {
	question    *Question
	recommended *judged
	current     *judged // nil for none; may be the recommended one
	own         *judged // nil for none; may be the recommended one
	nothing     *judged
	demand      []simulate.Fan
}

// judged is what a policy does.
type judged struct {
	policy    simulate.Policy
	result    optimize.Comparison // without Excess
	costs     []float64           // [scenario]
	quantiles []float64           // of the costs, at costLevels
	weekly    simulate.Weekly
}

func newPanel(q *Question) *panel {
	p := &panel{question: q, recommended: &judged{}, nothing: &judged{policy: simulate.None{}}}
	if q.Current != nil {
		p.current = &judged{policy: q.Current}
	}
	if q.Own != nil {
		p.own = &judged{policy: q.Own}
	}
	return p
}

// recommend takes over what is recommended. What is the same policy need not be judged twice.
func (p *panel) recommend(policy simulate.Policy) {
	p.recommended.policy = policy
	for _, x := range []**judged{&p.current, &p.own} {
		if *x != nil && (*x).policy == policy { // two policies of other types than the recommended one are not compared
			*x = p.recommended
		}
	}
}

// judgeOthers judges the policies beside the recommended one.
func (p *panel) judgeOthers(sc *simulate.Scenarios, w *Workspace) {
	var list []*judged
	var policies []simulate.Policy
	for _, x := range []*judged{p.nothing, p.current, p.own} {
		if x != nil && x != p.recommended {
			list, policies = append(list, x), append(policies, x.policy)
		}
	}
	a := p.question.Input.Article
	for i, r := range optimize.Compare(a, policies, sc, p.question.Options.Objective, &w.others) {
		list[i].result, list[i].costs = r, w.others.Costs(i)
	}
	for _, x := range list {
		x.look(a, sc, &w.sorters[1])
	}
	p.demand = simulate.DemandFans(sc, fanScenarios)
}

// judgeRecommended takes what the recommended policy does from the decision that has just been made.
func (p *panel) judgeRecommended(rec *optimize.Recommendation, sc *simulate.Scenarios, w *Workspace) {
	x := p.recommended
	x.costs = w.optimize.Costs(0)
	x.result = optimize.Comparison{Policy: x.policy, Figures: rec.Figures, Objective: rec.ObjectiveEval, MeanCost: stat.MeanInterval(x.costs)}
	x.look(p.question.Input.Article, sc, &w.sorters[0])
}

// look adds the distribution of the costs and the weeks.
func (x *judged) look(a *simulate.Article, sc *simulate.Scenarios, s *sorter) {
	sorted := s.sort(x.costs)
	x.quantiles = make([]float64, len(costLevels))
	for i, level := range costLevels {
		x.quantiles[i] = stat.SortedQuantile(sorted, level)
	}
	x.weekly = simulate.Weeks(a, x.policy, sc, fanScenarios)
}

// alternatives are the policies in their public form.
func (p *panel) alternatives(w *Workspace) []Alternative {
	first, list := p.current, []Alternative(nil)
	if first == nil {
		first = p.nothing
	}
	for _, x := range []struct {
		name string
		*judged
	}{{"recommended", p.recommended}, {"current", p.current}, {"own", p.own}, {"do_nothing", p.nothing}} {
		if x.judged == nil {
			continue
		}
		a := x.alternative(x.name, p.demand, p.question.AsOf)
		if x.name != "recommended" {
			saved := interval(w.excess(p.recommended, x.judged))
			a.ToRecommended = &saved
		}
		if x.name == "current" || p.current == nil && x.judged == first {
			list = append(list, a)
			continue
		}
		more := w.excess(x.judged, first)
		a.Saving = &Interval{0 - more.Estimate, 0 - more.High, 0 - more.Low}
		list = append(list, a)
	}
	return list
}

// excess is the mean cost of x minus that of y, paired.
func (w *Workspace) excess(x, y *judged) stat.Interval {
	w.difference = w.difference[:0]
	for n, c := range x.costs {
		w.difference = append(w.difference, c-y.costs[n])
	}
	return stat.MeanInterval(w.difference)
}
