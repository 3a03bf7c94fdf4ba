package access

import (
	"bytes"
	"container/list"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Limits are what one merchant may use. All keys and JWTs for the same merchants share them; a token for every merchant has its
// own.
type Limits struct {
	Requests        float64 // per second, in the long run
	Burst           int     // requests at once after a pause
	Concurrent      int     // requests at the same time
	Streams         int     // event streams at the same time
	BodyBytes       int64   // of one request
	UnitsPerRequest int     // one unit is one scenario of one SKU; see Charge
	UnitsPerSecond  float64 // in the long run
	UnitsBurst      int     // at once after a pause; at least UnitsPerRequest

	AllBodyBytes int64 // of all requests of all merchants at the same time
	Accounts     int   // how many merchants are remembered; the one that was away longest is forgotten first
}

// DefaultLimits are good for two cores: a merchant may use about half of them for what-ifs.
func DefaultLimits() Limits {
	return Limits{Requests: 200, Burst: 400, Concurrent: 16, Streams: 8, BodyBytes: 8 << 20,
		UnitsPerRequest: 1_000_000, UnitsPerSecond: 1_000_000, UnitsBurst: 2_000_000, AllBodyBytes: 256 << 20, Accounts: 10_000}
}

// Validate returns every problem at once.
func (l Limits) Validate() error {
	var errs []error
	for _, f := range []struct {
		name  string
		value float64
	}{
		{"requests per second", l.Requests}, {"burst of requests", float64(l.Burst)}, {"concurrent requests", float64(l.Concurrent)},
		{"event streams", float64(l.Streams)}, {"bytes of a body", float64(l.BodyBytes)},
		{"units per request", float64(l.UnitsPerRequest)}, {"units per second", l.UnitsPerSecond},
		{"bytes of all bodies", float64(l.AllBodyBytes)}, {"accounts", float64(l.Accounts)},
	} {
		if !(f.value > 0) || math.IsInf(f.value, 1) {
			errs = append(errs, fmt.Errorf("limit of %s: %v must be above 0 and finite", f.name, f.value))
		}
	}
	if l.UnitsBurst < l.UnitsPerRequest {
		errs = append(errs, fmt.Errorf("burst of units: %d must be at least the %d of one request", l.UnitsBurst, l.UnitsPerRequest))
	}
	if l.AllBodyBytes < l.BodyBytes {
		errs = append(errs, fmt.Errorf("bytes of all bodies: %d must be at least the %d of one", l.AllBodyBytes, l.BodyBytes))
	}
	return errors.Join(errs...)
}

// Limiter keeps each merchant to its limits.
type Limiter struct {
	limits Limits

	mu        sync.Mutex
	accounts  map[string]*list.Element // of *account
	recent    *list.List               // front: used last
	bodyBytes int64
}

// account is what a merchant uses. A bucket refills by itself: an account that is idle long enough is as good as new.
type account struct {
	name            string
	requests, units *rate.Limiter
	running         [2]int // requests, event streams
	used            time.Time
}

// kinds of what runs in an account.
const (
	ordinary = iota
	stream
)

// NewLimiter returns a limiter with the same limits for each merchant.
func NewLimiter(l Limits) (*Limiter, error) {
	if err := l.Validate(); err != nil {
		return nil, err
	}
	return &Limiter{limits: l, accounts: make(map[string]*list.Element), recent: list.New()}, nil
}

type chargeKey struct{}

// charged is where Charge finds the account of a request.
type charged struct {
	limiter *Limiter
	account *account
	spent   int
}

// Middleware lets a request through if its merchant is within its limits, and with its body read: a slow sender holds nothing
// that others wait for. Otherwise it answers 429, 413 or, if all merchants together send too much, 503.
func (l *Limiter) Middleware(next http.Handler) http.Handler { return l.middleware(ordinary, next) }

// Streams is Middleware for requests that stay open.
func (l *Limiter) Streams(next http.Handler) http.Handler { return l.middleware(stream, next) }

func (l *Limiter) middleware(kind int, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a, denied := l.enter(From(r.Context()).account(), kind, time.Now())
		if denied != nil {
			denied.Write(w)
			return
		}
		defer l.leave(a, kind)
		size, denied := l.reserveBody(r)
		if denied != nil {
			denied.Write(w)
			return
		}
		defer l.releaseBody(size)
		if denied := l.readBody(w, r); denied != nil {
			denied.Write(w)
			return
		}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), chargeKey{}, &charged{limiter: l, account: a})))
	})
}

func (l *Limiter) enter(name string, kind int, now time.Time) (*account, *Denied) {
	l.mu.Lock()
	defer l.mu.Unlock()
	a := l.find(name, now)
	if a == nil {
		return nil, &Denied{http.StatusServiceUnavailable, "too many merchants at the same time; try again", time.Second}
	}
	if a.running[kind] >= [2]int{l.limits.Concurrent, l.limits.Streams}[kind] {
		what := [2]string{"requests", "event streams"}[kind]
		detail := fmt.Sprintf("%d %s of this merchant are running; wait for one to end", a.running[kind], what)
		return nil, &Denied{http.StatusTooManyRequests, detail, time.Second}
	}
	if wait := take(a.requests, 1, now); wait > 0 {
		detail := fmt.Sprintf("more than %g requests per second of this merchant", l.limits.Requests)
		return nil, &Denied{http.StatusTooManyRequests, detail, wait}
	}
	a.running[kind]++
	return a, nil
}

func (l *Limiter) leave(a *account, kind int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	a.running[kind]--
}

// take takes n from a bucket that can hold n, or returns how long it takes until n are there.
func take(bucket *rate.Limiter, n int, now time.Time) time.Duration {
	r := bucket.ReserveN(now, n)
	wait := r.DelayFrom(now)
	if wait > 0 {
		r.CancelAt(now)
	}
	return wait
}

// find returns an account, a new one if it is not there; nil if there is no room.
func (l *Limiter) find(name string, now time.Time) *account {
	e, ok := l.accounts[name]
	if !ok {
		l.forgetIdle(now)
		if l.recent.Len() >= l.limits.Accounts && !l.forgetOldest() {
			return nil
		}
		e = l.recent.PushFront(&account{name: name, requests: rate.NewLimiter(rate.Limit(l.limits.Requests), l.limits.Burst),
			units: rate.NewLimiter(rate.Limit(l.limits.UnitsPerSecond), l.limits.UnitsBurst)})
		l.accounts[name] = e
	}
	l.touch(e, now)
	return e.Value.(*account)
}

// forgetIdle forgets up to two accounts whose buckets are full again: for each new one, so that the table follows what is used.
func (l *Limiter) forgetIdle(now time.Time) {
	for range 2 {
		e := l.recent.Back()
		if e == nil || now.Sub(e.Value.(*account).used) < l.refill() {
			return
		}
		if !l.forget(e) {
			l.touch(e, now) // it is in use
		}
	}
}

func (l *Limiter) touch(e *list.Element, now time.Time) {
	e.Value.(*account).used = now
	l.recent.MoveToFront(e)
}

// refill is how long it takes until an empty bucket is full.
func (l *Limiter) refill() time.Duration {
	seconds := max(float64(l.limits.Burst)/l.limits.Requests, float64(l.limits.UnitsBurst)/l.limits.UnitsPerSecond)
	return time.Duration(min(seconds, 3600)*float64(time.Second)) + time.Second
}

// forgetOldest forgets the account that was away longest, of those that nothing runs in.
func (l *Limiter) forgetOldest() bool {
	for e := l.recent.Back(); e != nil; e = e.Prev() {
		if l.forget(e) {
			return true
		}
	}
	return false
}

func (l *Limiter) forget(e *list.Element) bool {
	a := e.Value.(*account)
	if a.running != [2]int{} {
		return false
	}
	l.recent.Remove(e)
	delete(l.accounts, a.name)
	return true
}

// Charge takes the computing time of a request from what its merchant may use, before the work is done: units are scenarios times
// SKUs. The error is a *Denied. What was not asked for by a request that a Limiter let through costs nothing.
func Charge(ctx context.Context, units int) error {
	c, ok := ctx.Value(chargeKey{}).(*charged)
	if !ok || units <= 0 {
		return nil
	}
	l := c.limiter
	l.mu.Lock()
	defer l.mu.Unlock()
	if units > l.limits.UnitsPerRequest-c.spent {
		detail := fmt.Sprintf("the request needs more than %d scenarios times SKUs; ask for fewer SKUs or scenarios at a time",
			l.limits.UnitsPerRequest)
		return &Denied{Status: http.StatusRequestEntityTooLarge, Detail: detail}
	}
	if wait := take(c.account.units, units, time.Now()); wait > 0 {
		detail := fmt.Sprintf("more than %.0f scenarios times SKUs per second of this merchant", l.limits.UnitsPerSecond)
		return &Denied{http.StatusTooManyRequests, detail, wait}
	}
	c.spent += units
	return nil
}

// reserveBody reserves memory for a request's body.
func (l *Limiter) reserveBody(r *http.Request) (int64, *Denied) {
	size := r.ContentLength
	if size > l.limits.BodyBytes {
		return 0, l.tooLarge()
	}
	if size < 0 {
		size = l.limits.BodyBytes
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if size > l.limits.AllBodyBytes-l.bodyBytes {
		return 0, &Denied{http.StatusServiceUnavailable, "too much is being sent at the same time; try again", time.Second}
	}
	l.bodyBytes += size
	return size, nil
}

func (l *Limiter) releaseBody(size int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.bodyBytes -= size
}

func (l *Limiter) tooLarge() *Denied {
	detail := fmt.Sprintf("the body has more than %d bytes; send fewer articles at a time", l.limits.BodyBytes)
	return &Denied{Status: http.StatusRequestEntityTooLarge, Detail: detail}
}

// readBody reads the body into memory, until the connection's deadline for reading. Behind the body there is none: the server
// goes on reading to see when the client leaves, and a deadline would look like that.
func (l *Limiter) readBody(w http.ResponseWriter, r *http.Request) *Denied {
	if r.ContentLength != 0 {
		data, err := io.ReadAll(http.MaxBytesReader(w, r.Body, l.limits.BodyBytes))
		if large := (*http.MaxBytesError)(nil); errors.As(err, &large) {
			return l.tooLarge()
		}
		if err != nil {
			return &Denied{Status: http.StatusBadRequest, Detail: "the body did not arrive whole in time"}
		}
		if denied := checkShape(data); denied != nil {
			return denied
		}
		r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(data)), int64(len(data))
	}
	http.NewResponseController(w).SetReadDeadline(time.Time{})
	return nil
}
