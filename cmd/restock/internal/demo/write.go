package demo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/restock-engine/restock/forecast"
	"github.com/restock-engine/restock/io/table"
)

const settingsName = "restock.yaml"

// Job is one assortment to write.
type Job struct {
	Dir          string // is made if it is not there
	SKUs         int
	Seed         uint64
	HistoryWeeks int    // 0: no history
	Ending       string // of the tables: .parquet, .csv, …
	Progress     func(done, total int64)
}

// Made is what was written.
type Made struct {
	AsOf                         time.Time // Monday of week 0
	Articles, Forecast, Settings string    // paths
	History                      string    // path; "" if none was asked for
}

// Validate tells what is wrong with the job, or nil.
func (job *Job) Validate() error {
	switch {
	case job.SKUs < 1 || job.SKUs > MaxSKUs:
		return fmt.Errorf("%d SKUs can't be made: at least 1, at most %d", job.SKUs, MaxSKUs)
	case job.HistoryWeeks < 0 || job.HistoryWeeks > MaxHistoryWeeks:
		return fmt.Errorf("%d weeks of history can't be made: at most %d, as many as the real sales have",
			job.HistoryWeeks, MaxHistoryWeeks)
	}
	return nil
}

// Write writes the tables and the settings of an assortment. When the context is cancelled, or after an error, it leaves no
// table behind.
func Write(ctx context.Context, job Job) (*Made, error) {
	if err := job.Validate(); err != nil {
		return nil, err
	}
	g, err := NewGenerator(job.Seed)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(job.Dir, 0o755); err != nil {
		return nil, fmt.Errorf("folder %s can't be made: %w", job.Dir, err)
	}
	if err := job.checkFolder(); err != nil {
		return nil, err
	}
	out, err := job.create(g)
	if err != nil {
		return nil, err
	}
	defer out.abort()
	var sku SKU
	for i := range job.SKUs {
		if i%perMerchant == 0 {
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			if job.Progress != nil {
				job.Progress(int64(i), int64(job.SKUs))
			}
		}
		if err := g.SKU(i, job.HistoryWeeks, &sku); err != nil {
			return nil, err
		}
		if err := out.write(&sku); err != nil {
			return nil, err
		}
	}
	if job.Progress != nil {
		job.Progress(int64(job.SKUs), int64(job.SKUs))
	}
	return &out.made, out.commit(g)
}

// checkFolder makes sure that nothing is replaced but what an earlier job wrote.
func (job *Job) checkFolder() error {
	text, err := os.ReadFile(filepath.Join(job.Dir, settingsName))
	if err == nil && bytes.HasPrefix(text, []byte(settingsHeader)) {
		return nil
	}
	for _, name := range []string{settingsName, "articles" + job.Ending, "forecast" + job.Ending, "history" + job.Ending} {
		if path := filepath.Join(job.Dir, name); exists(path) {
			return fmt.Errorf("%s is not from restock demo-data, and would be replaced; name another folder", path)
		}
	}
	return nil
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// output is the tables under way. Each has its name only when it is complete.
type output struct {
	made     Made
	articles *table.ArticleWriter
	forecast *table.ForecastWriter
	history  *table.HistoryWriter // nil: not wanted
}

func (job *Job) create(g *Generator) (out *output, err error) {
	path := func(name string) string { return filepath.Join(job.Dir, name+job.Ending) }
	out = &output{made: Made{AsOf: g.AsOf(), Articles: path("articles"), Forecast: path("forecast"),
		Settings: filepath.Join(job.Dir, settingsName)}}
	defer func() {
		if err != nil {
			out.abort()
		}
	}()
	if out.articles, err = table.CreateArticles(out.made.Articles, nil); err != nil {
		return out, err
	}
	if out.forecast, err = table.CreateForecast(out.made.Forecast, nil, forecast.Levels39(), g.AsOf()); err != nil {
		return out, err
	}
	if job.HistoryWeeks > 0 {
		out.made.History = path("history")
		out.history, err = table.CreateHistory(out.made.History, nil)
	}
	return out, err
}

func (o *output) write(s *SKU) error {
	err := errors.Join(o.articles.Write(&s.Row), o.forecast.Write(s.Row.Key, &s.Forecast))
	if o.history != nil {
		err = errors.Join(err, o.history.Write(&s.History))
	}
	return err
}

// commit gives the files their names: the settings first, by which a later job knows the folder again, and the articles last.
func (o *output) commit(g *Generator) error {
	if err := os.WriteFile(o.made.Settings, settingsFile(g.lags), 0o644); err != nil {
		return fmt.Errorf("%s can't be written: %w", o.made.Settings, err)
	}
	if err := o.forecast.Commit(); err != nil {
		return err
	}
	if o.history != nil {
		if err := o.history.Commit(); err != nil {
			return err
		}
	}
	return o.articles.Commit()
}

// abort leaves nothing behind of tables that have not been committed.
func (o *output) abort() {
	if o.articles != nil {
		o.articles.Abort()
	}
	if o.forecast != nil {
		o.forecast.Abort()
	}
	if o.history != nil {
		o.history.Abort()
	}
}
