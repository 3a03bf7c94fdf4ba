package round

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/restock-engine/restock/forecast"
)

// sheet is a CSV file in memory: a header and rows of as many cells.
type sheet struct {
	file   string // for messages
	header []string
	rows   [][]string
	keys   []int // places of the key columns
	index  map[string]int
}

// maxFile is the largest file read, in bytes.
const maxFile = 256 << 20

// readSheet reads a CSV file whose rows are named by the key columns.
func readSheet(path string, keys []string) (*sheet, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("%s can't be read: %w", path, err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is no ordinary file", path)
	}
	if info.Size() > maxFile {
		return nil, fmt.Errorf("%s has %d bytes; a game's file may have %d at most", path, info.Size(), maxFile)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("%s can't be read: %w", path, err)
	}
	return parseSheet(path, data, keys)
}

// parseSheet reads a sheet from the bytes of a CSV file. Rows must be of one length and name each item once.
func parseSheet(file string, data []byte, keys []string) (*sheet, error) {
	r := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(data, []byte("\ufeff"))))
	r.FieldsPerRecord = -1
	s := &sheet{file: file, index: map[string]int{}}
	header, err := r.Read()
	if errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%s is empty; it must begin with a line of column names", file)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	for _, name := range header {
		name = strings.TrimSpace(name)
		if name != "" && slices.Contains(s.header, name) {
			return nil, fmt.Errorf("%s has the column %q twice", file, name)
		}
		s.header = append(s.header, name)
	}
	for _, k := range keys {
		place := slices.Index(s.header, k)
		if place < 0 {
			return nil, fmt.Errorf("%s has no column %q, one of the keys in the rules; it has %s", file, k, someOf(s.header))
		}
		s.keys = append(s.keys, place)
	}
	for {
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		if len(record) != len(s.header) {
			return nil, fmt.Errorf("%s: row %d has %d cells, the header has %d", file, len(s.rows)+1, len(record), len(s.header))
		}
		for i := range record {
			record[i] = strings.TrimSpace(record[i])
		}
		s.rows = append(s.rows, record)
		key := s.key(len(s.rows) - 1)
		if first, twice := s.index[key]; twice {
			return nil, fmt.Errorf("%s: rows %d and %d are both of %s", file, first+1, len(s.rows), s.name(first))
		}
		s.index[key] = len(s.rows) - 1
	}
	if len(s.rows) == 0 {
		return nil, fmt.Errorf("%s has no rows", file)
	}
	return s, nil
}

// keySeparator joins the parts of a key; no CSV cell of a sane file has it.
const keySeparator = "\x1f"

// key returns the joined key of a row.
func (s *sheet) key(row int) string {
	parts := make([]string, len(s.keys))
	for i, place := range s.keys {
		parts[i] = s.rows[row][place]
	}
	return strings.Join(parts, keySeparator)
}

// name returns the key of a row for messages: Store 3, Product 126.
func (s *sheet) name(row int) string {
	parts := make([]string, len(s.keys))
	for i, place := range s.keys {
		parts[i] = s.header[place] + " " + s.rows[row][place]
	}
	return strings.Join(parts, ", ")
}

// match returns for each row of the items' sheet the row of s with the same key.
func (s *sheet) match(items *sheet) ([]int, error) {
	rows := make([]int, len(items.rows))
	missing := 0
	var first string
	for i := range items.rows {
		row, ok := s.index[items.key(i)]
		if !ok {
			if missing == 0 {
				first = items.name(i)
			}
			missing++
		}
		rows[i] = row
	}
	if missing > 0 {
		return nil, fmt.Errorf("%s lacks %d of the %d items of %s, the first is %s", s.file, missing, len(items.rows),
			items.file, first)
	}
	return rows, nil
}

// number returns a cell as a finite number; NaN if it is empty.
func (s *sheet) number(row, column int) (float64, error) {
	text := s.rows[row][column]
	if text == "" || strings.EqualFold(text, "nan") {
		return math.NaN(), nil
	}
	x, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsInf(x, 0) {
		return 0, fmt.Errorf("%s: row %d (%s), column %q: %q is not a number", s.file, row+1, s.name(row), s.header[column], text)
	}
	return x, nil
}

// quantity returns a cell as a number of units, 0 or more; 0 if it is empty.
func (s *sheet) quantity(row, column int) (float64, error) {
	x, err := s.number(row, column)
	if err != nil || math.IsNaN(x) {
		return 0, err
	}
	if x < 0 || x > maxUnits {
		return 0, fmt.Errorf("%s: row %d (%s), column %q: %v units are not between 0 and %g", s.file, row+1, s.name(row),
			s.header[column], x, float64(maxUnits))
	}
	return x, nil
}

// maxUnits is the largest quantity taken for meant.
const maxUnits = 1e9

// weekColumns returns the columns whose names are dates, by rising week.
func (s *sheet) weekColumns() (columns, weeks []int, err error) {
	for c, name := range s.header {
		day, ok := parseDay(name)
		if !ok {
			continue
		}
		columns = append(columns, c)
		weeks = append(weeks, forecast.WeekNumber(day))
	}
	order := make([]int, len(columns))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return weeks[a] - weeks[b] })
	sortedColumns, sortedWeeks := make([]int, len(columns)), make([]int, len(columns))
	for i, o := range order {
		sortedColumns[i], sortedWeeks[i] = columns[o], weeks[o]
		if i == 0 {
			continue
		}
		switch gap := sortedWeeks[i] - sortedWeeks[i-1]; {
		case gap == 0:
			return nil, nil, fmt.Errorf("%s: the columns %q and %q are days of one week", s.file, s.header[sortedColumns[i-1]],
				s.header[sortedColumns[i]])
		case gap > 1:
			return nil, nil, fmt.Errorf("%s: the week of %s is missing between the columns %q and %q", s.file,
				weekName(sortedWeeks[i-1]+1), s.header[sortedColumns[i-1]], s.header[sortedColumns[i]])
		}
	}
	return sortedColumns, sortedWeeks, nil
}

// parseDay reads a date as it stands in a column's name: 2024-04-08, also with a time behind it.
func parseDay(text string) (time.Time, bool) {
	if len(text) > len(time.DateOnly) && (text[len(time.DateOnly)] == ' ' || text[len(time.DateOnly)] == 'T') {
		text = text[:len(time.DateOnly)]
	}
	day, err := time.Parse(time.DateOnly, text)
	if err != nil || day.Year() < 1970 || day.Year() > 2169 {
		return time.Time{}, false
	}
	return day, true
}

// weekName returns a week for messages and files: the date of its Monday.
func weekName(week int) string { return forecast.WeekStart(week).Format(time.DateOnly) }

// someOf lists names for a message, the first few if there are many.
func someOf(names []string) string {
	const most = 8
	if len(names) > most {
		return strings.Join(names[:most], ", ") + fmt.Sprintf(" and %d more", len(names)-most)
	}
	return strings.Join(names, ", ")
}

// column returns the place of a column, -1 if there is none of that name.
func (s *sheet) column(name string) int { return slices.Index(s.header, name) }

// values returns the items' quantities in the given columns, [item][column]; NaN where a cell is empty, 0 where it is negative, with a note
// of how many are.
func (s *sheet) values(items *sheet, columns []int) (values [][]float64, notes []string, err error) {
	rows, err := s.match(items)
	if err != nil {
		return nil, nil, err
	}
	negative := 0
	values = make([][]float64, len(rows))
	for i, row := range rows {
		values[i] = make([]float64, len(columns))
		for k, c := range columns {
			if values[i][k], err = s.number(row, c); err != nil {
				return nil, nil, err
			}
			if x := values[i][k]; x > maxUnits {
				return nil, nil, fmt.Errorf("%s: row %d (%s), column %q: %v units are absurd", s.file, row+1, s.name(row),
					s.header[c], x)
			} else if x < 0 {
				values[i][k] = 0
				negative++
			}
		}
	}
	if negative > 0 {
		notes = append(notes, fmt.Sprintf("%s: negative sales count as none, as if more came back than was sold (cells: %d)", s.file, negative))
	}
	return values, notes, nil
}

// flag returns a cell as true or false; an empty cell is true, since it says nothing of a stock-out.
func (s *sheet) flag(row, column int) (bool, error) {
	text := s.rows[row][column]
	switch strings.ToLower(text) {
	case "", "nan", "true", "t", "yes", "y", "1", "1.0":
		return true, nil
	case "false", "f", "no", "n", "0", "0.0":
		return false, nil
	}
	return false, fmt.Errorf("%s: row %d (%s), column %q: %q is neither true nor false", s.file, row+1, s.name(row),
		s.header[column], text)
}
