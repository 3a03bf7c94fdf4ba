package access

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"golang.org/x/time/rate"
)

// Refusal is an error that says why a token is not accepted. It never contains the token, nor what a good one would be.
type Refusal string

func (r Refusal) Error() string { return string(r) }

const (
	errNoToken = Refusal("there is no token; send Authorization: Bearer followed by an API key or a JWT")
	errHeader  = Refusal("the Authorization header must be there once, as Bearer followed by one token")
	errUnknown = Refusal("the API key is not known; it may be of another installation")
	errExpired = Refusal("the API key has expired")
	errRevoked = Refusal("the API key was revoked")
	errNoJWT   = Refusal("the token is no API key, and JWTs are not set up here")
)

// Authenticator finds out who sends a request.
type Authenticator struct {
	Keys     KeyStore     // nil: API keys are not accepted
	JWT      *JWTVerifier // nil: JWTs are not accepted
	Insecure bool         // a request without a token may do everything; see LoopbackOnly and Local
	Log      *slog.Logger // failed attempts, without the tokens

	failures *rate.Limiter // keeps those who guess from filling the log
}

// Middleware lets requests through that have a good token, with their Principal in the context. Others get 401, or 503 while
// tokens can't be checked. A token that is not good is refused with Insecure, too.
func (a *Authenticator) Middleware(next http.Handler) http.Handler {
	a.failures = rate.NewLimiter(10, 100)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p, err := a.authenticate(r)
		if err == nil {
			noteOf(r.Context()).principal = p
			next.ServeHTTP(w, r.WithContext(WithPrincipal(r.Context(), p)))
			return
		}
		if a.failures.Allow() {
			a.Log.WarnContext(r.Context(), "a request was not authenticated", "error", err, "remote", r.RemoteAddr,
				"request_id", RequestID(r.Context()))
		}
		var refusal Refusal
		if !errors.As(err, &refusal) {
			retryAfter(w.Header(), time.Second)
			WriteProblem(w, http.StatusServiceUnavailable, "tokens can't be checked right now; try again")
			return
		}
		challenge := `Bearer realm="restock"`
		if refusal != errNoToken {
			challenge += `, error="invalid_token"` // RFC 6750, 3.1
		}
		w.Header().Set("WWW-Authenticate", challenge)
		WriteProblem(w, http.StatusUnauthorized, refusal.Error())
	})
}

func (a *Authenticator) authenticate(r *http.Request) (Principal, error) {
	token, err := bearer(r.Header)
	if err != nil {
		if a.Insecure && err == errNoToken {
			return Principal{Name: "insecure", Merchants: Merchants{all: true}, Rights: AllRights}, nil
		}
		return Principal{}, err
	}
	if strings.HasPrefix(token, tokenPrefix) {
		return checkKey(r.Context(), a.Keys, token)
	}
	if a.JWT == nil {
		return Principal{}, errNoJWT
	}
	return a.JWT.Verify(r.Context(), token)
}

// bearer returns the token of the Authorization header (RFC 6750, 2.1). Tokens in addresses end up in logs: they are not looked
// at.
func bearer(h http.Header) (string, error) {
	values := h.Values("Authorization")
	if len(values) == 0 {
		return "", errNoToken
	}
	scheme, token, _ := strings.Cut(values[0], " ")
	token = strings.TrimLeft(token, " ")
	if len(values) > 1 || !strings.EqualFold(scheme, "Bearer") || token == "" || strings.ContainsAny(token, " \t,") {
		return "", errHeader
	}
	return token, nil
}

// checkKey checks an API key. An unknown id takes the same way as a wrong secret, and ends in the same words: only who has the
// right secret learns that there is, or was, such a key.
func checkKey(ctx context.Context, keys KeyStore, token string) (Principal, error) {
	id, s, err := parseToken(token)
	if err != nil {
		return Principal{}, err
	}
	if keys == nil {
		return Principal{}, errUnknown
	}
	k, err := keys.Get(ctx, id) // for an unknown id a key with a hash of zeros, which nothing matches
	if err != nil && !errors.Is(err, ErrNoKey) {
		return Principal{}, err
	}
	if !s.matches(k.hash) || err != nil {
		return Principal{}, errUnknown
	}
	switch k.State(time.Now()) {
	case "revoked":
		return Principal{}, errRevoked
	case "expired":
		return Principal{}, errExpired
	}
	return k.principal(), nil
}
