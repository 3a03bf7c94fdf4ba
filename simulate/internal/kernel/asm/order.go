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
	CMPL(Mem{Base: row, Disp: rowBelow}, Imm(0))
	JE(LabelRef("noOrders"))
	Comment("a: all ones where stock is below the threshold; an order under way is a larger number than any threshold")
	k.each(func(j int) { VPMAXSD(k.flight(j), k.stock(j), a(j)) })
	k.each(func(j int) { k.subAll(Mem{Base: row, Disp: rowBelow}, a(j), a(j)) })
	k.each(func(j int) { VPSRAD(Imm(31), a(j), a(j)) })
	k.each(func(j int) { k.subFrom(sumOrders, a(j), j) })
	Comment("x: the bit of the order")
	k.each(func(j int) { VPMOVZXBD(k.lanes1(delay, j), x(j)) })
	VPBROADCASTD(k.field("arrivesNow"), k.scratch())
	k.each(func(j int) { VPSRLVD(x(j), k.scratch(), x(j)) })
	k.each(func(j int) { k.and(a(j), x(j), x(j)) })
	k.each(func(j int) { VPADDD(k.flight(j), k.flight(j), k.flight(j)) })
	k.each(func(j int) { VPADDD(x(j), k.flight(j), k.flight(j)) })
	JMP(LabelRef("ordered"))
	Label("noOrders")
	k.each(func(j int) { VPADDD(k.flight(j), k.flight(j), k.flight(j)) })
	Label("ordered")
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
	CMPL(Mem{Base: row, Disp: rowBelow}, Imm(0))
	JE(LabelRef("noOrders"))
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

	Comment("into the ring")
	k.push("Order", delay, stepOrders, a, q)
	Label("noOrders")
	k.pop("Order", stepOrders, a)
	return a
}

// rowSize is the size of a row of the ring.
func (k *kernel) rowSize() int { return k.n * k.bytes }

// push adds q to the fields of the ring that are as many weeks ahead as the bytes in memory say. Shifted by 32 bits or more, also
// by less than none, a quantity is gone, so that each row can be tried. d is overwritten.
func (k *kernel) push(kind string, weeks reg.GPPhysical, part int, d, q func(j int) reg.VecPhysical) {
	MOVLQSX(k.inStep(part+partRows), tmp)
	TESTQ(tmp, tmp)
	JZ(LabelRef("end" + kind))
	k.toRow(part)
	k.each(func(j int) {
		VPMOVZXBD(k.lanes1(weeks, j), d(j))
		k.sllAll(k.field("log"+kind), d(j), d(j))
		k.addAll(k.inStep(part+partShift), d(j), d(j))
	})
	Label("push" + kind)
	k.each(func(j int) {
		x := Mem{Base: cursor, Disp: j * k.bytes}
		VPSLLVD(d(j), q(j), k.scratch())
		VPADDD(x, k.scratch(), k.scratch())
		k.store(k.scratch(), x)
	})
	k.each(func(j int) { k.subAll(k.field("rowBits"), d(j), d(j)) })
	ADDQ(I32(k.rowSize()), cursor)
	DECQ(tmp)
	JNZ(LabelRef("push" + kind))
	Label("end" + kind)
}

// pop takes what is in the week's field.
func (k *kernel) pop(kind string, part int, dst func(j int) reg.VecPhysical) {
	k.toRow(part)
	k.each(func(j int) {
		k.load(Mem{Base: cursor, Disp: j * k.bytes}, dst(j))
		k.srlAll(k.inStep(part+partShift), dst(j), dst(j))
		k.andAll(k.field("mask"+kind), dst(j), dst(j))
	})
}

func (k *kernel) inStep(field int) Mem { return Mem{Base: step, Disp: field} }

// toRow puts the cursor to the row of the week's field.
func (k *kernel) toRow(part int) {
	MOVLQSX(k.inStep(part+partRow), cursor)
	ADDQ(k.field("ring"), cursor)
}

// clearRing empties the ring.
func (k *kernel) clearRing() {
	MOVQ(k.field("ring"), cursor)
	MOVQ(k.field("ringRows"), tmp)
	k.zero(k.scratch())
	Label("clear")
	k.each(func(j int) { k.store(k.scratch(), Mem{Base: cursor, Disp: j * k.bytes}) })
	ADDQ(I32(k.rowSize()), cursor)
	DECQ(tmp)
	JNZ(LabelRef("clear"))
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
