package serve

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/restock-engine/restock/internal/parallel"
	"github.com/restock-engine/restock/io/table"
	"github.com/restock-engine/restock/optimize"
	"github.com/restock-engine/restock/serve/offline"
	"github.com/restock-engine/restock/serve/stock"
	"github.com/restock-engine/restock/serve/store"
)

// Job is a re-optimisation of what a setting touches. It is queued by the setting itself: its name is the setting's revision.
type Job struct {
	ID         string    `json:"id" example:"j42"`
	MerchantID string    `json:"merchant_id"`
	ArticleID  string    `json:"article_id,omitempty" doc:"empty: all of the merchant's"`
	State      string    `json:"state" enum:"queued,running,done,failed,superseded"`
	Done       int       `json:"done" doc:"articles"`
	Total      int       `json:"total"`
	Failed     int       `json:"failed" doc:"articles that can't be decided with the setting; they keep their recommendation"`
	Error      string    `json:"error,omitempty"`
	Started    time.Time `json:"started,omitzero"`
	Ended      time.Time `json:"ended,omitzero"`
}

func jobID(revision uint64) string { return "j" + strconv.FormatUint(revision, 10) }

// job returns a job, of a merchant that the caller may see.
func (s *Server) job(ctx context.Context, id string) (*Job, error) {
	text, ok := strings.CutPrefix(id, "j")
	revision, err := strconv.ParseUint(text, 10, 64)
	if !ok || err != nil || revision == 0 || id != jobID(revision) {
		return nil, errUnknownArticle
	}
	d, err := s.store.Get(ctx, store.Key{Kind: store.Job, Article: id})
	if err == nil {
		j := &Job{}
		return j, json.Unmarshal(d.Value, j)
	}
	if !errors.Is(err, store.ErrNotFound) {
		return nil, err
	}
	d, err = s.store.Revision(ctx, store.ArticleSettings, revision)
	if errors.Is(err, store.ErrNotFound) || err == nil && d.Kind != store.ArticleSettings && d.Kind != store.MerchantSettings {
		return nil, errUnknownArticle
	}
	if err != nil {
		return nil, err
	}
	return &Job{ID: id, MerchantID: d.Merchant, ArticleID: d.Article, State: "queued"}, nil
}

func (s *Server) putJob(ctx context.Context, j *Job) error {
	data, err := json.Marshal(j)
	if err != nil {
		return err
	}
	_, err = s.store.Put(ctx, store.Write{Key: store.Key{Kind: store.Job, Article: j.ID}, Value: data})
	return err
}

// jobConsumer re-optimises what a setting touches.
func (s *Server) jobConsumer() store.Consumer {
	return store.Consumer{Name: "reoptimise", Kinds: []store.Kind{store.ArticleSettings, store.MerchantSettings}, Concurrency: s.workers(),
		Handle: s.handleJob}
}

func (s *Server) handleJob(ctx context.Context, d *store.Delivery, last bool) error {
	j := &Job{ID: jobID(d.Revision), MerchantID: d.Merchant, ArticleID: d.Article, State: "running", Started: time.Now().UTC()}
	if before, err := s.job(ctx, j.ID); err == nil && (before.State == "done" || before.State == "superseded") {
		return nil // it was finished, and the process ended before it could say so
	}
	err := s.runJob(ctx, d, j)
	if err == nil || ctx.Err() != nil {
		return err
	}
	var found problems
	permanent := errors.As(err, &found) || errors.Is(err, errUnknownArticle)
	if permanent || last {
		j.State, j.Error, j.Ended = "failed", err.Error(), time.Now().UTC()
		if err := s.putJob(ctx, j); err != nil {
			return err
		}
	}
	if permanent {
		return store.Permanent(err)
	}
	return err
}

func (s *Server) runJob(ctx context.Context, d *store.Delivery, j *Job) error {
	newest, err := s.store.Get(ctx, d.Key)
	if newest != nil && newest.Revision > d.Revision {
		j.State, j.Ended = "superseded", time.Now().UTC()
		return s.putJob(ctx, j)
	}
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	keys := []table.Key{{Merchant: d.Merchant, Article: d.Article}}
	if d.Kind == store.MerchantSettings {
		if keys, err = s.articlesOf(ctx, d.Merchant); err != nil {
			return err
		}
	}
	j.Total = len(keys)
	if j.Total > 1 {
		if err := s.putJob(ctx, j); err != nil {
			return err
		}
	}
	if err := s.reoptimise(ctx, keys, d, j); err != nil {
		return err
	}
	data, err := json.Marshal(map[string]any{"job": j.ID, "articles": j.Done, "article_id": d.Article})
	if err != nil {
		return err
	}
	event := store.Event{ID: j.ID, Type: "report.generated", Merchant: d.Merchant, Time: time.Now().UTC(), Data: data}
	if err := s.store.Publish(ctx, event); err != nil {
		return err
	}
	j.State, j.Ended = "done", time.Now().UTC()
	return s.putJob(ctx, j)
}

// reoptimise decides articles and stores what is recommended.
func (s *Server) reoptimise(ctx context.Context, keys []table.Key, d *store.Delivery, j *Job) error {
	type result struct {
		key      table.Key
		document *recommendationDocument
		err      error
	}
	workers := make([]*optimize.Workspace, min(len(keys), s.workers()))
	for i := range workers {
		workers[i] = &optimize.Workspace{}
	}
	runID := j.ID
	if run := s.assortment.current(); run != nil {
		runID = run.ID + "+" + j.ID
	}
	lastSign := time.Now()
	return parallel.Ordered(ctx, max(1, len(workers)), sequence(keys), func(worker int, key table.Key) result {
		row, money, err := s.recommend(ctx, key, workers[worker], runID)
		if err == nil && s.config.Shadow != nil {
			s.shadow(ctx, key, row, workers[worker])
		}
		return result{key, &recommendationDocument{Row: row, perUnit: money, Job: j.ID}, err}
	}, func(r result) error {
		var found problems
		switch {
		case r.err == nil:
			if err := s.putRecommendation(ctx, r.key, r.document); err != nil {
				return err
			}
			j.Done++
		case len(keys) > 1 && (errors.As(r.err, &found) || errors.Is(r.err, errUnknownArticle)):
			j.Failed++
			j.Error = fmt.Sprintf("%s: %v", r.key.Article, r.err)
		default:
			return r.err
		}
		if time.Since(lastSign) > 2*time.Second {
			lastSign = time.Now()
			d.Alive()
			return s.putJob(ctx, j)
		}
		return nil
	})
}

func (s *Server) putRecommendation(ctx context.Context, key table.Key, doc *recommendationDocument) error {
	data, err := json.Marshal(doc)
	if err != nil {
		return err
	}
	w := store.Write{Key: store.Key{Kind: store.Recommendation, Merchant: key.Merchant, Article: key.Article}, Value: data}
	if run := s.assortment.current(); run != nil {
		w.After = time.UnixMicro(run.Seen)
	}
	stored, err := s.store.Put(ctx, w)
	if err == nil {
		s.takeNewer(stored) // whoever asks after the job is done sees its result
	}
	return err
}

// articlesOf lists a merchant's articles, of the nightly input and of the store.
func (s *Server) articlesOf(ctx context.Context, merchant string) ([]table.Key, error) {
	var keys []table.Key
	seen := map[string]bool{}
	add := func(article string) {
		if !seen[article] {
			seen[article] = true
			keys = append(keys, table.Key{Merchant: merchant, Article: article})
		}
	}
	if base := s.base.Load(); base != nil {
		for i, to := base.file.Range(merchant); i < to; i++ {
			add(base.file.Article(i))
		}
	}
	err := s.store.Each(ctx, store.Features, merchant, func(d *store.Document) error { add(d.Article); return nil })
	return keys, err
}

// StockEvent is an event of an article.
type StockEvent struct {
	ArticleID string `json:"article_id" minLength:"1" maxLength:"256" example:"22114"`
	stock.Event
}

// inputConsumer applies stock events.
func (s *Server) inputConsumer() store.Consumer {
	return store.Consumer{Name: "apply", Input: true, Concurrency: 2 * s.workers(), MaxAttempts: 20, Handle: func(ctx context.Context, d *store.Delivery, _ bool) error {
		merchant, ok := store.InputMerchant(d.Subject)
		var e StockEvent
		if err := json.Unmarshal(d.Value, &e); err != nil || !ok {
			return store.Permanent(fmt.Errorf("the event can't be read: %v", err))
		}
		if err := e.Check(e.At); err != nil { // it was not in the future when it was accepted, whatever the clock says now
			return store.Permanent(err)
		}
		_, err := s.applyEvent(ctx, table.Key{Merchant: merchant, Article: e.ArticleID}, e.Event)
		if errors.Is(err, errUnknownArticle) {
			return store.Permanent(err)
		}
		return err
	}}
}

// archive appends every accepted version to the offline store.
func (s *Server) archive(ctx context.Context) error {
	c := store.Consumer{Name: "archive", Kinds: []store.Kind{store.Features, store.ArticleSettings, store.MerchantSettings}}
	return s.store.Batches(ctx, c, 1000, s.config.ArchiveEvery, func(ctx context.Context, documents []store.Document) error {
		if len(documents) == 0 {
			return nil
		}
		versions := make([]offline.Version, len(documents))
		for i, d := range documents {
			versions[i] = offline.Version{Kind: string(d.Kind), Merchant: d.Merchant, Article: d.Article, Revision: d.Revision, Accepted: d.Time,
				Deleted: d.Deleted, Value: d.Value}
		}
		if err := s.offline.Append(ctx, versions); err != nil {
			return err
		}
		for _, d := range documents {
			// Settings stay: what they are to cause may not have happened yet.
			if d.Kind == store.Features && d.Previous > 0 {
				if err := s.store.Forget(ctx, d.Kind, d.Previous); err != nil {
					return err
				}
			}
		}
		s.metrics.archived.Add(float64(len(documents)))
		return nil
	})
}

// startWork begins what goes on in the background.
func (s *Server) startWork() {
	s.background("nightly runs", s.pollLoop)
	s.background("jobs", func(ctx context.Context) error { return s.store.Consume(ctx, s.jobConsumer()) })
	s.background("stock events", func(ctx context.Context) error { return s.store.Consume(ctx, s.inputConsumer()) })
	s.background("offline store", s.archive)
	s.background("compaction", s.compact)
}

// compact makes few files of the many that a day of writes leaves in the offline store, when the day is over.
func (s *Server) compact(ctx context.Context) error {
	for {
		if err := s.offline.Compact(ctx, time.Now().UTC()); err != nil && ctx.Err() == nil {
			s.log.Error("the offline store was not compacted", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(time.Hour):
		}
	}
}

func sequence[T any](list []T) func() (T, error) {
	next := 0
	return func() (T, error) {
		if next == len(list) {
			var none T
			return none, io.EOF
		}
		next++
		return list[next-1], nil
	}
}
