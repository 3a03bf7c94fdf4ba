package table

import (
	"reflect"
	"strings"
	"testing"
)

// TestEmptyArrowColumns: columns and lists without a value are of Arrow's type null, whatever they would hold. The files are polars 2.1's,
// write_ipc of plan, moq = [None, None] and return_lag_weights = [[], []], and of a merchant_id of None.
func TestEmptyArrowColumns(t *testing.T) {
	const path = "testdata/empty_columns.arrow"
	want := []*ArticleRow{
		{Source: Source{path, 1}, Key: Key{"M", "1"}, OnHand: 1, Price: 5, UnitCost: 1},
		{Source: Source{path, 2}, Key: Key{"M", "2"}, OnHand: 2, Price: 5, UnitCost: 1},
	}
	rows, rejects := allArticles(t, path)
	for _, r := range rows {
		if len(r.ReturnLagWeights) > 0 {
			t.Errorf("weights %v", r.ReturnLagWeights)
		}
		r.ReturnLagWeights = nil
	}
	if len(rejects) > 0 || !reflect.DeepEqual(rows, want) {
		t.Errorf("%s\n got %+v\nwant %+v", brief(rejects), rows, want)
	}

	r, err := OpenArticles("testdata/empty_ids.arrow", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if _, _, err := r.Next(); err == nil || !strings.Contains(err.Error(), "column merchant_id is of type null") {
		t.Errorf("ids of nothing: %v", err)
	}
}
