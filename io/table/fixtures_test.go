package table

import (
	"encoding/json"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// fixture is what a forecast file holds by the account of the library that made it; see testdata/forecasts/README.md.
type fixture struct {
	WrittenBy string                 `json:"written_by"`
	Model     string                 `json:"model"`     // to choose among several
	Separator string                 `json:"separator"` // in the SKU's id; "" is the default
	Levels    []float64              `json:"levels"`
	Quantiles map[string][][]float64 `json:"quantiles"` // by merchant/article, [week][level]
}

const fixtures = "../../testdata/forecasts/"

// TestForecastsOfLibraries reads the files that forecasting libraries wrote, with the articles they are for. A float32 is right to 6e-8.
func TestForecastsOfLibraries(t *testing.T) {
	text, err := os.ReadFile(fixtures + "expected.json")
	if err != nil {
		t.Fatal(err)
	}
	var expected map[string]fixture
	if err := json.Unmarshal(text, &expected); err != nil {
		t.Fatal(err)
	}
	read := map[string]bool{"articles.csv": true}
	for name, want := range expected {
		file, _, _ := strings.Cut(name, "#")
		read[file] = true
		t.Run(name, func(t *testing.T) { want.check(t, file) })
	}
	for _, pattern := range []string{"*.csv", "*.parquet"} {
		files, err := filepath.Glob(fixtures + pattern)
		if err != nil || len(files) == 0 {
			t.Errorf("no files %s: %v", pattern, err)
		}
		for _, f := range files {
			if !read[filepath.Base(f)] {
				t.Errorf("%s is not in expected.json", f)
			}
		}
	}
}

func (want *fixture) check(t *testing.T, file string) {
	j, err := Join(fixtures+"articles.csv", fixtures+file, JoinOptions{
		ForecastOptions: ForecastOptions{Model: want.Model, Separator: want.Separator}, TempDir: t.TempDir(),
	})
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	if asOf, guessed := j.AsOf(); !asOf.Equal(time.Date(2011, 12, 5, 0, 0, 0, 0, time.UTC)) || !guessed {
		t.Errorf("week 0 is that of %v, guessed: %v", asOf, guessed)
	}
	found := 0
	for {
		item, err := j.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if item.Reject != nil {
			t.Fatal(brief([]Reject{*item.Reject}))
		}
		key := item.Row.Merchant + "/" + item.Row.Article
		weeks, got := want.Quantiles[key], item.Forecast
		if !slices.Equal(got.Levels, want.Levels) {
			t.Fatalf("%s has the levels %v, want %v", key, got.Levels, want.Levels)
		}
		if weeks == nil || got.Weeks() != len(weeks) {
			t.Fatalf("%s has %d weeks, want %d", key, got.Weeks(), len(weeks))
		}
		for week := range weeks {
			for i, w := range weeks[week] {
				if v := float64(got.Week(week)[i]); math.Abs(v-w) > 1e-7*max(1, w) {
					t.Errorf("%s week %d level %g: %g, want %g", key, week, want.Levels[i], v, w)
				}
			}
		}
		found++
	}
	if found != len(want.Quantiles) {
		t.Errorf("%d articles, want %d", found, len(want.Quantiles))
	}
}

// TestArticlesOfFixtures makes sure that the articles are whole: a join hides an article that is not there.
func TestArticlesOfFixtures(t *testing.T) {
	rows, rejects := allArticles(t, fixtures+"articles.csv")
	if len(rows) != 4 || rejects != nil {
		t.Errorf("%d articles, rejects: %s", len(rows), brief(rejects))
	}
}
