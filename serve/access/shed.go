package access

import (
	"container/list"
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// Shedder bounds how many requests are worked on at a time and how long others wait for their turn. When there are too many, some are
// refused at once or soon, and the rest is answered nearly as fast as ever. The last that came is the first that is served: when the
// wait is long, it is those who have waited longest who will not be served in time, and serving them first would have everyone wait as
// long (B. Maurer, "Fail at scale", ACM Queue 13(8), 2015).
type Shedder struct {
	queue int
	wait  time.Duration

	mu      sync.Mutex
	free    int
	waiting *list.List // of chan bool; front: came last
	stats   ShedStats
}

// ShedStats counts requests.
type ShedStats struct {
	Running, Waiting int    // now
	Accepted, Shed   uint64 // since the start
}

// errShed is what Acquire returns if the request is not to be worked on now.
var errShed = errors.New("the service has too much to do; try again")

// NewShedder has up to slots requests worked on at a time, and up to queue others wait, for up to wait.
func NewShedder(slots, queue int, wait time.Duration) (*Shedder, error) {
	if slots < 1 || queue < 0 || wait < 0 {
		return nil, fmt.Errorf("load shedding: %d slots must be 1 or more, a queue of %d and a wait of %v must not be negative", slots, queue, wait)
	}
	return &Shedder{queue: queue, wait: wait, free: slots, waiting: list.New()}, nil
}

// Acquire waits for a slot; release must be called once when the work is done. An error means that the work must not be done.
func (s *Shedder) Acquire(ctx context.Context) (release func(), err error) {
	turn, place := s.enter()
	if turn != nil {
		err = s.await(ctx, turn, place)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		s.stats.Shed++
		return nil, err
	}
	s.stats.Accepted++
	s.stats.Running++
	return sync.OnceFunc(s.leave), nil
}

// enter takes a free slot, or a place in the queue.
func (s *Shedder) enter() (turn chan bool, place *list.Element) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.free > 0 {
		s.free--
		return nil, nil
	}
	turn = make(chan bool, 1)
	place = s.waiting.PushFront(turn)
	if s.waiting.Len() > s.queue {
		s.waiting.Remove(s.waiting.Back()).(chan bool) <- false
	}
	return turn, place
}

func (s *Shedder) await(ctx context.Context, turn chan bool, place *list.Element) error {
	timer := time.NewTimer(s.wait)
	defer timer.Stop()
	select {
	case mine := <-turn:
		if !mine {
			return errShed
		}
		return nil
	case <-timer.C:
	case <-ctx.Done():
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case mine := <-turn: // it came at the same moment
		if mine {
			return nil
		}
	default:
		s.waiting.Remove(place)
	}
	return errShed
}

func (s *Shedder) leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stats.Running--
	if next := s.waiting.Front(); next != nil {
		s.waiting.Remove(next).(chan bool) <- true
		return
	}
	s.free++
}

// Stats returns the counts for metrics.
func (s *Shedder) Stats() ShedStats {
	s.mu.Lock()
	defer s.mu.Unlock()
	stats := s.stats
	stats.Waiting = s.waiting.Len()
	return stats
}

// Middleware answers 503 if there is too much to do.
func (s *Shedder) Middleware(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		release, err := s.Acquire(r.Context())
		if err != nil {
			(&Denied{http.StatusServiceUnavailable, err.Error(), time.Second}).Write(w)
			return
		}
		defer release()
		next.ServeHTTP(w, r)
	})
}
