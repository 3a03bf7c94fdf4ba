package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// The general registers of the routines that draw scenarios, beside args.
var (
	points  = reg.RBX
	drawn   = reg.RCX // where the block's draws go
	blocks  = reg.RDX
	between = reg.RSI // bytes from a block's draws to the next one's
	oneStep = reg.RDI
	steps   = reg.R8 // left
)

// draw emits a routine that makes draws of blocks of 16 points, each shifted, a vector at a time: x of u.
func (m *machine) draw(name string, constants func(), x func(half int, u, x reg.VecPhysical)) {
	TEXT(name+m.suffix, NOSPLIT, "func(a *byte)")
	Pragma("noescape")
	Load(Param("a"), args)
	MOVQ(m.field("points"), points)
	MOVQ(m.field("dst"), drawn)
	MOVQ(m.field("blocks"), blocks)
	MOVQ(m.field("between"), between)
	constants()
	Label("block")
	for half := range 64 / m.bytes {
		u, draw := m.vec(2*half), m.vec(2*half+1)
		m.load(Mem{Base: points, Disp: half * m.bytes}, u)
		m.addAll(m.field("shift"), u, u)
		x(half, u, draw)
		m.store(draw, Mem{Base: drawn, Disp: half * m.bytes})
	}
	ADDQ(Imm(64), points)
	ADDQ(between, drawn)
	DECQ(blocks)
	JNZ(LabelRef("block"))
	VZEROUPPER()
	RET()
}

// countSteps draws how many steps are at most u, and one more if least is 1.
func (m *machine) countSteps() {
	one := m.vec(4)
	m.draw("countSteps", func() { VPBROADCASTD(m.field("one"), one) }, func(half int, u, count reg.VecPhysical) {
		VPBROADCASTD(m.field("least"), count)
		MOVQ(m.field("steps"), oneStep)
		MOVQ(m.field("numSteps"), steps)
		label := fmt.Sprintf("step%d", half)
		Label(label)
		if m.avx512 {
			const atLeast = 5
			VPCMPUD_BCST(Imm(atLeast), Mem{Base: oneStep}, u, reg.K1)
			VPADDD(one, count, reg.K1, count)
		} else {
			VPBROADCASTD(Mem{Base: oneStep}, m.scratch())
			VPMAXUD(m.scratch(), u, m.scratch())
			VPCMPEQD(m.scratch(), u, m.scratch())
			VPSUBD(m.scratch(), count, count)
		}
		ADDQ(Imm(4), oneStep)
		DECQ(steps)
		JNZ(LabelRef(label))
	})
}

// round draws the v of the rounding of returns: the upper 23 bits of u, and a half.
func (m *machine) round() {
	scale, half := m.vec(4), m.vec(5)
	m.draw("round", func() {
		VBROADCASTSS(m.field("scale"), scale)
		VBROADCASTSS(m.field("half"), half)
	}, func(_ int, u, v reg.VecPhysical) {
		VPSRLD(Imm(9), u, u)
		VCVTDQ2PS(u, u)
		VMULPS(scale, u, u)
		VADDPS(half, u, v)
	})
}
