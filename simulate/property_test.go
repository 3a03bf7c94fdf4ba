package simulate

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
)

// checkProperties checks what holds for every article, policy and scenario: nothing appears from nowhere or vanishes, nothing is
// negative, no more is sold than there is, and the same arguments give the same answer.
func checkProperties(t *testing.T, a *Article, p Policy, sc *Scenarios) {
	t.Helper()
	w := newWorld(sc.Weeks)
	before := snapshot(sc)
	totals := Run(a, p, sc, nil)
	for i := range sc.N {
		fail := func(format string, args ...any) {
			t.Helper()
			t.Fatalf("%v: scenario %d: %s\n%+v", p, i, fmt.Sprintf(format, args...), a)
		}
		stock, onOrder, returnable := a.OnHand, 0.0, 0.0
		for _, x := range a.InTransit {
			onOrder += x.Quantity
		}
		for _, x := range a.PendingReturns {
			returnable += x.Quantity
		}
		scale := stock + onOrder + returnable
		same := func(name string, got, want float64) {
			t.Helper()
			if a.Units == Whole && got != want || !near(got, want, scale) {
				fail("%s is %v, want %v", name, got, want)
			}
		}
		var sums Totals
		received, returned := 0.0, 0.0
		again := w.scenario(a, p, sc, i, func(week int, r WeekRecord) {
			scale += sc.Demand(i, week) + r.Order
			same("stock at the start of a week", r.OnHandStart, stock)
			same("stock at its end", r.OnHandEnd, stock+r.Arrivals+r.Returns-r.Sales)
			same("sold and lost", r.Sales+r.Lost, sc.Demand(i, week))
			for _, x := range []float64{r.OnHandStart, r.Order, r.Arrivals, r.Returns, r.Sales, r.Lost, r.OnHandEnd} {
				if !(x >= 0) || a.Units == Whole && x != float64(int64(x)) {
					fail("week %d: %+v", week, r)
				}
			}
			if r.Order > 0 && r.Order > a.MaxOrder || r.Order > 0 && r.Order < min(a.MOQ, a.OrderQuantity(a.MaxOrder)) {
				fail("week %d orders %v", week, r.Order)
			}
			stock = r.OnHandEnd
			received, returned = received+r.Arrivals, returned+r.Returns
			onOrder += r.Order - r.Arrivals
			sums.Ordered, sums.Sales = sums.Ordered+r.Order, sums.Sales+r.Sales
			sums.Lost, sums.OnHand = sums.Lost+r.Lost, sums.OnHand+r.OnHandEnd
		})
		total := totals[i]
		if again != total {
			fail("run twice: %+v, then %+v", total, again)
		}
		same("initial stock, received and returned", a.OnHand+received+returned, total.Sales+stock)
		same("on hand and outstanding at the end", total.Final, stock+onOrder)
		same("units ordered", total.Ordered, sums.Ordered)
		same("units sold", total.Sales, sums.Sales)
		same("units lost", total.Lost, sums.Lost)
		if !near(total.OnHand, sums.OnHand, sums.OnHand) {
			fail("stock summed over the weeks is %v, want %v", total.OnHand, sums.OnHand)
		}
		if most := returnable + a.ReturnRate*a.ResalableShare*total.Sales + float64(sc.Weeks); returned > most*(1+1e-9) {
			fail("%v units returned of %v sold", returned, total.Sales)
		}
		if f := total.FillRate(); !(f >= 0 && f <= 1) {
			fail("fill rate %v", f)
		}
		if v := total.Availability(sc.Weeks); !(v >= 0 && v <= 1) || (v == 1) != (total.Lost == 0) {
			fail("availability %v with %v lost", v, total.Lost)
		}
	}
	if !reflect.DeepEqual(before, snapshot(sc)) {
		t.Fatalf("%v: a run changed its scenarios", p)
	}
}

// snapshot copies what a policy must not be able to change.
func snapshot(sc *Scenarios) Scenarios {
	c := *sc
	c.demand, c.wide64, c.delay = slices.Clone(sc.demand), slices.Clone(sc.wide64), slices.Clone(sc.delay)
	c.lag, c.round, c.leadTimes = slices.Clone(sc.lag), slices.Clone(sc.round), slices.Clone(sc.leadTimes)
	return c
}

func TestProperties(t *testing.T) {
	for seed := range uint64(500) {
		r := rand.New(rand.NewPCG(seed, 3))
		a, sc := anyCase(r)
		for _, p := range anyPolicies(r, &a) {
			checkProperties(t, &a, p, sc)
		}
	}
}

// FuzzRun checks the properties of any article that is valid, under any policy that can be parsed.
func FuzzRun(f *testing.F) {
	f.Add(uint64(1), "rsq:t0=0,Q0=40,s=10,Q=20,t_limit=9", 10.0, 1.0, 0.5, 0.3, 1.0, 0.0, int8(1), int8(0), true)
	f.Add(uint64(2), "rsq:t0=2,Q0=0.5,s=0,Q=7,t_limit=100,trigger=position", 0.0, 0.001, 1.0, 1.0, 1.0, 3.0, int8(3), int8(-7), false)
	f.Add(uint64(3), "ss:s=10,S=9", 5.0, 7.0, 0.9, 0.1, 0.4, 2.0, int8(2), int8(5), true)
	f.Add(uint64(4), "basestock:S=1000000000000", 1e12, 1e12, 0.0, 0.0, 0.0, 1e12, int8(1), int8(1), true)
	f.Add(uint64(5), "newsvendor:S=3;2;9", 2.5, 0.1, 0.3, 0.7, 1.0, 0.05, int8(1), int8(0), false)
	f.Add(uint64(6), "plan:0=30,4=20,600=1", 0.0, 6.0, 0.8, 0.5, 1.0, 0.0, int8(4), int8(0), true)
	f.Fuzz(func(t *testing.T, seed uint64, policy string, onHand, pack, early, rate, resalable, moq float64, period, phase int8, whole bool) {
		p, err := ParsePolicy(policy)
		if err != nil {
			t.Skip()
		}
		a, sc := anyCase(rand.New(rand.NewPCG(seed, 4)))
		if whole != (a.Units == Whole) {
			t.Skip()
		}
		a.OnHand, a.PackSize, a.MOQ, a.InboundBeforeDemand, a.ReturnRate, a.ResalableShare = onHand, pack, moq, early, rate, resalable
		a.ReviewPeriod, a.ReviewPhase = int(period), int(phase)
		if a.Validate() != nil {
			t.Skip()
		}
		checkProperties(t, &a, p, sc)
	})
}

// TestOrderQuantity checks the order rules one by one.
func TestOrderQuantity(t *testing.T) {
	a := DefaultArticle()
	for _, c := range []struct{ pack, moq, most, wanted, want float64 }{
		{1, 0, 1e9, 0, 0},
		{1, 0, 1e9, -3, 0},
		{1, 5, 1e9, -3, 0},
		{1, 0, 1e9, 0.2, 1},
		{6, 0, 1e9, 6, 6},
		{6, 0, 1e9, 6.001, 12},
		{6, 18, 1e9, 1, 18},
		{6, 18, 1e9, 19, 24},
		{6, 18, 20, 19, 18},
		{6, 18, 12, 1, 12},
		{6, 0, 5, 1, 0},
		{1, 0, 0, 1, 0},
		{0.1, 0, 1e9, 0.3, 0.30000000000000004}, // three packs, although 0.3/0.1 is 2.9999999999999996
		{0.1, 0, 1e9, 0.1 + 0.2, 0.30000000000000004},
		{0.1, 0, 0.3, 9, 0.30000000000000004},
		{1, 5, 1e9, 1e-16, 0}, // what is left of S - position after rounding errors
	} {
		a.PackSize, a.MOQ, a.MaxOrder = c.pack, c.moq, c.most
		if got := a.OrderQuantity(c.wanted); got != c.want {
			t.Errorf("packs of %g, at least %g, at most %g: %g wanted, %g ordered, want %g", c.pack, c.moq, c.most, c.wanted, got, c.want)
		}
	}
}

func TestReviewWeeks(t *testing.T) {
	for _, c := range []struct {
		period, phase int
		want          []int
	}{
		{1, 0, []int{0, 1, 2, 3, 4, 5, 6, 7}}, {3, 0, []int{0, 3, 6}}, {3, 2, []int{2, 5}}, {3, 4, []int{1, 4, 7}},
		{3, -1, []int{2, 5}}, {4, -9, []int{3, 7}}, {10, 9, nil},
	} {
		a := DefaultArticle()
		a.ReviewPeriod, a.ReviewPhase = c.period, c.phase
		var got []int
		for e := range 8 {
			if a.IsReview(e) {
				got = append(got, e)
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("period %d, phase %d: review weeks %v, want %v", c.period, c.phase, got, c.want)
		}
	}
}

// TestCostParts: the sums and the lists know every part of a cost.
func TestCostParts(t *testing.T) {
	var c CostParts
	fields, want := reflect.ValueOf(&c).Elem(), 0.0
	for i := range fields.NumField() {
		part := float64(int(1) << i)
		fields.Field(i).SetFloat(part)
		want += part
		if name := fields.Type().Field(i).Tag.Get("json"); len(CostPartNames) != fields.NumField() || CostPartNames[i] != name || c.Values()[i] != part {
			t.Fatalf("part %d is %s, the lists have %v and %v", i, name, CostPartNames, c.Values())
		}
	}
	if c.Total() != want {
		t.Errorf("%+v sum to %g, want %g", c, c.Total(), want)
	}
	twice := c
	if twice.Add(&c); twice.Total() != 2*want {
		t.Errorf("%+v added to itself is %+v", c, twice)
	}
}
