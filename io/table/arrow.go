package table

import (
	"errors"
	"fmt"
	"io"
	"slices"

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
	arrowipc.Empty:      {number, date, list, pairs}, // not text: without ids, which take room, a small file could claim any number of rows
	arrowipc.EmptyList:  {list, pairs},
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
		places[i] = slices.IndexFunc(f.fields, func(c arrowipc.Field) bool { return c.Name == w.name })
		b.columns = append(b.columns, newColumn(w.kind))
	}
	var columns []arrowipc.Column // of the current record batch, which can be large
	rows, from := 0, 0
	return func() (_ *batch, err error) {
		b.firstRow += int64(b.rows)
		b.rows = 0
		for from == rows && err == nil {
			rows, columns, err = f.reader.Next()
			from = 0
		}
		if errors.Is(err, io.EOF) {
			return nil, io.EOF
		}
		if err == nil {
			b.rows = min(rows-from, arrowBatch)
			err = fillArrow(b, from, f.fields, places, columns)
			from += b.rows
		}
		if err != nil {
			return nil, fmt.Errorf("%s: after row %d: %w", f.path, b.firstRow-1, err)
		}
		return b, nil
	}, nil
}

// arrowBatch is the number of rows in a batch.
const arrowBatch = 1024

// fillArrow converts b.rows rows of a record batch, the first being from. The library panics when values of a damaged file lie
// outside their buffers.
func fillArrow(b *batch, from int, fields []arrowipc.Field, places []int, columns []arrowipc.Column) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("the file is damaged: %v", r)
		}
	}()
	for k, c := range b.columns {
		c.reset()
		in, have := columns[places[k]], fields[places[k]].Kind
		for i := from; i < from+b.rows; i++ {
			switch {
			case in.Null(i):
				c.appendNull()
			case have == arrowipc.NumberList || have == arrowipc.PairList || have == arrowipc.EmptyList:
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
		c.closeList(listLong, start)
	case hole:
		c.closeList(listHole, start)
	default:
		c.closeList(listOK, start)
	}
}
