package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// kernel is one of the functions.
type kernel struct {
	*machine
	position bool // look at the position, any number of orders under way; else at the stock, one order
	sums     bool // write sums; else costs
	returns  returnMode
}

// returnMode says how returns are computed and kept until they come.
type returnMode string

const (
	noReturns    returnMode = ""
	fieldReturns returnMode = "Fields" // in float32, in the bit fields of a register
	ringReturns  returnMode = "Ring"   // in float32 or float64, in the bit fields of a ring in memory
)

// The state of a lane between two weeks.
func (k *kernel) stock(j int) reg.VecPhysical   { return k.state(j, 0) }
func (k *kernel) pending(j int) reg.VecPhysical { return k.state(j, 1) } // returns under way: a field a week, the next one lowest

// State of the stock kernel: the order under way as one bit, which moves up each week and is the sign in the week after its
// arrival, and the quantity of the lane's next arrival.
func (k *kernel) flight(j int) reg.VecPhysical   { return k.state(j, 2) }
func (k *kernel) quantity(j int) reg.VecPhysical { return k.state(j, 3) }

// State of the position kernel: on hand and outstanding.
func (k *kernel) held(j int) reg.VecPhysical { return k.state(j, 2) }

func (k *kernel) function(name string) {
	TEXT(name+string(k.returns)+k.suffix, NOSPLIT, "func(a *byte)")
	Pragma("noescape")
	if !k.avx512 {
		k.frame = AllocLocal(int(numAccumulators) * k.n * k.bytes)
	}
	Load(Param("a"), args)
	for _, p := range []struct {
		register reg.GPPhysical
		field    string
		used     bool
	}{
		{demand, "demand", true}, {delay, "delay", true},
		{round, "round", k.returns != noReturns}, {shift, "shift", k.returns != noReturns}, {total, "total", true}, {out, "out", true},
		{stride4, "weeks", k.avx512}, {stride1, "weeks", k.avx512},
	} {
		if p.used {
			MOVQ(k.field(p.field), p.register)
		}
	}
	if k.avx512 {
		SHLQ(Imm(6), stride4)
		SHLQ(Imm(4), stride1)
	}
	if k.returns != noReturns {
		VBROADCASTSS(k.field("share"), k.share())
	}

	Label("group")
	k.start()
	MOVQ(k.field("rows"), row)
	MOVQ(k.field("weeks"), left)
	if k.usesRing() {
		MOVQ(k.field("steps"), step)
		k.clearRing()
	}
	Label("week")
	if k.position {
		k.serve(k.reviewPosition())
	} else {
		k.serve(k.reviewStock())
	}
	k.nextWeek()
	DECQ(left)
	JNZ(LabelRef("week"))

	k.finish()
	k.nextGroup()
	Label("done")
	VZEROUPPER()
	RET()

	Label("product")
	Comment("the part that comes after the demand, where it is no shift: out of the way")
	k.each(func(j int) { k.floorProduct("after", k.temp(j, 1), Mem{}, nil, k.temp(j, 0)) })
	JMP(LabelRef("after"))
	if k.returns == ringReturns {
		Label("wide")
		Comment("the returns, where float32 could round another way")
		k.each(func(j int) {
			k.floorProduct("returnShare", k.temp(j, 1), k.lanes4(round, j), k.pending(j), k.temp(j, 0))
		})
		JMP(LabelRef("returned"))
	}
}

// start puts the group's lanes to the state at the start of week 0.
func (k *kernel) start() {
	k.each(func(j int) {
		VPBROADCASTD(k.field("onHand"), k.stock(j))
		if k.returns == fieldReturns {
			k.zero(k.pending(j))
		}
		if k.position {
			VPBROADCASTD(k.field("position"), k.held(j))
			k.clearSum(sumOrdered, j)
		} else {
			k.zero(k.flight(j))
			VPBROADCASTD(k.field("first"), k.quantity(j))
		}
		k.clearSum(sumOnHand, j)
		k.clearSum(sumSales, j)
		k.clearSum(sumOrders, j)
		if k.sums {
			k.clearSum(sumShort, j)
		}
	})
}

// serve runs the week after the review. The steps alternate between the vectors.
func (k *kernel) serve(arriving func(j int) reg.VecPhysical) {
	a := func(j int) reg.VecPhysical { return k.temp(j, 0) }
	x := func(j int) reg.VecPhysical { return k.temp(j, 1) }
	Comment("x: all that comes in")
	k.each(func(j int) { k.addAll(Mem{Base: row, Disp: rowInbound}, arriving(j), x(j)) })
	switch k.returns {
	case fieldReturns:
		k.each(func(j int) { k.andAll(k.field("fieldMask"), k.pending(j), a(j)) })
		k.each(func(j int) { k.srlAll(k.field("fieldWidth"), k.pending(j), k.pending(j)) })
	case ringReturns:
		k.pop("Return", stepReturns, a)
	}
	if k.returns != noReturns {
		k.each(func(j int) { VPADDD(a(j), x(j), x(j)) })
		if k.position {
			k.each(func(j int) { VPADDD(a(j), k.held(j), k.held(j)) })
		}
	}
	if k.position {
		k.each(func(j int) { k.addAll(Mem{Base: row, Disp: rowReturned}, k.held(j), k.held(j)) })
	}
	Comment("x: sales, at most what is there before the part of x that comes after the demand")
	CMPQ(k.field("afterShift"), Imm(0))
	JL(LabelRef("product"))
	k.each(func(j int) { k.srlAll(k.field("afterShift"), x(j), a(j)) })
	Label("after")
	k.each(func(j int) { VPADDD(x(j), k.stock(j), k.stock(j)) })
	k.each(func(j int) { VPSUBD(a(j), k.stock(j), x(j)) })
	k.each(func(j int) { VPMINSD(k.lanes4(demand, j), x(j), x(j)) })
	k.each(func(j int) { VPSUBD(x(j), k.stock(j), k.stock(j)) })
	if k.position {
		k.each(func(j int) { VPSUBD(x(j), k.held(j), k.held(j)) })
	}
	k.each(func(j int) { k.addTo(sumSales, x(j), j) })
	k.each(func(j int) { k.addTo(sumOnHand, k.stock(j), j) })
	if k.sums {
		k.each(func(j int) { VPSUBD(k.lanes4(demand, j), x(j), a(j)) })
		k.each(func(j int) { VPSRLD(Imm(31), a(j), a(j)) })
		k.each(func(j int) { k.addTo(sumShort, a(j), j) })
	}
	switch k.returns {
	case ringReturns:
		CMPQ(k.field("narrow"), Imm(0))
		JE(LabelRef("wide"))
		k.each(func(j int) { VCVTDQ2PS(x(j), a(j)) })
		k.each(func(j int) { VFMADD213PS(k.lanes4(round, j), k.share(), a(j)) })
		k.each(func(j int) { VCVTTPS2DQ(a(j), a(j)) })
		Label("returned")
		k.push("Return", shift, stepReturns, x, a)
	case fieldReturns:
		Comment("the returns of the sales, shifted into the field of their week")
		k.each(func(j int) { VCVTDQ2PS(x(j), x(j)) })
		k.each(func(j int) { VFMADD213PS(k.lanes4(round, j), k.share(), x(j)) })
		k.each(func(j int) { VPMOVZXBD(k.lanes1(shift, j), a(j)) })
		k.each(func(j int) { VCVTTPS2DQ(x(j), x(j)) })
		k.each(func(j int) { VPSLLVD(a(j), x(j), x(j)) })
		k.each(func(j int) { VPADDD(x(j), k.pending(j), k.pending(j)) })
	}
}

func (k *kernel) nextWeek() {
	ADDQ(Imm(rowBytes), row)
	ADDQ(Imm(64), demand)
	ADDQ(Imm(16), delay)
	if k.usesRing() {
		ADDQ(Imm(stepBytes), step)
	}
	if k.returns != noReturns {
		ADDQ(Imm(64), round)
		ADDQ(Imm(16), shift)
	}
}

func (k *kernel) usesRing() bool { return k.position || k.returns == ringReturns }

// nextGroup goes on unless all groups are done, or with costs more scenarios than allowed reach the limit.
func (k *kernel) nextGroup() {
	DECQ(k.field("groups"))
	JZ(LabelRef("done"))
	if !k.sums {
		MOVQ(k.field("atLeast"), tmp)
		CMPQ(tmp, k.field("most"))
		JG(LabelRef("done"))
	}
	blocks := 1
	if k.avx512 { // the arrays now point to the group's second block
		blocks = k.n
		for range k.n - 1 {
			ADDQ(stride4, demand)
			if k.returns != noReturns {
				ADDQ(stride4, round)
				ADDQ(stride1, shift)
			}
			ADDQ(stride1, delay)
		}
	}
	ADDQ(I32(64*blocks), total)
	ADDQ(I32(k.outBytes()*blocks), out)
	JMP(LabelRef("group"))
}
