package kernel

import "math/bits"

// returnMode says how returns are computed and kept until they come.
type returnMode int

const (
	noReturns      returnMode = iota
	fieldReturns              // in float32, in bit fields of a register: a field a week, fieldWidth bits wide
	ringReturns               // in float32 or float64, in the ring
	numReturnModes = iota
)

// returnPlan is how the returns of a problem are computed and kept.
type returnPlan struct {
	returns     returnMode
	narrow      bool  // they are computed in float32
	fieldWidth  int   // of fields of a register
	mostReturns int64 // bounds what comes in in a week

	fitted   []float32 // narrow: the rounds that float32 needs, in the scenarios' own order
	due      [][Lanes]int32
	rounding rounding
}

// planReturns chooses how returns are kept. For a few policies it does not look for the best way.
func (k *packed) planReturns(p *Problem, few bool) {
	k.returns, k.narrow = noReturns, false
	if p.ReturnShare == 0 {
		return
	}
	k.returns = ringReturns
	k.lags.span = k.scanned.lags
	if few {
		k.mostReturns = int64(k.lags.last) * (int64(p.ReturnShare*float64(p.Largest)) + 1)
		return
	}
	fits := k.fieldsSurelyFit(p) || k.fitFields(p)
	if k.narrow = p.Largest <= maxPackedDemand && k.fitRounds(p); k.narrow && fits {
		k.returns = fieldReturns
	}
}

// fieldsSurelyFit is fitFields by a bound: the largest demand is sold in every week, and every return that may comes in in the
// same one.
func (k *packed) fieldsSurelyFit(p *Problem) bool {
	k.mostReturns = int64(k.lags.last) * (int64(p.ReturnShare*float64(p.Largest)) + 1)
	k.fieldWidth = max(1, bits.Len64(uint64(k.mostReturns)))
	return k.fieldWidth*k.lags.last <= 32
}

// fitFields chooses the width of the fields of a register, and tells whether all returns fit into them. They do if they would
// with all of the demand sold. The field of the week that comes lag weeks later begins at bit (lag-1)·fieldWidth, so that the
// uppermost one may be cut: then it must hold less.
func (k *packed) fitFields(p *Problem) bool {
	sc, weeks := &p.Scenarios, len(p.Weeks)
	var most [MaxWeeks + 1]int32 // [lag] the most that has been returned for a week when a return with the lag is added
	k.due = resized(k.due, weeks)
	cell := 0
	for i := 0; i < sc.N; i += Lanes {
		clear(k.due)
		for t := range weeks {
			demand, lag, round := (*[Lanes]int32)(sc.Demand[cell:]), (*[Lanes]int32)(sc.Lag[cell:]), (*[Lanes]float32)(sc.Round[cell:])
			for l, d := range demand {
				if week := t + int(lag[l]); week < weeks {
					due := &k.due[week][l]
					*due += int32(float64(p.ReturnShare*float64(d)) + float64(round[l]))
					most[lag[l]] = max(most[lag[l]], *due)
				}
			}
			cell += Lanes
		}
	}
	all := int32(0)
	for _, m := range most {
		all = max(all, m)
	}
	k.mostReturns = int64(all)
	k.fieldWidth = max(1, bits.Len32(uint32(all)))
	for lag, m := range most {
		room := 32 - (lag-1)*k.fieldWidth
		if m > 0 && (room <= 0 || m>>min(room, 31) != 0) {
			return false
		}
	}
	return true
}
