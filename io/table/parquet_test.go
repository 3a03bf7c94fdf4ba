package table

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/deprecated"

	"github.com/restock-engine/restock/simulate"
)

// parquetArticle holds the columns of articles in types that other writers use.
type parquetArticle struct {
	Merchant  int64                    `parquet:"merchant_id"`
	Article   []byte                   `parquet:"article_id,dict"`
	OnHand    *int32                   `parquet:"on_hand,optional"`
	Price     int64                    `parquet:"price,decimal(2:18)"`
	UnitCost  float32                  `parquet:"unit_cost,dict"`
	InTransit []simulatePair           `parquet:"in_transit,list"`
	Pending   []simulatePair           `parquet:"pending_returns"` // repeated groups, without a list around them
	Plan      string                   `parquet:"plan"`
	Lags      []float32                `parquet:"return_lag_weights"` // likewise
	Samples   []*int16                 `parquet:"lead_time_samples,list"`
	Holding   uint64                   `parquet:"holding_cost"`
	MOQ       *bool                    `parquet:"moq,optional"`
	Nested    struct{ A, B, C string } `parquet:"nested"`
}

type simulatePair struct {
	Quantity float64 `parquet:"quantity"`
	Week     int64   `parquet:"week"`
}

func TestParquetTypes(t *testing.T) {
	on, yes, lead := int32(4), true, int16(3)
	rows := []parquetArticle{
		{Merchant: math.MaxInt64, Article: []byte("A"), OnHand: &on, Price: 1999, UnitCost: 0.5, InTransit: []simulatePair{{7, 2}, {8, 3}},
			Pending: []simulatePair{{1, 0}}, Plan: "1:5", Lags: []float32{0.5, 0.25}, Samples: []*int16{&lead}, Holding: math.MaxUint64, MOQ: &yes},
		{Merchant: -1, Article: []byte("B"), Samples: []*int16{&lead, nil}},
		{Article: []byte("C"), OnHand: &on},
	}
	for name, options := range map[string][]parquet.WriterOption{
		"pages of version 1": {parquet.DataPageVersion(1), parquet.Compression(&parquet.Snappy)},
		"pages of version 2": {parquet.DataPageVersion(2), parquet.Compression(&parquet.Gzip)},
		"small pages":        {parquet.PageBufferSize(1), parquet.MaxRowsPerRowGroup(2)},
	} {
		var b bytes.Buffer
		w := parquet.NewGenericWriter[parquetArticle](&b, options...)
		if _, err := w.Write(rows); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		path := write(t, "a.parquet", b.String())
		got, rejects := allArticles(t, path)
		want := &ArticleRow{Source: Source{path, 1}, Key: Key{"9223372036854775807", "A"}, OnHand: 4, Price: 19.99, UnitCost: 0.5,
			InTransit: []simulate.WeekQuantity{{Week: 2, Quantity: 7}, {Week: 3, Quantity: 8}}, PendingReturns: []simulate.WeekQuantity{{Week: 0, Quantity: 1}},
			HasPlan: true, Plan: []simulate.WeekQuantity{{Week: 1, Quantity: 5}}, ReturnLagWeights: []float64{0.5, 0.25}, LeadTimeSamples: []float64{3}}
		want.Params.Set(HoldingCost, math.MaxUint64)
		want.Params.Set(MOQ, 1)
		if len(got) != 2 || !reflect.DeepEqual(got[0], want) || got[1].Article != "C" || got[1].Row != 3 {
			t.Errorf("%s:\n got %+v\nwant %+v", name, got, want)
		}
		wantRejects := "a.parquet:2 -1/B on_hand \"\": is missing\na.parquet:2 -1/B lead_time_samples \"\": has a null among its values\n"
		if brief(rejects) != wantRejects {
			t.Errorf("%s: %s", name, brief(rejects))
		}
	}
}

// TestParquetDates: days, and timestamps of every unit, Spark's of 96 bits too.
func TestParquetDates(t *testing.T) {
	type dated struct {
		Merchant string           `parquet:"merchant_id"`
		Article  string           `parquet:"article_id"`
		Day      int32            `parquet:"day,date"`
		Milli    time.Time        `parquet:"milli,timestamp(millisecond)"`
		Micro    time.Time        `parquet:"micro,timestamp(microsecond)"`
		Nano     time.Time        `parquet:"nano,timestamp"`
		Spark    deprecated.Int96 `parquet:"spark"`
		Text     string           `parquet:"text"`
		Sales    float64          `parquet:"sales"`
	}
	sunday := time.Date(2026, 1, 11, 23, 59, 59, 999_000_000, time.UTC)
	row := dated{"M", "1", asDay(sunday), sunday, sunday, sunday, deprecated.Int96{1, 0, uint32(julianEpoch + asDay(sunday))}, "2026-01-11T23:59:59Z", 3}
	old := time.Date(1969, 12, 31, 23, 0, 0, 0, time.UTC)
	early := dated{"M", "2", -1, old, old, old, deprecated.Int96{0, 0, julianEpoch - 1}, "1969-12-31", 3}
	var b bytes.Buffer
	w := parquet.NewGenericWriter[dated](&b)
	w.Write([]dated{row, early})
	w.Close()
	path := write(t, "h.parquet", b.String())
	f, err := openParquet(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.close()
	var wants []want
	for _, name := range []string{"day", "milli", "micro", "nano", "spark", "text"} {
		wants = append(wants, want{name, date})
	}
	next, err := f.read(wants)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := next()
	if err != nil {
		t.Fatal(err)
	}
	for i, c := range rows.columns {
		if c.day[0] != asDay(sunday) || c.day[1] != -1 {
			t.Errorf("%s: days %v, want %d and -1", wants[i].name, c.day, asDay(sunday))
		}
	}
}

// TestLongLists goes over page borders, and to the limit.
func TestLongLists(t *testing.T) {
	type long struct {
		Merchant string    `parquet:"merchant_id"`
		Article  string    `parquet:"article_id"`
		OnHand   float64   `parquet:"on_hand"`
		Price    float64   `parquet:"price"`
		UnitCost float64   `parquet:"unit_cost"`
		Samples  []float64 `parquet:"lead_time_samples,list"`
	}
	lengths := []int{0, 1, maxList, maxList + 1, 5, 1_000_000, 2}
	var b bytes.Buffer
	w := parquet.NewGenericWriter[long](&b, parquet.DataPageVersion(1), parquet.PageBufferSize(1000), parquet.Compression(&parquet.Zstd))
	for i, n := range lengths {
		w.Write([]long{{"M", fmt.Sprint(i), 1, 1, 1, make([]float64, n)}})
	}
	w.Close()
	rows, rejects := allArticles(t, write(t, "a.parquet", b.String()))
	var got []int
	for _, r := range rows {
		got = append(got, len(r.LeadTimeSamples))
	}
	if !reflect.DeepEqual(got, []int{0, 1, maxList, 5, 2}) {
		t.Errorf("lengths %v", got)
	}
	want := "a.parquet:4 M/3 lead_time_samples \"\": has more than 10000 values\na.parquet:6 M/5 lead_time_samples \"\": has more than 10000 values\n"
	if brief(rejects) != want {
		t.Error(brief(rejects))
	}
}

// TestAbsurdSizes: what a file says about itself is compared with its size before memory is asked for.
func TestAbsurdSizes(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.parquet")
	writeArticles(t, path, 10)
	sound := readFile(t, path)
	footer := bytes.Clone(sound)
	binary.LittleEndian.PutUint32(footer[len(footer)-8:], math.MaxUint32-100)
	if r, err := OpenArticles(write(t, "f.parquet", string(footer)), nil); err == nil {
		if _, _, err = r.Next(); err == nil || !strings.Contains(err.Error(), "its footer is said to have 4294967195 bytes") {
			t.Error(err)
		}
	}
	// The first page's header begins behind the magic bytes: type, then the sizes before and after compression as zigzag varints.
	h := bytes.Clone(sound)
	if h[4] != 0x15 || h[6] != 0x15 {
		t.Fatalf("the page header begins with %x", h[4:12])
	}
	_, n := binary.Uvarint(h[7:])
	h = append(append(bytes.Clone(h[:7]), binary.AppendUvarint(nil, 2*math.MaxInt32)...), h[7+n:]...)
	r, err := OpenArticles(write(t, "p.parquet", string(h)), nil)
	for err == nil {
		_, _, err = r.Next()
	}
	if !strings.Contains(err.Error(), "page at byte 4: it is said to have 2147483647 bytes") || !strings.Contains(err.Error(), "p.parquet") {
		t.Error(err)
	}
}

// TestNullableEverywhere reads lists as pyarrow, Polars and DuckDB declare them: the list, its elements and their parts may all be null.
func TestNullableEverywhere(t *testing.T) {
	type pair struct {
		Week     *int64   `parquet:"week,optional"`
		Quantity *float64 `parquet:"quantity,optional"`
	}
	type article struct {
		Merchant  *string    `parquet:"merchant_id,optional,dict"`
		Article   *string    `parquet:"article_id,optional"`
		OnHand    *float64   `parquet:"on_hand,optional"`
		Price     *float64   `parquet:"price,optional"`
		UnitCost  *float64   `parquet:"unit_cost,optional"`
		InTransit []*pair    `parquet:"in_transit,optional,list"`
		Samples   []*float64 `parquet:"lead_time_samples,optional,list"`
	}
	text, one, two, week := func(s string) *string { return &s }, 1.0, 2.0, int64(3)
	row := func(id string) article { return article{text("M"), text(id), &one, &one, &one, nil, nil} }
	rows := []article{row("1"), row("2"), row("3"), row("4"), row("5"), {}}
	rows[0].InTransit = []*pair{{&week, &one}, {&week, &two}}
	rows[0].Samples = []*float64{&one, &two}
	rows[2].Samples = []*float64{nil}
	rows[3].InTransit = []*pair{{&week, &one}, nil}
	rows[4].InTransit = []*pair{{&week, nil}}
	var b bytes.Buffer
	w := parquet.NewGenericWriter[article](&b)
	w.Write(rows)
	w.Close()
	got, rejects := allArticles(t, write(t, "a.parquet", b.String()))
	if len(got) != 2 || !reflect.DeepEqual(got[0].InTransit, []simulate.WeekQuantity{{Week: 3, Quantity: 1}, {Week: 3, Quantity: 2}}) ||
		!reflect.DeepEqual(got[0].LeadTimeSamples, []float64{1, 2}) || got[1].InTransit != nil || got[1].LeadTimeSamples != nil {
		t.Errorf("%+v", got)
	}
	want := `a.parquet:3 M/3 lead_time_samples "": has a null among its values
a.parquet:4 M/4 in_transit "": has a null among its values
a.parquet:5 M/5 in_transit "": has a null among its values
a.parquet:6 / merchant_id "": is missing
a.parquet:6 / article_id "": is missing
a.parquet:6 / on_hand "": is missing
a.parquet:6 / price "": is missing
a.parquet:6 / unit_cost "": is missing
`
	if brief(rejects) != want {
		t.Error(brief(rejects))
	}
}
