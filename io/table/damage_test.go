package table

import (
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/restock-engine/restock/forecast"
)

// goThrough reads a table to its end, whatever it holds, and returns how many items came out.
func goThrough(next func() error) (items int, err error) {
	for ; ; items++ {
		if err := next(); errors.Is(err, io.EOF) {
			return items, nil
		} else if err != nil {
			return items, err
		}
	}
}

func throughArticles(path string) (int, error) {
	r, err := OpenArticles(path, nil)
	if err != nil {
		return 0, err
	}
	defer r.Close()
	return goThrough(func() error {
		row, rejects, err := r.Next()
		if err == nil && (row == nil) == (rejects == nil) {
			return errors.New("a row must be given or rejected, one of the two")
		}
		return err
	})
}

func throughHistory(path, tempDir string) (int, error) {
	h, err := OpenHistory(path, HistoryOptions{TempDir: tempDir})
	if err != nil {
		return 0, err
	}
	defer h.Close()
	return goThrough(func() error {
		s, _, err := h.Next()
		if s != nil {
			for _, x := range s.Sales {
				if !(x >= 0 && x <= maxDemand) {
					return errors.New("sales that can't be")
				}
			}
		}
		return err
	})
}

// throughForecast reads a forecast with one article.
func throughForecast(articles, path, tempDir string) (int, error) {
	j, err := Join(articles, path, JoinOptions{TempDir: tempDir, ForecastOptions: ForecastOptions{Model: "LGBM"}})
	if err != nil {
		return 0, err
	}
	defer j.Close()
	return goThrough(func() error {
		item, err := j.Next()
		if err == nil && item.Reject == nil {
			if err := forecast.CheckLevels(item.Forecast.Levels); err != nil {
				return err
			}
			for t := range item.Forecast.Weeks() {
				last := float32(0)
				for _, v := range item.Forecast.Week(t) {
					if !(v >= last) || math.IsInf(float64(v), 0) {
						return errors.New("quantiles that can't be")
					}
					last = v
				}
			}
		}
		return err
	})
}

// TestDamage flips bytes of sound files, and cuts them off. Every error names the file; nothing panics or asks for much memory.
func TestDamage(t *testing.T) {
	folder := t.TempDir()
	articles := filepath.Join(folder, "articles.csv")
	writeArticles(t, articles, 5)
	tables := map[string]struct {
		create  func(path string)
		through func(path string) (int, error)
	}{
		"articles": {func(path string) { writeArticles(t, path, 5) }, throughArticles},
		"forecast": {func(path string) { writeForecast(t, path, 2) }, func(path string) (int, error) { return throughForecast(articles, path, folder) }},
		"history": {func(path string) {
			w, err := CreateHistory(path, nil)
			if err != nil {
				t.Fatal(err)
			}
			w.Write(&forecast.Series{MerchantID: "M", ArticleID: "1", FirstWeek: 2900, Sales: []float64{1, 2, 3}, InStock: []float64{1, 1, 0}})
			if err := w.Commit(); err != nil {
				t.Fatal(err)
			}
		}, func(path string) (int, error) { return throughHistory(path, folder) }},
	}
	for name, table := range tables {
		for _, format := range formats {
			path := filepath.Join(folder, name+format)
			table.create(path)
			sound := readFile(t, path)
			if n, err := table.through(path); n == 0 || err != nil {
				t.Fatalf("%s: %d items, %v", path, n, err)
			}
			damaged := filepath.Join(folder, "damaged-"+name+format)
			try := func(content []byte, what string, at int) {
				if err := os.WriteFile(damaged, content, 0o644); err != nil {
					t.Fatal(err)
				}
				var before, after runtime.MemStats
				runtime.ReadMemStats(&before)
				_, err := table.through(damaged)
				runtime.ReadMemStats(&after)
				if n := (after.TotalAlloc - before.TotalAlloc) >> 20; n > 1024 {
					t.Errorf("%s, %s %d: %d MiB", damaged, what, at, n)
				}
				if err != nil && !strings.Contains(err.Error(), damaged) {
					t.Errorf("%s, %s %d: the error does not name the file: %v", damaged, what, at, err)
				}
			}
			step := 1 + len(sound)/20 // the fuzz targets try the others
			for at := 0; at < len(sound); at += step {
				content := []byte(string(sound))
				for _, mask := range []byte{0x01, 0x80, 0xff} {
					content[at] = sound[at] ^ mask
					try(content, "flip", at)
				}
				try(sound[:at], "cut", at)
			}
		}
	}
}
