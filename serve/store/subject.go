package store

import (
	"errors"
	"strings"
)

// Kind is what a document is about.
type Kind string

// The kinds of documents. Features and settings are in STATE, the others in RESULT.
const (
	Features         Kind = "features"       // of an article: its state, economics and forecast
	ArticleSettings  Kind = "article"        // a partner's overrides of an article's columns
	MerchantSettings Kind = "merchant"       // a partner's settings for all its articles
	Recommendation   Kind = "recommendation" // of an article, newer than the nightly run's
	Job              Kind = "job"            // progress of a re-optimisation; the article is its name
	Run              Kind = "run"            // the nightly run that is served; merchant and article are empty
	ShadowDifference Kind = "shadow"         // of an article: what the shadow engine would have recommended
)

func (k Kind) stream() string {
	switch k {
	case Features, ArticleSettings, MerchantSettings:
		return stateStream
	}
	return resultStream
}

const (
	stateStream  = "RESTOCK_STATE"
	resultStream = "RESTOCK_RESULT"
	inputStream  = "RESTOCK_INPUT"
	eventStream  = "RESTOCK_EVENT"
	deadStream   = "RESTOCK_DEAD"
	workStream   = "RESTOCK_WORK"
)

var prefixes = map[string]string{stateStream: "restock.state.", resultStream: "restock.result.", inputStream: "restock.input.",
	eventStream: "restock.event.", deadStream: "restock.dead.", workStream: "restock.work."}

// MaxIDLength is the longest merchant or article, in bytes: subjects have a limit.
const MaxIDLength = 256

// Key names a document.
type Key struct {
	Kind              Kind
	Merchant, Article string
}

func (k Key) subject() string {
	return prefixes[k.Kind.stream()] + string(k.Kind) + "." + escape(k.Merchant) + "." + escape(k.Article)
}

// Check tells whether merchant and article can be names.
func (k Key) Check() error {
	if len(k.Merchant) > MaxIDLength || len(k.Article) > MaxIDLength {
		return errors.New("a merchant or article ID may have at most 256 bytes")
	}
	return nil
}

const hexDigits = "0123456789abcdef"

// escape makes one token of a subject of any text: letters, digits, hyphen and underscore stay, every other byte becomes = and
// two hexadecimal digits, nothing becomes =.
func escape(s string) string {
	if s == "" {
		return "="
	}
	plain := true
	for i := 0; i < len(s); i++ {
		plain = plain && isPlain(s[i])
	}
	if plain {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if c := s[i]; isPlain(c) {
			b.WriteByte(c)
		} else {
			b.Write([]byte{'=', hexDigits[c>>4], hexDigits[c&15]})
		}
	}
	return b.String()
}

func isPlain(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '-' || c == '_'
}

// unescape is the inverse of escape.
func unescape(s string) (string, bool) {
	if s == "=" {
		return "", true
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '=' {
			if !isPlain(s[i]) {
				return "", false
			}
			b.WriteByte(s[i])
			continue
		}
		if i+2 >= len(s) {
			return "", false
		}
		high, low := strings.IndexByte(hexDigits, s[i+1]), strings.IndexByte(hexDigits, s[i+2])
		if high < 0 || low < 0 {
			return "", false
		}
		b.WriteByte(byte(high<<4 | low))
		i += 2
	}
	return b.String(), b.Len() > 0
}

// parseKey reads the subject of a document.
func parseKey(subject string) (Key, bool) {
	rest, ok := strings.CutPrefix(subject, prefixes[stateStream])
	if !ok {
		rest, ok = strings.CutPrefix(subject, prefixes[resultStream])
	}
	parts := strings.Split(rest, ".")
	if !ok || len(parts) != 3 {
		return Key{}, false
	}
	m, okM := unescape(parts[1])
	a, okA := unescape(parts[2])
	return Key{Kind(parts[0]), m, a}, okM && okA
}
