package simulate

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/restock-engine/restock/forecast"
)

// anyQuantiles returns quantiles of n random levels for the weeks, values of any size, with ties and zeros.
func anyQuantiles(r *rand.Rand, n, weeks int) *forecast.Quantiles {
	q := &forecast.Quantiles{}
	for len(q.Levels) < n {
		q.Levels = append(q.Levels, math.Round(1000*(0.001+0.998*r.Float64()))/1000)
		slices.Sort(q.Levels)
		q.Levels = slices.Compact(q.Levels)
	}
	for range weeks {
		scale := anyOf(r, 0.1, 1, 30, 1e4)
		v := make([]float32, n)
		for i := range v {
			v[i] = float32(anyOf(r, 0, 1, math.Floor(r.ExpFloat64()*scale), r.ExpFloat64()*scale))
		}
		slices.Sort(v)
		q.Values = append(q.Values, v...)
	}
	return q
}

// TestInverter compares the table with the definition, forecast.Quantiles.At, for 1 to 99 random levels: the same values, exact
// at the levels, rising with u.
func TestInverter(t *testing.T) {
	var inv inverter
	var draw [1]float64
	r := rand.New(rand.NewPCG(5, 0))
	for n := 1; n < 100; n += 1 + n/8 {
		q := anyQuantiles(r, n, 4)
		for week := range 4 {
			inv.build(q, week)
			v := q.Week(week)
			top := float64(v[n-1]) + 1
			us := []uint32{0, 1, math.MaxUint32 - 1, math.MaxUint32}
			for _, l := range q.Levels {
				at := uint32(l * 0x1p32)
				us = append(us, at-1, at, at+1)
			}
			for range 300 {
				us = append(us, r.Uint32())
			}
			slices.Sort(us)
			last := 0.0
			for _, u := range us {
				inv.all([]uint32{u - 77}, 77, draw[:])
				got, want := draw[0], q.At(week, unit(u))
				if inv.atUnit(unit(u)) != got || math.Abs(got-want) > 1e-9*top {
					t.Fatalf("%d levels: at %v the table gives %v and %v, the definition %v", n, unit(u), got, inv.atUnit(unit(u)), want)
				}
				if got < last-1e-9*top || got < 0 {
					t.Fatalf("%d levels: %v at %v, after %v", n, got, unit(u), last)
				}
				last = got
			}
			for i, l := range q.Levels {
				if got := inv.atUnit(l); math.Abs(got-float64(v[i])) > 1e-9*top {
					t.Fatalf("%d levels: %v at level %v, want %v", n, got, l, v[i])
				}
			}
		}
	}
}

// TestInverterTails works both tails by hand, for levels 0.25 and 0.5 and values 10 and 12. Below: 12-10 over 0.25 is a slope of
// 8, so 10 - 0.25·8 = 8 at u = 0. Above: β = 2/ln(0.75/0.5), and at u = 2/3 = 1 - 0.5/1.5 the tail adds β·ln 1.5 = 2.
func TestInverterTails(t *testing.T) {
	var inv inverter
	q := &forecast.Quantiles{Levels: []float64{0.25, 0.5}, Values: []float32{10, 12, 1, 5}}
	for _, c := range []struct {
		week    int
		u, want float64
	}{
		{0, 1e-15, 8}, {0, 0.125, 9}, {0, 0.25, 10}, {0, 0.375, 11}, {0, 0.5, 12}, {0, 2.0 / 3, 14}, {0, 7.0 / 9, 16},
		{1, 1e-15, 0}, {1, 0.125, 0.5}, {1, 0.25, 1}, {1, 0.5, 5}, // 1 - 4/0.25·0.25 would be negative
	} {
		inv.build(q, c.week)
		if got := inv.atUnit(c.u); math.Abs(got-c.want) > 1e-12*30 {
			t.Errorf("week %d: %v at %v, want %v", c.week, got, c.u, c.want)
		}
	}
}
