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

// Shedder bounds how many requests are worked on at a time and how long others wait for their turn. When there are too many, some
// are refused at once or soon, and the rest is answered nearly as fast as ever. Next is one of the merchant that has the least
// running, and of these who came last: when the wait is long, it is those who have waited longest who will not be served in time,
// and serving them first would have everyone wait as long (B. Maurer, "Fail at scale", ACM Queue 13(8), 2015).
type Shedder struct {
	queue int
	wait  time.Duration

	mu      sync.Mutex
	free    int
	idle    time.Time         // when a request last found a free slot
	waiting *list.List        // of *waiter; front: came last
	shares  map[string]*share // of the accounts that have something running or waiting
	stats   ShedStats
}

// waiter waits for true, a slot, or false, a refusal.
type waiter struct {
	turn     chan bool
	share    *share
	place    *list.Element // nil: no longer in the queue
	patience time.Duration
}

// share is what an account has of a Shedder.
type share struct {
	account          string
	running, waiting int
}

// ShedStats counts requests.
type ShedStats struct {
	Running, Waiting int    // now
	Accepted, Shed   uint64 // since the start
}

// errShed is what Acquire returns if the request is not to be worked on now.
var errShed = errors.New("the service has too much to do; try again")

// overloaded is after how many times the wait without a free slot a queue is taken for overload and not for a burst. From then on
// requests of merchants that have others running or waiting wait for that part of the wait only: a queue that never empties makes
// everybody late and nobody faster (K. Nichols and V. Jacobson, "Controlling queue delay", ACM Queue 10(5), 2012).
const overloaded = 8

// NewShedder has up to slots requests worked on at a time, and up to queue others wait, for up to wait.
func NewShedder(slots, queue int, wait time.Duration) (*Shedder, error) {
	if slots < 1 || queue < 0 || wait < 0 {
		return nil, fmt.Errorf("load shedding: slots %d must be 1 or more, queue %d and wait %v not below 0", slots, queue, wait)
	}
	return &Shedder{queue: queue, wait: wait, free: slots, waiting: list.New(), shares: make(map[string]*share), idle: time.Now()}, nil
}

// Acquire waits for a slot; release must be called when the work is done. An error means that the work must not be done.
func (s *Shedder) Acquire(ctx context.Context) (release func(), err error) {
	w := s.enter(From(ctx).account())
	if !s.await(ctx, w) {
		return nil, errShed
	}
	return sync.OnceFunc(func() { s.leave(w.share) }), nil
}

// enter takes a free slot or a place in the queue.
func (s *Shedder) enter(account string) *waiter {
	s.mu.Lock()
	defer s.mu.Unlock()
	own := s.shares[account]
	if own == nil {
		own = &share{account: account}
		s.shares[account] = own
	}
	w := &waiter{turn: make(chan bool, 1), share: own}
	now := time.Now()
	if s.free > 0 {
		s.idle = now
		s.free--
		s.start(w)
		return w
	}
	if w.patience = s.wait; now.Sub(s.idle) > overloaded*s.wait && own.running+own.waiting > 0 {
		w.patience = s.wait / overloaded
	}
	w.place = s.waiting.PushFront(w)
	own.waiting++
	if s.waiting.Len() > s.queue {
		s.refuse(s.crowder())
	}
	return w
}

func (s *Shedder) start(w *waiter) {
	w.share.running++
	s.stats.Running++
	s.stats.Accepted++
	w.turn <- true
}

func (s *Shedder) refuse(w *waiter) {
	s.dequeue(w)
	s.forget(w.share)
	s.stats.Shed++
	w.turn <- false
}

func (s *Shedder) dequeue(w *waiter) {
	s.waiting.Remove(w.place)
	w.place = nil
	w.share.waiting--
}

func (s *Shedder) forget(x *share) {
	if x.running == 0 && x.waiting == 0 {
		delete(s.shares, x.account)
	}
}

// crowder returns who has waited longest, of the account that has the most waiting.
func (s *Shedder) crowder() *waiter {
	var chosen *waiter
	for e := s.waiting.Back(); e != nil; e = e.Prev() {
		if w := e.Value.(*waiter); chosen == nil || w.share.waiting > chosen.share.waiting {
			chosen = w
		}
	}
	return chosen
}

// next returns who came last, of the accounts that have the least running; nil if nobody waits.
func (s *Shedder) next() *waiter {
	var chosen *waiter
	for e := s.waiting.Front(); e != nil; e = e.Next() {
		if w := e.Value.(*waiter); chosen == nil || w.share.running < chosen.share.running {
			chosen = w
		}
	}
	return chosen
}

// await tells if the waiter has got a slot.
func (s *Shedder) await(ctx context.Context, w *waiter) bool {
	select {
	case mine := <-w.turn:
		return mine
	default:
	}
	timer := time.NewTimer(w.patience)
	defer timer.Stop()
	select {
	case mine := <-w.turn:
		return mine
	case <-timer.C:
	case <-ctx.Done():
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if w.place != nil {
		s.refuse(w)
	}
	return <-w.turn // a slot that came at the same moment is taken
}

// leave gives a slot to the next. While that is chosen, the account that leaves counts as running, so that accounts take turns.
func (s *Shedder) leave(own *share) {
	s.mu.Lock()
	defer s.mu.Unlock()
	w := s.next()
	own.running--
	s.forget(own)
	s.stats.Running--
	if w == nil {
		s.free++
		return
	}
	s.dequeue(w)
	s.start(w)
}

// Stats returns the counts for metrics.
func (s *Shedder) Stats() ShedStats {
	s.mu.Lock()
	defer s.mu.Unlock()
	stats := s.stats
	stats.Waiting = s.waiting.Len()
	return stats
}

// Middleware answers 503 if there is too much to do. A request has its slot until its answer is there, not until it is sent.
func (s *Shedder) Middleware(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		release, err := s.Acquire(r.Context())
		if err != nil {
			(&Denied{http.StatusServiceUnavailable, err.Error(), time.Second}).Write(w)
			return
		}
		answer := newUnsent(w, release)
		panicked := true
		defer func() { answer.done(panicked) }()
		next.ServeHTTP(answer, r)
		panicked = false
	})
}
