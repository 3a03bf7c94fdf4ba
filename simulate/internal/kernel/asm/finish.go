package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// results are the registers with a vector's sums over all weeks.
type results struct {
	onHand, ordered, orders, sales, lost, final reg.VecPhysical
}

// outBytes is the size of a block's output.
func (k *kernel) outBytes() int {
	if k.sums {
		return 6 * 64
	}
	return 16 * 8
}

// finish writes the group's sums or costs.
func (k *kernel) finish() {
	k.each(func(j int) {
		Commentf("vector %d", j)
		r := k.results(j)
		if k.sums {
			k.writeSums(j, r)
		} else {
			k.writeCosts(j, r)
		}
	})
}

func (k *kernel) results(j int) results {
	t := k.temp(0, 0)
	var r results
	if k.position {
		r.final = k.held(j)
		r.ordered = k.sum(sumOrdered, j, k.state(j, 3))
	} else {
		Comment("an order is outstanding if its bit is neither gone nor the sign")
		r.final = k.flight(j)
		k.zero(t)
		VPSUBD(k.flight(j), t, t)
		k.andNot(t, k.flight(j), t)
		VPSRAD(Imm(31), t, t)
		k.and(k.quantity(j), t, t)
		VPADDD(k.stock(j), t, r.final)
		k.addAll(k.field("late"), r.final, r.final)
		r.ordered = k.quantity(j)
	}
	r.orders = k.sum(sumOrders, j, k.temp(0, 1))
	if !k.position {
		k.mulAll(k.field("again"), r.orders, r.ordered)
		k.addAll(k.field("extra"), r.ordered, r.ordered)
	}
	r.onHand = k.sum(sumOnHand, j, k.stock(j))
	r.sales = k.sum(sumSales, j, k.temp(1, 0))
	r.lost = k.pending(j)
	k.load(Mem{Base: total, Disp: j * k.bytes}, r.lost)
	VPSUBD(r.sales, r.lost, r.lost)
	return r
}

// writeSums writes a vector's part of the type Sums.
func (k *kernel) writeSums(j int, r results) {
	base := j * k.bytes // AVX2: the half of the block
	if k.avx512 {
		base = j * k.outBytes()
	}
	short := k.sum(sumShort, j, k.temp(1, 1))
	for i, x := range []reg.VecPhysical{r.onHand, r.ordered, r.orders, r.sales, r.final, short} {
		k.store(x, Mem{Base: out, Disp: base + 64*i})
	}
}

// writeCosts computes the costs in float64, half a vector at a time, in the order of Prices.cost, and counts those of at least
// the limit.
func (k *kernel) writeCosts(j int, r results) {
	cost, part, product := k.temp(0, 0), k.scratch(), k.temp(1, 1)
	for half := range 2 {
		k.toFloat(r.onHand, half, part)
		k.times("holding", part, cost)
		k.toFloat(r.ordered, half, part)
		k.times("inbound", part, product)
		k.unlessZero("order", j, half, func() {
			k.toFloat(r.orders, half, part)
			k.times("order", part, part)
			VADDPD(part, product, product)
		})
		VADDPD(product, cost, cost)
		k.toFloat(r.sales, half, part)
		k.times("outbound", part, product)
		VADDPD(product, cost, cost)
		k.times("returns", part, part)
		VADDPD(part, cost, cost)
		k.toFloat(r.lost, half, part)
		k.times("lost", part, part)
		VADDPD(part, cost, cost)
		k.unlessZero("overstock", j, half, func() {
			k.toFloat(r.final, half, part)
			k.times("overstock", part, part)
			VADDPD(part, cost, cost)
		})
		k.store(cost, Mem{Base: out, Disp: (2*j + half) * k.bytes})

		const greaterOrEqual = 0x1D
		if k.avx512 {
			VCMPPD_BCST(Imm(greaterOrEqual), k.field("limit"), cost, reg.K1)
			KMOVB(reg.K1, tmp.As32())
		} else {
			VBROADCASTSD(k.field("limit"), part)
			VCMPPD(Imm(greaterOrEqual), part, cost, part)
			VMOVMSKPD(part, tmp.As32())
		}
		POPCNTL(tmp.As32(), tmp.As32())
		ADDQ(tmp, k.field("atLeast"))
	}
}

// unlessZero emits a term that is skipped if its price is 0, as some are by default: to add 0 changes no cost.
func (k *kernel) unlessZero(price string, j, half int, term func()) {
	label := fmt.Sprintf("%s%d%d", price, j, half)
	CMPQ(k.field(price), Imm(0))
	JE(LabelRef(label))
	term()
	Label(label)
}
