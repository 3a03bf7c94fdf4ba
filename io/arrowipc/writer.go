package arrowipc

import (
	"fmt"
	"io"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/ipc"
	"github.com/apache/arrow/go/v17/arrow/memory"
)

// Writer writes rows to an Arrow IPC file or stream in batches. Append to the columns of a row in order, then call EndRow.
type Writer struct {
	out interface {
		Write(arrow.Record) error
		Close() error
	}
	builder *array.RecordBuilder
	rows    int
}

// batchRows is the number of rows in a record batch.
const batchRows = 1 << 14

// OutField is a column that is written.
type OutField struct {
	Name     string
	Kind     Kind // Text, Integer, Number, Date, NumberList or PairList
	Small    bool // NumberList: of float32
	Unsigned bool // Integer: without sign
	Nullable bool
}

// NewWriter begins a file, if out can seek and file is set, or a stream, with the schema and its metadata.
func NewWriter(out io.Writer, file bool, fields []OutField, keys, values []string) (*Writer, error) {
	var list []arrow.Field
	for _, f := range fields {
		list = append(list, arrow.Field{Name: f.Name, Type: typeOf(f), Nullable: f.Nullable})
	}
	metadata := arrow.NewMetadata(keys, values)
	schema := arrow.NewSchema(list, &metadata)
	w := &Writer{builder: array.NewRecordBuilder(memory.NewGoAllocator(), schema)}
	if !file {
		w.out = ipc.NewWriter(out, ipc.WithSchema(schema))
		return w, nil
	}
	seeker, ok := out.(io.WriteSeeker)
	if !ok {
		return nil, fmt.Errorf("an Arrow IPC file needs a file, not a stream")
	}
	f, err := ipc.NewFileWriter(seeker, ipc.WithSchema(schema))
	w.out = f
	return w, err
}

func typeOf(f OutField) arrow.DataType {
	switch f.Kind {
	case Text:
		return arrow.BinaryTypes.String
	case Integer:
		if f.Unsigned {
			return arrow.PrimitiveTypes.Uint64
		}
		return arrow.PrimitiveTypes.Int64
	case Date:
		return arrow.PrimitiveTypes.Date32
	case NumberList:
		if f.Small {
			return arrow.ListOf(arrow.PrimitiveTypes.Float32)
		}
		return arrow.ListOf(arrow.PrimitiveTypes.Float64)
	case PairList:
		return arrow.ListOf(arrow.StructOf(arrow.Field{Name: "week", Type: arrow.PrimitiveTypes.Int32},
			arrow.Field{Name: "quantity", Type: arrow.PrimitiveTypes.Float64}))
	default:
		return arrow.PrimitiveTypes.Float64
	}
}

// Null appends null to column i.
func (w *Writer) Null(i int) { w.builder.Field(i).AppendNull() }

// Text appends to column i, as do the following.
func (w *Writer) Text(i int, v string) { w.builder.Field(i).(*array.StringBuilder).Append(v) }

// Integer appends a whole number.
func (w *Writer) Integer(i int, v int64) { w.builder.Field(i).(*array.Int64Builder).Append(v) }

// Unsigned appends a whole number to a column without sign.
func (w *Writer) Unsigned(i int, v uint64) { w.builder.Field(i).(*array.Uint64Builder).Append(v) }

// Number appends a number.
func (w *Writer) Number(i int, v float64) { w.builder.Field(i).(*array.Float64Builder).Append(v) }

// Day appends a date, days since 1970-01-01.
func (w *Writer) Day(i int, v int32) {
	w.builder.Field(i).(*array.Date32Builder).Append(arrow.Date32(v))
}

// Floats appends a list of float32.
func (w *Writer) Floats(i int, v []float32) {
	b := w.builder.Field(i).(*array.ListBuilder)
	b.Append(true)
	b.ValueBuilder().(*array.Float32Builder).AppendValues(v, nil)
}

// List appends a list of float64.
func (w *Writer) List(i int, v []float64) {
	b := w.builder.Field(i).(*array.ListBuilder)
	b.Append(true)
	b.ValueBuilder().(*array.Float64Builder).AppendValues(v, nil)
}

// Pairs appends a list of pairs: week, quantity, week, quantity …
func (w *Writer) Pairs(i int, v []float64) {
	b := w.builder.Field(i).(*array.ListBuilder)
	b.Append(true)
	s := b.ValueBuilder().(*array.StructBuilder)
	for k := 0; k < len(v); k += 2 {
		s.Append(true)
		s.FieldBuilder(0).(*array.Int32Builder).Append(int32(v[k]))
		s.FieldBuilder(1).(*array.Float64Builder).Append(v[k+1])
	}
}

// EndRow ends a row.
func (w *Writer) EndRow() error {
	if w.rows++; w.rows < batchRows {
		return nil
	}
	return w.flush()
}

func (w *Writer) flush() error {
	if w.rows == 0 {
		return nil
	}
	w.rows = 0
	record := w.builder.NewRecord()
	defer record.Release()
	return w.out.Write(record)
}

// Close writes what is left and ends the file or stream, not the underlying writer.
func (w *Writer) Close() error {
	if err := w.flush(); err != nil {
		return err
	}
	w.builder.Release()
	return w.out.Close()
}
