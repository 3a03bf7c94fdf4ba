package table

import (
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/restock-engine/restock/forecast"
)

// forecastRow is one row of a forecast: a SKU's quantiles for one week, or what is wrong with them.
type forecastRow struct {
	source Source
	key    Key
	week   int
	values []float32 // [level]; the reader's, valid until the next row
	fault  *fault
}

// forecastReader reads forecast rows from all files of a forecast.
type forecastReader struct {
	rows     *rowReader
	options  ForecastOptions
	keysOnly bool
	layout   *layout   // of the current file
	levels   []float64 // of all files
	first    int32     // day that week 0 begins with, for files with dates
	values   []float32
}

// newForecastReader reads a forecast whose week 0 begins on the day first. With keysOnly it reads keys alone.
func newForecastReader(set *fileSet, o ForecastOptions, first int32, keysOnly bool) *forecastReader {
	r := &forecastReader{options: o, first: first, keysOnly: keysOnly}
	if r.options.Separator == "" {
		r.options.Separator = "/"
	}
	r.rows = newRowReader(set, false, r.bind)
	return r
}

func (r *forecastReader) bind(f file, name string) ([]want, []int, error) {
	l, err := recognise(f, name, r.options)
	if err != nil {
		return nil, nil, err
	}
	if r.levels == nil {
		r.levels = l.levels
	} else if !slices.Equal(r.levels, l.levels) {
		return nil, nil, fmt.Errorf("%s: its quantile levels %v differ from those of the files before it, %v; a forecast has one list of levels",
			name, l.levels, r.levels)
	}
	l.levels = r.levels
	r.layout = l
	wants := l.wants
	if r.keysOnly {
		wants = wants[:l.weekAt]
	}
	return wants, nil, nil
}

// next returns the next row; io.EOF after the last one.
func (r *forecastReader) next(row *forecastRow) error {
	b, i, err := r.rows.next()
	if err != nil {
		return err
	}
	*row = forecastRow{source: r.rows.source()}
	if bad, ok := b.bad[i]; ok {
		row.fault = &fault{"", bad.value, bad.reason}
		return nil
	}
	if row.fault = r.key(b, i, &row.key); row.fault != nil || r.keysOnly {
		return nil
	}
	if row.week, row.fault = r.week(b, i); row.fault != nil {
		return nil // as week 0: it could be any, so that no week can be used
	}
	row.fault = r.quantiles(b, i)
	row.values = r.values
	return nil
}

func (r *forecastReader) key(b *batch, i int, key *Key) (f *fault) {
	l := r.layout
	name := l.wants[0].name
	if !l.oneKey {
		*key, f = pairAt(b, i, name, l.wants[1].name)
		return f
	}
	id, f := keyAt(b.columns[0], name, i)
	if f != nil {
		return f
	}
	merchant, article, ok := strings.Cut(id, r.options.Separator)
	if !ok || merchant == "" || article == "" {
		return &fault{name, id, fmt.Sprintf("is not merchant%sarticle; another separator can be set with --separator", r.options.Separator)}
	}
	*key = Key{merchant, article}
	return nil
}

// week returns the row's week, counted from week 0, which may be negative.
func (r *forecastReader) week(b *batch, i int) (int, *fault) {
	c, name := b.columns[r.layout.weekAt], r.layout.wants[r.layout.weekAt].name
	if f := cellFault(c, name, i); f != nil {
		return 0, f
	}
	if c.null[i] {
		return 0, &fault{name, "", "is missing"}
	}
	if r.layout.dates {
		return floorDiv(int(c.day[i])-int(r.first), 7), nil
	}
	v := c.number[i]
	if v != math.Trunc(v) || math.Abs(v) > 1e6 {
		return 0, &fault{name, strconv.FormatFloat(v, 'g', -1, 64), "is not a week number"}
	}
	return int(v), nil
}

func floorDiv[T int | int64](a, b T) T {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// quantiles reads the row's quantiles into r.values.
func (r *forecastReader) quantiles(b *batch, i int) *fault {
	l := r.layout
	n := len(l.levels)
	r.values = slices.Grow(r.values[:0], n)[:n]
	if l.order == nil {
		return r.listed(b.columns[l.values], l.wants[l.values].name, i)
	}
	for k, j := range l.order {
		name := l.wants[l.values+j].name
		v, set, f := numberAt(b.columns[l.values+j], name, i)
		if f == nil && !set {
			f = &fault{name, "", "is missing"}
		}
		if f != nil {
			return f
		}
		r.values[k] = float32(v)
	}
	return absurd(r.values)
}

// listed reads quantiles from a list, or takes them from a list of samples.
func (r *forecastReader) listed(c *column, name string, i int) *fault {
	if f := cellFault(c, name, i); f != nil {
		return f
	}
	if c.null[i] {
		return &fault{name, "", "is missing"}
	}
	values := c.values[c.offset[i]:c.offset[i+1]]
	for _, v := range values {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return &fault{name, strconv.FormatFloat(v, 'g', -1, 64), "is not a finite number"}
		}
	}
	switch {
	case r.layout.samples && len(values) == 0:
		return &fault{name, "", "has no samples"}
	case r.layout.samples:
		if err := forecast.SampleQuantiles(values, r.layout.levels, r.values); err != nil {
			return &fault{name, "", err.Error()}
		}
	case len(values) != len(r.values):
		return &fault{name, "", fmt.Sprintf("has %d quantiles, but the file has %d levels", len(values), len(r.values))}
	default:
		for k, v := range values {
			r.values[k] = float32(v)
		}
	}
	return absurd(r.values)
}

// maxDemand is the largest weekly demand that is taken for a number and not for a mistake, in units.
const maxDemand = 1e12

func absurd(values []float32) *fault {
	for _, v := range values {
		if v > maxDemand || v < -maxDemand { // a model's low quantiles may lie a little below 0
			return &fault{"", strconv.FormatFloat(float64(v), 'g', -1, 32), "is beyond what a week's demand can be"}
		}
	}
	return nil
}

func (r *forecastReader) close() error { return r.rows.close() }

// firstDay returns the day on which week 0 begins: the Monday of asOf's week, or, if asOf is zero and the forecast has dates, of
// the as_of in the file's metadata, or else of its earliest date. guessed tells that nothing but the dates said so.
func firstDay(set *fileSet, o ForecastOptions, asOf time.Time) (first int32, guessed bool, err error) {
	if !asOf.IsZero() {
		return monday(asDay(asOf)), false, nil
	}
	dates := false
	for _, path := range set.paths {
		f, err := set.open(path)
		if err != nil {
			return 0, false, err
		}
		l, err := recognise(f, set.name(path), o)
		if err == nil && l.dates {
			dates = true
		}
		if text, ok := f.metadata("as_of"); ok {
			if t, err := time.Parse(time.DateOnly, text); err == nil {
				f.close()
				return monday(asDay(t)), false, nil
			}
		}
		f.close()
		if err != nil {
			return 0, false, err
		}
	}
	if !dates {
		return 0, false, nil
	}
	first, err = earliestDay(set, o)
	return monday(first), true, err
}

// earliestDay returns the first date in the files that have dates; 0 if there is none at all. Dates before 1970 are mistakes, one of
// which must not put week 0 centuries before all others.
func earliestDay(set *fileSet, o ForecastOptions) (int32, error) {
	dates := false
	r := newRowReader(set, false, func(f file, name string) ([]want, []int, error) {
		l, err := recognise(f, name, o)
		if err != nil {
			return nil, nil, err
		}
		dates = l.dates
		return l.wants[l.weekAt : l.weekAt+1], nil, nil
	})
	defer r.close()
	earliest, found := int32(math.MaxInt32), false
	for {
		b, i, err := r.next()
		switch {
		case errors.Is(err, io.EOF) && found:
			return earliest, nil
		case errors.Is(err, io.EOF):
			return 0, nil
		case err != nil:
			return 0, err
		case dates && !b.columns[0].null[i] && b.columns[0].day[i] >= 0:
			earliest, found = min(earliest, b.columns[0].day[i]), true
		}
	}
}

// monday returns the Monday on or before a day; 1970-01-01 was a Thursday.
func monday(day int32) int32 { return int32(floorDiv(int(day)+3, 7)*7 - 3) }
