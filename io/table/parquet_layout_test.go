package table

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/parquet-go/parquet-go"
)

// layoutRow has every encoding, with nulls and without.
type layoutRow struct {
	Words  string     `parquet:"words,dict"`
	Maybe  *string    `parquet:"maybe,optional,dict"`
	Delta  string     `parquet:"delta,optional,delta"` // "" is null
	Plain  string     `parquet:"plain,plain"`
	Int    int64      `parquet:"int,delta"`
	IntMay *int32     `parquet:"intmay,optional,dict"`
	Split  float64    `parquet:"split,split"`
	Flag   *bool      `parquet:"flag,optional"`
	Floats []float32  `parquet:"floats,list"`
	Holes  []*float64 `parquet:"holes,list"`
	Levels []float64  `parquet:"levels,list,dict"`
	Pairs  []struct {
		Week     int32   `parquet:"week"`
		Quantity float64 `parquet:"quantity"`
	} `parquet:"pairs,list"`
}

func randomLayoutRow(r *rand.Rand) (row layoutRow) {
	row.Words, row.Plain = fmt.Sprint("w", r.IntN(9)), fmt.Sprint("p", r.IntN(1000))
	row.Int, row.Split = r.Int64(), r.NormFloat64()
	if r.IntN(3) > 0 {
		s, n, b := fmt.Sprint("m", r.IntN(9)), int32(r.IntN(99)), r.IntN(2) > 0
		row.Maybe, row.IntMay, row.Flag, row.Delta = &s, &n, &b, s
	}
	for range r.IntN(6) {
		x := r.NormFloat64()
		row.Floats = append(row.Floats, float32(x))
		row.Holes = append(row.Holes, &x)
		row.Pairs = append(row.Pairs, struct {
			Week     int32   `parquet:"week"`
			Quantity float64 `parquet:"quantity"`
		}{int32(r.IntN(12)), x})
		if r.IntN(20) == 0 {
			row.Holes = append(row.Holes, nil)
		}
	}
	for range r.IntN(80) {
		row.Levels = append(row.Levels, float64(r.IntN(5)))
	}
	return row
}

// printed returns the row's cells as TestParquetLayouts prints what it has read.
func (row *layoutRow) printed() []any {
	maybe := func(null bool, value func() any) any {
		if null {
			return nil
		}
		return value()
	}
	flat := func(n int, value func(i int) float64) any {
		values := []float64{}
		for i := range n {
			values = append(values, value(i))
		}
		return values
	}
	hole := false
	for _, h := range row.Holes {
		hole = hole || h == nil
	}
	return []any{row.Words, maybe(row.Maybe == nil, func() any { return *row.Maybe }), maybe(row.Delta == "", func() any { return row.Delta }),
		row.Plain, float64(row.Int), fmt.Sprint(row.Int), maybe(row.IntMay == nil, func() any { return float64(*row.IntMay) }), row.Split,
		maybe(row.Flag == nil, func() any { return map[bool]float64{true: 1}[*row.Flag] }),
		flat(len(row.Floats), func(i int) float64 { return float64(row.Floats[i]) }),
		maybe(hole, func() any { return flat(len(row.Holes), func(i int) float64 { return *row.Holes[i] }) }),
		flat(len(row.Levels), func(i int) float64 { return row.Levels[i] }),
		flat(2*len(row.Pairs), func(i int) float64 {
			if p := row.Pairs[i/2]; i%2 == 0 {
				return float64(p.Week)
			} else {
				return p.Quantity
			}
		})}
}

// TestParquetLayouts: the same rows come out of every physical layout, columns side by side over borders of pages and row groups that differ
// from column to column.
func TestParquetLayouts(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	rows := make([]layoutRow, 4000)
	for i := range rows {
		rows[i] = randomLayoutRow(random)
	}
	wants := []want{{"words", text}, {"maybe", text}, {"delta", text}, {"plain", text}, {"int", number}, {"int", text}, {"intmay", number},
		{"split", number}, {"flag", number}, {"floats", list}, {"holes", list}, {"levels", list}, {"pairs", pairs}}
	for name, options := range map[string][]parquet.WriterOption{
		"version 1, small pages, groups of 700":  {parquet.DataPageVersion(1), parquet.PageBufferSize(300), parquet.MaxRowsPerRowGroup(700)},
		"version 2, small pages, groups of 1025": {parquet.DataPageVersion(2), parquet.PageBufferSize(300), parquet.MaxRowsPerRowGroup(1025)},
		"version 1, snappy":                      {parquet.DataPageVersion(1), parquet.Compression(&parquet.Snappy)},
		"version 2, zstd":                        {parquet.DataPageVersion(2), parquet.PageBufferSize(5000), parquet.Compression(&parquet.Zstd)},
	} {
		f, err := openParquet(write(t, "l.parquet", string(parquetBytes(t, rows, options...))))
		if err != nil {
			t.Fatal(name, err)
		}
		defer f.close()
		next, err := f.read(wants)
		if err != nil {
			t.Fatal(name, err)
		}
		n := 0
		for {
			b, err := next()
			if errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatal(name, err)
			}
			if b.firstRow != int64(n+1) {
				t.Fatalf("%s: the first row of a batch is %d, want %d", name, b.firstRow, n+1)
			}
			for i := range b.rows {
				expected := rows[n].printed()
				n++
				for k, c := range b.columns {
					if got, want := fmt.Sprint(cellAt(c, i)), fmt.Sprint(expected[k]); got != want {
						t.Fatalf("%s: row %d, column %s as %d: %s, want %s", name, n, wants[k].name, wants[k].kind, got, want)
					}
				}
			}
		}
		if n != len(rows) {
			t.Errorf("%s: %d rows, want %d", name, n, len(rows))
		}
	}
}

// cellAt returns a cell's value, nil for null.
func cellAt(c *column, i int) any {
	switch {
	case c.null[i]:
		return nil
	case c.kind == text:
		return c.text[i]
	case c.kind == number:
		return c.number[i]
	case c.kind == date:
		return c.day[i]
	}
	return c.values[c.offset[i]:c.offset[i+1]]
}

// throughColumns reads every column as all that it can be read as.
func throughColumns(path, _ string) (int, error) {
	f, err := openFile(path)
	if err != nil {
		return 0, err
	}
	defer f.close()
	items := 0
	for _, c := range f.columns() {
		for _, k := range c.kinds {
			next, err := f.read([]want{{c.name, k}})
			if err != nil {
				return items, err
			}
			n, err := goThrough(func() error {
				b, err := next()
				if err == nil {
					for i := range b.rows {
						cellAt(b.columns[0], i)
					}
				}
				return err
			})
			if items += n; err != nil {
				return items, err
			}
		}
	}
	return items, nil
}

func FuzzParquetColumns(f *testing.F) {
	random := rand.New(rand.NewPCG(3, 4))
	rows := []layoutRow{randomLayoutRow(random), randomLayoutRow(random), {}}
	fuzz(f, ".parquet", [][]byte{
		parquetBytes(f, rows, parquet.DataPageVersion(1), parquet.Compression(&parquet.Snappy)),
		parquetBytes(f, rows, parquet.DataPageVersion(2), parquet.MaxRowsPerRowGroup(2))}, throughColumns)
}

func FuzzCSVColumns(f *testing.F) {
	fuzz(f, ".csv", [][]byte{[]byte("a,b\n1;2,2026-01-05T00:00:00Z\n\"[1:2;3:4]\",nan\n1\n,\n"), []byte("\ufeffa\r\n\"x\"y\r\ntrue\r\n")}, throughColumns)
}
