package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// reviewStock places the orders of the stock kernel and returns where the orders are that arrive.
func (k *kernel) reviewStock() (arriving func(j int) reg.VecPhysical) {
	a := func(j int) reg.VecPhysical { return k.temp(j, 0) }
	x := func(j int) reg.VecPhysical { return k.temp(j, 1) }
	Comment("a: all ones where stock is below the threshold; an order under way is a larger number than any threshold")
	k.each(func(j int) { VPMAXSD(k.flight(j), k.stock(j), a(j)) })
	k.each(func(j int) { k.subAll(Mem{Base: row, Disp: rowBelow}, a(j), a(j)) })
	k.each(func(j int) { VPADDD(k.flight(j), k.flight(j), k.flight(j)) })
	k.each(func(j int) { VPSRAD(Imm(31), a(j), a(j)) })
	k.each(func(j int) { k.orAnd(k.lanes4(arrival, j), a(j), k.flight(j)) })
	k.each(func(j int) { k.subFrom(sumOrders, a(j), j) })
	Comment("x: what arrives")
	k.each(func(j int) { VPSRAD(Imm(31), k.flight(j), a(j)) })
	k.each(func(j int) {
		k.and(a(j), k.quantity(j), x(j))
		k.selectAll(k.field("again"), a(j), k.quantity(j))
	})
	return x
}

// reviewPosition places the orders of the position kernel and returns where the orders are that arrive.
func (k *kernel) reviewPosition() (arriving func(j int) reg.VecPhysical) {
	a := func(j int) reg.VecPhysical { return k.temp(j, 0) }
	q := func(j int) reg.VecPhysical { return k.temp(j, 1) }
	Comment("q: the quantity")
	k.each(func(j int) { VPBROADCASTD(Mem{Base: row, Disp: rowQuantity}, q(j)) })
	CMPQ(k.field("upTo"), Imm(0))
	JE(LabelRef("fixed"))
	k.each(func(j int) { VPSUBD(k.held(j), q(j), q(j)) })
	CMPQ(k.field("ruled"), Imm(0))
	JE(LabelRef("fixed"))
	k.rules(q, a)
	Label("fixed")
	Comment("a: all ones where the position is below the threshold")
	k.each(func(j int) { k.subAll(Mem{Base: row, Disp: rowBelow}, k.held(j), a(j)) })
	k.each(func(j int) { VPSRAD(Imm(31), a(j), a(j)) })
	k.each(func(j int) { k.subFrom(sumOrders, a(j), j) })
	k.each(func(j int) { k.and(a(j), q(j), q(j)) })
	k.each(func(j int) { k.addTo(sumOrdered, q(j), j) })
	k.each(func(j int) { VPADDD(q(j), k.held(j), k.held(j)) })

	Comment("into the ring: for each delay that occurs, the orders of the lanes that have it")
	MOVQ(left, tmp)
	SUBQ(k.field("firstDelay"), tmp)
	JLE(LabelRef("arrive"))
	k.each(func(j int) {
		VPMOVZXBD(k.lanes1(arrival, j), a(j))
		k.subAll(k.field("firstDelay"), a(j), a(j))
	})
	MOVQ(k.field("ringOffset"), cursor)
	ADDQ(ring, cursor)
	CMPQ(tmp, k.field("delays"))
	JLE(LabelRef("push"))
	MOVQ(k.field("delays"), tmp)
	Label("push")
	k.each(func(j int) { k.pushEqualZero(a(j), q(j), Mem{Base: cursor, Disp: j * k.bytes}) })
	k.each(func(j int) { k.subAll(k.field("one"), a(j), a(j)) })
	ADDQ(I32(k.n*k.bytes), cursor)
	DECQ(tmp)
	JNZ(LabelRef("push"))

	Label("arrive")
	k.each(func(j int) { k.load(Mem{Base: ring, Disp: j * k.bytes}, a(j)) })
	k.zero(k.scratch())
	k.each(func(j int) { k.store(k.scratch(), Mem{Base: ring, Disp: j * k.bytes}) })
	return a
}

// pushEqualZero emits x += q where d is 0.
func (k *kernel) pushEqualZero(d, q reg.VecPhysical, x Mem) {
	if k.avx512 {
		VPTESTNMD(d, d, reg.K1)
		k.load(x, k.scratch())
		VPADDD(q, k.scratch(), reg.K1, k.scratch())
		k.store(k.scratch(), x)
		return
	}
	k.zero(k.scratch())
	VPCMPEQD(k.scratch(), d, k.scratch())
	VPAND(q, k.scratch(), k.scratch())
	VPADDD(x, k.scratch(), k.scratch())
	k.store(k.scratch(), x)
}

// rules applies the order rules to the quantities wanted: floor((q + pack - 1 + 1/2) / pack) in float32, which is exact below 2^21.
func (k *kernel) rules(q, a func(j int) reg.VecPhysical) {
	k.each(func(j int) { k.addAll(k.field("packLessOne"), q(j), q(j)) })
	k.each(func(j int) { VCVTDQ2PS(q(j), q(j)) })
	k.each(func(j int) { k.broadcast(VADDPS_BCST, VADDPS, k.field("half"), q(j), q(j)) })
	k.each(func(j int) { k.broadcast(VMULPS_BCST, VMULPS, k.field("perPack"), q(j), q(j)) })
	k.each(func(j int) { VCVTTPS2DQ(q(j), q(j)) })
	k.each(func(j int) { k.mulAll(k.field("pack"), q(j), q(j)) })
	k.each(func(j int) { k.maxAll(k.field("least"), q(j), q(j)) })
	k.each(func(j int) {
		VPBROADCASTD(k.field("orderMost"), a(j))
		VPSUBD(q(j), a(j), a(j))
		VPSRAD(Imm(31), a(j), a(j))
	})
	k.each(func(j int) { k.selectAll(k.field("orderCap"), a(j), q(j)) })
}
