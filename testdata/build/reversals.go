package main

import (
	"cmp"
	"math"
	"slices"
	"time"
)

// reversals counts the pairs that dropReversals took out.
type reversals struct {
	sameCustomer, sameCustomerUnits int
	anyCustomer, anyCustomerUnits   int
}

// dropReversals removes booking mistakes: a return and a sale of the same article and quantity by the same known customer within some
// hours of each other, or from anyUnits units on by whatever customer. A return so soon after the sale is an order that was cancelled before
// it left (80,995 paper birds, 12 minutes); one so soon before a sale is an invoice that was written anew, and the original sale, often
// weeks earlier, stands. Every line is used once; the nearest sale in time wins, then the earlier one.
func dropReversals(lines []line, hours float64, anyUnits int) ([]line, reversals) {
	window := time.Duration(hours * float64(time.Hour))
	var count reversals
	dropped := make([]bool, len(lines))
	match := func(customerMatters bool, minUnits int, pairs, units *int) {
		type key struct {
			code, customer string
			quantity       int
		}
		keyOf := func(l *line) key {
			k := key{code: l.code, quantity: max(l.quantity, -l.quantity)}
			if customerMatters {
				k.customer = l.customer
			}
			return k
		}
		sales := make(map[key][]int)
		var returns []int
		for i := range lines {
			l := &lines[i]
			switch {
			case dropped[i] || customerMatters && l.customer == "" || max(l.quantity, -l.quantity) < minUnits:
			case l.quantity > 0:
				sales[keyOf(l)] = append(sales[keyOf(l)], i)
			default:
				returns = append(returns, i)
			}
		}
		slices.SortStableFunc(returns, func(i, j int) int { return lines[i].at.Compare(lines[j].at) })
		for _, r := range returns {
			best, gap := -1, time.Duration(math.MaxInt64)
			candidates := sales[keyOf(&lines[r])]
			slices.SortStableFunc(candidates, func(i, j int) int { return cmp.Or(lines[i].at.Compare(lines[j].at), cmp.Compare(i, j)) })
			for _, s := range candidates {
				if d := lines[r].at.Sub(lines[s].at).Abs(); !dropped[s] && d <= window && d < gap {
					best, gap = s, d
				}
			}
			if best >= 0 {
				dropped[r], dropped[best] = true, true
				*pairs++
				*units += lines[best].quantity
			}
		}
	}
	match(true, 1, &count.sameCustomer, &count.sameCustomerUnits)
	match(false, anyUnits, &count.anyCustomer, &count.anyCustomerUnits)
	var kept []line
	for i, l := range lines {
		if !dropped[i] {
			kept = append(kept, l)
		}
	}
	return kept, count
}
