package table

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/parquet-go/parquet-go"
)

// parquetFile is a Parquet file. It is read column by column with repetition and definition levels: the library's reader of Go
// structs takes a misnamed column for zeros, and null for 0.
type parquetFile struct {
	path   string
	raw    *os.File
	size   int64
	file   *parquet.File
	fields []parquetField
}

// parquetField is a column of the table: one leaf of the schema, or two for a list of pairs.
type parquetField struct {
	fileColumn
	leaves  []*parquet.Column
	element int  // definition level from which a list has an element; 0 for scalars
	outer   bool // the list itself may be null
}

func openParquet(path string) (file, error) {
	raw, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("%s can't be read: %w", path, err)
	}
	info, err := raw.Stat()
	if err == nil {
		var f *parquetFile
		if f, err = parquetFrom(path, raw, info.Size()); err == nil {
			return f, nil
		}
	}
	return nil, errors.Join(err, raw.Close())
}

// parquetFrom opens Parquet bytes. The library panics on some damaged files; that becomes an error like any other.
func parquetFrom(path string, in *os.File, size int64) (f *parquetFile, err error) {
	defer damaged(path, &err)
	if size == 0 {
		return nil, fmt.Errorf("%s is empty; a Parquet file has at least a schema", path)
	}
	if err := checkFooter(in, size); err != nil {
		return nil, fmt.Errorf("%s is not a Parquet file, or damaged or cut off: %w", path, err)
	}
	p, err := parquet.OpenFile(in, size, parquet.SkipBloomFilters(true), parquet.SkipPageIndex(true), parquet.ReadBufferSize(1<<16))
	if err != nil {
		return nil, fmt.Errorf("%s is not a Parquet file, or damaged or cut off: %w", path, err)
	}
	f = &parquetFile{path: path, raw: in, size: size, file: p}
	for _, c := range p.Root().Columns() {
		f.fields = append(f.fields, newParquetField(c))
	}
	return f, f.checkRows()
}

// damaged turns a panic into an error.
func damaged(path string, err *error) {
	if r := recover(); r != nil {
		*err = fmt.Errorf("%s is damaged: %v", path, r)
	}
}

// checkRows makes sure that the row groups have the rows that the file says it has.
func (f *parquetFile) checkRows() error {
	var rows int64
	for i, g := range f.file.RowGroups() {
		n := g.NumRows()
		if n < 0 || n > 1<<40 {
			return fmt.Errorf("%s is damaged: row group %d has %d rows", f.path, i, n)
		}
		rows += n
	}
	if rows != f.file.NumRows() {
		return fmt.Errorf("%s is damaged: it says it has %d rows, its row groups have %d", f.path, f.file.NumRows(), rows)
	}
	return nil
}

func (f *parquetFile) columns() []fileColumn {
	columns := make([]fileColumn, len(f.fields))
	for i, c := range f.fields {
		columns[i] = c.fileColumn
	}
	return columns
}

func (f *parquetFile) metadata(key string) (string, bool) { return f.file.Lookup(key) }

func (f *parquetFile) close() error { return f.raw.Close() }

// parquetBatch is the number of rows in a batch.
const parquetBatch = 1024

func (f *parquetFile) read(wants []want) (func() (*batch, error), error) { return f.readFrom(wants, 0) }

// readFrom is read beginning with the row group that holds a row, counted from 0.
func (f *parquetFile) readFrom(wants []want, row int64) (func() (*batch, error), error) {
	r := &parquetReader{file: f, batch: &batch{firstRow: 1}}
	for _, g := range f.file.RowGroups() {
		if n := g.NumRows(); r.batch.firstRow+n <= row+1 {
			r.batch.firstRow += n
			r.group++
			continue
		}
		break
	}
	for _, w := range wants {
		i := slices.IndexFunc(f.fields, func(p parquetField) bool { return p.name == w.name })
		r.fields = append(r.fields, &f.fields[i])
		r.batch.columns = append(r.batch.columns, newColumn(w.kind))
	}
	return r.next, nil
}

// parquetReader reads some fields batch by batch.
type parquetReader struct {
	file   *parquetFile
	fields []*parquetField
	batch  *batch
	group  int             // row group to open next
	left   int64           // rows left in the current one
	leaves [][]*leafReader // [field]
}

func (r *parquetReader) next() (_ *batch, err error) {
	defer damaged(r.file.path, &err)
	b := r.batch
	b.firstRow += int64(b.rows)
	b.rows = 0
	for r.left == 0 {
		if err := r.closeGroup(); err != nil {
			return nil, err
		}
		if r.group == len(r.file.file.RowGroups()) {
			return nil, io.EOF
		}
		if err := r.openGroup(); err != nil {
			return nil, err
		}
	}
	b.rows = int(min(r.left, parquetBatch))
	r.left -= int64(b.rows)
	for i, c := range b.columns {
		c.reset()
		if err := r.fields[i].fill(c, r.leaves[i], b.rows); err != nil {
			return nil, fmt.Errorf("%s: row group %d, column %s: %w", r.file.path, r.group-1, r.fields[i].name, err)
		}
	}
	return b, nil
}

func (r *parquetReader) openGroup() error {
	g := r.file.file.RowGroups()[r.group]
	r.group++
	r.left = g.NumRows()
	chunks := g.ColumnChunks()
	r.leaves = r.leaves[:0]
	for i, f := range r.fields {
		var leaves []*leafReader
		for _, c := range f.leaves {
			if err := r.file.checkChunk(r.group-1, c.Index()); err != nil {
				return fmt.Errorf("%s: row group %d, column %s: %w", r.file.path, r.group-1, f.name, err)
			}
			leaves = append(leaves, newLeafReader(c, f.as(r.batch.columns[i].kind), chunks[c.Index()].Pages()))
		}
		r.leaves = append(r.leaves, leaves)
	}
	return nil
}

// closeGroup makes sure that no column has more values than the row group has rows.
func (r *parquetReader) closeGroup() error {
	for i, leaves := range r.leaves {
		for _, l := range leaves {
			switch err := l.load(); {
			case err == nil:
				return fmt.Errorf("%s is damaged: row group %d, column %s has more values than the group has rows",
					r.file.path, r.group-1, r.fields[i].name)
			case !errors.Is(err, io.EOF):
				return fmt.Errorf("%s: row group %d, column %s: %w", r.file.path, r.group-1, r.fields[i].name, err)
			}
			l.close()
		}
	}
	r.leaves = r.leaves[:0]
	return nil
}
