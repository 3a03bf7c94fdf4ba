package store

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Event tells that something has happened to a merchant's data.
type Event struct {
	ID       string          `json:"id"`
	Type     string          `json:"type"`
	Merchant string          `json:"merchant_id"`
	Time     time.Time       `json:"time"`
	Data     json.RawMessage `json:"data,omitempty"`
	Sequence uint64          `json:"-"` // of the stream
}

// Publish puts an event on the event stream. The same ID is published once within ten minutes.
func (s *Store) Publish(ctx context.Context, e Event) error {
	data, err := json.Marshal(e)
	if err != nil {
		return err
	}
	m := nats.NewMsg(prefixes[eventStream] + escape(e.Merchant) + "." + escape(e.Type))
	m.Data = data
	_, err = s.publish(ctx, m, jetstream.WithMsgID(e.ID))
	return err
}

// Subscribe calls f with a merchant's events ("" for all merchants') that come after a sequence number (nil: those from now on),
// as far as they are still kept.
func (s *Store) Subscribe(ctx context.Context, merchant string, after *uint64, f func(Event)) error {
	subject := prefixes[eventStream] + ">"
	if merchant != "" {
		subject = prefixes[eventStream] + escape(merchant) + ".>"
	}
	config := jetstream.OrderedConsumerConfig{FilterSubjects: []string{subject}, DeliverPolicy: jetstream.DeliverNewPolicy}
	if after != nil {
		config.DeliverPolicy, config.OptStartSeq = jetstream.DeliverByStartSequencePolicy, *after+1
	}
	consumer, err := s.streams[eventStream].OrderedConsumer(ctx, config)
	if err != nil {
		return fmt.Errorf("store: events: %w", err)
	}
	running, err := consumer.Consume(func(m jetstream.Msg) {
		var e Event
		meta, err := m.Metadata()
		if err != nil || json.Unmarshal(m.Data(), &e) != nil {
			return
		}
		e.Sequence = meta.Sequence.Stream
		f(e)
	})
	if err != nil {
		return fmt.Errorf("store: events: %w", err)
	}
	context.AfterFunc(ctx, running.Stop)
	return nil
}

// Accept takes an event of stock or sales from outside. When it returns without an error, the event is on disk and will be
// applied. The same ID is taken once within ten minutes; who applies events must tell later duplicates.
func (s *Store) Accept(ctx context.Context, merchant, id string, data []byte) error {
	m := nats.NewMsg(prefixes[inputStream] + escape(merchant))
	m.Data = data
	_, err := s.publish(ctx, m, jetstream.WithMsgID(escape(merchant)+"/"+id))
	return err
}

// InputMerchant returns the merchant that an event from outside was sent for: what counts is the subject, on which the sender's
// rights are, not what the event says.
func InputMerchant(subject string) (string, bool) {
	token, ok := strings.CutPrefix(subject, prefixes[inputStream])
	if !ok {
		return "", false
	}
	return unescape(token)
}

// DeadLetters calls f with every message that could not be handled, oldest first.
func (s *Store) DeadLetters(ctx context.Context, f func(DeadLetter)) error {
	stream := s.streams[deadStream]
	info, err := stream.Info(ctx)
	if err != nil {
		return err
	}
	for seq := info.State.FirstSeq; seq > 0 && seq <= info.State.LastSeq; seq++ {
		m, err := stream.GetMsg(ctx, seq)
		if err != nil {
			continue
		}
		var l DeadLetter
		if json.Unmarshal(m.Data, &l) == nil {
			f(l)
		}
	}
	return nil
}
