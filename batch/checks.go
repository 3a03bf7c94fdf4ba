package batch

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/restock-engine/restock/internal/suggest"
)

// Threshold is a bound on a figure of a run, as in reject_share<=0.05.
type Threshold struct {
	Figure  string
	AtLeast bool // the figure must be at least the limit, otherwise at most
	Limit   float64
}

// CheckResult is what became of a check.
type CheckResult struct {
	Check  string  `json:"check"`
	Value  float64 `json:"value"`
	Passed bool    `json:"passed"`
}

func (c Threshold) String() string {
	sign := "<="
	if c.AtLeast {
		sign = ">="
	}
	return c.Figure + sign + strconv.FormatFloat(c.Limit, 'g', -1, 64)
}

// figures of a run that checks can be about. Those that compare need a previous run; without one they are left out.
var figureMeanings = []struct{ name, meaning string }{
	{"reject_share", "rejected rows / rows in"},
	{"degraded_share", "degraded recommendations / recommendations"},
	{"served_share", "demand served, by value"},
	{"free_stock_share", "SKUs without any holding cost / recommendations"},
	{"crossed_share", "SKUs with crossing quantiles / recommendations"},
	{"forecast_age_weeks", "weeks between the forecast's own week 0 and the run's"},
	{"rows_in_change", "rows in: now / before - 1"},
	{"demand_change", "mean demand of SKUs in both runs: now / before - 1"},
	{"order_units_change", "units ordered now: now / before - 1"},
	{"orders_changed_share", "SKUs in both runs whose order differs / SKUs in both"},
	{"unexplained_changes", "orders that differ although nothing they depend on does"},
	{"demand_drift", "population stability index of weekly demand per SKU"},
	{"order_drift", "population stability index of units ordered per SKU"},
	{"cover_drift", "population stability index of weeks of stock per SKU"},
}

// CheckFigures lists the figures that checks can be about, each with its meaning.
func CheckFigures() [][2]string {
	var list [][2]string
	for _, f := range figureMeanings {
		list = append(list, [2]string{f.name, f.meaning})
	}
	return list
}

// DefaultThresholds are those of a run that names none of the same figure and side.
func DefaultThresholds() []Threshold {
	return []Threshold{
		{"forecast_age_weeks", false, 0}, {"unexplained_changes", false, 0},
		{"rows_in_change", true, -0.2}, {"rows_in_change", false, 0.2},
		{"demand_change", true, -0.3}, {"demand_change", false, 0.3}, {"demand_drift", false, 0.25},
		{"order_units_change", false, 1},
	}
}

var checkForm = regexp.MustCompile(`^\s*([a-z_]+)\s*(<=|>=)\s*(\S+)\s*$`)

// ParseThreshold reads a check like reject_share<=0.05.
func ParseThreshold(text string) (Threshold, error) {
	m := checkForm.FindStringSubmatch(text)
	if m == nil {
		return Threshold{}, fmt.Errorf("%q is not a check like reject_share<=0.05", text)
	}
	var names []string
	for _, f := range figureMeanings {
		names = append(names, f.name)
	}
	if !slices.Contains(names, m[1]) {
		question := ""
		if near := suggest.Nearest(m[1], names); near != "" {
			question = " (did you mean " + near + "?)"
		}
		return Threshold{}, fmt.Errorf("%q is not a figure of a run%s; known are %s", m[1], question, strings.Join(names, ", "))
	}
	v, err := strconv.ParseFloat(m[3], 64)
	if err != nil || math.IsNaN(v) {
		return Threshold{}, fmt.Errorf("%q is not a number in the check %q", m[3], text)
	}
	return Threshold{m[1], m[2] == ">=", v}, nil
}

// withDefaults adds the default checks that others do not replace.
func withDefaults(checks []Threshold) []Threshold {
	all := slices.Clone(checks)
	for _, d := range DefaultThresholds() {
		if !slices.ContainsFunc(checks, func(c Threshold) bool { return c.Figure == d.Figure && c.AtLeast == d.AtLeast }) {
			all = append(all, d)
		}
	}
	return all
}

// figures are the values of a run that checks can be about.
func (s *RunSummary) figures() map[string]float64 {
	t := &s.Totals
	f := map[string]float64{
		"reject_share":     t.RejectShare(),
		"degraded_share":   ratio(t.ByStatus["degraded"], t.Recommendations),
		"free_stock_share": ratio(t.FreeStock, t.Recommendations),
		"crossed_share":    ratio(t.Crossed, t.Recommendations),
		"served_share":     1,
	}
	if t.Demand > 0 {
		f["served_share"] = t.Served / t.Demand
	}
	if age, ok := s.forecastAge(); ok {
		f["forecast_age_weeks"] = age
	}
	c := s.Comparison
	if c == nil {
		return f
	}
	f["orders_changed_share"] = ratio(c.Changed, c.Both)
	f["unexplained_changes"] = float64(c.Unexplained())
	f["demand_drift"], f["order_drift"], f["cover_drift"] = c.DemandDrift, c.OrderDrift, c.CoverDrift
	change := func(name string, now, before float64) {
		switch {
		case before > 0:
			f[name] = now/before - 1
		case now == 0:
			f[name] = 0
		}
	}
	change("rows_in_change", float64(t.In), float64(s.previousRows))
	change("demand_change", c.DemandNow, c.DemandThen)
	change("order_units_change", c.UnitsNow, c.UnitsBefore)
	return f
}

// forecastAge returns how many weeks older the forecast is than the run, if it says so and has week numbers: dates can't be misread.
func (s *RunSummary) forecastAge() (weeks float64, ok bool) {
	made, err := time.Parse(time.DateOnly, s.ForecastAsOf)
	if err != nil || s.forecastDates {
		return 0, false
	}
	asOf, err := time.Parse(time.DateOnly, s.AsOf)
	return math.Abs(asOf.Sub(made).Hours() / 24 / 7), err == nil
}

// judge checks the figures; checks of figures that the run does not have are left out.
func (s *RunSummary) judge(checks []Threshold) (results []CheckResult) {
	figures := s.figures()
	for _, c := range checks {
		v, ok := figures[c.Figure]
		if !ok {
			continue
		}
		passed := v <= c.Limit
		if c.AtLeast {
			passed = v >= c.Limit
		}
		results = append(results, CheckResult{c.String(), v, passed})
	}
	return results
}
