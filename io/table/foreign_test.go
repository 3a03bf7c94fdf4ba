package table

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

// TestForeignParquet reads what other libraries have written; testdata/parquet/README.md says which.
func TestForeignParquet(t *testing.T) {
	want := map[string]string{
		"articles_pyarrow_types":  "M/1 5 19.99 12.5 [{2 30}] [0.6 0.4] [] false; M/2 0 10 6 [] [] [] false",
		"articles_pyarrow_delta":  "M/1 5 19.99 12.5 [{2 30}] [0.6000000238418579 0.4000000059604645] [] false; M/2 0 10 6 [] [] [] false",
		"articles_pyarrow_null":   "M/1 5 20 12.5 [] [] [] true; M/2 0 10 6 [] [] [] false",
		"articles_duckdb":         "M/1 5 19.99 12.5 [{2 30}] [0.6 0.4] [0.5] false; M/2 5 19.99 12.5 [] [0.6 0.4] [0.5] false",
		"articles_duckdb_uuid":    "M/9f7df985-0ad8-471e-85f1-8a7eee6929af 5 19 12 [] [] [] false",
		"articles_polars":         "M/1 5 19.99 12.5 [{2 30}] [0.6 0.4] [] false; M/2 0 10 6 [] [0.5 0.5] [] false",
		"articles_pandas":         "M/1 5 19.99 12.5 [] [] [] false; M/2 0 10 6 [] [] [] false",
		"articles_fastparquet":    "M/1 5 19.99 12.5 [] [] [] false; M/2 0 10 6 [] [] [] false",
		"forecast_pandas_nixtla":  "M/1 [0.25 0.5 0.75] [1 2 3 4 5 6]",
		"forecast_duckdb_q":       "M/1 [0.25 0.5 0.75] [1 2 3 4 5 6]",
		"forecast_duckdb_decimal": "M/1 [0.25 0.5 0.75] [1 2 3 4 5 6]",
		"forecast_pyarrow_fixed":  "M/1 [0.25 0.5 0.75] [1 2 3 4 5 6]",
		"history_pyarrow_int96":   "M/1 2922 [3 4] [1 0] [9.5 NaN]",
		"history_polars":          "M/1 2922 [3 4] [1 0] [9.5 NaN]",
	}
	paths, _ := filepath.Glob("testdata/parquet/*.parquet")
	if len(paths) != len(want) {
		t.Errorf("%d files, want %d", len(paths), len(want))
	}
	for _, path := range paths {
		name := strings.TrimSuffix(filepath.Base(path), ".parquet")
		var got []string
		switch table, _, _ := strings.Cut(name, "_"); table {
		case "articles":
			rows, rejects := allArticles(t, path)
			for _, r := range rows {
				got = append(got, fmt.Sprintf("%s/%s %v %v %v %v %v %v %v", r.Merchant, r.Article, r.OnHand, r.Price, r.UnitCost, r.InTransit,
					r.ReturnLagWeights, r.LeadTimeSamples, r.HasPlan))
			}
			if rejects != nil {
				got = append(got, brief(rejects))
			}
		case "forecast":
			first, _, _ := strings.Cut(joined(t, path, JoinOptions{}), "\n")
			got = append(got, first)
		case "history":
			series, rejects := allSeries(t, path)
			for _, s := range series {
				got = append(got, fmt.Sprintf("%s/%s %d %v %v %v", s.MerchantID, s.ArticleID, s.FirstWeek, s.Sales, s.InStock, s.Price))
			}
			if rejects != nil {
				got = append(got, brief(rejects))
			}
		}
		if s := strings.Join(got, "; "); s != want[name] {
			t.Errorf("%s:\n got %s\nwant %s", name, s, want[name])
		}
	}
}
