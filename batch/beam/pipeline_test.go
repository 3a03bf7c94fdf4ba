package pipeline

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/runners/prism"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/testing/ptest"

	"github.com/restock-engine/restock/batch"
	"github.com/restock-engine/restock/forecast"
	"github.com/restock-engine/restock/internal/durable"
	"github.com/restock-engine/restock/io/table"
	"github.com/restock-engine/restock/optimize"
)

func TestMain(m *testing.M) { ptest.MainWithDefault(m, "prism") }

func onPrism(ctx context.Context, p *beam.Pipeline) error {
	_, err := prism.Execute(ctx, p)
	return err
}

// input writes a small dated folder.
func input(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "in")
	folder := filepath.Join(dir, "date=2026-01-05")
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(os.MkdirAll(folder, 0o755))
	aw, err := table.CreateArticles(filepath.Join(folder, "articles.parquet"), nil)
	must(err)
	levels := []float64{0.1, 0.5, 0.9}
	fw, err := table.CreateForecast(filepath.Join(folder, "forecast.parquet"), nil, levels, time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC))
	must(err)
	for i := range 60 {
		key := table.Key{Merchant: "M", Article: fmt.Sprintf("%03d", i)}
		must(aw.Write(&table.ArticleRow{Key: key, OnHand: float64(i % 17), Price: 9, UnitCost: 4}))
		q := &forecast.Quantiles{Levels: levels}
		for range 12 {
			q.Values = append(q.Values, 1, 4, float32(8+i%5))
		}
		must(fw.Write(key, q))
	}
	must(aw.Commit())
	must(fw.Commit())
	must(os.WriteFile(filepath.Join(dir, "restock.yaml"), []byte("defaults: {holding_cost: 0.05, scenarios: 40, eval_scenarios: 80}"), 0o644))
	return dir
}

// sums are the hashes of everything that a run has written, but for times and locks.
func sums(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || strings.HasPrefix(e.Name(), ".") || e.Name() == "timing.jsonl" {
			return err
		}
		data, err := os.ReadFile(path)
		name, _ := filepath.Rel(dir, path)
		all[name] = fmt.Sprintf("%x", sha256.Sum256(data))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func same(t *testing.T, got, want map[string]string) {
	t.Helper()
	for name, sum := range want {
		if got[name] != sum {
			t.Errorf("%s: %.12s…, want %.12s…", name, got[name], sum)
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d files, want %d", len(got), len(want))
	}
}

// On Prism, with any number of parts, and when a part has been done or half done before: the bytes of restock batch run.
func TestSameBytesAsBatchRun(t *testing.T) {
	in := input(t)
	alone := filepath.Join(t.TempDir(), "alone")
	asCommand := batch.Dated{Input: in, Output: alone, Date: time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC), Seed: 1, ShardSize: 7,
		Forecast: table.ForecastOptions{Separator: "/"}, EngineVersion: optimize.EngineVersion} // restock batch run with its defaults
	if _, err := batch.RunDated(t.Context(), asCommand); err != nil {
		t.Fatal(err)
	}
	want := sums(t, alone)
	for _, parts := range []int{1, 4, 20} {
		r := Run{Input: in, Output: filepath.Join(t.TempDir(), "beam"), Date: "2026-01-05", Seed: 1, ShardSize: 7}
		if parts == 4 { // a worker was lost: one part is there, a shard of another is damaged
			half, _ := r.dated()
			half.Slice = batch.Slice{Index: 1, Count: 4}
			if _, err := batch.RunDated(t.Context(), half); err != nil {
				t.Fatal(err)
			}
			shards, _ := filepath.Glob(filepath.Join(r.Output, "date=2026-01-05", "recommendations", "*.parquet"))
			if err := os.WriteFile(shards[0], []byte("half"), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := Execute(t.Context(), r, parts, onPrism); err != nil {
			t.Fatalf("%d parts: %v", parts, err)
		}
		same(t, sums(t, r.Output), want)
	}
}

// What fails says which part, and the run goes on when the reason is gone.
func TestFailureNamesThePart(t *testing.T) {
	in := input(t)
	r := Run{Input: in, Output: filepath.Join(t.TempDir(), "out"), Date: "2026-01-05", Seed: 1, ShardSize: 7}
	articles := filepath.Join(in, "date=2026-01-05", "articles.parquet")
	hidden := articles + ".hidden"
	_, err := Execute(t.Context(), r, 4, func(ctx context.Context, p *beam.Pipeline) error {
		if err := os.Rename(articles, hidden); err != nil { // after the plan
			return err
		}
		return onPrism(ctx, p)
	})
	if err == nil || !strings.Contains(err.Error(), "of the run of 2026-01-05") {
		t.Fatalf("the error does not name the part: %v", err)
	}
	if err := os.Rename(hidden, articles); err != nil {
		t.Fatal(err)
	}
	if _, err := Execute(t.Context(), r, 4, onPrism); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(r.Output, "date=2026-01-05", "_SUCCESS")); err != nil {
		t.Error(err)
	}
}

// A part that a worker is still at, whom the runner has given up, waits for that worker.
func TestPartWaitsForItsLastWorker(t *testing.T) {
	r := Run{Input: input(t), Output: filepath.Join(t.TempDir(), "out"), Date: "2026-01-05", Seed: 1, ShardSize: 7}
	_, err := Execute(t.Context(), r, 4, func(ctx context.Context, p *beam.Pipeline) error {
		lock, err := durable.Acquire(filepath.Join(r.Output, "date=2026-01-05", ".lock-1-of-4"), 0o644, true)
		if err != nil {
			return err
		}
		time.AfterFunc(lockPause/2, func() { _ = lock.Release() })
		return onPrism(ctx, p)
	})
	if err != nil {
		t.Fatal(err)
	}
}
