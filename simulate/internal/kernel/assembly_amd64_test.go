//go:build !purego

package kernel

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// randomProblem returns a problem whose quantities are small enough for all sums.
func randomProblem(r *rand.Rand, n, weeks, demand, delays, lags int) *Problem {
	cells := (n + Lanes - 1) / Lanes * Lanes * weeks
	p := &Problem{
		Scenarios: Scenarios{N: n, Demand: make([]int32, cells), Delay: make([]int32, cells), Lag: make([]int32, cells),
			Round: make([]float32, cells)},
		Weeks:  make([]Week, weeks),
		OnHand: int32(r.IntN(50)), Transit: 7, After: 0.5, AfterShift: 1, ReturnShare: r.Float64(),
		Rules:  Rules{Pack: 4, Least: 10, Most: 90, Cap: 88},
		Prices: Prices{r.Float64(), r.Float64(), r.Float64(), r.Float64(), r.Float64(), r.Float64(), r.Float64()},
	}
	for c := range cells {
		p.Scenarios.Demand[c] = int32(r.IntN(demand + 1))
		p.Scenarios.Delay[c] = int32(r.IntN(delays + 1))
		p.Scenarios.Lag[c] = int32(1 + r.IntN(lags))
		p.Scenarios.Round[c] = float32(r.Uint32()>>9)*0x1p-23 + 0x1p-24
	}
	for t := range p.Weeks {
		p.Weeks[t] = Week{Below: int32(r.IntN(60)), Quantity: 70}
	}
	p.Weeks[0] = Week{Below: Always, Quantity: 30, Inbound: 7}
	return p
}

// same tells whether a kernel, with guard zones around its output, gives what the Go form gives, in both orders of the scenarios.
func same(t *testing.T, k Kind, p *Problem) {
	t.Helper()
	k.Prepare(p)
	samePrepared(t, k, p)
	costs := make([]float64, p.Scenarios.N)
	p.costsScalar(math.Inf(1), len(costs), costs)
	k.Reorder(p, costs)
	samePrepared(t, k, p)
}

func samePrepared(t *testing.T, k Kind, p *Problem) {
	t.Helper()
	const guard = 64
	n := p.Scenarios.N
	want := make([]float64, n)
	p.costsScalar(math.Inf(1), n, want)
	median := slices.Sorted(slices.Values(want))[n/2]
	wantAtLeast := p.costsScalar(median, n, want)

	buffer := make([]float64, p.Padded()+2*guard)
	for i := range buffer {
		buffer[i] = -7
	}
	atLeast, ok := k.costsAssembly(p, median, n, buffer[guard:][:p.Padded()])
	if !ok {
		t.Fatalf("%v does not run the problem", k)
	}
	if got := buffer[guard:][:n]; !slices.Equal(got, want) || atLeast != wantAtLeast {
		t.Errorf("%v: %d at least %g, costs\n%v, want %d\n%v", k, atLeast, median, got, wantAtLeast, want)
	}
	for i, x := range buffer {
		if (i < guard || i >= guard+p.Padded()) && x != -7 {
			t.Fatalf("%v wrote %g at %d, outside 0..%d of the costs", k, x, i-guard, p.Padded()-1)
		}
	}

	wantSums := make([]Sums, p.Padded()/Lanes)
	p.sumsScalar(wantSums)
	sums := make([]Sums, len(wantSums)+2)
	mark := Sums{OnHand: [Lanes]int32{-7}, Short: [Lanes]int32{15: -7}}
	for i := range sums {
		sums[i] = mark
	}
	if !k.sumsAssembly(p, sums[1:len(sums)-1]) {
		t.Fatalf("%v does not sum the problem", k)
	}
	for i := range n {
		if got, want := sums[1+i/Lanes].at(i%Lanes), wantSums[i/Lanes].at(i%Lanes); got != want {
			t.Errorf("%v: position %d: sums %v, want %v", k, i, got, want)
		}
	}
	if sums[0] != mark || sums[len(sums)-1] != mark {
		t.Errorf("%v wrote outside of the sums", k)
	}
}

func (s *Sums) at(l int) [6]int32 {
	return [6]int32{s.OnHand[l], s.Ordered[l], s.Orders[l], s.Sales[l], s.Final[l], s.Short[l]}
}

// Each routine of the assembly gives what Go gives, and writes nowhere else.
func TestAssembly(t *testing.T) {
	if Best() == Scalar {
		t.Skip("no assembly for this machine")
	}
	for k := AVX2; k <= Best(); k++ {
		for _, look := range []Look{Stock, Position, UpTo} {
			for _, mode := range []returnMode{noReturns, fieldReturns, ringReturns} {
				for _, n := range []int{1, 16, 17, 47, 48, 49, 100} {
					r := rand.New(rand.NewPCG(uint64(n), uint64(mode)))
					demand, lags := 30, 3
					if mode == ringReturns {
						demand, lags = 2000, 9
					}
					p := randomProblem(r, n, 1+r.IntN(26), demand, r.IntN(9), lags)
					p.Look = look
					if mode == noReturns {
						p.ReturnShare = 0
					}
					if n%2 == 0 {
						p.After, p.AfterShift = 0.3, -1
					}
					same(t, k, p)
					if p.packed.returns != mode {
						t.Errorf("returns in mode %d, want %d", p.packed.returns, mode)
					}
				}
			}
		}
	}
}

// What the stock kernel cannot run exactly it does not run.
func TestStockKernelRefuses(t *testing.T) {
	if Best() == Scalar {
		t.Skip("no assembly for this machine")
	}
	for name, change := range map[string]func(p *Problem){
		"lead times beyond 31 weeks":               func(p *Problem) { p.Scenarios.Delay[0] = 32 },
		"a threshold that an order could be below": func(p *Problem) { p.Scenarios.Delay[0], p.Weeks[3].Below = 20, 1<<11+1 },
		"different quantities":                     func(p *Problem) { p.Weeks[3].Quantity++ },
		"a kick-start after a reorder":             func(p *Problem) { p.Weeks[3].Below = Always },
	} {
		p := randomProblem(rand.New(rand.NewPCG(1, 1)), 20, 40, 10, 3, 3)
		same(t, Best(), p)
		if p.packed.args.lookAtStock != 0 {
			t.Fatalf("%s: the unchanged problem is not run by the stock kernel", name)
		}
		change(p)
		same(t, Best(), p)
		if p.packed.args.lookAtStock == 0 {
			t.Errorf("%s: run by the stock kernel", name)
		}
	}
}

// Order rules whose division could be inexact in float32 are left to Go.
func TestAssemblyRefusesLargeOrders(t *testing.T) {
	if Best() == Scalar {
		t.Skip("no assembly for this machine")
	}
	p := randomProblem(rand.New(rand.NewPCG(1, 1)), 20, 12, 10, 3, 3)
	p.Look = UpTo
	for quantity, want := range map[int32]bool{1<<21 - 5: true, 1<<21 - 4: false} {
		p.Weeks[3].Quantity = quantity
		Best().Prepare(p)
		if got := Best().fill(&p.packed.args, p); got != want {
			t.Errorf("orders up to %d: run %t, want %t", quantity, got, want)
		}
	}
}
