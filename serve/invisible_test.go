package serve

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// seen is all of an answer that a partner could learn from, with what the request itself named taken out.
func (a answer) seen(named ...string) string {
	var b strings.Builder
	fmt.Fprintln(&b, a.status)
	for _, name := range slices.Sorted(maps.Keys(a.header)) {
		if name != "X-Request-Id" {
			fmt.Fprintln(&b, name, a.header[name])
		}
	}
	b.Write(a.body)
	text := b.String()
	for _, n := range named {
		text = strings.ReplaceAll(text, `"`+n+`"`, `"…"`)
	}
	return text
}

// A partner learns nothing of others from any operation that the OpenAPI document has: what is another's gets the answer of what is
// nobody's, byte for byte, headers included; whatever tags it sends along, and whatever is wrong with the request.
func TestNobodySeesAnothers(t *testing.T) {
	f := newFixture(t, func(c *Config) { c.Limits.Requests, c.Limits.Burst = 1e9, 1e9 })
	list, _ := f.operations()
	var set, put Accepted
	f.ok("north", "PATCH", north+"/articles/a1", `{"pack_size": 4}`, &set)
	f.finish(set.Job)
	f.ok("north", "PUT", north+"/articles/a2/features", samples["putFeatures"].body, &put)
	tag := f.do("north", "GET", north+"/articles/a1/recommendation", "").header.Get("ETag")
	patterns := 0
	for _, o := range list {
		theirs := [3]string{"north", "a1", set.Job}
		ask := func(who string, names [3]string, query, body string, headers ...string) string {
			path, body := fill(o.Path, names[0], names[1], names[2])+query, fill(body, names[0], names[1], names[2])
			return f.do(who, o.Method, path, body, headers...).seen(names[:]...)
		}
		if !strings.Contains(o.Path+o.body, "{") {
			if answer := ask("south", theirs, o.query, o.body); strings.Contains(answer, "north") || o.right == "*" && !strings.HasPrefix(answer, "404") {
				t.Errorf("%s: %s", o.OperationID, answer)
			}
			continue
		}
		patterns++
		queries := []string{o.query, "?as_of=2030-01-01T00:00:00Z", "?sort=nonsense", "?cursor=-1", "?limit=0"}
		bodies := []string{o.body}
		if o.body != "" {
			const key = `{"merchant_id":"{merchant}","article_id":"{article}"`
			bodies = append(bodies, "", "{", "{}", `{"articles":[`+key+`},`+key+`,"policy":"x"}]}`,
				`{"articles":[`+key+`,"article":{"on_hand":1,"price":2,"unit_cost":1},"forecast":`+sampleForecast+`}]}`, `{"pack_size":-1}`, `{"scenarios":1e9}`, `{"on_hand":1}`, `{"events":[{"article_id":"{article}","id":"1","type":"x","at":"2020-11-20T00:00:00Z"}]}`)
		}
		headers := [][]string{nil, {"If-None-Match", "*"}, {"If-None-Match", tag}, {"If-Match", fmt.Sprintf(`"r%d"`, put.Revision)},
			{"If-Match", `"r0"`}, {"Accept", "text/csv"}, {"Accept", "nonsense"}, {"Last-Event-ID", "0"}, {"Last-Event-ID", "x"}}
		for _, who := range []string{"south", "southern reader"} {
			for _, query := range queries {
				for _, body := range bodies {
					for _, h := range headers {
						want := ask(who, [3]string{"nobody", "zz", "j999999"}, query, body, h...)
						for _, names := range [][3]string{theirs, {"north", "a2", fmt.Sprintf("j%d", put.Revision)}, {"north", "zz", "j0"}, {"nobody", "b1", "jx"}} {
							if got := ask(who, names, query, body, h...); got != want {
								t.Fatalf("%s to %s, %q %q %v: for %v\n%s\nfor what is nobody's\n%s", who, o.OperationID, query, body, h, names, got, want)
							}
						}
						if h == nil && query == o.query && body == o.body && !strings.HasPrefix(want, "404") && !strings.Contains(o.Path, ":batchGet") {
							t.Errorf("%s to %s: %s", who, o.OperationID, want)
						}
					}
				}
			}
		}
	}
	if patterns < 15 {
		t.Errorf("only %d operations name a merchant", patterns)
	}
	// What is the same for all says nothing of anybody.
	for _, path := range []string{"/metrics", "/readyz", "/openapi.json"} {
		if a := f.do("", "GET", path, ""); a.status != 200 || strings.Contains(string(a.body), "north") || strings.Contains(string(a.body), `"a1"`) {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
	}
}

// Another's work does not use up what a partner may do, nor can a partner see from its limits what another does.
func TestLimitsAreApart(t *testing.T) {
	f := newFixture(t, func(c *Config) {
		c.Limits.Requests, c.Limits.Burst = 0.001, 20
	})
	for i := range 25 {
		status := f.do("north", "GET", north+"/overview", "").status
		if want := map[bool]int{true: 200, false: 429}[i < 20]; status != want {
			t.Fatalf("request %d of north: %d", i, status)
		}
	}
	for i := range 20 {
		if a := f.do("south", "GET", "/v1/merchants/south/overview", ""); a.status != 200 {
			t.Fatalf("request %d of south: %d %s", i, a.status, a.body)
		}
	}
}
