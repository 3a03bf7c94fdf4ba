package backtest

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/stat"

	"github.com/restock-engine/restock/internal/random"
	istat "github.com/restock-engine/restock/internal/stat"
)

// resamples and flips are the numbers of bootstrap resamples and of permutations.
const (
	resamples = 2000
	flips     = 9999
)

// Uplift compares an arm with another, over the same SKUs and dates: those that both arms exist for.
type Uplift struct {
	Arm      int
	Against  int
	SKUs     int
	Clusters int            // what intervals and the test resample
	Gain     istat.Interval // GMV after fulfilment costs: relative to the other arm's, with its 95 % cluster bootstrap interval
	Saving   istat.Interval // cost: the share of the other arm's that is saved
	P        float64        // two-sided, of the paired permutation test that the arms cost the same
	Better   Share          // merchants that the arm costs less
	WAPE     float64        // correlation of the forecast's WAPE with the saving over clusters; NaN if there are too few
}

// Share is a proportion with its 95 % Wilson interval (Wilson, JASA 22(158), 1927).
type Share struct {
	Count, Of int
	Low, High float64
}

func newShare(count, of int) Share {
	s := Share{Count: count, Of: of, High: 1}
	if of == 0 {
		return s
	}
	n, p, z := float64(of), float64(count)/float64(of), istat.Z95
	center := (p + z*z/(2*n)) / (1 + z*z/n)
	half := z / (1 + z*z/n) * math.Sqrt(p*(1-p)/n+z*z/(4*n*n))
	s.Low, s.High = max(0, center-half), min(1, center+half)
	return s
}

// uplift compares arm with against over clusters, whose sums are independent of each other.
func uplift(clusters []*measures, merchants []*measures, arm, against int, seed uint64) Uplift {
	n := len(clusters)
	u := Uplift{Arm: arm, Against: against, Clusters: n, WAPE: math.NaN()}
	gain := func(weights func(i int) float64) (gain, saving float64) {
		var g, g0, c, c0 float64
		for i, m := range clusters {
			w := weights(i)
			g += w * m.gmv[arm]
			g0 += w * m.gmv[against]
			c += w * m.cost[arm]
			c0 += w * m.cost[against]
		}
		return ratio(g-g0, math.Abs(g0), 0), ratio(c0-c, math.Abs(c0), 0)
	}
	u.Gain.Estimate, u.Saving.Estimate = gain(func(int) float64 { return 1 })
	r := random.New(random.NewKey(seed, "bootstrap").Int(arm))
	gains, savings := make([]float64, resamples), make([]float64, resamples)
	weights := make([]float64, n)
	for k := range gains {
		clear(weights)
		for range n {
			weights[r.Intn(n)]++
		}
		gains[k], savings[k] = gain(func(i int) float64 { return weights[i] })
	}
	for _, x := range []struct {
		dst    *istat.Interval
		sample []float64
	}{{&u.Gain, gains}, {&u.Saving, savings}} {
		slices.Sort(x.sample)
		x.dst.Low, x.dst.High = istat.SortedQuantile(x.sample, 0.025), istat.SortedQuantile(x.sample, 0.975)
		if n < 2 {
			x.dst.Low, x.dst.High = math.Inf(-1), math.Inf(1)
		}
	}
	differences := make([]float64, n)
	for i, m := range clusters {
		differences[i] = m.cost[against] - m.cost[arm]
	}
	u.P = permutationTest(differences, r)
	better := 0
	for _, m := range merchants {
		if m.cost[arm] < m.cost[against] {
			better++
		}
	}
	u.Better = newShare(better, len(merchants))
	u.WAPE = wapeCorrelation(clusters, arm, against)
	return u
}

// permutationTest is the paired test by random sign flips, two-sided: the share of flips whose sum is at least as far from 0, the
// sample itself counted in (Phipson and Smyth, Statistical Applications in Genetics and Molecular Biology 9(1), 2010).
func permutationTest(differences []float64, r random.Source) float64 {
	sum, scale := 0.0, 0.0
	for _, d := range differences {
		sum += d
		scale += math.Abs(d)
	}
	far := 1
	for range flips {
		s := 0.0
		for _, d := range differences {
			if r.Uint64()&1 == 0 {
				s += d
			} else {
				s -= d
			}
		}
		if math.Abs(s) >= math.Abs(sum)-1e-12*scale {
			far++
		}
	}
	return float64(far) / (flips + 1)
}

// wapeCorrelation is Spearman's rank correlation over the clusters that have demand and cost.
func wapeCorrelation(clusters []*measures, arm, against int) float64 {
	var wape, saving []float64
	for _, m := range clusters {
		if m.demand > 0 && m.cost[against] > 0 {
			wape = append(wape, m.error/m.demand)
			saving = append(saving, 1-m.cost[arm]/m.cost[against])
		}
	}
	if len(wape) < 5 {
		return math.NaN()
	}
	return stat.Correlation(ranks(wape), ranks(saving), nil)
}

// ranks returns the ranks of the values, ties sharing their mean rank.
func ranks(x []float64) []float64 {
	order := make([]int, len(x))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		switch {
		case x[a] < x[b]:
			return -1
		case x[a] > x[b]:
			return 1
		}
		return a - b
	})
	out := make([]float64, len(x))
	for i := 0; i < len(order); {
		j := i
		for j < len(order) && x[order[j]] == x[order[i]] {
			j++
		}
		for k := i; k < j; k++ {
			out[order[k]] = float64(i+j-1) / 2
		}
		i = j
	}
	return out
}
