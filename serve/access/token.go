package access

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"strings"
)

// A token is rsk_<id>_<secret and checksum>: 10 random bytes, and 32 random bytes with the first 3 bytes of a SHA-256 over both,
// in lower-case base32. The lengths are multiples of 5 bytes, so that there is one way to write each token.
const (
	tokenPrefix    = "rsk_"
	idBytes        = 10
	secretBytes    = 32
	checksumBytes  = 3
	idLength       = idBytes * 8 / 5
	secretLength   = (secretBytes + checksumBytes) * 8 / 5
	tokenLength    = len(tokenPrefix) + idLength + 1 + secretLength
	tokenAlphabet  = "abcdefghijklmnopqrstuvwxyz234567"
	checksumDomain = "restock API key"
)

var tokenEncoding = base32.NewEncoding(tokenAlphabet).WithPadding(base32.NoPadding)

// errMalformed says that a token can't be one that was ever made: its checksum is wrong.
const errMalformed = Refusal("the API key is incomplete or mistyped; copy all of it, from rsk_ to its end")

type secret [secretBytes]byte

// hash is what is stored of a secret. A slow hash such as bcrypt protects secrets that can be guessed, as people's passwords; 256
// random bits can't be guessed, however fast the hash, and a slow one would let anyone keep the server busy with wrong keys.
func (s secret) hash() [sha256.Size]byte { return sha256.Sum256(s[:]) }

func (s secret) matches(hash [sha256.Size]byte) bool {
	own := s.hash()
	return subtle.ConstantTimeCompare(own[:], hash[:]) == 1
}

func newToken() (token, id string, s secret) {
	var raw [idBytes]byte
	rand.Read(raw[:]) // crypto/rand's never fails
	rand.Read(s[:])
	id = tokenEncoding.EncodeToString(raw[:])
	return formatToken(id, s), id, s
}

func formatToken(id string, s secret) string {
	return tokenPrefix + id + "_" + tokenEncoding.EncodeToString(append(s[:], checksum(id, s)...))
}

func checksum(id string, s secret) []byte {
	sum := sha256.Sum256(append([]byte(checksumDomain+id), s[:]...))
	return sum[:checksumBytes]
}

// parseToken takes a token apart. Any error is errMalformed.
func parseToken(token string) (id string, s secret, err error) {
	rest, ok := strings.CutPrefix(token, tokenPrefix)
	if !ok || len(token) != tokenLength || rest[idLength] != '_' {
		return "", s, errMalformed
	}
	id = rest[:idLength]
	raw, ok := decodeExactly(rest[idLength+1:])
	if !ok || !validID(id) {
		return "", s, errMalformed
	}
	copy(s[:], raw)
	if subtle.ConstantTimeCompare(raw[secretBytes:], checksum(id, s)) != 1 {
		return "", secret{}, errMalformed
	}
	return id, s, nil
}

// validID tells if a text could be the id of a key.
func validID(id string) bool {
	_, ok := decodeExactly(id)
	return ok && len(id) == idLength
}

// decodeExactly decodes base32; the library alone would skip line breaks.
func decodeExactly(text string) ([]byte, bool) {
	raw, err := tokenEncoding.DecodeString(text)
	return raw, err == nil && !strings.ContainsAny(text, "\r\n")
}
