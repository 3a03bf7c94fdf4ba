package table

import (
	"bufio"
	"io"

	"github.com/parquet-go/parquet-go"
)

// parquetSink writes Parquet: dictionary-encoded strings, zstd, standard three-level lists, row groups of at most rowGroup rows. Values go to the
// library column by column, without levels where those are all 0: faster than by rows (BenchmarkWriteRecommendations).
type parquetSink struct {
	columns []outColumn
	buffer  *bufio.Writer
	writer  *parquet.GenericWriter[any]
	values  [][]parquet.Value // [leaf of the schema] of the rows not yet handed on
	rows    int               // in the row group
}

const (
	rowGroup   = 1 << 16
	parquetRun = 64 // rows handed to the library at a time; a row group is a multiple of them
)

func newParquetSink(out io.Writer, columns []outColumn, m meta) *parquetSink {
	s := &parquetSink{columns: columns, buffer: bufio.NewWriterSize(out, 1<<20)}
	options := []parquet.WriterOption{
		parquet.NewSchema("table", newOrderedGroup(columns)), parquet.Compression(&parquet.Zstd),
		parquet.CreatedBy("restock", "1", "0"),
	}
	for _, kv := range m {
		options = append(options, parquet.KeyValueMetadata(kv.key, kv.value))
	}
	s.writer = parquet.NewGenericWriter[any](s.buffer, options...)
	s.values = make([][]parquet.Value, len(s.writer.ColumnWriters()))
	return s
}

// orderedGroup is a group whose fields keep their order; the library's own sorts them by name.
type orderedGroup struct {
	parquet.Group
	names []string
}

func newOrderedGroup(columns []outColumn) orderedGroup {
	g := orderedGroup{Group: parquet.Group{}}
	for _, c := range columns {
		n := node(c.kind)
		if c.nullable {
			n = parquet.Optional(n)
		}
		g.Group[c.name] = n
		g.names = append(g.names, c.name)
	}
	return g
}

// Fields implements parquet.Node.
func (g orderedGroup) Fields() []parquet.Field {
	byName := map[string]parquet.Field{}
	for _, f := range g.Group.Fields() {
		byName[f.Name()] = f
	}
	fields := make([]parquet.Field, len(g.names))
	for i, name := range g.names {
		fields[i] = byName[name]
	}
	return fields
}

func node(k outKind) parquet.Node {
	switch k {
	case outText:
		return parquet.Encoded(parquet.String(), &parquet.RLEDictionary)
	case outFloat:
		return parquet.Leaf(parquet.DoubleType)
	case outInt:
		return parquet.Int(64)
	case outUint:
		return parquet.Uint(64)
	case outDate:
		return parquet.Date()
	case outFloats:
		return parquet.List(parquet.Leaf(parquet.FloatType))
	case outList:
		return parquet.List(parquet.Leaf(parquet.DoubleType))
	default:
		pair := parquet.Group{"week": parquet.Int(32), "quantity": parquet.Leaf(parquet.DoubleType)}
		return parquet.List(orderedGroup{pair, []string{"week", "quantity"}})
	}
}

func (s *parquetSink) write(row []cell) error {
	leaf := 0
	for i := range row {
		leaf += s.columns[i].appendValues(s.values[leaf:], &row[i])
	}
	if s.rows++; s.rows%parquetRun != 0 {
		return nil
	}
	if err := s.flush(); err != nil || s.rows < rowGroup {
		return err
	}
	s.rows = 0
	return s.writer.Flush()
}

// appendValues appends a cell's values with their levels to those of its leaves, which come first in values. It returns the number of leaves.
func (c *outColumn) appendValues(values [][]parquet.Value, x *cell) int {
	present := 0 // definition level of a cell that is not null
	if c.nullable {
		present = 1
	}
	switch c.kind {
	case outFloats:
		values[0] = appendRepeated(values[0], x, present, len(x.floats), func(i int) parquet.Value { return parquet.FloatValue(x.floats[i]) })
		return 1
	case outList:
		values[0] = appendRepeated(values[0], x, present, len(x.list), func(i int) parquet.Value { return parquet.DoubleValue(x.list[i]) })
		return 1
	case outPairs:
		n := len(x.list) / 2
		values[0] = appendRepeated(values[0], x, present, n, func(i int) parquet.Value { return parquet.Int32Value(int32(x.list[2*i])) })
		values[1] = appendRepeated(values[1], x, present, n, func(i int) parquet.Value { return parquet.DoubleValue(x.list[2*i+1]) })
		return 2
	}
	var v parquet.Value
	switch {
	case x.null:
		present = 0
	case c.kind == outText:
		v = parquet.ByteArrayValue([]byte(x.text))
	case c.kind == outFloat:
		v = parquet.DoubleValue(x.float)
	case c.kind == outInt, c.kind == outUint:
		v = parquet.Int64Value(x.int)
	default:
		v = parquet.Int32Value(int32(x.int))
	}
	if c.nullable {
		v = v.Level(0, present, 0)
	}
	values[0] = append(values[0], v)
	return 1
}

// appendRepeated appends the n elements of a list; a null or an empty list is one entry without a value.
func appendRepeated(values []parquet.Value, x *cell, present, n int, element func(i int) parquet.Value) []parquet.Value {
	switch {
	case x.null:
		return append(values, parquet.NullValue().Level(0, 0, 0))
	case n == 0:
		return append(values, parquet.NullValue().Level(0, present, 0))
	}
	for i := range n {
		values = append(values, element(i).Level(min(i, 1), present+1, 0))
	}
	return values
}

// flush hands on what has been collected.
func (s *parquetSink) flush() error {
	for i, w := range s.writer.ColumnWriters() {
		if len(s.values[i]) == 0 { // the library looks at the first value, even of none
			continue
		}
		if _, err := w.WriteRowValues(s.values[i]); err != nil {
			return err
		}
		s.values[i] = s.values[i][:0]
	}
	return nil
}

func (s *parquetSink) close() error {
	if err := s.flush(); err != nil {
		return err
	}
	if err := s.writer.Close(); err != nil {
		return err
	}
	return s.buffer.Flush()
}
