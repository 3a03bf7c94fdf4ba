package serve

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/restock-engine/restock/io/table"
	"github.com/restock-engine/restock/serve/access"
	"github.com/restock-engine/restock/serve/store"
)

// pollRuns is how often the folder of nightly runs is looked at.
const pollRuns = 5 * time.Second

// pin says which nightly run is to be served; it is stored, so that all processes serve the same, also after a restart.
type pin struct {
	Date string `json:"date"` // 2026-11-16; "": the latest complete one
}

var pinKey = store.Key{Kind: store.Run}

// load makes what is served first: the tables given, or those of the last time.
func (s *Server) load(ctx context.Context) error {
	if err := os.MkdirAll(s.snapshots(), 0o755); err != nil {
		return err
	}
	if err := s.loadBase(ctx); err != nil {
		return err
	}
	if err := s.watchNewer(); err != nil {
		return err
	}
	if s.config.Recommendations != "" {
		id, _, err := identity(s.config.Recommendations)
		if err != nil {
			return err
		}
		return s.serveTable(ctx, "table-"+id, s.config.Recommendations, &runInfo{Files: s.config.Recommendations})
	}
	if s.config.Runs != "" {
		err := s.followRuns(ctx)
		if err == nil && s.assortment.current() == nil {
			s.log.Warn(s.config.Runs + " has no complete nightly run yet: nothing is served until it has one")
		}
		return err
	}
	if base := s.base.Load(); base != nil {
		s.busy(fmt.Sprintf("computing the recommendations of %d articles", base.file.Len())) // see computeLoop
	}
	return nil
}

// busy says what the service is at before it can answer everything.
func (s *Server) busy(what string) {
	s.log.Info(what)
	s.loading.Store(&what)
}

// lastBase is the file that remembers which features were loaded.
func (s *Server) lastBase() string { return filepath.Join(s.config.Dir, "features.json") }

type loaded struct {
	Snapshot string `json:"snapshot"`
}

func (s *Server) loadBase(ctx context.Context) error {
	if s.config.Articles != "" {
		b, err := s.loadFeatures(ctx, s.config.Articles, s.config.Forecast, s.config.Join)
		if err != nil {
			return err
		}
		s.base.Store(b)
		data, err := json.Marshal(loaded{b.file.Meta.ID})
		if err != nil {
			return err
		}
		return os.WriteFile(s.lastBase(), data, 0o644)
	}
	data, err := os.ReadFile(s.lastBase())
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var last loaded
	if err := json.Unmarshal(data, &last); err != nil {
		return fmt.Errorf("%s: %w", s.lastBase(), err)
	}
	b, err := openBase(filepath.Join(s.snapshots(), filepath.Base(last.Snapshot)))
	if err != nil {
		return fmt.Errorf("the features that were loaded last: %w; load them again with --load-articles and --load-forecast", err)
	}
	s.base.Store(b)
	return nil
}

// watchNewer keeps what is recommended after the run in memory.
func (s *Server) watchNewer() error {
	return s.store.Watch(s.working, store.Recommendation, s.takeNewer)
}

// takeNewer shows a recommendation that was made after the run.
func (s *Server) takeNewer(d *store.Document) {
	if d.Deleted {
		s.assortment.setNewer(d.Merchant, d.Article, nil)
		return
	}
	if run := s.assortment.current(); run != nil && run.Seen > 0 && d.Time.UnixMicro() < run.Seen {
		return // the run knows what this one was made for
	}
	var doc recommendationDocument
	var data []byte
	err := json.Unmarshal(d.Value, &doc)
	if err == nil && doc.Row != nil {
		data, err = recommendationJSON(doc.Row)
	}
	if err != nil || doc.Row == nil {
		s.log.Error("a stored recommendation can't be read", "merchant", d.Merchant, "article", d.Article, "error", err)
		return
	}
	s.assortment.setNewer(d.Merchant, d.Article, &newer{d.Revision, d.Time.UnixMicro(), &doc, data, summaryValues(doc.Row)})
}

// serveTable makes a recommendations table the run that is served.
func (s *Server) serveTable(ctx context.Context, name, files string, info *runInfo) error {
	path := filepath.Join(s.snapshots(), name+".snap")
	v, err := s.openRun(path)
	if err != nil {
		start := time.Now()
		if err := writeRecommendations(ctx, path, files, info); err != nil {
			return err
		}
		if v, err = s.openRun(path); err != nil {
			return err
		}
		s.log.Info("recommendations loaded", "run", v.ID, "articles", v.Rows, "seconds", seconds(start))
	}
	s.serveRun(v)
	return nil
}

// serveRun shows a run at once, and drops what it knows better.
func (s *Server) serveRun(v *runView) {
	old := s.assortment.setRun(v)
	s.assortment.dropOlder(v.Seen)
	if old != nil && old.recommendations != v.recommendations {
		// Requests that have begun may still read it.
		time.AfterFunc(time.Minute, func() { old.recommendations.Close() })
	}
}

// completeRuns lists the dates of complete runs, latest first.
func completeRuns(folder string) ([]string, error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, fmt.Errorf("nightly runs: %w", err)
	}
	var dates []string
	for _, e := range entries {
		date, ok := strings.CutPrefix(e.Name(), "date=")
		if _, err := os.Stat(filepath.Join(folder, e.Name(), "_SUCCESS")); ok && err == nil {
			dates = append(dates, date)
		}
	}
	slices.Sort(dates)
	slices.Reverse(dates)
	return dates, nil
}

// wantedRun is the date that should be served, "" if there is none.
func (s *Server) wantedRun(ctx context.Context) (string, error) {
	dates, err := completeRuns(s.config.Runs)
	if err != nil || len(dates) == 0 {
		return "", err
	}
	d, err := s.store.Get(ctx, pinKey)
	if errors.Is(err, store.ErrNotFound) {
		return dates[0], nil
	}
	if err != nil {
		return "", err
	}
	var p pin
	if err := json.Unmarshal(d.Value, &p); err != nil {
		return "", err
	}
	if p.Date == "" {
		return dates[0], nil
	}
	if !slices.Contains(dates, p.Date) {
		return "", fmt.Errorf("the run of %s is to be served, and is no longer in %s", p.Date, s.config.Runs)
	}
	return p.Date, nil
}

// manifestFacts is what is read of a run's manifest.
type manifestFacts struct {
	RunID    string `json:"run_id"`
	Partners *struct {
		AsOf time.Time `json:"as_of"`
	} `json:"partner_settings"`
}

// followRuns serves the wanted run if it is not served yet.
func (s *Server) followRuns(ctx context.Context) error {
	date, err := s.wantedRun(ctx)
	if err != nil || date == "" {
		return err
	}
	folder := filepath.Join(s.config.Runs, "date="+date)
	data, err := os.ReadFile(filepath.Join(folder, "_SUCCESS"))
	if err != nil {
		return err
	}
	summary, err := os.ReadFile(filepath.Join(folder, "summary.json"))
	if err != nil {
		return err
	}
	name := "run-" + date + "-" + tagOf(string(data)+string(summary), 0)
	if now := s.assortment.current(); now != nil && now.Snap == name+".snap" {
		return nil
	}
	var m manifestFacts
	if data, err = os.ReadFile(filepath.Join(folder, "manifest.json")); err == nil {
		err = json.Unmarshal(data, &m)
	}
	if err != nil {
		return err
	}
	info := &runInfo{ID: m.RunID, Date: date, Files: folder}
	if m.Partners != nil {
		info.Seen = m.Partners.AsOf.UnixMicro()
	}
	if err := s.loadInputs(ctx, date); err != nil {
		return err
	}
	if err := s.serveTable(ctx, name, filepath.Join(folder, "recommendations"), info); err != nil {
		return err
	}
	s.announce(ctx)
	return nil
}

// loadInputs makes the tables that a run has read the features, if their folder is known.
func (s *Server) loadInputs(ctx context.Context, date string) error {
	if s.config.Inputs == "" {
		return nil
	}
	folder := filepath.Join(s.config.Inputs, "date="+date)
	find := func(stem string) (string, error) {
		entries, err := os.ReadDir(folder)
		if err != nil {
			return "", err
		}
		for _, e := range entries {
			if name, _, _ := strings.Cut(e.Name(), "."); name == stem {
				return filepath.Join(folder, e.Name()), nil
			}
		}
		return "", fmt.Errorf("%s has no %s table", folder, stem)
	}
	articles, err := find("articles")
	if err != nil {
		return err
	}
	forecasts, err := find("forecast")
	if err != nil {
		return err
	}
	o := s.config.Join
	o.AsOf, _ = time.Parse(time.DateOnly, date)
	b, err := s.loadFeatures(ctx, articles, forecasts, o)
	if err == nil {
		s.base.Store(b)
	}
	return err
}

// announce publishes report.generated to every merchant of the run, once for each run.
func (s *Server) announce(ctx context.Context) {
	run := s.assortment.current()
	done := store.Key{Kind: store.Run, Article: run.Snap}
	if _, err := s.store.Get(ctx, done); err == nil {
		return
	}
	for _, merchant := range run.recommendations.Merchants {
		from, to := run.recommendations.Range(merchant)
		data, err := json.Marshal(map[string]any{"run_id": run.ID, "as_of": run.AsOf, "articles": to - from})
		if err == nil {
			err = s.store.Publish(ctx, store.Event{ID: run.Snap + "/" + merchant, Type: "report.generated", Merchant: merchant, Time: time.Now().UTC(),
				Data: data})
		}
		if err != nil {
			s.log.Warn("report.generated was not published", "merchant", merchant, "error", err)
			return // it is tried again at the next look
		}
	}
	if _, err := s.store.Put(ctx, store.Write{Key: done, Value: []byte("{}")}); err != nil {
		s.log.Warn("report.generated", "error", err)
	}
}

// pollLoop follows the runs, or computes what there is no run for.
func (s *Server) pollLoop(ctx context.Context) error {
	if s.config.Runs == "" {
		return s.computeLoop(ctx)
	}
	for failures := 0; ; {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pollRuns):
		}
		err := s.followRuns(ctx)
		if err == nil || ctx.Err() != nil {
			failures = 0
			continue
		}
		if failures++; failures == 1 || failures%120 == 0 {
			s.log.Error("the newest nightly run can't be served; the last one still is", "error", err)
		}
	}
}

// computeLoop decides all features if no run is given, once.
func (s *Server) computeLoop(ctx context.Context) error {
	base := s.base.Load()
	if base == nil || s.config.Recommendations != "" {
		return nil
	}
	defer s.loading.Store(nil)
	name := fmt.Sprintf("computed-%s-%.8s-%d", strings.TrimSuffix(strings.TrimPrefix(base.file.Meta.ID, "features-"), ".snap"), s.config.Settings.Hash(),
		s.config.Seed)
	path := filepath.Join(s.snapshots(), name+".snap")
	v, err := s.openRun(path)
	if err != nil {
		if err := s.computeAll(ctx, base, path); err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
		if v, err = s.openRun(path); err != nil {
			return err
		}
	}
	s.serveRun(v)
	s.announce(ctx)
	s.sweepSnapshots(v.Snap, base.file.Meta.ID)
	return nil
}

// current returns the run that is served, nil if there is none.
func (a *assortment) current() *runView {
	a.mu.RLock()
	defer a.mu.RUnlock()
	return a.run
}

// dropOlder forgets recommendations that were made before a moment, in Unix microseconds; 0 forgets none.
func (a *assortment) dropOlder(seen int64) {
	if seen == 0 {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	for merchant, of := range a.newer {
		for article, n := range of {
			if n.made < seen {
				delete(of, article)
			}
		}
		if len(of) == 0 {
			delete(a.newer, merchant)
		}
	}
	clear(a.lists)
}

// setPin says which run is to be served.
func (s *Server) setPin(ctx context.Context, date string) error {
	if s.config.Runs == "" {
		return &access.Denied{Status: 409, Detail: "this service does not follow nightly runs: it was started without --runs"}
	}
	if date == "latest" {
		date = ""
	}
	dates, err := completeRuns(s.config.Runs)
	if err != nil {
		return err
	}
	if date != "" && !slices.Contains(dates, date) {
		return problems{{"body.date", fmt.Sprintf("there is no complete run of %q; there are %s", date, strings.Join(dates, ", "))}}
	}
	data, err := json.Marshal(pin{date})
	if err != nil {
		return err
	}
	if _, err := s.store.Put(ctx, store.Write{Key: pinKey, Value: data}); err != nil {
		return err
	}
	return s.followRuns(ctx)
}

// recommendationOf decides an article for which nothing is stored yet, nil if nothing is known of it.
func (s *Server) decideNow(ctx context.Context, key table.Key) (*table.RecommendationRow, error) {
	w, done := s.workspace()
	defer done()
	row, _, err := s.recommend(ctx, key, w.Optimizer(), "serve-now")
	return row, err
}
