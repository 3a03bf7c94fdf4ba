// Package stat holds the few statistics that restock reports and that gonum defines otherwise or does not have: the empirical
// quantile at p·(N-1), its confidence interval, and paired comparisons.
package stat

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

// Quantile returns the empirical p-quantile of x with linear interpolation between order statistics at p·(N-1), the default of
// NumPy's percentile (definition 7 of Hyndman and Fan, The American Statistician 50(4), 1996). It partly reorders x. NaN if x is
// empty.
func Quantile(x []float64, p float64) float64 {
	n := len(x)
	if n == 0 {
		return math.NaN()
	}
	pos := p * float64(n-1)
	k := min(int(pos), n-1)
	low := selectKth(x, k)
	frac := pos - float64(k)
	if frac == 0 || k == n-1 {
		return low
	}
	high := slices.Min(x[k+1:])
	return low + frac*(high-low)
}

// QuantileWithin is Quantile of n numbers of which only those between two limits are at hand: near, which it reorders, with how many are
// below them, and the least above them, infinite if there is none. It is not known if the quantile's rank is outside of near.
func QuantileWithin(near []float64, below, n int, above, p float64) (value float64, known bool) {
	pos := p * float64(n-1)
	k := int(pos) - below
	if k < 0 || k >= len(near) {
		return 0, false
	}
	value = selectKth(near, k)
	frac := pos - math.Floor(pos)
	next := above
	if k < len(near)-1 {
		next = slices.Min(near[k+1:])
	}
	if frac == 0 || math.IsInf(next, 1) {
		return value, true
	}
	return value + frac*(next-value), true
}

// SortedQuantile is Quantile of an x that is sorted already.
func SortedQuantile(x []float64, p float64) float64 {
	if len(x) == 0 {
		return math.NaN()
	}
	pos := p * float64(len(x)-1)
	k := min(int(pos), len(x)-1)
	frac := pos - float64(k)
	if frac == 0 || k == len(x)-1 {
		return x[k]
	}
	return x[k] + frac*(x[k+1]-x[k])
}

// selectKth moves the k-th smallest value of x to x[k], smaller ones before it and larger ones behind it, and returns it. It is
// Hoare's quickselect with a pivot of about the right rank in a sample (Floyd and Rivest, CACM 18(3), 1975).
func selectKth(x []float64, k int) float64 {
	all := x
	first := 0 // of x in all
	for len(x) > 12 {
		pivot := samplePivot(x, k-first)
		less := partition(x, func(v float64) bool { return v < pivot })
		if first+less > k {
			x = x[:less]
			continue
		}
		x, first = x[less:], first+less
		if less > 0 {
			continue
		}
		same := partition(x, func(v float64) bool { return v <= pivot })
		if first+same > k {
			return pivot
		}
		x, first = x[same:], first+same
	}
	slices.Sort(x)
	return all[k]
}

// samplePivot returns a value of x, by a sample: about that of rank k, but rather such that k is on its smaller side.
func samplePivot(x []float64, k int) float64 {
	var sample [15]float64
	size := 5
	if len(x) > 100 {
		size = len(sample)
	}
	for i := range size {
		v, j := x[(2*i+1)*len(x)/(2*size)], i
		for ; j > 0 && sample[j-1] > v; j-- {
			sample[j] = sample[j-1]
		}
		sample[j] = v
	}
	at := k * size / len(x)
	if at > size/2 {
		at--
	} else if at < size/2 {
		at++
	}
	return sample[at]
}

// partition moves the values that are before the others to the front, and returns their number. No branch depends on a value:
// the processor would guess it wrong half of the time.
func partition(x []float64, before func(float64) bool) int {
	count := 0
	for i, v := range x {
		x[i] = x[count]
		x[count] = v
		count += one(before(v))
	}
	return count
}

// Interval is an estimate with its confidence interval.
type Interval struct {
	Estimate, Low, High float64
}

// Z95 is the 0.975 quantile of the standard normal distribution.
var Z95 = distuv.UnitNormal.Quantile(0.975)

// MeanInterval returns the mean of x and its normal 95 % confidence interval. For paired comparisons x holds the differences.
func MeanInterval(x []float64) Interval {
	mean, sd := stat.MeanStdDev(x, nil)
	half := 0.0
	if len(x) > 1 {
		half = Z95 * sd / math.Sqrt(float64(len(x)))
	}
	return Interval{mean, mean - half, mean + half}
}

// QuantileInterval returns the p-quantile of x and its distribution-free 95 % confidence interval: the order statistics whose
// ranks are N·p ∓ 1.96·√(N·p·(1-p)) (Conover, Practical Nonparametric Statistics, 3rd ed. 1999, section 3.2, large samples). It
// reorders x.
func QuantileInterval(x []float64, p float64) Interval {
	n, last := float64(len(x)), len(x)-1
	half := Z95 * math.Sqrt(n*p*(1-p))
	low := min(max(int(math.Floor(n*p-half))-1, 0), last)
	high := min(max(int(math.Ceil(n*p+half))-1, 0), last)
	// Each selection leaves less for the next one: first what is up to high, then what is between.
	pos := p * (n - 1)
	k := min(max(int(pos), low), high)
	top := selectKth(x, high)
	bottom := selectKth(x[:high+1], low)
	estimate := selectKth(x[low:high+1], k-low)
	if frac := pos - float64(k); frac != 0 && k < last {
		above := x[k+1 : high+1]
		if k == high {
			above = x[k+1:]
		}
		estimate += frac * (slices.Min(above) - estimate)
	}
	return Interval{estimate, bottom, top}
}

// batches is the number of batches of PairedInterval; t19 the 0.975 quantile of Student's t with one degree of freedom less.
const batches = 20

var t19 = distuv.StudentsT{Mu: 0, Sigma: 1, Nu: batches - 1}.Quantile(0.975)

// PairedInterval returns the difference of a measure of two samples that share their scenarios, measure(a) - measure(b), which is
// given, with its 95 % confidence interval by batching: the difference within each of 20 batches, and Student's t around the
// difference of the whole (Nakayama, ACM TOMACS 24(4), 2014, section 3: sectioning, which has less bias than averaging batches).
// measure may reorder what it is given. Samples of fewer than 40 have no interval: Low and High are infinite.
func PairedInterval(estimate float64, a, b []float64, measure func([]float64) float64) Interval {
	n := len(a)
	if n < 2*batches {
		return Interval{estimate, math.Inf(-1), math.Inf(1)}
	}
	x, y := make([]float64, 0, n/batches+1), make([]float64, 0, n/batches+1)
	sum := 0.0
	for k := range batches {
		low, high := k*n/batches, (k+1)*n/batches
		x = append(x[:0], a[low:high]...)
		y = append(y[:0], b[low:high]...)
		d := measure(x) - measure(y) - estimate
		sum += d * d
	}
	half := t19 * math.Sqrt(sum/(batches*(batches-1)))
	return Interval{estimate, estimate - half, estimate + half}
}

// one is 1 for true, which compiles to no branch.
func one(b bool) int {
	var n int
	if b {
		n = 1
	}
	return n
}
