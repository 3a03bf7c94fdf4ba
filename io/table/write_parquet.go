package table

import (
	"bufio"
	"io"

	"github.com/parquet-go/parquet-go"
)

// parquetSink writes Parquet: dictionary-encoded strings, zstd, standard three-level lists, row groups of at most rowGroup rows.
type parquetSink struct {
	columns []outColumn
	buffer  *bufio.Writer
	writer  *parquet.GenericWriter[any]
	rows    []parquet.Row
	n       int
}

const (
	rowGroup   = 1 << 16
	parquetRun = 64 // rows handed to the library at a time
)

func newParquetSink(out io.Writer, columns []outColumn, m meta) *parquetSink {
	s := &parquetSink{columns: columns, buffer: bufio.NewWriterSize(out, 1<<20), rows: make([]parquet.Row, parquetRun)}
	options := []parquet.WriterOption{
		parquet.NewSchema("table", newOrderedGroup(columns)), parquet.Compression(&parquet.Zstd),
		parquet.MaxRowsPerRowGroup(rowGroup), parquet.CreatedBy("restock", "1", "0"),
	}
	for _, kv := range m {
		options = append(options, parquet.KeyValueMetadata(kv.key, kv.value))
	}
	s.writer = parquet.NewGenericWriter[any](s.buffer, options...)
	return s
}

// orderedGroup is a schema whose columns keep their order; the library's own group sorts them by name.
type orderedGroup struct {
	parquet.Group
	columns []outColumn
}

func newOrderedGroup(columns []outColumn) orderedGroup {
	g := orderedGroup{parquet.Group{}, columns}
	for _, c := range columns {
		n := node(c.kind)
		if c.nullable {
			n = parquet.Optional(n)
		}
		g.Group[c.name] = n
	}
	return g
}

// Fields implements parquet.Node.
func (g orderedGroup) Fields() []parquet.Field {
	byName := map[string]parquet.Field{}
	for _, f := range g.Group.Fields() {
		byName[f.Name()] = f
	}
	fields := make([]parquet.Field, len(g.columns))
	for i, c := range g.columns {
		fields[i] = byName[c.name]
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
		// "quantity" before "week": the library's order
		return parquet.List(parquet.Group{"week": parquet.Int(32), "quantity": parquet.Leaf(parquet.DoubleType)})
	}
}

func (s *parquetSink) write(row []cell) error {
	values := s.rows[s.n][:0]
	leaf := 0
	for i := range row {
		values = s.columns[i].appendValues(values, &row[i], &leaf)
	}
	s.rows[s.n] = values
	if s.n++; s.n == parquetRun {
		return s.flush()
	}
	return nil
}

// appendValues appends a cell's values with their levels; leaf counts the schema's leaves.
func (c *outColumn) appendValues(values parquet.Row, x *cell, leaf *int) parquet.Row {
	present := 0 // definition level of a cell that is not null
	if c.nullable {
		present = 1
	}
	switch c.kind {
	case outFloats:
		return appendRepeated(values, x, present, leaf, len(x.floats), func(i int) parquet.Value { return parquet.FloatValue(x.floats[i]) })
	case outList:
		return appendRepeated(values, x, present, leaf, len(x.list), func(i int) parquet.Value { return parquet.DoubleValue(x.list[i]) })
	case outPairs:
		values = appendRepeated(values, x, present, leaf, len(x.list)/2, func(i int) parquet.Value { return parquet.DoubleValue(x.list[2*i+1]) })
		return appendRepeated(values, x, present, leaf, len(x.list)/2, func(i int) parquet.Value { return parquet.Int32Value(int32(x.list[2*i])) })
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
	*leaf++
	return append(values, v.Level(0, present, *leaf-1))
}

// appendRepeated appends the n elements of a list; a null or an empty list is one entry without a value.
func appendRepeated(values parquet.Row, x *cell, present int, leaf *int, n int, element func(i int) parquet.Value) parquet.Row {
	column := *leaf
	*leaf++
	switch {
	case x.null:
		return append(values, parquet.NullValue().Level(0, 0, column))
	case n == 0:
		return append(values, parquet.NullValue().Level(0, present, column))
	}
	for i := range n {
		values = append(values, element(i).Level(min(i, 1), present+1, column))
	}
	return values
}

func (s *parquetSink) flush() error {
	_, err := s.writer.WriteRows(s.rows[:s.n])
	s.n = 0
	return err
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
