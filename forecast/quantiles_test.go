package forecast

import (
	"math"
	"testing"
)

func TestLevels39(t *testing.T) {
	levels := Levels39()
	if len(levels) != 39 || levels[0] != 0.025 || levels[19] != 0.5 || levels[38] != 0.975 {
		t.Errorf("levels %v", levels)
	}
	if err := CheckLevels(levels); err != nil {
		t.Error(err)
	}
}

func TestCheckLevels(t *testing.T) {
	for _, bad := range [][]float64{nil, {0}, {1}, {-0.1}, {math.NaN()}, {0.5, 0.5}, {0.9, 0.1}, {0.5, math.Inf(1)}} {
		if CheckLevels(bad) == nil {
			t.Errorf("levels %v pass", bad)
		}
	}
}

var shapes = []struct {
	name   string
	levels []float64
	values []float32
}{
	{"three", []float64{0.1, 0.5, 0.9}, []float32{2, 5, 11}},
	{"first slope reaches 0", []float64{0.25, 0.5, 0.75}, []float32{1, 9, 10}},
	{"two", []float64{0.4, 0.6}, []float32{3, 4}},
	{"flat", []float64{0.1, 0.5, 0.9}, []float32{7, 7, 7}},
	{"zero", []float64{0.1, 0.5, 0.9}, []float32{0, 0, 0}},
	{"one", []float64{0.3}, []float32{6}},
}

func TestAtIsExactAtLevelsAndMonotone(t *testing.T) {
	for _, s := range shapes {
		q := Quantiles{s.levels, s.values}
		for i, level := range s.levels {
			if got := q.At(0, level); math.Abs(got-float64(s.values[i])) > 1e-12 {
				t.Errorf("%s: At(%g) = %g, want %g", s.name, level, got, s.values[i])
			}
		}
		before := 0.0
		for i := range 100_000 {
			v := q.At(0, float64(i)/100_000)
			if v < before-1e-12 {
				t.Fatalf("%s: falls from %g to %g at %g", s.name, before, v, float64(i)/100_000)
			}
			before = v
		}
	}
}

// TestTails works the definition of model.md, scenarios, by hand for levels 0.1, 0.5, 0.9 and values 2, 5, 11.
func TestTails(t *testing.T) {
	q := Quantiles{shapes[0].levels, shapes[0].values}
	beta := 6 / math.Log(5) // (11-5)/ln((1-0.5)/(1-0.9))
	for _, c := range []struct{ u, want float64 }{
		{0, 1.25},     // 2 - (5-2)/(0.5-0.1)·0.1
		{0.05, 1.625}, // half way between 1.25 and 2
		{0.3, 3.5},    // half way between 2 and 5
		{0.99, 11 + beta*math.Log(10)},
		{0.999, 11 + beta*math.Log(100)},
	} {
		if got := q.At(0, c.u); math.Abs(got-c.want) > 1e-9 {
			t.Errorf("At(%g) = %.12g, want %.12g", c.u, got, c.want)
		}
	}
	q = Quantiles{shapes[1].levels, shapes[1].values}
	if got := q.At(0, 0); got != 0 {
		t.Errorf("the lower tail ends at %g, want 0", got)
	}
}

func TestMeanIsTheIntegralOfAt(t *testing.T) {
	for _, s := range shapes {
		q := Quantiles{s.levels, s.values}
		// The substitution u = 1-v³ tames the logarithm at u = 1; midpoint rule.
		const n = 400_000
		sum := 0.0
		for i := range n {
			v := (float64(i) + 0.5) / n
			sum += q.At(0, 1-v*v*v) * 3 * v * v / n
		}
		if got := q.Mean(0); math.Abs(got-sum) > 1e-5*(1+sum) {
			t.Errorf("%s: Mean = %.9g, integral %.9g", s.name, got, sum)
		}
	}
}

func TestRearrange(t *testing.T) {
	q := Quantiles{[]float64{0.1, 0.5, 0.9}, []float32{1, 2, 3, 5, -4, 2}}
	if !q.Rearrange() {
		t.Error("crossing not reported")
	}
	want := []float32{1, 2, 3, 0, 2, 5}
	for i, v := range q.Values {
		if v != want[i] {
			t.Fatalf("got %v, want %v", q.Values, want)
		}
	}
	if q.Rearrange() {
		t.Error("sorted quantiles reported as crossing")
	}
	if q.Weeks() != 2 || (&Quantiles{}).Weeks() != 0 {
		t.Error("number of weeks")
	}
}
