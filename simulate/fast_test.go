package simulate

import (
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/restock-engine/restock/simulate/internal/kernel"
)

// randomScenarios draws scenarios without a forecast, so that every value of every field can occur: demands up to high, delays
// and lags up to beyond the horizon.
func randomScenarios(r *rand.Rand, n, weeks, high, maxDelay, maxLag int) *Scenarios {
	sc := &Scenarios{}
	sc.resize(n, weeks)
	quiet := r.Float64() * 0.8
	for i := range n {
		for t := range weeks {
			c := sc.index(i, t)
			if r.Float64() >= quiet {
				sc.demand[c] = int32(r.IntN(high + 1))
			} else {
				sc.demand[c] = 0
			}
			sc.delay[c] = int32(min(r.IntN(maxDelay+1), weeks))
			sc.lag[c] = int32(1 + r.IntN(maxLag))
			sc.round[c] = float32(r.Uint32()>>9)*0x1p-23 + 0x1p-24
		}
	}
	return sc
}

func pick[T any](r *rand.Rand, values ...T) T { return values[r.IntN(len(values))] }

// randomArticle returns a valid article with whole units whose quantities are about scale, all fields that Run reads at random.
func randomArticle(r *rand.Rand, weeks int, scale float64) Article {
	a := DefaultArticle()
	a.Horizon = weeks
	quantity := func() float64 { return math.Floor(r.ExpFloat64() * scale) }
	a.OnHand = pick(r, 0, quantity())
	for _, list := range []*[]WeekQuantity{&a.InTransit, &a.PendingReturns} {
		for range r.IntN(4) {
			*list = append(*list, WeekQuantity{r.IntN(weeks + 2), quantity()})
		}
	}
	money := func() float64 { return pick(r, 0, r.Float64(), 10*r.ExpFloat64()) }
	a.Price, a.UnitCost, a.HoldingCost, a.InboundCost, a.OrderCost = money(), money(), money(), money(), money()
	a.OutboundCost, a.ReturnCost, a.OverstockCost, a.LostSaleCost = money(), money(), pick(r, 0, money()-1), money()
	a.ReturnRate = pick(r, 0, 0.5, 1, r.Float64())
	a.ResalableShare = pick(r, 0, 1, 1, r.Float64())
	a.ReviewPeriod, a.ReviewPhase = 1+r.IntN(4), r.IntN(7)-3
	a.PackSize = pick(r, 1, 1, float64(1+r.IntN(12)), 1+quantity())
	a.MOQ = pick(r, 0, 0, quantity())
	a.MaxOrder = pick(r, math.Inf(1), math.Inf(1), quantity()*3)
	a.InboundBeforeDemand = pick(r, 0.5, 0.5, 0, 1, 0.75, r.Float64())
	return a
}

// randomPolicies returns policies of every kind with quantities of about scale.
func randomPolicies(r *rand.Rand, weeks int, scale float64) []Policy {
	quantity := func() float64 { return math.Floor(r.ExpFloat64() * scale) }
	rsq := func(trigger Trigger) Policy {
		return RSQ{T0: r.IntN(min(weeks, 4) + 1), Q0: pick(r, 0, 4*quantity()), ReorderPoint: pick(r, 0, 0.5, 1) + quantity(),
			Q: 3 * quantity(), TLimit: r.IntN(weeks + 2), Trigger: trigger}
	}
	levels := make([]float64, weeks-r.IntN(2))
	for t := range levels {
		levels[t] = 5 * quantity()
	}
	var orders []WeekQuantity
	for range r.IntN(5) {
		orders = append(orders, WeekQuantity{r.IntN(weeks + 1), 3 * quantity()})
	}
	s := quantity()
	return []Policy{rsq(StockTrigger), rsq(StockTrigger), rsq(PositionTrigger), rsq(PositionTrigger),
		SS{s, s + 3*quantity()}, SS{s + 0.5, s}, BaseStock{5 * quantity()}, BaseStock{5*quantity() + 0.25}, Newsvendor{levels}, NewPlan(orders), None{}}
}

// TestEveryFieldIsTried: whatever changes a run is at random in the articles that the kernels and the second simulator are compared on. A field that is
// always 0 there could be forgotten in either.
func TestEveryFieldIsTried(t *testing.T) {
	drawn := []string{"LeadTimeMean", "LeadTimeCV", "LeadTimeSamples", "DemandAutocorrelation"} // in the scenarios
	for _, c := range []struct {
		name  string
		draw  func(r *rand.Rand) Article
		fixed []string
	}{
		{"anyCase", func(r *rand.Rand) Article { a, _ := anyCase(r); return a }, drawn},
		{"randomArticle", func(r *rand.Rand) Article { return randomArticle(r, 1+r.IntN(20), 10) },
			append(drawn, "Units", "Discount", "ReturnMode", "ReturnLagWeights")}, // what is run wide, or in the scenarios
	} {
		r := rand.New(rand.NewPCG(1, 0))
		first, varies := reflect.ValueOf(c.draw(r)), map[string]bool{}
		for range 100 {
			a := reflect.ValueOf(c.draw(r))
			for i := range a.NumField() {
				if !reflect.DeepEqual(a.Field(i).Interface(), first.Field(i).Interface()) {
					varies[a.Type().Field(i).Name] = true
				}
			}
		}
		for i := range first.NumField() {
			if name := first.Type().Field(i).Name; !varies[name] && !slices.Contains(c.fixed, name) {
				t.Errorf("%s leaves Article.%s as it is: draw it at random", c.name, name)
			}
		}
	}
}

// kinds are the kernels of this machine.
func kinds() []kernel.Kind {
	var ks []kernel.Kind
	for k := kernel.Scalar; k <= kernel.Best(); k++ {
		ks = append(ks, k)
	}
	return ks
}

// reference is what Run says.
type reference struct {
	totals []Totals
	costs  []float64
	sorted []float64

	outcome *Means // what the first evaluator says
}

func newReference(a *Article, p Policy, sc *Scenarios) reference {
	totals := Run(a, p, sc, nil)
	costs := Costs(a, totals, nil)
	return reference{totals: totals, costs: costs, sorted: slices.Sorted(slices.Values(costs))}
}

// check compares everything that an evaluator says with Run.
func (want *reference) check(t *testing.T, ev *Evaluator, p Policy) {
	t.Helper()
	for i, got := range ev.Totals(p, nil) {
		if got != want.totals[i] {
			t.Fatalf("%v, %v: scenario %d: totals\n%+v, want\n%+v\n%+v", ev.kind, p, i, got, want.totals[i], ev.article)
		}
	}
	for i, got := range ev.Costs(p, nil) {
		if math.Float64bits(got) != math.Float64bits(want.costs[i]) {
			t.Fatalf("%v, %v: scenario %d: cost %v, want %v\n%+v", ev.kind, p, i, got, want.costs[i], ev.article)
		}
	}
	ordered := 0.0
	for i := range want.totals {
		ordered += want.totals[i].Ordered
	}
	if got, mean := ev.MeanOrdered(p), ordered/float64(len(want.totals)); math.Abs(got-mean) > 1e-12*mean {
		t.Fatalf("%v, %v: mean ordered %v, want %v", ev.kind, p, got, mean)
	}
	want.checkOutcome(t, ev, p)
	limit := want.costs[len(want.costs)/2]
	count := 0
	for _, c := range want.costs {
		if c >= limit {
			count++
		}
	}
	for _, most := range []int{0, count - 1, count} {
		got, abandoned := ev.CostsBelow(p, limit, most, nil)
		if abandoned != (count > most) {
			t.Fatalf("%v, %v: abandoned %t with %d scenarios at %g or more, %d allowed", ev.kind, p, abandoned, count, limit, most)
		}
		if !abandoned {
			if slices.Sort(got); !slices.Equal(got, want.sorted) {
				t.Fatalf("%v, %v: costs below the limit\n%v, want\n%v", ev.kind, p, got, want.sorted)
			}
		}
	}
}

func (want *reference) checkOutcome(t *testing.T, ev *Evaluator, p Policy) {
	t.Helper()
	var m, got Means
	var fillRates []float64
	a, n, weeks := ev.article, float64(len(want.totals)), float64(ev.article.Horizon)
	parts := 0.0 // of the cost, without their signs
	for i := range want.totals {
		s := &want.totals[i]
		c := a.Cost(&s.Discounted)
		parts += (c.Total() - c.Overstock + math.Abs(c.Overstock)) / n
		m.Cost.Holding += c.Holding / n
		m.Cost.Inbound += c.Inbound / n
		m.Cost.Outbound += c.Outbound / n
		m.Cost.Returns += c.Returns / n
		m.Cost.LostSales += c.LostSales / n
		m.Cost.Overstock += c.Overstock / n
		fillRates = append(fillRates, s.FillRate())
		m.FillRate += s.FillRate() / n
		m.Availability += s.Availability(a.Horizon) / n
		m.GMV += a.Price * s.Sales / n
		m.AverageStock += s.OnHand / weeks / n
		m.Sold += s.Sales / n
		m.Lost += s.Lost / n
		m.Ordered += s.Ordered / n
		m.Orders += s.Orders / n
	}
	var o Outcome
	ev.Outcome(p, &o)
	got = o.Means
	total := 0.0
	for _, c := range want.costs {
		total += c / n
	}
	near := math.Abs(got.Cost.Total()-total) <= 1e-9*(math.Abs(total)+parts)
	for _, pair := range [][2]float64{{m.Cost.Holding, got.Cost.Holding}, {m.Cost.Inbound, got.Cost.Inbound}, {m.Cost.Outbound, got.Cost.Outbound},
		{m.Cost.Returns, got.Cost.Returns}, {m.Cost.LostSales, got.Cost.LostSales}, {m.Cost.Overstock, got.Cost.Overstock},
		{m.FillRate, got.FillRate}, {m.Availability, got.Availability}, {m.GMV, got.GMV}, {m.AverageStock, got.AverageStock},
		{m.Sold, got.Sold}, {m.Lost, got.Lost}, {m.Ordered, got.Ordered}, {m.Orders, got.Orders}} {
		near = near && math.Abs(pair[0]-pair[1]) <= 1e-9*math.Abs(pair[0])+1e-12
	}
	if !near || !slices.Equal(o.FillRates, fillRates) || !slices.Equal(o.Costs, want.costs) {
		t.Fatalf("%v, %v: outcome\n%+v, want means\n%+v\n%+v", ev.kind, p, got, m, a)
	}
	if want.outcome == nil {
		want.outcome = &got
	} else if *want.outcome != got {
		t.Fatalf("%v, %v: means\n%+v, with another kernel or order\n%+v", ev.kind, p, got, *want.outcome)
	}
}

// randomCase checks every kernel on a random article, scenarios and policies, and returns how many were run by a kernel and how
// many wide.
func randomCase(t *testing.T, seed uint64, n, weeks int) (fast, wide int) {
	r := rand.New(rand.NewPCG(seed, 0))
	scale := pick(r, 1, 10, 10, 200, 5000, 1e5, 3e6, 1e8)
	sc := randomScenarios(r, n, weeks, int(min(scale*3, 1<<24)), pick(r, 0, 1, 3, 8, weeks+2), pick(r, 1, 2, 3, 4, 9, weeks+2))
	a := randomArticle(r, weeks, scale)
	if err := a.Validate(); err != nil {
		t.Fatalf("seed %d: %v", seed, err)
	}
	var evaluators []*Evaluator
	for _, kind := range kinds() {
		ev := &Evaluator{kind: kind}
		ev.Prepare(&a, sc)
		evaluators = append(evaluators, ev)
	}
	for _, p := range randomPolicies(r, weeks, scale) {
		want := newReference(&a, p, sc)
		for _, ev := range evaluators {
			want.check(t, ev, p)
			if r.IntN(3) == 0 {
				ev.Reorder(p)
				want.check(t, ev, p)
			}
		}
		if ev := evaluators[0]; ev.fits && ev.preparePolicy(p) {
			fast++
		} else {
			wide++
		}
	}
	return fast, wide
}

// The kernels give Run's answers bit for bit, for all articles and policies, at any size.
func TestKernelsAreRun(t *testing.T) {
	const cases = 250
	r := rand.New(rand.NewPCG(3, 0))
	fast, wide := 0, 0
	for seed := range uint64(cases) {
		f, w := randomCase(t, seed, 1+r.IntN(70), 1+int(r.ExpFloat64()*12)%104)
		fast, wide = fast+f, wide+w
	}
	if fast < cases || wide < cases {
		t.Errorf("%d runs by kernels and %d wide ones: both paths must be tested", fast, wide)
	}
	sizes := [][2]int{{5000, 1}, {5000, 12}, {16, 104}, {333, 104}, {1, 1}, {500, 2}, {48, 12}, {49, 12}, {17, 127}, {3, 128}}
	for seed, size := range sizes {
		randomCase(t, uint64(1000+seed), size[0], size[1])
	}
}

func FuzzKernels(f *testing.F) {
	f.Add(uint64(1), uint16(1), uint16(1))
	f.Add(uint64(2), uint16(49), uint16(12))
	f.Add(uint64(3), uint16(17), uint16(104))
	f.Fuzz(func(t *testing.T, seed uint64, n, weeks uint16) {
		randomCase(t, seed, 1+int(n%100), 1+int(weeks%140)) // a wide case of more would look like one that hangs
	})
}

// Sums that come near the end of an int32 are run by the kernels, sums that could pass it are not.
func TestKernelsKnowTheirLimit(t *testing.T) {
	const weeks = 12
	sc := randomScenarios(rand.New(rand.NewPCG(1, 0)), 20, weeks, 0, 0, 1)
	a := DefaultArticle()
	for _, c := range []struct {
		name        string
		onHand, lot float64
		trigger     Trigger
		want        bool
	}{
		{"stock as large as it may be", math.Floor(maxSum / weeks), 0, StockTrigger, true},
		{"a unit more", math.Floor(maxSum/weeks) + 1, 0, StockTrigger, false},
		{"orders as large as they may be", 0, math.Floor(maxSum / weeks / weeks), PositionTrigger, true},
		{"orders a unit larger", 0, math.Floor(maxSum/weeks/weeks) + 1, PositionTrigger, false},
	} {
		a.OnHand = c.onHand
		p := RSQ{T0: 0, Q0: c.lot, ReorderPoint: MaxQuantity, Q: c.lot, TLimit: weeks, Trigger: c.trigger}
		want := newReference(&a, p, sc)
		for _, kind := range kinds() {
			ev := &Evaluator{kind: kind}
			ev.Prepare(&a, sc)
			if got := ev.fits && ev.preparePolicy(p); got != c.want {
				t.Errorf("%s: fits %t, want %t", c.name, got, c.want)
			}
			want.check(t, ev, p)
		}
	}
}

// BenchmarkKernel reports the time of one candidate per scenario and week as a search sees it, 500 scenarios of 12 weeks,
// without abandonment.
func BenchmarkKernel(b *testing.B) {
	for _, c := range benchCases() {
		sc := randomScenarios(rand.New(rand.NewPCG(1, 0)), 500, c.article.Horizon, c.demand, 3, len(c.article.ReturnLagWeights))
		for _, kind := range kinds() {
			b.Run(fmt.Sprintf("%s/%v", c.name, kind), func(b *testing.B) {
				ev := &Evaluator{kind: kind}
				ev.Prepare(&c.article, sc)
				ev.Reorder(c.policy)
				if (ev.fits && ev.preparePolicy(c.policy)) == c.wide {
					b.Fatalf("wide path: %t, want %t", !c.wide, c.wide)
				}
				var dst []float64
				for b.Loop() {
					dst, _ = ev.CostsBelow(c.policy, math.Inf(1), sc.N, dst)
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(sc.N*sc.Weeks), "ns/cand-scen-week")
			})
			if c.wide {
				break
			}
		}
	}
}

// BenchmarkPrepare is what a SKU costs before its first candidate.
func BenchmarkPrepare(b *testing.B) {
	for _, c := range benchCases()[:3] {
		sc := randomScenarios(rand.New(rand.NewPCG(1, 0)), 500, c.article.Horizon, c.demand, 3, len(c.article.ReturnLagWeights))
		b.Run(c.name, func(b *testing.B) {
			ev := NewEvaluator()
			for b.Loop() {
				ev.Prepare(&c.article, sc)
				ev.Reorder(c.policy)
			}
		})
	}
}

// BenchmarkOutcome reports the time of a policy's figures, 2,000 scenarios, on one thread.
func BenchmarkOutcome(b *testing.B) {
	c := benchCases()[4]
	sc := randomScenarios(rand.New(rand.NewPCG(1, 0)), 2000, c.article.Horizon, c.demand, 3, len(c.article.ReturnLagWeights))
	ev := NewEvaluator()
	ev.Prepare(&c.article, sc)
	var o Outcome
	for b.Loop() {
		ev.Outcome(c.policy, &o)
	}
}

type benchCase struct {
	name    string
	article Article
	demand  int // the largest
	policy  Policy
	wide    bool
}

func benchCases() []benchCase {
	a := DefaultArticle()
	a.OnHand, a.HoldingCost, a.InboundCost, a.OutboundCost, a.LostSaleCost, a.ReturnCost = 30, 0.1, 1, 2, 5, 1
	a.ReturnLagWeights = []float64{0.3, 0.5, 0.2}
	back := a
	back.ReturnRate = 0.4
	kilograms := back
	kilograms.Units = Continuous
	third := back
	third.InboundBeforeDemand = 1. / 3
	stock := RSQ{T0: 0, Q0: 40, ReorderPoint: 25, Q: 60, TLimit: 10, Trigger: StockTrigger}
	position := stock
	position.Trigger = PositionTrigger
	large := RSQ{T0: 0, Q0: 4000, ReorderPoint: 2500, Q: 6000, TLimit: 10, Trigger: StockTrigger}
	packs := back
	packs.PackSize = 6
	return []benchCase{
		{"rsq stock, no returns", a, 20, stock, false},
		{"rsq stock, returns with 3 lags", back, 20, stock, false},
		{"rsq stock, returns, large demand", back, 2000, large, false},
		{"rsq stock, returns, inbound share of a third", third, 20, stock, false},
		{"rsq position", back, 20, position, false},
		{"order up to", back, 20, SS{30, 80}, false},
		{"order up to, packs", packs, 20, SS{30, 80}, false},
		{"wide, continuous units", kilograms, 20, stock, true},
	}
}
