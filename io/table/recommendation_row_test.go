package table

import (
	"bytes"
	"encoding/json"
	"io"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/restock-engine/restock/internal/stat"
	"github.com/restock-engine/restock/optimize"
	"github.com/restock-engine/restock/simulate"
)

// A row means the same whether it was read from a table, made from a recommendation, or came back from JSON, CSV or Arrow.
func TestRecommendationRowRoundTrips(t *testing.T) {
	run := RunInfo{"r1", time.Date(2026, 11, 16, 0, 0, 0, 0, time.UTC), 1<<64 - 1, "0.2.0"}
	rec := &optimize.Recommendation{Status: "ok", Policy: simulate.RSQ{T0: 1, Q0: 12, ReorderPoint: 3, Q: 6, TLimit: 9, Trigger: "stock"},
		ObjectiveEval: stat.Interval{Estimate: 1.5, Low: 1, High: 2}, MeanDemand: 20, Stock: 4, Weeks: 12, ReviewPeriod: 1, Shortfall: 0.125,
		Figures: optimize.Figures{FillRate: 0.9, UnitsOrdered: 18}, DoNothing: optimize.Figures{FillRate: 0.2}}
	key := Key{"M", `X "<é`}
	row := RecommendationOf(run, key, rec, "a-b-c")

	path := filepath.Join(t.TempDir(), "r.parquet")
	w, err := CreateRecommendations(path, nil, run)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Write(key, rec, "a-b-c"); err != nil {
		t.Fatal(err)
	}
	if err := w.Commit(); err != nil {
		t.Fatal(err)
	}
	same := func(from string, got *RecommendationRow) {
		t.Helper()
		got.Source = Source{}
		if !reflect.DeepEqual(got, row) {
			t.Errorf("%s: %+v\nwant %+v", from, got, row)
		}
	}
	same("parquet", readOne(t, path, nil))

	text, err := json.Marshal(row)
	if err != nil {
		t.Fatal(err)
	}
	var back RecommendationRow
	if err := json.Unmarshal(text, &back); err != nil {
		t.Fatal(err)
	}
	same("json", &back)

	var b bytes.Buffer
	if err := WriteRecommendations(&b, ".arrows", []*RecommendationRow{row}); err != nil {
		t.Fatal(err)
	}
	same("arrow", readOne(t, "-", &b))
	if got, want := row.Explain(), rec.Explain(); got != want {
		t.Errorf("explains %q, want %q", got, want)
	}
	if row.Policy() != rec.Policy {
		t.Errorf("policy %v", row.Policy())
	}
}

func readOne(t *testing.T, path string, stdin io.Reader) *RecommendationRow {
	t.Helper()
	r, err := OpenRecommendations(path, stdin)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	row, err := r.Next()
	if err != nil {
		t.Fatal(err)
	}
	return row
}

// TestNoRecommendations: another table that has the SKUs' keys is not taken for one of recommendations without any figure.
func TestNoRecommendations(t *testing.T) {
	r, err := OpenRecommendations(write(t, "articles.csv", "merchant_id,article_id,on_hand,price,unit_cost\nM,1,1,2,1\n"), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if row, err := r.Next(); err == nil || !strings.Contains(err.Error(), "column order_quantity is missing") {
		t.Errorf("%v, %v", row, err)
	}
}
