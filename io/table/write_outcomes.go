package table

import (
	"io"
	"slices"
	"time"

	"github.com/restock-engine/restock/simulate"
)

// OutcomeRow is one row of a backtest's outcomes: what an arm's decision at a date did to a SKU within so many weeks.
type OutcomeRow struct {
	Key
	Date         time.Time
	Arm, Class   string
	Policy       string
	Weeks        int
	Units        OutcomeUnits
	Costs        simulate.CostParts
	GMV          float64
	OrdersPlaced int
	ShortWeeks   int
}

// OutcomeUnits are an outcome's units over the weeks of the evaluation, in the order of their columns.
type OutcomeUnits [len(outcomeUnits)]float64

var outcomeUnits = [...]string{"demand", "imputed_demand", "forecast", "forecast_error", "units_sold", "units_lost", "units_ordered", "average_stock",
	"final_stock"}

// OutcomeWriter writes the outcomes table.
type OutcomeWriter struct{ *tableWriter }

// CreateOutcomes creates the outcomes table of a backtest.
func CreateOutcomes(path string, stdout io.Writer) (*OutcomeWriter, error) {
	columns := []outColumn{{"merchant_id", outText, false}, {"article_id", outText, false}, {"date", outDate, false}, {"arm", outText, false},
		{"weeks", outInt, false}, {"class", outText, false}, {"policy", outText, false}}
	for _, n := range slices.Concat(outcomeUnits[:], simulate.CostPartNames[:], []string{"cost", "gmv", "gmv_after_fulfilment"}) {
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
	for _, v := range r.Units {
		row = append(row, floatCell(v))
	}
	for _, v := range r.Costs.Values() {
		row = append(row, floatCell(v))
	}
	w.row = append(row, floatCell(r.Costs.Total()), floatCell(r.GMV), floatCell(r.Costs.AfterFulfilment(r.GMV)), intCell(int64(r.OrdersPlaced)), intCell(int64(r.ShortWeeks)))
	return w.put()
}
