package table

import (
	"errors"
	"fmt"
	"io"
	"math"
)

// rowReader goes through the rows of all files of a table.
type rowReader struct {
	set    *fileSet
	owned  bool // close the set with the reader
	bind   func(f file, name string) (wants []want, places []int, err error)
	places []int // of the current file

	upcoming int // file to open next
	name     string
	file     file
	batch    func() (*batch, error)
	rows     *batch
	row, end int // in rows: the current one, and where to stop
}

func newRowReader(set *fileSet, owned bool, bind func(file, string) ([]want, []int, error)) *rowReader {
	return &rowReader{set: set, owned: owned, bind: bind}
}

// next returns the batch and the row in it; io.EOF after the last row of the last file.
func (r *rowReader) next() (*batch, int, error) {
	for {
		if r.rows != nil && r.row+1 < r.end {
			r.row++
			return r.rows, r.row, nil
		}
		r.rows = nil
		if r.batch != nil {
			b, err := r.batch()
			if err == nil && r.enter(b) {
				continue
			}
			if err == nil {
				err = io.EOF
			}
			r.batch = nil
			if err != io.EOF { // a wrapped one is an error of the file
				return nil, 0, notTheEnd(r.set.blame(err))
			}
			if err := r.file.close(); err != nil {
				return nil, 0, fmt.Errorf("%s: %w", r.name, err)
			}
			r.file = nil
		}
		if r.upcoming == len(r.set.paths) {
			return nil, 0, io.EOF
		}
		if err := r.open(); err != nil {
			return nil, 0, notTheEnd(err)
		}
	}
}

// notTheEnd keeps an error that a file ends too early from being taken for the end of the table, behind which rows would be missing.
func notTheEnd(err error) error {
	if errors.Is(err, io.EOF) {
		return errors.New(err.Error())
	}
	return err
}

func (r *rowReader) open() error {
	path := r.set.paths[r.upcoming]
	r.name = r.set.name(path)
	r.upcoming++
	f, err := r.set.open(path)
	if err != nil {
		return err
	}
	r.file = f
	wants, places, err := r.bind(f, r.name)
	if err != nil {
		return err
	}
	r.places = places
	if p, ok := f.(*parquetFile); ok && r.set.windows != nil {
		r.batch, err = p.readFrom(wants, r.window().From)
	} else {
		r.batch, err = f.read(wants)
	}
	return r.set.blame(err)
}

// window returns the rows of the open file that are to be read.
func (r *rowReader) window() Window {
	if r.set.windows == nil {
		return Window{To: math.MaxInt64}
	}
	return r.set.windows[r.upcoming-1]
}

// enter moves to a batch; false tells that it lies behind the window.
func (r *rowReader) enter(b *batch) bool {
	w := r.window()
	before := b.firstRow - 1
	if before >= w.To {
		return false
	}
	r.rows = b
	r.row = int(min(max(w.From-before, 0), int64(b.rows))) - 1
	r.end = int(min(w.To-before, int64(b.rows)))
	return true
}

// source says where the current row stands.
func (r *rowReader) source() Source { return Source{r.name, r.rows.firstRow + int64(r.row)} }

// encodeSource notes where the current row stands.
func (r *rowReader) encodeSource(w *recordWriter) {
	w.int(int64(r.upcoming - 1))
	w.int(r.source().Row)
}

func (r *rowReader) decodeSource(from *recordReader) Source {
	file := r.set.paths[from.int()]
	return Source{r.set.name(file), from.int()}
}

func (r *rowReader) close() error {
	var err error
	if r.file != nil {
		err = r.file.close()
		r.file = nil
	}
	if r.owned {
		err = errors.Join(err, r.set.close())
	}
	return err
}
