// Package serve is the service: recommendations, what-ifs, partners' settings and features over HTTP, with the same engine and
// the same answers as the nightly batch. README of the parts: store (what must not be lost), access (who may do what), offline
// (all versions, in Parquet), snapshot (the nightly run as it is read), stock (events), whatif (answers), web (the page).
package serve

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/maypok86/otter/v2"

	"github.com/restock-engine/restock/internal/parallel"
	"github.com/restock-engine/restock/io/settings"
	"github.com/restock-engine/restock/io/table"
	"github.com/restock-engine/restock/serve/access"
	"github.com/restock-engine/restock/serve/offline"
	"github.com/restock-engine/restock/serve/store"
	"github.com/restock-engine/restock/serve/whatif"
	"github.com/restock-engine/restock/simulate"
)

// Config says what is served, and how. Dir, Settings, Auth, Limits and Log must be set.
type Config struct {
	Dir     string // for the store, snapshots and logs
	Store   store.Options
	Offline string // folder or URL of the offline store; "": offline in Dir

	ArchiveEvery time.Duration // how long versions wait for others before they are appended to it; 0: 10 s

	Settings *settings.Settings
	Shadow   *settings.Settings // decided beside the live ones and compared, never served; nil for none
	Seed     uint64
	Workers  int // 0: one per processor

	Articles, Forecast string // tables to load as the features; "": those that were loaded before
	Join               table.JoinOptions
	Recommendations    string // table to serve instead of computing it from the features
	Runs, Inputs       string // folders of nightly runs, and of what they have read; "" for none

	Auth     *access.Authenticator
	Limits   access.Limits
	Deadline time.Duration // of a request; 0: 10 s
	Audit    io.Writer     // nil for none
	Tracing  bool          // a span for each request
	Page     http.Handler  // at /
	Log      *slog.Logger
}

// Server is the service.
type Server struct {
	config     Config
	log        *slog.Logger
	store      *store.Store
	offline    *offline.Store
	sampler    *simulate.Sampler
	assortment *assortment
	base       atomic.Pointer[baseView]
	partners   *otter.Cache[string, partnerSettings]
	decoded    *otter.Cache[table.Key, *knownFeatures]
	workspaces chan *whatif.Workspace // that nobody uses
	metrics    *metrics
	handler    http.Handler
	lights     *access.Shedder
	heavies    *access.Shedder

	working  context.Context        // of the work in the background; ends with Close
	loading  atomic.Pointer[string] // what it is at before it can answer everything; nil for nothing
	fatal    chan error
	stopWork context.CancelFunc
	work     sync.WaitGroup
}

// New opens the stores and loads what was served last. Close must be called after Run, or if it is not run.
func New(ctx context.Context, c Config) (s *Server, err error) {
	s = &Server{config: c, log: c.Log, sampler: simulate.NewSampler(c.Seed), assortment: newAssortment(), fatal: make(chan error, 8), decoded: newDecoded(),
		partners: otter.Must(&otter.Options[string, partnerSettings]{MaximumSize: 10_000})}
	s.working, s.stopWork = context.WithCancel(context.Background())
	s.workspaces = make(chan *whatif.Workspace, 2*s.workers())
	defer func() {
		if err != nil {
			s.Close()
			s = nil
		}
	}()
	if c.Store.Dir == "" {
		c.Store.Dir = c.Dir
	}
	if s.config.ArchiveEvery == 0 {
		s.config.ArchiveEvery = 10 * time.Second // writing Parquet takes a processor for some milliseconds
	}
	c.Store.Log = c.Log
	if s.store, err = store.Open(ctx, c.Store); err != nil {
		return s, err
	}
	location := c.Offline
	if location == "" {
		location = filepath.Join(c.Dir, "offline")
	}
	if s.offline, err = offline.Open(ctx, location); err != nil {
		return s, err
	}
	s.metrics = newMetrics(s)
	if s.handler, err = s.newHandler(); err != nil {
		return s, err
	}
	if err = s.load(ctx); err != nil {
		return s, err
	}
	s.startWork()
	return s, nil
}

func (s *Server) workers() int { return parallel.Workers(s.config.Workers) }

// Handler is the service's HTTP handler.
func (s *Server) Handler() http.Handler { return s.handler }

// Run serves until the context ends, and then lets what has begun come to its end, for at most the grace period.
func (s *Server) Run(ctx context.Context, l net.Listener, grace time.Duration) error {
	h := &http.Server{Handler: s.handler, ReadHeaderTimeout: 5 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 32 << 10,
		ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelWarn)}
	ended := make(chan error, 1)
	go func() { ended <- h.Serve(l) }()
	var failed error
	select {
	case failed = <-ended:
		return failed
	case failed = <-s.fatal:
	case <-ctx.Done():
		s.log.Info("draining: no new connections; what has begun is finished")
	}
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer cancel()
	s.metrics.drain()
	err := h.Shutdown(drain)
	if errors.Is(err, context.DeadlineExceeded) {
		s.log.Warn("some requests did not end in time and are cut off")
		err = h.Close()
	}
	return errors.Join(failed, err)
}

// Close ends the work in the background and the stores. What was acknowledged is kept; what has begun and is not finished begins
// again next time.
func (s *Server) Close() {
	s.stopWork()
	s.work.Wait()
	if s.store != nil {
		s.store.Close()
	}
	if s.offline != nil {
		if err := s.offline.Close(); err != nil {
			s.log.Warn("offline store", "error", err)
		}
	}
}

// background runs f until the server is closed. An error ends the service: it would otherwise look alive and do nothing.
func (s *Server) background(name string, f func(context.Context) error) {
	s.work.Go(func() {
		if err := f(s.working); err != nil && s.working.Err() == nil {
			s.fatal <- fmt.Errorf("%s: %w", name, err)
		}
	})
}

// ready tells what the service is waiting for, nil if it can answer.
func (s *Server) ready(ctx context.Context) error {
	if what := s.loading.Load(); what != nil {
		return errors.New(*what)
	}
	return s.store.Ready(ctx)
}

// workspace lends memory for answers. A sync.Pool would give it to the garbage collector, and it is some megabytes.
func (s *Server) workspace() (*whatif.Workspace, func()) {
	var w *whatif.Workspace
	select {
	case w = <-s.workspaces:
	default:
		w = &whatif.Workspace{}
	}
	return w, func() {
		select {
		case s.workspaces <- w:
		default:
		}
	}
}
