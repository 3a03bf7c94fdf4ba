package serve

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/restock-engine/restock/internal/parallel"
	"github.com/restock-engine/restock/io/table"
	"github.com/restock-engine/restock/optimize"
	"github.com/restock-engine/restock/serve/snapshot"
	"github.com/restock-engine/restock/simulate"
)

// baseView are the features of all SKUs as the nightly input has them.
type baseView struct {
	file   *snapshot.File
	cut    time.Time // features that were put before are in it
	levels []float64 // of the forecast
}

// moment is when the features were those of the base; the zero time without one.
func (b *baseView) moment() time.Time {
	if b == nil {
		return time.Time{}
	}
	return b.cut
}

// baseColumns are the numbers that a snapshot of features keeps in memory.
var baseColumns = []string{"price", "unit_cost"}

func (b *baseView) perUnit(merchant, article string) perUnit {
	if b != nil {
		if i := b.file.Find(merchant, article); i >= 0 {
			return perUnit{b.value(i, "price"), b.value(i, "unit_cost")}
		}
	}
	return perUnit{math.NaN(), math.NaN()}
}

// value returns a number of an article; NaN where the snapshot, of an earlier version, has none.
func (b *baseView) value(i int, column string) float64 {
	if c := slices.Index(b.file.Meta.Columns, column); c >= 0 {
		return b.file.Value(i, c)
	}
	return math.NaN()
}

func (s *Server) snapshots() string { return filepath.Join(s.config.Dir, "snapshots") }

// identity changes when the files at some paths do.
func identity(paths ...string) (string, time.Time, error) {
	h := sha256.New()
	newest := time.Time{}
	var files []string
	for _, path := range paths {
		found, err := filepath.Glob(path)
		if _, statErr := os.Stat(path); statErr == nil { // a name may look like a pattern
			found, err = []string{path}, nil
		}
		if err == nil && len(found) == 0 {
			err = errors.New("there is no such file or folder")
		}
		if err != nil {
			return "", newest, fmt.Errorf("%s: %w", path, err)
		}
		files = append(files, found...)
	}
	for _, path := range files {
		err := filepath.WalkDir(path, func(name string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() {
				return err
			}
			info, err := e.Info()
			if err != nil {
				return err
			}
			if info.ModTime().After(newest) {
				newest = info.ModTime()
			}
			_, err = fmt.Fprintf(h, "%s %d %d\n", name, info.Size(), info.ModTime().UnixNano())
			return err
		})
		if err != nil {
			return "", newest, err
		}
		fmt.Fprintln(h)
	}
	return hex.EncodeToString(h.Sum(nil)[:10]), newest, nil
}

// loadFeatures makes the base of the tables, unless that has been done before.
func (s *Server) loadFeatures(ctx context.Context, articles, forecasts string, o table.JoinOptions) (*baseView, error) {
	id, newest, err := identity(articles, forecasts)
	if err != nil {
		return nil, err
	}
	path := filepath.Join(s.snapshots(), "features-"+id+".snap")
	if b, err := openBase(path); err == nil {
		return b, nil
	}
	start := time.Now()
	if err := s.writeFeatures(ctx, path, newest, articles, forecasts, o); err != nil {
		return nil, err
	}
	b, err := openBase(path)
	if err == nil {
		s.log.Info("features loaded", "articles", b.file.Len(), "rejected", b.file.Meta.Text["rejects"], "seconds", seconds(start))
	}
	return b, err
}

func seconds(start time.Time) float64 { return math.Round(10*time.Since(start).Seconds()) / 10 }

func (s *Server) writeFeatures(ctx context.Context, path string, cut time.Time, articles, forecasts string, o table.JoinOptions) (err error) {
	joined, err := table.Join(articles, forecasts, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, joined.Close()) }()
	for _, d := range joined.Doubts() {
		s.log.Warn(d)
	}
	made, other, err := joined.OtherAsOf()
	if err != nil {
		return err
	}
	if other {
		s.log.Warn("the forecast's week 0 is another than --as-of says, and it has week numbers: every week is read as another", "week 0", made.Format(time.DateOnly))
	}
	asOf, _ := joined.AsOf()
	if asOf.IsZero() {
		asOf = cut
	}
	asOf = asOf.AddDate(0, 0, -(int(asOf.Weekday())+6)%7)
	text := map[string]string{"cut": cut.UTC().Format(time.RFC3339Nano)}
	w, err := snapshot.Create(path, snapshot.Meta{ID: filepath.Base(path), Columns: baseColumns, Text: text})
	if err != nil {
		return err
	}
	rejects := 0
	var levels []float64
	for ctx.Err() == nil {
		item, err := joined.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			w.Abort()
			return err
		}
		if r := item.Reject; r != nil {
			if rejects++; rejects <= 10 {
				s.log.Warn("a row can't be used", "file", r.File, "row", r.Row, "merchant", r.Merchant, "article", r.Article, "reason",
					strings.TrimSpace(r.Column+" "+r.Value+" "+r.Reason))
			}
			continue
		}
		levels = item.Forecast.Levels
		f, err := featuresOf(item.Row, item.Forecast, asOf)
		if err == nil {
			var data []byte
			if data, err = json.Marshal(f); err == nil {
				err = w.Add(item.Row.Merchant, item.Row.Article, data, item.Row.Price, item.Row.UnitCost)
			}
		}
		if err != nil {
			w.Abort()
			return err
		}
	}
	if err := ctx.Err(); err != nil {
		w.Abort()
		return err
	}
	text["rejects"] = strconv.Itoa(rejects)
	list, err := json.Marshal(levels)
	if err != nil {
		w.Abort()
		return err
	}
	text["levels"] = string(list)
	return w.Commit()
}

func openBase(path string) (*baseView, error) {
	f, err := snapshot.Open(path)
	if err != nil {
		return nil, err
	}
	b := &baseView{file: f}
	if b.cut, err = time.Parse(time.RFC3339Nano, f.Meta.Text["cut"]); err == nil {
		err = json.Unmarshal([]byte(f.Meta.Text["levels"]), &b.levels)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", path, err), f.Close())
	}
	return b, nil
}

// writeRecommendations makes the snapshot of a recommendations table.
func writeRecommendations(ctx context.Context, path, from string, info *runInfo) (err error) {
	r, err := table.OpenRecommendations(from, nil)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	w, err := newRunWriter(path, info)
	if err != nil {
		return err
	}
	for {
		row, err := r.Next()
		if errors.Is(err, io.EOF) {
			return w.commit()
		}
		if err == nil {
			err = ctx.Err()
		}
		if err == nil {
			err = w.add(row)
		}
		if err != nil {
			w.Abort()
			return err
		}
	}
}

// runWriter writes a snapshot of recommendations.
type runWriter struct {
	*snapshot.Writer
	info *runInfo
	text map[string]string
}

func newRunWriter(path string, info *runInfo) (*runWriter, error) {
	text := map[string]string{}
	info.Snap = filepath.Base(path)
	w, err := snapshot.Create(path, snapshot.Meta{ID: info.Snap, Columns: summaryColumns, Text: text})
	return &runWriter{w, info, text}, err
}

func (w *runWriter) add(row *table.RecommendationRow) error {
	if w.info.Rows == 0 {
		if w.info.ID == "" {
			w.info.ID = row.Texts["run_id"]
		}
		w.info.AsOf = row.Texts["as_of"]
	}
	w.info.Rows++
	data, err := recommendationJSON(row)
	if err != nil {
		return err
	}
	return w.Add(row.Merchant, row.Article, data, summaryValues(row)...)
}

func (w *runWriter) commit() error {
	data, err := json.Marshal(w.info)
	if err != nil {
		return err
	}
	w.text["info"] = string(data)
	return w.Commit()
}

// openRun opens a snapshot of recommendations.
func (s *Server) openRun(path string) (*runView, error) {
	f, err := snapshot.Open(path)
	if err != nil {
		return nil, err
	}
	v := &runView{recommendations: f, policies: make([]atomic.Pointer[simulate.RSQ], f.Len()), perUnit: func(m, a string) perUnit { return s.base.Load().perUnit(m, a) }}
	if err := json.Unmarshal([]byte(f.Meta.Text["info"]), &v.runInfo); err != nil || !slices.Equal(f.Meta.Columns, summaryColumns) {
		return nil, errors.Join(fmt.Errorf("%s is of another version of restock", path), err, f.Close())
	}
	return v, nil
}

// computeAll decides every SKU of the base: what is served until there is a nightly run.
func (s *Server) computeAll(ctx context.Context, base *baseView, path string) error {
	start := time.Now()
	info := &runInfo{ID: "serve-" + strings.TrimSuffix(strings.TrimPrefix(filepath.Base(path), "computed-"), ".snap"), Seen: start.UnixMicro()}
	w, err := newRunWriter(path, info)
	if err != nil {
		return err
	}
	workers := make([]*optimize.Workspace, s.workers())
	for i := range workers {
		workers[i] = &optimize.Workspace{}
	}
	next := 0
	keys := make([]table.Key, 0, base.file.Len())
	for m, merchant := range base.file.Merchants {
		for i := base.file.Begin[m]; i < base.file.Begin[m+1]; i++ {
			keys = append(keys, table.Key{Merchant: merchant, Article: base.file.Article(i)})
		}
	}
	type result struct {
		row *table.RecommendationRow
		err error
	}
	rejects := 0
	err = parallel.Ordered(ctx, len(workers), func() (table.Key, error) {
		if next == len(keys) {
			return table.Key{}, io.EOF
		}
		next++
		return keys[next-1], nil
	}, func(worker int, key table.Key) result {
		row, _, err := s.recommend(ctx, key, workers[worker], info.ID)
		return result{row, err}
	}, func(r result) error {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if r.err != nil {
			if rejects++; rejects <= 10 {
				s.log.Warn("an article can't be decided", "error", r.err)
			}
			return nil
		}
		return w.add(r.row)
	})
	if err != nil {
		w.Abort()
		return err
	}
	if err := w.commit(); err != nil {
		return err
	}
	s.log.Info("recommendations computed", "articles", info.Rows, "rejected", rejects, "seconds", seconds(start))
	return nil
}

// sweepSnapshots removes what is not used any more.
func (s *Server) sweepSnapshots(keep ...string) {
	entries, _ := os.ReadDir(s.snapshots())
	for _, e := range entries {
		name := filepath.Join(s.snapshots(), e.Name())
		info, err := e.Info()
		if slices.Contains(keep, e.Name()) || err != nil || time.Since(info.ModTime()) < 24*time.Hour {
			continue
		}
		if err := os.Remove(name); err != nil {
			s.log.Warn("an old snapshot can't be removed", "error", err)
		}
	}
}
