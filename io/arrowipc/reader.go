package arrowipc

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/ipc"
	"github.com/apache/arrow/go/v17/arrow/memory"
)

// Reader reads the record batches of an Arrow IPC file or stream; the first bytes tell which.
type Reader struct {
	raw    *os.File
	schema *arrow.Schema
	next   func() (arrow.Record, error)
	last   arrow.Record
	memory *bounded
	end    func()
}

// magic begins an IPC file; a stream has none.
var magic = []byte("ARROW1")

// Open opens a file. The library panics on some damaged input; all its panics become errors.
func Open(path string) (r *Reader, err error) {
	raw, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			raw.Close()
		}
	}()
	defer damaged(&err)
	info, err := raw.Stat()
	if err != nil {
		return nil, err
	}
	if info.Size() == 0 {
		return nil, errors.New("the file is empty; an Arrow file has at least a schema")
	}
	start := make([]byte, len(magic))
	if _, err := raw.ReadAt(start, 0); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	mem := &bounded{Allocator: memory.NewGoAllocator(), most: 1<<28 + 32*info.Size()}
	file := bytes.Equal(start, magic)
	check := checkStream
	if file {
		check = checkFile
	}
	if err := check(raw, info.Size()); err != nil {
		return nil, err
	}
	if file {
		r, err = openFile(raw, ipc.WithAllocator(mem))
	} else {
		r, err = openStream(raw, ipc.WithAllocator(mem))
	}
	if err != nil {
		return nil, err
	}
	r.memory = mem
	return r, nil
}

func openFile(raw *os.File, mem ipc.Option) (*Reader, error) {
	f, err := ipc.NewFileReader(raw, mem)
	if err != nil {
		return nil, err
	}
	at := 0
	return &Reader{raw: raw, schema: f.Schema(), end: func() { f.Close() }, next: func() (arrow.Record, error) {
		if at == f.NumRecords() {
			return nil, io.EOF
		}
		at++
		return f.RecordAt(at - 1)
	}}, nil
}

func openStream(raw *os.File, mem ipc.Option) (*Reader, error) {
	s, err := ipc.NewReader(bufio.NewReaderSize(raw, 1<<20), mem)
	if err != nil {
		return nil, err
	}
	return &Reader{raw: raw, schema: s.Schema(), end: s.Release, next: func() (arrow.Record, error) {
		if !s.Next() {
			if err := s.Err(); err != nil {
				return nil, err
			}
			return nil, io.EOF
		}
		record := s.Record()
		record.Retain()
		return record, nil
	}}, nil
}

// damaged turns a panic into an error.
func damaged(err *error) {
	if r := recover(); r != nil {
		*err = fmt.Errorf("the file is damaged: %v", r)
	}
}

// Fields returns the columns.
func (r *Reader) Fields() []Field {
	fields := make([]Field, r.schema.NumFields())
	for i := range fields {
		f := r.schema.Field(i)
		fields[i] = Field{Name: f.Name, Kind: kindOf(f.Type), Type: f.Type.String()}
	}
	return fields
}

// Metadata returns the value of a key of the schema's metadata.
func (r *Reader) Metadata(key string) (string, bool) { return r.schema.Metadata().GetValue(key) }

// Next returns the number of rows of the next record batch, and its columns in the order of Fields; io.EOF after the last one.
// They are valid until the next call.
func (r *Reader) Next() (rows int, columns []Column, err error) {
	defer damaged(&err)
	r.release()
	r.memory.used = 0
	record, err := r.next()
	if err != nil {
		return 0, nil, err
	}
	r.last = record
	for i := range int(record.NumCols()) {
		a := record.Column(i)
		if a.Len() != int(record.NumRows()) {
			return 0, nil, fmt.Errorf("the file is damaged: column %s has %d of %d rows", record.ColumnName(i), a.Len(), record.NumRows())
		}
		columns = append(columns, newColumn(a))
	}
	return int(record.NumRows()), columns, nil
}

func (r *Reader) release() {
	if r.last != nil {
		r.last.Release()
		r.last = nil
	}
}

// Close releases the file.
func (r *Reader) Close() (err error) {
	defer damaged(&err)
	r.release()
	r.end()
	return r.raw.Close()
}

// bounded refuses to allocate more for one record batch than a sound file of the size can need: a damaged length must not exhaust
// the memory.
type bounded struct {
	memory.Allocator
	most, used int64
}

func (b *bounded) use(size int) {
	if b.used += int64(size); size < 0 || b.used > b.most {
		panic(fmt.Sprintf("a record batch asks for %d bytes", b.used))
	}
}

// Allocate implements memory.Allocator.
func (b *bounded) Allocate(size int) []byte {
	b.use(size)
	return b.Allocator.Allocate(size)
}

// Reallocate implements memory.Allocator.
func (b *bounded) Reallocate(size int, buf []byte) []byte {
	b.use(size)
	return b.Allocator.Reallocate(size, buf)
}
