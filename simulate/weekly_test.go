package simulate

import (
	"math/rand/v2"
	"testing"
)

// The weekly figures add up to the totals of Run.
func TestWeeksAddUp(t *testing.T) {
	for _, c := range benchCases() {
		a, p := &c.article, c.policy
		sc := randomScenarios(rand.New(rand.NewPCG(1, 0)), 400, a.Horizon, c.demand, 3, len(a.ReturnLagWeights))
		checkWeeks(t, a, p, sc)
	}
}

func checkWeeks(t *testing.T, a *Article, p Policy, sc *Scenarios) {
	t.Helper()
	w := Weeks(a, p, sc, sc.N)
	var sales, lost, orders, short float64
	for week := range w.OnHand {
		sales, lost, orders, short = sales+w.Sales[week], lost+w.Lost[week], orders+w.Orders[week], short+w.Short[week]
		for i := 1; i < len(FanLevels); i++ {
			if w.OnHand[week][i] < w.OnHand[week][i-1] {
				t.Errorf("week %d: fan %v", week, w.OnHand[week])
			}
		}
	}
	var want Totals
	for _, r := range Run(a, p, sc, nil) {
		want.Sales, want.Lost, want.Ordered, want.ShortWeeks = want.Sales+r.Sales, want.Lost+r.Lost, want.Ordered+r.Ordered, want.ShortWeeks+r.ShortWeeks
	}
	n := float64(sc.N)
	for _, c := range [][2]float64{{sales, want.Sales / n}, {lost, want.Lost / n}, {orders, want.Ordered / n}, {short, want.ShortWeeks / n}} {
		if d := c[0] - c[1]; d > 1e-9*c[1] || d < -1e-9*c[1] {
			t.Errorf("%v, want %v", c[0], c[1])
		}
	}
}

func BenchmarkWeeks(b *testing.B) {
	c := benchCases()[4]
	sc := randomScenarios(rand.New(rand.NewPCG(1, 0)), 500, c.article.Horizon, c.demand, 3, len(c.article.ReturnLagWeights))
	for b.Loop() {
		Weeks(&c.article, c.policy, sc, sc.N)
	}
}
