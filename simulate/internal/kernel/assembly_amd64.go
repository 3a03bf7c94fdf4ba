//go:build !purego

package kernel

import (
	"math"
	"unsafe"

	"golang.org/x/sys/cpu"
)

//go:generate sh -c "cd asm && go run . -out ../kernel_amd64.s"

// Best returns the fastest implementation that this machine can run.
func Best() Kind {
	x := &cpu.X86
	switch {
	case x.HasAVX512F && x.HasAVX512DQ && x.HasAVX512BW && x.HasAVX512VL && x.HasPOPCNT && x.HasBMI2:
		return AVX512
	case x.HasAVX2 && x.HasFMA && x.HasPOPCNT:
		return AVX2
	}
	return Scalar
}

// run runs a routine.
func (k Kind) run(p *Problem, output int) {
	look := 1
	if p.Look == Stock && p.packed.args.lookAtStock == 0 {
		look = 0
	}
	routines[k][look][output][p.packed.returns](&p.packed.args)
}

// Outputs of a routine.
const (
	writeCosts = iota
	writeSums
)

func (k Kind) costsAssembly(p *Problem, limit float64, most int, dst []float64) (atLeast int, ok bool) {
	a := &p.packed.args
	if !k.fill(a, p) {
		return 0, false
	}
	a.out, a.limit, a.most, a.atLeast = (*byte)(unsafe.Pointer(&dst[0])), limit, int64(most), 0
	done := int(a.groups) * Lanes
	if k == AVX512 {
		done *= group
	}
	k.run(p, writeCosts)
	a.out = nil
	atLeast = int(a.atLeast)
	if a.groups == 0 { // the last group was run: its padding does not count
		for _, c := range dst[p.Scenarios.N:done] {
			if c >= limit {
				atLeast--
			}
		}
	}
	return atLeast, true
}

func (k Kind) sumsAssembly(p *Problem, dst []Sums) bool {
	a := &p.packed.args
	if !k.fill(a, p) {
		return false
	}
	a.out = (*byte)(unsafe.Pointer(&dst[0]))
	k.run(p, writeSums)
	a.out = nil
	return true
}

// fillArgs sets what does not depend on the policy.
func (k Kind) fillArgs(p *Problem) {
	c := &p.packed
	c.layOutRing(len(p.Weeks), k.rowSize(), c.mostReturns)
	c.args = args{
		demand: &c.demand[0], delay: &c.delay[0], total: &p.Total[0], rows: &p.Weeks[0], ring: &c.ring[0], steps: &c.steps[0],
		weeks: int64(len(p.Weeks)), rowBits: 32, arrivesNow: math.MinInt32, logReturn: int64(c.lags.log), maskReturn: 1<<(1<<c.lags.log) - 1,
		after: p.After, returnShare: p.ReturnShare,
		onHand: int64(p.OnHand), position: int64(p.OnHand + p.Transit), late: int64(p.Late), afterShift: int64(p.AfterShift),
		holding: p.Prices.Holding, inbound: p.Prices.Inbound, order: p.Prices.Order, outbound: p.Prices.Outbound,
		returns: p.Prices.Returns, lost: p.Prices.Lost, overstock: p.Prices.Overstock,
	}
	if c.returns != noReturns {
		c.args.round, c.args.shift = &c.round[0], &c.shift[0]
		c.args.fieldWidth, c.args.fieldMask = int64(c.fieldWidth), 1<<c.fieldWidth-1
		c.args.share = float32Bits(p.ReturnShare)
		if c.narrow {
			c.args.narrow = 1
		}
	}
}

// fill sets the rest but the output, and tells whether the assembly can run the problem.
func (k Kind) fill(a *args, p *Problem) bool {
	a.groups = int64((p.Scenarios.N + Lanes - 1) / Lanes)
	if k == AVX512 {
		a.groups = int64(p.Padded() / Lanes / group)
	}
	a.ringRows = int64(p.packed.layOutOrders(p, k.rowSize()))
	a.logOrder, a.maskOrder = int64(p.packed.delays.log), 1<<(1<<p.packed.delays.log)-1
	a.upTo, a.ruled, a.lookAtStock = 0, 0, 0
	switch p.Look {
	case Stock:
		if !a.fillStock(p) {
			a.lookAtStock = 1 // the position kernel can do it too, slower
		}
	case UpTo:
		a.upTo = 1
		return a.fillRules(p)
	}
	return true
}

// rowSize is the size of a row of the ring, bytes.
func (k Kind) rowSize() int {
	if k == AVX512 {
		return group * Lanes * 4
	}
	return Lanes * 4
}

func float32Bits(x float64) int64 { return int64(math.Float32bits(float32(x))) }

// fillStock tells whether the stock kernel can run the orders: a first one with Always, if there is one, and equal ones after
// it, and an order under way, the bit 1 << (31-d), must be larger than any stock that would trigger another.
func (a *args) fillStock(p *Problem) bool {
	var first, again int32
	ordered, kick := false, false
	if p.packed.scanned.delays.written > 31 {
		return false
	}
	below := int64(1) << (31 - p.packed.scanned.delays.written)
	for i := range p.Weeks {
		w := &p.Weeks[i]
		switch {
		case w.Below == Never:
		case w.Below == Always:
			if ordered {
				return false
			}
			first, ordered, kick = w.Quantity, true, true
		default:
			if int64(w.Below) > below || again != 0 && w.Quantity != again {
				return false
			}
			again, ordered = w.Quantity, true
		}
	}
	if !kick {
		first = again
	}
	a.first, a.again, a.extra = int64(first), int64(again), int64(first-again)
	return true
}

// fillRules sets the order rules; beyond 2^21 units the float32 division of the assembly is not exact.
func (a *args) fillRules(p *Problem) bool {
	r := &p.Rules
	if r.Pack == 1 && r.Least <= 1 && r.Most >= math.MaxInt32-1 {
		return true
	}
	for i := range p.Weeks {
		if int64(p.Weeks[i].Quantity)+int64(r.Pack) >= 1<<21 {
			return false
		}
	}
	a.ruled = 1
	a.packLessOne, a.pack, a.least = int64(r.Pack-1), int64(r.Pack), int64(r.Least)
	a.orderMost, a.orderCap = int64(r.Most), int64(r.Cap)
	a.half, a.perPack = float32Bits(0.5), float32Bits(1/float64(r.Pack))
	return true
}
