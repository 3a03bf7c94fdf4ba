package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"github.com/maypok86/otter/v2"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Options say where the streams are.
type Options struct {
	Dir         string // of the embedded server
	URL         string // of servers of a cluster, separated by commas; "": embedded
	Replicas    int    // of each stream in a cluster; 0: 3
	Credentials string // file with the cluster's credentials; "" for none
	CacheBytes  uint64 // 0: 256 MiB
	Log         *slog.Logger
}

const (
	startTimeout    = 30 * time.Second
	publishTimeout  = 5 * time.Second
	attemptTimeout  = 2 * time.Second // of a write in a cluster, which is tried again
	maxMessage      = 4 << 20
	eventAge        = 7 * 24 * time.Hour
	duplicateWindow = 10 * time.Minute
)

// Store is a connection to the streams, with a cache of documents. It is used by several goroutines at once.
type Store struct {
	server  *server.Server // nil for a cluster
	conn    *nats.Conn
	js      jetstream.JetStream
	streams map[string]jetstream.Stream
	log     *slog.Logger

	cache *otter.Cache[Key, *cached]
	marks [1 << 14]atomic.Uint64 // see mark
	stop  context.CancelFunc     // of the watcher that keeps the cache fresh

	writing atomic.Int32 // writes that are under way

	health health // of the embedded server's disk
	closed atomic.Bool
}

// Open starts the embedded server, or connects to a cluster, and makes the streams that are missing.
func Open(ctx context.Context, o Options) (s *Store, err error) {
	s = &Store{streams: map[string]jetstream.Stream{}, log: o.Log}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	defer func() {
		if err != nil {
			s.Close()
			s = nil
		}
	}()
	if o.URL == "" {
		err = s.embed(o.Dir)
	} else {
		err = s.connect(o)
	}
	if err != nil {
		return s, err
	}
	if s.js, err = jetstream.New(s.conn, jetstream.WithDefaultTimeout(publishTimeout)); err != nil {
		return s, err
	}
	if err = s.makeStreams(ctx, o); err != nil {
		return s, err
	}
	s.newCache(o.CacheBytes)
	watching, stop := context.WithCancel(context.Background())
	s.stop = stop
	return s, s.watchState(watching)
}

func (s *Store) embed(dir string) error {
	if dir == "" {
		return errors.New("the embedded store needs a folder")
	}
	folder := filepath.Join(dir, "nats")
	ns, err := server.NewServer(&server.Options{ServerName: "restock", JetStream: true, StoreDir: folder, DontListen: true, NoSigs: true,
		NoLog: true, SyncAlways: true, MaxPayload: maxMessage, JetStreamMaxMemory: 64 << 20, JetStreamMaxStore: 1 << 40,
		DisableJetStreamBanner: true})
	if err != nil {
		return fmt.Errorf("embedded NATS server in %s: %w", folder, err)
	}
	s.server = ns
	go ns.Start()
	if !ns.ReadyForConnections(startTimeout) {
		return fmt.Errorf("embedded NATS server in %s is not ready after %s; is another restock serve using the folder?", folder, startTimeout)
	}
	if !ns.JetStreamEnabled() {
		return fmt.Errorf("embedded NATS server in %s could not open its store; can the folder be written?", folder)
	}
	s.conn, err = nats.Connect("", nats.InProcessServer(ns), nats.Name("restock"))
	return err
}

func (s *Store) connect(o Options) error {
	options := []nats.Option{nats.Name("restock serve"), nats.MaxReconnects(-1), nats.ReconnectWait(250 * time.Millisecond),
		nats.Timeout(startTimeout / 3), nats.ReconnectBufSize(-1),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) {
			if !s.closed.Load() {
				s.log.Warn("connection to NATS lost", "error", err)
			}
		}),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { s.log.Warn("NATS", "error", err) }),
		nats.ReconnectHandler(func(c *nats.Conn) { s.log.Info("connected to NATS again", "server", c.ConnectedUrlRedacted()) })}
	if o.Credentials != "" {
		options = append(options, nats.UserCredentials(o.Credentials))
	}
	var err error
	if s.conn, err = nats.Connect(o.URL, options...); err != nil {
		return fmt.Errorf("NATS at %s: %w", redact(o.URL), err)
	}
	return nil
}

// redact leaves out what stands before an @ in a URL: name and password.
func redact(url string) string {
	for i := len(url) - 1; i >= 0; i-- {
		if url[i] == '@' {
			return "…" + url[i:]
		}
	}
	return url
}

func (s *Store) makeStreams(ctx context.Context, o Options) error {
	replicas := 1
	if o.URL != "" {
		replicas = o.Replicas
		if replicas == 0 {
			replicas = 3
		}
	}
	for name := range prefixes {
		if name == workStream {
			continue // see OpenWork
		}
		stream, err := patiently(ctx, s, func() (jetstream.Stream, error) { return s.js.CreateOrUpdateStream(ctx, streamConfig(name, replicas)) })
		if err != nil {
			hint := ""
			if replicas > 1 && strings.Contains(err.Error(), "non-clustered") {
				hint = "; a server that is not in a cluster keeps one copy: --nats-replicas 1"
			}
			return fmt.Errorf("NATS stream %s with %d replicas: %w%s", name, replicas, err, hint)
		}
		s.streams[name] = stream
	}
	return nil
}

// streamConfig says how a stream keeps its messages.
func streamConfig(name string, replicas int) jetstream.StreamConfig {
	c := jetstream.StreamConfig{Name: name, Subjects: []string{prefixes[name] + ">"}, Storage: jetstream.FileStorage, Replicas: replicas,
		Duplicates: duplicateWindow, AllowDirect: replicas == 1} // a direct get may come from a follower that is behind
	switch name {
	case resultStream:
		c.MaxMsgsPerSubject = 1
	case inputStream:
		c.Retention = jetstream.WorkQueuePolicy
	case workStream: // what waits is not taken a second time
		c.Retention, c.MaxMsgsPerSubject = jetstream.WorkQueuePolicy, 1
		c.Discard, c.DiscardNewPerSubject = jetstream.DiscardNew, true
	case eventStream:
		c.MaxAge = eventAge
	case deadStream:
		c.MaxAge = 4 * eventAge
	}
	return c
}

// patiently asks again while a cluster has no leader yet.
func patiently[T any](ctx context.Context, s *Store, ask func() (T, error)) (value T, err error) {
	for deadline := time.Now().Add(startTimeout); ; {
		value, err = ask()
		if err == nil || ctx.Err() != nil || time.Now().After(deadline) || s.server != nil {
			return value, err
		}
		time.Sleep(250 * time.Millisecond)
	}
}

// Ready tells whether documents can be read and written now.
func (s *Store) Ready(ctx context.Context) error {
	if s.closed.Load() {
		return errors.New("the store is closed")
	}
	if !s.conn.IsConnected() {
		return errors.New("not connected to NATS")
	}
	if s.health.failing(time.Now(), s.server == nil) {
		return s.notWritable()
	}
	_, err := bounded(ctx, s, func() (*jetstream.StreamInfo, error) { return s.streams[stateStream].Info(ctx) })
	return err
}

// Close ends the connection and the embedded server. What was acknowledged is on disk already.
func (s *Store) Close() {
	if s.closed.Swap(true) {
		return
	}
	if s.stop != nil {
		s.stop()
	}
	if s.conn != nil {
		s.conn.Close()
	}
	if s.server != nil {
		s.server.Shutdown()
		s.server.WaitForShutdown()
	}
	if s.cache != nil {
		s.cache.StopAllGoroutines()
	}
}
