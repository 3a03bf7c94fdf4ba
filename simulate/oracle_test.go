package simulate

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"

	restat "github.com/restock-engine/restock/internal/stat"
)

// zLimit is how many standard errors a Monte Carlo estimate may be off. One honest estimate fails with probability 7e-6; the
// tests of this file make about 150 of them, so a new seed fails with probability 0.001. The seeds are fixed.
const zLimit = 4.5

func readOracle(t *testing.T, name string, into any) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "testdata", "oracles", name))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

// literature returns an article of the textbooks' rules: inbound is received before the demand, nothing comes back, h for what is
// left at the end of a week, p for a lost sale, K for an order.
func literature(weeks int, h, p, k float64) Article {
	a := DefaultArticle()
	a.Horizon, a.InboundBeforeDemand = weeks, 1
	a.HoldingCost, a.LostSaleCost, a.OrderCost = h, p, k
	return a
}

// discreteDraws returns n scenarios of weeks draws each from the week's distribution, given as its cumulative probabilities, all
// orders with the same lead time.
func discreteDraws(seed uint64, n, weeks, leadTime int, cdf func(week int) []float64) *Scenarios {
	r := rand.New(rand.NewPCG(seed, 2))
	sc := &Scenarios{}
	sc.resize(n, weeks)
	for i := range n {
		for t := range weeks {
			u, d := r.Float64(), 0
			for p := cdf(t); d < len(p) && u >= p[d]; d++ {
			}
			c := sc.index(i, t)
			sc.demand[c], sc.delay[c], sc.lag[c] = int32(d), int32(leadTime), 1
		}
	}
	return sc
}

// poissonCDF returns P(D ≤ d) for d = 0, 1, … until 1.
func poissonCDF(mean float64) (cdf []float64) {
	dist := distuv.Poisson{Lambda: mean}
	for d := 0.0; len(cdf) == 0 || cdf[len(cdf)-1] < 1-1e-15; d++ {
		cdf = append(cdf, dist.CDF(d))
	}
	return cdf
}

// weeklyCosts returns each scenario's mean cost per week after the warm-up.
func weeklyCosts(a *Article, p Policy, sc *Scenarios, warmUp int) []float64 {
	costs := make([]float64, sc.N)
	w := newWorld(sc.Weeks)
	for i := range costs {
		w.scenario(a, p, sc, i, func(t int, r WeekRecord) {
			if t < warmUp {
				return
			}
			costs[i] += a.HoldingCost*r.OnHandEnd + a.LostSaleCost*r.Lost
			if r.Order > 0 {
				costs[i] += a.OrderCost
			}
		})
		costs[i] /= float64(sc.Weeks - warmUp)
	}
	return costs
}

// zScore returns how many standard errors the mean of x is above want.
func zScore(x []float64, want float64) float64 {
	mean, sd := stat.MeanStdDev(x, nil)
	return (mean - want) / (sd / math.Sqrt(float64(len(x))))
}

const (
	longHorizon = 110
	warmUp      = 30 // weeks; every system below forgets its first weeks within some lead times
)

// TestZipkin compares base-stock systems in the long run with Zipkin (2008), Table 3, cell by cell: the cost of the level that
// the backlog model gives, and of the best level, beside which no neighbour may be cheaper.
func TestZipkin(t *testing.T) {
	var oracle struct {
		Rows []struct {
			P, H, Mean       float64
			L                int
			Published, Exact map[string]float64
		}
	}
	readOracle(t, "lost_sales_poisson.json", &oracle)
	if len(oracle.Rows) != 16 {
		t.Fatalf("%d rows, want the 16 of the table", len(oracle.Rows))
	}
	cdf := poissonCDF(5)
	sc := discreteDraws(1, 500, longHorizon, 0, func(int) []float64 { return cdf })
	for _, row := range oracle.Rows {
		if row.Mean != 5 {
			t.Fatalf("demand of mean %g", row.Mean)
		}
		fill(sc.delay, int32(row.L))
		a := literature(longHorizon, row.H, row.P, 0)
		for _, level := range []string{"std_base_stock", "best_base_stock"} {
			s := row.Exact[level+"_S"]
			a.OnHand = s
			costs := weeklyCosts(&a, BaseStock{s}, sc, warmUp)
			if z := zScore(costs, row.Exact[level]); math.Abs(z) > zLimit {
				t.Errorf("p=%g L=%d %s: %.4f a week, exactly %.4f: off by %.1f standard errors",
					row.P, row.L, level, stat.Mean(costs, nil), row.Exact[level], z)
			}
			if off := math.Abs(row.Exact[level] - row.Published[level]); off > 0.0051 { // two decimals
				t.Errorf("p=%g L=%d %s: the exact cost %.4f is not the published %.2f", row.P, row.L, level, row.Exact[level], row.Published[level])
			}
			if level == "std_base_stock" {
				continue
			}
			for _, other := range []float64{s - 1, s + 1} {
				more := weeklyCosts(&a, BaseStock{other}, sc, warmUp)
				for i := range more {
					more[i] -= costs[i]
				}
				if z := zScore(more, 0); z < -zLimit {
					t.Errorf("p=%g L=%d: level %g costs less than the best level %g: z = %.1f", row.P, row.L, other, s, z)
				}
			}
		}
	}
}

// TestGeometricDemand checks the heavier-tailed demand of Zipkin's Table 4, P(d) = (1/6)(5/6)^d, for a lead time of one week,
// where the stock on hand is a small Markov chain: after the delivery x, the next week x' = (x-d)⁺ + S-x. Its stationary cost is
// computed here.
func TestGeometricDemand(t *testing.T) {
	var cdf []float64
	for d := 1.0; d < 250; d++ {
		cdf = append(cdf, 1-math.Pow(5.0/6, d))
	}
	sc := discreteDraws(2, 500, longHorizon, 1, func(int) []float64 { return cdf })
	for _, p := range []float64{4, 9, 19, 39} {
		for _, s := range []int{8, 14, 20} {
			a := literature(longHorizon, 1, p, 0)
			a.OnHand = float64(s)
			costs := weeklyCosts(&a, BaseStock{float64(s)}, sc, warmUp)
			want := geometricCost(s, p)
			if z := zScore(costs, want); math.Abs(z) > zLimit {
				t.Errorf("p=%g S=%d: %.4f a week, exactly %.4f: off by %.1f standard errors", p, s, stat.Mean(costs, nil), want, z)
			}
		}
	}
}

func geometricCost(s int, p float64) float64 {
	share := make([]float64, s+1) // of the weeks with x on hand after the delivery
	share[s] = 1
	var cost float64
	for range 3000 {
		next := make([]float64, s+1)
		cost = 0
		for x, w := range share {
			q := 1.0 / 6
			above := 1.0 // P(d ≥ x)
			for d := range x {
				next[x-d+s-x] += w * q
				cost += w * q * float64(x-d)
				above -= q
				q *= 5.0 / 6
			}
			next[s-x] += w * above
			cost += w * above * p * 5 // the demand beyond x has no memory: its mean is 5 again
		}
		share = next
	}
	return cost
}

// TestBijvank compares the system with fixed order cost of Bijvank, Bhulai and Huh (2015), Table 1. Its (s,nQ) policy orders the
// smallest multiple of Q that lifts the position above s: (s, S) with S = s+1 and packs of Q. The estimates must agree with the
// exact costs of reordering at a position of at most s, and tell them from those of reordering below s.
func TestBijvank(t *testing.T) {
	var oracle struct {
		Fixed struct {
			L           int
			H, P, K     float64
			Published   map[string]float64
			ExactAtMost map[string]float64 `json:"exact_at_most_s"`
			ExactBelow  map[string]float64 `json:"exact_below_s"`
		} `json:"fixed_order_cost"`
	}
	readOracle(t, "lost_sales_poisson.json", &oracle)
	f := oracle.Fixed
	cdf := poissonCDF(5)
	sc := discreteDraws(3, 10_000, longHorizon, f.L, func(int) []float64 { return cdf })
	for _, c := range []struct {
		name, published string
		policy          SS
		pack            float64
	}{
		{"(s,S)", "(s,S)=(17,23)", SS{17, 23}, 1},
		{"(s,nQ)", "(s,nQ)=(17,7)", SS{17, 18}, 7},
	} {
		a := literature(longHorizon, f.H, f.P, f.K)
		a.OnHand, a.PackSize = 20, c.pack
		costs := weeklyCosts(&a, c.policy, sc, warmUp)
		want := f.ExactAtMost[c.name]
		if off := math.Abs(want - f.Published[c.published]); off > 0.0051 {
			t.Errorf("%s: the exact cost %.4f is not the published %.2f", c.name, want, f.Published[c.published])
		}
		z, below := zScore(costs, want), zScore(costs, f.ExactBelow[c.name])
		t.Logf("%s: %.4f, z = %.1f, against below s %.1f", c.name, stat.Mean(costs, nil), z, below)
		if math.Abs(z) > zLimit {
			t.Errorf("%s: %.4f a week, exactly %.4f: off by %.1f standard errors", c.name, stat.Mean(costs, nil), want, z)
		}
		if c.name == "(s,nQ)" && math.Abs(below) < zLimit {
			t.Errorf("%s: %.4f a week cannot be told from reordering below s, %.4f", c.name, stat.Mean(costs, nil), f.ExactBelow[c.name])
		}
	}
}

// TestFixedOrderCost compares (s, S) without a lead time in the long run with Zheng and Federgruen (1991), and plans for known demand
// with textbook optima.
func TestFixedOrderCost(t *testing.T) {
	var oracle struct {
		SS struct {
			Rows []map[string]float64 // not a struct: encoding/json would mix s and S
		}
		LotSizes []struct {
			Demand, Plan []float64
			K, H, Cost   float64
		} `json:"lot_sizes"`
	}
	readOracle(t, "fixed_order_cost.json", &oracle)
	for _, row := range oracle.SS.Rows {
		cdf := poissonCDF(row["mean"])
		sc := discreteDraws(4, 2000, longHorizon, 0, func(int) []float64 { return cdf })
		a := literature(longHorizon, row["h"], row["p"], row["K"])
		a.OnHand = row["S"]
		costs := weeklyCosts(&a, SS{row["s"], row["S"]}, sc, warmUp)
		if z := zScore(costs, row["cost"]); math.Abs(z) > zLimit {
			t.Errorf("mean %g, (%g, %g): %.4f a week, published %.3f: off by %.1f standard errors",
				row["mean"], row["s"], row["S"], stat.Mean(costs, nil), row["cost"], z)
		}
	}
	if len(oracle.SS.Rows) != 5 || len(oracle.LotSizes) != 2 {
		t.Errorf("%d systems and %d plans", len(oracle.SS.Rows), len(oracle.LotSizes))
	}
	for _, c := range oracle.LotSizes {
		a := literature(len(c.Demand), c.H, 1000, c.K)
		var plan Plan
		for week, q := range c.Plan {
			if q > 0 {
				plan = append(plan, WeekQuantity{Week: week, Quantity: q})
			}
		}
		sc := handmade([][]float64{c.Demand}, nil, nil, nil)
		if got := Costs(&a, Run(&a, plan, sc, nil), nil)[0]; math.Abs(got-c.Cost) > 1e-9 {
			t.Errorf("demand %v: plan %v costs %g, published %g", c.Demand, c.Plan, got, c.Cost)
		}
	}
}

// TestExactDistributions compares 12-week cost distributions with exact ones: the mean, and the quantiles, the 75th percentile
// among them.
func TestExactDistributions(t *testing.T) {
	var oracle struct {
		Cases []struct {
			Name     string
			Instance struct {
				T, R, L        int
				K, C, H, P, X0 float64
				Mu             []float64
			}
			Policy map[string]any // not a struct: encoding/json would mix s and S
			Exact  map[string]float64
		}
	}
	readOracle(t, "exact_cost_distributions.json", &oracle)
	const n = 40_000
	for k, c := range oracle.Cases {
		in, policy := c.Instance, c.Policy
		number := func(name string) float64 { return policy[name].(float64) }
		a := literature(in.T, in.H, in.P, in.K)
		a.OnHand, a.InboundCost, a.ReviewPeriod = in.X0, in.C, in.R
		var p Policy
		switch policy["kind"] {
		case "sS":
			p = SS{number("s"), number("S")}
		case "sQ": // the textbook's has no kick-start: in week 0 it reorders, or not, like in any other week
			q := RSQ{ReorderPoint: number("s"), Q: number("Q"), TLimit: in.T, Trigger: PositionTrigger}
			if in.X0 <= q.ReorderPoint {
				q.Q0 = q.Q
			}
			p = q
		default:
			t.Fatalf("%s: policy %v", c.Name, policy)
		}
		cdfs := make([][]float64, in.T)
		for week, mu := range in.Mu {
			cdfs[week] = poissonCDF(mu)
		}
		sc := discreteDraws(uint64(10+k), n, in.T, in.L, func(week int) []float64 { return cdfs[week] })
		costs := Costs(&a, Run(&a, p, sc, nil), nil)
		if z := zScore(costs, c.Exact["mean"]); math.Abs(z) > zLimit {
			t.Errorf("%s: mean cost %.3f, exactly %.3f: off by %.1f standard errors", c.Name, stat.Mean(costs, nil), c.Exact["mean"], z)
		}
		for _, level := range []int{50, 75, 90} {
			name := fmt.Sprintf("q%d", level)
			want, cdf, prob := c.Exact[name], c.Exact["cdf_at_"+name], float64(level)/100
			atMost := 0.0
			for _, x := range costs {
				if x <= want {
					atMost++
				}
			}
			if z := (atMost/n - cdf) / math.Sqrt(cdf*(1-cdf)/n); math.Abs(z) > zLimit {
				t.Errorf("%s: %.4f of the costs are at most %g, exactly %.4f: off by %.1f standard errors", c.Name, atMost/n, want, cdf, z)
			}
			// The exact quantile lies between order statistics, zLimit standard errors of their rank apart.
			got, slack := restat.Quantile(costs, prob), zLimit*math.Sqrt(prob*(1-prob)/n)
			low, high := restat.Quantile(costs, prob-slack), restat.Quantile(costs, prob+slack)
			if want < low || want > high || math.Abs(got-want) > 2 {
				t.Errorf("%s: quantile %d of the cost is %g in [%g, %g], exactly %g", c.Name, level, got, low, high, want)
			}
		}
	}
}
