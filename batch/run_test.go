package batch

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/restock-engine/restock/forecast"
	"github.com/restock-engine/restock/internal/random"
	"github.com/restock-engine/restock/io/settings"
	"github.com/restock-engine/restock/io/table"
)

// assortment writes n SKUs and their forecasts, in the orders given by less (nil: as they are), and returns the paths.
func assortment(t *testing.T, dir string, n int, shuffle uint64) (articles, forecasts string) {
	t.Helper()
	type row struct {
		article  *table.ArticleRow
		forecast forecast.Quantiles
	}
	var rows []row
	for i := range n {
		r := random.New(random.NewKey(3, "assortment").Int(i))
		a := &table.ArticleRow{Key: table.Key{Merchant: fmt.Sprintf("m%d", i%3), Article: fmt.Sprintf("a%03d", i)},
			OnHand: float64(r.Intn(20)), Price: 10, UnitCost: 4}
		a.Params.Set(table.HoldingCost, 0.1)
		if i%4 == 0 {
			a.HasPlan = true
		}
		q := forecast.Quantiles{Levels: forecast.Levels39()}
		scale := 5 * r.Float64()
		for range 12 {
			for k := range q.Levels {
				q.Values = append(q.Values, float32(scale*float64(k*k)/400))
			}
		}
		rows = append(rows, row{a, q})
	}
	articles, forecasts = filepath.Join(dir, "articles.csv"), filepath.Join(dir, "forecast")
	if err := os.MkdirAll(forecasts, 0o755); err != nil {
		t.Fatal(err)
	}
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	parts := 1
	if shuffle != 0 {
		order = random.New(random.NewKey(shuffle, "order")).Perm(n)
		parts = 2
	}
	out, err := table.CreateArticles(articles, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range order {
		check(t, out.Write(rows[i].article))
	}
	check(t, out.Commit())
	slices.Reverse(order)
	for part := range parts {
		w, err := table.CreateForecast(filepath.Join(forecasts, fmt.Sprintf("%d.parquet", part)), nil, forecast.Levels39(), monday)
		if err != nil {
			t.Fatal(err)
		}
		for k, i := range order {
			if k%parts == part {
				check(t, w.Write(rows[i].article.Key, &rows[i].forecast))
			}
		}
		check(t, w.Commit())
	}
	return articles, forecasts
}

var monday = time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC)

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func smallJob(t *testing.T, articles, forecasts, out string) Job {
	t.Helper()
	set, err := settings.Parse("none", []byte("defaults: {scenarios: 40, eval_scenarios: 80}"))
	check(t, err)
	return Job{Articles: articles, Forecast: forecasts, Recommendations: out, Settings: set, Seed: 1, EngineVersion: "test", Today: monday, Top: 3}
}

// bySKU reads a recommendations CSV: the line of each SKU.
func bySKU(t *testing.T, path string) map[string]string {
	t.Helper()
	f, err := os.Open(path)
	check(t, err)
	defer f.Close()
	records, err := csv.NewReader(f).ReadAll()
	check(t, err)
	lines := map[string]string{}
	for _, r := range records[1:] {
		lines[r[0]+"/"+r[1]] = strings.Join(r, ",")
	}
	return lines
}

// TestSameAnswerHoweverTheWorkIsDone: one worker, eight workers, rows shuffled, the forecast split in two files: the same bytes for each SKU.
func TestSameAnswerHoweverTheWorkIsDone(t *testing.T) {
	var want map[string]string
	for _, c := range []struct {
		name    string
		workers int
		shuffle uint64
	}{{"one worker", 1, 0}, {"eight workers", 8, 0}, {"shuffled and split", 3, 5}, {"shuffled otherwise", 2, 6}} {
		dir := t.TempDir()
		articles, forecasts := assortment(t, dir, 70, c.shuffle)
		job := smallJob(t, articles, forecasts, filepath.Join(dir, "out.csv"))
		job.Workers = c.workers
		s, err := Run(context.Background(), job)
		check(t, err)
		if s.In != 70 || s.Recommendations != 70 || s.Rejects != 0 {
			t.Errorf("%s: %d in, %d recommendations, %d rejects", c.name, s.In, s.Recommendations, s.Rejects)
		}
		got := bySKU(t, job.Recommendations)
		if want == nil {
			want = got
		}
		if !reflect.DeepEqual(got, want) {
			for k := range want {
				if got[k] != want[k] {
					t.Errorf("%s: %s\n got %s\nwant %s", c.name, k, got[k], want[k])
					break
				}
			}
		}
	}
}

// TestRowsInOrder: recommendations stand in the order of the articles.
func TestRowsInOrder(t *testing.T) {
	dir := t.TempDir()
	articles, forecasts := assortment(t, dir, 40, 9)
	job := smallJob(t, articles, forecasts, filepath.Join(dir, "out.csv"))
	job.Workers = 4
	_, err := Run(context.Background(), job)
	check(t, err)
	if in, out := column(t, articles, 1), column(t, job.Recommendations, 1); !slices.Equal(in, out) {
		t.Errorf("articles %v, recommendations %v", in, out)
	}
}

func column(t *testing.T, path string, i int) (values []string) {
	t.Helper()
	f, err := os.Open(path)
	check(t, err)
	defer f.Close()
	records, err := csv.NewReader(f).ReadAll()
	check(t, err)
	for _, r := range records[1:] {
		values = append(values, r[i])
	}
	return values
}

// TestInterruptionKeepsWhatIsFinished: the rows that were finished are in a readable file of another name, and an older result stays.
func TestInterruptionKeepsWhatIsFinished(t *testing.T) {
	dir := t.TempDir()
	articles, forecasts := assortment(t, dir, 300, 0)
	job := smallJob(t, articles, forecasts, filepath.Join(dir, "out.csv"))
	job.Rejects = filepath.Join(dir, "rejects.csv")
	check(t, os.WriteFile(job.Recommendations, []byte("yesterday"), 0o644))
	ctx, cancel := context.WithCancel(context.Background())
	job.Workers = 1
	job.Progress = func(done, total int64) {
		if total != 300 {
			t.Errorf("%d articles in total", total)
		}
		if done >= 64 {
			cancel()
		}
	}
	s, err := Run(ctx, job)
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("error %v", err)
	}
	if old, _ := os.ReadFile(job.Recommendations); string(old) != "yesterday" {
		t.Error("the older result was touched")
	}
	partial := filepath.Join(dir, "out.partial.csv")
	if !slices.Contains(s.Files, partial) {
		t.Errorf("files %v", s.Files)
	}
	if n := len(column(t, partial, 1)); int64(n) != s.Recommendations || n < 64 || n == 300 {
		t.Errorf("%d rows kept of %d finished", n, s.Recommendations)
	}
	noTemporaryFiles(t, dir)
}

func noTemporaryFiles(t *testing.T, dir string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	check(t, err)
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), ".tmp") {
			t.Errorf("left behind: %s", e.Name())
		}
	}
}

// TestBadInputChangesNothing: an error about a whole file leaves no output and no temporary file.
func TestBadInputChangesNothing(t *testing.T) {
	dir := t.TempDir()
	articles, forecasts := assortment(t, dir, 40, 0)
	data, err := os.ReadFile(filepath.Join(forecasts, "0.parquet"))
	check(t, err)
	check(t, os.WriteFile(filepath.Join(forecasts, "0.parquet"), data[:len(data)*2/3], 0o644))
	job := smallJob(t, articles, forecasts, filepath.Join(dir, "out.parquet"))
	if s, err := Run(context.Background(), job); err == nil || !strings.Contains(err.Error(), "0.parquet") {
		t.Errorf("summary %v, error %v", s, err)
	}
	if _, err := os.Stat(job.Recommendations); err == nil {
		t.Error("an output was written")
	}
	noTemporaryFiles(t, dir)
}

// TestRowsInAreRecommendationsPlusRejects, with every kind of reject that the join and the settings make.
func TestRowsInAreRecommendationsPlusRejects(t *testing.T) {
	dir := t.TempDir()
	articles := filepath.Join(dir, "a.csv")
	check(t, os.WriteFile(articles, []byte(`merchant_id,article_id,on_hand,price,unit_cost,plan,lifecycle_weeks
m,good,3,10,4,0:5,
m,negative,-1,10,4,,
m,loss,1,3,4,,
m,good,9,10,4,,
,nokey,1,10,4,,
m,noforecast,1,10,4,,
m,gap,1,10,4,,
m,shortlife,1,10,4,,1
m,badplan,1,10,4,-1:5,
m,fraction,1.5,10,4,,
`), 0o644))
	var f strings.Builder
	f.WriteString("merchant_id,article_id,week,0.1,0.5,0.9\n")
	for _, sku := range []string{"good", "negative", "loss", "gap", "shortlife", "badplan", "fraction", "orphan"} {
		for week := range 12 {
			if week > 0 && (sku == "gap" || sku == "shortlife") {
				continue
			}
			fmt.Fprintf(&f, "m,%s,%d,1,2,3\n", sku, week)
		}
	}
	forecasts := filepath.Join(dir, "f.csv")
	check(t, os.WriteFile(forecasts, []byte(f.String()), 0o644))
	job := smallJob(t, articles, forecasts, filepath.Join(dir, "out.csv"))
	job.Rejects = filepath.Join(dir, "rejects.csv")
	s, err := Run(context.Background(), job)
	check(t, err)
	got := column(t, job.Rejects, 3)
	want := []string{"negative", "loss", "good", "nokey", "noforecast", "gap", "badplan", "fraction", "orphan"}
	if !slices.Equal(got, want) {
		t.Errorf("rejects %v, want %v", got, want)
	}
	if recs := column(t, job.Recommendations, 1); !slices.Equal(recs, []string{"good", "shortlife"}) {
		t.Errorf("recommendations %v", recs)
	}
	if s.In != s.Recommendations+s.Rejects || s.In != 11 {
		t.Errorf("%d in, %d + %d", s.In, s.Recommendations, s.Rejects)
	}
}

// TestRemarks: what a run has taken for certain, and what it could not reach, is told with numbers.
func TestRemarks(t *testing.T) {
	dir := t.TempDir()
	articles, forecasts := filepath.Join(dir, "articles.csv"), filepath.Join(dir, "forecast.csv")
	check(t, os.WriteFile(articles, []byte("merchant_id,article_id,on_hand,price,unit_cost,lead_time_mean,moq,max_order\nm,a,0,10,4,6,,\nm,b,0,10,4,6,10,5\n"), 0o644))
	rows := "merchant_id,article_id,week,0.5\n"
	for week := range 12 {
		rows += fmt.Sprintf("m,a,%d,5\nm,b,%d,5\n", week, week)
	}
	check(t, os.WriteFile(forecasts, []byte(rows), 0o644))
	set, err := settings.Parse("none", []byte("defaults: {scenarios: 40, eval_scenarios: 80, min_fill_rate: 0.99}"))
	check(t, err)
	s, err := Run(context.Background(), Job{Articles: articles, Forecast: forecasts, Recommendations: filepath.Join(dir, "out.csv"), Settings: set, Seed: 1,
		EngineVersion: "test", Today: monday})
	check(t, err)
	got := strings.Join(s.Warnings, "; ")
	for _, want := range []string{"2 forecasts are of one level", "2 SKUs have a min_fill_rate that no policy found reaches", "1 SKU has a max_order below moq"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q does not say %q", got, want)
		}
	}
}

// TestForecastIsDeterministic: workers and the order of the history change no byte of an article's forecast.
func TestForecastIsDeterministic(t *testing.T) {
	dir := t.TempDir()
	write := func(name string, order []int) string {
		path := filepath.Join(dir, name)
		w, err := table.CreateHistory(path, nil)
		check(t, err)
		for _, i := range order {
			r := random.New(random.NewKey(4, "history").Int(i))
			s := &forecast.Series{MerchantID: "m", ArticleID: fmt.Sprintf("a%02d", i), FirstWeek: 2700}
			for range 80 {
				s.Sales = append(s.Sales, float64(r.Intn(3+i)))
			}
			check(t, w.Write(s))
		}
		check(t, w.Commit())
		return path
	}
	run := func(history string, workers int) map[string][]string {
		out := filepath.Join(dir, "f.csv")
		_, err := Forecast(context.Background(), ForecastJob{History: history, Out: out, Horizon: 12, Workers: workers})
		check(t, err)
		keys := column(t, out, 1)
		rows := map[string][]string{}
		for i, line := range column(t, out, 20) {
			rows[keys[i]] = append(rows[keys[i]], line)
		}
		return rows
	}
	var up, down []int
	for i := range 20 {
		up, down = append(up, i), append([]int{i}, down...)
	}
	want := run(write("up.parquet", up), 1)
	if got := run(write("down.csv", down), 4); len(want) != 20 || !reflect.DeepEqual(got, want) {
		t.Error("the forecast depends on the order of the history or the number of workers")
	}
}
