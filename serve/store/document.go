package store

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"maps"
	"strconv"
	"time"

	"github.com/maypok86/otter/v2"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nuid"
)

// Document is a version of what is stored under a key.
type Document struct {
	Key
	Revision uint64    // of the stream: later versions of any document have greater ones
	Time     time.Time // when it was accepted; later than the version before, whatever the clock did meanwhile
	Value    []byte    // must not be changed
	Deleted  bool
	Previous uint64 // revision of the version that this one replaced; 0 if unknown or none
}

// Errors of Get and Put.
var (
	ErrNotFound = errors.New("not found")
	ErrConflict = errors.New("the document has been changed by somebody else")
	ErrTooLarge = fmt.Errorf("what is kept under one name may have at most %d bytes", maxMessage-4096)
)

const (
	deletedHeader  = "Restock-Deleted"
	previousHeader = "Restock-Previous"
	timeHeader     = "Restock-Time" // Unix microseconds; without it the time is the server's
)

// cached is a document, or that there is none, as of a mark.
type cached struct {
	doc  *Document // nil: there is none
	mark uint64
}

const (
	defaultCache = 256 << 20
	refreshAfter = 30 * time.Second
	expireAfter  = 10 * time.Minute
)

func (s *Store) newCache(bytes uint64) {
	if bytes == 0 {
		bytes = defaultCache
	}
	s.cache = otter.Must(&otter.Options[Key, *cached]{
		MaximumWeight: bytes,
		Weigher: func(k Key, c *cached) uint32 {
			size := 256 + len(k.Merchant) + len(k.Article)
			if c.doc != nil {
				size += len(c.doc.Value)
			}
			return uint32(size)
		},
		ExpiryCalculator:  otter.ExpiryAccessing[Key, *cached](expireAfter),
		RefreshCalculator: otter.RefreshWriting[Key, *cached](refreshAfter),
		Logger:            &otter.NoopLogger{}, // what can't be refreshed stays, and who needs it anew is told
	})
}

var hashSeed = maphash.MakeSeed()

// mark holds the highest revision of a group of documents that this process has heard of. What was read into the cache before
// that is read anew, so that a slow read can't hide a write.
func (s *Store) mark(k Key) *uint64Mark {
	h := maphash.Comparable(hashSeed, k)
	return (*uint64Mark)(&s.marks[h%uint64(len(s.marks))])
}

// Get returns the newest version of a document, ErrNotFound if there is none; if it is deleted, that version and ErrNotFound.
func (s *Store) Get(ctx context.Context, k Key) (*Document, error) {
	load := otter.LoaderFunc[Key, *cached](s.load)
	c, err := s.cache.Get(ctx, k, load)
	if err == nil && c.mark < s.mark(k).load() {
		c, err = s.load(ctx, k)
		if err == nil {
			s.keep(k, c)
		}
	}
	switch {
	case err != nil:
		return nil, fmt.Errorf("store: %w", err)
	case c.doc == nil:
		return nil, ErrNotFound
	case c.doc.Deleted:
		return c.doc, ErrNotFound
	}
	return c.doc, nil
}

// keep puts a document into the cache unless there is a newer one.
func (s *Store) keep(k Key, c *cached) {
	s.cache.Compute(k, func(old *cached, found bool) (*cached, otter.ComputeOp) {
		if found && old.mark > c.mark {
			return old, otter.CancelOp
		}
		return c, otter.WriteOp
	})
}

func (s *Store) load(ctx context.Context, k Key) (*cached, error) {
	c := &cached{mark: s.mark(k).load()}
	m, err := bounded(ctx, s, func() (*jetstream.RawStreamMsg, error) {
		return s.streams[k.Kind.stream()].GetLastMsgForSubject(ctx, k.subject())
	})
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return c, nil
	}
	if err != nil {
		return nil, err
	}
	c.doc = document(k, m.Sequence, m.Time, m.Header, m.Data)
	return c, nil
}

func document(k Key, revision uint64, t time.Time, h nats.Header, value []byte) *Document {
	previous, _ := strconv.ParseUint(h.Get(previousHeader), 10, 64)
	if accepted, err := strconv.ParseInt(h.Get(timeHeader), 10, 64); err == nil {
		t = time.UnixMicro(accepted)
	}
	return &Document{Key: k, Revision: revision, Time: t, Value: value, Deleted: h.Get(deletedHeader) != "", Previous: previous}
}

// Revision returns the version that has a revision in the stream of its kind, ErrNotFound if it is gone.
func (s *Store) Revision(ctx context.Context, kind Kind, revision uint64) (*Document, error) {
	m, err := bounded(ctx, s, func() (*jetstream.RawStreamMsg, error) { return s.streams[kind.stream()].GetMsg(ctx, revision) })
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return nil, ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	k, ok := parseKey(m.Subject)
	if !ok {
		return nil, ErrNotFound
	}
	return document(k, m.Sequence, m.Time, m.Header, m.Data), nil
}

// Write is a new version of a document.
type Write struct {
	Key
	Value   []byte
	Deleted bool
	Expect  *uint64 // revision that must be the newest, 0 for none; nil: whatever is there is replaced
	ID      string  // the same ID within ten minutes is written once; "": a new one

	// After is a moment that the version's time must be later than, as that of its previous version in the cache: a clock that was
	// set back must not make it look older than what it replaces.
	After time.Time
}

// Put writes a version. When it returns without an error, the version is on disk (in a cluster: on most of the replicas). After
// an error other than ErrConflict it may or may not have been written.
func (s *Store) Put(ctx context.Context, w Write) (*Document, error) {
	if err := w.Check(); err != nil {
		return nil, err
	}
	if len(w.Value) > maxMessage-4096 {
		return nil, ErrTooLarge
	}
	m := nats.NewMsg(w.subject())
	m.Data = w.Value
	if w.Deleted {
		m.Header.Set(deletedHeader, "1")
	}
	previous, accepted := uint64(0), time.Now()
	if c, ok := s.cache.GetIfPresent(w.Key); ok && c.doc != nil {
		previous, accepted = c.doc.Revision, after(accepted, c.doc.Time)
	}
	accepted = after(accepted, w.After)
	m.Header.Set(timeHeader, strconv.FormatInt(accepted.UnixMicro(), 10))
	if w.Expect != nil {
		previous = *w.Expect
	}
	if previous > 0 {
		m.Header.Set(previousHeader, strconv.FormatUint(previous, 10))
	}
	id := w.ID
	if id == "" {
		id = nuid.Next()
	}
	options := []jetstream.PublishOpt{jetstream.WithMsgID(id)}
	if w.Expect != nil {
		options = append(options, jetstream.WithExpectLastSequencePerSubject(*w.Expect))
	}
	ack, err := s.publish(ctx, m, options...)
	if err != nil {
		return nil, err
	}
	doc := &Document{Key: w.Key, Revision: ack.Sequence, Time: time.UnixMicro(accepted.UnixMicro()), Value: w.Value,
		Deleted: w.Deleted, Previous: previous}
	s.mark(w.Key).raise(ack.Sequence)
	if !ack.Duplicate {
		s.keep(w.Key, &cached{doc, ack.Sequence})
	}
	return doc, nil
}

// after returns t, or the first microsecond after a floor that is not before it.
func after(t, floor time.Time) time.Time {
	if floor = floor.Add(time.Microsecond); t.Before(floor) {
		return floor
	}
	return t
}

// publish tries again while the cluster elects a leader; the message's ID keeps it from being written twice. What has no deadline
// waits until the cluster is back; others do not wait for what the ones before have waited for in vain.
func (s *Store) publish(ctx context.Context, m *nats.Msg, options ...jetstream.PublishOpt) (*jetstream.PubAck, error) {
	s.writing.Add(1)
	defer s.writing.Add(-1)
	if _, limited := ctx.Deadline(); (limited || s.server != nil) && !s.health.mayTry(time.Now()) {
		return nil, s.notWritable()
	}
	for {
		ack, err := s.attempt(ctx, m, options)
		if err == nil {
			s.health.note(nil)
			return ack, nil
		}
		var api *jetstream.APIError
		if errors.As(err, &api) && (api.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequence ||
			api.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequenceConstant) {
			return nil, ErrConflict
		}
		again := errors.Is(err, nats.ErrTimeout) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, jetstream.ErrNoStreamResponse) || errors.Is(err, nats.ErrNoResponders) ||
			errors.Is(err, nats.ErrConnectionReconnecting) || errors.Is(err, nats.ErrDisconnected) || errors.Is(err, nats.ErrReconnectBufExceeded)
		if s.server != nil && !errors.Is(err, context.Canceled) {
			s.health.note(err)
		}
		if !again || s.server != nil || s.closed.Load() {
			return nil, fmt.Errorf("store: %w", err)
		}
		select {
		case <-ctx.Done():
			if errors.Is(ctx.Err(), context.DeadlineExceeded) {
				s.health.note(err)
			}
			return nil, fmt.Errorf("store: %w", err)
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// attempt publishes once. A cluster is not waited for as long as the request may take: what a server held that is gone is lost.
func (s *Store) attempt(ctx context.Context, m *nats.Msg, options []jetstream.PublishOpt) (*jetstream.PubAck, error) {
	ctx, cancel := context.WithTimeout(ctx, s.patience())
	defer cancel()
	own := &nats.Msg{Subject: m.Subject, Header: maps.Clone(m.Header), Data: m.Data} // an attempt that was given up may still be at it
	return bounded(ctx, s, func() (*jetstream.PubAck, error) { return s.js.PublishMsg(ctx, own, options...) })
}

// patience is how long a write is waited for until it is tried again, or given up.
func (s *Store) patience() time.Duration {
	if s.server != nil {
		return publishTimeout
	}
	return attemptTimeout
}

// bounded asks a cluster until the context ends. While the client connects to another server the library holds a lock, for as long as
// that takes, whatever the context says.
func bounded[T any](ctx context.Context, s *Store, ask func() (T, error)) (T, error) {
	if s.server != nil {
		return ask()
	}
	type answer struct {
		value T
		err   error
	}
	answers := make(chan answer, 1)
	go func() {
		value, err := ask()
		answers <- answer{value, err}
	}()
	select {
	case a := <-answers:
		return a.value, a.err
	case <-ctx.Done():
		var none T
		return none, ctx.Err()
	}
}

func (s *Store) notWritable() error {
	if s.server != nil {
		return errDisk
	}
	return errMajority
}

// Forget deletes an old version, which the offline store has. It is not an error if it is gone already. A deletion is a write that is
// synced to disk like any other, and they come by the thousand: they let others go first.
func (s *Store) Forget(ctx context.Context, kind Kind, revision uint64) error {
	for end := time.Now().Add(courtesy); s.writing.Load() > 0 && time.Now().Before(end); {
		time.Sleep(courtesy / 20)
	}
	err := s.streams[kind.stream()].DeleteMsg(ctx, revision)
	if errors.Is(err, jetstream.ErrMsgNotFound) || errors.Is(err, jetstream.ErrMsgDeleteUnsuccessful) {
		return nil
	}
	return err
}

// courtesy is how long a deletion waits for writes to end.
const courtesy = 2 * time.Millisecond
