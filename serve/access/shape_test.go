package access

import (
	"strings"
	"testing"
)

func TestShape(t *testing.T) {
	list := func(item string, n int) string { return "[" + strings.Repeat(item+",", n-1) + item + "]" }
	for name, c := range map[string]struct {
		body string
		want int // status; 0: within the bounds
	}{
		"nothing":                {"", 0},
		"a forecast":             {`{"quantiles":` + list(list("1.5", 199), 104) + `}`, 0},
		"a hundred":              {list(`{"article_id":"a,[{","quantiles":`+list(list("1", 199), 104)+`}`, 100), 0},
		"a thousand events":      {list(`{"id":"1","type":"sale","at":"2026-11-20T00:00:00Z","quantity":1}`, 1000), 0},
		"text is no list":        {`["` + strings.Repeat(`[{,\"\\`, 10_000) + `"]`, 0},
		"a long list":            {list("1", 2001), 413},
		"a long object":          {"{" + strings.Repeat(`1,`, 2001) + `1}`, 413},
		"a long list in another": {`{"a":[1,` + list("1", 2001) + `]}`, 413},
		"a name twice":           {`{"a":1,"b":[{"a":2}],"a":3}`, 400},
		"a name in other words":  {`{"ab":1 , "\u0061B" : 2}`, 400},
		"a name behind a list":   {`[{"b":{"c":1},"a":1,"b":{"c":1}}]`, 400},
		"names of two objects":   {`[{"a":{"a":"a"}},{"a":{"a":"a"}},"a","a"]`, 0},
		"many lists":             {list(list("[]", 1000), 300), 413},
		"many texts":             {list(list(`""`, 1000), 300), 413},
		"many nulls":             {list(list("null", 1000), 300), 413},
		"deep":                   {strings.Repeat("[", 65), 413},
		"not deep":               {strings.Repeat("[", 64), 0},
		"closed too often":       {strings.Repeat("]", 1000) + strings.Repeat(",", 500), 0},
		"no end":                 {`["\`, 0},
	} {
		got := 0
		if denied := checkShape([]byte(c.body)); denied != nil {
			got = denied.Status
		}
		if got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
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
