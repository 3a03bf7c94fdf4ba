package access

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// chain is a service around a handler, with a key for north that may do everything.
type chain struct {
	http.Handler
	config     Config
	token      string
	audit, log *syncBuffer
}

// syncBuffer is a buffer that several goroutines write to.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

func newChain(t testing.TB, handler http.Handler, change func(*Config)) *chain {
	t.Helper()
	store := openStore(t, t.TempDir())
	k, token := newTestKey(t, "north shop", AllRights, time.Hour, "north")
	put(t, store, k)
	c := &chain{token: token, audit: new(syncBuffer), log: new(syncBuffer)}
	log := slog.New(slog.NewTextHandler(c.log, nil))
	c.config = Config{Auth: &Authenticator{Keys: store, Log: log}, Limits: newLimiter(t, nil),
		Light: newShedder(t, 4, 16, 20*time.Millisecond), Heavy: newShedder(t, 2, 16, 20*time.Millisecond), Deadline: 200 * time.Millisecond, Audit: NewAudit(c.audit, log), Log: log}
	if change != nil {
		change(&c.config)
	}
	var err error
	if c.Handler, err = Chain(c.config, handler); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestChainNeedsAll(t *testing.T) {
	if _, err := Chain(Config{}, whoami); err == nil {
		t.Error("an empty configuration is taken")
	}
	c := newChain(t, whoami, nil).config
	c.Deadline = 0
	if _, err := Chain(c, whoami); err == nil {
		t.Error("no deadline is taken")
	}
}

// TestChainPaths: what needs a token, and that every answer has its headers.
func TestChainPaths(t *testing.T) {
	c := newChain(t, whoami, nil)
	for _, x := range []struct {
		method, path string
		open         bool
	}{
		{"GET", "/", true}, {"GET", "/assets/app.js", true}, {"GET", "/healthz", true}, {"GET", "/readyz", true},
		{"GET", "/openapi.json", true}, {"GET", "/v1/whoami", false}, {"POST", "/v1/what-if", false},
		{"GET", "/v1/jobs/1/events", false}, {"HEAD", "/v1/jobs/1/events", false}, {"PUT", "/v1/merchants/north/settings", false}, {"GET", "/%761/whoami", false}, {"OPTIONS", "/v1/whoami", false},
	} {
		for _, token := range []string{"", c.token} {
			w := serve(c, request(x.method, x.path, token))
			if want := map[bool]int{true: 200, false: 401}[x.open || token != ""]; w.Code != want {
				t.Errorf("%s %s, token %v: %d; want %d", x.method, x.path, token != "", w.Code, want)
			}
			for header, want := range map[string]string{"Content-Security-Policy": "default-src 'none'; script-src 'self'",
				"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "X-Frame-Options": "DENY", "X-Request-Id": ""} {
				if got := w.Header().Get(header); got == "" || !strings.HasPrefix(got, want) {
					t.Errorf("%s %s: %s is %q; want %q", x.method, x.path, header, got, want)
				}
			}
		}
	}
	if got := serve(c, request("GET", "/v1/whoami", c.token)).Header().Get("Cache-Control"); got != "no-store" {
		t.Errorf("Cache-Control of an answer with data is %q", got)
	}
}

func TestRequestID(t *testing.T) {
	c := newChain(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, RequestID(r.Context()))
	}), nil)
	for given, kept := range map[string]bool{"abc-1.2_Z": true, "": false, "a b": false, "a\nb": false, "ä": false, "<x>": false,
		strings.Repeat("a", 65): false} {
		r := request(http.MethodGet, "/", "")
		r.Header["X-Request-Id"] = []string{given}
		w := serve(c, r)
		id := w.Header().Get("X-Request-Id")
		if id != w.Body.String() || (id == given) != kept || !kept && len(id) != 32 {
			t.Errorf("%q: the header says %q, the handler %q", given, id, w.Body)
		}
	}
}

// TestAudit: a line for each write with a good token, however it ends, and for nothing else; no secret is in it.
func TestAudit(t *testing.T) {
	c := newChain(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Query().Get("do") {
		case "panic":
			panic("oops")
		case "abort":
			panic(http.ErrAbortHandler)
		case "accept":
			w.WriteHeader(http.StatusAccepted)
		}
	}), nil)
	id := c.token[len(tokenPrefix):][:idLength]
	for _, x := range []struct {
		method, path, do, merchant string
		token                      bool
		status                     float64 // 0: no line
	}{
		{"PUT", "/v1/merchants/north/settings", "accept", "north", true, 202},
		{"PATCH", "/v1/merchants/a%2Fb%22/articles/1", "", `a/b"`, true, 200},
		{"PUT", "/v1/merchants/%ZZ", "", "", true, 0}, // the server refuses such an address before
		{"DELETE", "/v1/other", "panic", "", true, 500},
		{"POST", "/v1/events", "abort", "", true, 200},
		{"PUT", "/v1/merchants/north/settings", "", "", false, 0},
		{"GET", "/v1/merchants/north/settings", "", "", true, 0},
		{"POST", "/v1/what-if", "", "", true, 0},
		{"POST", "/v1/recommendations:batchGet", "", "", true, 0},
	} {
		if strings.Contains(x.path, "%ZZ") {
			continue
		}
		before := len(c.audit.String())
		token := ""
		if x.token {
			token = c.token
		}
		r := httptest.NewRequest(x.method, x.path+"?secret=hunter2&do="+x.do, strings.NewReader(`{"body":"hunter2"}`))
		if token != "" {
			r.Header.Set("Authorization", "Bearer "+token)
		}
		func() {
			defer func() { recover() }()
			serve(c, r)
		}()
		line := c.audit.String()[before:]
		if x.status == 0 {
			if line != "" {
				t.Errorf("%s %s: %s; want no line", x.method, x.path, line)
			}
			continue
		}
		var got map[string]any
		if err := json.Unmarshal([]byte(line), &got); err != nil {
			t.Errorf("%s %s: %q: %v", x.method, x.path, line, err)
		}
		if got["principal"] != "north shop" || got["key_id"] != id || got["method"] != x.method || got["path"] != x.path ||
			got["merchant"] != x.merchant || got["status"] != x.status || got["request_id"] == "" || got["time"] == nil {
			t.Errorf("%s %s: %s", x.method, x.path, line)
		}
		if strings.Contains(line, "hunter2") || strings.Contains(line, c.token[40:60]) {
			t.Errorf("a secret is in the audit log: %s", line)
		}
	}
}

// TestAuditFails: an audit log that can't be written is told once, and again after it worked in between.
func TestAuditFails(t *testing.T) {
	var log bytes.Buffer
	w := &reporting{problems: slog.New(slog.NewTextHandler(&log, nil))}
	for _, broken := range []bool{false, true, true, false, true} {
		if w.w = io.Discard; broken {
			w.w = brokenWriter{}
		}
		w.Write([]byte("x"))
	}
	if n := strings.Count(log.String(), "no space"); n != 2 {
		t.Errorf("told %d times; want 2:\n%s", n, &log)
	}
	path := filepath.Join(t.TempDir(), "audit.log")
	for range 2 {
		f, err := OpenAudit(path)
		if err != nil {
			t.Fatal(err)
		}
		NewAudit(f, slog.Default()).log.Info("write")
		f.Close()
	}
	data, err := os.ReadFile(path)
	if info, _ := os.Stat(path); err != nil || bytes.Count(data, []byte("\n")) != 2 || info.Mode().Perm() != 0o600 {
		t.Errorf("%q, mode %v, %v; want two lines, 0600", data, info.Mode(), err)
	}
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }

// TestPanic: the client learns nothing but the request id; the log has it all; a half answer is cut.
func TestPanic(t *testing.T) {
	c := newChain(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Has("half") {
			io.WriteString(w, "half an answer")
			http.NewResponseController(w).Flush()
		}
		w.Header().Set("Content-Type", "text/csv")
		w.Header().Set("Etag", "x")
		panic("the private detail")
	}), nil)
	w := serve(c, request(http.MethodGet, "/v1/x", c.token))
	id := w.Header().Get("X-Request-Id")
	if detail := readProblem(t, w); w.Code != 500 || strings.Contains(detail, "private") || !strings.Contains(detail, id) ||
		w.Header().Get("Etag") != "" {
		t.Errorf("%d %v %s", w.Code, w.Header(), w.Body)
	}
	if log := c.log.String(); !strings.Contains(log, "the private detail") || !strings.Contains(log, id) ||
		!strings.Contains(log, "chain_test.go") {
		t.Errorf("the log has not all:\n%s", log)
	}
	server := httptest.NewServer(c)
	defer server.Close()
	server.Config.ErrorLog = nil
	r, _ := http.NewRequest(http.MethodGet, server.URL+"/v1/x?half", nil)
	r.Header.Set("Authorization", "Bearer "+c.token)
	answer, err := server.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if data, err := io.ReadAll(answer.Body); err == nil {
		t.Errorf("half an answer, %q, looks whole", data)
	}
}

// TestDeadline: the handler is told when the time is up; a body that does not come holds no slot and is cut off; a stream stays
// open, also after a request with a deadline on the same connection.
func TestDeadline(t *testing.T) {
	c := newChain(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/events") {
			for range 4 {
				io.WriteString(w, "data: x\n\n")
				if err := http.NewResponseController(w).Flush(); err != nil {
					t.Error(err)
				}
				select {
				case <-r.Context().Done():
					t.Error("the stream was ended")
				case <-time.After(100 * time.Millisecond):
				}
			}
			return
		}
		if r.URL.Path == "/v1/slow" {
			<-r.Context().Done()
			time.Sleep(50 * time.Millisecond) // a deadline for reading that is left on the connection would end it now
			io.WriteString(w, context.Cause(r.Context()).Error())
		}
	}), nil)
	server := httptest.NewServer(c)
	defer server.Close()
	get := func(path string) string {
		r, _ := http.NewRequest(http.MethodGet, server.URL+path, nil)
		r.Header.Set("Authorization", "Bearer "+c.token)
		w, err := server.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer w.Body.Close()
		data, err := io.ReadAll(w.Body)
		if err != nil {
			t.Errorf("%s: %v", path, err)
		}
		return string(data)
	}
	start := time.Now()
	if got := get("/v1/slow"); !strings.Contains(got, "deadline") || time.Since(start) > 2*time.Second {
		t.Errorf("%q after %v; want the deadline after 200 ms", got, time.Since(start))
	}
	if got := get("/v1/jobs/1/events"); strings.Count(got, "data") != 4 {
		t.Errorf("the stream ended after %q", got)
	}

	for token, want := range map[string]int{c.token: http.StatusBadRequest, "x": http.StatusUnauthorized} {
		conn, err := net.Dial("tcp", server.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		io.WriteString(conn, "POST /v1/what-if HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "+token+
			"\r\nContent-Length: 100\r\n\r\nhalf")
		time.Sleep(50 * time.Millisecond)
		if n := c.config.Heavy.Stats().Running; n != 0 {
			t.Errorf("a body that does not come holds %d slots", n)
		}
		conn.SetReadDeadline(time.Now().Add(5 * time.Second))
		in := bufio.NewReader(conn)
		w, err := http.ReadResponse(in, nil)
		if err != nil || w.StatusCode != want {
			t.Errorf("a body that does not come: %v, %v; want %d", w, err, want)
			continue
		}
		if _, err := io.Copy(io.Discard, in); err != nil {
			t.Errorf("a body that does not come keeps the connection: %v", err)
		}
	}
}

// deadlines is a connection that remembers its deadlines.
type deadlines struct {
	*httptest.ResponseRecorder
	read, write time.Time
}

func (d *deadlines) SetReadDeadline(t time.Time) error  { d.read = t; return nil }
func (d *deadlines) SetWriteDeadline(t time.Time) error { d.write = t; return nil }

// TestWithin: each request sets its deadlines anew, whatever the one before has left.
func TestWithin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		now := time.Now()
		for limit, want := range map[time.Duration][2]time.Time{0: {now.Add(slack)}, time.Minute: {now.Add(time.Minute), now.Add(time.Minute + slack)}} {
			d := &deadlines{httptest.NewRecorder(), now.Add(-1), now.Add(-1)}
			within(limit)(whoami).ServeHTTP(d, request(http.MethodGet, "/", ""))
			if d.read != want[0] || d.write != want[1] {
				t.Errorf("limit %v: read %v, write %v; want %v", limit, d.read, d.write, want)
			}
		}
	})
}

func TestClassify(t *testing.T) {
	for _, c := range []struct {
		method, path string
		want         class
	}{
		{"GET", "/v1/jobs/1/events", events}, {"HEAD", "/v1/merchants/m/events", events}, {"POST", "/v1/events", light},
		{"POST", "/v1/what-if", heavy}, {"GET", "/v1/what-if", heavy}, {"POST", "/v1/what-if/", light}, {"GET", "/v1", public},
		{"GET", "/V1/whoami", public}, {"GET", "//v1/whoami", public},
	} {
		if got := classify(httptest.NewRequest(c.method, "http://localhost"+c.path, nil)); got != c.want {
			t.Errorf("%s %s is of class %d; want %d", c.method, c.path, got, c.want)
		}
	}
}

// TestHealthUnderLoad: health is answered while all slots are taken, and light requests while the heavy ones are.
func TestHealthUnderLoad(t *testing.T) {
	c := newChain(t, whoami, nil)
	for _, s := range []*Shedder{c.config.Heavy, c.config.Heavy} {
		if _, err := s.Acquire(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	for path, want := range map[string]int{"/healthz": 200, "/readyz": 200, "/metrics": 200, "/v1/what-if": 503, "/v1/whoami": 200} {
		if w := serve(c, request(http.MethodGet, path, c.token)); w.Code != want {
			t.Errorf("%s: %d; want %d", path, w.Code, want)
		}
	}
}

// TestFairness: one merchant sends what-ifs as fast as it can, 16 at a time; another's, twenty a second, are nearly all answered,
// and nearly as fast as ever. Work is 5 ms on two slots, in the test's own time.
func TestFairness(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const work = 5 * time.Millisecond
		// 300 what-ifs a second, of a capacity of 400.
		limits := newLimiter(t, func(l *Limits) { l.UnitsPerSecond, l.UnitsBurst = 2500*300, 2500*400 })
		s := newShedder(t, 2, 16, 20*time.Millisecond)
		h := limits.Middleware(s.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if denied := (*Denied)(nil); errors.As(Charge(r.Context(), 2500), &denied) {
				denied.Write(w)
				return
			}
			time.Sleep(work)
		})))
		ask := func(merchant string) int {
			return serve(h, as(merchant, request(http.MethodPost, "/v1/what-if", ""))).Code
		}
		ctx, cancel := context.WithCancel(t.Context())
		flood := make([]map[int]int, 16)
		var group sync.WaitGroup
		for i := range flood {
			flood[i] = map[int]int{}
			group.Go(func() {
				for ctx.Err() == nil {
					flood[i][ask("flood")]++
					time.Sleep(10 * time.Millisecond)
				}
			})
		}
		good, slowest := 0, time.Duration(0)
		for range 100 {
			time.Sleep(50 * time.Millisecond)
			start := time.Now()
			if ask("calm") == http.StatusOK {
				good++
				slowest = max(slowest, time.Since(start))
			}
		}
		cancel()
		group.Wait()
		total := map[int]int{}
		for _, f := range flood {
			for status, n := range f {
				total[status] += n
			}
		}
		t.Logf("calm: %d of 100 answered, slowest %v; flood: %v", good, slowest, total)
		if good < 99 || slowest > 3*work {
			t.Errorf("calm: %d of 100 answered, slowest %v; want 99 within %v", good, slowest, 3*work)
		}
	})
}
