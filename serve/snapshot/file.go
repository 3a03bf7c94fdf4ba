package snapshot

import (
	"bytes"
	"encoding/binary"
	"encoding/gob"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"sort"
)

const magic = "RSNAP1\n"

const footerSize = 8 + 8 + 4 + len(magic) + 5

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Meta is what a snapshot says of itself.
type Meta struct {
	ID      string            // a different one for different content
	Text    map[string]string // whatever the maker wants to remember
	Columns []string          // names of the numbers that are kept in memory for each SKU
}

// index is everything of a file that is kept in memory. SKUs rise by merchant, then article, in bytes.
type index struct {
	Meta      Meta
	Merchants []string
	Begin     []int // [merchant] its first SKU; one more for the end
	Names     []byte
	NameEnd   []int64   // [SKU] where its article's name ends in Names
	Offset    []int64   // [SKU] of its record
	Size      []uint32  // [SKU]
	Values    []float32 // [SKU][column]
}

// File is a snapshot that is open for reading. It is used by several goroutines at once.
type File struct {
	index
	f *os.File
}

// ErrNotFound is returned for a SKU that the snapshot does not have.
var ErrNotFound = errors.New("not in the snapshot")

// Open reads the index of a file.
func Open(path string) (*File, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	s := &File{f: f}
	if err := s.read(); err != nil {
		return nil, errors.Join(fmt.Errorf("%s is not a complete snapshot: %w; remove it, and it is made again", path, err), f.Close())
	}
	return s, nil
}

func (s *File) read() error {
	info, err := s.f.Stat()
	if err != nil {
		return err
	}
	size := info.Size()
	if size < int64(len(magic)+footerSize) {
		return io.ErrUnexpectedEOF
	}
	footer := make([]byte, footerSize)
	if _, err := s.f.ReadAt(footer, size-int64(footerSize)); err != nil {
		return err
	}
	offset, length := int64(binary.LittleEndian.Uint64(footer)), int64(binary.LittleEndian.Uint64(footer[8:]))
	if string(footer[20:20+len(magic)]) != magic || offset < 0 || length < 0 || offset > size-int64(footerSize) || offset+length != size-int64(footerSize) {
		return errors.New("its end is missing")
	}
	data := make([]byte, length)
	if _, err := s.f.ReadAt(data, offset); err != nil {
		return err
	}
	if crc32.Checksum(data, castagnoli) != binary.LittleEndian.Uint32(footer[16:]) {
		return errors.New("its index is damaged")
	}
	return gob.NewDecoder(bytes.NewReader(data)).Decode(&s.index)
}

// Close releases the file.
func (s *File) Close() error { return s.f.Close() }

// Len returns the number of SKUs.
func (s *File) Len() int { return len(s.Offset) }

// Range returns the SKUs of a merchant: from the first up to before the second number.
func (s *File) Range(merchant string) (from, to int) {
	i := sort.SearchStrings(s.Merchants, merchant)
	if i == len(s.Merchants) || s.Merchants[i] != merchant {
		return 0, 0
	}
	return s.Begin[i], s.Begin[i+1]
}

// Article returns the name of a SKU's article.
func (s *File) Article(i int) string {
	begin := int64(0)
	if i > 0 {
		begin = s.NameEnd[i-1]
	}
	return string(s.Names[begin:s.NameEnd[i]])
}

// Find returns the number of a SKU, -1 if it is not there.
func (s *File) Find(merchant, article string) int {
	from, to := s.Range(merchant)
	i := from + sort.Search(to-from, func(k int) bool { return s.Article(from+k) >= article })
	if i == to || s.Article(i) != article {
		return -1
	}
	return i
}

// Record reads a SKU's record.
func (s *File) Record(i int) ([]byte, error) {
	data := make([]byte, 4+int(s.Size[i]))
	if _, err := s.f.ReadAt(data, s.Offset[i]); err != nil {
		return nil, fmt.Errorf("%s: %w", s.f.Name(), err)
	}
	if crc32.Checksum(data[4:], castagnoli) != binary.LittleEndian.Uint32(data) {
		return nil, fmt.Errorf("%s: the record of SKU %d is damaged; remove the file, and it is made again", s.f.Name(), i)
	}
	return data[4:], nil
}

// Get reads the record of a SKU by its key.
func (s *File) Get(merchant, article string) ([]byte, error) {
	i := s.Find(merchant, article)
	if i < 0 {
		return nil, ErrNotFound
	}
	return s.Record(i)
}

// Value returns a number of a SKU, NaN if it is not known.
func (s *File) Value(i, column int) float64 {
	return float64(s.Values[i*len(s.Meta.Columns)+column])
}

// Column returns the number of a column, -1 if there is none of the name.
func (s *File) Column(name string) int {
	for i, c := range s.Meta.Columns {
		if c == name {
			return i
		}
	}
	return -1
}
