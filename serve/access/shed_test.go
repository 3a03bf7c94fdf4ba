package access

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func newShedder(t testing.TB, slots, queue int, wait time.Duration) *Shedder {
	t.Helper()
	s, err := NewShedder(slots, queue, wait)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// load is what a stream of requests experiences, one every gap, each needing work in a slot.
type load struct {
	accepted []time.Duration // from arrival to answer, sorted
	refused  []time.Duration
	took     time.Duration
}

func offer(s *Shedder, requests int, gap, work time.Duration) *load {
	var l load
	var mu sync.Mutex
	var group sync.WaitGroup
	start := time.Now()
	for range requests {
		group.Go(func() {
			came := time.Now()
			release, err := s.Acquire(context.Background())
			if err == nil {
				time.Sleep(work)
				release()
			}
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				l.accepted = append(l.accepted, time.Since(came))
			} else {
				l.refused = append(l.refused, time.Since(came))
			}
		})
		time.Sleep(gap)
	}
	group.Wait()
	l.took = time.Since(start)
	slices.Sort(l.accepted)
	slices.Sort(l.refused)
	return &l
}

func (l *load) p99() time.Duration { return l.accepted[len(l.accepted)*99/100] }

// TestShedding offers five times the capacity of two slots, in the test's own time: what is accepted takes less than three times
// as long as without overload, the slots are busy all the time, and who is refused knows it within the longest wait.
func TestShedding(t *testing.T) {
	const work, wait = 3 * time.Millisecond, 20 * time.Millisecond
	calm := run(t, 2, 1000, 2*work, work, wait)
	if len(calm.refused) > 0 || calm.p99() > work {
		t.Errorf("without overload %d were refused, and the slowest took %v", len(calm.refused), calm.p99())
	}
	over := run(t, 2, 10_000, work/10, work, wait)
	capacity := float64(over.took) / float64(work) * 2
	t.Logf("five times the capacity: %d of %d accepted (%.0f %% of the capacity), p50 %v, p99 %v, longest %v; longest refusal %v",
		len(over.accepted), 10_000, 100*float64(len(over.accepted))/capacity, over.accepted[len(over.accepted)/2], over.p99(),
		over.accepted[len(over.accepted)-1], over.refused[len(over.refused)-1])
	if over.p99() > 3*calm.p99() || float64(len(over.accepted)) < 0.98*capacity || over.refused[len(over.refused)-1] > wait {
		t.Errorf("with overload: p99 %v, %d accepted of a capacity of %.0f, longest refusal %v", over.p99(), len(over.accepted), capacity,
			over.refused[len(over.refused)-1])
	}
	if median := over.refused[len(over.refused)/2]; median > wait/overloaded {
		t.Errorf("with overload: half of those refused wait for %v or more; want at most %v", median, wait/overloaded)
	}
	// A burst that the queue can take is served in full.
	burst := run(t, 2, 8, 0, work, wait)
	if len(burst.accepted) != 8 || burst.accepted[7] > 4*work {
		t.Errorf("a burst of 8: %d accepted, the last after %v; want all within %v", len(burst.accepted), burst.accepted[7], 4*work)
	}
}

func run(t *testing.T, slots, requests int, gap, work, wait time.Duration) (l *load) {
	synctest.Test(t, func(t *testing.T) { l = offer(newShedder(t, slots, 16, wait), requests, gap, work) })
	return l
}

// TestShedderQueue: who waits when the queue is full, who waits too long and whose client is gone is refused; slots are not lost.
func TestShedderQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShedder(t, 1, 2, 20*time.Millisecond)
		release, err := s.Acquire(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		ends := make(map[string]time.Duration)
		start := time.Now()
		var mu sync.Mutex
		acquire := func(name string, ctx context.Context, hold time.Duration) {
			go func() {
				release, err := s.Acquire(ctx)
				mu.Lock()
				defer mu.Unlock()
				if ends[name] = time.Since(start); err == nil {
					ends[name] = -ends[name] // minus: accepted
					time.AfterFunc(hold, release)
				}
			}()
			synctest.Wait()
		}
		gone, cancel := context.WithTimeout(t.Context(), 5*time.Millisecond)
		defer cancel()
		acquire("oldest, crowded out", t.Context(), 0)
		acquire("client gone", gone, 0)
		time.Sleep(time.Millisecond)
		acquire("waits too long", t.Context(), 0)
		time.Sleep(9 * time.Millisecond)
		acquire("newest", t.Context(), 15*time.Millisecond)
		time.Sleep(2 * time.Millisecond)
		release()
		release() // has no effect
		time.Sleep(time.Second)
		mu.Lock()
		defer mu.Unlock()
		for name, want := range map[string]time.Duration{"oldest, crowded out": time.Millisecond, "client gone": 5 * time.Millisecond,
			"waits too long": 21 * time.Millisecond, "newest": -12 * time.Millisecond} {
			if ends[name] != want {
				t.Errorf("%s: %v; want %v (minus: accepted)", name, ends[name], want)
			}
		}
		if got, want := s.Stats(), (ShedStats{Accepted: 2, Shed: 3}); got != want || s.free != 1 {
			t.Errorf("%+v, %d free; want %+v, 1 free", got, s.free, want)
		}
	})
}

// TestShedderSlots: never more than the slots run, and none gets lost, whoever gives up when.
func TestShedderSlots(t *testing.T) {
	s := newShedder(t, 3, 8, 200*time.Microsecond)
	var mu sync.Mutex
	running, most := 0, 0
	var group sync.WaitGroup
	for i := range 32 {
		group.Go(func() {
			for j := range 200 {
				ctx := WithPrincipal(t.Context(), Principal{Name: string(rune('a' + i%4)), Merchants: Merchants{all: true}})
				ctx, cancel := context.WithTimeout(ctx, time.Duration((i*j)%5)*100*time.Microsecond)
				release, err := s.Acquire(ctx)
				cancel()
				if err != nil {
					continue
				}
				mu.Lock()
				running++
				most = max(most, running)
				mu.Unlock()
				time.Sleep(50 * time.Microsecond)
				mu.Lock()
				running--
				mu.Unlock()
				release()
			}
		})
	}
	group.Wait()
	if most > 3 || s.free != 3 || len(s.shares) != 0 {
		t.Errorf("%d ran at a time, %d are free, %d accounts are left; want 3, 3, 0", most, s.free, len(s.shares))
	}
	if stats := s.Stats(); stats.Running != 0 || stats.Waiting != 0 || stats.Accepted+stats.Shed != 32*200 {
		t.Errorf("%+v; want none running or waiting, and 6400 counted", stats)
	}
}

// TestShedderTurns: a merchant with one request goes before the many of another, though they came later, and is not crowded out
// by them.
func TestShedderTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShedder(t, 1, 4, 20*time.Millisecond)
		var mu sync.Mutex
		var order []string
		ask := func(merchant string) {
			go func() {
				m, _ := NewMerchants(merchant)
				release, err := s.Acquire(WithPrincipal(t.Context(), Principal{Merchants: m}))
				if err != nil {
					return
				}
				mu.Lock()
				order = append(order, merchant)
				mu.Unlock()
				time.Sleep(time.Millisecond)
				release()
			}()
			synctest.Wait()
		}
		for _, merchant := range []string{"flood", "calm", "flood", "flood", "flood", "flood", "flood"} {
			ask(merchant)
		}
		time.Sleep(time.Second)
		mu.Lock()
		defer mu.Unlock()
		if !slices.Equal(order, []string{"flood", "calm", "flood", "flood", "flood"}) {
			t.Errorf("served %v; want calm second", order)
		}
	})
}

func TestShedderMiddleware(t *testing.T) {
	if _, err := NewShedder(0, -1, -1); err == nil {
		t.Error("no slots are no error")
	}
	s := newShedder(t, 1, 0, 0)
	h := s.Middleware(whoami)
	if w := serve(h, request(http.MethodGet, "/v1/x", "")); w.Code != http.StatusOK {
		t.Errorf("a free slot: %d", w.Code)
	}
	release, err := s.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	w := serve(h, request(http.MethodGet, "/v1/x", ""))
	if readProblem(t, w); w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" {
		t.Errorf("no free slot: %d %v; want 503 with Retry-After", w.Code, w.Header())
	}
	if _, err := s.Acquire(t.Context()); !errors.Is(err, errShed) {
		t.Errorf("no free slot: %v", err)
	}
	release()
}
