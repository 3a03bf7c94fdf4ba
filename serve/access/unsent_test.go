package access

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// A client that does not read its answer holds no slot, however long the answer is.
func TestSlowReaderHoldsNoSlot(t *testing.T) {
	s := newShedder(t, 1, 0, 0)
	server := httptest.NewServer(s.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/large" {
			for range 64 {
				if _, err := w.Write(make([]byte, 1<<20)); err != nil {
					return
				}
			}
		}
		io.WriteString(w, "small")
	})))
	defer server.CloseClientConnections()
	for range 3 {
		conn, err := net.Dial("tcp", server.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		io.WriteString(conn, "GET /large HTTP/1.1\r\nHost: x\r\n\r\n")
		time.Sleep(100 * time.Millisecond)
		w, err := http.Get(server.URL + "/small")
		if err != nil {
			t.Fatal(err)
		}
		if w.Body.Close(); w.StatusCode != http.StatusOK {
			t.Errorf("beside a client that does not read: %d", w.StatusCode)
		}
	}
	if stats := s.Stats(); stats.Running != 0 || stats.Accepted != 6 {
		t.Errorf("%+v", stats)
	}
}

// What is kept back is sent as it was written: statuses, headers, nothing, much, and after a flush.
func TestUnsentIsSent(t *testing.T) {
	s := newShedder(t, 1, 0, 0)
	much := bytes.Repeat([]byte("0123456789abcdef"), mostUnsent/8)
	for name, c := range map[string]struct {
		h      http.HandlerFunc
		status int
		body   []byte
	}{
		"nothing": {func(http.ResponseWriter, *http.Request) {}, 200, nil},
		"a body":  {func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "a"); io.WriteString(w, "b") }, 200, []byte("ab")},
		"a status": {func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(404)
			w.WriteHeader(200)
			io.WriteString(w, "x")
		}, 404, []byte("x")},
		"no content":   {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(304) }, 304, nil},
		"much at once": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(201); w.Write(much) }, 201, much},
		"much": {func(w http.ResponseWriter, _ *http.Request) {
			for i := 0; i < len(much); i += 1000 {
				w.Write(much[i:min(i+1000, len(much))])
			}
		}, 200, much},
		"a flush": {func(w http.ResponseWriter, _ *http.Request) {
			io.WriteString(w, "a")
			if err := http.NewResponseController(w).Flush(); err != nil {
				t.Error(err)
			}
			io.WriteString(w, "b")
		}, 200, []byte("ab")},
	} {
		server := httptest.NewServer(s.Middleware(c.h))
		w, err := http.Get(server.URL)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(w.Body)
		if w.Body.Close(); err != nil || w.StatusCode != c.status || !bytes.Equal(got, c.body) {
			t.Errorf("%s: %d with %d bytes, %v; want %d with %d", name, w.StatusCode, len(got), err, c.status, len(c.body))
		}
		server.Close()
	}
	if n := s.Stats().Running; n != 0 {
		t.Errorf("%d still run", n)
	}
}
