package access

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lestrrat-go/jwx/v3/jwa"
	"github.com/lestrrat-go/jwx/v3/jwk"
	"github.com/lestrrat-go/jwx/v3/jws"
)

const testIssuer, testAudience = "https://login.example", "restock"

// issuer signs tokens, and publishes its keys.
type issuer struct {
	private map[string]crypto.PrivateKey // by key id
	public  []map[string]any             // the key set
}

// testKeys are made once, as making RSA keys takes long.
var testKeys = sync.OnceValue(func() map[string]crypto.PrivateKey {
	r, err := rsa.GenerateKey(rand.Reader, 2048)
	e, err1 := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	e384, err2 := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	_, ed, err3 := ed25519.GenerateKey(rand.Reader)
	if err := errors.Join(err, err1, err2, err3); err != nil {
		panic(err)
	}
	return map[string]crypto.PrivateKey{"rsa": r, "ec": e, "ec384": e384, "ed": ed}
})

func newIssuer(t testing.TB) *issuer {
	t.Helper()
	keys := testKeys()
	is := &issuer{private: map[string]crypto.PrivateKey{}}
	is.add(t, "rsa", keys["rsa"], nil)
	is.add(t, "ec", keys["ec"], nil)
	is.add(t, "ec384", keys["ec384"], map[string]any{"use": "sig", "alg": "ES384"})
	is.add(t, "ed", keys["ed"], nil)
	return is
}

// add publishes a key with some more members.
func (is *issuer) add(t testing.TB, id string, private crypto.PrivateKey, more map[string]any) {
	t.Helper()
	public := private
	if s, ok := private.(crypto.Signer); ok {
		public = s.Public()
	}
	key, err := jwk.Import(public)
	if err != nil {
		t.Fatal(err)
	}
	data, err := json.Marshal(key)
	if err != nil {
		t.Fatal(err)
	}
	members := map[string]any{}
	if err := json.Unmarshal(data, &members); err != nil {
		t.Fatal(err)
	}
	members["kid"] = id
	for k, v := range more {
		members[k] = v
	}
	is.private[id] = private
	is.public = append(is.public, members)
}

func (is *issuer) set(t testing.TB) []byte {
	t.Helper()
	data, err := json.Marshal(map[string]any{"keys": is.public})
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// claims are good ones, with changes; nil takes a claim away.
func claims(changes map[string]any) map[string]any {
	c := map[string]any{"iss": testIssuer, "aud": testAudience, "sub": "anna", "exp": time.Now().Add(time.Minute).Unix(),
		"merchants": []string{"north", "south"}, "rights": []string{"read", "what-if"}}
	for k, v := range changes {
		if c[k] = v; v == nil {
			delete(c, k)
		}
	}
	return c
}

// sign makes a token; header members may be changed.
func sign(t testing.TB, alg jwa.SignatureAlgorithm, key any, kid string, claims map[string]any, header map[string]any) string {
	t.Helper()
	payload, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	h := jws.NewHeaders()
	for k, v := range header {
		if err := h.Set(k, v); err != nil {
			t.Fatal(err)
		}
	}
	if kid != "" {
		if err := h.Set("kid", kid); err != nil {
			t.Fatal(err)
		}
	}
	token, err := jws.Sign(payload, jws.WithKey(alg, key, jws.WithProtectedHeaders(h)))
	if err != nil {
		t.Fatal(err)
	}
	return string(token)
}

func newVerifier(t testing.TB, is *issuer, change func(*JWTConfig)) *JWTVerifier {
	t.Helper()
	path := filepath.Join(t.TempDir(), "jwks.json")
	if err := os.WriteFile(path, is.set(t), 0o600); err != nil {
		t.Fatal(err)
	}
	c := JWTConfig{JWKS: path, Issuer: testIssuer, Audience: testAudience}
	if change != nil {
		change(&c)
	}
	v, err := NewJWTVerifier(t.Context(), c, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestJWT(t *testing.T) {
	is := newIssuer(t)
	v := newVerifier(t, is, nil)
	for _, c := range []struct {
		alg jwa.SignatureAlgorithm
		kid string
	}{{jwa.RS256(), "rsa"}, {jwa.PS512(), "rsa"}, {jwa.ES256(), "ec"}, {jwa.ES384(), "ec384"}, {jwa.EdDSA(), "ed"}} {
		p, err := v.Verify(t.Context(), sign(t, c.alg, is.private[c.kid], c.kid, claims(nil), nil))
		if err != nil || p.Name != "anna" || !p.May(Read, "north") || !p.May(WhatIf, "south") || p.May(Write, "north") || p.May(Read, "west") {
			t.Errorf("%s: %+v, %v", c.alg, p, err)
		}
	}
	if p, err := v.Verify(t.Context(), sign(t, jwa.ES256(), is.private["ec"], "", claims(nil), nil)); err != nil {
		t.Errorf("without a key id: %+v, %v", p, err)
	}
}

// TestJWTClaims: each claim that is wrong is refused, in words that name it.
func TestJWTClaims(t *testing.T) {
	is := newIssuer(t)
	v := newVerifier(t, is, nil)
	now := time.Now()
	for _, c := range []struct {
		changes map[string]any
		want    string // "" is accepted
	}{
		{map[string]any{"exp": now.Add(-20 * time.Second).Unix()}, ""}, // the clocks may differ by 30 s
		{map[string]any{"exp": now.Add(-40 * time.Second).Unix()}, "expired"},
		{map[string]any{"exp": nil}, "exp"},
		{map[string]any{"exp": "tomorrow"}, "claims"},
		{map[string]any{"exp": -1}, "claims"},
		{map[string]any{"nbf": now.Add(20 * time.Second).Unix()}, ""},
		{map[string]any{"nbf": now.Add(50 * time.Second).Unix()}, "not valid yet"},
		{map[string]any{"iat": now.Add(50 * time.Second).Unix()}, "not valid yet"},
		{map[string]any{"iss": "https://login.example.evil"}, "issuer"},
		{map[string]any{"iss": nil}, "issuer"},
		{map[string]any{"aud": "billing"}, "audience"},
		{map[string]any{"aud": []string{"billing", "restock"}}, ""},
		{map[string]any{"aud": nil}, "audience"},
		{map[string]any{"sub": nil}, "sub"},
		{map[string]any{"sub": ""}, "subject"},
		{map[string]any{"sub": strings.Repeat("x", 300)}, "subject"},
		{map[string]any{"merchants": nil}, "merchant"},
		{map[string]any{"merchants": []any{}}, "merchant"},
		{map[string]any{"merchants": []any{1, true}}, "merchant"},
		{map[string]any{"merchants": map[string]any{"north": true}}, "merchant"},
		{map[string]any{"merchants": "north"}, ""},
		{map[string]any{"merchants": []any{"*", "north"}}, "merchants"},
		{map[string]any{"merchants": []any{""}}, "merchants"},
		{map[string]any{"rights": nil}, "right"},
		{map[string]any{"rights": "openid profile"}, "right"},
		{map[string]any{"rights": "openid what-if read"}, ""},
		{map[string]any{"rights": 7}, "right"},
	} {
		p, err := v.Verify(t.Context(), sign(t, jwa.EdDSA(), is.private["ed"], "ed", claims(c.changes), nil))
		var refusal Refusal
		if c.want == "" && err != nil || c.want != "" && (!errors.As(err, &refusal) || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%v: %+v, %v; want %q", c.changes, p, err, c.want)
		}
	}
}

// TestJWTFlood: while others send more forged tokens than can be checked, known ones get in, and new ones may come back.
func TestJWTFlood(t *testing.T) {
	is := newIssuer(t)
	v := newVerifier(t, is, nil)
	known := sign(t, jwa.EdDSA(), is.private["ed"], "ed", claims(nil), nil)
	if _, err := v.Verify(t.Context(), known); err != nil {
		t.Fatal(err)
	}
	v.checks = newShedder(t, 1, 0, 0)
	if _, err := v.checks.Acquire(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := v.Verify(t.Context(), known); err != nil {
		t.Errorf("a known token: %v", err)
	}
	_, err := v.Verify(t.Context(), sign(t, jwa.ES256(), is.private["ec"], "ec", claims(nil), nil))
	if refusal := Refusal(""); err == nil || errors.As(err, &refusal) {
		t.Errorf("a new token: %v; want an error that is no refusal", err)
	}
}

// TestJWTRemembered: a token that was good before is not for longer than its claims and its key are.
func TestJWTRemembered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		is := newIssuer(t)
		v := newVerifier(t, is, nil)
		// Here it is the year 2000: a file that was just written lies in the future, and would be read again all the time.
		if err := os.Chtimes(v.config.JWKS, time.Now().Add(-time.Hour), time.Now().Add(-time.Hour)); err != nil {
			t.Fatal(err)
		}
		short := sign(t, jwa.EdDSA(), is.private["ed"], "ed", claims(nil), nil) // one minute, and 30 s that clocks may differ by
		long := sign(t, jwa.ES256(), is.private["ec"], "ec", claims(map[string]any{"exp": time.Now().Add(time.Hour).Unix()}), nil)
		check := func(token, want string) {
			t.Helper()
			if p, err := v.Verify(t.Context(), token); want == "" && (err != nil || !p.May(Read, "north")) ||
				want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
				t.Errorf("%+v, %v; want %q", p, err, want)
			}
		}
		check(short, "")
		check(long, "")
		time.Sleep(89 * time.Second)
		check(short, "")
		time.Sleep(2 * time.Second)
		check(short, "expired")
		check(long, "")
		is.public = is.public[:1] // the issuer takes the key back, and has another one by the same name
		renewed, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		is.add(t, "ec", renewed, nil)
		if err := os.WriteFile(v.config.JWKS, is.set(t), 0o600); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		check(long, "signature")
		for i := range maxVerified + 10 {
			v.known.put(strconv.Itoa(i), verified{})
		}
		if n := len(v.known.tokens); n > maxVerified {
			t.Errorf("%d tokens are remembered", n)
		}
	})
}

func TestJWTOtherClaims(t *testing.T) {
	is := newIssuer(t)
	v := newVerifier(t, is, func(c *JWTConfig) {
		c.MerchantsClaim, c.RightsClaim, c.RightsPrefix = "https://restock/partners", "scope", "restock:"
	})
	c := claims(map[string]any{"https://restock/partners": []string{"west"}, "scope": "read restock:write restock:admin", "rights": "what-if"})
	p, err := v.Verify(t.Context(), sign(t, jwa.EdDSA(), is.private["ed"], "ed", c, nil))
	if err != nil || !p.May(Write, "west") || p.May(Read, "west") || p.May(WhatIf, "west") || p.May(Write, "north") {
		t.Errorf("%+v, %v", p, err)
	}
}

// TestJWTForged: tokens that no one signed, or someone else, or in another way than the key is for.
func TestJWTForged(t *testing.T) {
	is := newIssuer(t)
	secretKey, err := jwk.Import([]byte("a symmetric key that should not be in the set"))
	if err != nil {
		t.Fatal(err)
	}
	is.private["oct"] = []byte("a symmetric key that should not be in the set")
	symmetric := map[string]any{}
	data, _ := json.Marshal(secretKey)
	json.Unmarshal(data, &symmetric)
	symmetric["kid"] = "oct"
	is.public = append(is.public, symmetric)
	small, _ := rsa.GenerateKey(rand.Reader, 1024)
	n, e := base64.RawURLEncoding.EncodeToString(small.N.Bytes()), base64.RawURLEncoding.EncodeToString([]byte{1, 0, 1})
	is.public = append(is.public, map[string]any{"kty": "RSA", "kid": "small", "n": n, "e": e},
		map[string]any{"kty": "of the future", "kid": "future"})
	other, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	is.add(t, "encryption", other, map[string]any{"use": "enc"})
	is.add(t, "RS256 only", is.private["rsa"], map[string]any{"alg": "RS256"})
	v := newVerifier(t, is, nil)

	rsaKey := is.private["rsa"].(*rsa.PrivateKey)
	der, _ := x509.MarshalPKIXPublicKey(&rsaKey.PublicKey)
	publicPEM := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	publicJWK, _ := json.Marshal(is.public[0])
	good := sign(t, jwa.ES256(), is.private["ec"], "ec", claims(nil), nil)
	part := strings.Split(good, ".")
	encode := func(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }
	payload, _ := json.Marshal(claims(map[string]any{"merchants": "*"}))
	twice, _ := jws.Sign(payload, jws.WithJSON(), jws.WithKey(jwa.ES256(), is.private["ec"]))
	smallToken := encode(`{"alg":"RS256","kid":"small"}`) + "." + part[1]
	digest := sha256.Sum256([]byte(smallToken))
	signature, err := rsa.SignPKCS1v15(nil, small, crypto.SHA256, digest[:])
	if err != nil {
		t.Fatal(err)
	}
	smallToken += "." + base64.RawURLEncoding.EncodeToString(signature)
	foreign, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	embedded, _ := jwk.Import(&foreign.PublicKey)

	for name, token := range map[string]string{
		"alg none":                  encode(`{"alg":"none"}`) + "." + part[1] + ".",
		"alg None":                  encode(`{"alg":"None","kid":"ec"}`) + "." + part[1] + "." + part[2],
		"no alg":                    encode(`{"kid":"ec"}`) + "." + part[1] + "." + part[2],
		"alg twice":                 encode(`{"alg":"none","kid":"ec","alg":"ES256"}`) + "." + part[1] + ".",
		"no signature":              part[0] + "." + part[1] + ".",
		"other claims":              part[0] + "." + base64.RawURLEncoding.EncodeToString(payload) + "." + part[2],
		"HMAC with the PEM":         sign(t, jwa.HS256(), publicPEM, "rsa", claims(nil), nil),
		"HMAC with the JWK":         sign(t, jwa.HS256(), publicJWK, "rsa", claims(nil), nil),
		"HMAC with a key of a set":  sign(t, jwa.HS256(), is.private["oct"], "oct", claims(nil), nil),
		"someone else's key":        sign(t, jwa.ES256(), foreign, "ec", claims(nil), nil),
		"someone else's key inside": sign(t, jwa.ES256(), foreign, "ec", claims(nil), map[string]any{"jwk": embedded}),
		"someone else's address":    sign(t, jwa.ES256(), foreign, "ec", claims(nil), map[string]any{"jku": "http://127.0.0.1:1/jwks"}),
		"a key of another id":       sign(t, jwa.ES256(), is.private["ec"], "ed", claims(nil), nil),
		"an unknown key id":         sign(t, jwa.ES256(), is.private["ec"], "gone", claims(nil), nil),
		"not the key's algorithm":   sign(t, jwa.RS512(), is.private["rsa"], "RS256 only", claims(nil), nil),
		"a key for encryption":      sign(t, jwa.ES256(), is.private["encryption"], "encryption", claims(nil), nil),
		"a small RSA key":           smallToken,
		"critical extensions":       sign(t, jwa.ES256(), is.private["ec"], "ec", claims(nil), map[string]any{"crit": []string{"exp"}, "exp": 1}),
		"the JSON form":             string(twice),
		"padding":                   good + "==",
		"spare bits":                good[:len(good)-1] + string(good[len(good)-1]+1),
		"a line break behind":       good + "\n",
		"nothing":                   "",
		"dots":                      "..",
		"too long":                  part[0] + "." + strings.Repeat("a", maxJWT) + "." + part[2],
		"line breaks":               part[0] + "." + part[1] + "\n." + part[2],
		"claims that are none":      sign(t, jwa.ES256(), is.private["ec"], "ec", nil, nil),
	} {
		p, err := v.Verify(t.Context(), token)
		var refusal Refusal
		if !errors.As(err, &refusal) || p.Name != "" || p.Rights != 0 {
			t.Errorf("%s: %+v, %v; want a refusal", name, p, err)
		} else if len(token) > 20 && strings.Contains(err.Error(), token[:20]) {
			t.Errorf("%s: the error repeats the token: %v", name, err)
		}
	}
}

func TestJWTConfig(t *testing.T) {
	path := filepath.Join(t.TempDir(), "jwks.json")
	for _, c := range []struct {
		config JWTConfig
		want   []string
	}{
		{JWTConfig{}, []string{"key set", "issuer", "audience"}},
		{JWTConfig{JWKS: "http://login.example/keys", Issuer: "i", Audience: "a"}, []string{"https://"}},
		{JWTConfig{JWKS: "http://user:secret@login.example/keys", Issuer: "i", Audience: "a", Leeway: time.Hour}, []string{"password", "leeway"}},
		{JWTConfig{JWKS: path, Issuer: "i", Audience: "a"}, []string{path, "no such file"}},
		{JWTConfig{JWKS: filepath.Dir(path), Issuer: "i", Audience: "a"}, []string{"directory"}},
	} {
		_, err := NewJWTVerifier(t.Context(), c.config, slog.New(slog.DiscardHandler))
		for _, want := range c.want {
			if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret") {
				t.Errorf("%+v: %v; want %q", c.config, err, want)
			}
		}
	}
	for _, text := range []string{"", "{}", `{"keys":[]}`, "[]", `{"keys":[{"kty":"oct","k":"YWJj"}]}`, `{"keys":[{"kty":"RSA"}]}`} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		config := JWTConfig{JWKS: path, Issuer: "i", Audience: "a"}
		if _, err := NewJWTVerifier(t.Context(), config, slog.New(slog.DiscardHandler)); err == nil {
			t.Errorf("a key set of %q is taken", text)
		}
	}
}

// TestJWKSByURL: the key set is fetched at the start, and again for a key that it does not have, but not for each such token;
// what was fetched stays good while the issuer does not answer; and before the first answer tokens can't be checked, which is not
// their fault.
func TestJWKSByURL(t *testing.T) {
	is := newIssuer(t)
	first := is.set(t)
	_, renewed, _ := ed25519.GenerateKey(rand.Reader)
	is.add(t, "renewed", renewed, nil)
	second := is.set(t)
	var body atomic.Value
	var asked atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		if b, ok := body.Load().([]byte); ok && b != nil {
			w.Write(b)
			return
		}
		http.Error(w, "not now", http.StatusBadGateway)
	}))
	defer server.Close()
	config := JWTConfig{JWKS: server.URL, Issuer: testIssuer, Audience: testAudience}
	v, err := NewJWTVerifier(t.Context(), config, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close(context.Background())
	keys := v.keys.(*remoteKeys)
	forget := func() { keys.mu.Lock(); defer keys.mu.Unlock(); keys.hurried = time.Time{} }
	old := sign(t, jwa.ES256(), is.private["ec"], "ec", claims(nil), nil)
	renewedToken := sign(t, jwa.EdDSA(), renewed, "renewed", claims(nil), nil)
	var refusal Refusal

	if _, err := v.Verify(t.Context(), old); err == nil || errors.As(err, &refusal) {
		t.Errorf("before the first answer: %v; want an error that is no refusal", err)
	}
	body.Store(first)
	forget()
	if _, err := v.Verify(t.Context(), old); err != nil {
		t.Errorf("after the first answer: %v", err)
	}
	if _, err := v.Verify(t.Context(), renewedToken); !errors.As(err, &refusal) {
		t.Errorf("a key that is not published: %v; want a refusal", err)
	}
	body.Store(second)
	before := asked.Load()
	for range 50 {
		if _, err := v.Verify(t.Context(), renewedToken); !errors.As(err, &refusal) {
			t.Errorf("within 10 s of the last look: %v; want a refusal", err)
		}
	}
	if n := asked.Load() - before; n > 0 {
		t.Errorf("the issuer was asked %d times for 50 tokens with an unknown key id", n)
	}
	forget()
	if _, err := v.Verify(t.Context(), renewedToken); err != nil {
		t.Errorf("a key that was published since: %v", err)
	}
	body.Store([]byte(nil))
	forget()
	if _, err := v.Verify(t.Context(), sign(t, jwa.ES256(), is.private["ec"], "gone", claims(nil), nil)); !errors.As(err, &refusal) {
		t.Errorf("an unknown key while the issuer does not answer: %v; want a refusal", err)
	}
	if _, err := v.Verify(t.Context(), old); err != nil {
		t.Errorf("a known key while the issuer does not answer: %v", err)
	}
}

func TestJWKSRedirect(t *testing.T) {
	for address, good := range map[string]bool{"https://elsewhere.example/": true, "http://127.0.0.1:1/": true,
		"http://elsewhere.example/": false} {
		r := httptest.NewRequest(http.MethodGet, address, nil)
		if err := checkRedirect(r, nil); (err == nil) != good {
			t.Errorf("redirected to %s: %v", address, err)
		}
	}
}

func FuzzJWT(f *testing.F) {
	is := newIssuer(f)
	v := newVerifier(f, is, nil)
	good := sign(f, jwa.ES256(), is.private["ec"], "ec", claims(map[string]any{"exp": time.Now().Add(24 * time.Hour).Unix()}), nil)
	f.Add(good)
	f.Add(good[:len(good)-8])
	f.Add(good[:len(good)-1] + string(good[len(good)-1]+1))
	f.Add(base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"ES256","kid":["ec"]}`)) + "." + strings.Split(good, ".")[1] + ".")
	f.Fuzz(func(t *testing.T, token string) {
		p, err := v.Verify(t.Context(), token)
		if err == nil && token != good {
			t.Errorf("%q is accepted: %+v", token, p)
		}
	})
}
