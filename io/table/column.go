package table

import "time"

// kind is what a column holds.
type kind int

const (
	text   kind = iota // UTF-8 strings; whole numbers and dictionary-encoded strings are taken as their text
	number             // float64; whole numbers, decimals and booleans (0, 1) included
	date               // days; a timestamp counts as its day in UTC, text is read as 2006-01-02 with an optional time behind it
	list               // of float64
	pairs              // of (week, quantity), flattened: week, quantity, week, quantity …
)

// column is one column of a batch of rows. Which of the slices is filled follows from its kind; slices belong to the reader and
// are valid until its next batch.
type column struct {
	kind   kind
	null   []bool    // [row]
	text   []string  // [row] of text
	number []float64 // [row] of number
	day    []int32   // [row] of date: days since 1970-01-01
	offset []int32   // [row+1] of list and pairs: row r's values are values[offset[r]:offset[r+1]]
	values []float64

	// bad holds the cells that could not be read as the column's kind: row in the batch → the cell as text, and why. Such cells are null.
	bad map[int]badCell

	sound string // the id that was found usable last: rows of a SKU mostly stand together
}

type badCell struct{ value, reason string }

// batch is some consecutive rows of a file, as columns in the order in which they were asked for; nil where the file has no such column.
type batch struct {
	rows     int
	firstRow int64 // number of the first row in its file, 1 for the first row of data
	columns  []*column
	bad      map[int]badCell // rows that could not be read at all (a CSV line with too few fields): their cells are null
}

// fileColumn is a column that a file has.
type fileColumn struct {
	name  string
	typ   string // the file's own name of the type, for messages
	kinds []kind // what it can be read as
}

// want asks for a column of a file.
type want struct {
	name string
	kind kind
}

// file is an open file of any format. All panics of libraries are turned into errors by the implementations.
type file interface {
	// columns returns the columns that the file has.
	columns() []fileColumn
	// metadata returns the value of a key of the file's own metadata.
	metadata(key string) (string, bool)
	// read starts reading the named columns from the first row, batch by batch: next returns io.EOF after the last one. The
	// caller has made sure that the columns exist and can be read as asked. Errors name the file and the row where known.
	read(wants []want) (next func() (*batch, error), err error)
	close() error
}

// asDay converts a time to days since 1970-01-01, in UTC.
func asDay(t time.Time) int32 {
	s := t.Unix()
	d := s / 86400
	if s%86400 < 0 {
		d--
	}
	return int32(d)
}
