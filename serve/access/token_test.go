package access

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"
)

// newTestKey makes a key and its token.
func newTestKey(t testing.TB, name string, rights Rights, lifetime time.Duration, merchants ...string) (Key, string) {
	t.Helper()
	m, err := NewMerchants(merchants...)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	k, token, err := NewKey(name, m, rights, now, now.Add(lifetime))
	if err != nil {
		t.Fatal(err)
	}
	return k, token
}

func TestToken(t *testing.T) {
	seen := map[string]bool{}
	for range 1000 {
		token, id, s := newToken()
		gotID, gotSecret, err := parseToken(token)
		if err != nil || gotID != id || gotSecret != s {
			t.Fatalf("%s was read as %s, %v", token, gotID, err)
		}
		if seen[token] || seen[id] {
			t.Fatalf("%s was made twice", token)
		}
		seen[token], seen[id] = true, true
	}
}

// TestTokenTypos: every single wrong, missing, doubled or swapped character is told. A checksum of 24 bits misses one typo in 17
// million; there are about 2,800 here for one fixed token.
func TestTokenTypos(t *testing.T) {
	var s secret
	copy(s[:], "thirty-two bytes, always the same")
	token := formatToken("mfzwizltoqzwi4tu", s)
	if _, _, err := parseToken(token); err != nil {
		t.Fatal(err)
	}
	var typos []string
	for i := range len(token) {
		for _, c := range tokenAlphabet + "_A0189 -\n" {
			typos = append(typos, token[:i]+string(c)+token[i+1:])
		}
		typos = append(typos, token[:i]+token[i+1:], token[:i]+token[i:i+1]+token[i:], token[:i], token[i:])
		if i > 0 {
			typos = append(typos, token[:i-1]+token[i:i+1]+token[i-1:i]+token[i+1:])
		}
	}
	for _, typo := range append(typos, "", "rsk_", strings.ToUpper(token), token+"\n", " "+token, strings.Replace(token, "_", "\n_", 1)) {
		if typo == token {
			continue
		}
		if _, _, err := parseToken(typo); err != errMalformed {
			t.Errorf("%q: %v; want errMalformed", typo, err)
		}
	}
}

func FuzzParseToken(f *testing.F) {
	token, _, _ := newToken()
	for _, seed := range []string{token, token[:40], "rsk__", "rsk_" + strings.Repeat("a", 16) + "_" + strings.Repeat("a", 56), "rsk_\n\r"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		id, s, err := parseToken(text)
		if err == nil && formatToken(id, s) != text {
			t.Errorf("%q is read like %q", text, formatToken(id, s))
		}
		if err != nil && (id != "" || s != secret{}) {
			t.Errorf("%q: %v, and yet a part was read", text, err)
		}
	})
}

func TestKeyJSON(t *testing.T) {
	k, token := newTestKey(t, "north", Rights(Read|Write), time.Hour, "south", "north", "north")
	k.Revoked = k.Created.Add(time.Minute)
	data, err := json.Marshal(k)
	if err != nil {
		t.Fatal(err)
	}
	var got Key
	if err := json.Unmarshal(data, &got); err != nil {
		t.Fatal(err)
	}
	if again, _ := json.Marshal(got); string(again) != string(data) {
		t.Errorf("read back as %s; want %s", again, data)
	}
	secretPart := token[len(tokenPrefix)+idLength+1:]
	if strings.Contains(string(data), secretPart[:20]) {
		t.Error("the stored key has the secret in it")
	}
	for _, change := range []struct{ old, new string }{
		{`"rights":["read","write"]`, `"rights":["read","admin"]`},
		{`"rights":["read","write"]`, `"rights":[]`},
		{`["north","south"]`, `[]`},
		{`["north","south"]`, `["*","south"]`},
		{`["north","south"]`, `[""]`},
		{`"id":"`, `"id":"A`},
		{`"name":"north"`, `"name":""`},
		{`"name":"north"`, `"name":"north","only_from":"10.0.0.0/8"`},
		{`"sha256":"`, `"sha256":"00`},
		{`"sha256":"`, `"sha256":"zz`},
	} {
		bad := strings.Replace(string(data), change.old, change.new, 1)
		if bad == string(data) {
			t.Fatalf("%s is not in %s", change.old, data)
		}
		if err := json.Unmarshal([]byte(bad), &got); err == nil {
			t.Errorf("read without an error: %s", bad)
		}
	}
}

func TestKeyID(t *testing.T) {
	k, _ := newTestKey(t, "north", AllRights, time.Hour, "north")
	good := k.ID
	for _, id := range []string{"", good[1:], good + "a", good[1:] + "A", good[1:] + "\n", good[1:] + "_"} {
		if k.ID = id; k.Validate() == nil {
			t.Errorf("id %q is taken", id)
		}
	}
}

func TestKeyState(t *testing.T) {
	k, _ := newTestKey(t, "north", Rights(Read), time.Hour, "north")
	end := k.Expires
	for _, c := range []struct {
		now  time.Time
		want string
	}{{end.Add(-time.Nanosecond), "active"}, {end, "expired"}, {end.Add(time.Hour), "expired"}} {
		if got := k.State(c.now); got != c.want {
			t.Errorf("%v before its end: %s; want %s", end.Sub(c.now), got, c.want)
		}
	}
	k.Revoked = k.Created
	if got := k.State(k.Created); got != "revoked" {
		t.Errorf("a revoked key is %s", got)
	}
	k.Expires, k.Revoked = time.Time{}, time.Time{}
	if got := k.State(end.AddDate(100, 0, 0)); got != "active" {
		t.Errorf("a key without an end is %s", got)
	}
}

func TestMerchants(t *testing.T) {
	for _, ids := range [][]string{{""}, {"a", ""}, {"*", "a"}, {"*", "*"}, {"a\x00b"}, {strings.Repeat("m", maxName+1)}} {
		if m, err := NewMerchants(ids...); err == nil {
			t.Errorf("%q is taken for %q", ids, m.IDs())
		}
	}
}

func TestPrincipal(t *testing.T) {
	some, _ := NewMerchants("b", "a", "b")
	all, _ := NewMerchants(AllMerchants)
	p := Principal{Name: "x", Merchants: some, Rights: Rights(Read | Write)}
	for _, c := range []struct {
		p        Principal
		right    Right
		merchant string
		want     bool
	}{
		{p, Read, "a", true}, {p, Write, "b", true}, {p, WhatIf, "a", false}, {p, Read, "c", false}, {p, Read, "", false},
		{p, Read, AllMerchants, false}, {p, 0, "a", false}, {p, Read | WhatIf, "a", false},
		{Principal{Merchants: all, Rights: Rights(WhatIf)}, WhatIf, "anyone", true},
		{Principal{Merchants: all, Rights: Rights(WhatIf)}, Read, "anyone", false},
		{Principal{}, Read, "a", false}, {Principal{}, Read, "", false}, {From(context.Background()), Read, "a", false},
	} {
		if got := c.p.May(c.right, c.merchant); got != c.want {
			t.Errorf("%+v may %s %q: %v; want %v", c.p, Rights(c.right), c.merchant, got, c.want)
		}
	}
	if twin := (Principal{Name: "other key", Merchants: some}); twin.account() != p.account() {
		t.Error("two keys of the same merchants have limits of their own")
	}
	if (Principal{Merchants: all, Name: "x"}).account() == (Principal{Merchants: all, Name: "y"}).account() {
		t.Error("different principals share limits")
	}
}
