package access

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func newLimiter(t testing.TB, change func(*Limits)) *Limiter {
	t.Helper()
	limits := DefaultLimits()
	if change != nil {
		change(&limits)
	}
	l, err := NewLimiter(limits)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// as sends a request as a merchant.
func as(merchant string, r *http.Request) *http.Request {
	m, err := NewMerchants(merchant)
	if err != nil {
		panic(err)
	}
	return r.WithContext(WithPrincipal(r.Context(), Principal{Name: "key of " + merchant, Merchants: m, Rights: AllRights}))
}

func TestLimitsValidate(t *testing.T) {
	bad := Limits{Requests: math.NaN(), UnitsPerSecond: math.Inf(1), UnitsPerRequest: 2, UnitsBurst: 1, BodyBytes: 2, AllBodyBytes: 1}
	_, err := NewLimiter(bad)
	for _, want := range []string{"requests per second", "burst of requests", "concurrent", "streams", "units per second",
		"burst of units", "all bodies", "accounts"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v; want also %q", err, want)
		}
	}
}

// TestRequestRate: a merchant gets its burst at once and its rate in the long run, is told when to come back, and others don't
// notice.
func TestRequestRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newLimiter(t, func(l *Limits) { l.Requests, l.Burst = 10, 20 }).Middleware(whoami)
		get := func(merchant string) *httptest.ResponseRecorder {
			return serve(h, as(merchant, request(http.MethodGet, "/v1/x", "")))
		}
		passed := 0
		for range 100 {
			w := get("north")
			if w.Code == http.StatusOK {
				passed++
				continue
			}
			if readProblem(t, w); w.Code != http.StatusTooManyRequests || w.Header().Get("Retry-After") != "1" {
				t.Fatalf("%d %v; want 429 with Retry-After 1", w.Code, w.Header())
			}
		}
		if passed != 20 {
			t.Errorf("%d of 100 at once passed; want 20", passed)
		}
		if w := get("south"); w.Code != http.StatusOK {
			t.Errorf("another merchant got %d", w.Code)
		}
		for range 200 {
			if time.Sleep(50 * time.Millisecond); get("north").Code == http.StatusOK {
				passed++
			}
		}
		if passed != 120 {
			t.Errorf("%d passed in 10 s; want 20 and 10 a second", passed)
		}
	})
}

// TestConcurrency: requests and event streams have places of their own, and give them back.
func TestConcurrency(t *testing.T) {
	l := newLimiter(t, func(l *Limits) { l.Concurrent, l.Streams = 2, 1 })
	hold, held := make(chan bool), make(chan bool)
	slow := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { held <- true; <-hold })
	ordinary, streams := l.Middleware(slow), l.Streams(slow)
	done := make(chan bool)
	for _, h := range []http.Handler{ordinary, ordinary, streams} {
		go func() { serve(h, as("north", request(http.MethodGet, "/v1/x", ""))); done <- true }()
		<-held
	}
	for _, h := range []http.Handler{ordinary, streams} {
		w := serve(h, as("north", request(http.MethodGet, "/v1/x", "")))
		if w.Code != http.StatusTooManyRequests || w.Header().Get("Retry-After") == "" {
			t.Errorf("one too many: %d %v; want 429", w.Code, w.Header())
		}
	}
	close(hold)
	for range 3 {
		<-done
	}
	go func() { <-held }()
	if w := serve(ordinary, as("north", request(http.MethodGet, "/v1/x", ""))); w.Code != http.StatusOK {
		t.Errorf("after the others have ended: %d", w.Code)
	}
}

// TestPanicGivesBack: a handler that panics keeps neither a place nor memory.
func TestPanicGivesBack(t *testing.T) {
	l := newLimiter(t, func(l *Limits) { l.Concurrent = 1 })
	s, _ := NewShedder(1, 0, 0)
	h := l.Middleware(s.Middleware(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("oops") })))
	for range 3 {
		func() {
			defer func() {
				if v := recover(); v != "oops" {
					t.Errorf("recovered %v: the handler was not reached", v)
				}
			}()
			serve(h, as("north", httptest.NewRequest(http.MethodPost, "/v1/x", strings.NewReader("body"))))
		}()
	}
	if l.bodyBytes != 0 || s.Stats().Running != 0 {
		t.Errorf("%d bytes and %d slots are taken", l.bodyBytes, s.Stats().Running)
	}
}

func TestBody(t *testing.T) {
	l := newLimiter(t, func(l *Limits) { l.BodyBytes, l.AllBodyBytes = 10, 20 })
	echo := l.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		data, err := io.ReadAll(r.Body)
		fmt.Fprintf(w, "%s %d %v", data, r.ContentLength, err)
	}))
	send := func(body io.Reader, length int64) *httptest.ResponseRecorder {
		r := httptest.NewRequest(http.MethodPost, "/v1/x", body)
		r.ContentLength = length
		return serve(echo, as("north", r))
	}
	for _, c := range []struct {
		body   io.Reader
		length int64
		status int
		want   string
	}{
		{strings.NewReader("0123456789"), 10, 200, "0123456789 10 <nil>"},
		{strings.NewReader("0123456789"), -1, 200, "0123456789 10 <nil>"},
		{strings.NewReader("0123456789A"), 11, 413, "10 bytes"},
		{strings.NewReader("0123456789A"), -1, 413, "10 bytes"},
		{io.MultiReader(strings.NewReader("012"), brokenReader{}), 8, 400, "whole"},
		{strings.NewReader(""), 0, 200, " 0 <nil>"},
	} {
		if w := send(c.body, c.length); w.Code != c.status || !strings.Contains(w.Body.String(), c.want) {
			t.Errorf("length %d: %d %s; want %d %s", c.length, w.Code, w.Body, c.status, c.want)
		}
	}
	l.bodyBytes = 15 // others send at the same time
	if w := send(strings.NewReader("012345"), 6); w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" {
		t.Errorf("no memory for bodies: %d %v; want 503", w.Code, w.Header())
	}
	if w := send(strings.NewReader("01234"), 5); w.Code != http.StatusOK || l.bodyBytes != 15 {
		t.Errorf("memory for this body: %d, %d bytes taken after", w.Code, l.bodyBytes)
	}
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, errors.New("connection reset") }

// TestCharge: units are limited per request, also in several parts, and per second.
func TestCharge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLimiter(t, func(l *Limits) { l.UnitsPerRequest, l.UnitsPerSecond, l.UnitsBurst = 1000, 500, 2000 })
		charge := func(parts ...int) (denied *Denied) {
			h := l.Middleware(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				for _, units := range parts {
					if err := Charge(r.Context(), units); err != nil && !errors.As(err, &denied) {
						t.Errorf("%v is not *Denied", err)
					}
				}
			}))
			serve(h, as("north", request(http.MethodPost, "/v1/what-if", "")))
			return denied
		}
		for _, c := range []struct {
			parts  []int
			status int // 0: let through
			after  time.Duration
		}{
			{[]int{1001}, 413, 0}, {[]int{600, 401}, 413, 0}, {[]int{math.MaxInt}, 413, 0}, {[]int{1, math.MaxInt}, 413, 0},
			{[]int{0, -5}, 0, 0},
			{[]int{1000}, 0, 0}, {[]int{299}, 0, 0}, // 2000 less 600, 1, 1000 and 299 are left: 100
			{[]int{500}, 429, 800 * time.Millisecond}, {[]int{100}, 0, 0}, {[]int{1}, 429, 2 * time.Millisecond},
		} {
			d := charge(c.parts...)
			if c.status == 0 && d == nil {
				continue
			}
			if d == nil || d.Status != c.status || (d.RetryAfter-c.after).Abs() > time.Millisecond {
				t.Errorf("%v: %+v; want %d after %v", c.parts, d, c.status, c.after)
			}
		}
		time.Sleep(2 * time.Second)
		if d := charge(1000); d != nil {
			t.Errorf("1000 units after 2 s: %v", d)
		}
	})
	if err := Charge(context.Background(), math.MaxInt); err != nil {
		t.Errorf("work that no request asked for: %v", err)
	}
}

// TestAccountsAreBounded: the table keeps to its size, forgets who is idle first, and never one that has something running.
func TestAccountsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLimiter(t, func(l *Limits) { l.Accounts, l.Burst, l.Requests = 100, 1, 0.5 })
		hold, running := make(chan bool), make(chan bool)
		go serve(l.Middleware(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { running <- true; <-hold })),
			as("busy", request(http.MethodGet, "/v1/x", "")))
		<-running
		h := l.Middleware(whoami)
		for i := range 10_000 {
			if w := serve(h, as("m"+strconv.Itoa(i), request(http.MethodGet, "/v1/x", ""))); w.Code != http.StatusOK {
				t.Fatalf("merchant %d: %d", i, w.Code)
			}
		}
		if n := len(l.accounts); n != 100 || l.recent.Len() != 100 {
			t.Errorf("%d accounts; want 100", n)
		}
		if w := serve(h, as("m9999", request(http.MethodGet, "/v1/x", ""))); w.Code != http.StatusTooManyRequests {
			t.Errorf("an account that was used just now was forgotten: %d", w.Code)
		}
		if _, ok := l.accounts["mbusy"]; !ok {
			t.Error("an account with a running request was forgotten")
		}
		time.Sleep(time.Hour)
		for i := range 200 {
			serve(h, as("again"+strconv.Itoa(i%2), request(http.MethodGet, "/v1/x", "")))
			serve(h, as("later"+strconv.Itoa(i), request(http.MethodGet, "/v1/x", "")))
			time.Sleep(5 * time.Second)
		}
		if n := len(l.accounts); n > 5 {
			t.Errorf("%d accounts; the idle ones were not forgotten", n)
		}
		close(hold)
	})
}
