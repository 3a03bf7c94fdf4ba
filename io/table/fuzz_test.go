package table

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"

	"github.com/restock-engine/restock/forecast"
)

// fuzz adds the seeds, and lets through read files of the ending with whatever content; errors name the file, and nothing panics or takes long.
func fuzz(f *testing.F, ending string, seeds [][]byte, through func(path, tempDir string) (int, error)) {
	for _, s := range seeds {
		f.Add(s)
	}
	folder := f.TempDir()
	path := filepath.Join(folder, "fuzzed"+ending)
	f.Fuzz(func(t *testing.T, content []byte) {
		if err := os.WriteFile(path, content, 0o644); err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		_, err := through(path, folder)
		if err != nil && !strings.Contains(err.Error(), path) {
			t.Errorf("the error does not name the file: %v", err)
		}
		if took := time.Since(start); took > 10*time.Second {
			t.Errorf("%d bytes took %v", len(content), took)
		}
		if left, _ := filepath.Glob(folder + "/restock-*"); len(left) > 0 {
			t.Errorf("temporary files are left: %v", left)
		}
	})
}

// seed writes a small table and returns its bytes.
func seed(f *testing.F, ending string, create func(path string)) []byte {
	path := filepath.Join(f.TempDir(), "seed"+ending)
	create(path)
	return readFile(f, path)
}

func articleSeed(f *testing.F, ending string) []byte {
	return seed(f, ending, func(path string) {
		w, err := CreateArticles(path, nil)
		if err != nil {
			f.Fatal(err)
		}
		row := ArticleRow{Key: Key{"M", "1"}, OnHand: 1, Price: 2, UnitCost: 1, ReturnLagWeights: []float64{0.5, 0.5}, HasPlan: true}
		row.Params.Set(MOQ, 3)
		w.Write(&row)
		row.Article = "2"
		w.Write(&row)
		if err := w.Commit(); err != nil {
			f.Fatal(err)
		}
	})
}

func historySeed(f *testing.F, ending string) []byte {
	return seed(f, ending, func(path string) {
		w, err := CreateHistory(path, nil)
		if err != nil {
			f.Fatal(err)
		}
		w.Write(&forecast.Series{MerchantID: "M", ArticleID: "1", FirstWeek: 2900, Sales: []float64{1, 2, 3}, InStock: []float64{1, 1, 0}})
		w.Write(&forecast.Series{MerchantID: "M", ArticleID: "2", FirstWeek: 2901, Sales: []float64{7}, Price: []float64{2}})
		if err := w.Commit(); err != nil {
			f.Fatal(err)
		}
	})
}

func forecastSeed(f *testing.F, ending string) []byte {
	return seed(f, ending, func(path string) {
		w, err := CreateForecast(path, nil, []float64{0.25, 0.5, 0.75}, monday5)
		if err != nil {
			f.Fatal(err)
		}
		for i := range 2 {
			w.Write(skuKey(i), &forecast.Quantiles{Levels: []float64{0.25, 0.5, 0.75}, Values: []float32{0, 1, 2, 1, 2, 3}})
		}
		if err := w.Commit(); err != nil {
			f.Fatal(err)
		}
	})
}

func fuzzArticles(path, _ string) (int, error) { return throughArticles(path) }

// fuzzForecast joins with the articles of skuKey(0) and skuKey(1).
func fuzzForecast(path, tempDir string) (int, error) {
	articles := filepath.Join(tempDir, "articles.csv")
	text := "merchant_id,article_id,on_hand,price,unit_cost\nM000,A0000000,1,2,1\nM000,A0000001,1,2,1\n"
	if err := os.WriteFile(articles, []byte(text), 0o644); err != nil {
		return 0, err
	}
	return throughForecast(articles, path, tempDir)
}

func FuzzArticlesCSV(f *testing.F) {
	fuzz(f, ".csv", [][]byte{articleSeed(f, ".csv"), []byte(someArticles), []byte("\"a\"\"\"\n,\n")}, fuzzArticles)
}

func FuzzArticlesParquet(f *testing.F) {
	var b bytes.Buffer
	w := parquet.NewGenericWriter[parquetArticle](&b, parquet.DataPageVersion(1), parquet.Compression(&parquet.Snappy))
	w.Write([]parquetArticle{{Merchant: 1, Article: []byte("A"), Lags: []float32{1}, InTransit: []simulatePair{{2, 3}}}, {}})
	w.Close()
	fuzz(f, ".parquet", [][]byte{articleSeed(f, ".parquet"), b.Bytes()}, fuzzArticles)
}

func FuzzForecastCSV(f *testing.F) {
	fuzz(f, ".csv", [][]byte{forecastSeed(f, ".csv"), []byte(someForecast),
		[]byte("unique_id,ds,LGBM,LGBM-lo-50,LGBM-hi-50\nM000/A0000001,2026-01-12,2,1,3\nM000/A0000001,2026-01-05,2,1,3\n"),
		[]byte("item_id,timestamp,samples\nM000/A0000000,2026-01-05,1;2;3\nM000/A0000000,2026-01-12T00:00:00Z,[4,2]\n")}, fuzzForecast)
}

func FuzzForecastParquet(f *testing.F) {
	fuzz(f, ".parquet", [][]byte{forecastSeed(f, ".parquet")}, fuzzForecast)
}

func FuzzForecastArrow(f *testing.F) {
	fuzz(f, ".arrow", [][]byte{forecastSeed(f, ".arrow"), forecastSeed(f, ".arrows")}, fuzzForecast)
}

func FuzzHistoryCSV(f *testing.F) { fuzz(f, ".csv", [][]byte{historySeed(f, ".csv")}, throughHistory) }

func FuzzHistoryParquet(f *testing.F) {
	fuzz(f, ".parquet", [][]byte{historySeed(f, ".parquet")}, throughHistory)
}

// FuzzArrow reads articles: lists, pairs and nulls.
func FuzzArrow(f *testing.F) {
	fuzz(f, ".arrows", [][]byte{articleSeed(f, ".arrow"), articleSeed(f, ".arrows"), historySeed(f, ".arrows")}, fuzzArticles)
}
