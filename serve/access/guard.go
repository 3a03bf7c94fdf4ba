package access

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"
	"time"
)

// policy lets the page load from this server only, and no other page embed it.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; " +
	"font-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// secure sets the headers that keep a browser from doing with an answer what is not meant.
func secure(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		if strings.HasPrefix(r.URL.Path, "/v1/") {
			h.Set("Cache-Control", "no-store") // a handler with ETags sets "private, no-cache"
		}
		if len(r.TransferEncoding) > 0 { // it may have had a length, too, by which a proxy sees the next request elsewhere (RFC 9112, 6.1)
			h.Set("Connection", "close")
		}
		if r.TLS != nil {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		next.ServeHTTP(w, r)
	})
}

// survive answers 500 without details if a handler panics, and logs them. If a part of the answer was sent, the connection is
// cut, so that the client does not take it for the whole.
func survive(log *slog.Logger) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			seen := &recorder{ResponseWriter: w}
			defer func() {
				v := recover()
				if v == nil {
					return
				}
				if v == http.ErrAbortHandler {
					panic(v)
				}
				id := RequestID(r.Context())
				log.ErrorContext(r.Context(), "a request failed by a mistake in restock", "request_id", id, "method", r.Method,
					"path", r.URL.Path[:min(len(r.URL.Path), maxLogged)], "panic", fmt.Sprint(v), "stack", string(debug.Stack()))
				if seen.status != 0 {
					panic(http.ErrAbortHandler)
				}
				WriteProblem(w, http.StatusInternalServerError, "this is a mistake in restock; its log says more at request id "+id)
			}()
			next.ServeHTTP(seen, r)
		})
	}
}

// slack is how long after the deadline of a request its answer may take to be sent, and how long the body of a stream's may take
// to come.
const slack = 5 * time.Second

// within ends a request after a time: its context, the reading of its body and the writing of its answer. 0 is a stream, without
// an end.
func within(limit time.Duration) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			// Deadlines of a request before on the same connection would stay. An error means that this kind of connection has
			// none.
			control, now := http.NewResponseController(w), time.Now()
			if limit == 0 {
				control.SetReadDeadline(now.Add(slack))
				control.SetWriteDeadline(time.Time{})
				next.ServeHTTP(w, r)
				return
			}
			control.SetReadDeadline(now.Add(limit))
			control.SetWriteDeadline(now.Add(limit + slack))
			ctx, cancel := context.WithDeadline(r.Context(), now.Add(limit))
			defer cancel()
			next.ServeHTTP(w, r.WithContext(ctx))
		})
	}
}
