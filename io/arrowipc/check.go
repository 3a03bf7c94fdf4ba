package arrowipc

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
)

// The library makes room for what the metadata of a file say before it looks whether the bytes are there, and one flipped bit can
// make it ask for more memory than any machine has. So every length is compared here with the bytes that there are, before the
// library sees the file. The layouts are those of Arrow's format/File.fbs, Message.fbs and Schema.fbs.

// metadata is a flatbuffer. Offsets that lie outside make its methods panic, which Open turns into an error.
type metadata struct {
	data  []byte
	left  int // tables that may still be visited: more than fit would be one visited many times over
	views *viewCounts
}

// viewCounts are how many columns of strings as views a schema has, those within other columns included. A record batch lists a number of
// buffers for each; the library reads the list without a look at its length.
type viewCounts struct {
	columns      int           // in a record batch
	dictionaries map[int64]int // in a dictionary, by its id
}

func newViewCounts() *viewCounts { return &viewCounts{dictionaries: map[int64]int{}} }

// node is a table of a flatbuffer: where it begins, and where and how large the list of its fields' offsets is.
type node struct{ at, fields, size int }

func newMetadata(data []byte, views *viewCounts) *metadata {
	return &metadata{data, len(data) / 4, views}
}

func (m *metadata) u16(at int) int { return int(binary.LittleEndian.Uint16(m.data[at:])) }
func (m *metadata) u32(at int) int { return int(binary.LittleEndian.Uint32(m.data[at:])) }
func (m *metadata) i64(at int) int64 {
	return int64(binary.LittleEndian.Uint64(m.data[at:]))
}

func (m *metadata) root() node { return m.table(m.u32(0)) }

func (m *metadata) table(at int) node {
	if m.left--; m.left < 0 {
		panic("its metadata lead in circles")
	}
	fields := at - int(int32(m.u32(at)))
	return node{at, fields, m.u16(fields)}
}

// field returns where a table's field is, 0 if it is not there.
func (m *metadata) field(n node, i int) int {
	if 4+2*i >= n.size { // as the library compares: an odd size has half an offset, which it reads
		return 0
	}
	if offset := m.u16(n.fields + 4 + 2*i); offset != 0 {
		return n.at + offset
	}
	return 0
}

// child visits a field that is a table.
func (m *metadata) child(n node, i int, visit func(node)) {
	if at := m.field(n, i); at != 0 {
		visit(m.table(at + m.u32(at)))
	}
}

// vector returns where the elements of a list or string are, and how many; all lie within the data.
func (m *metadata) vector(n node, i, size int) (start, length int) {
	at := m.field(n, i)
	if at == 0 {
		return 0, 0
	}
	start = at + m.u32(at)
	length = m.u32(start)
	if length > (len(m.data)-start-4)/size {
		panic(fmt.Sprintf("its metadata have a list of %d elements", length))
	}
	return start + 4, length
}

// tables visits a field that is a list of tables.
func (m *metadata) tables(n node, i int, visit func(node)) {
	start, length := m.vector(n, i, 4)
	for at := start; at < start+4*length; at += 4 {
		visit(m.table(at + m.u32(at)))
	}
}

func (m *metadata) keyValue(n node) {
	m.vector(n, 0, 1)
	m.vector(n, 1, 1)
}

func (m *metadata) schema(n node) {
	*m.views = *newViewCounts()
	m.tables(n, 1, func(column node) { m.views.columns += m.fieldOf(column) })
	m.tables(n, 2, m.keyValue)
	m.vector(n, 3, 8)
}

// fieldOf checks a column of a schema, or a part of one, and returns how many views it has in a record batch.
func (m *metadata) fieldOf(n node) (views int) {
	const timestampType, unionType, binaryViewType, textViewType = 10, 14, 23, 24
	if at := m.field(n, 2); at != 0 && (m.data[at] == binaryViewType || m.data[at] == textViewType) {
		views++
	}
	m.vector(n, 0, 1)
	m.child(n, 3, func(t node) {
		switch at := m.field(n, 2); {
		case at == 0:
		case m.data[at] == timestampType:
			m.vector(t, 1, 1)
		case m.data[at] == unionType:
			m.vector(t, 1, 4)
		}
	})
	m.tables(n, 5, func(part node) { views += m.fieldOf(part) })
	m.tables(n, 6, m.keyValue)
	m.child(n, 4, func(dictionary node) {
		m.child(dictionary, 1, func(node) {})
		id := m.id(dictionary)
		m.views.dictionaries[id] = max(m.views.dictionaries[id], views)
		views = 0
	})
	return views
}

// id returns the id of a dictionary, the first field of the tables that have one.
func (m *metadata) id(n node) int64 {
	if at := m.field(n, 0); at != 0 {
		return m.i64(at)
	}
	return 0
}

// recordBatch checks that the buffers lie within the body, and that those of the views are there.
func (m *metadata) recordBatch(n node, body int64, views int) {
	if at := m.field(n, 0); at != 0 && (m.i64(at) < 0 || m.i64(at) > math.MaxInt32) {
		panic(fmt.Sprintf("a record batch is said to have %d rows", m.i64(at)))
	}
	m.vector(n, 1, 16)
	start, length := m.vector(n, 2, 16)
	for at := start; at < start+16*length; at += 16 {
		if offset, size := m.i64(at), m.i64(at+8); offset < 0 || size < 0 || offset > body || size > body-offset {
			panic(fmt.Sprintf("a buffer is said to lie at bytes %d to %d of %d", offset, offset+size, body))
		}
	}
	m.child(n, 3, func(node) {})
	buffers := int64(length)
	start, length = m.vector(n, 4, 8)
	if start != 0 && length < views {
		panic(fmt.Sprintf("%d columns of views are said to have buffers, of %d", length, views))
	}
	for at := start; at < start+8*length; at += 8 {
		if count := m.i64(at); count < 0 || count > buffers {
			panic(fmt.Sprintf("a column is said to have %d buffers of %d", count, buffers))
		}
	}
}

// message checks a message and returns how long its body is.
func (m *metadata) message() (body int64) {
	const schemaHeader, dictionaryHeader, recordHeader = 1, 2, 3
	n := m.root()
	if at := m.field(n, 3); at != 0 {
		body = m.i64(at)
	}
	kind := byte(0)
	if at := m.field(n, 1); at != 0 {
		kind = m.data[at]
	}
	m.child(n, 2, func(header node) {
		switch kind {
		case schemaHeader:
			m.schema(header)
		case dictionaryHeader:
			m.child(header, 1, func(data node) { m.recordBatch(data, body, m.views.dictionaries[m.id(header)]) })
		case recordHeader:
			m.recordBatch(header, body, m.views.columns)
		}
	})
	m.tables(n, 4, m.keyValue)
	return body
}

// errCutOff is about lengths that lead beyond the end of the file.
var errCutOff = errors.New("it is cut off, or a length in it is damaged")

// part reads some bytes of a file of a size.
func part(in io.ReaderAt, size, at, length int64) ([]byte, error) {
	if at < 0 || length < 0 || at > size || length > size-at {
		return nil, errCutOff
	}
	data := make([]byte, length)
	if _, err := in.ReadAt(data, at); err != nil && !(errors.Is(err, io.EOF) && length == 0) {
		return nil, err
	}
	return data, nil
}

// continuation precedes the length of each message; very old files do not have it.
var continuation = []byte{0xff, 0xff, 0xff, 0xff}

// checkStream goes through all messages of a stream.
func checkStream(in io.ReaderAt, size int64) error {
	views := newViewCounts()
	for at := int64(0); at < size; {
		prefix, err := part(in, size, at, 4)
		if err != nil {
			return err
		}
		at += 4
		if bytes.Equal(prefix, continuation) {
			if prefix, err = part(in, size, at, 4); err != nil {
				return err
			}
			at += 4
		}
		length := int64(int32(binary.LittleEndian.Uint32(prefix)))
		if length == 0 { // the end of the stream
			if at < size {
				return fmt.Errorf("%d bytes follow its end; streams that were joined must be separate files", size-at)
			}
			return nil
		}
		data, err := part(in, size, at, length)
		if err != nil {
			return err
		}
		at += length
		body := newMetadata(data, views).message()
		if body < 0 || body > size-at {
			return errCutOff
		}
		at += body
	}
	return nil
}

// checkFile goes through the footer of a file and all messages that it names.
func checkFile(in io.ReaderAt, size int64) error {
	tail := int64(4 + len(magic))
	end, err := part(in, size, size-tail, tail)
	if err != nil {
		return err
	}
	if !bytes.Equal(end[4:], magic) {
		return errCutOff
	}
	length := int64(binary.LittleEndian.Uint32(end))
	data, err := part(in, size, size-tail-length, length)
	if err != nil {
		return err
	}
	views := newViewCounts()
	footer := newMetadata(data, views)
	root := footer.root()
	footer.child(root, 1, footer.schema)
	footer.tables(root, 4, footer.keyValue)
	for _, list := range []int{2, 3} { // dictionaries and record batches
		const blockSize = 24
		start, blocks := footer.vector(root, list, blockSize)
		for at := start; at < start+blocks*blockSize; at += blockSize {
			if err := checkBlock(in, size, footer.i64(at), int64(int32(footer.u32(at+8))), footer.i64(at+16), views); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkBlock checks a message of a file, of which the footer says where it is and how long.
func checkBlock(in io.ReaderAt, size, at, length, body int64, views *viewCounts) error {
	data, err := part(in, size, at, length)
	if err != nil {
		return err
	}
	if body < 0 || body > size-at-length {
		return errCutOff
	}
	data = bytes.TrimPrefix(data, continuation)
	if own := newMetadata(data[4:], views).message(); own < 0 || own > body {
		return errCutOff
	}
	return nil
}
