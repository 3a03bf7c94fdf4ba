package table

import (
	"bufio"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
)

// record is one row of a table that is to be grouped by SKU: the SKU's number and the rest as bytes.
type record struct {
	number int32
	data   []byte
}

// spill sorts more records by number than fit into memory: it partitions them into temporary files by ranges of the number, and reads one
// partition at a time. Records of one number stay in the order in which they were added.
type spill struct {
	dir       string
	width     int32 // numbers per partition
	files     []*os.File
	writers   []*bufio.Writer
	header    [8]byte
	partition int // read next
	records   []record
	at        int
}

// partitionBytes is about how large a partition may become; small inputs have one. Tests make it smaller.
var partitionBytes int64 = 48 << 20

// maxPartitions bounds the number of open files and their buffers.
const maxPartitions = 200

// newSpill makes room for about total bytes of records with numbers below numbers, in a new folder inside parent ("" is the system's).
func newSpill(parent string, total int64, numbers int32) (*spill, error) {
	parts := int32(min(max(total/partitionBytes, 0)+1, maxPartitions))
	dir, err := os.MkdirTemp(parent, "restock-")
	if err != nil {
		return nil, fmt.Errorf("no room for temporary files, which unsorted input needs: %w; TMPDIR names another folder", err)
	}
	s := &spill{dir: dir, width: max(1, (numbers+parts-1)/parts)}
	for range parts {
		f, err := os.CreateTemp(dir, "part-")
		if err != nil {
			return nil, errors.Join(fmt.Errorf("temporary file: %w", err), s.close())
		}
		s.files = append(s.files, f)
		s.writers = append(s.writers, bufio.NewWriterSize(f, 1<<16))
	}
	return s, nil
}

func (s *spill) add(r record) error {
	w := s.writers[r.number/s.width]
	binary.LittleEndian.PutUint32(s.header[:], uint32(r.number))
	binary.LittleEndian.PutUint32(s.header[4:], uint32(len(r.data)))
	_, err := w.Write(s.header[:])
	if err == nil {
		_, err = w.Write(r.data)
	}
	if err != nil {
		return fmt.Errorf("temporary files in %s, which unsorted input needs: %w; TMPDIR names another folder", s.dir, err)
	}
	return nil
}

// next returns the records by rising number; io.EOF after the last one. Call it after all have been added.
func (s *spill) next() (record, error) {
	for s.at == len(s.records) {
		if s.partition == len(s.files) {
			return record{}, io.EOF
		}
		if err := s.load(s.partition); err != nil {
			return record{}, fmt.Errorf("temporary files in %s: %w", s.dir, err)
		}
		s.partition++
		s.at = 0
	}
	s.at++
	return s.records[s.at-1], nil
}

func (s *spill) load(i int) error {
	if err := s.writers[i].Flush(); err != nil {
		return err
	}
	info, err := s.files[i].Stat()
	if err != nil {
		return err
	}
	data := make([]byte, info.Size())
	if _, err := s.files[i].ReadAt(data, 0); err != nil && !(errors.Is(err, io.EOF) && len(data) == 0) {
		return err
	}
	s.records = s.records[:0]
	for len(data) > 0 {
		n := binary.LittleEndian.Uint32(data[4:])
		s.records = append(s.records, record{int32(binary.LittleEndian.Uint32(data)), data[8 : 8+n]})
		data = data[8+n:]
	}
	slices.SortStableFunc(s.records, func(a, b record) int { return cmp.Compare(a.number, b.number) })
	f := s.files[i]
	s.files[i], s.writers[i] = nil, nil
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

func (s *spill) close() error {
	var errs []error
	for _, f := range s.files {
		if f != nil {
			errs = append(errs, f.Close())
		}
	}
	s.files = nil
	return errors.Join(append(errs, os.RemoveAll(s.dir))...)
}

// recordWriter appends the parts of a record to its bytes.
type recordWriter struct{ data []byte }

func (w *recordWriter) int(v int64) { w.data = binary.AppendVarint(w.data, v) }

func (w *recordWriter) float32(v float32) {
	w.data = binary.LittleEndian.AppendUint32(w.data, math.Float32bits(v))
}

func (w *recordWriter) float64(v float64) {
	w.data = binary.LittleEndian.AppendUint64(w.data, math.Float64bits(v))
}

func (w *recordWriter) text(s string) {
	w.int(int64(len(s)))
	w.data = append(w.data, s...)
}

// recordReader takes them off again.
type recordReader struct{ data []byte }

func (r *recordReader) int() int64 {
	v, n := binary.Varint(r.data)
	r.data = r.data[n:]
	return v
}

func (r *recordReader) float32() float32 {
	v := math.Float32frombits(binary.LittleEndian.Uint32(r.data))
	r.data = r.data[4:]
	return v
}

func (r *recordReader) float64() float64 {
	v := math.Float64frombits(binary.LittleEndian.Uint64(r.data))
	r.data = r.data[8:]
	return v
}

func (r *recordReader) text() string {
	n := r.int()
	s := string(r.data[:n])
	r.data = r.data[n:]
	return s
}

// fault appends a fault, which may be nil.
func (w *recordWriter) fault(f *fault) {
	if f == nil {
		w.int(0)
		return
	}
	w.int(1)
	w.text(f.column)
	w.text(f.value)
	w.text(f.reason)
}

func (r *recordReader) fault() *fault {
	if r.int() == 0 {
		return nil
	}
	return &fault{r.text(), r.text(), r.text()}
}
