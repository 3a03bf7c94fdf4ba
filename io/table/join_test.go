package table

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/restock-engine/restock/forecast"
)

const someArticles = `merchant_id,article_id,on_hand,price,unit_cost
M,1,5,10,6
M,2,0,10,
M,1,7,10,6
M,3,0,10,6
,4,0,10,6
M,2,1,10,6
M,5,nan,10,6
M,6,1,10
M,7,1,10,6
`

const someForecast = `merchant_id,article_id,week,0.5
M,1,0,3
M,1,1,4
M,2,0,5
M,2,2,5
M,7,0,NaN
M,7,1,2
M,8,0,1
M,8,1,1
M,,0,1
N,1,0,1
M,9
`

// TestJoin: one item for each row of articles, then one reject for each SKU without articles and each row without a key. The first usable row of a
// SKU counts.
func TestJoin(t *testing.T) {
	want := `M/1 [0.5] [3 4]
a.csv:2 M/2 unit_cost "": is missing
a.csv:3 M/1  "": the SKU is a duplicate of row 1, which is used
a.csv:4 M/3  "": the SKU has no forecast
a.csv:5 /4 merchant_id "": is missing
M/2 [0.5] [5]
a.csv:7 M/5 on_hand "NaN": is not a finite number
a.csv:8 /  "M,6,1,10": line 9 has 4 fields, the header has 5
f.csv:5 M/7 0.5 "NaN": is not a finite number
f.csv:7 M/8  "": the SKU has a forecast, but no row in the articles
f.csv:9 M/ article_id "": is missing
f.csv:10 N/1  "": the SKU has a forecast, but no row in the articles
f.csv:11 /  "M,9": line 12 has 2 fields, the header has 4
`
	if got := printJoin(t, write(t, "a.csv", someArticles), write(t, "f.csv", someForecast), JoinOptions{}); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestShort: what a forecast that does not reach the horizon is rejected for.
func TestShort(t *testing.T) {
	forecasts := "merchant_id,article_id,week,0.5\nM,1,0,3\nM,1,2,4\nM,2,0,1\nM,2,1,2\nM,2,1,3\nM,3,0,1\nM,3,1,x\n"
	j, err := Join(write(t, "a.csv", "merchant_id,article_id,on_hand,price,unit_cost\nM,1,5,10,6\nM,2,0,10,6\nM,3,0,10,6\n"), write(t, "f.csv", forecasts), JoinOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	for _, want := range []string{
		`a.csv:1 M/1 week "1": the forecast of this week is missing; the horizon needs weeks 0 to 2`,
		`f.csv:5 M/2 week "1": the SKU has this week twice in the forecast`,
		`f.csv:7 M/3 0.5 "x": is not a number`,
	} {
		item, err := j.Next()
		if err != nil || item.Short(1) != nil {
			t.Fatal(item, err)
		}
		if got := strings.TrimSpace(brief([]Reject{*item.Short(3)})); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

// TestJoinDoesNotDependOnOrder: shuffled rows, several files, and formats give the same items.
func TestJoinDoesNotDependOnOrder(t *testing.T) {
	const skus, weeks = 300, 5
	keys := []outColumn{{"merchant_id", outText, false}, {"article_id", outText, false}, {"week", outInt, false}, {"q", outFloats, false}}
	levels := meta{{"quantile_levels", "[0.25,0.75]"}}
	var rows [][]cell
	for i := range skus {
		for w := range weeks {
			k := skuKey(i)
			rows = append(rows, []cell{{text: k.Merchant}, {text: k.Article}, {int: int64(w)}, {floats: []float32{float32(i), float32(i + w)}}})
		}
	}
	folder := t.TempDir()
	articles := filepath.Join(folder, "a.parquet")
	writeArticles(t, articles, skus)
	want := printJoin(t, articles, build(t, filepath.Join(folder, "f.parquet"), levels, keys, rows...), JoinOptions{})
	if n := strings.Count(want, "\n"); n != skus || strings.Contains(want, "reject") {
		t.Fatalf("%d items:\n%.500s", n, want)
	}
	random := rand.New(rand.NewPCG(1, 2))
	random.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
	for _, format := range []string{".parquet", ".arrow", ".arrows"} {
		parts := filepath.Join(t.TempDir(), "parts")
		os.MkdirAll(filepath.Join(parts, "deeper"), 0o755)
		for i, chunk := range [][][]cell{rows[:10], rows[10:700], rows[700:700], rows[700:]} {
			build(t, filepath.Join(parts, []string{"", "deeper"}[i%2], fmt.Sprintf("part%d%s", i, format)), levels, keys, chunk...)
		}
		write(t, filepath.Join(parts, "_SUCCESS.csv"), "not a table")
		if got := printJoin(t, articles, parts, JoinOptions{}); got != want {
			t.Errorf("folder of %s: other items", format)
		}
	}
	whole := build(t, filepath.Join(folder, "shuffled.arrows"), levels, keys, rows...)
	for _, bytes := range []int64{1, 5_000, 100_000} { // of 1500 rows, each taken for rowBytes: 200, 77 and 4 partitions
		smallPartitions(t, bytes)
		if got := printJoin(t, articles, whole, JoinOptions{}); got != want {
			t.Errorf("partitions of %d bytes: other items", bytes)
		}
	}
	stream, _ := os.ReadFile(whole)
	if got := printJoin(t, articles, "-", JoinOptions{Stdin: bytes.NewReader(stream)}); got != want {
		t.Error("stdin: other items")
	}
	if got := printJoin(t, articles, filepath.Join(folder, "shuff*.arrows"), JoinOptions{}); got != want {
		t.Error("glob: other items")
	}
}

// smallPartitions makes spilled rows go to many temporary files for the rest of the test.
func smallPartitions(t *testing.T, bytes int64) {
	old := partitionBytes
	partitionBytes = bytes
	t.Cleanup(func() { partitionBytes = old })
}

// TestManyPartitions spills to more than one file.
func TestManyPartitions(t *testing.T) {
	s, err := newSpill(t.TempDir(), 5*partitionBytes, 1000)
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(3, 4))
	order := random.Perm(3000)
	for i, n := range order {
		if err := s.add(record{int32(n % 1000), fmt.Appendf(nil, "%d", i)}); err != nil {
			t.Fatal(err)
		}
	}
	if len(s.files) != 6 {
		t.Errorf("%d partitions", len(s.files))
	}
	var got []string
	last := int32(-1)
	for {
		r, err := s.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil || r.number < last {
			t.Fatal(r.number, last, err)
		}
		last = r.number
		got = append(got, string(r.data))
	}
	if len(got) != 3000 {
		t.Errorf("%d records", len(got))
	}
	slices.Sort(got)
	if got = slices.Compact(got); len(got) != 3000 {
		t.Errorf("%d different records", len(got))
	}
	if err := s.close(); err != nil {
		t.Error(err)
	}
}

// TestNoRoomForTemporaryFiles: unsorted input needs them, and the error says where.
func TestNoRoomForTemporaryFiles(t *testing.T) {
	articles := write(t, "a.csv", "merchant_id,article_id,on_hand,price,unit_cost\nM,1,5,10,6\nM,2,5,10,6\n")
	path := write(t, "f.csv", "merchant_id,article_id,week,0.5\nM,2,0,1\nM,1,0,1\n")
	if _, err := Join(articles, path, JoinOptions{TempDir: filepath.Join(t.TempDir(), "none")}); err == nil || !strings.Contains(err.Error(), "no room for temporary files") {
		t.Error(err)
	}
}

// TestLevelsMustAgree between the files of one forecast.
func TestLevelsMustAgree(t *testing.T) {
	folder := t.TempDir()
	write(t, filepath.Join(folder, "1.csv"), "merchant_id,article_id,week,0.5\nM,1,0,1\n")
	write(t, filepath.Join(folder, "2.csv"), "merchant_id,article_id,week,0.5,0.6\nM,1,1,1,1\n")
	got := joined(t, folder, JoinOptions{})
	if !strings.Contains(got, "2.csv: its quantile levels [0.5 0.6] differ from those of the files before it, [0.5]") {
		t.Error(got)
	}
}

// TestNoWeekZero: a forecast that counts its weeks from 1 is told so, and demand of a size that no week has, either way, is none.
func TestNoWeekZero(t *testing.T) {
	articles := write(t, "a.csv", "merchant_id,article_id,on_hand,price,unit_cost\nM,1,5,10,6\nM,2,0,10,6\nM,3,0,10,6\nM,4,0,10,6\n")
	forecasts := "merchant_id,article_id,week,0.1,0.9\nM,1,1,3,4\nM,1,2,4,5\nM,2,0,-1e300,5\nM,3,0,1,1e13\nM,4,0,-0.5,5\n"
	want := `a.csv:1 M/1 week "0": the forecast of this week is missing; weeks count from 0, the week that begins now
f.csv:3 M/2  "-Inf": is beyond what a week's demand can be
f.csv:4 M/3  "1e+13": is beyond what a week's demand can be
M/4 [0.1 0.9] [0 5]
`
	if got := printJoin(t, articles, write(t, "f.csv", forecasts), JoinOptions{}); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestOtherAsOf: a forecast that counts its weeks from another Monday than it is read from says so; one with dates can't be misread.
func TestOtherAsOf(t *testing.T) {
	folder := t.TempDir()
	articles := write(t, filepath.Join(folder, "a.csv"), "merchant_id,article_id,on_hand,price,unit_cost\nM,1,5,10,6\n")
	counted := filepath.Join(folder, "f.parquet")
	w, err := CreateForecast(counted, nil, []float64{0.5}, monday5)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(w.Write(Key{"M", "1"}, &forecast.Quantiles{Levels: []float64{0.5}, Values: []float32{3}}), w.Commit()); err != nil {
		t.Fatal(err)
	}
	dated := write(t, filepath.Join(folder, "d.csv"), "merchant_id,article_id,week_start,0.5\nM,1,2026-01-05,3\n")
	for _, c := range []struct {
		path string
		asOf time.Time
		want bool
	}{{counted, time.Time{}, false}, {counted, monday5.AddDate(0, 0, 3), false}, {counted, monday5.AddDate(0, 0, 7), true}, {dated, monday5.AddDate(0, 0, 7), false}} {
		j, err := Join(articles, c.path, JoinOptions{AsOf: c.asOf})
		if err != nil {
			t.Fatal(err)
		}
		if made, other, err := j.OtherAsOf(); other != c.want || err != nil || other && !made.Equal(monday5) {
			t.Errorf("%s as of %v: %v %v %v", c.path, c.asOf, made, other, err)
		}
		j.Close()
	}
}
