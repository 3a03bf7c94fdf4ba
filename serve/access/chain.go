package access

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"
)

// Config is what Chain puts around a handler. Everything but Audit must be set.
type Config struct {
	Auth     *Authenticator
	Limits   *Limiter
	Light    *Shedder      // for requests that look up or store
	Heavy    *Shedder      // for requests that simulate
	Deadline time.Duration // of a request, but for event streams
	Audit    *Audit        // nil: no audit log
	Log      *slog.Logger
}

// Chain puts authentication, limits, load shedding, deadlines, headers and logs around the service's handler, by path:
//
//	/healthz, /readyz, /metrics     no token, no limits
//	others outside /v1/             no token: the page and the API's description
//	GET /v1/.../events              token, limits; no deadline, no load shedding
//	POST /v1/what-if                token, limits, deadline, shedding by Heavy
//	others in /v1/                  token, limits, deadline, shedding by Light
//
// Handlers still ask Check whether the principal may see a merchant: without Authenticate it may see none. They Charge for
// simulations.
func Chain(c Config, handler http.Handler) (http.Handler, error) {
	if c.Auth == nil || c.Limits == nil || c.Light == nil || c.Heavy == nil || c.Log == nil {
		return nil, errors.New("access: Auth, Limits, Light, Heavy and Log must be set")
	}
	if c.Deadline <= 0 {
		return nil, fmt.Errorf("access: deadline %v must be above 0", c.Deadline)
	}
	limited := within(c.Deadline)
	classes := map[class]http.Handler{
		public: limited(handler),
		events: within(0)(c.Auth.Middleware(c.Limits.Streams(handler))),
		light:  limited(c.Auth.Middleware(c.Limits.Middleware(c.Light.Middleware(handler)))),
		heavy:  limited(c.Auth.Middleware(c.Limits.Middleware(c.Heavy.Middleware(handler)))),
	}
	var h http.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { classes[classify(r)].ServeHTTP(w, r) })
	if c.Auth.Insecure {
		h = Local(h)
	}
	h = survive(c.Log)(h)
	if c.Audit != nil {
		h = c.Audit.Middleware(h)
	}
	return identify(secure(h)), nil
}

// class says what a request has to pass.
type class int

const (
	public class = iota
	events
	light
	heavy
)

func classify(r *http.Request) class {
	switch path := r.URL.Path; {
	case !strings.HasPrefix(path, "/v1/"):
		return public
	case path == "/v1/what-if":
		return heavy
	case (r.Method == http.MethodGet || r.Method == http.MethodHead) && strings.HasSuffix(path, "/events"):
		return events
	}
	return light
}
