package backtest

import (
	"context"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/restock-engine/restock/forecast"
	"github.com/restock-engine/restock/internal/random"
	"github.com/restock-engine/restock/io/settings"
	"github.com/restock-engine/restock/io/table"
	"github.com/restock-engine/restock/simulate"
)

const firstWeek, weeks = 2000, 90

// series makes a SKU's history: seasonal counts, some of them lost to stock-outs.
func series(i int) *forecast.Series {
	r := random.New(random.NewKey(6, "series").Int(i))
	s := &forecast.Series{MerchantID: fmt.Sprintf("m%d", i%4), ArticleID: fmt.Sprintf("a%03d", i), FirstWeek: firstWeek}
	level := 1 + 12*r.Float64()
	for t := range weeks {
		mean := level * (1 + 0.5*math.Sin(float64(t)/8))
		sold, in := math.Floor(mean*2*r.Float64()+0.5), 1.0
		if r.Intn(15) == 0 {
			sold, in = math.Floor(sold/3), 0.4
		}
		s.Sales, s.InStock = append(s.Sales, sold), append(s.InStock, in)
		s.Ordered = append(s.Ordered, math.Floor(sold*float64(r.Intn(3))))
	}
	return s
}

// writeTables writes n SKUs; change may alter a series.
func writeTables(t *testing.T, n int, change func(s *forecast.Series)) (articles, history string) {
	t.Helper()
	dir := t.TempDir()
	articles, history = filepath.Join(dir, "articles.csv"), filepath.Join(dir, "history.parquet")
	a, err := table.CreateArticles(articles, nil)
	check(t, err)
	h, err := table.CreateHistory(history, nil)
	check(t, err)
	for i := range n {
		s := series(i)
		if change != nil {
			change(s)
		}
		check(t, h.Write(s))
		row := &table.ArticleRow{Key: table.Key{Merchant: s.MerchantID, Article: s.ArticleID}, Price: 10, UnitCost: 5, OnHand: 1,
			HasPlan: i%2 == 0, Plan: []simulate.WeekQuantity{{Week: 0, Quantity: 20}}}
		row.Params.Set(table.HoldingCost, 0.2)
		check(t, a.Write(row))
	}
	check(t, a.Commit())
	check(t, h.Commit())
	return articles, history
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func testJob(t *testing.T, articles, history string, arms ...string) *Job {
	t.Helper()
	set, err := settings.Parse("none", []byte("defaults: {scenarios: 60, lead_time_mean: 2, lead_time_cv: 0.3, order_cost: 1, return_rate: 0.1, review_period: 2}"))
	check(t, err)
	parsed, err := ParseArms(arms)
	check(t, err)
	return &Job{Articles: articles, History: history, Settings: set, Seed: 1, Dates: []int{firstWeek + 70, firstWeek + 74}, Evaluate: []int{4, 8}, Arms: parsed}
}

// outcomes runs a job.
func outcomes(t *testing.T, job *Job) ([]Outcome, *Report) {
	t.Helper()
	var list []Outcome
	report := NewReport(job, len(job.Arms)-1)
	report.Write = func(o *Outcome) error {
		list = append(list, *o)
		return nil
	}
	check(t, Run(context.Background(), *job, report))
	return list, report
}

// TestNothingLeaks: whatever is changed in the history from the last execution date on, no arm but those that are told the future
// decides otherwise.
func TestNothingLeaks(t *testing.T) {
	arms := []string{"rsq", "ss", "basestock", "newsvendor", "plan", "rsq-point", "none"}
	articles, history := writeTables(t, 5, nil)
	job := testJob(t, articles, history, arms...)
	want, _ := outcomes(t, job)
	for name, change := range map[string]func(s *forecast.Series){
		"shuffled": func(s *forecast.Series) {
			for i := 74; i < weeks; i++ {
				s.Sales[i], s.InStock[i], s.Ordered[i] = 1000-s.Sales[i], 1, 77
			}
		},
		"deleted": func(s *forecast.Series) {
			s.Sales, s.InStock, s.Ordered = s.Sales[:74], s.InStock[:74], s.Ordered[:74]
		},
	} {
		a, h := writeTables(t, 5, change)
		again := testJob(t, a, h, arms...)
		got, _ := outcomes(t, again)
		if len(got) != len(want) {
			t.Fatalf("%s: %d outcomes, %d before", name, len(got), len(want))
		}
		changed := 0
		for i := range got {
			if got[i].Policy != want[i].Policy {
				t.Errorf("%s: %v at %s, arm %s: %s, before %s", name, got[i].Key, day(job.Dates[got[i].Date]), job.Arms[got[i].Arm].Name,
					got[i].Policy, want[i].Policy)
			}
			if got[i].Demand != want[i].Demand {
				changed++
			}
		}
		if changed == 0 {
			t.Errorf("%s: the change is not seen by what happens", name)
		}
	}
}

// TestWorkersAndResume: the number of workers changes nothing, nor does a run that ended after the first date and was taken up
// again.
func TestWorkersAndResume(t *testing.T) {
	articles, history := writeTables(t, 6, noOrders)
	for _, carry := range []bool{false, true} {
		job := testJob(t, articles, history, "rsq", "human", "none", "plan")
		job.Carry = carry
		want, report := outcomes(t, job)
		job.Workers = 3
		if got, _ := outcomes(t, job); !reflect.DeepEqual(got, want) {
			t.Errorf("carry %t: three workers give other outcomes", carry)
		}
		job.Resume = t.TempDir()
		full := errors.New("disk full")
		part := NewReport(job, 3)
		part.Write = func(o *Outcome) error {
			if o.Date == 1 {
				return full
			}
			return nil
		}
		if err := Run(context.Background(), *job, part); !errors.Is(err, full) {
			t.Fatalf("interrupted: %v", err)
		}
		if parts, _ := filepath.Glob(filepath.Join(job.Resume, "*")); len(parts) != 1 {
			t.Errorf("carry %t: kept %v, want the first date alone", carry, parts)
		}
		got, resumed := outcomes(t, job)
		if !reflect.DeepEqual(got, want) {
			t.Errorf("carry %t: taken up again it gives other outcomes", carry)
		}
		all := Group{"all", "all"}
		for _, arm := range []int{0, 1} {
			if a, b := report.Uplift(all, arm, 3), resumed.Uplift(all, arm, 3); fmt.Sprint(a) != fmt.Sprint(b) {
				t.Errorf("carry %t: uplift %+v, before %+v", carry, b, a)
			}
		}
		same, _ := job.fingerprint(3)
		if other, _ := job.fingerprint(2); other == same {
			t.Error("stories about another arm would be taken up")
		}
	}
}

// TestCarriedStockIsOneLongRun: a base-stock policy that is carried over four dates does what it does in one run.
func TestCarriedStockIsOneLongRun(t *testing.T) {
	articles, history := writeTables(t, 5, func(s *forecast.Series) { s.InStock = nil })
	job := testJob(t, articles, history, "fixed=basestock:S=30", "none")
	job.Settings, _ = settings.Parse("none", []byte("defaults: {lead_time_mean: 2, return_rate: 0, review_period: 2}")) // nothing is random
	job.Carry, job.Evaluate = true, []int{4}
	job.Dates = []int{firstWeek + 60, firstWeek + 64, firstWeek + 68, firstWeek + 72}
	steps, _ := outcomes(t, job)
	sum := map[table.Key]float64{}
	for _, o := range steps {
		if o.Arm == 0 {
			sum[o.Key] += o.Flows.OnHand
		}
	}
	job.Evaluate, job.Dates = []int{16}, job.Dates[:1]
	whole, _ := outcomes(t, job)
	for _, o := range whole {
		if o.Arm == 0 && math.Abs(sum[o.Key]-o.Flows.OnHand) > 1e-9 {
			t.Errorf("%v: stock %g in steps, %g in one run", o.Key, sum[o.Key], o.Flows.OnHand)
		}
	}
}

// TestForesightIsABound: nothing is cheaper than to know the demand, where the bound is exact.
func TestForesightIsABound(t *testing.T) {
	articles, history := writeTables(t, 6, func(s *forecast.Series) { s.InStock = nil })
	job := testJob(t, articles, history, "rsq", "ss", "human", "none", "foresight")
	job.Settings, _ = settings.Parse("none", []byte("defaults: {scenarios: 60, lead_time_mean: 2, lead_time_cv: 0.5, order_cost: 1, review_period: 1}"))
	list, _ := outcomes(t, job)
	cost := map[string]float64{}
	for _, o := range list {
		if o.Weeks == 8 && job.Arms[o.Arm].Rule == Foresight {
			cost[fmt.Sprint(o.Key, o.Date)] = o.Costs.Total()
		}
	}
	for _, o := range list {
		if best := cost[fmt.Sprint(o.Key, o.Date)]; o.Weeks == 8 && o.Costs.Total() < best-1e-9 {
			t.Errorf("%v: %s costs %g, with foresight %g", o.Key, job.Arms[o.Arm].Name, o.Costs.Total(), best)
		}
	}
}

// TestForesightAgainstBruteForce: on small instances no list of orders is cheaper.
func TestForesightAgainstBruteForce(t *testing.T) {
	s := simulate.NewSampler(1)
	for n := range 15 {
		r := random.New(random.NewKey(8, "brute").Int(n))
		a := simulate.DefaultArticle()
		a.Horizon, a.OnHand = 4, float64(r.Intn(3))
		a.Price, a.LostSaleCost, a.HoldingCost, a.InboundCost = 10, 4*r.Float64(), 0.5*r.Float64(), 0.5*r.Float64()
		a.OrderCost, a.OverstockCost = 2*r.Float64()*float64(r.Intn(2)), r.Float64()
		a.LeadTimeMean, a.LeadTimeCV = 1.5*r.Float64(), 0.4
		a.PackSize = float64(1 + r.Intn(2))
		a.MOQ = float64(r.Intn(4))
		if r.Intn(3) == 0 {
			a.MaxOrder = 4
		}
		q := forecast.Quantiles{Levels: []float64{0.5}, Values: make([]float32, 4)}
		var sc simulate.Scenarios
		check(t, s.Draw(&sc, &a, &q, s.Key("m", fmt.Sprint(n)), 5, 1, false))
		for week := range 4 {
			sc.SetDemand(0, week, float64(r.Intn(5)), simulate.Whole)
		}
		got := costOf(&a, foresee(&a, &sc), &sc)
		best := math.Inf(1)
		var orders [4]float64
		for code := range 9 * 9 * 9 * 9 {
			for i, c := 0, code; i < 4; i, c = i+1, c/9 {
				orders[i] = float64(c % 9)
			}
			var plan simulate.Plan
			for week, q := range orders {
				if q > 0 {
					plan = append(plan, simulate.WeekQuantity{Week: week, Quantity: q})
				}
			}
			best = min(best, costOf(&a, plan, &sc))
		}
		if got > best+1e-9 {
			t.Errorf("instance %d: foresight costs %g, the best list %g", n, got, best)
		}
	}
}
