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
	Comment("a: all ones where the position is below the threshold; or the stock, then infinite if anything is outstanding")
	k.each(func(j int) { k.move(k.held(j), a(j)) })
	CMPQ(k.field("lookAtStock"), Imm(0))
	JE(LabelRef("looked"))
	k.each(func(j int) {
		VPSUBD(k.held(j), k.stock(j), a(j))
		VPSRAD(Imm(31), a(j), a(j))
		VPSRLD(Imm(1), a(j), a(j))
		VPMAXSD(k.stock(j), a(j), a(j))
	})
	Label("looked")
	k.each(func(j int) { k.subAll(Mem{Base: row, Disp: rowBelow}, a(j), a(j)) })
	k.each(func(j int) { VPSRAD(Imm(31), a(j), a(j)) })
	k.each(func(j int) { k.subFrom(sumOrders, a(j), j) })
	k.each(func(j int) { k.and(a(j), q(j), q(j)) })
	k.each(func(j int) { k.addTo(sumOrdered, q(j), j) })
	k.each(func(j int) { VPADDD(q(j), k.held(j), k.held(j)) })

	Comment("into the ring: for each delay that occurs, the orders of the lanes that have it")
	k.push("Order", arrival, "Delay", 0, a, q)
	k.pop(0, a)
	return a
}

// rowSize is the size of a week's row in the ring.
func (k *kernel) rowSize() int { return 2 * k.n * k.bytes }

// push adds q to the row of the ring that is as many weeks ahead as the bytes in memory say, but nothing beyond the horizon.
// part is 0 for orders, 1 for returns; the fields first… and last… of args bound the bytes. d is overwritten.
func (k *kernel) push(label string, weeks reg.GPPhysical, bound string, part int, d, q func(j int) reg.VecPhysical) {
	MOVQ(left, tmp)
	SUBQ(k.field("first"+bound), tmp)
	JLE(LabelRef("end" + label))
	k.each(func(j int) {
		VPMOVZXBD(k.lanes1(weeks, j), d(j))
		k.subAll(k.field("first"+bound), d(j), d(j))
	})
	Comment("so many rows: those up to the last, or up to the horizon")
	MOVQ(k.field("number"+bound), cursor)
	CMPQ(tmp, cursor)
	CMOVQGT(cursor, tmp)
	IMUL3Q(I32(k.rowSize()), k.field("first"+bound), cursor)
	ADDQ(ring, cursor)
	Label("push" + label)
	k.each(func(j int) { k.addWhereZero(d(j), q(j), k.inRing(cursor, part, j)) })
	k.each(func(j int) { k.subAll(k.field("one"), d(j), d(j)) })
	ADDQ(I32(k.rowSize()), cursor)
	DECQ(tmp)
	JNZ(LabelRef("push" + label))
	Label("end" + label)
}

// pop takes what is in the week's row.
func (k *kernel) pop(part int, dst func(j int) reg.VecPhysical) {
	k.each(func(j int) { k.load(k.inRing(ring, part, j), dst(j)) })
	k.zero(k.scratch())
	k.each(func(j int) { k.store(k.scratch(), k.inRing(ring, part, j)) })
}

func (k *kernel) inRing(row reg.GPPhysical, part, j int) Mem {
	return Mem{Base: row, Disp: (part*k.n + j) * k.bytes}
}

// addWhereZero emits x += q where d is 0.
func (k *kernel) addWhereZero(d, q reg.VecPhysical, x Mem) {
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

// rules applies the order rules to the quantities wanted: floor((q + pack - 1 + 1/2) / pack) in float32, which is exact below
// 2^21.
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
