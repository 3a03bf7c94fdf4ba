package table

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/restock-engine/restock/forecast"
)

// historyColumns are the columns of the history table; the numbers follow at salesColumn.
var historyColumns = []tableColumn{
	{"merchant_id", text, true}, {"article_id", text, true}, {"week_start", date, true},
	{"sales", number, true}, {"in_stock", number, false}, {"returns", number, false}, {"received", number, false},
	{"ordered", number, false}, {"on_hand", number, false}, {"price", number, false},
}

const (
	weekStartColumn = 2
	salesColumn     = 3
	historyNumbers  = 7 // sales, in_stock, returns, received, ordered, on_hand, price
)

// Places of the numbers of a history row.
const (
	sales = iota
	inStock
	returns
	received
	ordered
	onHand
	price
)

// historyRow is one week of one SKU; NaN where a number is not known.
type historyRow struct {
	source  Source
	key     Key
	week    int
	numbers [historyNumbers]float64
	fault   *fault // the week is not to be used
}

// maxHistoryRows bounds the rows of one SKU, which are in memory at a time.
const maxHistoryRows = 10 * maxHistoryWeek

// maxHistoryWeek bounds the dates that are taken for dates of a history: 1970 to 2169.
const maxHistoryWeek = 200 * 365 / 7

// HistoryOptions say how to read a history.
type HistoryOptions struct {
	TempDir string    // for rows of a SKU that do not stand together; "" is the system's
	Stdin   io.Reader // for a path of -
}

// HistoryReader reads the history table SKU by SKU, in the order in which the SKUs first appear. Rows of a SKU that do not stand
// together go through temporary files.
type HistoryReader struct {
	set     *fileSet
	index   *keyIndex
	rows    *grouped[historyRow]
	columns [historyNumbers]bool // the files have it
	number  int32
	skus    int32
	keyless *rowReader // rows without a usable key, read after the last SKU

	first, last int // weeks between which the dates are believed

	sorted  bool  // the rows of each SKU stand together
	count   int64 // rows
	tempDir string
}

// OpenHistory opens the history table: a file, a folder, a glob, or - for an Arrow IPC stream. It reads all keys once.
func OpenHistory(path string, o HistoryOptions) (h *HistoryReader, err error) {
	h = &HistoryReader{index: newKeyIndex(), tempDir: o.TempDir}
	defer func() {
		if err != nil {
			err = errors.Join(err, h.Close())
			h = nil
		}
	}()
	if h.set, err = openFiles(path, o.Stdin, o.TempDir); err != nil {
		return h, err
	}
	if h.sorted, h.count, err = h.scan(); err != nil {
		return h, err
	}
	h.rows, err = groupRows(h.historyRows(), h.sorted, h.count, max(h.skus, 1), h.tempDir)
	return h, err
}

// SKUs returns how many SKUs the history has.
func (h *HistoryReader) SKUs() int { return int(h.skus) }

// Doubts tells what may be wrong with the columns.
func (h *HistoryReader) Doubts() []string { return h.set.doubts }

// Rows returns how many rows the history has.
func (h *HistoryReader) Rows() int64 { return h.count }

// Close releases files and temporary files.
func (h *HistoryReader) Close() error {
	var errs []error
	if h.rows != nil {
		errs = append(errs, h.rows.close())
	}
	if h.keyless != nil {
		errs = append(errs, h.keyless.close())
	}
	if h.set != nil {
		errs = append(errs, h.set.close())
	}
	return errors.Join(errs...)
}

// scan numbers the SKUs by their first row, and tells whether each one's rows stand together.
func (h *HistoryReader) scan() (sorted bool, count int64, err error) {
	r := newRowReader(h.set, false, h.set.knowing(historyColumns, h.bindScan))
	defer r.close()
	sorted = true
	last := int32(0)
	weeks := make([]int64, maxHistoryWeek+1)
	for ; ; count++ {
		b, i, err := r.next()
		if errors.Is(err, io.EOF) {
			h.first, h.last = believed(weeks)
			return sorted, count, nil
		}
		if err != nil {
			return false, 0, err
		}
		if week, ok := weekAt(b.columns[weekStartColumn], i); ok {
			weeks[week]++
		}
		key, f := historyKey(b, i)
		if f != nil {
			continue // rejected at the end
		}
		n := h.index.find(key)
		if n == notFound {
			n, _ = h.index.add(key, h.skus)
			h.index.last = Key{}
			h.skus++
		}
		sorted = sorted && n >= last
		last = n
	}
}

func (h *HistoryReader) bindScan(f file, name string) ([]want, []int, error) {
	wants, places, err := bind(f, name, historyColumns)
	if err != nil {
		return nil, nil, err
	}
	for i := range h.columns {
		h.columns[i] = h.columns[i] || places[salesColumn+i] >= 0
	}
	return wants[:salesColumn], places[:salesColumn], nil
}

// weekAt returns a row's week; false if there is none, or one that no history has.
func weekAt(c *column, row int) (week int, ok bool) {
	if c.null[row] {
		return 0, false
	}
	week = forecast.WeekNumber(time.Unix(int64(c.day[row])*86400, 0).UTC())
	return week, week >= 0 && week <= maxHistoryWeek
}

// believed returns the first and the last week that a date may lie in: one mistyped year must not decide when the history ends, and
// with it which week is forecast. At most a fiftieth of the rows can be left out, and only where a year without any row is between
// them and all others.
func believed(rows []int64) (first, last int) {
	const gap, share = 52, 50
	var weeks []int
	total := int64(0)
	for week, n := range rows {
		if n > 0 {
			weeks = append(weeks, week)
			total += n
		}
	}
	first, last = 0, len(rows)-1
	for i, out := 0, int64(0); i+1 < len(weeks); i++ {
		if out += rows[weeks[i]]; out > total/share {
			break
		}
		if weeks[i+1]-weeks[i] > gap {
			first = weeks[i+1]
		}
	}
	for i, out := len(weeks)-1, int64(0); i > 0; i-- {
		if out += rows[weeks[i]]; out > total/share {
			break
		}
		if weeks[i]-weeks[i-1] > gap {
			last = weeks[i-1]
		}
	}
	return first, last
}

func historyKey(b *batch, i int) (key Key, f *fault) {
	if bad, ok := b.bad[i]; ok {
		return key, &fault{"", bad.value, bad.reason}
	}
	return pairAt(b, i, "merchant_id", "article_id")
}

func (h *HistoryReader) historyRows() rowsOf[historyRow] {
	r := newRowReader(h.set, false, func(f file, name string) ([]want, []int, error) { return bind(f, name, historyColumns) })
	return rowsOf[historyRow]{
		next: func(row *historyRow) (int32, error) {
			b, i, err := r.next()
			if err != nil {
				return 0, err
			}
			*row = historyRow{source: r.source()}
			var bad *fault
			if row.key, bad = historyKey(b, i); bad != nil {
				return notFound, nil
			}
			row.read(b, r.places, i, h.first, h.last)
			return h.index.find(row.key), nil
		},
		encode: func(w *recordWriter, row *historyRow) {
			r.encodeSource(w)
			row.encode(w)
		},
		decode: func(from *recordReader, row *historyRow) {
			row.source = r.decodeSource(from)
			row.decode(from)
		},
		close: r.close,
	}
}

// read fills week and numbers, or fault. Dates are believed from the week first to the week last.
func (row *historyRow) read(b *batch, places []int, i, first, last int) {
	c := b.columns[places[weekStartColumn]]
	row.week = -1
	if row.fault = cellFault(c, "week_start", i); row.fault != nil {
		return
	}
	if c.null[i] {
		row.fault = &fault{"week_start", "", "is missing"}
		return
	}
	week, ok := weekAt(c, i)
	if !ok || week < first || week > last {
		reason := "is no date of a sales history"
		if ok {
			reason = "is more than a year away from the dates of all other rows"
		}
		row.fault = &fault{"week_start", time.Unix(int64(c.day[i])*86400, 0).UTC().Format(time.DateOnly), reason}
		return
	}
	row.week = week
	for k := range row.numbers {
		name := historyColumns[salesColumn+k].name
		v, set, f := numberAt(b.at(places[salesColumn+k]), name, i)
		switch {
		case f != nil:
		case !set && k == sales:
			f = &fault{name, "", "is missing"}
		case !set:
			v = math.NaN()
		case k == inStock && (v < 0 || v > 1):
			f = &fault{name, strconv.FormatFloat(v, 'g', -1, 64), "must be a share of the week, 0 to 1, or true or false"}
		case v < 0 && k != onHand: // book stock can be negative
			f = &fault{name, strconv.FormatFloat(v, 'g', -1, 64), "must not be negative"}
		case v > maxDemand:
			f = &fault{name, strconv.FormatFloat(v, 'g', -1, 64), "is more than a week can have"}
		}
		row.numbers[k] = v
		if f != nil {
			row.fault = f
			return
		}
	}
}

func (row *historyRow) encode(w *recordWriter) {
	w.text(row.key.Merchant)
	w.text(row.key.Article)
	w.int(int64(row.week))
	for _, v := range row.numbers {
		w.float64(v)
	}
	w.fault(row.fault)
}

func (row *historyRow) decode(r *recordReader) {
	row.key = Key{r.text(), r.text()}
	row.week = int(r.int())
	for k := range row.numbers {
		row.numbers[k] = r.float64()
	}
	row.fault = r.fault()
}

// Next returns the next SKU's series and the rejects of its rows. After the last SKU come the rejects of rows without a usable
// key, then io.EOF. Weeks without a row have no sales. A week whose row is rejected counts as out of stock: its demand is not
// known. The caller owns what is returned.
func (h *HistoryReader) Next() (*forecast.Series, []Reject, error) {
	if h.number == h.skus {
		r, err := h.nextKeyless()
		return nil, []Reject{r}, err
	}
	var rows []historyRow
	more := 0
	err := h.rows.each(h.number, func(row *historyRow) {
		if len(rows) == maxHistoryRows {
			more++
			return
		}
		rows = append(rows, *row)
	})
	if err != nil {
		return nil, nil, err
	}
	if more > 0 {
		return nil, nil, fmt.Errorf("%s: SKU %s/%s has %d rows; a history has one row per SKU and week, so a SKU's key may be missing or the sales may not be weekly",
			rows[0].source.File, rows[0].key.Merchant, rows[0].key.Article, maxHistoryRows+more)
	}
	h.number++
	slices.SortStableFunc(rows, func(a, b historyRow) int { return cmp.Compare(a.week, b.week) })
	s, rejects := h.series(rows)
	return s, rejects, nil
}

// nextKeyless returns the rejects of rows without a usable key; io.EOF after the last one.
func (h *HistoryReader) nextKeyless() (Reject, error) {
	if h.keyless == nil {
		h.keyless = newRowReader(h.set, false, h.bindScan)
	}
	for {
		b, i, err := h.keyless.next()
		if err != nil {
			return Reject{}, err
		}
		if key, f := historyKey(b, i); f != nil {
			return Reject{h.keyless.source(), key, f.column, f.value, f.reason}, nil
		}
	}
}

// series turns a SKU's rows, sorted by week, into a series; nil if no week is usable.
func (h *HistoryReader) series(rows []historyRow) (*forecast.Series, []Reject) {
	var rejects []Reject
	reject := func(row *historyRow, f *fault) {
		rejects = append(rejects, Reject{row.source, row.key, f.column, f.value, f.reason})
	}
	for len(rows) > 0 && rows[0].week < 0 {
		reject(&rows[0], rows[0].fault)
		rows = rows[1:]
	}
	if len(rows) == 0 {
		return nil, rejects
	}
	first, weeks := rows[0].week, rows[len(rows)-1].week-rows[0].week+1
	s := &forecast.Series{MerchantID: rows[0].key.Merchant, ArticleID: rows[0].key.Article, FirstWeek: first, Sales: make([]float64, weeks)}
	columns := [historyNumbers]*[]float64{&s.Sales, &s.InStock, &s.Returns, &s.Received, &s.Ordered, &s.OnHand, &s.Price}
	for k, c := range columns {
		if k != sales && h.columns[k] {
			*c = make([]float64, weeks)
			switch k {
			case inStock:
				fillWith(*c, 1)
			case onHand, price:
				fillWith(*c, math.NaN())
			}
		}
	}
	for len(rows) > 0 {
		n := 1
		for n < len(rows) && rows[n].week == rows[0].week {
			n++
		}
		week, t := rows[:n], rows[0].week-first
		rows = rows[n:]
		used := slices.IndexFunc(week, func(r historyRow) bool { return r.fault == nil })
		for i := range week {
			switch row := &week[i]; {
			case row.fault != nil:
				reject(row, row.fault)
			case i != used:
				reject(row, &fault{"week_start", forecast.WeekStart(row.week).Format(time.DateOnly),
					fmt.Sprintf("the SKU has a row for this week already, row %d of %s, which is used; one row per week is needed",
						week[used].source.Row, week[used].source.File)})
			}
		}
		if used < 0 { // not known
			if s.InStock == nil {
				s.InStock = make([]float64, weeks)
				fillWith(s.InStock, 1)
			}
			s.InStock[t] = 0
			continue
		}
		for k, c := range columns {
			if v := week[used].numbers[k]; *c != nil && (!math.IsNaN(v) || k == onHand || k == price) {
				(*c)[t] = v
			}
		}
	}
	return s, rejects
}

func fillWith(x []float64, v float64) {
	for i := range x {
		x[i] = v
	}
}

// Rewind starts again with the first SKU.
func (h *HistoryReader) Rewind() error {
	err := h.rows.close()
	if h.keyless != nil {
		err = errors.Join(err, h.keyless.close())
	}
	h.rows, h.keyless, h.number = nil, nil, 0
	if err != nil {
		return err
	}
	h.rows, err = groupRows(h.historyRows(), h.sorted, h.count, max(h.skus, 1), h.tempDir)
	return err
}
