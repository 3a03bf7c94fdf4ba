package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Task is work for one of several processes: an item of a group, such as a shard of a run. While it waits or is done, it is
// there once.
type Task struct {
	Group, Item string
	Data        []byte
}

func (t *Task) subject() string { return prefixes[workStream] + escape(t.Group) + "." + escape(t.Item) }

// workReplicas are the copies of tasks in a cluster; a single server can have but one.
const workReplicas = 3

// OpenWork connects to the servers for tasks alone. It makes the streams that tasks need, and changes none that is there.
func OpenWork(ctx context.Context, o Options) (s *Store, err error) {
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
	if err = s.connect(o); err != nil {
		return s, err
	}
	if s.js, err = jetstream.New(s.conn, jetstream.WithDefaultTimeout(publishTimeout)); err != nil {
		return s, err
	}
	replicas := 1
	if s.conn.ConnectedClusterName() != "" {
		replicas = workReplicas
	}
	for _, name := range []string{workStream, deadStream} {
		stream, err := s.js.Stream(ctx, name)
		if errors.Is(err, jetstream.ErrStreamNotFound) {
			stream, err = patiently(ctx, s, func() (jetstream.Stream, error) { return s.js.CreateOrUpdateStream(ctx, streamConfig(name, replicas)) })
		}
		if err != nil {
			return s, fmt.Errorf("NATS at %s, stream %s: %w", redact(o.URL), name, err)
		}
		s.streams[name] = stream
	}
	return s, nil
}

// Submit puts a task into the queue and returns its revision there. One that waits already, or is being done, stays as it is.
func (s *Store) Submit(ctx context.Context, t Task) (revision uint64, err error) {
	for {
		m := nats.NewMsg(t.subject())
		m.Data = t.Data
		ack, err := s.publish(ctx, m)
		if err == nil {
			return ack.Sequence, nil
		}
		var api *jetstream.APIError
		if !errors.As(err, &api) || !strings.Contains(api.Description, "maximum messages per subject") {
			return 0, err
		}
		there, err := s.streams[workStream].GetLastMsgForSubject(ctx, t.subject())
		if err == nil {
			return there.Sequence, nil
		}
		if !errors.Is(err, jetstream.ErrMsgNotFound) { // otherwise it has just left
			return 0, fmt.Errorf("store: tasks: %w", err)
		}
	}
}

// Withdraw takes the tasks of a group from the queue. Those that are being done are done to their end.
func (s *Store) Withdraw(ctx context.Context, group string) error {
	err := s.streams[workStream].Purge(ctx, jetstream.WithPurgeSubject(prefixes[workStream]+escape(group)+".>"))
	if err != nil {
		return fmt.Errorf("store: tasks: %w", err)
	}
	return nil
}

// Waiting returns the items of a group that wait or are being done.
func (s *Store) Waiting(ctx context.Context, group string) (map[string]bool, error) {
	prefix := prefixes[workStream] + escape(group) + "."
	info, err := s.streams[workStream].Info(ctx, jetstream.WithSubjectFilter(prefix+">"))
	if err != nil {
		return nil, fmt.Errorf("store: tasks: %w", err)
	}
	items := map[string]bool{}
	for subject := range info.State.Subjects {
		if item, ok := unescape(strings.TrimPrefix(subject, prefix)); ok {
			items[item] = true
		}
	}
	return items, nil
}

// GivenUp returns why the task of a revision was given up, "" if it was not.
func (s *Store) GivenUp(ctx context.Context, t Task, revision uint64) (reason string, err error) {
	subject := t.subject()
	err = s.DeadLetters(ctx, func(l DeadLetter) {
		if l.Subject == subject && l.Revision == revision {
			reason = l.Error
		}
	})
	return reason, err
}

// Work says how tasks are done.
type Work struct {
	Attempts int           // then a task is given up
	Lost     time.Duration // a process that has been silent for so long has lost its task to another; 0: 30 s

	// Do does a task. After an error it is tried again later, here or elsewhere; after a [Permanent] one it is not. A task may
	// be given to two processes, if one is slow to answer.
	Do func(ctx context.Context, data []byte) error
}

// maxTasks bounds how many tasks are done at a time, by all processes.
const maxTasks = 10_000

// Work does tasks, one after the other, until the context ends. One that has begun then goes back to the queue at once.
func (s *Store) Work(ctx context.Context, w Work) error {
	lost := w.Lost
	if lost == 0 {
		lost = ackWait
	}
	c := Consumer{Name: "tasks", work: true, MaxAttempts: w.Attempts, ackWait: lost}
	c.Handle = func(ctx context.Context, d *Delivery, _ bool) error {
		ctx, done := context.WithCancel(ctx)
		defer done()
		go keepAlive(ctx, d, lost/3)
		return w.Do(ctx, d.Value)
	}
	consumer, err := s.durable(ctx, &c, maxTasks)
	if err != nil {
		return err
	}
	for ctx.Err() == nil {
		// One at a time: what is fetched and not begun would wait here while others have nothing to do.
		fetched, err := consumer.Fetch(1, jetstream.FetchMaxWait(2*time.Second))
		if err == nil {
			for m := range fetched.Messages() {
				s.handle(ctx, &c, m)
			}
			err = ignoreTimeout(fetched.Error())
		}
		if err != nil && ctx.Err() == nil {
			s.log.Warn("waiting for tasks", "error", err)
			select {
			case <-ctx.Done():
			case <-time.After(time.Second):
			}
		}
	}
	return ctx.Err()
}

// keepAlive tells the server that a task is being done.
func keepAlive(ctx context.Context, d *Delivery, every time.Duration) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			d.Alive()
		}
	}
}
