package serve

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/restock-engine/restock/serve/access"
	"github.com/restock-engine/restock/serve/store"
)

// eventStream writes server-sent events until the client goes or the service ends.
type eventStream struct {
	out   io.Writer
	flush func()
	begin func() // of an event: the client has the time of a request to take it
}

func (s *Server) stream(run func(ctx context.Context, e *eventStream)) *huma.StreamResponse {
	return &huma.StreamResponse{Body: func(c huma.Context) {
		c.SetHeader("Content-Type", eventFormat)
		c.SetHeader("X-Accel-Buffering", "no") // proxies must not keep events back
		e := &eventStream{out: c.BodyWriter(), flush: func() {}, begin: func() {}}
		if w, ok := e.out.(http.ResponseWriter); ok {
			control := http.NewResponseController(w)
			e.flush = func() { control.Flush() } // what can't flush sends when its buffer is full
			e.begin = func() { control.SetWriteDeadline(time.Now().Add(cmp.Or(s.config.Deadline, defaultDeadline))) }
		}
		e.flush()
		ctx, stop := context.WithCancel(c.Context())
		defer stop()
		defer context.AfterFunc(s.working, stop)()
		run(ctx, e)
		e.begin() // what ends the answer is still to be sent
	}}
}

// send writes an event; an error means that the client is gone.
func (e *eventStream) send(id, name string, data []byte) error {
	e.begin()
	if id != "" {
		if _, err := fmt.Fprintf(e.out, "id: %s\n", id); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(e.out, "event: %s\ndata: %s\n\n", name, data)
	e.flush()
	return err
}

func (e *eventStream) alive() error {
	e.begin()
	_, err := io.WriteString(e.out, ": alive\n\n")
	e.flush()
	return err
}

const (
	heartbeat    = 15 * time.Second
	pollJobEvery = 200 * time.Millisecond
)

func (s *Server) jobEvents(ctx context.Context, in *JobPath) (*huma.StreamResponse, error) {
	j, err := s.visibleJob(ctx, in.Job)
	if err != nil {
		return nil, err
	}
	return s.stream(func(ctx context.Context, e *eventStream) {
		last, sent := "", time.Now()
		for {
			data, err := json.Marshal(j)
			if err != nil {
				return
			}
			if string(data) != last {
				if e.send("", j.State, data) != nil {
					return
				}
				last, sent = string(data), time.Now()
			} else if time.Since(sent) > heartbeat {
				if e.alive() != nil {
					return
				}
				sent = time.Now()
			}
			if j.State != "queued" && j.State != "running" {
				return
			}
			select {
			case <-ctx.Done():
				return
			case <-time.After(pollJobEvery):
			}
			if next, err := s.job(ctx, in.Job); err == nil {
				j = next
			}
		}
	}), nil
}

type merchantEventsInput struct {
	MerchantPath
	LastEventID string `header:"Last-Event-ID" doc:"events after this one are sent first; 0: all of the last week" maxLength:"32"`
}

func (s *Server) merchantEvents(ctx context.Context, in *merchantEventsInput) (*huma.StreamResponse, error) {
	if err := access.Check(ctx, access.Read, in.Merchant); err != nil {
		return nil, err
	}
	var after *uint64
	if in.LastEventID != "" {
		n, err := strconv.ParseUint(in.LastEventID, 10, 63)
		if err != nil {
			return nil, problems{{"header.Last-Event-ID", "is not one that this stream has given"}}
		}
		after = &n
	}
	return s.stream(func(ctx context.Context, e *eventStream) {
		events := make(chan store.Event, 64)
		err := s.store.Subscribe(ctx, in.Merchant, after, func(x store.Event) {
			select {
			case events <- x:
			case <-ctx.Done():
			}
		})
		if err != nil {
			s.log.Warn("events can't be sent", "error", err)
			return
		}
		beat := time.NewTicker(heartbeat)
		defer beat.Stop()
		for {
			var err error
			select {
			case <-ctx.Done():
				return
			case <-beat.C:
				err = e.alive()
			case x := <-events:
				var data []byte
				if data, err = json.Marshal(x); err == nil {
					err = e.send(strconv.FormatUint(x.Sequence, 10), x.Type, data)
				}
			}
			if err != nil {
				return
			}
		}
	}), nil
}
