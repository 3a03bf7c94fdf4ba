package access

import (
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync/atomic"
)

// Audit is a log of who wrote what, one JSON object a line: time, request_id, principal, key_id, method, path, merchant, status.
// It has neither bodies nor queries nor tokens.
type Audit struct{ log *slog.Logger }

// OpenAudit opens a file to append to, which other programs may move away or shorten. Close it when the server has stopped.
func OpenAudit(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
}

// NewAudit writes to w. The first line in a row that can't be written is reported to problems.
func NewAudit(w io.Writer, problems *slog.Logger) *Audit {
	drop := func(groups []string, a slog.Attr) slog.Attr {
		if len(groups) == 0 && a.Key == slog.LevelKey {
			return slog.Attr{}
		}
		return a
	}
	out := &reporting{w: w, problems: problems}
	return &Audit{slog.New(slog.NewJSONHandler(out, &slog.HandlerOptions{ReplaceAttr: drop}))}
}

// reporting is a writer whose errors do not get lost.
type reporting struct {
	w        io.Writer
	problems *slog.Logger
	failing  atomic.Bool
}

func (r *reporting) Write(p []byte) (int, error) {
	n, err := r.w.Write(p)
	if failed := err != nil; r.failing.Swap(failed) != failed && failed {
		r.problems.Error("the audit log can't be written", "error", err)
	}
	return n, err
}

const maxLogged = 1024

// Middleware logs requests that would change something and have a good token, with how they ended.
func (a *Audit) Middleware(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !changes(r) {
			next.ServeHTTP(w, r)
			return
		}
		seen := &recorder{ResponseWriter: w}
		defer a.write(seen, r) // also if the connection is cut
		next.ServeHTTP(seen, r)
	})
}

func (a *Audit) write(seen *recorder, r *http.Request) {
	n := noteOf(r.Context())
	if n.principal.Name == "" {
		return
	}
	if seen.status == 0 {
		seen.status = http.StatusOK
	}
	path := r.URL.EscapedPath()
	a.log.Info("write", "request_id", n.requestID, "principal", n.principal.Name, "key_id", n.principal.KeyID, "method", r.Method,
		"path", path[:min(len(path), maxLogged)], "merchant", merchantOf(path), "status", seen.status)
}

// changes tells if a request would store something. These two only ask, with a body.
func changes(r *http.Request) bool {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions:
		return false
	}
	return r.URL.Path != "/v1/what-if" && r.URL.Path != "/v1/recommendations:batchGet"
}

// merchantOf returns the merchant that an escaped path names, or "".
func merchantOf(path string) string {
	rest, ok := strings.CutPrefix(path, "/v1/merchants/")
	if !ok {
		return ""
	}
	segment, _, _ := strings.Cut(rest, "/")
	merchant, err := url.PathUnescape(segment)
	if err != nil || len(merchant) > maxName {
		return ""
	}
	return merchant
}
