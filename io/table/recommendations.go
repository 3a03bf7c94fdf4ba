package table

import (
	"fmt"
	"io"
	"time"
)

// RecommendationRow is one row of a recommendations table as it stands in the file, by column name. Cells that are null, and
// columns that the file does not have, are absent.
type RecommendationRow struct {
	Source
	Key
	Texts   map[string]string  // run_id, as_of (2006-01-02), status, trigger, seed, engine_version, input_hash
	Numbers map[string]float64 // all others
}

// RecommendationReader reads a recommendations table row by row.
type RecommendationReader struct {
	rows    *rowReader
	columns []tableColumn
}

// OpenRecommendations opens a recommendations table: a file, a folder, a glob, or - for an Arrow IPC stream from stdin.
func OpenRecommendations(path string, stdin io.Reader) (*RecommendationReader, error) {
	set, err := openFiles(path, stdin, "")
	if err != nil {
		return nil, err
	}
	var columns []tableColumn
	for i, c := range recommendationColumns {
		k := number
		switch c.kind {
		case outText, outUint: // a seed of 64 bits is more than a float64 holds
			k = text
		case outDate:
			k = date
		}
		columns = append(columns, tableColumn{c.name, k, i <= orderQuantityColumn})
	}
	bindAll := func(f file, name string) ([]want, []int, error) { return bind(f, name, columns) }
	return &RecommendationReader{newRowReader(set, true, bindAll), columns}, nil
}

// Next returns the next row; io.EOF after the last one. A row that can't be read is an error: nobody but restock writes this table.
func (r *RecommendationReader) Next() (*RecommendationRow, error) {
	b, i, err := r.rows.next()
	if err != nil {
		return nil, err
	}
	row := &RecommendationRow{Source: r.rows.source(), Texts: map[string]string{}, Numbers: map[string]float64{}}
	if bad, ok := b.bad[i]; ok {
		return nil, row.failed(&fault{"", bad.value, bad.reason})
	}
	for k, c := range r.columns {
		cells := b.at(r.rows.places[k])
		if f := cellFault(cells, c.name, i); f != nil {
			return nil, row.failed(f)
		}
		if cells == nil || cells.null[i] {
			continue
		}
		switch c.kind {
		case number:
			row.Numbers[c.name] = cells.number[i]
		case date:
			row.Texts[c.name] = time.Unix(int64(cells.day[i])*86400, 0).UTC().Format(time.DateOnly)
		default:
			row.Texts[c.name] = cells.text[i]
		}
	}
	row.Merchant, row.Article = row.Texts["merchant_id"], row.Texts["article_id"]
	delete(row.Texts, "merchant_id")
	delete(row.Texts, "article_id")
	return row, nil
}

func (row *RecommendationRow) failed(f *fault) error {
	return fmt.Errorf("%s: row %d: %s %q %s", row.File, row.Row, f.column, f.value, f.reason)
}

// Close releases the files.
func (r *RecommendationReader) Close() error { return r.rows.close() }
