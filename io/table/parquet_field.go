package table

import (
	"bytes"
	"errors"
	"fmt"
	"io"

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
	f.typ = "group"
	repeated := c
	if !c.Repeated() && len(c.Columns()) == 1 {
		repeated = c.Columns()[0]
	}
	if !repeated.Repeated() {
		return f
	}
	f.outer = c.Optional()
	f.element = repeated.MaxDefinitionLevel()
	f.leaves = weekAndQuantity(leavesOf(repeated))
	numbers := true
	for _, l := range f.leaves {
		numbers = numbers && l.MaxRepetitionLevel() == 1 && isNumber(l.Type())
	}
	switch {
	case len(f.leaves) == 1 && isEmpty(f.leaves[0].Type()):
		f.typ = "list of nothing"
		f.kinds = []kind{list, pairs}
	case numbers && len(f.leaves) == 1:
		f.typ = "list of " + f.leaves[0].Type().String()
		f.kinds = []kind{list}
	case numbers && len(f.leaves) == 2:
		f.typ = "list of pairs"
		f.kinds = []kind{pairs}
	}
	return f
}

// weekAndQuantity returns the leaves that are named so, in this order, or all if there are no such two.
func weekAndQuantity(leaves []*parquet.Column) []*parquet.Column {
	var found [2]*parquet.Column
	for _, l := range leaves {
		switch l.Name() {
		case "week":
			found[0] = l
		case "quantity":
			found[1] = l
		}
	}
	if found[0] == nil || found[1] == nil {
		return leaves
	}
	return found[:]
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
	case isEmpty(t):
		return []kind{text, number, date, list, pairs}
	case isTime(logical), t.Kind() == parquet.Int96:
		return []kind{date}
	case t.Kind() == parquet.Boolean, t.Kind() == parquet.Float, t.Kind() == parquet.Double, isDecimal(logical):
		return []kind{number}
	case isUUID(logical):
		return []kind{text}
	case t.Kind() == parquet.Int32, t.Kind() == parquet.Int64:
		return []kind{number, text}
	case t.Kind() == parquet.ByteArray, t.Kind() == parquet.FixedLenByteArray && logical == nil:
		return []kind{text, date, list, pairs}
	}
	return nil
}

// annotation returns what a type's values stand for: a *format.DateType, *format.TimestampType …, or nil. Old files say it in
// another way, which the library translates.
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

func isUUID(a format.LogicalTypeValue) bool {
	_, ok := a.(*format.UUIDType)
	return ok
}

func isDecimal(a format.LogicalTypeValue) bool {
	_, ok := a.(*format.DecimalType)
	return ok
}

// isEmpty tells whether a type has no values but null: the one that writers give to a column of which they have seen nothing else.
func isEmpty(t parquet.Type) bool {
	_, ok := annotation(t).(*format.NullType)
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

// as is what a field's leaves are read as for a column of a kind.
func (f *parquetField) as(k kind) kind {
	t := f.leaves[0].Type()
	switch {
	case f.element > 0 || k == number:
		return number
	case k == date && (t.Kind() == parquet.Int96 || isTime(annotation(t))):
		return date
	}
	return text
}

// fill appends rows cells to a column.
func (f *parquetField) fill(c *column, leaves []*leafReader, rows int) error {
	switch {
	case f.element == 0:
		return fillScalars(c, leaves[0], rows)
	case len(leaves) == 1:
		return f.fillLists(c, leaves[0], rows)
	}
	for range rows {
		if err := f.appendPairs(c, leaves); err != nil {
			return err
		}
	}
	return nil
}

func fillScalars(c *column, l *leafReader, rows int) error {
	for range rows {
		if err := l.need(); err != nil {
			return err
		}
		i := l.at
		l.at++
		if l.def != nil && l.def[i] != l.full {
			c.appendNull()
			continue
		}
		v := l.value
		l.value++
		switch {
		case l.as == number:
			c.appendNumber(l.values.numbers[v])
		case l.as == date:
			c.appendDay(l.values.days[v])
		case c.kind == text:
			c.appendShared(l.values.texts[v])
		default:
			c.appendCell(l.values.texts[v])
		}
	}
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

// fillLists appends cells whose values are in one leaf.
func (f *parquetField) fillLists(c *column, l *leafReader, rows int) error {
	for range rows {
		start := len(c.values)
		values, state, err := f.row(l, c.values)
		if err != nil {
			return err
		}
		c.values = values
		c.closeList(state, start)
	}
	return nil
}

// appendPairs appends a cell whose weeks are in one leaf and whose quantities are in another.
func (f *parquetField) appendPairs(c *column, leaves []*leafReader) error {
	weeks, state, err := f.row(leaves[0], nil)
	if err != nil {
		return err
	}
	quantities, other, err := f.row(leaves[1], nil)
	if err != nil {
		return err
	}
	state = max(state, other)
	if state == listOK && len(weeks) != len(quantities) {
		return fmt.Errorf("the file is damaged: %d weeks and %d quantities in a list of pairs", len(weeks), len(quantities))
	}
	start := len(c.values)
	if state == listOK {
		for i := range weeks {
			c.values = append(c.values, weeks[i], quantities[i])
		}
	}
	c.closeList(state, start)
	return nil
}

// closeList ends a cell whose values have been appended from start on.
func (c *column) closeList(state listState, start int) {
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

// row appends the values of one row of a repeated leaf. It goes from one entry that begins a row to the next in one step:
// bytes.IndexByte and bytes.Count look at 16 levels or more at a time.
func (f *parquetField) row(l *leafReader, values []float64) ([]float64, listState, error) {
	if err := l.need(); err != nil {
		return values, listOK, err
	}
	if l.rep[l.at] != 0 {
		return values, listOK, errors.New("the file is damaged: a row begins in the middle of a list")
	}
	if level := l.def[l.at]; level < byte(f.element) { // no element
		l.at++
		if f.outer && level == 0 {
			return values, listNull, nil
		}
		return values, listOK, nil
	}
	state, elements := listOK, 0
	for {
		n := bytes.IndexByte(l.rep[l.at+1:], 0) // entries of the row beyond the first of this page
		last := n >= 0
		if !last {
			n = l.n - l.at - 1
		}
		n++
		present := bytes.Count(l.def[l.at:l.at+n], []byte{l.full})
		if present < n {
			state = max(state, listHole)
		}
		if elements += n; elements > maxList {
			state = listLong
		} else {
			values = append(values, l.values.numbers[l.value:l.value+present]...)
		}
		l.at += n
		l.value += present
		if last {
			return values, state, nil
		}
		// A row may go on in the next page.
		if err := l.load(); errors.Is(err, io.EOF) || err == nil && l.rep[l.at] == 0 {
			return values, state, nil
		} else if err != nil {
			return values, state, err
		}
	}
}
