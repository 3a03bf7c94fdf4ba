package access

import (
	"net/http"
	"strings"
	"testing"
)

func TestShape(t *testing.T) {
	list := func(item string, n int) string { return "[" + strings.Repeat(item+",", n-1) + item + "]" }
	for name, c := range map[string]struct {
		body string
		good bool
	}{
		"nothing":                {"", true},
		"a forecast":             {`{"quantiles":` + list(list("1.5", 199), 104) + `}`, true},
		"a hundred":              {list(`{"article_id":"a,[{","quantiles":`+list(list("1", 199), 104)+`}`, 100), true},
		"a thousand events":      {list(`{"id":"1","type":"sale","at":"2026-11-20T00:00:00Z","quantity":1}`, 1000), true},
		"text is no list":        {`["` + strings.Repeat(`[{,\"\\`, 10_000) + `"]`, true},
		"a long list":            {list("1", 2001), false},
		"a long object":          {"{" + strings.Repeat(`"a":1,`, 2001) + `"a":1}`, false},
		"a long list in another": {`{"a":[1,` + list("1", 2001) + `]}`, false},
		"many lists":             {list(list("[]", 1000), 300), false},
		"many texts":             {list(list(`""`, 1000), 300), false},
		"many nulls":             {list(list("null", 1000), 300), false},
		"deep":                   {strings.Repeat("[", 65), false},
		"not deep":               {strings.Repeat("[", 64), true},
		"closed too often":       {strings.Repeat("]", 1000) + strings.Repeat(",", 500), true},
		"no end":                 {`["\`, true},
	} {
		if denied := checkShape([]byte(c.body)); (denied == nil) != c.good || denied != nil && denied.Status != http.StatusRequestEntityTooLarge {
			t.Errorf("%s: %v", name, denied)
		}
	}
}

func BenchmarkShape(b *testing.B) {
	body := []byte(`{"articles":[{"merchant_id":"north","article_id":"a1","forecast":{"quantiles":[` + strings.Repeat("[1.25,2.5,3.75],", 12) + `[1]]}}]}`)
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		checkShape(body)
	}
}
