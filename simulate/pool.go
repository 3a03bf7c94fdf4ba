package simulate

import (
	"cmp"
	"slices"
	"sync"

	"github.com/restock-engine/restock/internal/random"
)

// Set names one of the scenario sets of a SKU. Sets are independent of each other.
type Set int

// The sets of model.md, scenarios, and spare ones for repeated draws: Set(n) for any n ≥ 0 is a set of its own.
const (
	OptSet  Set = 0 // Ω_opt: candidates are compared on it
	EvalSet Set = 1 // Ω_eval: everything reported comes from it
)

// dimension is one source of randomness of a week.
type dimension int

const (
	demandDim dimension = iota
	demandRoundDim
	leadTimeDim
	returnLagDim
	returnRoundDim
	numDims
)

// Sampler holds the points from which scenarios are drawn: for each set, number of scenarios and week one Latin hypercube column
// per source of randomness, shared by all SKUs. A SKU shifts each column by an amount of its own, modulo 1 (Cranley and
// Patterson, SIAM J. Numer. Anal. 13(6), 1976), so a draw costs one addition. Averaged over the shifts two SKUs' draws are
// independent; those of a given pair are not, so costs must never be added up over SKUs scenario by scenario. The columns are
// stratified (McKay, Beckman and Conover, Technometrics 21(2), 1979), and stay so under the shift. What that gains over plain
// Monte Carlo is measured by BenchmarkQuantileError. A Sampler is safe for concurrent use.
type Sampler struct {
	seed  uint64
	mu    sync.Mutex
	pools map[poolKey]*pool
}

type poolKey struct {
	set Set
	n   int
}

// pool holds the points of one set and number of scenarios.
type pool struct {
	weeks []weekPoints
}

// weekPoints are a week's columns, [dimension][scenario], uniform on the 2^32 integers, and those of the demand once more in
// rising order: so the quantile function is inverted without a search.
type weekPoints struct {
	columns [numDims][]uint32
	rising  risingPoints
}

// risingPoints are the points of the demand in rising order, each with its scenario and that scenario's point of the rounding.
type risingPoints struct {
	demand, round []uint32
	scenario      []int32
}

func newWeekPoints(columns [numDims][]uint32) weekPoints {
	w := weekPoints{columns: columns}
	order := make([]int32, len(columns[demandDim]))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(i, j int32) int { return cmp.Compare(columns[demandDim][i], columns[demandDim][j]) })
	w.rising.scenario = order
	for _, i := range order {
		w.rising.demand = append(w.rising.demand, columns[demandDim][i])
		w.rising.round = append(w.rising.round, columns[demandRoundDim][i])
	}
	return w
}

// NewSampler returns the sampler of a run's seed.
func NewSampler(seed uint64) *Sampler {
	return &Sampler{seed: seed, pools: map[poolKey]*pool{}}
}

// Key returns the key of a SKU's stream.
func (s *Sampler) Key(merchant, article string) random.Key {
	return random.NewKey(s.seed, "sku", merchant, article)
}

// points returns the points of the first weeks weeks, which do not depend on how many weeks are asked for.
func (s *Sampler) points(set Set, n, weeks int) []weekPoints {
	s.mu.Lock()
	defer s.mu.Unlock()
	k := poolKey{set, n}
	p := s.pools[k]
	if p == nil {
		p = &pool{}
		s.pools[k] = p
	}
	for t := len(p.weeks); t < weeks; t++ {
		var columns [numDims][]uint32
		for d := range columns {
			columns[d] = latinColumn(n, random.NewKey(s.seed, "pool").Int(int(set)).Int(n).Int(t).Int(d))
		}
		p.weeks = append(p.weeks, newWeekPoints(columns))
	}
	return p.weeks[:weeks]
}

// latinColumn returns n points, one in each of n equal strata of [0, 2^32), in random order.
func latinColumn(n int, key random.Key) []uint32 {
	r := random.New(key)
	column := make([]uint32, n)
	for i, stratum := range r.Perm(n) {
		low := uint64(stratum) << 32 / uint64(n)
		high := uint64(stratum+1) << 32 / uint64(n)
		column[i] = uint32(low + r.Uint64()%(high-low))
	}
	return column
}
