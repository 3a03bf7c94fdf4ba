package table

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// outKind is the type of a column that is written.
type outKind int

const (
	outText   outKind = iota // UTF-8
	outFloat                 // float64
	outInt                   // int64
	outUint                  // uint64, held as the int64 of the same bits
	outDate                  // day
	outFloats                // list of float32
	outPairs                 // list of (week int32, quantity float64)
	outList                  // list of float64
)

// outColumn describes a column of a table that is written; the formats share the description.
type outColumn struct {
	name     string
	kind     outKind
	nullable bool
}

// cell is one value of a row that is written; which field counts depends on the column.
type cell struct {
	null   bool
	text   string
	float  float64
	int    int64
	floats []float32
	list   []float64 // outPairs: week, quantity, week, quantity …
}

// sink writes rows in one format.
type sink interface {
	write(row []cell) error
	close() error // ends the format, not the underlying writer
}

// meta are key-value pairs of the file's own metadata, in order.
type meta []struct{ key, value string }

// tableWriter writes a table: to a temporary name first, which becomes the target on commit.
type tableWriter struct {
	*target
	sink    sink
	columns []outColumn
	row     []cell
}

// newTableWriter creates the table's file in the format of the path's ending; - is an Arrow IPC stream on stdout.
func newTableWriter(path string, stdout io.Writer, columns []outColumn, m meta) (*tableWriter, error) {
	t, err := newTarget(path, stdout)
	if err != nil {
		return nil, err
	}
	return startTable(t, columns, m)
}

func startTable(t *target, columns []outColumn, m meta) (w *tableWriter, err error) {
	w = &tableWriter{target: t, columns: columns, row: make([]cell, len(columns))}
	switch e := ending(t.path); e {
	case ".parquet":
		w.sink = newParquetSink(t, columns, m)
	case ".csv", ".csv.gz":
		w.sink, err = newCSVSink(t, columns, e == ".csv.gz")
	default:
		w.sink, err = newArrowSink(t, columns, m, e == ".arrow")
	}
	if err != nil {
		t.Abort()
		return nil, w.failed(err)
	}
	return w, nil
}

// put writes the row that the caller has filled in.
func (w *tableWriter) put() error {
	if err := w.sink.write(w.row); err != nil {
		return w.failed(err)
	}
	return nil
}

func (w *tableWriter) failed(err error) error {
	return fmt.Errorf("%s can't be written: %w", w.path, err)
}

// Commit completes the table and gives it its name. Whatever stood there is replaced.
func (w *tableWriter) Commit() error {
	if err := w.sink.close(); err != nil {
		w.Abort()
		return w.failed(err)
	}
	return w.target.commit(w.path)
}

// CommitPartial completes the table with the rows written so far under the name of an unfinished one, NAME.partial.ENDING, and
// returns that.
func (w *tableWriter) CommitPartial() (string, error) {
	if err := w.sink.close(); err != nil {
		w.Abort()
		return "", w.failed(err)
	}
	name := partialName(w.path)
	return name, w.target.commit(name)
}

func partialName(path string) string {
	if ending(path) == "" { // stdout
		return path
	}
	stem := len(path) - len(ending(path))
	return path[:stem] + ".partial" + path[stem:]
}

func textCell(s string) cell    { return cell{text: validText(s)} }
func floatCell(v float64) cell  { return cell{float: v} }
func intCell(v int64) cell      { return cell{int: v} }
func dateCell(t time.Time) cell { return cell{int: int64(asDay(t))} }
func validText(s string) string { return strings.ToValidUTF8(s, "\ufffd") }
func nullable(v float64, set bool) cell {
	return cell{float: v, null: !set}
}
