package access

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
	"unicode/utf8"
)

// Key is what is stored of an API key. The secret itself is not stored.
type Key struct {
	ID        string // part of the token; not secret
	Name      string // who has it, in a person's words
	Merchants Merchants
	Rights    Rights
	Created   time.Time
	Expires   time.Time // the key is refused from then on; zero: never
	Revoked   time.Time // the key is refused; zero: it is not revoked

	hash [sha256.Size]byte // SHA-256 of the secret
}

// ErrNoKey is what a KeyStore returns for an id that it does not have.
var ErrNoKey = errors.New("there is no such API key")

// KeyStore keeps API keys. It is used by several goroutines at a time.
type KeyStore interface {
	Get(ctx context.Context, id string) (Key, error) // ErrNoKey if there is none; must answer within milliseconds
	Put(ctx context.Context, k Key) error            // adds a key or replaces it; durable when it returns
	List(ctx context.Context) ([]Key, error)         // in order of creation
}

// NewKey makes a key, and the token that its owner sends. The token can't be had again later.
func NewKey(name string, m Merchants, r Rights, created, expires time.Time) (k Key, token string, err error) {
	token, id, s := newToken()
	k = Key{ID: id, Name: name, Merchants: m, Rights: r, Created: created.UTC(), Expires: expires.UTC(), hash: s.hash()}
	if expires.IsZero() {
		k.Expires = time.Time{}
	}
	return k, token, k.Validate()
}

// Revoke has a key refused from now on, for good, and returns it as it then is. A key that is revoked already stays as it was.
func Revoke(ctx context.Context, store KeyStore, id string, now time.Time) (Key, error) {
	k, err := store.Get(ctx, id)
	if err != nil {
		return Key{}, fmt.Errorf("API key %q: %w", id, err)
	}
	if !k.Revoked.IsZero() {
		return k, nil
	}
	k.Revoked = now.UTC()
	return k, store.Put(ctx, k)
}

// Validate returns every problem of a key at once.
func (k Key) Validate() error {
	var errs []error
	if !validID(k.ID) {
		errs = append(errs, fmt.Errorf("id %q must be %d characters of a-z and 2-7", k.ID, idLength))
	}
	if k.Name == "" || len(k.Name) > maxName || !utf8.ValidString(k.Name) {
		errs = append(errs, fmt.Errorf("name %.40q must be 1 to %d bytes of UTF-8", k.Name, maxName))
	}
	if !k.Merchants.all && len(k.Merchants.ids) == 0 {
		errs = append(errs, errors.New("there is no merchant; name at least one, or '*' for all"))
	}
	if k.Rights&AllRights == 0 || k.Rights&^AllRights != 0 {
		errs = append(errs, errors.New("there is no right; give at least one of read, what-if, write"))
	}
	if !k.Expires.IsZero() && !k.Expires.After(k.Created) {
		errs = append(errs, fmt.Errorf("it expires at %s, not after its creation", k.Expires.Format(time.RFC3339)))
	}
	if k.hash == [sha256.Size]byte{} {
		errs = append(errs, errors.New("the hash of the secret is missing"))
	}
	return errors.Join(errs...)
}

// State is what the key is at a moment: "active", "expired" or "revoked".
func (k Key) State(now time.Time) string {
	switch {
	case !k.Revoked.IsZero():
		return "revoked"
	case !k.Expires.IsZero() && !now.Before(k.Expires):
		return "expired"
	}
	return "active"
}

func (k Key) principal() Principal {
	return Principal{Name: k.Name, KeyID: k.ID, Merchants: k.Merchants, Rights: k.Rights}
}

// storedKey is a key in JSON.
type storedKey struct {
	ID        string     `json:"id"`
	Name      string     `json:"name"`
	Merchants []string   `json:"merchants"`
	Rights    []string   `json:"rights"`
	Created   time.Time  `json:"created"`
	Expires   *time.Time `json:"expires,omitempty"`
	Revoked   *time.Time `json:"revoked,omitempty"`
	SHA256    string     `json:"sha256"`
}

// MarshalJSON writes the key as a KeyStore stores it, with the hash of its secret: not for the eyes of others.
func (k Key) MarshalJSON() ([]byte, error) {
	s := storedKey{ID: k.ID, Name: k.Name, Merchants: k.Merchants.IDs(), Rights: k.Rights.Names(), Created: k.Created,
		SHA256: hex.EncodeToString(k.hash[:])}
	if !k.Expires.IsZero() {
		s.Expires = &k.Expires
	}
	if !k.Revoked.IsZero() {
		s.Revoked = &k.Revoked
	}
	return json.Marshal(s)
}

// UnmarshalJSON reads what MarshalJSON has written, and checks it.
func (k *Key) UnmarshalJSON(data []byte) (err error) {
	var s storedKey
	if err := decodeStrictly(data, &s); err != nil {
		return err
	}
	read := Key{ID: s.ID, Name: s.Name, Created: s.Created}
	if s.Expires != nil {
		read.Expires = *s.Expires
	}
	if s.Revoked != nil {
		read.Revoked = *s.Revoked
	}
	hash, err := hex.DecodeString(s.SHA256)
	if err != nil || copy(read.hash[:], hash) != len(hash) || len(hash) != len(read.hash) {
		return fmt.Errorf("API key %.40q: sha256 must be %d hexadecimal digits", s.ID, 2*len(read.hash))
	}
	if read.Merchants, err = NewMerchants(s.Merchants...); err == nil {
		read.Rights, err = ParseRights(s.Rights)
	}
	if err == nil {
		err = read.Validate()
	}
	if err != nil {
		return fmt.Errorf("API key %.40q: %w", s.ID, err)
	}
	*k = read
	return nil
}

// decodeStrictly refuses fields that this version does not know: one may be a restriction that a later version has added.
func decodeStrictly(data []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("there is something behind its end")
	}
	return nil
}
