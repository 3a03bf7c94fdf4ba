package optimize

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/restock-engine/restock/forecast"
	"github.com/restock-engine/restock/simulate"
)

// randomCurve has diminishing returns with some noise, as the objective's quantile has.
func randomCurve(r *rand.Rand, noise float64) Curve {
	c := Curve{Quantity: []float64{0}, Value: []float64{0}}
	pack, first := float64(1+r.IntN(12)), 1+20*r.Float64()
	for k := 1 + r.IntN(8); k > 0; k-- {
		n := len(c.Quantity)
		c.Quantity = append(c.Quantity, c.Quantity[n-1]+pack)
		c.Value = append(c.Value, c.Value[n-1]+pack*first/float64(n)*(1+noise*(r.Float64()-0.5)))
		if c.Value[n] > c.Value[c.Wanted] {
			c.Wanted = n
		}
	}
	return c
}

func randomLimits(r *rand.Rand, curves []Curve, n int) []Limit {
	var limits []Limit
	for range n {
		l := Limit{AtMost: math.Inf(1)}
		wanted, most := 0.0, 0.0
		for _, c := range curves {
			u := 0.5 + 5*r.Float64()
			l.Use = append(l.Use, u)
			wanted += u * c.Quantity[c.Wanted]
			most += u * c.Quantity[len(c.Quantity)-1]
		}
		if r.IntN(3) == 0 {
			l.AtLeast = wanted + r.Float64()*(most-wanted)
		} else {
			l.AtMost = wanted * (0.1 + 1.1*r.Float64())
		}
		limits = append(limits, l)
	}
	return limits
}

// best tries every choice.
func best(curves []Curve, limits []Limit) float64 {
	choice := make([]int, len(curves))
	most, minimum := math.Inf(-1), false
	for _, l := range limits {
		minimum = minimum || l.AtLeast > 0
	}
	if minimum {
		most = 0 // no order at all is allowed
	}
	for {
		value, ok := 0.0, true
		for i, k := range choice {
			value += curves[i].Value[k]
		}
		for _, l := range limits {
			used := 0.0
			for i, k := range choice {
				used += l.Use[i] * curves[i].Quantity[k]
			}
			ok = ok && used <= l.AtMost && used >= l.AtLeast
		}
		if ok {
			most = max(most, value)
		}
		i := 0
		for ; i < len(choice); i++ {
			if choice[i]++; choice[i] < len(curves[i].Quantity) {
				break
			}
			choice[i] = 0
		}
		if i == len(choice) {
			return most
		}
	}
}

// checkAllocation sums everything up anew.
func checkAllocation(t *testing.T, curves []Curve, limits []Limit, a Allocation) {
	t.Helper()
	value := 0.0
	for i, k := range a.Choice {
		value += curves[i].Value[k]
	}
	if math.Abs(value-a.Value) > 1e-9*math.Abs(value) {
		t.Errorf("value %g, reported %g", value, a.Value)
	}
	if a.Bound < a.Value-1e-9*math.Abs(a.Value) {
		t.Errorf("value %g is above the bound %g", a.Value, a.Bound)
	}
	for j, l := range limits {
		used := 0.0
		for i, k := range a.Choice {
			if k > 0 {
				used += l.Use[i] * curves[i].Quantity[k]
			}
		}
		if used != a.Limits[j].Used || used > l.AtMost || !a.None && used < l.AtLeast || a.None && used != 0 {
			t.Errorf("limit %d: used %g, reported %g, at least %g, at most %g, none %v", j, used, a.Limits[j].Used, l.AtLeast, l.AtMost, a.None)
		}
	}
}

// TestAllocateAgainstAllChoices: on 400 small problems (seed 7) limits are always kept, the bound is never below the best of all
// choices, and the value is on average within 4 % of that.
func TestAllocateAgainstAllChoices(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 1))
	var lost, worst float64
	problems := 0
	for range 400 {
		var curves []Curve
		for range 1 + r.IntN(5) {
			curves = append(curves, randomCurve(r, 0.6))
		}
		limits := randomLimits(r, curves, 1+r.IntN(3))
		a, err := Allocate(curves, limits)
		if err != nil {
			t.Fatal(err)
		}
		checkAllocation(t, curves, limits, a)
		optimum := best(curves, limits)
		if a.Bound < optimum-1e-9*math.Abs(optimum) {
			t.Fatalf("bound %g below the optimum %g", a.Bound, optimum)
		}
		if optimum > 0 {
			problems++
			lost += (optimum - a.Value) / optimum
			worst = max(worst, (optimum-a.Value)/optimum)
		}
	}
	if lost /= float64(problems); lost > 0.04 {
		t.Errorf("mean loss %.3f", lost)
	}
	t.Logf("%d problems, mean loss %.4f, worst %.3f", problems, lost, worst)
}

// TestAllocateGapVanishes: with many SKUs the gap to the relaxed bound is small, as theory says (at most one SKU's step for each
// limit).
func TestAllocateGapVanishes(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 1))
	var curves []Curve
	for range 5000 {
		curves = append(curves, randomCurve(r, 0.6))
	}
	for range 10 {
		limits := randomLimits(r, curves, 2)
		a, err := Allocate(curves, limits)
		if err != nil {
			t.Fatal(err)
		}
		checkAllocation(t, curves, limits, a)
		if a.None && limits[0].AtLeast == 0 && limits[1].AtLeast == 0 || !a.None && a.Gap() > 0.002 {
			t.Errorf("gap %.5f, none %v", a.Gap(), a.None)
		}
	}
}

// TestAllocateByHand: three articles of price 1; 5 units of budget go where a unit is worth most, and the price is what the sixth
// would bring.
func TestAllocateByHand(t *testing.T) {
	curves := []Curve{
		{Quantity: []float64{0, 2, 4}, Value: []float64{0, 20, 24}, Wanted: 2}, // 10, then 2 a unit
		{Quantity: []float64{0, 1, 2}, Value: []float64{0, 9, 12}, Wanted: 2},  // 9, then 3
		{Quantity: []float64{0, 3}, Value: []float64{0, 6}, Wanted: 1},         // 2
	}
	one := []float64{1, 1, 1}
	for _, c := range []struct {
		atLeast, atMost float64
		want            []int
		value, price    float64
		none            bool
	}{
		{0, 9, []int{2, 2, 1}, 42, 0, false},                   // all that is wanted
		{0, 4, []int{1, 2, 0}, 32, 2, false},                   // 2 + 2 units; the next one is worth 2
		{0, 3, []int{1, 1, 0}, 29, 3, false},                   // the next one is worth 3
		{0, 0, []int{0, 0, 0}, 0, 10, false},                   // the first one is worth 10
		{10, math.Inf(1), []int{0, 0, 0}, 0, math.NaN(), true}, // there are 9
	} {
		a, err := Allocate(curves, []Limit{{Name: "budget", AtMost: c.atMost, AtLeast: c.atLeast, Use: one}})
		if err != nil {
			t.Fatal(err)
		}
		checkAllocation(t, curves, []Limit{{AtMost: c.atMost, AtLeast: c.atLeast, Use: one}}, a)
		price := a.Limits[0].Price
		if a.Value != c.value || a.None != c.none || !math.IsNaN(c.price) && math.Abs(price-c.price) > 1e-6 {
			t.Errorf("%g to %g: %+v, want choice %v, value %g, price %g", c.atLeast, c.atMost, a, c.want, c.value, c.price)
		}
	}
}

// TestMinimum: orders are raised where that costs least, unless that costs more than ordering brings.
func TestMinimum(t *testing.T) {
	curves := []Curve{
		{Quantity: []float64{0, 2, 4}, Value: []float64{0, 20, 16}, Wanted: 1}, // 2 a unit is lost beyond
		{Quantity: []float64{0, 2, 6}, Value: []float64{0, 9, 8}, Wanted: 1},   // ¼
	}
	limit := Limit{AtLeast: 7, AtMost: math.Inf(1), Use: []float64{1, 1}}
	a, err := Allocate(curves, []Limit{limit})
	if err != nil || a.Value != 28 || a.Limits[0].Used != 8 || a.Limits[0].Price > -0.25+1e-6 || a.None {
		t.Errorf("%+v, %v", a, err)
	}
	curves[0].Value, curves[1].Value = []float64{0, 1, -9}, []float64{0, 1, -9}
	limit.AtLeast = 10
	if a, err = Allocate(curves, []Limit{limit}); err != nil || !a.None || a.Value != 0 {
		t.Errorf("%+v, %v", a, err)
	}
}

// TestOrderCurve: the curve's values are differences of the objective, the wanted quantity is on it, and it does not depend on
// the workspace.
func TestOrderCurve(t *testing.T) {
	a := simulate.DefaultArticle()
	a.OnHand, a.Price, a.UnitCost, a.HoldingCost, a.LostSaleCost, a.PackSize, a.MOQ = 3, 20, 9, 0.1, 11, 2, 4
	q := forecast.Quantiles{Levels: []float64{0.1, 0.5, 0.9}}
	for range a.Horizon {
		q.Values = append(q.Values, 2, 5, 9)
	}
	s := simulate.NewSampler(3)
	in := Input{Article: &a, Forecast: &q, Key: s.Key("m", "a")}
	o := DefaultOptions()
	var w Workspace
	rec, err := Decide(s, in, o, &w)
	if err != nil {
		t.Fatal(err)
	}
	curve, err := OrderCurve(s, in, o, &rec, DefaultCurveOptions(), &w)
	if err != nil {
		t.Fatal(err)
	}
	fresh, err := OrderCurve(s, in, o, &rec, DefaultCurveOptions(), &Workspace{})
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range fresh.Value {
		if v != curve.Value[i] {
			t.Errorf("another workspace: value %g, %g", v, curve.Value[i])
		}
	}
	if rec.Policy.T0 != 0 || curve.Quantity[curve.Wanted] != rec.Policy.Q0 || curve.Wanted != len(curve.Quantity)-1 {
		t.Fatalf("policy %v, curve %+v", rec.Policy, curve)
	}
	for i, q := range curve.Quantity {
		if i > 0 && (q != a.OrderQuantity(q) || q <= curve.Quantity[i-1]) {
			t.Errorf("quantities %v", curve.Quantity)
		}
	}
	nothing := rec.Policy
	nothing.Q0 = 0
	want := Compare(&a, []simulate.Policy{nothing, rec.Policy}, &w.opt, o.Objective, &Workspace{})
	if got := curve.Value[curve.Wanted]; math.Abs(got-(want[0].Figures.Objective-want[1].Figures.Objective)) > 1e-9 {
		t.Errorf("value %g, objectives %g and %g", got, want[0].Figures.Objective, want[1].Figures.Objective)
	}
	more, err := OrderCurve(s, in, o, &rec, CurveOptions{Steps: 8, More: 4}, &w)
	if err != nil || len(more.Quantity) != len(curve.Quantity)+4 || more.Wanted != curve.Wanted {
		t.Errorf("with more: %+v, %v", more, err)
	}
}

// TestAllocateSpeed: 100,000 SKUs are allocated in seconds at most; BenchmarkAllocate has the figure.
func TestAllocateSpeed(t *testing.T) {
	if testing.Short() {
		t.Skip()
	}
	curves, limits := largeProblem()
	start := time.Now()
	a, err := Allocate(curves, limits)
	if err != nil || a.Gap() > 1e-4 {
		t.Errorf("gap %g, %v", a.Gap(), err)
	}
	if d := time.Since(start); d > 20*time.Second {
		t.Errorf("took %v", d)
	}
}

func largeProblem() ([]Curve, []Limit) {
	r := rand.New(rand.NewPCG(9, 1))
	curves := make([]Curve, 100_000)
	budget := Limit{Name: "money"}
	for i := range curves {
		curves[i] = randomCurve(r, 0.3)
		budget.Use = append(budget.Use, 1+9*r.Float64())
		budget.AtMost += 0.6 * budget.Use[i] * curves[i].Quantity[curves[i].Wanted]
	}
	return curves, []Limit{budget}
}

// BenchmarkAllocate allocates one budget to 100,000 SKUs.
func BenchmarkAllocate(b *testing.B) {
	curves, limits := largeProblem()
	for b.Loop() {
		if _, err := Allocate(curves, limits); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkOrderCurve is the time that limits cost in addition to a decision: compare with BenchmarkDecide.
func BenchmarkOrderCurve(b *testing.B) {
	a := simulate.DefaultArticle()
	a.OnHand, a.Price, a.UnitCost, a.HoldingCost, a.LostSaleCost = 3, 20, 9, 0.1, 11
	q := forecast.Quantiles{Levels: forecast.Levels39()}
	for range a.Horizon {
		for k := range q.Levels {
			q.Values = append(q.Values, float32(k))
		}
	}
	s := simulate.NewSampler(3)
	in := Input{Article: &a, Forecast: &q, Key: s.Key("m", "a")}
	var w Workspace
	rec, err := Decide(s, in, DefaultOptions(), &w)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := OrderCurve(s, in, DefaultOptions(), &rec, DefaultCurveOptions(), &w); err != nil {
			b.Fatal(err)
		}
	}
}
