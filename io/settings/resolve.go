package settings

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/restock-engine/restock/internal/suggest"
	"github.com/restock-engine/restock/io/table"
	"github.com/restock-engine/restock/optimize"
	"github.com/restock-engine/restock/simulate"
)

// Decision is how a merchant's articles are decided: what the search minimises, and on how many scenarios.
type Decision struct {
	Objective     string  // quantile, mean or cvar
	Quantile      float64 // in (0,1): the quantile minimised, or the level beyond which cvar averages
	MinFillRate   float64 // floor on the mean fill rate, 0..1; 0 for none
	Trigger       string  // stock, position, or auto: the better of the two
	Candidates    int     // that the search may evaluate
	Scenarios     int     // Ω_opt: scenarios that candidates are compared on
	EvalScenarios int     // Ω_eval: fresh scenarios that everything reported comes from
}

// Options returns the decision as the optimiser takes it.
func (d Decision) Options() optimize.Options {
	o := optimize.DefaultOptions()
	o.Objective = optimize.Objective{Measure: optimize.Measure(d.Objective), P: d.Quantile, MinFillRate: d.MinFillRate}
	o.Trigger = optimize.TriggerChoice(d.Trigger)
	o.Budget, o.Scenarios, o.EvalScenarios = d.Candidates, d.Scenarios, d.EvalScenarios
	return o
}

// The largest numbers of scenarios and of candidates accepted.
const (
	MaxScenarios  = 1_000_000
	MaxCandidates = 1_000_000
)

// value is what a key is set to; which field counts depends on the key.
type value struct {
	number float64
	text   string
	list   []float64
}

// setting is a key with its value. A layer holds the settings of one section, sorted by key.
type setting struct {
	key   key
	value value
}

type layer []setting

// effective is an article and a decision with some layers applied.
type effective struct {
	article   simulate.Article
	decision  Decision
	lifecycle int    // weeks
	given     uint64 // bit k: key k was set by a layer and is not the built-in default
}

func builtIn() effective {
	return effective{
		article:   simulate.DefaultArticle(),
		decision:  Decision{Objective: "quantile", Quantile: 0.75, Trigger: "auto", Candidates: 1000, Scenarios: 500, EvalScenarios: 2000},
		lifecycle: math.MaxInt,
	}
}

// field returns a pointer to where a key's value is kept: *float64, *int, *string or *[]float64.
func (e *effective) field(k key) any {
	a, d := &e.article, &e.decision
	switch k {
	case key(table.HoldingCost):
		return &a.HoldingCost
	case key(table.InboundCost):
		return &a.InboundCost
	case key(table.OutboundCost):
		return &a.OutboundCost
	case key(table.ReturnCost):
		return &a.ReturnCost
	case key(table.OverstockCost):
		return &a.OverstockCost
	case key(table.OrderCost):
		return &a.OrderCost
	case key(table.ReturnRate):
		return &a.ReturnRate
	case key(table.ResalableShare):
		return &a.ResalableShare
	case key(table.LostSaleCost):
		return &a.LostSaleCost
	case key(table.LeadTimeMean):
		return &a.LeadTimeMean
	case key(table.LeadTimeCV):
		return &a.LeadTimeCV
	case key(table.ReviewPeriod):
		return &a.ReviewPeriod
	case key(table.ReviewPhase):
		return &a.ReviewPhase
	case key(table.PackSize):
		return &a.PackSize
	case key(table.MOQ):
		return &a.MOQ
	case key(table.MaxOrder):
		return &a.MaxOrder
	case key(table.LifecycleWeeks):
		return &e.lifecycle
	case returnLagWeights:
		return &a.ReturnLagWeights
	case leadTimeSamples:
		return &a.LeadTimeSamples
	case horizon:
		return &a.Horizon
	case units:
		return (*string)(&a.Units)
	case inboundBeforeDemand:
		return &a.InboundBeforeDemand
	case discount:
		return &a.Discount
	case returnMode:
		return (*string)(&a.ReturnMode)
	case demandAutocorrelation:
		return &a.DemandAutocorrelation
	case trigger:
		return &d.Trigger
	case objective:
		return &d.Objective
	case quantile:
		return &d.Quantile
	case minFillRate:
		return &d.MinFillRate
	case candidates:
		return &d.Candidates
	case scenarios:
		return &d.Scenarios
	default:
		return &d.EvalScenarios
	}
}

func (e *effective) set(k key, v value) {
	switch p := e.field(k).(type) {
	case *float64:
		*p = v.number
	case *int:
		*p = int(v.number)
	case *string:
		*p = v.text
	case *[]float64:
		*p = v.list
	}
	if k == key(table.LeadTimeMean) { // a mean replaces the samples of the layers below
		e.article.LeadTimeSamples = nil
	}
	e.given |= 1 << k
}

func (e *effective) has(k key) bool { return e.given&(1<<k) != 0 }

func (e *effective) apply(l layer) {
	for _, s := range l {
		e.set(s.key, s.value)
	}
}

// text prints a key's value as it can be written in the file, or in words where there is no number to write.
func (e *effective) text(k key) string {
	switch {
	case k == key(table.LostSaleCost) && !e.has(k):
		return "(price - unit_cost)(1 - return_rate)"
	case k == key(table.LifecycleWeeks) && !e.has(k):
		return "horizon"
	case k == key(table.MaxOrder) && math.IsInf(e.article.MaxOrder, 1):
		return "none"
	}
	switch p := e.field(k).(type) {
	case *float64:
		return formatNumber(*p)
	case *int:
		return strconv.Itoa(*p)
	case *[]float64:
		s := make([]string, len(*p))
		for i, x := range *p {
			s[i] = formatNumber(x)
		}
		return "[" + strings.Join(s, ", ") + "]"
	case *string:
		return *p
	}
	return ""
}

func formatNumber(x float64) string { return strconv.FormatFloat(x, 'g', -1, 64) }

// parseValue turns a key's text into its value: items is a list as it stands in the file or, if isList is false, the one scalar. The
// second result says what is wrong, "" for nothing.
func parseValue(k key, items []string, isList bool) (value, string) {
	var v value
	probe := builtIn()
	switch field := probe.field(k).(type) {
	case *[]float64:
		if !isList {
			return v, fmt.Sprintf("must be a list such as [0.6, 0.4], not %s", clip(items[0]))
		}
		v.list = make([]float64, len(items))
		for i, text := range items {
			x, reason := parseNumber(text)
			if reason != "" {
				return v, fmt.Sprintf("item %d %s", i+1, reason)
			}
			v.list[i] = x
		}
	case *string:
		if isList {
			return v, "must be one of " + strings.Join(keyDocs[k].words, ", ") + ", not a list"
		}
		v.text = items[0]
		for _, w := range keyDocs[k].words {
			if v.text == w {
				return v, ""
			}
		}
		reason := fmt.Sprintf("must be one of %s, not %s", strings.Join(keyDocs[k].words, ", "), clip(v.text))
		if w := suggest.Nearest(v.text, keyDocs[k].words); w != "" {
			reason += "; did you mean " + w + "?"
		}
		return v, reason
	default:
		if isList {
			return v, "must be a single number, not a list"
		}
		if k == key(table.MaxOrder) && items[0] == "none" {
			v.number = math.Inf(1)
			return v, ""
		}
		x, reason := parseNumber(items[0])
		if _, isInt := field.(*int); isInt && reason == "" && !isWhole(x) {
			reason = fmt.Sprintf("must be a whole number, not %s", clip(items[0]))
		}
		if reason != "" {
			return v, reason
		}
		v.number = x
	}
	return v, outOfRange(k, v)
}

func parseNumber(text string) (float64, string) {
	x, err := strconv.ParseFloat(text, 64)
	switch {
	case text == "":
		return 0, "has no value"
	case math.IsNaN(x) || math.IsInf(x, 0) || strings.EqualFold(text, ".nan") || strings.HasSuffix(strings.ToLower(text), ".inf"):
		return 0, fmt.Sprintf("must be a finite number, not %s", clip(text))
	case err != nil:
		return 0, fmt.Sprintf("must be a number, not %s", clip(text))
	}
	return x, ""
}

// isWhole tells whether x is a whole number of a size that any count of weeks or scenarios may have.
func isWhole(x float64) bool { return x == math.Trunc(x) && math.Abs(x) <= 1e9 }

// outOfRange tells what the checks of an article and of a decision say about one value alone.
func outOfRange(k key, v value) string {
	probe := builtIn()
	probe.article.Units = simulate.Continuous // whether goods are counted is known only with all layers
	probe.set(k, v)
	for _, e := range probe.validate() {
		if e.Column == k.String() {
			return fmt.Sprintf("%s %s", e.Value, e.Reason)
		}
	}
	return ""
}

// validate reports everything wrong with the article and the decision.
func (e *effective) validate() simulate.FieldErrors {
	var errs simulate.FieldErrors
	if fields, ok := e.article.Validate().(simulate.FieldErrors); ok {
		errs = fields
	}
	bad := func(k key, value any, reason string) {
		errs = append(errs, simulate.FieldError{Column: k.String(), Value: fmt.Sprint(value), Reason: reason})
	}
	if e.lifecycle < 1 {
		bad(key(table.LifecycleWeeks), e.lifecycle, "the article has left the assortment; it must be 1 or more")
	}
	d := &e.decision
	if !(d.Quantile > 0 && d.Quantile < 1) {
		bad(quantile, d.Quantile, "must be between 0 and 1, both excluded")
	}
	if !(d.MinFillRate >= 0 && d.MinFillRate <= 1) {
		bad(minFillRate, d.MinFillRate, "must be between 0 and 1")
	}
	if d.Candidates < 1 || d.Candidates > MaxCandidates {
		bad(candidates, d.Candidates, fmt.Sprintf("must be between 1 and %d", MaxCandidates))
	}
	if d.Scenarios < 1 || d.Scenarios > MaxScenarios {
		bad(scenarios, d.Scenarios, fmt.Sprintf("must be between 1 and %d", MaxScenarios))
	}
	if d.EvalScenarios < 1 || d.EvalScenarios > MaxScenarios {
		bad(evalScenarios, d.EvalScenarios, fmt.Sprintf("must be between 1 and %d", MaxScenarios))
	}
	return errs
}
