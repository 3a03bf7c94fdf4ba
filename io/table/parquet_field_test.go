package table

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"testing"
)

// cells reads all cells of a column as a kind, each printed.
func cells(tb testing.TB, path, name string, k kind) []string {
	tb.Helper()
	f, err := openFile(path)
	if err != nil {
		tb.Fatal(err)
	}
	defer f.close()
	next, err := f.read([]want{{name, k}})
	if err != nil {
		tb.Fatal(err)
	}
	var printed []string
	for {
		b, err := next()
		if errors.Is(err, io.EOF) {
			return printed
		} else if err != nil {
			tb.Fatal(err)
		}
		c := b.columns[0]
		for i := range b.rows {
			bad, isBad := c.bad[i]
			switch {
			case isBad:
				printed = append(printed, bad.reason)
			case c.null[i]:
				printed = append(printed, "null")
			default:
				printed = append(printed, fmt.Sprint(c.values[c.offset[i]:c.offset[i+1]]))
			}
		}
	}
}

// TestParquetNesting: pairs among other fields and in maps, lists that hold nothing or nulls, and nesting that is no list.
func TestParquetNesting(t *testing.T) {
	type shipment struct {
		Note     string   `parquet:"note"`
		Quantity *float32 `parquet:"quantity,optional"`
		Week     int16    `parquet:"week"`
	}
	type row struct {
		Shipments []shipment        `parquet:"shipments,list,optional"`
		Map       map[int32]float64 `parquet:"map"`
		Floats    []*float64        `parquet:"floats,list,optional"`
		Deep      [][]float64       `parquet:"deep,list"`
		Inside    struct {
			L []int64 `parquet:"l,list"`
		} `parquet:"inside,optional"`
		Texts []string `parquet:"texts,list"`
	}
	x, y := float32(2.5), 3.0
	rows := []row{
		{Shipments: []shipment{{"a", &x, 1}, {"b", &x, 4}}, Map: map[int32]float64{7: 0.5}, Floats: []*float64{&y}},
		{Shipments: []shipment{{"a", nil, 1}}, Floats: []*float64{&y, nil}},
		{},
	}
	path := write(t, "n.parquet", string(parquetBytes(t, rows)))
	f, err := openParquet(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.close()
	want := map[string][]kind{"shipments": {pairs}, "map": {pairs}, "floats": {list}, "deep": nil, "inside": nil, "texts": nil}
	for _, c := range f.columns() {
		if !slices.Equal(c.kinds, want[c.name]) {
			t.Errorf("%s can be read as %v, want %v", c.name, c.kinds, want[c.name])
		}
	}
	for _, c := range []struct {
		name string
		kind kind
		want []string
	}{
		{"shipments", pairs, []string{"[1 2.5 4 2.5]", "has a null among its values", "null"}},
		{"map", pairs, []string{"[7 0.5]", "[]", "[]"}},
		{"floats", list, []string{"[3]", "has a null among its values", "null"}},
	} {
		if got := cells(t, path, c.name, c.kind); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}
