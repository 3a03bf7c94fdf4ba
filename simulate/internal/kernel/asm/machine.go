package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// The general registers.
var (
	args    = reg.RAX // the struct args
	row     = reg.RBX // the week's row
	left    = reg.RCX // weeks left
	tmp     = reg.RDX
	out     = reg.RSI // the group's costs or sums
	total   = reg.RDI // the group's total demand
	demand  = reg.R8
	delay   = reg.R9 // weeks until an order arrives, 1 byte a lane
	round   = reg.R10
	shift   = reg.R11 // 1 byte a lane: where in the bit fields the returns go; with returns in the ring, their lags
	stride4 = reg.R12 // bytes from a block to the next of an array with 4 bytes a lane
	stride1 = reg.R13 // and with 1 byte a lane
	step    = reg.R14 // the week's place in the ring
	cursor  = reg.R15
)

// Offsets in a row, type Week.
const (
	rowBelow = 4 * iota
	rowQuantity
	rowInbound
	rowReturned
	rowBytes
)

// Offsets in a step, type step: two parts, each with the same fields.
const (
	partRow   = 0
	partShift = 4
	partRows  = 8

	stepOrders  = 0
	stepReturns = 12
	stepBytes   = 24
)

// machine spells operations on vectors of int32 for one of the instruction sets. It works on a group of vectors side by side,
// so that their chains of dependent operations overlap: three blocks of 16 lanes with AVX-512, the two halves of a block with
// AVX2.
type machine struct {
	fields map[string]int
	avx512 bool
	suffix string
	n      int // vectors in a group
	bytes  int // of a vector
	frame  Mem // AVX2: accumulators, [accumulator][vector]
}

func newMachine(fields map[string]int, avx512 bool) *machine {
	if avx512 {
		return &machine{fields: fields, avx512: true, suffix: "AVX512", n: 3, bytes: 64}
	}
	return &machine{fields: fields, suffix: "AVX2", n: 2, bytes: 32}
}

// field is a field of args.
func (m *machine) field(name string) Mem {
	offset, ok := m.fields[name]
	if !ok {
		panic("args has no field " + name)
	}
	return Mem{Base: args, Disp: offset}
}

// vec is a vector register.
func (m *machine) vec(i int) reg.VecPhysical {
	if m.avx512 {
		return [...]reg.VecPhysical{
			reg.Z0, reg.Z1, reg.Z2, reg.Z3, reg.Z4, reg.Z5, reg.Z6, reg.Z7,
			reg.Z8, reg.Z9, reg.Z10, reg.Z11, reg.Z12, reg.Z13, reg.Z14, reg.Z15,
			reg.Z16, reg.Z17, reg.Z18, reg.Z19, reg.Z20, reg.Z21, reg.Z22, reg.Z23,
			reg.Z24, reg.Z25, reg.Z26, reg.Z27, reg.Z28, reg.Z29, reg.Z30, reg.Z31}[i]
	}
	return [...]reg.VecPhysical{reg.Y0, reg.Y1, reg.Y2, reg.Y3, reg.Y4, reg.Y5, reg.Y6, reg.Y7,
		reg.Y8, reg.Y9, reg.Y10, reg.Y11, reg.Y12, reg.Y13, reg.Y14, reg.Y15}[i]
}

// The registers of vector j: four of state, two temporary; scratch belongs to whoever uses it next, share holds the share of
// returns.
func (m *machine) state(j, i int) reg.VecPhysical {
	if m.avx512 {
		return m.vec(8*j + i)
	}
	return m.vec(4*j + i)
}

func (m *machine) temp(j, i int) reg.VecPhysical {
	if m.avx512 {
		return m.vec(24 + 2*j + i)
	}
	return m.vec(8 + 2*j + i)
}

func (m *machine) scratch() reg.VecPhysical {
	return m.vec(map[bool]int{true: 30, false: 12}[m.avx512])
}
func (m *machine) share() reg.VecPhysical { return m.vec(map[bool]int{true: 31, false: 13}[m.avx512]) }

// spare is one more scratch register, of AVX2 alone.
func (m *machine) spare(i int) reg.VecPhysical { return m.vec(14 + i) }

// each emits a step for every vector of the group.
func (m *machine) each(step func(j int)) {
	for j := range m.n {
		step(j)
	}
}

// lanes4 and lanes1 are vector j's part of the week in an array with 4 bytes or 1 byte a lane.
func (m *machine) lanes4(base reg.GPPhysical, j int) Mem { return m.lanes(base, stride4, j, 32*j) }
func (m *machine) lanes1(base reg.GPPhysical, j int) Mem { return m.lanes(base, stride1, j, 8*j) }

func (m *machine) lanes(base, stride reg.GPPhysical, j, half int) Mem {
	switch {
	case !m.avx512:
		return Mem{Base: base, Disp: half}
	case j == 0:
		return Mem{Base: base}
	default:
		return Mem{Base: base, Index: stride, Scale: uint8(j)}
	}
}

// broadcast emits dst = src op x for a number x in memory.
func (m *machine) broadcast(wide, narrow func(...Op), x Mem, src, dst Op) {
	if m.avx512 {
		wide(x, src, dst)
		return
	}
	VPBROADCASTD(x, m.scratch())
	narrow(m.scratch(), src, dst)
}

func (m *machine) addAll(x Mem, src, dst Op) { m.broadcast(VPADDD_BCST, VPADDD, x, src, dst) }
func (m *machine) subAll(x Mem, src, dst Op) { m.broadcast(VPSUBD_BCST, VPSUBD, x, src, dst) }
func (m *machine) andAll(x Mem, src, dst Op) { m.broadcast(VPANDD_BCST, three(VPAND), x, src, dst) }
func (m *machine) mulAll(x Mem, src, dst Op) { m.broadcast(VPMULLD_BCST, VPMULLD, x, src, dst) }
func (m *machine) maxAll(x Mem, src, dst Op) { m.broadcast(VPMAXSD_BCST, VPMAXSD, x, src, dst) }
func (m *machine) sllAll(x Mem, src, dst Op) { m.broadcast(VPSLLVD_BCST, VPSLLVD, x, src, dst) }
func (m *machine) srlAll(x Mem, src, dst Op) { m.broadcast(VPSRLVD_BCST, VPSRLVD, x, src, dst) }

func three(f func(a, b, c Op)) func(...Op) { return func(ops ...Op) { f(ops[0], ops[1], ops[2]) } }

func (m *machine) and(a, b, dst Op) {
	if m.avx512 {
		VPANDD(a, b, dst)
	} else {
		VPAND(a, b, dst)
	}
}

// andNot emits dst = a and not b.
func (m *machine) andNot(a, b, dst Op) {
	if m.avx512 {
		VPANDND(a, b, dst)
	} else {
		VPANDN(a, b, dst)
	}
}

// selectAll emits dst = x where the mask is all ones.
func (m *machine) selectAll(x Mem, mask, dst Op) {
	if m.avx512 {
		VPTERNLOGD_BCST(Imm(0xB8), x, mask, dst)
		return
	}
	VPBROADCASTD(x, m.scratch())
	VPBLENDVB(mask, m.scratch(), dst, dst)
}

// half returns the lower half of a register.
func (m *machine) half(x reg.VecPhysical) Op {
	if m.avx512 {
		return x.AsY()
	}
	return x.AsX()
}

// toFloat converts half a vector of int32 to float64.
func (m *machine) toFloat(x reg.VecPhysical, half int, dst reg.VecPhysical) {
	switch {
	case half == 0:
		VCVTDQ2PD(m.half(x), dst)
	case m.avx512:
		VEXTRACTI64X4(Imm(1), x, m.half(dst))
		VCVTDQ2PD(m.half(dst), dst)
	default:
		VEXTRACTI128(Imm(1), x, m.half(dst))
		VCVTDQ2PD(m.half(dst), dst)
	}
}

// times emits dst = factor·x in float64, for a field of args.
func (m *machine) times(factor string, x, dst reg.VecPhysical) {
	if m.avx512 {
		VMULPD_BCST(m.field(factor), x, dst)
		return
	}
	VBROADCASTSD(m.field(factor), m.spare(1))
	VMULPD(m.spare(1), x, dst)
}

// floorProduct emits dst = floor(factor·x + y) in float64, for x ≥ 0 and a y of float32 numbers in memory, if it has a base.
// y's register is free for use with a y.
func (m *machine) floorProduct(factor string, x reg.VecPhysical, y Mem, yRegister, dst reg.VecPhysical) {
	for half, part := range []reg.VecPhysical{dst, m.scratch()} {
		m.toFloat(x, half, part)
		m.times(factor, part, part)
		if y.Base != nil {
			VCVTPS2PD(y.Offset(half*m.bytes/2), yRegister)
			VADDPD(yRegister, part, part)
		}
		if m.avx512 {
			VCVTTPD2DQ(part, m.half(part))
		} else {
			VCVTTPD2DQY(part, m.half(part))
		}
	}
	if m.avx512 {
		VINSERTI64X4(Imm(1), m.half(m.scratch()), dst, dst)
	} else {
		VINSERTI128(Imm(1), m.half(m.scratch()), dst, dst)
	}
}

func (m *machine) zero(x Op) {
	if m.avx512 {
		VPXORD(x, x, x)
	} else {
		VPXOR(x, x, x)
	}
}

func (m *machine) move(x, dst Op) {
	if m.avx512 {
		VMOVDQA32(x, dst)
	} else {
		VMOVDQA(x, dst)
	}
}

func (m *machine) load(x Mem, dst Op) {
	if m.avx512 {
		VMOVDQU32(x, dst)
	} else {
		VMOVDQU(x, dst)
	}
}

func (m *machine) store(src Op, x Mem) {
	if m.avx512 {
		VMOVDQU32(src, x)
	} else {
		VMOVDQU(src, x)
	}
}

// accumulator is a sum over the weeks: a register with AVX-512, memory with AVX2, which has no registers left for it.
type accumulator int

const (
	sumOnHand accumulator = iota
	sumSales
	sumOrders
	sumShort   // with sums
	sumOrdered // position; with AVX-512 in the register of the stock kernel's fourth state
	numAccumulators
)

func (m *machine) register(a accumulator, j int) reg.VecPhysical {
	if a == sumOrdered {
		return m.state(j, 3)
	}
	return m.state(j, 4+int(a))
}

func (m *machine) memory(a accumulator, j int) Mem { return m.frame.Offset((int(a)*m.n + j) * m.bytes) }

func (m *machine) clearSum(a accumulator, j int) {
	if m.avx512 {
		m.zero(m.register(a, j))
		return
	}
	m.zero(m.scratch())
	m.store(m.scratch(), m.memory(a, j))
}

// addTo and subFrom emit a += x and a -= x.
func (m *machine) addTo(a accumulator, x Op, j int)   { m.accumulate(VPADDD, a, x, j) }
func (m *machine) subFrom(a accumulator, x Op, j int) { m.accumulate(VPSUBD, a, x, j) }

func (m *machine) accumulate(op func(...Op), a accumulator, x Op, j int) {
	if m.avx512 {
		op(x, m.register(a, j), m.register(a, j))
		return
	}
	m.load(m.memory(a, j), m.scratch())
	op(x, m.scratch(), m.scratch())
	m.store(m.scratch(), m.memory(a, j))
}

// sum returns a register that holds an accumulator: its own, or dst.
func (m *machine) sum(a accumulator, j int, dst reg.VecPhysical) reg.VecPhysical {
	if m.avx512 {
		return m.register(a, j)
	}
	m.load(m.memory(a, j), dst)
	return dst
}
