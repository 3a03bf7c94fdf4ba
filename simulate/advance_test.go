package simulate

import (
	"math/rand/v2"
	"testing"
)

// TestAdvanceInSteps: base stock, which looks at nothing but the position, does the same week by week in one run and in two with
// the state handed on.
func TestAdvanceInSteps(t *testing.T) {
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 7))
		const weeks = 20
		a := randomArticle(r, weeks, 10)
		if a.Validate() != nil || a.ReturnMode == ExpectedReturns {
			continue
		}
		sc := randomScenarios(r, 1, weeks, 30, 3, len(a.ReturnLagWeights))
		p := BaseStock{OrderUpTo: float64(r.IntN(80))}
		var whole []WeekRecord
		Visit(&a, p, sc, func(_, _ int, r WeekRecord) { whole = append(whole, r) })
		cut := 1 + r.IntN(weeks-2)
		next := Advance(&a, p, sc, 0, cut, nil)
		rest := &Scenarios{}
		rest.resize(1, weeks-cut)
		for t := range rest.Weeks {
			c, from := rest.index(0, t), sc.index(0, t+cut)
			rest.delay[c], rest.lag[c], rest.round[c] = sc.delay[from], sc.lag[from], sc.round[from]
			rest.SetDemand(0, t, sc.Demand(0, t+cut), a.Units)
		}
		Visit(&next, p, rest, func(_, week int, r WeekRecord) {
			want := whole[week+cut]
			if d := r.OnHandEnd - want.OnHandEnd; r.Order != want.Order || d > 1e-9 || d < -1e-9 {
				t.Fatalf("seed %d, week %d after %d: %+v, want %+v", seed, week, cut, r, want)
			}
		})
	}
}

func TestSetDemand(t *testing.T) {
	sc := &Scenarios{}
	sc.resize(20, 3)
	sc.SetDemand(3, 1, 4.6, Whole)
	sc.SetDemand(17, 2, 1e9, Whole)
	sc.SetDemand(0, 0, 2.5, Continuous)
	for _, c := range []struct {
		i, t int
		want float64
	}{{3, 1, 5}, {17, 2, 1e9}, {0, 0, 2.5}, {1, 1, 0}} {
		if got := sc.Demand(c.i, c.t); got != c.want {
			t.Errorf("scenario %d week %d: %g, want %g", c.i, c.t, got, c.want)
		}
	}
}
