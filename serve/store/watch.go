package store

import (
	"context"
	"fmt"

	"github.com/nats-io/nats.go/jetstream"
)

// watchState hears of every version that any process writes, so that the cache does not serve older ones.
func (s *Store) watchState(ctx context.Context) error {
	for _, name := range []string{stateStream, resultStream} {
		if err := s.ordered(ctx, name, jetstream.OrderedConsumerConfig{DeliverPolicy: jetstream.DeliverNewPolicy, HeadersOnly: true}, func(d *Document) {
			s.mark(d.Key).raise(d.Revision)
		}); err != nil {
			return err
		}
	}
	return nil
}

// Watch calls f with the newest version of every document of a kind, and then with each further one, in the order of the
// revisions, until the context ends. Deleted documents come, too.
func (s *Store) Watch(ctx context.Context, kind Kind, f func(*Document)) error {
	stream := kind.stream()
	return s.ordered(ctx, stream, jetstream.OrderedConsumerConfig{DeliverPolicy: jetstream.DeliverLastPerSubjectPolicy,
		FilterSubjects: []string{prefixes[stream] + string(kind) + ".>"}}, f)
}

func (s *Store) ordered(ctx context.Context, stream string, config jetstream.OrderedConsumerConfig, f func(*Document)) error {
	consumer, err := s.streams[stream].OrderedConsumer(ctx, config)
	if err != nil {
		return fmt.Errorf("store: watching %s: %w", stream, err)
	}
	running, err := consumer.Consume(func(m jetstream.Msg) {
		if d := received(m); d != nil {
			f(d)
		}
	})
	if err != nil {
		return fmt.Errorf("store: watching %s: %w", stream, err)
	}
	context.AfterFunc(ctx, running.Stop)
	return nil
}

// received returns the document of a message, nil if it is none.
func received(m jetstream.Msg) *Document {
	k, ok := parseKey(m.Subject())
	if !ok {
		return nil
	}
	meta, err := m.Metadata()
	if err != nil {
		return nil
	}
	return document(k, meta.Sequence.Stream, meta.Timestamp, m.Headers(), m.Data())
}

// Each calls f with the newest version of every document of a kind, of one merchant or ("") of all, without deleted ones.
func (s *Store) Each(ctx context.Context, kind Kind, merchant string, f func(*Document) error) error {
	stream := kind.stream()
	subject := prefixes[stream] + string(kind) + ".>"
	if merchant != "" {
		subject = prefixes[stream] + string(kind) + "." + escape(merchant) + ".*"
	}
	consumer, err := s.streams[stream].OrderedConsumer(ctx, jetstream.OrderedConsumerConfig{DeliverPolicy: jetstream.DeliverLastPerSubjectPolicy,
		FilterSubjects: []string{subject}})
	if err != nil {
		return fmt.Errorf("store: reading %s: %w", stream, err)
	}
	info, err := consumer.Info(ctx)
	if err != nil {
		return fmt.Errorf("store: reading %s: %w", stream, err)
	}
	left := info.NumPending
	if left == 0 {
		return nil
	}
	messages, err := consumer.Messages()
	if err != nil {
		return fmt.Errorf("store: reading %s: %w", stream, err)
	}
	defer messages.Stop()
	for ; left > 0; left-- {
		m, err := messages.Next(jetstream.NextContext(ctx))
		if err != nil {
			return fmt.Errorf("store: reading %s: %w", stream, err)
		}
		if d := received(m); d != nil && !d.Deleted {
			if err := f(d); err != nil {
				return err
			}
		}
	}
	return nil
}
