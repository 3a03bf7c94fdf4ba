package snapshot

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/gob"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"slices"
)

// Writer makes a snapshot. SKUs may come in any order.
type Writer struct {
	path    string
	temp    *os.File
	buffer  *bufio.Writer
	offset  int64
	meta    Meta
	entries []entry
	values  []float32
}

type entry struct {
	merchant, article string
	offset            int64
	size              uint32
	number            int // in the order of Add
}

// Create begins a snapshot that gets its name when it is complete.
func Create(path string, meta Meta) (*Writer, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, err
	}
	temp, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*.tmp")
	if err != nil {
		return nil, err
	}
	w := &Writer{path: path, temp: temp, buffer: bufio.NewWriterSize(temp, 1<<20), offset: int64(len(magic)), meta: meta}
	_, err = w.buffer.WriteString(magic)
	return w, err
}

// Add appends a SKU with its record and a value for each column.
func (w *Writer) Add(merchant, article string, record []byte, values ...float64) error {
	if len(values) != len(w.meta.Columns) {
		return fmt.Errorf("%d values for %d columns", len(values), len(w.meta.Columns))
	}
	if len(w.entries) > 0 && w.entries[len(w.entries)-1].merchant == merchant {
		merchant = w.entries[len(w.entries)-1].merchant // one string for all
	}
	w.entries = append(w.entries, entry{merchant, article, w.offset, uint32(len(record)), len(w.entries)})
	for _, v := range values {
		w.values = append(w.values, float32(v))
	}
	var sum [4]byte
	binary.LittleEndian.PutUint32(sum[:], crc32.Checksum(record, castagnoli))
	if _, err := w.buffer.Write(sum[:]); err != nil {
		return err
	}
	_, err := w.buffer.Write(record)
	w.offset += int64(4 + len(record))
	return err
}

// Commit writes the index and gives the file its name. Of a SKU that came twice the later one counts.
func (w *Writer) Commit() error {
	err := w.finish()
	err = errors.Join(err, w.temp.Close())
	if err == nil {
		err = os.Rename(w.temp.Name(), w.path)
	}
	if err != nil {
		os.Remove(w.temp.Name())
		return fmt.Errorf("%s can't be written: %w", w.path, err)
	}
	return nil
}

func (w *Writer) finish() error {
	var b bytes.Buffer
	if err := gob.NewEncoder(&b).Encode(w.index()); err != nil {
		return err
	}
	footer := make([]byte, footerSize)
	binary.LittleEndian.PutUint64(footer, uint64(w.offset))
	binary.LittleEndian.PutUint64(footer[8:], uint64(b.Len()))
	binary.LittleEndian.PutUint32(footer[16:], crc32.Checksum(b.Bytes(), castagnoli))
	copy(footer[20:], magic)
	for _, part := range [][]byte{b.Bytes(), footer} {
		if _, err := w.buffer.Write(part); err != nil {
			return err
		}
	}
	return errors.Join(w.buffer.Flush(), w.temp.Sync())
}

func (w *Writer) index() *index {
	slices.SortFunc(w.entries, func(a, b entry) int {
		return cmp.Or(cmp.Compare(a.merchant, b.merchant), cmp.Compare(a.article, b.article), b.number-a.number)
	})
	x := &index{Meta: w.meta}
	columns := len(w.meta.Columns)
	for i, e := range w.entries {
		if i > 0 && e.merchant == w.entries[i-1].merchant && e.article == w.entries[i-1].article {
			continue
		}
		if n := len(x.Merchants); n == 0 || x.Merchants[n-1] != e.merchant {
			x.Merchants, x.Begin = append(x.Merchants, e.merchant), append(x.Begin, len(x.Offset))
		}
		x.Names = append(x.Names, e.article...)
		x.NameEnd = append(x.NameEnd, int64(len(x.Names)))
		x.Offset, x.Size = append(x.Offset, e.offset), append(x.Size, e.size)
		x.Values = append(x.Values, w.values[e.number*columns:(e.number+1)*columns]...)
	}
	x.Begin = append(x.Begin, len(x.Offset))
	return x
}

// Abort leaves nothing behind. It must not be called after Commit.
func (w *Writer) Abort() {
	w.temp.Close()
	os.Remove(w.temp.Name())
}
