package table

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"

	"github.com/restock-engine/restock/simulate"
)

// articleColumns are the columns of the articles table; the optional scalars follow at firstParam.
var articleColumns = func() []tableColumn {
	columns := []tableColumn{
		{"merchant_id", text, true}, {"article_id", text, true},
		{"on_hand", number, true}, {"price", number, true}, {"unit_cost", number, true},
		{"in_transit", pairs, false}, {"pending_returns", pairs, false}, {"plan", pairs, false},
		{"return_lag_weights", list, false}, {"lead_time_samples", list, false},
	}
	for p := range NumParams {
		columns = append(columns, tableColumn{p.String(), number, false})
	}
	return columns
}()

const (
	merchantColumn = iota
	articleColumn
	onHandColumn
	priceColumn
	unitCostColumn
	inTransitColumn
	pendingReturnsColumn
	planColumn
	lagWeightsColumn
	leadSamplesColumn
	firstParam
)

// ArticleReader reads the articles table row by row.
type ArticleReader struct {
	rows   *rowReader
	seen   *keyIndex // SKUs of the rows so far; nil where somebody else looks for duplicates
	count  int32     // rows so far
	starts []int32   // [file] rows before it
}

// OpenArticles opens the articles table: a file, a folder, a glob, or - for an Arrow IPC stream from stdin.
func OpenArticles(path string, stdin io.Reader) (*ArticleReader, error) {
	set, err := openFiles(path, stdin, "")
	if err != nil {
		return nil, err
	}
	return &ArticleReader{rows: newRowReader(set, true, set.knowing(articleColumns, bindArticles)), seen: newKeyIndex()}, nil
}

// Doubts tells what may be wrong with the columns of the files read so far.
func (r *ArticleReader) Doubts() []string { return r.rows.set.doubts }

func bindArticles(f file, name string) ([]want, []int, error) { return bind(f, name, articleColumns) }

// Close releases the files.
func (r *ArticleReader) Close() error { return r.rows.close() }

// Next returns the next row, or everything that is wrong with it; io.EOF after the last one. Other errors end the reading. The
// caller owns what is returned.
func (r *ArticleReader) Next() (*ArticleRow, []Reject, error) {
	b, i, err := r.rows.next()
	if err != nil {
		return nil, nil, err
	}
	row := &ArticleRow{Source: r.rows.source()}
	faults := readArticle(b, r.rows.places, i, row)
	if r.seen != nil {
		if f := r.number(row.Key, faults == nil); f != nil {
			faults = append(faults, f)
		}
	}
	if faults == nil {
		return row, nil, nil
	}
	var rejects []Reject
	for _, f := range faults {
		rejects = append(rejects, Reject{row.Source, row.Key, f.column, f.value, f.reason})
	}
	return nil, rejects, nil
}

// number counts a row, and finds fault with a usable one whose SKU an earlier usable one has.
func (r *ArticleReader) number(key Key, usable bool) *fault {
	for len(r.starts) < r.rows.upcoming {
		r.starts = append(r.starts, r.count)
	}
	n := r.count
	r.count++
	if !usable {
		return nil
	}
	first, twice := r.seen.add(key, n)
	if !twice {
		return nil
	}
	file := len(r.starts) - 1
	for r.starts[file] > first {
		file--
	}
	of := fmt.Sprintf("row %d", first-r.starts[file]+1)
	if len(r.rows.set.paths) > 1 {
		of += " of " + r.rows.set.name(r.rows.set.paths[file])
	}
	return &fault{reason: duplicateOf(of)}
}

func duplicateOf(row string) string { return "the SKU is a duplicate of " + row + ", which is used" }

// readArticle fills row from row i of a batch and returns what is wrong with it.
func readArticle(b *batch, places []int, i int, row *ArticleRow) []*fault {
	if bad, ok := b.bad[i]; ok {
		return []*fault{{"", bad.value, bad.reason}}
	}
	var faults []*fault
	note := func(f *fault) {
		if f != nil {
			faults = append(faults, f)
		}
	}
	var f *fault
	row.Merchant, f = keyAt(b.at(places[merchantColumn]), "merchant_id", i)
	note(f)
	row.Article, f = keyAt(b.at(places[articleColumn]), "article_id", i)
	note(f)
	for _, c := range []struct {
		column int
		value  *float64
	}{{onHandColumn, &row.OnHand}, {priceColumn, &row.Price}, {unitCostColumn, &row.UnitCost}} {
		v, set, f := numberAt(b.at(places[c.column]), articleColumns[c.column].name, i)
		if f == nil && !set {
			f = &fault{articleColumns[c.column].name, "", "is missing"}
		}
		note(f)
		*c.value = v
	}
	for _, c := range []struct {
		column int
		list   *[]simulate.WeekQuantity
	}{{inTransitColumn, &row.InTransit}, {pendingReturnsColumn, &row.PendingReturns}, {planColumn, &row.Plan}} {
		list, set, f := pairsAt(b.at(places[c.column]), articleColumns[c.column].name, i)
		note(f)
		*c.list = list
		if c.column == planColumn {
			row.HasPlan = set
		}
	}
	for _, c := range []struct {
		column int
		list   *[]float64
	}{{lagWeightsColumn, &row.ReturnLagWeights}, {leadSamplesColumn, &row.LeadTimeSamples}} {
		values, f := listAt(b.at(places[c.column]), articleColumns[c.column].name, i)
		note(f)
		*c.list = values
	}
	for p := range NumParams {
		v, set, f := numberAt(b.at(places[firstParam+int(p)]), p.String(), i)
		note(f)
		if set {
			row.Params.Set(p, v)
		}
	}
	return faults
}

// numberAt returns a cell of a number column and whether it is set. A number that is not finite is a fault.
func numberAt(c *column, name string, row int) (v float64, set bool, f *fault) {
	if f := cellFault(c, name, row); f != nil {
		return 0, false, f
	}
	if c == nil || c.null[row] {
		return 0, false, nil
	}
	v = c.number[row]
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return 0, false, &fault{name, strconv.FormatFloat(v, 'g', -1, 64), "is not a finite number"}
	}
	return v, true, nil
}

// listAt returns a copy of a cell of a list column, nil where it is not set.
func listAt(c *column, name string, row int) ([]float64, *fault) {
	if f := cellFault(c, name, row); f != nil {
		return nil, f
	}
	if c == nil || c.null[row] {
		return nil, nil
	}
	values := c.values[c.offset[row]:c.offset[row+1]]
	for _, v := range values {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return nil, &fault{name, strconv.FormatFloat(v, 'g', -1, 64), "is not a finite number"}
		}
	}
	return slices.Clone(values), nil
}

// pairsAt returns a cell of a pairs column and whether it is set.
func pairsAt(c *column, name string, row int) (list []simulate.WeekQuantity, set bool, f *fault) {
	values, f := listAt(c, name, row)
	if f != nil || c == nil || c.null[row] {
		return nil, false, f
	}
	for k := 0; k+1 < len(values); k += 2 {
		week := values[k]
		if week != math.Trunc(week) || math.Abs(week) > 1e6 {
			return nil, false, &fault{name, strconv.FormatFloat(week, 'g', -1, 64), "is not a week number"}
		}
		list = append(list, simulate.WeekQuantity{Week: int(week), Quantity: values[k+1]})
	}
	return list, true, nil
}
