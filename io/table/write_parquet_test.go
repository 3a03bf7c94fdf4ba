package table

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/parquet-go/parquet-go"
)

// TestParquetRowGroups reads what was written with the library's own reader of structs: row groups are bounded, and no value is lost or moved where
// one ends, whether cells are null, empty or full.
func TestParquetRowGroups(t *testing.T) {
	type pair struct {
		Week     int32   `parquet:"week"`
		Quantity float64 `parquet:"quantity"`
	}
	type record struct {
		Name   string    `parquet:"name"`
		Count  int64     `parquet:"count"`
		Maybe  *float64  `parquet:"maybe,optional"`
		Floats []float32 `parquet:"floats,list"`
		Pairs  []pair    `parquet:"pairs,list"`
	}
	columns := []outColumn{{"name", outText, false}, {"count", outInt, false}, {"maybe", outFloat, true}, {"floats", outFloats, false},
		{"pairs", outPairs, true}}
	const rows = rowGroup + parquetRun + 1
	path := filepath.Join(t.TempDir(), "t.parquet")
	w, err := newTableWriter(path, nil, columns, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := make([]record, rows)
	for i := range want {
		r := record{Name: fmt.Sprint("n", i%1000), Count: int64(-i)}
		row := []cell{{text: r.Name}, {int: r.Count}, {null: true}, {}, {null: i%3 == 0}}
		if i%2 == 0 {
			v := float64(i) + 0.5
			r.Maybe, row[2] = &v, cell{float: v}
		}
		for k := range i % 4 {
			r.Floats = append(r.Floats, float32(i+k))
		}
		row[3].floats = r.Floats
		for k := range i % 3 {
			p := pair{int32(i - k), float64(k) / 4}
			r.Pairs = append(r.Pairs, p)
			row[4].list = append(row[4].list, float64(p.Week), p.Quantity)
		}
		want[i] = r
		w.row = row
		if err := w.put(); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Commit(); err != nil {
		t.Fatal(err)
	}

	in, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	info, _ := in.Stat()
	f, err := parquet.OpenFile(in, info.Size())
	if err != nil {
		t.Fatal(err)
	}
	var groups []int64
	for _, g := range f.RowGroups() {
		groups = append(groups, g.NumRows())
	}
	if !reflect.DeepEqual(groups, []int64{rowGroup, parquetRun + 1}) {
		t.Errorf("row groups of %d rows", groups)
	}
	var leaves []string
	for _, path := range f.Schema().Columns() {
		leaves = append(leaves, path[len(path)-1])
	}
	if want := []string{"name", "count", "maybe", "element", "week", "quantity"}; !reflect.DeepEqual(leaves, want) {
		t.Errorf("columns %v, want %v", leaves, want)
	}
	got, err := parquet.ReadFile[record](path)
	if err != nil || len(got) != rows {
		t.Fatalf("%d rows of %d: %v", len(got), rows, err)
	}
	for i := range got {
		if len(got[i].Floats) == 0 {
			got[i].Floats = nil
		}
		if len(got[i].Pairs) == 0 {
			got[i].Pairs = nil
		}
		if !reflect.DeepEqual(got[i], want[i]) {
			t.Fatalf("row %d is %+v, want %+v", i, got[i], want[i])
		}
	}
}
