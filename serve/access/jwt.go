package access

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/lestrrat-go/jwx/v3/jwa"
	"github.com/lestrrat-go/jwx/v3/jws"
	"github.com/lestrrat-go/jwx/v3/jwt"
)

// JWTConfig says which JSON Web Tokens are accepted. JWKS, Issuer and Audience must be set: a token for another service is none
// for this.
type JWTConfig struct {
	JWKS           string        // key set of the issuer: an https URL (http on loopback), or a file
	Issuer         string        // the iss claim
	Audience       string        // must be among the aud claim
	MerchantsClaim string        // claim with the merchant ids, a list or one text; "*" is all; default "merchants"
	RightsClaim    string        // claim with the rights, a list or a text with spaces between, as scope; default "rights"
	RightsPrefix   string        // what stands before a right's name in the claim, as "restock:"; others are ignored; default ""
	Leeway         time.Duration // how far the clocks may differ, up to 5 min; default 30 s
}

const (
	maxJWT        = 16 << 10
	defaultLeeway = 30 * time.Second
	maxLeeway     = 5 * time.Minute
)

// algorithms are the signatures that are accepted. None needs a secret of the verifier: a public key can't be taken for one (RFC
// 8725, 3.1).
var algorithms = []jwa.SignatureAlgorithm{
	jwa.RS256(), jwa.RS384(), jwa.RS512(), jwa.PS256(), jwa.PS384(), jwa.PS512(),
	jwa.ES256(), jwa.ES384(), jwa.ES512(), jwa.EdDSA(), jwa.EdDSAEd25519(),
}

// Validate returns every problem at once.
func (c JWTConfig) Validate() error {
	var errs []error
	for _, f := range []struct{ name, value string }{{"key set", c.JWKS}, {"issuer", c.Issuer}, {"audience", c.Audience}} {
		if f.value == "" {
			errs = append(errs, fmt.Errorf("JWT: the %s is missing", f.name))
		}
	}
	if isURL(c.JWKS) {
		errs = append(errs, checkURL(c.JWKS))
	}
	if c.Leeway < 0 || c.Leeway > maxLeeway {
		errs = append(errs, fmt.Errorf("JWT: leeway %v must be between 0 and %v", c.Leeway, maxLeeway))
	}
	return errors.Join(errs...)
}

// JWTVerifier turns JSON Web Tokens into principals.
type JWTVerifier struct {
	config JWTConfig
	keys   keySource
	known  verifiedTokens
	checks *Shedder // of signatures that are seen for the first time: anyone can send those, and they take up to 0.7 ms each
}

// NewJWTVerifier reads the key set. A URL that does not answer is logged and tried again, so that the service can start without
// it; a file must be readable. The key set is fetched again in the background until Close.
func NewJWTVerifier(ctx context.Context, c JWTConfig, log *slog.Logger) (*JWTVerifier, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	if c.MerchantsClaim == "" {
		c.MerchantsClaim = "merchants"
	}
	if c.RightsClaim == "" {
		c.RightsClaim = "rights"
	}
	if c.Leeway == 0 {
		c.Leeway = defaultLeeway
	}
	keys, err := openKeySource(ctx, c.JWKS, log)
	if err != nil {
		return nil, err
	}
	checks, err := NewShedder(max(1, runtime.GOMAXPROCS(0)/2), 64, 50*time.Millisecond)
	if err != nil {
		return nil, err
	}
	return &JWTVerifier{config: c, keys: keys, checks: checks}, nil
}

// Close ends the work in the background.
func (v *JWTVerifier) Close(ctx context.Context) error { return v.keys.close(ctx) }

// joseHeader is what matters of a token's header. Keys or addresses of keys that a token brings along are not looked at.
type joseHeader struct {
	Algorithm string `json:"alg"`
	KeyID     string `json:"kid"`
}

// Verify checks a token's signature and claims. A Refusal says what is wrong with it; another error, that the key set can't be
// had, or that there are too many to check.
func (v *JWTVerifier) Verify(ctx context.Context, token string) (Principal, error) {
	algorithm, kid, err := readHeader(token)
	if err != nil {
		return Principal{}, err
	}
	keys, err := v.keys.lookup(ctx, kid)
	if err != nil {
		return Principal{}, err
	}
	if p, ok := v.known.get(token, keys); ok {
		return p, nil
	}
	release, err := v.checks.Acquire(ctx)
	if err != nil {
		return Principal{}, err
	}
	defer release()
	for _, k := range keys {
		if !slices.Contains(k.algorithms, algorithm) {
			continue
		}
		if payload, err := jws.VerifyCompactFast(k.public, []byte(token), algorithm); err == nil {
			p, end, err := v.principal(payload)
			if err == nil {
				v.known.put(token, verified{p, k, end})
			}
			return p, err
		}
	}
	return Principal{}, Refusal("the JWT's signature does not fit any key of its issuer")
}

func readHeader(token string) (algorithm jwa.SignatureAlgorithm, kid string, err error) {
	malformed := Refusal("the token is neither an API key nor a JWT")
	parts := strings.Split(token, ".")
	if len(token) > maxJWT || len(parts) != 3 || strings.ContainsAny(token, "\r\n") {
		return algorithm, "", malformed
	}
	strict := base64.RawURLEncoding.Strict() // there is one way to write a token
	data, err := strict.DecodeString(parts[0])
	_, signatureErr := strict.DecodeString(parts[2])
	var h joseHeader
	if err != nil || signatureErr != nil || json.Unmarshal(data, &h) != nil {
		return algorithm, "", malformed
	}
	i := slices.IndexFunc(algorithms, func(a jwa.SignatureAlgorithm) bool { return a.String() == h.Algorithm })
	if i < 0 {
		return algorithm, "", Refusal("the JWT's algorithm is not accepted; it must be RS, PS or ES with 256, 384 or 512, or EdDSA")
	}
	return algorithms[i], h.KeyID, nil
}

// principal reads the claims of a token whose signature is good, and until when they hold.
func (v *JWTVerifier) principal(payload []byte) (p Principal, end time.Time, err error) {
	claims := jwt.New()
	if err := json.Unmarshal(payload, claims); err != nil {
		return p, end, Refusal("the JWT's claims can't be read")
	}
	err = jwt.Validate(claims, jwt.WithIssuer(v.config.Issuer), jwt.WithAudience(v.config.Audience),
		jwt.WithAcceptableSkew(v.config.Leeway), jwt.WithRequiredClaim(jwt.ExpirationKey), jwt.WithRequiredClaim(jwt.SubjectKey))
	if err != nil {
		return p, end, claimRefusal(err)
	}
	name, _ := claims.Subject()
	if name == "" || len(name) > maxName {
		return p, end, Refusal(fmt.Sprintf("the JWT's subject must have 1 to %d bytes", maxName))
	}
	merchants, err := NewMerchants(texts(claims, v.config.MerchantsClaim, false)...)
	if err != nil {
		return p, end, Refusal(fmt.Sprintf("the JWT's claim %s: %v", v.config.MerchantsClaim, err))
	}
	rights := v.rights(texts(claims, v.config.RightsClaim, true))
	if len(merchants.ids) == 0 && !merchants.all || rights == 0 {
		return p, end, Refusal(fmt.Sprintf("the JWT names no merchant in claim %s, or no right in claim %s",
			v.config.MerchantsClaim, v.config.RightsClaim))
	}
	end, _ = claims.Expiration()
	return Principal{Name: name, Merchants: merchants, Rights: rights}, end.Add(v.config.Leeway), nil
}

// claimRefusal says which claim is wrong, without saying what would be right.
func claimRefusal(err error) Refusal {
	switch {
	case errors.Is(err, jwt.TokenExpiredError()):
		return "the JWT has expired"
	case errors.Is(err, jwt.TokenNotYetValidError()), errors.Is(err, jwt.InvalidIssuedAtError()):
		return "the JWT is not valid yet"
	case errors.Is(err, jwt.InvalidIssuerError()):
		return "the JWT is of another issuer"
	case errors.Is(err, jwt.InvalidAudienceError()):
		return "the JWT is for another audience"
	case errors.Is(err, jwt.MissingRequiredClaimError()):
		return "the JWT needs the claims exp and sub"
	}
	return "the JWT's claims are not valid"
}

// texts returns the texts of a claim: a list, or one text, which may be several with spaces between.
func texts(claims jwt.Token, name string, split bool) []string {
	var value any
	if err := claims.Get(name, &value); err != nil {
		return nil
	}
	switch value := value.(type) {
	case string:
		if split {
			return strings.Fields(value)
		}
		return []string{value}
	case []string:
		return value
	case []any:
		var list []string
		for _, v := range value {
			if text, ok := v.(string); ok {
				list = append(list, text)
			}
		}
		return list
	}
	return nil
}

// rights reads the names of rights; a claim such as scope has others, too.
func (v *JWTVerifier) rights(names []string) Rights {
	var s Rights
	for _, name := range names {
		if name, ok := strings.CutPrefix(name, v.config.RightsPrefix); ok {
			if r, known := parseRight(name); known {
				s |= Rights(r)
			}
		}
	}
	return s
}
