package round

import (
	"fmt"
	"math"
	"path/filepath"
	"regexp"
	"slices"

	"github.com/restock-engine/restock/forecast"
)

// news is what a file of a week's sales says.
type news struct {
	file   string
	weeks  []int       // week numbers, consecutive
	demand [][]float64 // [item][week] units; NaN where a cell is empty
	notes  []string
	stocks []Stock // [item] at the end of the last week; nil if the file does not say
}

func (n *news) last() int { return n.weeks[len(n.weeks)-1] }

// at returns the items' demand of a week that the file has.
func (n *news) at(week int) []float64 {
	demand := make([]float64, len(n.demand))
	for i, d := range n.demand {
		demand[i] = d[week-n.weeks[0]]
	}
	return demand
}

var dayInName = regexp.MustCompile(`(?:^|\D)(\d{4}-\d{2}-\d{2})(?:\D|$)`)

// readNews reads a file of sales: one more week or the whole history again in columns named by dates, a single week in one
// column, or a state file with what was sold and missed. Where no column tells the week, it is that of the day, or of the date
// in the file's name.
func readNews(path, day string, r *Rules, t *Template) (*news, error) {
	s, err := readSheet(path, r.Keys)
	if err != nil {
		return nil, err
	}
	n := &news{file: path}
	columns, weeks, err := s.weekColumns()
	if err != nil {
		return nil, err
	}
	if len(columns) > 0 {
		n.weeks = weeks
		if week, given, err := namedWeek("", day); err != nil {
			return nil, err
		} else if given && week != n.last() {
			return nil, fmt.Errorf("%s ends with the week of %s, not with that of %s", path, weekName(n.last()), weekName(week))
		}
		n.demand, n.notes, err = s.values(t.sheet, columns)
		return n, err
	}
	week, given, err := namedWeek(filepath.Base(path), day)
	if err != nil {
		return nil, err
	}
	if !given {
		return nil, fmt.Errorf("%s does not say which week it is of: no column and no part of its name is a date such as "+
			"2024-04-15; name a day of it (--week)", path)
	}
	n.weeks = []int{week}
	if columns, err = soldColumns(s, r, t); err != nil {
		return nil, err
	}
	if n.demand, n.notes, err = s.values(t.sheet, columns); err != nil {
		return nil, err
	}
	if len(columns) == 2 {
		for i, d := range n.demand {
			if !math.IsNaN(d[1]) {
				d[0] += d[1]
			}
			n.demand[i] = d[:1]
		}
	}
	if s.column(r.StateColumns.OnHand) >= 0 {
		n.stocks, err = stocksOf(r, s, t)
	}
	return n, err
}

// namedWeek returns the week of a day, or of the date in a file's name.
func namedWeek(name, day string) (week int, given bool, err error) {
	if day == "" {
		m := dayInName.FindStringSubmatch(name)
		if m == nil {
			return 0, false, nil
		}
		day = m[1]
	}
	date, ok := parseDay(day)
	if !ok {
		return 0, false, fmt.Errorf("%q is not a date such as 2024-04-15", day)
	}
	return forecast.WeekNumber(date), true, nil
}

// soldColumns returns the column with what was sold in the one week of a file, and if there is one, that with what was missed.
func soldColumns(s *sheet, r *Rules, t *Template) ([]int, error) {
	if sold := s.column(r.StateColumns.Sales); sold >= 0 {
		if missed := s.column(r.StateColumns.Missed); missed >= 0 {
			return []int{sold, missed}, nil
		}
		return []int{sold}, nil
	}
	var others []int
	for place := range s.header {
		if !slices.Contains(s.keys, place) {
			others = append(others, place)
		}
	}
	if len(others) != 1 {
		return nil, fmt.Errorf("%s has no column named by a date, none called %q (state_columns in the rules), and not just one "+
			"beside the keys; it has %s",
			s.file, r.StateColumns.Sales, someOf(s.header))
	}
	return others, nil
}

// differs returns the first item whose demand differs between two weeks, -1 if none does. An empty cell is as good as none sold.
func differs(a, b []float64) int {
	for i := range a {
		if sold(a[i]) != sold(b[i]) {
			return i
		}
	}
	return -1
}

// sold is the demand that stock meets: what is not known is none.
func sold(demand float64) float64 {
	if math.IsNaN(demand) {
		return 0
	}
	return demand
}
