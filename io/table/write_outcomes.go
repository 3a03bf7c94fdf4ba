package table

import (
	"io"
	"time"
)

// OutcomeRow is one row of a backtest's outcomes: what an arm's decision at a date did to a SKU within so many weeks.
type OutcomeRow struct {
	Key
	Date         time.Time
	Arm, Class   string
	Policy       string
	Weeks        int
	Numbers      OutcomeNumbers
	OrdersPlaced int
	ShortWeeks   int
}

// OutcomeNumbers are an outcome's units and money over the weeks of the evaluation, in the order of their columns.
type OutcomeNumbers [len(outcomeNumbers)]float64

var outcomeNumbers = [...]string{"demand", "imputed_demand", "forecast", "forecast_error", "units_sold", "units_lost", "units_ordered", "average_stock",
	"final_stock", "holding", "inbound", "outbound", "returns", "lost_sales", "overstock", "cost", "gmv", "gmv_after_fulfilment"}

// OutcomeWriter writes the outcomes table.
type OutcomeWriter struct{ *tableWriter }

// CreateOutcomes creates the outcomes table of a backtest.
func CreateOutcomes(path string, stdout io.Writer) (*OutcomeWriter, error) {
	columns := []outColumn{{"merchant_id", outText, false}, {"article_id", outText, false}, {"date", outDate, false}, {"arm", outText, false},
		{"weeks", outInt, false}, {"class", outText, false}, {"policy", outText, false}}
	for _, n := range outcomeNumbers {
		columns = append(columns, outColumn{n, outFloat, false})
	}
	columns = append(columns, outColumn{"orders_placed", outInt, false}, outColumn{"short_weeks", outInt, false})
	w, err := newTableWriter(path, stdout, columns, nil)
	return &OutcomeWriter{w}, err
}

// Describe adds keys and values to the metadata of a Parquet file; other formats can't take any after their first row. It comes
// before Commit.
func (w *OutcomeWriter) Describe(notes [][2]string) {
	if p, ok := w.sink.(*parquetSink); ok {
		for _, note := range notes {
			p.writer.SetKeyValueMetadata(note[0], note[1])
		}
	}
}

// Write appends a row.
func (w *OutcomeWriter) Write(r *OutcomeRow) error {
	row := append(w.row[:0], textCell(r.Merchant), textCell(r.Article), dateCell(r.Date), textCell(r.Arm), intCell(int64(r.Weeks)), textCell(r.Class),
		textCell(r.Policy))
	for _, v := range r.Numbers {
		row = append(row, floatCell(v))
	}
	w.row = append(row, intCell(int64(r.OrdersPlaced)), intCell(int64(r.ShortWeeks)))
	return w.put()
}
