package main

import "math"

// returnLags is how many weeks after a sale its returns come.
type returnLags struct {
	weights []float64 // [lag-1], sum 1, three decimals
	matched int       // return lines behind the weights
	beyond  int       // matched, but later than the last lag
	unknown int       // no customer, or no earlier sale of that customer large enough
}

// fitReturnLags matches each return with the latest earlier sale of the same article to the same customer of at least that
// quantity. Every line counts once, whatever its quantity, lest a few pallets decide. A return in the week of its sale counts as one
// week, the shortest lag that restock knows. Returns of the first weeks are left out: their sales may lie before the data.
func fitReturnLags(lines []line, lags int) returnLags {
	type key struct{ code, customer string }
	sales := make(map[key][]*line)
	first := lines[0].at
	for i := range lines {
		l := &lines[i]
		if l.at.Before(first) {
			first = l.at
		}
		if l.quantity > 0 && l.customer != "" {
			k := key{l.code, l.customer}
			sales[k] = append(sales[k], l)
		}
	}
	from := monday(first).AddDate(0, 0, 7*(lags+1))
	fit := returnLags{weights: make([]float64, lags)}
	for i := range lines {
		r := &lines[i]
		if r.quantity > 0 || r.at.Before(from) {
			continue
		}
		var sold *line
		for _, s := range sales[key{r.code, r.customer}] {
			if !s.at.After(r.at) && s.quantity >= -r.quantity && (sold == nil || s.at.After(sold.at)) {
				sold = s
			}
		}
		if sold == nil {
			fit.unknown++
			continue
		}
		lag := max(1, int(monday(r.at).Sub(monday(sold.at))/week))
		if lag > lags {
			fit.beyond++
			continue
		}
		fit.matched++
		fit.weights[lag-1]++
	}
	rest := 1.0
	for i := len(fit.weights) - 1; i > 0; i-- {
		fit.weights[i] = decimals(fit.weights[i]/float64(fit.matched), 3)
		rest -= fit.weights[i]
	}
	fit.weights[0] = decimals(rest, 3)
	return fit
}

// returnRates are the return rates of merchants, each over all its articles, chosen or not.
func (a *assumptions) returnRates(all []*series) map[string]float64 {
	sold, back := make(map[string]float64), make(map[string]float64)
	for _, s := range all {
		m := a.merchantOf(s.description).ID
		sold[m] += sum(s.sales)
		back[m] += min(sum(s.returns), a.Returns.MaxRate*sum(s.sales))
	}
	rates := make(map[string]float64)
	for m, units := range sold {
		if units > 0 {
			rates[m] = back[m] / units
		}
	}
	return rates
}

// returnRate shrinks an article's own rate towards its merchant's, as if that many units had been sold before at the merchant's rate.
func (a *assumptions) returnRate(s *series, merchantRate float64) float64 {
	prior := a.Returns.PriorUnits
	rate := (sum(s.returns) + prior*merchantRate) / (sum(s.sales) + prior)
	return decimals(min(rate, a.Returns.MaxRate), 4)
}

// decimals rounds to n decimals, halves away from zero.
func decimals(x float64, n int) float64 {
	scale := math.Pow10(n)
	return math.Round(x*scale) / scale
}
