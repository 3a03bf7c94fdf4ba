package access

import (
	"log/slog"
	"net/http"
	"testing"
	"time"

	"github.com/lestrrat-go/jwx/v3/jwa"
)

// BenchmarkCheckKey: a good key, a wrong secret and an unknown id take the same time.
func BenchmarkCheckKey(b *testing.B) {
	store := openStore(b, b.TempDir())
	k, good := newTestKey(b, "north", AllRights, time.Hour, "north")
	put(b, store, k)
	unknown, _, s := newToken()
	for _, c := range []struct{ name, token string }{{"good", good}, {"wrong", formatToken(k.ID, s)}, {"unknown", unknown}} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				checkKey(b.Context(), store, c.token)
			}
		})
	}
}

// BenchmarkJWT: a token that is seen the first time, and again.
func BenchmarkJWT(b *testing.B) {
	is := newIssuer(b)
	v := newVerifier(b, is, nil)
	for _, c := range []struct {
		alg jwa.SignatureAlgorithm
		kid string
	}{{jwa.RS256(), "rsa"}, {jwa.ES256(), "ec"}, {jwa.ES384(), "ec384"}, {jwa.EdDSA(), "ed"}} {
		token := sign(b, c.alg, is.private[c.kid], c.kid, claims(map[string]any{"exp": time.Now().Add(time.Hour).Unix()}), nil)
		b.Run("first/"+c.alg.String(), func(b *testing.B) {
			for b.Loop() {
				v.known = verifiedTokens{}
				if _, err := v.Verify(b.Context(), token); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run("again/"+c.alg.String(), func(b *testing.B) {
			for b.Loop() {
				if _, err := v.Verify(b.Context(), token); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkChain is what all of it adds to a request.
func BenchmarkChain(b *testing.B) {
	c := newChain(b, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}), func(c *Config) {
		limits := DefaultLimits()
		limits.Requests, limits.Burst = 1e9, 1e9
		c.Limits, _ = NewLimiter(limits)
		c.Log = slog.New(slog.DiscardHandler)
	})
	r := request(http.MethodGet, "/v1/merchants/north/articles/1/recommendation", c.token)
	b.ReportAllocs()
	for b.Loop() {
		if w := serve(c, r); w.Code != http.StatusOK {
			b.Fatal(w.Code)
		}
	}
}
