package table

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress"
)

// parquetBytes writes rows as a Parquet file.
func parquetBytes[T any](tb testing.TB, rows []T, options ...parquet.WriterOption) []byte {
	tb.Helper()
	var b bytes.Buffer
	w := parquet.NewGenericWriter[T](&b, options...)
	if _, err := w.Write(rows); err != nil {
		tb.Fatal(err)
	}
	if err := w.Close(); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

// TestParquetCompression: values come back as written from what compresses well and what does not, or the column is refused.
func TestParquetCompression(t *testing.T) {
	type row struct {
		X float64 `parquet:"x"`
	}
	codecs := []compress.Codec{&parquet.Uncompressed, &parquet.Snappy, &parquet.Gzip, &parquet.Brotli, &parquet.Zstd, &parquet.Lz4Raw}
	random := rand.New(rand.NewPCG(1, 2))
	for _, codec := range codecs {
		for _, distinct := range []int{1, 10, 100_000} {
			rows := make([]row, 3000)
			for i := range rows {
				rows[i].X = float64(random.IntN(distinct))
			}
			content := parquetBytes(t, rows, parquet.Compression(codec))
			f, err := openParquet(write(t, "x.parquet", string(content)))
			if err != nil {
				t.Fatal(err)
			}
			defer f.close()
			name := fmt.Sprintf("%v, %d distinct values", codec, distinct)
			next, err := f.read([]want{{"x", number}})
			if err != nil {
				t.Fatal(name, err)
			}
			if codec == compress.Codec(&parquet.Lz4Raw) {
				message := "x.parquet: row group 0, column x: compression LZ4_RAW can't be read; write"
				if _, err := next(); err == nil || !strings.Contains(err.Error(), message) {
					t.Errorf("%s: %v", name, err)
				}
				continue
			}
			for from := 0; from < len(rows); {
				b, err := next()
				if err != nil {
					t.Fatal(name, err)
				}
				for i, x := range b.columns[0].number {
					if x != rows[from+i].X {
						t.Fatalf("%s: row %d is %v, want %v", name, from+i, x, rows[from+i].X)
					}
				}
				from += b.rows
			}
		}
	}
}
