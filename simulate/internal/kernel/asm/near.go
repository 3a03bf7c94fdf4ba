package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// near emits the search for the numbers between two others: they are written side by side, those below are counted, and of those above the
// least is found. AVX2 cannot write side by side; Go does it.
func (m *machine) near() {
	const atLeast, atMost = 13, 2 // VCMPPD, false for NaN
	var (
		x, dst, left, mask, count = reg.RBX, reg.RCX, reg.RDX, reg.RSI, reg.RDI
		lanes                     = reg.R8
		low, high, next           = reg.Z0, reg.Z1, reg.Z2
		v, packed                 = reg.Z3, reg.Z4
		all, notBelow, within     = reg.K1, reg.K2, reg.K3
		above                     = reg.K4
		found, reached            = reg.R9, reg.R10
	)
	TEXT("near"+m.suffix, NOSPLIT, "func(a *byte)")
	Pragma("noescape")
	Load(Param("a"), args)
	MOVQ(m.field("x"), x)
	MOVQ(m.field("dst"), dst)
	MOVQ(m.field("n"), left)
	VBROADCASTSD(m.field("low"), low)
	VBROADCASTSD(m.field("high"), high)
	VBROADCASTSD(m.field("next"), next)
	XORQ(found, found)
	XORQ(reached, reached)
	Label("vector")
	m.maskOfLeft(left, lanes, mask)
	KMOVW(mask.As32(), all)
	VMOVUPD_Z(Mem{Base: x}, all, v)
	VCMPPD(Imm(atLeast), low, v, all, notBelow)
	VCMPPD(Imm(atMost), high, v, notBelow, within)
	KXORW(within, notBelow, above)
	VMINPD(v, next, above, next)
	VCOMPRESSPD_Z(v, within, packed)
	VMOVUPD(packed, Mem{Base: dst, Index: found, Scale: 8})
	KMOVW(within, count.As32())
	POPCNTQ(count, count)
	ADDQ(count, found)
	KMOVW(notBelow, count.As32())
	POPCNTQ(count, count)
	ADDQ(count, reached)
	ADDQ(Imm(64), x)
	SUBQ(Imm(8), left)
	JG(LabelRef("vector"))
	MOVQ(found, m.field("found"))
	MOVQ(reached, m.field("reached"))
	VMOVUPD(next, m.field("above"))
	VZEROUPPER()
	RET()
}

// maskOfLeft sets the mask of the next 8 of what is left: BZHI looks at 8 bits only.
func (m *machine) maskOfLeft(left, lanes, mask reg.GPPhysical) {
	MOVQ(U32(0xff), mask)
	MOVQ(U32(8), lanes)
	CMPQ(left, lanes)
	CMOVQLT(left, lanes)
	BZHIQ(lanes, mask, mask)
}
