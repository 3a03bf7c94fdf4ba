package judge

import (
	"math"

	"github.com/restock-engine/restock/internal/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

// paired compares two totals A and B, per unit of a third, W, from sums over clusters that are independent of each other (all
// weeks and origins of a SKU, or all SKUs of a merchant, are one cluster). It needs only their moments, so that clusters can be
// many.
type paired struct {
	n      float64
	sum    [3]float64    // of A, B, W
	square [3][3]float64 // of their products
}

func (p *paired) add(a, b, w float64) {
	x := [3]float64{a, b, w}
	p.n++
	for i := range x {
		p.sum[i] += x[i]
		for j := range x {
			p.square[i][j] += x[i] * x[j]
		}
	}
}

// minClusters is the number of clusters below which a standard error by linearisation is not to be trusted.
const minClusters = 20

// interval returns an estimate with its 95 % interval, where a cluster's share in the estimate's error is (u·x)/scale: the
// linearised (Taylor) variance of a ratio of totals (Cochran, Sampling Techniques, 3rd ed. 1977, section 6.3; Särndal, Swensson
// and Wretman, Model Assisted Survey Sampling, 1992, section 5.6). The ends are NaN with fewer than 20 clusters.
func (p *paired) interval(estimate float64, u [3]float64, scale float64) stat.Interval {
	if p.n < minClusters {
		return stat.Interval{Estimate: estimate, Low: math.NaN(), High: math.NaN()}
	}
	sum := 0.0
	for i := range u {
		for j := range u {
			sum += u[i] * u[j] * p.square[i][j]
		}
	}
	t := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: p.n - 1}.Quantile(0.975)
	half := t * math.Sqrt(max(sum, 0)*p.n/(p.n-1)) / math.Abs(scale)
	return stat.Interval{Estimate: estimate, Low: estimate - half, High: estimate + half}
}

// difference returns (A-B)/W.
func (p *paired) difference() stat.Interval {
	d := (p.sum[0] - p.sum[1]) / p.sum[2]
	return p.interval(d, [3]float64{1, -1, -d}, p.sum[2])
}

// relative returns A/B - 1.
func (p *paired) relative() stat.Interval {
	r := p.sum[0] / p.sum[1]
	return p.interval(r-1, [3]float64{1, -r, 0}, p.sum[1])
}
