package backtest

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/restock-engine/restock/forecast"
	"github.com/restock-engine/restock/simulate"
)

// noOrders takes the orders from the history of every third SKU.
func noOrders(s *forecast.Series) {
	if s.ArticleID[len(s.ArticleID)-1]%3 == 0 {
		clear(s.Ordered)
	}
}

// TestArmsPlayWhereTheyExist: every second article has a plan and two in three have orders; only they have outcomes of plan and
// human, with fresh stock and with stock carried. What the other arms do is the same as without those two.
func TestArmsPlayWhereTheyExist(t *testing.T) {
	articles, history := writeTables(t, 9, noOrders)
	for _, carry := range []bool{false, true} {
		job := testJob(t, articles, history, "plan", "basestock", "human", "none")
		job.Carry = carry
		list, report := outcomes(t, job)
		seen := map[string]map[string]bool{}
		for _, o := range list {
			name := job.Arms[o.Arm].Name
			if seen[name] == nil {
				seen[name] = map[string]bool{}
			}
			seen[name][o.Key.Article] = true
		}
		for i := range 9 {
			article := fmt.Sprintf("a%03d", i)
			for name, want := range map[string]bool{"plan": i%2 == 0, "human": article[3]%3 != 0, "basestock": true, "none": true} {
				if seen[name][article] != want {
					t.Errorf("carry %t: arm %s of %s takes part: %t", carry, name, article, !want)
				}
			}
		}
		if report.NoForecast != 0 || report.NoArm != 0 {
			t.Errorf("carry %t: %d without forecast, %d without arm", carry, report.NoForecast, report.NoArm)
		}
		for k, want := range []int{5, 9, 6, 9} {
			if got := report.CommonSKUs(k, k); got != want {
				t.Errorf("carry %t: %s exists for %d SKUs, want %d", carry, job.Arms[k].Name, got, want)
			}
		}
		alone := testJob(t, articles, history, "basestock", "none")
		alone.Carry = carry
		without, _ := outcomes(t, alone)
		with := slices.DeleteFunc(slices.Clone(list), func(o Outcome) bool { return job.Arms[o.Arm].needs() != 0 })
		if len(with) != len(without) {
			t.Fatalf("carry %t: %d outcomes, %d without the others", carry, len(with), len(without))
		}
		for i := range with {
			if with[i].Key != without[i].Key || with[i].Flows != without[i].Flows {
				t.Errorf("carry %t: %v is not the same without the other arms", carry, with[i].Key)
			}
		}
	}
}

// TestComparisonsArePaired: uplifts and tables are over the SKUs that both arms exist for, and say how many these are. Expected
// figures are summed from the outcomes here.
func TestComparisonsArePaired(t *testing.T) {
	articles, history := writeTables(t, 9, noOrders)
	job := testJob(t, articles, history, "plan", "basestock", "human")
	list, report := outcomes(t, job)
	cost := make([]map[string]float64, 3)
	for k := range cost {
		cost[k] = map[string]float64{}
	}
	for _, o := range list {
		if o.Weeks == 8 {
			cost[o.Arm][o.Key.Article] += o.Costs.Total()
		}
	}
	for _, c := range []struct{ arm, against, skus int }{{0, 1, 5}, {2, 1, 6}, {1, 0, 5}, {0, 2, 3}} {
		saved, base, n := 0.0, 0.0, 0
		for article, v := range cost[c.arm] {
			if w, ok := cost[c.against][article]; ok {
				saved, base, n = saved+w-v, base+w, n+1
			}
		}
		u := report.Uplift(everything, c.arm, c.against)
		if n != c.skus || u.SKUs != n || u.Clusters != n || report.CommonSKUs(c.arm, c.against) != n {
			t.Errorf("%+v: %d SKUs are in the outcomes, uplift over %d in %d clusters", c, n, u.SKUs, u.Clusters)
		}
		if math.Abs(u.Saving.Estimate-saved/base) > 1e-9 {
			t.Errorf("%+v: saves %g, want %g", c, u.Saving.Estimate, saved/base)
		}
		tally := report.Common(everything, c.against, c.arm, 8)
		if math.Abs(tally.Cost.Total()-base) > 1e-6 || tally.SKUs != int64(2*n) {
			t.Errorf("%+v: the opponent costs %g over %d, want %g over %d", c, tally.Cost.Total(), tally.SKUs, base, 2*n)
		}
		groups := 0
		for _, g := range report.Groups("merchant") {
			groups += report.Uplift(g, c.arm, c.against).SKUs
		}
		if groups != n {
			t.Errorf("%+v: merchants' comparisons are over %d SKUs together, want %d", c, groups, n)
		}
	}
	if h := report.Headline(); !strings.Contains(h, "the 3 of 9 SKUs that both exist for") {
		t.Error(h) // plan against human
	}
	best, worst := report.Stories()
	for _, s := range append(best, worst...) {
		if len(s.Weeks[0]) == 0 || len(s.Weeks[1]) == 0 {
			t.Errorf("the story of %v has one arm alone", s.Key)
		}
	}
	if len(best)+len(worst) == 0 {
		t.Error("no story")
	}
	if u := report.Uplift(everything, 2, 1); math.IsNaN(u.WAPE) {
		t.Error("no correlation with the forecast's WAPE where the first arm does not exist for all SKUs")
	}
	report.Against, report.uplifts = 1, nil
	rows := map[string]string{}
	for _, row := range report.ArmsTable(1).Rows {
		rows[row[0]] = row[1] + " " + row[2]
	}
	same := report.Common(everything, 1, 0, 8).Cost.Total()
	if rows["basestock on SKUs of plan"] != "5 "+number(same) || !strings.HasPrefix(rows["plan"], "5 ") || !strings.HasPrefix(rows["basestock"], "9 ") {
		t.Errorf("%v", rows)
	}
	if got := report.Partial(); !slices.Equal(got, []int{0, 2}) {
		t.Errorf("partial arms %v", got)
	}
	var page bytes.Buffer
	check(t, report.WritePage(&page, PageFacts{}))
	for _, want := range []string{"5 of which have both plan and basestock", "Arms on the 6 of 9 SKUs that have human", "plan (5 SKUs)"} {
		if !strings.Contains(page.String(), want) {
			t.Errorf("%q is not in the page", want)
		}
	}
	notes := fmt.Sprint(report.Notes())
	if !strings.Contains(notes, "restock.skus.plan 5") || !strings.Contains(notes, "restock.compared_skus.human 6") {
		t.Error(notes)
	}
}

// TestNoArmAtAll: a SKU without any arm is counted as that and not as one without a forecast, and two arms without a SKU in common
// are not compared.
func TestNoArmAtAll(t *testing.T) {
	articles, history := writeTables(t, 4, func(s *forecast.Series) {
		if s.ArticleID != "a001" {
			clear(s.Ordered)
		}
	})
	job := testJob(t, articles, history, "plan", "human")
	_, report := outcomes(t, job)
	if report.NoArm != 2 || report.NoForecast != 0 { // a003 at two dates
		t.Errorf("%d without arm, %d without forecast", report.NoArm, report.NoForecast)
	}
	if h := report.Headline(); !strings.Contains(h, "no SKU that both plan and human exist for") {
		t.Error(h)
	}
	var page bytes.Buffer
	check(t, report.WritePage(&page, PageFacts{}))
	for _, table := range []Table{report.ArmsTable(1), report.HorizonsTable()} {
		if row := table.Rows[0]; row[1] != "0" || row[2] != "–" {
			t.Errorf("%s: %v", table.Title, row)
		}
	}
	if f := report.comparisonFields(everything, 0, 1); f["saving"] != nil {
		t.Errorf("%v", f)
	}
	r := &replay{job: job, report: NewReport(job, 0)}
	unknown := r.decide(nil, &sku{article: simulate.DefaultArticle()}, func(*sku, int) (*forecast.Quantiles, forecast.Class, error) {
		return nil, 0, nil
	})
	check(t, r.take(&unknown.saved))
	if r.report.NoForecast != 1 || r.report.NoArm != 0 {
		t.Errorf("a SKU without a forecast: %d without forecast, %d without arm", r.report.NoForecast, r.report.NoArm)
	}
}

// TestCoverage counts SKUs of both tables.
func TestCoverage(t *testing.T) {
	articles, history := writeTables(t, 9, noOrders)
	job := testJob(t, articles, history, "rsq", "plan", "human")
	c, err := job.Coverage()
	check(t, err)
	if c.SKUs != 9 || c.Of(&job.Arms[0]) != 9 || c.Of(&job.Arms[1]) != 5 || c.Of(&job.Arms[2]) != 6 {
		t.Errorf("%+v", c)
	}
	job.Arms, job.History = job.Arms[:1], "not there"
	if _, err := job.Coverage(); err != nil {
		t.Errorf("no arm can be missing, and yet the tables are read: %v", err)
	}
	e := &entry{hasPlan: true}
	if recordsOf(e, &forecast.Series{}) != HasPlan {
		t.Error("an empty plan is a plan: nothing is to be ordered")
	}
}
