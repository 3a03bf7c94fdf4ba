package backtest

import (
	"math"
	"slices"
	"testing"

	"github.com/restock-engine/restock/internal/random"
)

// sample makes n clusters whose arm 0 saves the share true of what arm 1 costs, in the mean.
func sample(r random.Source, n int, saved float64) []*measures {
	var list []*measures
	for range n {
		size := math.Exp(r.NormFloat64() / 2)
		list = append(list, &measures{cost: []float64{size * (1 - saved + 0.3*r.NormFloat64()), size}, gmv: []float64{size, size}, demand: 1, error: r.Float64()})
	}
	return list
}

// TestUpliftIntervals: of 300 intervals from 60 clusters 95 % hold the saving; fewer than 88 % or more than 99.5 % would be seen
// once in 10,000 tests. Of as many permutation tests without any saving 5 % find one; more than 10.5 % once in 10,000 tests.
func TestUpliftIntervals(t *testing.T) {
	const trials = 300
	r := random.New(random.NewKey(9, "uplift"))
	holds, alarms := 0, 0
	for i := range trials {
		u := uplift(sample(r, 60, 0.1), nil, 0, 1, uint64(i))
		if u.Saving.Low <= 0.1 && 0.1 <= u.Saving.High {
			holds++
		}
		if uplift(sample(r, 30, 0), nil, 0, 1, uint64(i)).P < 0.05 {
			alarms++
		}
	}
	if share := float64(holds) / trials; share < 0.88 || share > 0.995 {
		t.Errorf("%.3f of the intervals hold the saving", share)
	}
	if share := float64(alarms) / trials; share > 0.105 {
		t.Errorf("%.3f of the tests find a saving where there is none", share)
	}
}

// TestWilson: the example of Newcombe, Statistics in Medicine 17(8), 1998, table I: 81 of 263 gives 0.2553 to 0.3662.
func TestWilson(t *testing.T) {
	s := newShare(81, 263)
	if math.Abs(s.Low-0.2553) > 5e-5 || math.Abs(s.High-0.3662) > 5e-5 {
		t.Errorf("%.4f to %.4f", s.Low, s.High)
	}
	if s := newShare(0, 0); s.Low != 0 || s.High != 1 {
		t.Errorf("of nothing: %+v", s)
	}
}

func TestRanks(t *testing.T) {
	if got := ranks([]float64{3, 1, 3, 2}); !slices.Equal(got, []float64{2.5, 0, 2.5, 1}) {
		t.Error(got)
	}
}

func TestParseArm(t *testing.T) {
	for _, text := range []string{"rsq", "none", "rsq-mean", "mine=rsq:objective=cvar,quantile=0.9,phi=0.3", "now=rsq:t0=0,Q0=40,s=10,Q=20,t_limit=9",
		"fixed=basestock:S=30", "x=plan:0=5,4=7"} {
		if _, err := ParseArm(text); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
	for _, text := range []string{"", "rqs", "x=y", "rsq:objective=median", "rsq:quantile=2", "rsq:speed=1", "rsq:objective", "a=rsq:t0=0"} {
		if a, err := ParseArm(text); err == nil {
			t.Errorf("%q is read as %+v", text, a)
		}
	}
	if _, err := ParseArms([]string{"rsq", "rsq"}); err == nil {
		t.Error("an arm twice")
	}
}

func FuzzParseArm(f *testing.F) {
	for _, s := range []string{"rsq", "a=rsq:objective=mean", "ss:s=1,S=3", "a=b=c:d", "rsq:phi=NaN", "plan:0=30"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		a, err := ParseArm(text)
		if err == nil && a.Rule == "" {
			t.Errorf("%q: no rule", text)
		}
	})
}
