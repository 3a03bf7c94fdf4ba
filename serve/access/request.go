package access

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"net/http"
)

// note is what the outer handlers of a request learn from the inner ones.
type note struct {
	requestID string
	principal Principal
}

type noteKey struct{}

func noteOf(ctx context.Context) *note {
	if n, ok := ctx.Value(noteKey{}).(*note); ok {
		return n
	}
	return new(note)
}

// RequestID returns the id of a request, which its answer has as X-Request-Id, and the logs as request_id.
func RequestID(ctx context.Context) string { return noteOf(ctx).requestID }

const requestIDHeader = "X-Request-Id"

// identify gives each request an id: the one that it brings along, if that is harmless.
func identify(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n := &note{requestID: r.Header.Get(requestIDHeader)}
		if !harmless(n.requestID) {
			var raw [16]byte
			rand.Read(raw[:])
			n.requestID = hex.EncodeToString(raw[:])
		}
		w.Header().Set(requestIDHeader, n.requestID)
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), noteKey{}, n)))
	})
}

func harmless(id string) bool {
	for _, c := range []byte(id) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && c != '-' && c != '_' && c != '.' {
			return false
		}
	}
	return id != "" && len(id) <= 64
}

// recorder is a ResponseWriter that knows the status.
type recorder struct {
	http.ResponseWriter
	status int // 0: nothing was sent yet
}

func (w *recorder) WriteHeader(status int) {
	if w.status == 0 && status >= 200 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *recorder) Write(p []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return w.ResponseWriter.Write(p)
}

// Unwrap is what http.ResponseController flushes and sets deadlines by.
func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }
