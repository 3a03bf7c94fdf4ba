package backtest

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/restock-engine/restock/forecast"
	"github.com/restock-engine/restock/internal/suggest"
	"github.com/restock-engine/restock/optimize"
	"github.com/restock-engine/restock/simulate"
)

// Arm is one way to decide. All arms see the same forecast, scenarios and budget of evaluations.
type Arm struct {
	Name     string
	Rule     string // one of Rules
	Measure  optimize.Measure
	P        float64 // 0: the settings'
	MinFill  float64
	Trigger  optimize.TriggerChoice
	Point    bool     // forecast of the mean alone instead of its distribution
	Autocorr *float64 // φ of the scenarios; nil: the settings'
	Policy   simulate.Policy
}

// Rules that are not a family to tune.
const (
	None      = "none"      // never orders
	PlanRule  = "plan"      // the plan column of the articles table, counted from each date
	Human     = "human"     // what the history says was ordered
	Foresight = "foresight" // the best orders for the demand that came: the bound
	Fixed     = "fixed"     // a policy that is given
)

// Rules are all rules, those to tune first.
func Rules() []string {
	var rules []string
	for _, k := range optimize.Kinds() {
		rules = append(rules, string(k))
	}
	return append(rules, None, PlanRule, Human, Foresight)
}

// builtIn are the arms that have a name of their own.
var builtIn = map[string]string{
	"rsq-mean":     "rsq:objective=mean",
	"rsq-cvar":     "rsq:objective=cvar",
	"rsq-point":    "rsq:forecast=point",
	"rsq-stock":    "rsq:trigger=stock",
	"rsq-position": "rsq:trigger=position",
	"rsq-phi":      "rsq:phi=0.4",
}

// DefaultArms are the paper's comparison: the recommended policy, classical ones, and the bounds on both sides.
func DefaultArms() []string { return []string{"rsq", "ss", "basestock", "newsvendor", None, Foresight} }

// AblationArms take away one thing at a time.
func AblationArms() []string {
	return []string{"rsq", "rsq-mean", "rsq-cvar", "rsq-point", "rsq-stock", "rsq-position", "rsq-phi"}
}

// ParseArm reads an arm: a rule, the name of a built-in arm, or NAME=RULE:key=value,… with the keys objective, quantile,
// min_fill_rate, trigger, forecast (quantiles or point) and phi; or NAME=POLICY, a policy as simulate writes it.
func ParseArm(text string) (Arm, error) {
	name, spec := text, text
	if b, ok := builtIn[text]; ok {
		spec = b
	} else if n, s, ok := strings.Cut(text, "="); ok && !strings.Contains(n, ":") {
		name, spec = n, s
	}
	rule, options, _ := strings.Cut(spec, ":")
	a := Arm{Name: name, Rule: rule}
	if !slices.Contains(Rules(), rule) || rule != None && options != "" && isPolicy(spec) {
		p, err := simulate.ParsePolicy(spec)
		if err != nil {
			return a, unknownArm(text, rule)
		}
		a.Rule, a.Policy = Fixed, p
		return a, nil
	}
	if options == "" {
		return a, nil
	}
	for _, option := range strings.Split(options, ",") {
		key, value, ok := strings.Cut(option, "=")
		if !ok {
			return a, fmt.Errorf("arm %q: %q must be key=value", text, option)
		}
		if err := a.set(key, value); err != nil {
			return a, fmt.Errorf("arm %q: %w", text, err)
		}
	}
	return a, nil
}

// isPolicy tells a policy with its parameters from a rule with options.
func isPolicy(spec string) bool {
	_, err := simulate.ParsePolicy(spec)
	return err == nil
}

func unknownArm(text, rule string) error {
	names := Rules()
	for n := range builtIn {
		names = append(names, n)
	}
	slices.Sort(names)
	hint := ""
	if near := suggest.Nearest(rule, names); near != "" {
		hint = fmt.Sprintf("; did you mean %s?", near)
	}
	return fmt.Errorf("arm %q is not known%s (arms are %s, NAME=RULE:key=value,… or NAME=POLICY)", text, hint, strings.Join(names, ", "))
}

func (a *Arm) set(key, value string) error {
	number := func(dst *float64, low, high float64) error {
		v, err := strconv.ParseFloat(value, 64)
		if err != nil || !(v >= low && v <= high) {
			return fmt.Errorf("%s %q must be a number from %g to %g", key, value, low, high)
		}
		*dst = v
		return nil
	}
	word := func(words ...string) error {
		if !slices.Contains(words, value) {
			return fmt.Errorf("%s %q must be one of %s", key, value, strings.Join(words, ", "))
		}
		return nil
	}
	switch key {
	case "objective":
		a.Measure = optimize.Measure(value)
		return word("quantile", "mean", "cvar")
	case "quantile":
		return number(&a.P, 0.001, 0.999)
	case "min_fill_rate":
		return number(&a.MinFill, 0, 1)
	case "trigger":
		a.Trigger = optimize.TriggerChoice(value)
		return word("stock", "position", "auto")
	case "forecast":
		a.Point = value == "point"
		return word("point", "quantiles")
	case "phi":
		a.Autocorr = new(float64)
		return number(a.Autocorr, -0.99, 0.99)
	}
	return fmt.Errorf("key %q is not known; keys are objective, quantile, min_fill_rate, trigger, forecast, phi", key)
}

// ParseArms reads arms whose names must differ.
func ParseArms(texts []string) ([]Arm, error) {
	var arms []Arm
	var errs []error
	seen := map[string]bool{}
	for _, text := range texts {
		a, err := ParseArm(strings.TrimSpace(text))
		switch {
		case err != nil:
			errs = append(errs, err)
		case seen[a.Name]:
			errs = append(errs, fmt.Errorf("arm %q is named twice", a.Name))
		}
		seen[a.Name] = true
		arms = append(arms, a)
	}
	return arms, errors.Join(errs...)
}

// question is what an arm has to decide on.
type question struct {
	article  *simulate.Article
	forecast *forecast.Quantiles
	options  optimize.Options
	input    optimize.Input
	plan     simulate.Plan
	human    simulate.Plan
	actual   *simulate.Scenarios // what will come, for Foresight alone
}

// decide returns the arm's policy. What was chosen is independent of the workspace.
func (a *Arm) decide(q *question, s *simulate.Sampler, w *optimize.Workspace) (simulate.Policy, error) {
	switch a.Rule {
	case None:
		return simulate.None{}, nil
	case PlanRule:
		return q.plan, nil
	case Human:
		return q.human, nil
	case Fixed:
		return a.Policy, nil
	case Foresight:
		return foresee(q.article, q.actual), nil
	}
	o, in := q.options, q.input
	article := *q.article
	if a.Measure != "" {
		o.Objective.Measure = a.Measure
	}
	if a.P > 0 {
		o.Objective.P = a.P
	}
	if a.MinFill > 0 {
		o.Objective.MinFillRate = a.MinFill
	}
	if a.Trigger != "" {
		o.Trigger = a.Trigger
	}
	if a.Autocorr != nil {
		article.DemandAutocorrelation = *a.Autocorr
	}
	in.Article, in.Forecast = &article, q.forecast
	if a.Point {
		in.Forecast = means(q.forecast)
	}
	tuned, err := optimize.Tune(optimize.Kind(a.Rule), s, in, o, w)
	return tuned.Policy, err
}

// means returns the forecast of each week's mean, as a forecast of one level.
func means(q *forecast.Quantiles) *forecast.Quantiles {
	const points = 200
	m := &forecast.Quantiles{Levels: []float64{0.5}}
	for t := range q.Weeks() {
		sum := 0.0
		for i := range points {
			sum += q.At(t, (float64(i)+0.5)/points)
		}
		m.Values = append(m.Values, float32(sum/points))
	}
	return m
}
