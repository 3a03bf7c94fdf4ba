package round

import (
	"math"
	"time"

	"github.com/restock-engine/restock/forecast"
)

// Benchmark is the policy that the organisers of VN2 published to be beaten: each item's mean of the last 13 weeks of
// deseasonalised sales in stock, times the season, and orders up to the forecast of the next 4 weeks. The season of an ISO week
// is the mean of all items' sales in stock in the weeks of that number, over the mean of all such weeks.
type Benchmark struct {
	AverageWeeks int // 13
	CoverWeeks   int // 4
}

// Orders returns each item's order after the last week of the history. sales is [item][week], NaN where out of stock; firstWeek
// is the week number of index 0.
func (b Benchmark) Orders(sales [][]float64, firstWeek int, stocks []Stock) []float64 {
	season := isoSeason(sales, firstWeek)
	orders := make([]float64, len(sales))
	for i, s := range sales {
		level, n := 0.0, 0
		for t := max(len(s)-b.AverageWeeks, 0); t < len(s); t++ {
			if index := season[isoWeek(firstWeek+t)]; !math.IsNaN(s[t]) && index > 0 {
				level += s[t] / index
				n++
			}
		}
		if n > 0 {
			level /= float64(n)
		}
		target := 0.0
		for h := range b.CoverWeeks {
			target += level * season[isoWeek(firstWeek+len(s)+h)]
		}
		position := stocks[i].OnHand
		for _, q := range stocks[i].InTransit {
			position += q
		}
		orders[i] = math.RoundToEven(max(target-position, 0))
	}
	return orders
}

// isoSeason returns the seasonal index of the ISO weeks 1..53; 1 for weeks that the history does not have.
func isoSeason(sales [][]float64, firstWeek int) (season [54]float64) {
	var sum, n [54]float64
	for t := range sales[0] {
		total, known := 0.0, 0.0
		for _, s := range sales {
			if !math.IsNaN(s[t]) {
				total += s[t]
				known++
			}
		}
		if known > 0 {
			w := isoWeek(firstWeek + t)
			sum[w] += total / known
			n[w]++
		}
	}
	mean, weeks := 0.0, 0.0
	for w := range season {
		season[w] = 1
		if n[w] > 0 {
			season[w] = sum[w] / n[w]
			mean += season[w]
			weeks++
		}
	}
	for w := range season {
		if n[w] > 0 && mean > 0 {
			season[w] *= weeks / mean
		}
	}
	return season
}

func isoWeek(week int) int {
	_, w := forecast.WeekStart(week).Add(12 * time.Hour).ISOWeek()
	return w
}
