package arrowipc

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/ipc"
	"github.com/apache/arrow/go/v17/arrow/memory"
)

// everyType is a schema of the types that writers of tables use, and two rows of JSON for it: one of values, one of nulls.
var everyType = []struct {
	name  string
	typ   arrow.DataType
	value string
	kind  Kind
	want  string
}{
	{"utf8", arrow.BinaryTypes.String, `"a"`, Text, "a"},
	{"large_utf8", arrow.BinaryTypes.LargeString, `"b"`, Text, "b"},
	{"utf8_view", arrow.BinaryTypes.StringView, `"longer than twelve bytes"`, Text, "longer than twelve bytes"},
	{"binary", arrow.BinaryTypes.Binary, `"Yw=="`, Text, "c"},
	{"dictionary", &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Uint8, ValueType: arrow.BinaryTypes.String}, `"d"`, Text, "d"},
	{"int8", arrow.PrimitiveTypes.Int8, `-5`, Integer, "-5"},
	{"int64", arrow.PrimitiveTypes.Int64, `"9223372036854775807"`, Integer, "9223372036854775807"},
	{"uint64", arrow.PrimitiveTypes.Uint64, `"18446744073709551615"`, Integer, "18446744073709551615"},
	{"half", arrow.FixedWidthTypes.Float16, `1.5`, Number, "1.5"},
	{"float", arrow.PrimitiveTypes.Float32, `0.25`, Number, "0.25"},
	{"double", arrow.PrimitiveTypes.Float64, `0.1`, Number, "0.1"},
	{"bool", arrow.FixedWidthTypes.Boolean, `true`, Number, "1"},
	{"decimal", &arrow.Decimal128Type{Precision: 10, Scale: 2}, `"19.99"`, Number, "19.99"},
	{"date32", arrow.FixedWidthTypes.Date32, `"2026-01-05"`, Date, "day 20458"},
	{"date64", arrow.FixedWidthTypes.Date64, `"1969-12-31"`, Date, "day -1"},
	{"seconds", arrow.FixedWidthTypes.Timestamp_s, `"2026-01-05T23:59:59Z"`, Date, "day 20458"},
	{"milliseconds", arrow.FixedWidthTypes.Timestamp_ms, `"2026-01-05T23:59:59.999Z"`, Date, "day 20458"},
	{"microseconds", &arrow.TimestampType{Unit: arrow.Microsecond}, `"1969-12-31 23:59:59"`, Date, "day -1"},
	{"nanoseconds", arrow.FixedWidthTypes.Timestamp_ns, `"2026-01-05T00:00:00Z"`, Date, "day 20458"},
	{"list", arrow.ListOf(arrow.PrimitiveTypes.Float32), `[0.5,1.5]`, NumberList, "[0.5 1.5]"},
	{"large_list", arrow.LargeListOf(arrow.PrimitiveTypes.Int32), `[1,2]`, NumberList, "[1 2]"},
	{"fixed_list", arrow.FixedSizeListOf(2, arrow.PrimitiveTypes.Float64), `[3,4]`, NumberList, "[3 4]"},
	{"pairs", arrow.ListOf(arrow.StructOf(arrow.Field{Name: "week", Type: arrow.PrimitiveTypes.Int32, Nullable: true},
		arrow.Field{Name: "quantity", Type: arrow.PrimitiveTypes.Float64, Nullable: true})), `[{"week":2,"quantity":30}]`, PairList, "[2 30]"},
	{"turned", arrow.ListOf(arrow.StructOf(arrow.Field{Name: "quantity", Type: arrow.PrimitiveTypes.Float64, Nullable: true},
		arrow.Field{Name: "week", Type: arrow.PrimitiveTypes.Int16, Nullable: true})), `[{"week":2,"quantity":30},{"week":3,"quantity":1}]`, PairList, "[2 30 3 1]"},
	{"map", arrow.MapOf(arrow.PrimitiveTypes.Int32, arrow.PrimitiveTypes.Float64), `[{"key":1,"value":2}]`, Other, ""},
	{"struct", arrow.StructOf(arrow.Field{Name: "a", Type: arrow.BinaryTypes.String, Nullable: true}), `{"a":"x"}`, Other, ""},
	{"strings", arrow.ListOf(arrow.BinaryTypes.String), `["x"]`, Other, ""},
}

func everyRecord(t testing.TB) arrow.Record {
	t.Helper()
	var fields []arrow.Field
	var values, nulls []string
	for _, c := range everyType {
		fields = append(fields, arrow.Field{Name: c.name, Type: c.typ, Nullable: true})
		values = append(values, fmt.Sprintf("%q:%s", c.name, c.value))
		nulls = append(nulls, fmt.Sprintf("%q:null", c.name))
	}
	keys := arrow.NewMetadata([]string{"about"}, []string{"test"})
	text := "[{" + strings.Join(values, ",") + "},{" + strings.Join(nulls, ",") + "}]"
	record, _, err := array.RecordFromJSON(memory.DefaultAllocator, arrow.NewSchema(fields, &keys), strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return record
}

// encode writes records as a file or a stream.
func encode(t testing.TB, file bool, records []arrow.Record, options ...ipc.Option) []byte {
	t.Helper()
	options = append(options, ipc.WithSchema(records[0].Schema()))
	path := filepath.Join(t.TempDir(), "x")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var w interface {
		Write(arrow.Record) error
		Close() error
	}
	if file {
		if w, err = ipc.NewFileWriter(f, options...); err != nil {
			t.Fatal(err)
		}
	} else {
		w = ipc.NewWriter(f, options...)
	}
	for _, r := range records {
		if err := w.Write(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func open(t testing.TB, data []byte) (*Reader, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "x.arrow")
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
	return Open(path)
}

func cellText(c Column, k Kind, row int) string {
	switch k {
	case Text, Integer:
		return c.Text(row)
	case Number:
		return fmt.Sprint(c.Number(row))
	case Date:
		return fmt.Sprint("day ", c.Day(row))
	case NumberList, PairList:
		values, hole, long := c.List(row, nil, 100)
		if hole || long {
			return "hole or long"
		}
		return fmt.Sprint(values)
	}
	return ""
}

func TestTypes(t *testing.T) {
	record := everyRecord(t)
	sliced := record.NewSlice(1, 2)
	for _, file := range []bool{true, false} {
		for name, option := range map[string]ipc.Option{"plain": ipc.WithZstd(), "zstd": ipc.WithZstd(), "lz4": ipc.WithLZ4()} {
			var options []ipc.Option
			if name != "plain" {
				options = append(options, option)
			}
			r, err := open(t, encode(t, file, []arrow.Record{record, sliced}, options...))
			if err != nil {
				t.Fatalf("%s, file %v: %v", name, file, err)
			}
			if v, ok := r.Metadata("about"); !ok || v != "test" {
				t.Errorf("metadata %q %v", v, ok)
			}
			fields := r.Fields()
			rows, columns, err := r.Next()
			if err != nil || rows != 2 {
				t.Fatal(rows, err)
			}
			for i, c := range everyType {
				if fields[i].Name != c.name || fields[i].Kind != c.kind {
					t.Errorf("%s is of kind %d, want %d", fields[i].Name, fields[i].Kind, c.kind)
				}
				if columns[i].Null(0) || !columns[i].Null(1) {
					t.Errorf("%s: null %v %v", c.name, columns[i].Null(0), columns[i].Null(1))
				}
				if got := cellText(columns[i], c.kind, 0); got != c.want {
					t.Errorf("%s, %s: %s, want %s", name, c.name, got, c.want)
				}
			}
			if rows, columns, err = r.Next(); err != nil || rows != 1 || !columns[0].Null(0) {
				t.Error(rows, err)
			}
			if _, _, err = r.Next(); !errors.Is(err, io.EOF) {
				t.Error(err)
			}
			if err := r.Close(); err != nil {
				t.Error(err)
			}
		}
	}
}

// TestAbsurdDays: 2^32 days and some are no day of this century.
func TestAbsurdDays(t *testing.T) {
	b := array.NewTimestampBuilder(memory.DefaultAllocator, &arrow.TimestampType{Unit: arrow.Second})
	for _, seconds := range []int64{(1<<32 + 20458) * 86400, -(1<<32 - 20458) * 86400} {
		b.Append(arrow.Timestamp(seconds))
	}
	c := newColumn(b.NewArray())
	if c.Day(0) != math.MaxInt32 || c.Day(1) != math.MinInt32 {
		t.Errorf("days %d and %d", c.Day(0), c.Day(1))
	}
}

// TestSlicedLists: offsets of a list that do not begin at 0.
func TestSlicedLists(t *testing.T) {
	schema := arrow.NewSchema([]arrow.Field{{Name: "l", Type: arrow.ListOf(arrow.PrimitiveTypes.Float64), Nullable: true}}, nil)
	record, _, err := array.RecordFromJSON(memory.DefaultAllocator, schema, strings.NewReader(`[{"l":[1]},{"l":[2,null]},{"l":[]},{"l":[3,4,5]}]`))
	if err != nil {
		t.Fatal(err)
	}
	r, err := open(t, encode(t, false, []arrow.Record{record.NewSlice(1, 4)}))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	_, columns, err := r.Next()
	if err != nil {
		t.Fatal(err)
	}
	if _, hole, _ := columns[0].List(0, nil, 10); !hole {
		t.Error("the null is not seen")
	}
	if v, hole, long := columns[0].List(1, nil, 10); len(v) != 0 || hole || long {
		t.Error(v, hole, long)
	}
	if v, _, _ := columns[0].List(2, []float64{9}, 10); !slices.Equal(v, []float64{9, 3, 4, 5}) {
		t.Error(v)
	}
	if _, _, long := columns[0].List(2, nil, 2); !long {
		t.Error("three are not more than two")
	}
}

// TestCutOff: a file or stream that ends in the middle is an error, wherever it ends. A stream may do without its end mark.
func TestCutOff(t *testing.T) {
	record := everyRecord(t)
	for _, file := range []bool{true, false} {
		whole := encode(t, file, []arrow.Record{record, record})
		for n := 0; n < len(whole); n += 7 {
			rows := 0
			r, err := open(t, whole[:n])
			for err == nil {
				var k int
				k, _, err = r.Next()
				rows += k
			}
			if errors.Is(err, io.EOF) && (file || rows%2 != 0) {
				t.Errorf("file %v, %d of %d bytes: %d rows and no error", file, n, len(whole), rows)
			}
			if r != nil {
				r.Close()
			}
		}
	}
}

// TestJoinedStreams: the rows of a second stream in the same file must not be lost without a word.
func TestJoinedStreams(t *testing.T) {
	stream := encode(t, false, []arrow.Record{everyRecord(t)})
	if r, err := open(t, append(stream, stream...)); err == nil || !strings.Contains(err.Error(), "bytes follow its end") {
		t.Errorf("two streams in one file: %v %v", r, err)
	}
}

// TestEmpty: columns of which the writer has seen no value.
func TestEmpty(t *testing.T) {
	schema := arrow.NewSchema([]arrow.Field{{Name: "null", Type: arrow.Null, Nullable: true}, {Name: "lists", Type: arrow.ListOf(arrow.Null), Nullable: true}}, nil)
	record, _, err := array.RecordFromJSON(memory.DefaultAllocator, schema, strings.NewReader(`[{"lists":[]},{"lists":null},{"lists":[null]}]`))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range []bool{true, false} {
		r, err := open(t, encode(t, file, []arrow.Record{record}))
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		if f := r.Fields(); f[0].Kind != Empty || f[1].Kind != EmptyList {
			t.Errorf("kinds %d and %d", f[0].Kind, f[1].Kind)
		}
		rows, c, err := r.Next()
		if rows != 3 || err != nil {
			t.Fatal(rows, err)
		}
		for i := range rows {
			if !c[0].Null(i) || c[1].Null(i) != (i == 1) {
				t.Errorf("row %d: null %v and %v", i, c[0].Null(i), c[1].Null(i))
			}
		}
		if values, hole, _ := c[1].List(0, nil, 10); len(values) > 0 || hole {
			t.Errorf("an empty list is %v, with a hole: %v", values, hole)
		}
		if _, hole, _ := c[1].List(2, nil, 10); !hole {
			t.Error("a list of null has no hole")
		}
	}
}

// FuzzOpen reads whatever it is given to the end, with all values of all columns.
func FuzzOpen(f *testing.F) {
	record := everyRecord(f)
	f.Add(encode(f, true, []arrow.Record{record}))
	f.Add(encode(f, false, []arrow.Record{record}))
	f.Add(encode(f, false, []arrow.Record{record, record}, ipc.WithLZ4()))
	f.Add(encode(f, true, []arrow.Record{record}, ipc.WithZstd()))
	path := filepath.Join(f.TempDir(), "x.arrow")
	f.Fuzz(func(t *testing.T, data []byte) {
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
		r, err := Open(path)
		if err != nil {
			return
		}
		defer r.Close()
		fields := r.Fields()
		for range 100 {
			rows, columns, err := r.Next()
			if err != nil {
				return
			}
			visit(fields, columns, min(rows, 100))
		}
	})
}

// visit reads values as callers do who turn panics into errors.
func visit(fields []Field, columns []Column, rows int) {
	defer func() { recover() }()
	for i, c := range columns {
		for row := range rows {
			if !c.Null(row) {
				cellText(c, fields[i].Kind, row)
			}
		}
	}
}

func TestWriter(t *testing.T) {
	fields := []OutField{{Name: "t", Kind: Text}, {Name: "i", Kind: Integer}, {Name: "u", Kind: Integer, Unsigned: true}, {Name: "n", Kind: Number, Nullable: true},
		{Name: "d", Kind: Date}, {Name: "f", Kind: NumberList, Small: true}, {Name: "l", Kind: NumberList}, {Name: "p", Kind: PairList}}
	var b bytes.Buffer
	w, err := NewWriter(&b, false, fields, []string{"k"}, []string{"v"})
	if err != nil {
		t.Fatal(err)
	}
	for i := range batchRows + 1 {
		w.Text(0, fmt.Sprint(i))
		w.Integer(1, int64(-i))
		w.Unsigned(2, uint64(i))
		w.Null(3)
		w.Day(4, int32(i))
		w.Floats(5, []float32{float32(i)})
		w.List(6, nil)
		w.Pairs(7, []float64{1, 2, 3, 4})
		if err := w.EndRow(); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	r, err := open(t, b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if rows, _, err := r.Next(); rows != batchRows || err != nil {
		t.Error(rows, err)
	}
	rows, c, err := r.Next()
	if rows != 1 || err != nil {
		t.Fatal(rows, err)
	}
	var got []string
	for i, f := range r.Fields() {
		if c[i].Null(0) {
			got = append(got, "null")
		} else {
			got = append(got, cellText(c[i], f.Kind, 0))
		}
	}
	if want := "16384 -16384 16384 null day 16384 [16384] [] [1 2 3 4]"; strings.Join(got, " ") != want {
		t.Errorf("got %s, want %s", strings.Join(got, " "), want)
	}
	if _, err := NewWriter(&b, true, fields, nil, nil); err == nil {
		t.Error("an Arrow file in a buffer that can't seek")
	}
}
