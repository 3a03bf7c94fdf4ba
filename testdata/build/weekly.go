package main

import (
	"slices"
	"time"
)

const week = 7 * 24 * time.Hour

// monday is the start of a moment's week.
func monday(t time.Time) time.Time {
	day := t.Truncate(24 * time.Hour)
	return day.AddDate(0, 0, -(int(day.Weekday())+6)%7)
}

// lastCompleteWeek is the last week that the data covers to its Sunday, given the moment of the last line.
func lastCompleteWeek(last time.Time) time.Time {
	if last.Weekday() == time.Sunday {
		return monday(last)
	}
	return monday(last).Add(-week)
}

// series is an article's weeks, from the week of its first sale to the last complete week of the data.
type series struct {
	code        string
	description string
	start       time.Time // Monday
	sales       []float64 // [week] units
	returns     []float64 // [week] units, by the week they came back
	revenue     []float64 // [week]
	lastSale    int       // index of the last week with a sale
}

// weekly counts what happened on the way from lines to series.
type weekly struct {
	incomplete     int // lines after the last complete week
	early          int // returns before their article's first sale
	units, returns float64
}

// sumWeeks adds lines up to one series per article, sorted by code. Lines after the week that starts at end are left out.
func sumWeeks(lines []line, end time.Time) ([]*series, weekly) {
	var count weekly
	first := make(map[string]time.Time)
	for _, l := range lines {
		if at := monday(l.at); l.quantity > 0 && !at.After(end) {
			if known, ok := first[l.code]; !ok || at.Before(known) {
				first[l.code] = at
			}
		}
	}
	byCode := make(map[string]*series)
	names := make(map[string]map[string]int)
	for _, l := range lines {
		at := monday(l.at)
		if at.After(end) {
			count.incomplete++
			continue
		}
		start, sold := first[l.code]
		if !sold || at.Before(start) {
			count.early++
			continue
		}
		s := byCode[l.code]
		if s == nil {
			n := int(end.Sub(start)/week) + 1
			s = &series{code: l.code, start: start, sales: make([]float64, n), returns: make([]float64, n), revenue: make([]float64, n)}
			byCode[l.code], names[l.code] = s, make(map[string]int)
		}
		i := int(at.Sub(start) / week)
		if l.quantity < 0 {
			s.returns[i] -= float64(l.quantity)
			count.returns -= float64(l.quantity)
			continue
		}
		s.sales[i] += float64(l.quantity)
		s.revenue[i] += float64(l.quantity) * l.price
		s.lastSale = max(s.lastSale, i)
		count.units += float64(l.quantity)
		names[l.code][l.description]++
	}
	all := make([]*series, 0, len(byCode))
	for code, s := range byCode {
		s.description = mostFrequent(names[code])
		all = append(all, s)
	}
	slices.SortFunc(all, func(a, b *series) int {
		if a.code < b.code {
			return -1
		}
		return 1
	})
	return all, count
}

// mostFrequent is the most frequent text that is not empty, the alphabetically first of several.
func mostFrequent(counts map[string]int) string {
	best := ""
	for text, n := range counts {
		if text != "" && (best == "" || n > counts[best] || n == counts[best] && text < best) {
			best = text
		}
	}
	return best
}

// sellingWeeks is the number of weeks with sales.
func (s *series) sellingWeeks() int {
	n := 0
	for _, x := range s.sales {
		if x > 0 {
			n++
		}
	}
	return n
}

// idleWeeks is the number of complete weeks since the last sale.
func (s *series) idleWeeks() int { return len(s.sales) - 1 - s.lastSale }

// lifeRate is the mean weekly sales from the first sale to the last.
func (s *series) lifeRate() float64 { return mean(s.sales[:s.lastSale+1]) }

// recentRate is the mean weekly sales of the last n weeks, or of all weeks if there are fewer.
func (s *series) recentRate(n int) float64 { return mean(s.sales[max(0, len(s.sales)-n):]) }

// recentPrice is the mean price of the units sold in the n weeks up to the last sale.
func (s *series) recentPrice(n int) float64 {
	from := max(0, s.lastSale+1-n)
	return sum(s.revenue[from:s.lastSale+1]) / sum(s.sales[from:s.lastSale+1])
}

func sum(values []float64) float64 {
	total := 0.0
	for _, v := range values {
		total += v
	}
	return total
}

func mean(values []float64) float64 { return sum(values) / float64(len(values)) }
