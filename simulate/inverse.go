package simulate

import (
	"math"
	"slices"

	"github.com/restock-engine/restock/forecast"
	"github.com/restock-engine/restock/simulate/internal/kernel"
)

func sortedCopy(x []float64) []float64 {
	s := slices.Clone(x)
	slices.Sort(s)
	return s
}

// inverter evaluates one week's quantile function quickly: a guide table leads from the leading bits of u to the linear piece
// (Chen and Asau, AIIE Transactions 6(2), 1974). It gives what forecast.Quantiles.At gives.
type inverter struct {
	upper  []uint32 // [piece] the largest u of the piece, as unit maps it
	base   []float64
	slope  []float64 // x = base + slope·u, u in (0,1)
	guide  [1 << guideBits]uint16
	levels []float64 // for which upper and guide were built
	tail   float64   // x = tail - beta·ln(1-u) above the last level
	beta   float64
}

// guideBits is the number of leading bits: with 1,024 cells few hold the end of a piece, so that the search's branch is predicted
// well.
const guideBits = 10

// build prepares the quantile function of week t.
func (inv *inverter) build(q *forecast.Quantiles, t int) {
	levels, v := q.Levels, q.Week(t)
	n := len(levels)
	if len(inv.levels) != n || &inv.levels[0] != &levels[0] {
		inv.buildGuide(levels)
	}
	if n == 1 {
		inv.base[0], inv.slope[0] = q.At(t, levels[0]), 0
		inv.tail, inv.beta = inv.base[0], 0
		return
	}
	x0, u0 := q.At(t, 0), 0.0
	for i, l := range levels {
		x := float64(v[i])
		inv.slope[i] = (x - x0) / (l - u0)
		inv.base[i] = x0 - inv.slope[i]*u0
		x0, u0 = x, l
	}
	inv.beta = (float64(v[n-1]) - float64(v[n-2])) / math.Log((1-levels[n-2])/(1-levels[n-1]))
	inv.tail = float64(v[n-1]) + inv.beta*math.Log(1-levels[n-1])
}

func (inv *inverter) buildGuide(levels []float64) {
	n := len(levels)
	inv.levels = levels
	inv.upper = resized(inv.upper, n+1)
	inv.upper[n] = math.MaxUint32
	inv.base, inv.slope = resized(inv.base, n), resized(inv.slope, n)
	for i, l := range levels {
		inv.upper[i] = uint32(max(0, l*0x1p32-0.5)) // unit(upper) ≤ l < 1
	}
	piece := 0
	for g := range inv.guide {
		for inv.upper[piece] < uint32(g)<<(32-guideBits) {
			piece++
		}
		inv.guide[g] = uint16(piece)
	}
}

// wholeUnits writes floor(x+v) to dst for the quantiles x at all points and the v of their rounding, if the machine can do that
// fast.
func (inv *inverter) wholeUnits(kind kernel.Kind, points *risingPoints, shift, roundShift uint32, dst []int32) bool {
	wrap := wrapOf(points.demand, shift)
	for _, part := range [][2]int{{0, wrap}, {wrap, len(points.demand)}} {
		demand, rounds, dst := points.demand[part[0]:part[1]], points.round[part[0]:part[1]], dst[part[0]:part[1]]
		if len(demand) == 0 {
			continue
		}
		last := len(inv.base)
		first := min(int(inv.guide[(demand[0]+shift)>>(32-guideBits)]), last)
		if first < last {
			pieces := kernel.Pieces{Upper: inv.upper[first:], Base: inv.base[first:], Slope: inv.slope[first:]}
			if !kind.Invert(demand, rounds, shift, roundShift, pieces, dst) {
				return false
			}
		} else if kind != kernel.AVX512 {
			return false
		}
		for k := len(demand) - 1; k >= 0 && demand[k]+shift > inv.upper[last-1]; k-- {
			dst[k] = int32(inv.value(last, unit(demand[k]+shift)) + rounding(rounds[k]+roundShift))
		}
	}
	return true
}

// wrapOf returns the number of points that do not exceed 2^32 with the shift.
func wrapOf(points []uint32, shift uint32) int {
	if shift == 0 {
		return len(points)
	}
	wrap, _ := slices.BinarySearch(points, -shift)
	return wrap
}

// all writes the quantiles at (u+shift)/2^32, modulo 1, of all points u, which must rise, to dst.
func (inv *inverter) all(points []uint32, shift uint32, dst []float64) {
	wrap := wrapOf(points, shift)
	inv.rising(points[:wrap], shift, dst)
	inv.rising(points[wrap:], shift, dst[wrap:])
}

// rising writes the quantiles at (u+shift)/2^32 to dst, where u+shift rises.
func (inv *inverter) rising(points []uint32, shift uint32, dst []float64) {
	dst = dst[:len(points)]
	for k, i := 0, 0; k < len(points) && i <= len(inv.base); i++ {
		upper := inv.upper[i]
		if i == len(inv.base) {
			for ; k < len(points); k++ {
				dst[k] = inv.value(i, unit(points[k]+shift))
			}
			return
		}
		base, slope := inv.base[i], inv.slope[i]
		for ; k < len(points); k++ {
			u := points[k] + shift
			if u > upper {
				break
			}
			x := base + float64(slope*unit(u))
			if x < 0 { // max is slower: it knows what to do with NaN
				x = 0
			}
			dst[k] = x
		}
	}
}

// atUnit returns the quantile at u in (0,1).
func (inv *inverter) atUnit(u float64) float64 {
	i := int(inv.guide[int(u*(1<<guideBits))])
	for i < len(inv.levels) && u > inv.levels[i] {
		i++
	}
	return inv.value(i, u)
}

func (inv *inverter) value(i int, u float64) float64 {
	if i < len(inv.base) {
		return max(0, inv.base[i]+float64(inv.slope[i]*u))
	}
	return max(0, inv.tail-float64(inv.beta*math.Log1p(-u)))
}

// stepBits is smaller than guideBits because this table is made anew for each SKU.
const stepBits = 7

// stepGuide counts how many of some rising steps are at most u, by a table over the leading bits of u.
type stepGuide struct {
	steps []uint32
	first [1 << stepBits]uint16 // steps at or below the cell's smallest u
}

func newStepGuide(steps []uint32) *stepGuide {
	g := &stepGuide{steps: steps}
	k := 0
	for i := range g.first {
		for k < len(steps) && steps[k] <= uint32(i)<<(32-stepBits) {
			k++
		}
		g.first[i] = uint16(k)
	}
	return g
}

func (g *stepGuide) count(u uint32) int {
	k := int(g.first[u>>(32-stepBits)])
	for k < len(g.steps) && u >= g.steps[k] {
		k++
	}
	return k
}
