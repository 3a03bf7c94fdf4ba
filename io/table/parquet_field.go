package table

import (
	"errors"
	"fmt"
	"io"
	"math"
	"math/big"
	"strconv"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"
)

// newParquetField finds out what a top-level column of a schema can be read as.
func newParquetField(c *parquet.Column) parquetField {
	f := parquetField{fileColumn: fileColumn{name: c.Name(), typ: c.Type().String()}}
	if c.Leaf() && !c.Repeated() {
		f.leaves = []*parquet.Column{c}
		f.kinds = scalarKinds(c.Type())
		return f
	}
	f.leaves = leavesOf(c)
	f.typ = "group"
	if len(f.leaves) == 0 || f.leaves[0].MaxRepetitionLevel() != 1 {
		return f
	}
	f.outer = c.Optional()
	f.element = 1 // of a list that can't be null: its repeated group
	if f.outer {
		f.element = 2
	}
	numbers := true
	for _, l := range f.leaves {
		numbers = numbers && l.MaxRepetitionLevel() == 1 && isNumber(l.Type())
	}
	switch {
	case numbers && len(f.leaves) == 1:
		f.typ = "list of " + f.leaves[0].Type().String()
		f.kinds = []kind{list}
	case numbers && len(f.leaves) == 2:
		f.typ = "list of pairs"
		f.kinds = []kind{pairs}
		if f.leaves[0].Name() == "quantity" || f.leaves[1].Name() == "week" {
			f.leaves[0], f.leaves[1] = f.leaves[1], f.leaves[0]
		}
	}
	return f
}

func leavesOf(c *parquet.Column) []*parquet.Column {
	if c.Leaf() {
		return []*parquet.Column{c}
	}
	var leaves []*parquet.Column
	for _, child := range c.Columns() {
		leaves = append(leaves, leavesOf(child)...)
	}
	return leaves
}

// scalarKinds tells what values of a type can be read as.
func scalarKinds(t parquet.Type) []kind {
	logical := annotation(t)
	switch {
	case isTime(logical):
		return []kind{date}
	case t.Kind() == parquet.Boolean, t.Kind() == parquet.Float, t.Kind() == parquet.Double, isDecimal(logical):
		return []kind{number}
	case t.Kind() == parquet.Int32, t.Kind() == parquet.Int64:
		return []kind{number, text}
	case t.Kind() == parquet.ByteArray, t.Kind() == parquet.FixedLenByteArray && logical == nil:
		return []kind{text, date, list, pairs}
	}
	return nil
}

// annotation returns what a type's values stand for: a *format.DateType, *format.TimestampType …, or nil. Old files say it in another way, which the
// library translates.
func annotation(t parquet.Type) format.LogicalTypeValue {
	if l := t.LogicalType(); l != nil {
		return l.Value
	}
	return nil
}

func isTime(a format.LogicalTypeValue) bool {
	switch a.(type) {
	case *format.DateType, *format.TimestampType:
		return true
	}
	return false
}

func isDecimal(a format.LogicalTypeValue) bool {
	_, ok := a.(*format.DecimalType)
	return ok
}

func isNumber(t parquet.Type) bool {
	for _, k := range scalarKinds(t) {
		if k == number {
			return true
		}
	}
	return false
}

// fill appends rows cells to a column.
func (f *parquetField) fill(c *column, leaves []*leafReader, rows int) error {
	for range rows {
		var err error
		switch {
		case f.element == 0:
			err = f.scalar(c, leaves[0])
		case len(leaves) == 2:
			err = f.pairs(c, leaves)
		default:
			err = f.list(c, leaves[0])
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (f *parquetField) scalar(c *column, l *leafReader) error {
	v, err := l.take()
	if err != nil {
		return err
	}
	if v.IsNull() {
		c.appendNull()
		return nil
	}
	t := f.leaves[0].Type()
	switch c.kind {
	case number:
		c.appendNumber(numberOf(v, t))
	case date:
		if logical := annotation(t); isTime(logical) {
			c.appendDay(dayOf(v, logical))
			return nil
		}
		c.appendCell(string(v.ByteArray()))
	default:
		switch v.Kind() {
		case parquet.Int32, parquet.Int64:
			c.appendText(strconv.FormatFloat(numberOf(v, t), 'f', 0, 64))
		default:
			if b := v.ByteArray(); len(b) == 0 && c.kind == text {
				c.appendText("")
			} else {
				c.appendCell(string(b))
			}
		}
	}
	return nil
}

// numberOf converts a value of a number type.
func numberOf(v *parquet.Value, t parquet.Type) float64 {
	logical := annotation(t)
	integer, _ := logical.(*format.IntType)
	unsigned := integer != nil && !integer.IsSigned
	var x float64
	switch v.Kind() {
	case parquet.Boolean:
		if v.Boolean() {
			x = 1
		}
	case parquet.Int32:
		x = float64(v.Int32())
		if unsigned {
			x = float64(v.Uint32())
		}
	case parquet.Int64:
		x = float64(v.Int64())
		if unsigned {
			x = float64(v.Uint64())
		}
	case parquet.Float:
		return float64(v.Float())
	case parquet.Double:
		return v.Double()
	default: // a decimal as big-endian two's complement
		b := v.ByteArray()
		i := new(big.Int).SetBytes(b)
		if len(b) > 0 && b[0]&0x80 != 0 {
			i.Sub(i, new(big.Int).Lsh(big.NewInt(1), uint(8*len(b))))
		}
		x, _ = new(big.Float).SetInt(i).Float64()
	}
	if d, ok := logical.(*format.DecimalType); ok {
		x /= math.Pow10(int(d.Scale))
	}
	return x
}

// dayOf converts a date or a timestamp.
func dayOf(v *parquet.Value, a format.LogicalTypeValue) int32 {
	stamp, ok := a.(*format.TimestampType)
	if !ok {
		return v.Int32()
	}
	perDay := int64(24 * time.Hour / stamp.Unit.Value.Duration())
	days := v.Int64() / perDay
	if v.Int64()%perDay < 0 {
		days--
	}
	return int32(days)
}

// list appends a cell whose values are in one leaf.
func (f *parquetField) list(c *column, l *leafReader) error {
	start := len(c.values)
	values, state, err := f.row(l, f.leaves[0], c.values)
	if err != nil {
		return err
	}
	c.values = values
	f.end(c, state, start)
	return nil
}

// pairs appends a cell whose weeks are in one leaf and whose quantities are in another.
func (f *parquetField) pairs(c *column, leaves []*leafReader) error {
	weeks, state, err := f.row(leaves[0], f.leaves[0], nil)
	if err != nil {
		return err
	}
	quantities, other, err := f.row(leaves[1], f.leaves[1], nil)
	if err != nil {
		return err
	}
	if len(weeks) != len(quantities) {
		return fmt.Errorf("the file is damaged: %d weeks and %d quantities in a list of pairs", len(weeks), len(quantities))
	}
	start := len(c.values)
	for i := range weeks {
		c.values = append(c.values, weeks[i], quantities[i])
	}
	f.end(c, max(state, other), start)
	return nil
}

// listState is what a list cell is, apart from its values.
type listState int

const (
	listOK listState = iota
	listNull
	listHole // an element is null
	listLong // more than maxList elements
)

// end closes a cell whose values have been appended from start on.
func (f *parquetField) end(c *column, state listState, start int) {
	if state != listOK {
		c.values = c.values[:start]
	}
	switch state {
	case listOK:
		c.endList()
	case listNull:
		c.appendNull()
	case listHole:
		c.appendBad("", "has a null among its values")
	case listLong:
		c.appendBad("", fmt.Sprintf("has more than %d values", maxList))
	}
}

// row appends the values of one row of a repeated leaf.
func (f *parquetField) row(l *leafReader, leaf *parquet.Column, values []float64) ([]float64, listState, error) {
	v, err := l.take()
	if err != nil {
		return values, listOK, err
	}
	if v.RepetitionLevel() != 0 {
		return values, listOK, fmt.Errorf("the file is damaged: a row begins in the middle of a list")
	}
	t, full := leaf.Type(), leaf.MaxDefinitionLevel()
	if d := v.DefinitionLevel(); d < f.element {
		if f.outer && d == 0 {
			return values, listNull, nil
		}
		return values, listOK, nil
	}
	state := listOK
	for n := 1; ; n++ {
		switch {
		case n > maxList:
			state = listLong
		case v.DefinitionLevel() < full:
			state = max(state, listHole)
		default:
			values = append(values, numberOf(v, t))
		}
		v, err = l.peek()
		if errors.Is(err, io.EOF) || err == nil && v.RepetitionLevel() == 0 {
			return values, state, nil
		}
		if err != nil {
			return values, state, err
		}
		l.at++
	}
}
