package table

import (
	"errors"
	"io"
)

// rowsOf is a source of rows of one type, in the order of the files. number is the SKU's, notFound for rows to be passed over.
type rowsOf[R any] struct {
	next   func(row *R) (number int32, err error) // io.EOF after the last one
	encode func(w *recordWriter, row *R)
	decode func(r *recordReader, row *R)
	close  func() error
}

// grouped hands out a table's rows by rising number. If they already stand so in the files they are streamed, otherwise they are
// spilled first.
type grouped[R any] struct {
	rows    rowsOf[R]
	spill   *spill // nil: streamed
	current R
	number  int32
	ended   bool
}

// rowBytes is about how large a spilled row is, to choose the number of partitions; a wrong guess costs memory, not correctness.
const rowBytes = 256

// groupRows prepares the rows; sorted tells that they stand by rising number, count how many there are, numbers the bound of the number.
func groupRows[R any](rows rowsOf[R], sorted bool, count int64, numbers int32, tempDir string) (g *grouped[R], err error) {
	g = &grouped[R]{rows: rows}
	if !sorted {
		if g.spill, err = newSpill(tempDir, count*rowBytes, numbers); err != nil {
			return nil, err
		}
		if err := g.fill(); err != nil {
			return nil, errors.Join(err, g.close())
		}
	}
	if err := g.advance(); err != nil {
		return nil, errors.Join(err, g.close())
	}
	return g, nil
}

func (g *grouped[R]) fill() error {
	var row R
	var w recordWriter
	for {
		n, err := g.rows.next(&row)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if n == notFound {
			continue
		}
		w.data = w.data[:0]
		g.rows.encode(&w, &row)
		if err := g.spill.add(record{n, w.data}); err != nil {
			return err
		}
	}
}

// advance moves to the next row that has a number.
func (g *grouped[R]) advance() error {
	for {
		var err error
		if g.spill == nil {
			g.number, err = g.rows.next(&g.current)
		} else {
			var r record
			if r, err = g.spill.next(); err == nil {
				g.number = r.number
				g.rows.decode(&recordReader{r.data}, &g.current)
			}
		}
		if errors.Is(err, io.EOF) {
			g.ended = true
			return nil
		}
		if err != nil || g.number != notFound {
			return err
		}
	}
}

// each calls visit with every row of a number, and passes over rows with smaller numbers. Ask for rising numbers.
func (g *grouped[R]) each(number int32, visit func(row *R)) error {
	for !g.ended && g.number <= number {
		if g.number == number {
			visit(&g.current)
		}
		if err := g.advance(); err != nil {
			return err
		}
	}
	return nil
}

func (g *grouped[R]) close() error {
	err := g.rows.close()
	if g.spill != nil {
		err = errors.Join(err, g.spill.close())
	}
	return err
}
