package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// The general registers of the routines that look through the scenarios, beside args.
var (
	scanned    = reg.RBX
	result     = reg.RCX
	blocksLeft = reg.RDX
	weeksLeft  = reg.RSI
)

// scan emits a routine that looks through arrays of int32, [block][week][lane], and keeps vectors, one for each half of a block
// with AVX2, over all of it: they begin as what is in memory, and end there.
func (m *machine) scan(name string, kept []string, block, week, blockEnd func(half int), blockBytes, weekBytes int) {
	halves := 64 / m.bytes
	TEXT(name+m.suffix, NOSPLIT, "func(a *byte)")
	Pragma("noescape")
	Load(Param("a"), args)
	MOVQ(m.field("src"), scanned)
	MOVQ(m.field("dst"), result)
	MOVQ(m.field("blocks"), blocksLeft)
	for half := range halves {
		for i, name := range kept {
			m.load(Mem{Base: args, Disp: m.fields[name] + half*m.bytes}, m.kept(i, half))
		}
	}
	Label("block")
	MOVQ(m.field("weeks"), weeksLeft)
	for half := range halves {
		block(half)
	}
	Label("week")
	for half := range halves {
		m.load(Mem{Base: scanned, Disp: half * m.bytes}, m.cell(half))
		week(half)
	}
	ADDQ(Imm(64), scanned)
	if weekBytes > 0 {
		ADDQ(Imm(uint64(weekBytes)), result)
	}
	DECQ(weeksLeft)
	JNZ(LabelRef("week"))
	for half := range halves {
		blockEnd(half)
	}
	if blockBytes > 0 {
		ADDQ(Imm(uint64(blockBytes)), result)
	}
	DECQ(blocksLeft)
	JNZ(LabelRef("block"))
	for half := range halves {
		for i, name := range kept {
			m.store(m.kept(i, half), Mem{Base: args, Disp: m.fields[name] + half*m.bytes})
		}
	}
	VZEROUPPER()
	RET()
}

func (m *machine) cell(half int) reg.VecPhysical    { return m.vec(half) }
func (m *machine) kept(i, half int) reg.VecPhysical { return m.vec(2 + 2*i + half) }

// totals adds up each scenario's numbers over the weeks, and finds the largest of all.
func (m *machine) totals() {
	sum := func(half int) reg.VecPhysical { return m.vec(8 + half) }
	m.scan("totals", []string{"high"}, func(half int) {
		m.zero(sum(half))
	}, func(half int) {
		VPADDD(m.cell(half), sum(half), sum(half))
		VPMAXSD(m.cell(half), m.kept(0, half), m.kept(0, half))
	}, func(half int) {
		m.store(sum(half), Mem{Base: result, Disp: half * m.bytes})
	}, 64, 0)
}

// narrow writes numbers of weeks as bytes, at most the weeks left, and finds the least and the largest of them, and the largest
// of what is written.
func (m *machine) narrow() {
	const low, high, written = 0, 1, 2
	left, one := m.vec(8), m.vec(9)
	m.scan("narrow", []string{"low", "high", "written"}, func(half int) {
		if half == 0 {
			VPBROADCASTD(m.field("weeks"), left)
			VPBROADCASTD(m.field("one"), one)
		}
	}, func(half int) {
		x := m.cell(half)
		VPMINSD(x, m.kept(low, half), m.kept(low, half))
		VPMAXSD(x, m.kept(high, half), m.kept(high, half))
		VPMINSD(left, x, x)
		VPMAXSD(x, m.kept(written, half), m.kept(written, half))
		switch {
		case m.avx512:
			VPMOVDB(x, Mem{Base: result})
		case half == 1:
			low := m.cell(0)
			VPACKUSDW(x, low, low) // of each half the first four numbers, then of each the last four
			VPERMQ(Imm(0b11011000), low, low)
			VEXTRACTI128(Imm(1), low, m.half(x))
			VPACKUSWB(m.half(x), m.half(low), m.half(low))
			VMOVDQU(m.half(low), Mem{Base: result})
		}
		if half == 64/m.bytes-1 {
			VPSUBD(one, left, left)
		}
	}, func(int) {}, 0, 16)
}
