package arrowipc

import (
	"math"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
)

// Kind is what a column's values are, as far as tables need to know.
type Kind int

// Kinds of columns.
const (
	Other      Kind = iota // nothing that can be read
	Text                   // strings, also dictionary-encoded
	Integer                // whole numbers of any width
	Number                 // floats, decimals and booleans (0 and 1)
	Date                   // dates and timestamps
	NumberList             // lists of numbers
	PairList               // lists of structs of two numbers
	Empty                  // no values, every row is null: the type that writers give a column of which they have seen nothing else
	EmptyList              // lists without a value
)

// Field is a column's name and type.
type Field struct {
	Name string
	Kind Kind
	Type string // Arrow's own name; not used in writing
}

func kindOf(t arrow.DataType) Kind {
	switch t := t.(type) {
	case *arrow.StringType, *arrow.LargeStringType, *arrow.BinaryType, *arrow.LargeBinaryType, *arrow.StringViewType:
		return Text
	case *arrow.DictionaryType:
		if kindOf(t.ValueType) == Text {
			return Text
		}
	case *arrow.Int8Type, *arrow.Int16Type, *arrow.Int32Type, *arrow.Int64Type,
		*arrow.Uint8Type, *arrow.Uint16Type, *arrow.Uint32Type, *arrow.Uint64Type:
		return Integer
	case *arrow.Float16Type, *arrow.Float32Type, *arrow.Float64Type, *arrow.BooleanType, *arrow.Decimal128Type:
		return Number
	case *arrow.Date32Type, *arrow.Date64Type, *arrow.TimestampType:
		return Date
	case *arrow.NullType:
		return Empty
	case arrow.ListLikeType:
		if _, isMap := t.(*arrow.MapType); isMap {
			return Other
		}
		return listKind(t.Elem())
	}
	return Other
}

func listKind(element arrow.DataType) Kind {
	switch kindOf(element) {
	case Number, Integer:
		return NumberList
	case Empty:
		return EmptyList
	}
	s, ok := element.(*arrow.StructType)
	if !ok || s.NumFields() != 2 {
		return Other
	}
	for _, f := range s.Fields() {
		if k := kindOf(f.Type); k != Number && k != Integer {
			return Other
		}
	}
	return PairList
}

// Column is a column of a record batch.
type Column struct {
	array         arrow.Array
	first, second arrow.Array // a list's elements; a pair list's weeks and quantities
}

func newColumn(a arrow.Array) Column {
	c := Column{array: a}
	if l, ok := a.(array.ListLike); ok {
		c.first = l.ListValues()
		if s, ok := c.first.(*array.Struct); ok && s.NumField() == 2 {
			c.first, c.second = s.Field(0), s.Field(1)
			if t := s.DataType().(*arrow.StructType); t.Field(0).Name == "quantity" || t.Field(1).Name == "week" {
				c.first, c.second = c.second, c.first
			}
		}
	}
	return c
}

// Null tells whether row i is null.
func (c Column) Null(i int) bool { return isNull(c.array, i) }

// isNull knows arrays of type null, too, which have no bitmap that the library could look at.
func isNull(a arrow.Array, i int) bool {
	_, empty := a.(*array.Null)
	return empty || a.IsNull(i)
}

// Text returns row i of a Text or Integer column.
func (c Column) Text(i int) string {
	switch a := c.array.(type) {
	case *array.String:
		return a.Value(i)
	case *array.LargeString:
		return a.Value(i)
	case *array.StringView:
		return a.Value(i)
	case *array.Binary:
		return string(a.Value(i))
	case *array.LargeBinary:
		return string(a.Value(i))
	case *array.Dictionary:
		return Column{array: a.Dictionary()}.Text(a.GetValueIndex(i))
	}
	return c.array.ValueStr(i)
}

// Number returns row i of an Integer or Number column.
func (c Column) Number(i int) float64 { return numberAt(c.array, i) }

func numberAt(a arrow.Array, i int) float64 {
	switch a := a.(type) {
	case *array.Float64:
		return a.Value(i)
	case *array.Float32:
		return float64(a.Value(i))
	case *array.Float16:
		return float64(a.Value(i).Float32())
	case *array.Int8:
		return float64(a.Value(i))
	case *array.Int16:
		return float64(a.Value(i))
	case *array.Int32:
		return float64(a.Value(i))
	case *array.Int64:
		return float64(a.Value(i))
	case *array.Uint8:
		return float64(a.Value(i))
	case *array.Uint16:
		return float64(a.Value(i))
	case *array.Uint32:
		return float64(a.Value(i))
	case *array.Uint64:
		return float64(a.Value(i))
	case *array.Decimal128:
		// divided, not multiplied by 0.01 as the library does, which misses the nearest float64
		return a.Value(i).ToFloat64(0) / math.Pow10(int(a.DataType().(*arrow.Decimal128Type).Scale))
	case *array.Boolean:
		if a.Value(i) {
			return 1
		}
		return 0
	}
	return math.NaN()
}

// Day returns row i of a Date column, days since 1970-01-01 in UTC.
func (c Column) Day(i int) int32 {
	switch a := c.array.(type) {
	case *array.Date32:
		return int32(a.Value(i))
	case *array.Date64:
		return floorDiv(int64(a.Value(i)), 24*3600*1000)
	case *array.Timestamp:
		perDay := int64(24 * 3600)
		for range a.DataType().(*arrow.TimestampType).Unit { // seconds, milli-, micro-, nanoseconds
			perDay *= 1000
		}
		return floorDiv(int64(a.Value(i)), perDay)
	}
	return 0
}

// floorDiv rounds down. What no int32 holds stays absurd instead of being wrapped around to some plausible day.
func floorDiv(a, b int64) int32 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return int32(min(max(q, math.MinInt32), math.MaxInt32))
}

// List appends row i of a NumberList or EmptyList column to values, or of a PairList column, flattened: week, quantity, week, quantity … hole tells
// that an element is null; of a list of more than most elements nothing is appended, and long is true.
func (c Column) List(i int, values []float64, most int) (_ []float64, hole, long bool) {
	low, high := c.array.(array.ListLike).ValueOffsets(i)
	if high-low > int64(most) {
		return values, false, true
	}
	for j := int(low); j < int(high); j++ {
		hole = hole || isNull(c.first, j)
		values = append(values, numberAt(c.first, j))
		if c.second != nil {
			hole = hole || isNull(c.second, j)
			values = append(values, numberAt(c.second, j))
		}
	}
	return values, hole, false
}
