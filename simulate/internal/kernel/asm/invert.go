package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// invert emits the draw of whole units from a piecewise linear quantile function, at points that rise: for each vector of 8
// points the pieces that they fall into, one after the other, which are hardly more than one. Points above the last piece are
// left out. With AVX2, which cannot convert a uint32, Go does it.
func (m *machine) invert() {
	const rising = 1 // VPCMPUD: less
	var (
		roundPoints   = reg.RSI
		upper         = reg.RDI
		base          = reg.R8
		slope         = reg.R9
		piecesLeft    = reg.R10
		left          = reg.R11
		mask          = reg.R12
		lanes         = reg.R13
		u             = reg.Y0
		v             = reg.Y1
		limit         = reg.Y2
		unit          = reg.Z3
		round         = reg.Z4
		x             = reg.Z5
		zero          = reg.Z6
		scale         = reg.Z7
		todo, outside = reg.K1, reg.K2
	)
	TEXT("invert"+m.suffix, NOSPLIT, "func(a *byte)")
	Pragma("noescape")
	Load(Param("a"), args)
	MOVQ(m.field("points"), points)
	MOVQ(m.field("dst"), drawn)
	MOVQ(m.field("rounds"), roundPoints)
	MOVQ(m.field("upper"), upper)
	MOVQ(m.field("base"), base)
	MOVQ(m.field("slope"), slope)
	MOVQ(m.field("pieces"), piecesLeft)
	MOVQ(m.field("n"), left)
	VPXORD(zero, zero, zero)
	VBROADCASTSD(m.field("scale"), scale)
	VPBROADCASTD(Mem{Base: upper}, limit)

	Label("vector")
	m.maskOfLeft(left, lanes, mask)
	KMOVW(mask.As32(), todo)
	VMOVDQU32_Z(Mem{Base: points}, todo, u)
	VPADDD_BCST(m.field("shift"), u, u)
	VCVTUDQ2PD(u, unit)
	VADDPD_BCST(m.field("half"), unit, unit)
	VMULPD(scale, unit, unit)
	VMOVDQU32_Z(Mem{Base: roundPoints}, todo, v)
	VPADDD_BCST(m.field("roundShift"), v, v)
	VCVTUDQ2PD(v, round)
	VMULPD(scale, round, round)

	Label("piece")
	VMULPD_BCST(Mem{Base: slope}, unit, x)
	VADDPD_BCST(Mem{Base: base}, x, x)
	VMAXPD(zero, x, x)
	VADDPD(round, x, x)
	VCVTTPD2DQ(x, x.AsY())
	VMOVDQU32(x.AsY(), todo, Mem{Base: drawn})
	VPCMPUD(Imm(rising), u, limit, todo, outside) // limit < u
	KTESTB(outside, outside)
	JZ(LabelRef("next"))
	KMOVW(outside, todo)
	ADDQ(Imm(4), upper)
	ADDQ(Imm(8), base)
	ADDQ(Imm(8), slope)
	VPBROADCASTD(Mem{Base: upper}, limit)
	DECQ(piecesLeft)
	JNZ(LabelRef("piece"))
	JMP(LabelRef("end"))

	Label("next")
	ADDQ(Imm(32), points)
	ADDQ(Imm(32), roundPoints)
	ADDQ(Imm(32), drawn)
	SUBQ(Imm(8), left)
	JG(LabelRef("vector"))
	Label("end")
	VZEROUPPER()
	RET()
}
