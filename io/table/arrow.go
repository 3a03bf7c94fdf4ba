package table

import (
	"errors"
	"fmt"
	"io"

	"github.com/restock-engine/restock/io/arrowipc"
)

// arrowFile is an Arrow IPC file or stream. The first reader is used for the first read; later ones open the file again.
type arrowFile struct {
	path   string
	first  *arrowipc.Reader
	fields []arrowipc.Field
	reader *arrowipc.Reader
}

func openArrow(path string) (file, error) {
	r, err := arrowipc.Open(path)
	if err != nil {
		return nil, fmt.Errorf("%s is not an Arrow IPC file or stream, or damaged or cut off: %w", path, err)
	}
	return &arrowFile{path: path, first: r, fields: r.Fields(), reader: r}, nil
}

// arrowKinds are what columns can be read as.
var arrowKinds = map[arrowipc.Kind][]kind{
	arrowipc.Text:       {text, date, list, pairs},
	arrowipc.Integer:    {number, text},
	arrowipc.Number:     {number},
	arrowipc.Date:       {date},
	arrowipc.NumberList: {list},
	arrowipc.PairList:   {pairs},
}

func (f *arrowFile) columns() []fileColumn {
	columns := make([]fileColumn, len(f.fields))
	for i, c := range f.fields {
		columns[i] = fileColumn{c.Name, c.Type, arrowKinds[c.Kind]}
	}
	return columns
}

func (f *arrowFile) metadata(key string) (string, bool) { return f.reader.Metadata(key) }

func (f *arrowFile) close() error { return f.reader.Close() }

func (f *arrowFile) read(wants []want) (func() (*batch, error), error) {
	if f.first == nil {
		r, err := arrowipc.Open(f.path)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.path, err)
		}
		if err := f.reader.Close(); err != nil {
			return nil, errors.Join(err, r.Close())
		}
		f.reader = r
	}
	f.first = nil
	b := &batch{firstRow: 1}
	places := make([]int, len(wants))
	for i, w := range wants {
		for j, c := range f.fields {
			if c.Name == w.name {
				places[i] = j
			}
		}
		b.columns = append(b.columns, newColumn(w.kind))
	}
	return func() (*batch, error) {
		b.firstRow += int64(b.rows)
		rows, columns, err := f.reader.Next()
		if errors.Is(err, io.EOF) {
			return nil, io.EOF
		}
		if err == nil {
			b.rows = rows
			err = fillArrow(b, f.fields, places, columns)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: after row %d: %w", f.path, b.firstRow-1, err)
		}
		return b, nil
	}, nil
}

// fillArrow converts a record batch. The library panics when values of a damaged file lie outside their buffers.
func fillArrow(b *batch, fields []arrowipc.Field, places []int, columns []arrowipc.Column) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("the file is damaged: %v", r)
		}
	}()
	for k, c := range b.columns {
		c.reset()
		in, have := columns[places[k]], fields[places[k]].Kind
		for i := range b.rows {
			switch {
			case in.Null(i):
				c.appendNull()
			case have == arrowipc.NumberList || have == arrowipc.PairList:
				appendArrowList(c, in, i)
			case have == arrowipc.Date:
				c.appendDay(in.Day(i))
			case c.kind == number:
				c.appendNumber(in.Number(i))
			case c.kind == text:
				c.appendText(in.Text(i))
			default:
				c.appendCell(in.Text(i))
			}
		}
	}
	return nil
}

func appendArrowList(c *column, in arrowipc.Column, i int) {
	start := len(c.values)
	values, hole, long := in.List(i, c.values, maxList)
	c.values = values
	switch {
	case long:
		c.appendBad("", fmt.Sprintf("has more than %d values", maxList))
	case hole:
		c.values = c.values[:start]
		c.appendBad("", "has a null among its values")
	default:
		c.endList()
	}
}
