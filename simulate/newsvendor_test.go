package simulate

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"

	"gonum.org/v1/gonum/stat/distuv"

	"github.com/restock-engine/restock/forecast"
)

// newsvendorCase is an instance of testdata/oracles/newsvendor.json.
type newsvendorCase struct {
	Name, Model string
	Parameters  map[string]any
	Expected    map[string]float64
}

func (c *newsvendorCase) number(names ...string) float64 {
	for _, name := range names {
		if x, ok := c.Parameters[name].(float64); ok {
			return x
		}
	}
	return 0
}

// points returns the demand over all weeks that the stock has to last, as the midpoints of n equally likely slices of its
// distribution, so that means over them have no sampling error, and whether it is in whole units.
func (c *newsvendorCase) points(t *testing.T, n int) (demand []float64, whole bool) {
	weeks := c.number("lead_time") + 1
	mean, sd := c.number("demand_mean")*weeks, c.number("demand_sd")*math.Sqrt(weeks)
	var quantile func(u float64) float64
	switch {
	case c.Parameters["demand_pmf"] != nil:
		pmf := c.Parameters["demand_pmf"].(map[string]any)
		quantile = func(u float64) float64 {
			for d := 1; ; d++ {
				if u -= pmf[strconv.Itoa(d)].(float64); u < 0 {
					return float64(d)
				}
			}
		}
		whole = true
	case strings.Contains(c.Model, "lognormal"):
		quantile = distuv.LogNormal{Mu: c.number("mu"), Sigma: c.number("sigma")}.Quantile
	case sd > 0:
		quantile = func(u float64) float64 { return max(0, distuv.Normal{Mu: mean, Sigma: sd}.Quantile(u)) }
	case strings.Contains(c.Model, "Poisson"):
		cdf := poissonCDF(mean)
		quantile = func(u float64) float64 { i, _ := slices.BinarySearch(cdf, u); return float64(i) }
		whole = true
	default:
		t.Fatalf("%s: unknown model %q", c.Name, c.Model)
	}
	for i := range n {
		demand = append(demand, quantile((float64(i)+0.5)/float64(n)))
	}
	return demand, whole
}

// oneWeek returns an article and scenarios of the demand in a single week, before which an order is received.
func oneWeek(c *newsvendorCase, demand []float64, whole bool) (Article, *Scenarios) {
	rows := make([][]float64, len(demand))
	for i := range rows {
		rows[i] = demand[i : i+1]
	}
	a := literature(1, c.number("holding_cost"), c.number("stockout_cost"), 0)
	if !whole {
		a.Units = Continuous
	}
	a.Price, a.InboundCost = c.number("revenue", "price"), c.number("purchase_cost", "unit_cost")
	a.OverstockCost = -c.number("salvage_value", "salvage")
	return a, handmade(rows, nil, nil, nil)
}

// costAt returns the mean cost of stocking s, and the mean profit.
func costAt(a Article, sc *Scenarios, s float64) (cost, profit float64) {
	a.PackSize = s // so that continuous units are not rounded up to a whole pack
	totals := Run(&a, BaseStock{s}, sc, nil)
	for i, c := range Costs(&a, totals, nil) {
		cost += c / float64(sc.N)
		profit += (a.Price*totals[i].Sales - c) / float64(sc.N)
	}
	return cost, profit
}

// TestNewsvendorOracles compares a week of the simulator with textbook newsvendor instances (Snyder and Shen, Fundamentals of
// Supply Chain Theory; Porteus). Their model carries backlog where this one loses sales, which is the same within a single week;
// instances with a lead time L are a single week with the demand of L+1.
func TestNewsvendorOracles(t *testing.T) {
	var cases []newsvendorCase
	readOracle(t, "newsvendor.json", &cases)
	checks := 0
	for _, c := range cases {
		demand, whole := c.points(t, 20_000)
		a, sc := oneWeek(&c, demand, whole)
		level := c.Expected["base_stock_level"]
		for name, want := range c.Expected {
			var got float64
			tolerance := 1e-4 // of the slices at the ends
			cost, profit := 0.0, 0.0
			if _, s, ok := strings.Cut(name, "_at_"); ok {
				s, err := strconv.ParseFloat(s[len("S="):], 64)
				if err != nil {
					t.Fatal(err)
				}
				cost, profit = costAt(a, sc, s)
			} else {
				cost, profit = costAt(a, sc, max(level, c.Expected["order_quantity"], c.Expected["Q"]))
			}
			switch {
			case strings.HasPrefix(name, "cost"):
				got = cost
			case strings.HasSuffix(name, "profit") || strings.HasPrefix(name, "profit"):
				got = profit
			case name == "base_stock_level":
				got = newsvendorLevel(t, &c, demand, whole)
			default: // order quantities of the profit model are checked by the profit at them
				continue
			}
			checks++
			if whole && name == "base_stock_level" && got != want || math.Abs(got-want) > tolerance*math.Abs(want) {
				t.Errorf("%s: %s is %.6f, want %.6f", c.Name, name, got, want)
			}
		}
	}
	if checks < 25 {
		t.Errorf("only %d figures checked", checks)
	}
}

// newsvendorLevel returns the level of week 0 of the Newsvendor policy: the lead time L is floor(ℓ) of every order, and demand of
// the weeks after L+R is there to be ignored.
func newsvendorLevel(t *testing.T, c *newsvendorCase, demand []float64, whole bool) float64 {
	lead := int(c.number("lead_time"))
	rows, times := make([][]float64, len(demand)), make([][]float64, len(demand))
	for i, total := range demand {
		rest := total
		for week := range lead + 1 {
			part := total / float64(lead+1)
			if whole {
				part = math.Floor(part)
			}
			if week == lead {
				part = rest
			}
			rest -= part
			rows[i] = append(rows[i], part)
		}
		rows[i] = append(rows[i], 1e6, 1e6)
		times[i] = make([]float64, len(rows[i]))
		for week := range times[i] {
			times[i][week] = float64(lead) + 0.9
		}
	}
	sc := handmade(rows, times, nil, nil)
	a := literature(sc.Weeks, c.number("holding_cost"), c.number("stockout_cost"), 0)
	if !whole {
		a.Units = Continuous
	}
	p := NewNewsvendor(&a, sc)
	if len(p.Levels) != sc.Weeks {
		t.Fatalf("%d levels for %d weeks", len(p.Levels), sc.Weeks)
	}
	return p.Levels[0]
}

// TestNewsvendorLevels works the rule by hand: 5 equally likely scenarios whose demand over weeks 0 and 1 is 1, 2, 3, 4, 5,
// review each second week, no lead time, m = 3, h = 0.5: the ratio is 3/(3+2·0.5) = 0.75, and the quantile at 0.75·4 = 3, counted
// from 0, is 4.
func TestNewsvendorLevels(t *testing.T) {
	sc := handmade([][]float64{{3, 0, 9}, {0, 1, 9}, {2, 3, 9}, {1, 1, 9}, {2, 2, 9}}, nil, nil, nil)
	a := literature(3, 0.5, 3, 0)
	a.ReviewPeriod = 2
	check := func(want ...float64) {
		t.Helper()
		if p := NewNewsvendor(&a, sc); !slices.Equal(p.Levels, want) {
			t.Errorf("levels %v, want %v", p.Levels, want)
		}
	}
	check(4, 11, 9) // weeks 0-1, 1-2, and 2 alone
	a.HoldingCost = 1.5
	check(3, 10, 9) // ratio 0.5
	a.HoldingCost = 1.2
	check(4, 11, 9) // ratio 3/5.4 = 0.556: between 3 and 4, and between 10 and 11: rounded up
	a.Units = Continuous
	if got := NewNewsvendor(&a, sc).Levels[0]; math.Abs(got-(3+4*3/5.4-2)) > 1e-12 {
		t.Errorf("level %v, want 3.222", got)
	}
	a.HoldingCost, a.LostSaleCost = 0, 0
	check(1, 9, 9) // nothing is lost by not selling: ratio 0, the smallest demand
}

// TestNewsvendorLeadTimeBeyondHorizon: half of the lead times are 0 and half 9 weeks, so that L is 4.5, rounded 5, however short the
// horizon is. Cut to the horizon of 4 they would be 2 in the mean, and week 0 would order for three weeks of four.
func TestNewsvendorLeadTimeBeyondHorizon(t *testing.T) {
	a := literature(4, 0, 1, 0)
	a.LeadTimeSamples = []float64{0, 9}
	q, s := &forecast.Quantiles{Levels: []float64{0.5}, Values: []float32{1, 1, 1, 1}}, NewSampler(1)
	for _, detail := range []bool{false, true} {
		var sc Scenarios
		if err := s.Draw(&sc, &a, q, s.Key("M", "X"), OptSet, 64, detail); err != nil {
			t.Fatal(err)
		}
		if p := NewNewsvendor(&a, &sc); !slices.Equal(p.Levels, []float64{4, 3, 2, 1}) {
			t.Errorf("detail %v: levels %v, want 4 3 2 1", detail, p.Levels)
		}
	}
}
