package main

import (
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"time"

	"gonum.org/v1/gonum/mathext"
	"gonum.org/v1/gonum/stat/distuv"
)

// delivery is one shipment of one order: days from the order to the vendor until it was with the client.
type delivery struct {
	days, promised      float64 // promised: days from the order to the scheduled date; 0 or less if it lies before
	vendor, group, lane string  // lane: destination country and mode of transport
}

// deliveries are what can be used of the delivery history.
type deliveries struct {
	all      []delivery
	read     int
	undated  int // no date of the order to the vendor (served from stock, or not captured) or of delivery
	negative int // delivered before it was ordered
	sameDay  int // delivered on the day of the order: written down afterwards
	repeated int // more lines of the same shipment
}

var deliveryColumns = []string{
	"PO / SO #", "ASN/DN #", "Country", "Shipment Mode", "PO Sent to Vendor Date", "Scheduled Delivery Date", "Delivered to Client Date",
	"Product Group", "Vendor",
}

// readDeliveries reads the SCMS delivery history. Lines of one shipment have one delay, so each shipment counts once.
func readDeliveries(path string) (*deliveries, error) {
	r, err := openTable(path, deliveryColumns)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	d := new(deliveries)
	seen := make(map[string]bool)
	for {
		f, err := r.Read()
		if errors.Is(err, io.EOF) {
			if len(d.all) == 0 {
				return nil, fmt.Errorf("%s has no delivery with both dates", path)
			}
			return d, nil
		}
		if err != nil {
			return nil, err
		}
		d.read++
		ordered, ok1 := parseDay(f[4])
		scheduled, ok2 := parseDay(f[5])
		delivered, ok3 := parseDay(f[6])
		if !ok1 || !ok2 || !ok3 {
			d.undated++
			continue
		}
		days := delivered.Sub(ordered).Hours() / 24
		shipment := strings.Join([]string{f[0], f[1], f[4], f[6]}, "\x00")
		switch {
		case days < 0:
			d.negative++
		case days == 0:
			d.sameDay++
		case seen[shipment]:
			d.repeated++
		default:
			seen[shipment] = true
			d.all = append(d.all, delivery{
				days: days, promised: scheduled.Sub(ordered).Hours() / 24,
				vendor: strings.Clone(f[8]), group: strings.Clone(f[7]), lane: f[2] + "\x00" + f[3],
			})
		}
	}
}

// parseDay reads the two ways in which the file writes a day; false for "Date Not Captured" and the like.
func parseDay(text string) (time.Time, bool) {
	for _, layout := range []string{"2-Jan-06", "1/2/06", "1/2/2006"} {
		if day, err := time.Parse(layout, text); err == nil {
			return day, true
		}
	}
	return time.Time{}, false
}

// gammaFit is a Gamma distribution of delays; with groups, each has its own mean and all share the shape.
type gammaFit struct {
	n, groups int
	mean      float64 // days, over all
	cv        float64 // 1/√shape
	ks        float64 // Kolmogorov-Smirnov distance of the delays, each divided by its group's mean
}

// fitGamma finds the shape k of Gamma distributions with one mean per group by conditional maximum likelihood. Given its sum, a
// group's n delays depend on k alone and no longer on the group's mean, so the likelihood given the sums has no bias from the many means
// that ordinary maximum likelihood would estimate along. Its maximum is where ln x̄ - mean(ln x) is what is expected of it:
//
//	Σ n·(ln x̄ - mean(ln x)) = Σ n·[(ψ(nk) - ln nk) - (ψ(k) - ln k)]
//
// Groups of one tell nothing and are left out. With a single group this is ordinary maximum likelihood up to a term of order 1/n.
func fitGamma(groups [][]float64) (gammaFit, error) {
	var fit gammaFit
	var scaled []float64
	var sizes []float64
	observed, total := 0.0, 0.0
	for _, days := range groups {
		if len(days) < 2 {
			continue
		}
		m := mean(days)
		for _, x := range days {
			observed += math.Log(m / x)
			scaled = append(scaled, x/m)
		}
		total += sum(days)
		sizes = append(sizes, float64(len(days)))
	}
	fit.n, fit.groups = len(scaled), len(sizes)
	if !(observed > 0) {
		return fit, errors.New("fit the lead times: no group has two different delays")
	}
	expected := func(k float64) float64 {
		e := 0.0
		for _, n := range sizes {
			e += n * (mathext.Digamma(n*k) - math.Log(n*k) - mathext.Digamma(k) + math.Log(k))
		}
		return e
	}
	low, high := 1e-3, 1e6 // the expectation falls with k
	for range 200 {
		if k := math.Sqrt(low * high); expected(k) > observed {
			low = k
		} else {
			high = k
		}
	}
	shape := math.Sqrt(low * high)
	fit.mean = total / float64(fit.n)
	fit.cv = 1 / math.Sqrt(shape)
	fit.ks = ksDistance(scaled, distuv.Gamma{Alpha: shape, Beta: shape})
	return fit, nil
}

// ksDistance is the largest difference between the empirical distribution of values and a distribution. It sorts the values.
func ksDistance(values []float64, d distuv.Gamma) float64 {
	slices.Sort(values)
	n, largest := float64(len(values)), 0.0
	for i, x := range values {
		p := d.CDF(x)
		largest = max(largest, p-float64(i)/n, float64(i+1)/n-p)
	}
	return largest
}

// leadTimeFits are the same delays seen by someone who knows less and less of an order.
type leadTimeFits struct {
	promise gammaFit // delay divided by what was promised
	lane    gammaFit // within vendor, product group, destination and mode of transport: what a buyer knows of its own supplier
	vendor  gammaFit // within vendor and product group
	total   gammaFit // over all
}

func fitLeadTimes(d *deliveries) (leadTimeFits, error) {
	var promise []float64
	for _, x := range d.all {
		if x.promised > 0 {
			promise = append(promise, x.days/x.promised)
		}
	}
	var fits leadTimeFits
	for _, f := range []struct {
		fit    *gammaFit
		groups [][]float64
	}{
		{&fits.promise, [][]float64{promise}},
		{&fits.lane, grouped(d.all, func(x delivery) string { return x.vendor + "\x00" + x.group + "\x00" + x.lane })},
		{&fits.vendor, grouped(d.all, func(x delivery) string { return x.vendor + "\x00" + x.group })},
		{&fits.total, grouped(d.all, func(delivery) string { return "" })},
	} {
		var err error
		if *f.fit, err = fitGamma(f.groups); err != nil {
			return fits, err
		}
	}
	return fits, nil
}

// grouped returns the delays of each group, groups in the order of their first delivery.
func grouped(all []delivery, key func(delivery) string) [][]float64 {
	index := make(map[string]int)
	var groups [][]float64
	for _, x := range all {
		k := key(x)
		i, ok := index[k]
		if !ok {
			i = len(groups)
			index[k] = i
			groups = append(groups, nil)
		}
		groups[i] = append(groups[i], x.days)
	}
	return groups
}

// onTheDay counts the shipments that arrived exactly as scheduled.
func (d *deliveries) onTheDay() int {
	n := 0
	for _, x := range d.all {
		if x.days == x.promised {
			n++
		}
	}
	return n
}
