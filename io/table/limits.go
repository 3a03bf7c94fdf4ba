package table

import (
	"errors"
	"fmt"
	"io"
	"math"
)

// LimitRow is a bound on what a merchant's orders of a week use together.
type LimitRow struct {
	Source
	Merchant string
	Of       string  // money, units or volume
	AtMost   float64 // +Inf where the cell is empty
	AtLeast  float64 // 0 where the cell is empty
}

// Uses are what limits can be of.
var Uses = []string{"money", "units", "volume"}

// ReadLimits reads a table of limits: merchant_id, limit (one of Uses), at_most, at_least. There is at most one row for each merchant and use. Nobody
// would order with half of the limits: a row that can't be used is an error for the whole table.
func ReadLimits(path string) (rows []LimitRow, err error) {
	columns := []tableColumn{{"merchant_id", text, true}, {"limit", text, true}, {"at_most", number, false}, {"at_least", number, false}}
	seen := map[[2]string]int64{}
	err = eachRow(path, columns, func(source Source, b *batch, i int, places []int) *fault {
		row := LimitRow{Source: source, AtMost: math.Inf(1)}
		var f *fault
		if row.Merchant, f = keyAt(b.at(places[0]), "merchant_id", i); f != nil {
			return f
		}
		if row.Of, f = keyAt(b.at(places[1]), "limit", i); f != nil {
			return f
		}
		known := false
		for _, u := range Uses {
			known = known || u == row.Of
		}
		if !known {
			return &fault{"limit", row.Of, "must be money, units or volume"}
		}
		if before, twice := seen[[2]string{row.Merchant, row.Of}]; twice {
			return &fault{"limit", row.Of, fmt.Sprintf("is limited in row %d already for merchant %s", before, row.Merchant)}
		}
		seen[[2]string{row.Merchant, row.Of}] = source.Row
		for k, p := range []*float64{&row.AtMost, &row.AtLeast} {
			v, set, f := numberAt(b.at(places[2+k]), columns[2+k].name, i)
			if f != nil {
				return f
			}
			if set {
				*p = v
			}
		}
		if places[2] < 0 && places[3] < 0 {
			return &fault{"at_most", "", "is missing, and so is at_least: the table has no bound"}
		}
		if row.AtLeast < 0 || row.AtMost < row.AtLeast {
			return &fault{"at_most", fmt.Sprint(row.AtMost), fmt.Sprintf("and at_least %g are no range from 0 on", row.AtLeast)}
		}
		rows = append(rows, row)
		return nil
	})
	return rows, err
}

// ReadVolumes reads the volumes of a unit of the articles of those merchants that keep says: merchant_id, article_id, volume.
func ReadVolumes(path string, keep func(merchant string) bool) (map[Key]float64, error) {
	columns := []tableColumn{{"merchant_id", text, true}, {"article_id", text, true}, {"volume", number, true}}
	volumes := map[Key]float64{}
	err := eachRow(path, columns, func(_ Source, b *batch, i int, _ []int) *fault {
		key, f := pairAt(b, i, "merchant_id", "article_id")
		if f != nil || !keep(key.Merchant) {
			return f
		}
		v, set, f := numberAt(b.columns[2], "volume", i)
		switch {
		case f != nil:
			return f
		case !set || v < 0:
			return &fault{"volume", fmt.Sprint(v), "must be a number of 0 or more"}
		}
		if _, twice := volumes[key]; twice {
			return &fault{"article_id", key.Article, fmt.Sprintf("of merchant %s has a volume already in a row above", key.Merchant)}
		}
		volumes[key] = v
		return nil
	})
	return volumes, err
}

// eachRow visits the rows of a table none of which may be at fault.
func eachRow(path string, columns []tableColumn, visit func(source Source, b *batch, i int, places []int) *fault) (err error) {
	set, err := openFiles(path, nil, "")
	if err != nil {
		return err
	}
	r := newRowReader(set, true, func(f file, name string) ([]want, []int, error) {
		if doubts := misspelt(f.columns(), columns); doubts != nil {
			return nil, nil, fmt.Errorf("%s: %s", name, doubts[0])
		}
		return bind(f, name, columns)
	})
	defer func() { err = errors.Join(err, r.close()) }()
	for {
		b, i, err := r.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		f := (*fault)(nil)
		if bad, ok := b.bad[i]; ok {
			f = &fault{"", bad.value, bad.reason}
		} else {
			f = visit(r.source(), b, i, r.places)
		}
		if f != nil {
			return fmt.Errorf("%s: row %d: %s %q %s", r.name, r.source().Row, f.column, f.value, f.reason)
		}
	}
}

// CurveRow is what orders of a SKU are worth by their size, for limits over several SKUs.
type CurveRow struct {
	Key
	UnitCost   float64   // money
	Wanted     int       // index of the quantity that the SKU's own recommendation orders
	Quantities []float64 // rising from 0
	Values     []float64 // money, against no order
}

var curveColumns = []outColumn{{"merchant_id", outText, false}, {"article_id", outText, false}, {"unit_cost", outFloat, false},
	{"wanted", outInt, false}, {"quantities", outList, false}, {"values", outList, false}}

// CurveWriter writes curves.
type CurveWriter struct{ *tableWriter }

// CreateCurves creates a table of curves.
func CreateCurves(path string) (*CurveWriter, error) {
	w, err := newTableWriter(path, nil, curveColumns, nil)
	return &CurveWriter{w}, err
}

// Write appends a row.
func (w *CurveWriter) Write(r *CurveRow) error {
	w.row = append(w.row[:0], textCell(r.Merchant), textCell(r.Article), floatCell(r.UnitCost), intCell(int64(r.Wanted)),
		cell{list: r.Quantities}, cell{list: r.Values})
	return w.put()
}

// ReadCurves visits the curves in a file of those merchants that keep says.
func ReadCurves(path string, keep func(merchant string) bool, visit func(CurveRow)) error {
	columns := []tableColumn{{"merchant_id", text, true}, {"article_id", text, true}, {"unit_cost", number, true}, {"wanted", number, true},
		{"quantities", list, true}, {"values", list, true}}
	return eachRow(path, columns, func(_ Source, b *batch, i int, _ []int) *fault {
		key, f := pairAt(b, i, "merchant_id", "article_id")
		if f != nil || !keep(key.Merchant) {
			return f
		}
		row := CurveRow{Key: key, UnitCost: b.columns[2].number[i], Wanted: int(b.columns[3].number[i])}
		if row.Quantities, f = listAt(b.columns[4], "quantities", i); f != nil {
			return f
		}
		if row.Values, f = listAt(b.columns[5], "values", i); f != nil {
			return f
		}
		if n := len(row.Quantities); n == 0 || len(row.Values) != n || row.Wanted < 0 || row.Wanted >= n {
			return &fault{"quantities", fmt.Sprint(row.Quantities), "do not fit the values"}
		}
		visit(row)
		return nil
	})
}

// LimitedOrder is a SKU's order now that keeps the limits.
type LimitedOrder struct {
	Key
	Quantity float64 // units
	Wanted   float64 // units that the SKU's own recommendation orders
	Value    float64 // money, of the order against none
	Lost     float64 // money, of what was wanted against the order
}

// LimitedOrderWriter writes orders that keep limits.
type LimitedOrderWriter struct{ *tableWriter }

// CreateLimitedOrders creates a table of orders that keep limits.
func CreateLimitedOrders(path string) (*LimitedOrderWriter, error) {
	w, err := newTableWriter(path, nil, []outColumn{{"merchant_id", outText, false}, {"article_id", outText, false},
		{"order_quantity", outFloat, false}, {"wanted_quantity", outFloat, false}, {"value", outFloat, false}, {"value_lost", outFloat, false}}, nil)
	return &LimitedOrderWriter{w}, err
}

// Write appends a row.
func (w *LimitedOrderWriter) Write(r LimitedOrder) error {
	w.row = append(w.row[:0], textCell(r.Merchant), textCell(r.Article), floatCell(r.Quantity), floatCell(r.Wanted), floatCell(r.Value), floatCell(r.Lost))
	return w.put()
}
