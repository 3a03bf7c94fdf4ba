package store

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Delivery is a message that is handled by a durable consumer: it comes again until it is handled, to this process or another.
type Delivery struct {
	Document        // Key is empty for events
	Subject  string // within the stream's subjects
	Attempt  int    // 1 for the first
	message  jetstream.Msg
}

// Alive tells the server that the handling goes on, so that the message is not given to somebody else. Call it every ten seconds
// or so.
func (d *Delivery) Alive() { _ = d.message.InProgress() }

// Consumer says what is handled, and how.
type Consumer struct {
	Name        string
	Kinds       []Kind // documents of these kinds; all of one stream
	Input       bool   // events from outside instead
	work        bool   // tasks instead: see Work
	ackWait     time.Duration
	Concurrency int // handled at a time; 0: 1
	MaxAttempts int // then the message goes to the dead-letter stream; 0: 5

	// Handle handles a message. After an error it comes again, later and later; after a [Permanent] one it does not. Last is true
	// for the last attempt.
	Handle func(ctx context.Context, d *Delivery, last bool) error
}

// ackWait is how long a message may be handled without a sign of life before it is given to somebody else.
const ackWait = 30 * time.Second

func (c *Consumer) lostAfter() time.Duration { return cmp.Or(c.ackWait, ackWait) }

// Permanent marks an error that another attempt can't mend.
func Permanent(err error) error { return permanent{err} }

type permanent struct{ error }

func (p permanent) Unwrap() error { return p.error }

// backoff is the wait before the attempt after the nth.
func backoff(n int) time.Duration {
	return min(200*time.Millisecond<<min(n, 20), time.Minute)
}

func (c *Consumer) attempts() int {
	if c.MaxAttempts == 0 {
		return 5
	}
	return c.MaxAttempts
}

func (c *Consumer) filter() (stream string, subjects []string) {
	switch {
	case c.Input:
		return inputStream, []string{prefixes[inputStream] + ">"}
	case c.work:
		return workStream, []string{prefixes[workStream] + ">"}
	}
	for _, k := range c.Kinds {
		stream = k.stream()
		subjects = append(subjects, prefixes[stream]+string(k)+".>")
	}
	return stream, subjects
}

func (s *Store) durable(ctx context.Context, c *Consumer, maxPending int) (jetstream.Consumer, error) {
	stream, subjects := c.filter()
	config := jetstream.ConsumerConfig{Durable: c.Name, FilterSubjects: subjects, AckPolicy: jetstream.AckExplicitPolicy, AckWait: c.lostAfter(),
		MaxDeliver: -1, MaxAckPending: maxPending}
	consumer, err := patiently(ctx, s, func() (jetstream.Consumer, error) { return s.streams[stream].CreateOrUpdateConsumer(ctx, config) })
	if err != nil {
		return nil, fmt.Errorf("store: consumer %s: %w", c.Name, err)
	}
	return consumer, nil
}

// Consume handles messages until the context ends, and returns when all that has begun is finished.
func (s *Store) Consume(ctx context.Context, c Consumer) error {
	workers := max(1, c.Concurrency)
	consumer, err := s.durable(ctx, &c, 4*workers+64)
	if err != nil {
		return err
	}
	messages, err := consumer.Messages(jetstream.PullMaxMessages(2*workers), jetstream.PullHeartbeat(5*time.Second))
	if err != nil {
		return fmt.Errorf("store: consumer %s: %w", c.Name, err)
	}
	context.AfterFunc(ctx, messages.Drain)
	var busy sync.WaitGroup
	for range workers {
		busy.Go(func() {
			for {
				m, err := messages.Next()
				switch {
				case err == nil:
					s.handle(ctx, &c, m)
				case ctx.Err() != nil || errors.Is(err, jetstream.ErrMsgIteratorClosed) || s.closed.Load():
					return
				default:
					s.log.Warn("waiting for messages", "consumer", c.Name, "error", err)
					select {
					case <-ctx.Done():
					case <-time.After(time.Second):
					}
				}
			}
		})
	}
	busy.Wait()
	return ctx.Err()
}

func (s *Store) handle(ctx context.Context, c *Consumer, m jetstream.Msg) {
	d, ok := delivery(m)
	if !ok {
		_ = m.Term()
		return
	}
	last := d.Attempt >= c.attempts()
	var err error
	if d.Attempt > c.attempts() { // those before have ended without a word: the process died
		err = Permanent(fmt.Errorf("handling it has ended the process %d times", d.Attempt-1))
	} else {
		err = c.protected(ctx, d, last)
	}
	switch {
	case err == nil:
		err = m.DoubleAck(context.WithoutCancel(ctx))
		if err != nil {
			s.log.Warn("a message was handled but not acknowledged, and will come again", "consumer", c.Name, "error", err)
		}
	case ctx.Err() != nil:
		_ = m.Nak() // another process, or this one after its restart
	case errors.As(err, new(permanent)) || last:
		if s.bury(context.WithoutCancel(ctx), c, d, m, err) != nil {
			go s.again(ctx, c, d)
		}
	default:
		s.log.Warn("a message will be tried again", "consumer", c.Name, "attempt", d.Attempt, "error", err)
		go s.again(ctx, c, d)
	}
}

// again gives a message back after a wait of this process. The server's own goes by its clock, and does not end when that is set back.
func (s *Store) again(ctx context.Context, c *Consumer, d *Delivery) {
	waiting, stop := context.WithTimeout(ctx, backoff(d.Attempt))
	defer stop()
	keepAlive(waiting, d, c.lostAfter()/3)
	_ = d.message.Nak()
}

// protected turns a panic into an error.
func (c *Consumer) protected(ctx context.Context, d *Delivery, last bool) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return c.Handle(ctx, d, last)
}

func delivery(m jetstream.Msg) (*Delivery, bool) {
	meta, err := m.Metadata()
	if err != nil {
		return nil, false
	}
	d := &Delivery{Subject: m.Subject(), Attempt: int(meta.NumDelivered), message: m}
	if k := received(m); k != nil {
		d.Document = *k
	} else {
		d.Document = Document{Revision: meta.Sequence.Stream, Time: meta.Timestamp, Value: m.Data()}
	}
	return d, true
}

// DeadLetter is a message that could not be handled.
type DeadLetter struct {
	Consumer string    `json:"consumer"`
	Subject  string    `json:"subject"`
	Revision uint64    `json:"revision"`
	Attempts int       `json:"attempts"`
	Error    string    `json:"error"`
	Time     time.Time `json:"time"`
	Value    []byte    `json:"value"`
}

// bury moves a message to the dead-letter stream. Should that fail, the message comes again.
func (s *Store) bury(ctx context.Context, c *Consumer, d *Delivery, m jetstream.Msg, reason error) error {
	s.log.Error("a message can't be handled and goes to the dead letters", "consumer", c.Name, "subject", d.Subject, "revision", d.Revision,
		"attempts", d.Attempt, "error", reason)
	data, err := json.Marshal(DeadLetter{c.Name, d.Subject, d.Revision, d.Attempt, reason.Error(), time.Now().UTC(), d.Value})
	if err == nil {
		letter := nats.NewMsg(prefixes[deadStream] + escape(c.Name))
		letter.Data = data
		_, err = s.publish(ctx, letter, jetstream.WithMsgID(fmt.Sprintf("%s:%d", c.Name, d.Revision)))
	}
	if err == nil {
		_ = m.TermWithReason(reason.Error())
	}
	return err
}

// Batches hands messages over in batches of at most size, or what has come in the time given, until the context ends. A batch
// whose handling fails comes again.
func (s *Store) Batches(ctx context.Context, c Consumer, size int, wait time.Duration, handle func(context.Context, []Document) error) error {
	consumer, err := s.durable(ctx, &c, 4*size)
	if err != nil {
		return err
	}
	for ctx.Err() == nil {
		err := s.batch(ctx, consumer, size, wait, handle)
		if err == nil || ctx.Err() != nil {
			continue
		}
		s.log.Warn("a batch will be tried again", "consumer", c.Name, "error", err)
		select {
		case <-ctx.Done():
		case <-time.After(time.Second):
		}
	}
	return ctx.Err()
}

func (s *Store) batch(ctx context.Context, consumer jetstream.Consumer, size int, wait time.Duration, handle func(context.Context, []Document) error) error {
	// The first message is waited for; the others have the time from then on.
	first, err := consumer.Fetch(1, jetstream.FetchMaxWait(2*time.Second))
	if err != nil {
		return err
	}
	var messages []jetstream.Msg
	for m := range first.Messages() {
		messages = append(messages, m)
	}
	if len(messages) == 0 {
		return ignoreTimeout(first.Error())
	}
	for end := time.Now().Add(wait); len(messages) < size && time.Now().Before(end) && ctx.Err() == nil; {
		more, err := consumer.Fetch(size-len(messages), jetstream.FetchMaxWait(min(max(time.Until(end), time.Millisecond), 500*time.Millisecond)))
		if err != nil {
			break
		}
		for m := range more.Messages() {
			messages = append(messages, m)
		}
	}
	var documents []Document
	for _, m := range messages {
		if d := received(m); d != nil {
			documents = append(documents, *d)
		}
	}
	// What has been fetched is finished even if the process is about to end.
	if err := handle(context.WithoutCancel(ctx), documents); err != nil {
		for _, m := range messages {
			_ = m.Nak()
		}
		return err
	}
	for _, m := range messages {
		err = errors.Join(err, m.Ack())
	}
	return err
}

func ignoreTimeout(err error) error {
	if errors.Is(err, nats.ErrTimeout) || errors.Is(err, jetstream.ErrNoMessages) {
		return nil
	}
	return err
}

// Pending tells how many messages a durable consumer has not handled.
func (s *Store) Pending(ctx context.Context, c Consumer) (uint64, error) {
	stream, _ := c.filter()
	consumer, err := s.streams[stream].Consumer(ctx, c.Name)
	if errors.Is(err, jetstream.ErrConsumerNotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	info, err := consumer.Info(ctx)
	if err != nil {
		return 0, err
	}
	return info.NumPending + uint64(info.NumAckPending), nil
}
