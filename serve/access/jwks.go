package access

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/lestrrat-go/httprc/v3"
	"github.com/lestrrat-go/httprc/v3/errsink"
	"github.com/lestrrat-go/jwx/v3/jwa"
	"github.com/lestrrat-go/jwx/v3/jwk"
)

const (
	jwksTimeout  = 5 * time.Second
	jwksMinimum  = 5 * time.Minute  // a key set is fetched again after what its headers say, between these
	jwksMaximum  = time.Hour        //
	jwksHurry    = 10 * time.Second // and for a key id that it does not have, at most this often
	maxJWKSBytes = 1 << 20
	maxJWKSKeys  = 256
)

// publicKey is a key that verifies signatures, and the algorithms that it is good for.
type publicKey struct {
	id         string
	public     any
	algorithms []jwa.SignatureAlgorithm
}

// keySource finds the public keys for a key id.
type keySource interface {
	lookup(ctx context.Context, kid string) ([]*publicKey, error)
	close(ctx context.Context) error
}

func openKeySource(ctx context.Context, name string, log *slog.Logger) (keySource, error) {
	if isURL(name) {
		return openRemoteKeys(ctx, name, log)
	}
	f := &fileKeys{watched[[]*publicKey]{path: name, parse: parseKeySet}}
	_, err := f.file.get()
	return f, err
}

// fileKeys is a key set in a file, which is read again when it changes.
type fileKeys struct{ file watched[[]*publicKey] }

func (f *fileKeys) lookup(_ context.Context, kid string) ([]*publicKey, error) {
	keys, err := f.file.get()
	return matching(keys, kid), err
}

func (f *fileKeys) close(context.Context) error { return nil }

func parseKeySet(data []byte) ([]*publicKey, error) {
	if data == nil {
		return nil, errors.New("there is no such file")
	}
	set, err := jwk.Parse(data, jwk.WithMaxKeys(maxJWKSKeys), jwk.WithStrictKeySetParsing(false))
	if err != nil {
		return nil, fmt.Errorf("not a JSON Web Key Set: %w", err)
	}
	keys := usable(set)
	if len(keys) == 0 {
		return nil, errors.New("the key set has no public key for signatures (RSA from 2048 bits, EC or Ed25519)")
	}
	return keys, nil
}

// matching returns the keys with an id; for a token without one all keys, if they are few.
func matching(keys []*publicKey, kid string) []*publicKey {
	if kid == "" {
		return keys[:min(len(keys), 4)]
	}
	var found []*publicKey
	for _, k := range keys {
		if k.id == kid {
			found = append(found, k)
		}
	}
	return found
}

// usable returns the keys of a set that may verify a signature. Others, symmetric ones above all, are left out, and so are those
// that the library does not take, as RSA keys below 2048 bits: one odd key must not make the others useless.
func usable(set jwk.Set) []*publicKey {
	var keys []*publicKey
	for i := range set.Len() {
		key, _ := set.Key(i)
		if use, ok := key.KeyUsage(); ok && use != jwk.ForSignature.String() {
			continue
		}
		if _, unsupported := key.(jwk.UnsupportedKey); unsupported {
			continue
		}
		public, err := key.PublicKey()
		if err != nil {
			continue
		}
		var raw any
		if err := jwk.Export(public, &raw); err != nil {
			continue
		}
		good := algorithmsFor(raw)
		if own, ok := key.Algorithm(); ok {
			good = slices.DeleteFunc(good, func(a jwa.SignatureAlgorithm) bool { return own.String() != a.String() })
		}
		if len(good) > 0 {
			id, _ := key.KeyID()
			keys = append(keys, &publicKey{id, raw, good})
		}
	}
	return keys
}

// algorithmsFor returns the algorithms that a public key may verify, by its type and curve (RFC 7518, 3).
func algorithmsFor(public any) []jwa.SignatureAlgorithm {
	switch key := public.(type) {
	case *rsa.PublicKey:
		return []jwa.SignatureAlgorithm{jwa.RS256(), jwa.RS384(), jwa.RS512(), jwa.PS256(), jwa.PS384(), jwa.PS512()}
	case *ecdsa.PublicKey:
		switch key.Curve {
		case elliptic.P256():
			return []jwa.SignatureAlgorithm{jwa.ES256()}
		case elliptic.P384():
			return []jwa.SignatureAlgorithm{jwa.ES384()}
		case elliptic.P521():
			return []jwa.SignatureAlgorithm{jwa.ES512()}
		}
	case ed25519.PublicKey:
		return []jwa.SignatureAlgorithm{jwa.EdDSA(), jwa.EdDSAEd25519()}
	}
	return nil
}

// remoteKeys is a key set behind a URL.
type remoteKeys struct {
	url      string
	cache    *jwk.Cache
	resource *httprc.ResourceBase[jwk.Set]

	mu      sync.Mutex
	set     jwk.Set // that keys were read from
	keys    []*publicKey
	hurried time.Time // when the set was last fetched for an unknown key id
}

func isURL(name string) bool {
	return strings.HasPrefix(name, "https://") || strings.HasPrefix(name, "http://")
}

// checkURL refuses to take keys from a connection that others could change on the way.
func checkURL(name string) error {
	u, err := url.Parse(name)
	if err != nil {
		return fmt.Errorf("JWT: the address of the key set can't be read: %w", err)
	}
	if u.User != nil {
		return fmt.Errorf("JWT: key set %s: the address must not have a user or password in it; a key set is public", u.Redacted())
	}
	if u.Scheme != "https" && !loopbackHost(u.Hostname()) {
		return fmt.Errorf("JWT: key set %s: the address must begin with https:// if it is not on this machine", u.Redacted())
	}
	return nil
}

func openRemoteKeys(ctx context.Context, name string, log *slog.Logger) (*remoteKeys, error) {
	failed := errsink.NewFunc(func(_ context.Context, err error) { log.Warn("JWT: the key set can't be fetched", "error", err) })
	cache, err := jwk.NewCache(context.WithoutCancel(ctx), httprc.NewClient(httprc.WithWorkers(1), httprc.WithErrorSink(failed)))
	if err != nil {
		return nil, fmt.Errorf("JWT: key set %s: %w", name, err)
	}
	client := &http.Client{Timeout: jwksTimeout, CheckRedirect: checkRedirect}
	err = cache.Register(ctx, name, jwk.WithHTTPClient(client), jwk.WithMaxFetchBodySize(maxJWKSBytes), jwk.WithMaxKeys(maxJWKSKeys),
		jwk.WithHttprcResourceOption(httprc.WithMinInterval(jwksMinimum)),
		jwk.WithHttprcResourceOption(httprc.WithMaxInterval(jwksMaximum)),
		jwk.WithStrictKeySetParsing(false), jwk.WithWaitReady(false))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("JWT: key set %s: %w", name, err), cache.Shutdown(ctx))
	}
	resource, err := cache.LookupResource(ctx, name)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("JWT: key set %s: %w", name, err), cache.Shutdown(ctx))
	}
	return &remoteKeys{url: name, cache: cache, resource: resource}, nil
}

func checkRedirect(to *http.Request, via []*http.Request) error {
	if len(via) >= 3 {
		return errors.New("more than 3 redirections")
	}
	return checkURL(to.URL.String())
}

// lookup implements keySource. For an unknown id the set is fetched at once: the issuer may have a new key.
func (r *remoteKeys) lookup(ctx context.Context, kid string) ([]*publicKey, error) {
	keys, err := r.known()
	if found := matching(keys, kid); len(found) > 0 {
		return found, nil
	}
	if r.mayHurry() {
		ctx, cancel := context.WithTimeout(ctx, jwksTimeout)
		defer cancel()
		if _, err = r.cache.Refresh(ctx, r.url); err == nil {
			keys, err = r.known()
		} else if keys != nil { // what is known of the issuer stays good while it does not answer
			err = nil
		}
	}
	return matching(keys, kid), err
}

// known returns the keys that were fetched last.
func (r *remoteKeys) known() ([]*publicKey, error) {
	set := r.resource.Resource()
	if set == nil {
		return nil, fmt.Errorf("JWT: the key set %s was not fetched yet", r.url)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if set != r.set {
		r.set, r.keys = set, usable(set)
	}
	return r.keys, nil
}

func (r *remoteKeys) mayHurry() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if now := time.Now(); now.Sub(r.hurried) >= jwksHurry {
		r.hurried = now
		return true
	}
	return false
}

func (r *remoteKeys) close(ctx context.Context) error { return r.cache.Shutdown(ctx) }
