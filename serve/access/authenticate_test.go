package access

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/lestrrat-go/jwx/v3/jwa"
)

// whoami answers with the name of the principal.
var whoami = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	p := From(r.Context())
	io.WriteString(w, p.Name+" "+p.Rights.String())
})

func request(method, path, token string) *http.Request {
	r := httptest.NewRequest(method, path, nil)
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	return r
}

func serve(h http.Handler, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// readProblem checks that an answer is a problem, and returns its detail.
func readProblem(t *testing.T, w *httptest.ResponseRecorder) string {
	t.Helper()
	var p problem
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || w.Header().Get("Content-Type") != "application/problem+json" ||
		p.Status != w.Code || p.Title == "" || p.Detail == "" {
		t.Errorf("status %d, type %q: %s, %v; want a problem", w.Code, w.Header().Get("Content-Type"), w.Body, err)
	}
	return p.Detail
}

// TestAuthenticate: who gets in, and what the others are told.
func TestAuthenticate(t *testing.T) {
	store := openStore(t, t.TempDir())
	good, goodToken := newTestKey(t, "north shop", Rights(Read|WhatIf), time.Hour, "north")
	expired, expiredToken := newTestKey(t, "old", AllRights, time.Hour, "north")
	expired.Created, expired.Expires = expired.Created.Add(-2*time.Hour), expired.Created.Add(-time.Hour)
	revoked, revokedToken := newTestKey(t, "thief", AllRights, time.Hour, "north")
	revoked.Revoked = revoked.Created
	for _, k := range []Key{good, expired, revoked} {
		put(t, store, k)
	}
	_, stranger := newTestKey(t, "stranger", AllRights, time.Hour, "*")
	_, _, otherSecret := newToken()
	is := newIssuer(t)
	jwt := sign(t, jwa.EdDSA(), is.private["ed"], "ed", claims(nil), nil)

	var logged bytes.Buffer
	a := &Authenticator{Keys: store, JWT: newVerifier(t, is, nil), Log: slog.New(slog.NewTextHandler(&logged, nil))}
	h := a.Middleware(whoami)
	wrongSecret := formatToken(good.ID, otherSecret)
	for _, c := range []struct {
		name, header string // "" is none
		want         string // of the body or the problem's detail
		status       int
	}{
		{"good key", "Bearer " + goodToken, "north shop read,what-if", 200},
		{"the scheme in lower case", "bearer  " + goodToken, "north shop read,what-if", 200},
		{"good JWT", "Bearer " + jwt, "anna read,what-if", 200},
		{"no token", "", string(errNoToken), 401},
		{"wrong secret", "Bearer " + wrongSecret, string(errUnknown), 401},
		{"wrong secret of an expired key", "Bearer " + formatToken(expired.ID, otherSecret), string(errUnknown), 401},
		{"wrong secret of a revoked key", "Bearer " + formatToken(revoked.ID, otherSecret), string(errUnknown), 401},
		{"unknown key", "Bearer " + stranger, string(errUnknown), 401},
		{"expired", "Bearer " + expiredToken, string(errExpired), 401},
		{"revoked", "Bearer " + revokedToken, string(errRevoked), 401},
		{"mistyped", "Bearer " + goodToken[:len(goodToken)-1], string(errMalformed), 401},
		{"id only", "Bearer rsk_" + good.ID, string(errMalformed), 401},
		{"tampered JWT", "Bearer " + jwt[:len(jwt)-6] + "AAAAAA", "signature", 401},
		{"no known kind", "Bearer hunter2", "neither", 401},
		{"other scheme", "Basic " + goodToken, string(errHeader), 401},
		{"no scheme", goodToken, string(errHeader), 401},
		{"nothing behind", "Bearer ", string(errHeader), 401},
		{"two tokens", "Bearer " + goodToken + " " + goodToken, string(errHeader), 401},
		{"two with a comma", "Bearer " + goodToken + "," + goodToken, string(errHeader), 401},
	} {
		logged.Reset()
		r := request(http.MethodGet, "/v1/whoami?access_token="+goodToken, "")
		if c.header != "" {
			r.Header.Set("Authorization", c.header)
		}
		w := serve(h, r)
		got := w.Body.String()
		if c.status != 200 {
			got = readProblem(t, w)
			challenge := w.Header().Get("WWW-Authenticate")
			told := strings.Contains(challenge, "invalid_token")
			if !strings.HasPrefix(challenge, `Bearer realm="restock"`) || told == (c.header == "") {
				t.Errorf("%s: WWW-Authenticate %q", c.name, challenge)
			}
			if logged.Len() == 0 {
				t.Errorf("%s: nothing was logged", c.name)
			}
		}
		if w.Code != c.status || !strings.Contains(got, c.want) {
			t.Errorf("%s: %d %s; want %d %s", c.name, w.Code, got, c.status, c.want)
		}
		for _, part := range strings.FieldsFunc(c.header, func(r rune) bool { return r == ' ' || r == '_' || r == '.' || r == ',' }) {
			if len(part) > 20 && strings.Contains(w.Body.String()+logged.String(), part) {
				t.Errorf("%s: a part of the token is in the answer or the log:\n%s\n%s", c.name, w.Body, &logged)
			}
		}
	}
	r := request(http.MethodGet, "/v1/whoami", goodToken)
	r.Header.Add("Authorization", "Bearer "+goodToken)
	if w := serve(h, r); w.Code != 401 {
		t.Errorf("two headers: %d; want 401", w.Code)
	}
}

// TestUnknownIsLikeWrong: an id that is not there and a wrong secret have the same answer, to the byte.
func TestUnknownIsLikeWrong(t *testing.T) {
	store := openStore(t, t.TempDir())
	k, _ := newTestKey(t, "north", AllRights, time.Hour, "north")
	put(t, store, k)
	h := (&Authenticator{Keys: store, Log: slog.New(slog.DiscardHandler)}).Middleware(whoami)
	unknown, _, s := newToken()
	first, second := serve(h, request("GET", "/v1/x", unknown)), serve(h, request("GET", "/v1/x", formatToken(k.ID, s)))
	if first.Code != second.Code || first.Body.String() != second.Body.String() || len(first.Header()) != len(second.Header()) {
		t.Errorf("unknown id: %d %v %s\nwrong secret: %d %v %s", first.Code, first.Header(), first.Body,
			second.Code, second.Header(), second.Body)
	}
}

// brokenStore can't be read.
type brokenStore struct{ KeyStore }

func (brokenStore) Get(context.Context, string) (Key, error) {
	return Key{}, errors.New("disk on fire")
}

// TestAuthenticateUnavailable: that keys can't be read is not the client's fault, lets nobody in, and is told without details.
func TestAuthenticateUnavailable(t *testing.T) {
	token, _, _ := newToken()
	h := (&Authenticator{Keys: brokenStore{}, Insecure: true, Log: slog.New(slog.DiscardHandler)}).Middleware(whoami)
	w := serve(h, request(http.MethodGet, "/v1/whoami", token))
	if detail := readProblem(t, w); w.Code != 503 || w.Header().Get("Retry-After") == "" || strings.Contains(detail, "fire") {
		t.Errorf("%d %v %s; want 503 with Retry-After and no details", w.Code, w.Header(), w.Body)
	}
}

// TestInsecure: no token may do everything, a bad one nothing.
func TestInsecure(t *testing.T) {
	h := (&Authenticator{Insecure: true, Log: slog.New(slog.DiscardHandler)}).Middleware(whoami)
	if w := serve(h, request(http.MethodPut, "/v1/x", "")); w.Code != 200 || w.Body.String() != "insecure read,what-if,write" {
		t.Errorf("no token: %d %s", w.Code, w.Body)
	}
	token, _, _ := newToken()
	for _, bad := range []string{token, "a.b.c", "x"} {
		if w := serve(h, request(http.MethodPut, "/v1/x", bad)); w.Code != 401 {
			t.Errorf("%s: %d; want 401", bad, w.Code)
		}
	}
	r := request(http.MethodPut, "/v1/x", "")
	r.Header.Set("Authorization", "Basic eDp5")
	if w := serve(h, r); w.Code != 401 {
		t.Errorf("another scheme: %d; want 401", w.Code)
	}
}

// TestCheck: another's merchant is not found, whatever the rights; one's own without the right is forbidden.
func TestCheck(t *testing.T) {
	m, _ := NewMerchants("north")
	ctx := WithPrincipal(t.Context(), Principal{Name: "x", Merchants: m, Rights: Rights(Read)})
	if err := Check(ctx, Read, "north"); err != nil {
		t.Error(err)
	}
	for _, c := range []struct {
		ctx      context.Context
		right    Right
		merchant string
		status   int
	}{
		{ctx, Read, "south", 404}, {ctx, Write, "south", 404}, {ctx, Read, "*", 404}, {t.Context(), Read, "north", 404},
		{ctx, Write, "north", 403},
	} {
		var denied *Denied
		if err := Check(c.ctx, c.right, c.merchant); !errors.As(err, &denied) || denied.Status != c.status {
			t.Errorf("%s on %s: %v; want %d", Rights(c.right), c.merchant, err, c.status)
		} else if c.status == 404 && err != error(NotFound) {
			t.Errorf("%s on %s: %v is not the answer of what is missing", Rights(c.right), c.merchant, err)
		}
	}
}

func FuzzAuthorization(f *testing.F) {
	k, token := newTestKey(f, "north", AllRights, time.Hour, "north")
	store := openStore(f, f.TempDir())
	if err := store.Put(f.Context(), k); err != nil {
		f.Fatal(err)
	}
	h := (&Authenticator{Keys: store, JWT: newVerifier(f, newIssuer(f), nil), Log: slog.New(slog.DiscardHandler)}).Middleware(whoami)
	for _, seed := range []string{"Bearer " + token, "bearer\t" + token, "Bearer a.b.c", "Bearer eyJhbGciOiJub25lIn0.e30.",
		"Basic eDp5", "", "Bearer rsk_"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, header string) {
		r := httptest.NewRequest(http.MethodGet, "/v1/whoami", nil)
		r.Header.Set("Authorization", header)
		w := serve(h, r)
		scheme, sent, _ := strings.Cut(header, " ")
		good := strings.EqualFold(scheme, "Bearer") && strings.TrimLeft(sent, " ") == token
		if good != (w.Code == 200) || !good && w.Code != 401 {
			t.Errorf("%q: %d %s", header, w.Code, w.Body)
		}
	})
}
