package serve

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
)

// sample is a request that an operation accepts. {merchant}, {article} and {job} stand in path and body.
type sample struct {
	query, body string
	right       string // that it needs, for a merchant; "": none; "*": every merchant
}

const sampleForecast = `{"as_of":"2026-11-16","levels":[0.5],"quantiles":[[1],[1],[1],[1],[1],[1],[1],[1],[1],[1],[1],[1]]}`

// samples has a request for each operation of the document: a new operation needs one, and is then tested with all others.
var samples = map[string]sample{
	"whoami":        {},
	"listMerchants": {},
	"overview":      {right: "read"},
	"listArticles":  {right: "read", query: "?sort=-order_quantity&limit=3"},

	"getRecommendation":       {right: "read"},
	"batchGetRecommendations": {right: "read", body: `{"keys":[{"merchant_id":"{merchant}","article_id":"{article}"}]}`},
	"whatIf":                  {right: "what-if", body: `{"articles":[{"merchant_id":"{merchant}","article_id":"{article}","changes":{"pack_size":3},"frontier":true}]}`},
	"getFeatures":             {right: "read"},
	"putFeatures":             {right: "write", body: `{"article":{"on_hand":1,"price":2,"unit_cost":1},"forecast":` + sampleForecast + `}`},
	"sendStockEvents":         {right: "write", body: `{"events":[{"article_id":"{article}","id":"1","type":"sale","at":"2020-11-20T00:00:00Z","quantity":1}]}`},
	"getSettings":             {right: "read"},
	"putSettings":             {right: "write", body: `{"order_cost":5}`},
	"getArticleSettings":      {right: "read"},
	"patchArticle":            {right: "write", body: `{"pack_size":2}`},
	"getJob":                  {right: "read"},
	"jobEvents":               {right: "read"},
	"merchantEvents":          {right: "read"},
	"listRuns":                {right: "*"},
	"setRun":                  {right: "*", body: `{"date":"latest"}`},
	"listDeadLetters":         {right: "*"},
	"listShadow":              {right: "*"},
}

// operation is an operation of the OpenAPI document, with its sample.
type operation struct {
	*huma.Operation
	sample
}

// operations lists what the OpenAPI document has, in a fixed order, and the registry of its schemas.
func (f *fixture) operations() ([]operation, huma.Registry) {
	f.t.Helper()
	api := humago.New(http.NewServeMux(), huma.DefaultConfig("test", "1"))
	if err := f.Server.operations(api); err != nil {
		f.t.Fatal(err)
	}
	var list []operation
	for _, item := range api.OpenAPI().Paths {
		for _, o := range []*huma.Operation{item.Get, item.Put, item.Post, item.Patch, item.Delete, item.Head, item.Options, item.Trace} {
			if o == nil {
				continue
			}
			s, ok := samples[o.OperationID]
			if !ok {
				f.t.Errorf("%s has no sample", o.OperationID)
			}
			list = append(list, operation{o, s})
		}
	}
	slices.SortFunc(list, func(a, b operation) int { return cmp.Compare(a.OperationID, b.OperationID) })
	return list, api.OpenAPI().Components.Schemas
}

func fill(template, merchant, article, job string) string {
	return strings.NewReplacer("{merchant}", merchant, "{article}", article, "{job}", job).Replace(template)
}

// Answers have a status, a content type and a body as the document says, each operation's good one and some refusals.
func TestAnswersAreAsDocumented(t *testing.T) {
	f := newFixture(t, nil)
	list, schemas := f.operations()
	var set Accepted
	f.ok("north", "PATCH", north+"/articles/a1", `{"pack_size": 4}`, &set)
	f.finish(set.Job)
	check := func(o operation, what string, a answer) {
		t.Helper()
		r := o.Responses[strconv.Itoa(a.status)]
		if r == nil {
			t.Errorf("%s, %s: %d is not documented: %s", o.OperationID, what, a.status, a.body)
			return
		}
		format, _, _ := strings.Cut(a.header.Get("Content-Type"), ";")
		if len(a.body) == 0 && len(r.Content) == 0 {
			return
		}
		media := r.Content[format]
		if media == nil {
			t.Errorf("%s, %s: %d has content type %q, which is not documented", o.OperationID, what, a.status, format)
			return
		}
		if !strings.HasSuffix(format, "json") {
			return
		}
		var value any
		if err := json.Unmarshal(a.body, &value); err != nil {
			t.Errorf("%s, %s: %v", o.OperationID, what, err)
		}
		var found huma.ValidateResult
		huma.Validate(schemas, media.Schema, huma.NewPathBuffer(nil, 0), huma.ModeReadFromServer, value, &found)
		if len(found.Errors) > 0 {
			t.Errorf("%s, %s: %d is not as documented: %v in %s", o.OperationID, what, a.status, found.Errors, a.body)
		}
	}
	for _, o := range list {
		path, body := fill(o.Path, "north", "a1", set.Job)+o.query, fill(o.body, "north", "a1", set.Job)
		if o.OperationID == "merchantEvents" {
			continue // without an end
		}
		a := f.do("admin", o.Method, path, body)
		if a.status >= 300 && o.OperationID != "setRun" { // which needs nightly runs
			t.Errorf("%s: %d %s", o.OperationID, a.status, a.body)
		}
		check(o, "good", a)
		if o.OperationID == "putSettings" {
			huge := fmt.Sprintf(`{"lead_time_samples":[%s1]}`, strings.Repeat("1.2345678,", 500_000))
			if a := f.do("admin", o.Method, path, huge); a.status != 413 {
				t.Errorf("settings that are too large: %d %s", a.status, a.body)
			}
		}
		check(o, "no token", f.do("", o.Method, path, body))
		check(o, "unknown", f.do("north", o.Method, fill(o.Path, "nobody", "zz", "j999999")+o.query, fill(o.body, "nobody", "zz", "j999999")))
		for _, h := range []string{"*", `"r1"`, "nonsense"} {
			check(o, "If-None-Match", f.do("admin", o.Method, path, body, "If-None-Match", h))
			check(o, "If-Match", f.do("admin", o.Method, path, body, "If-Match", h))
		}
		for _, h := range []string{"text/csv", arrowFormat, "image/png", "nonsense"} {
			check(o, "Accept", f.do("admin", o.Method, path, body, "Accept", h))
		}
		if o.body == "" {
			continue
		}
		for _, bad := range []string{"", "\x00", "null", "[]", "{}", `{"articles":[{},{}]}`, `{"articles":[{"forecast":null},{"changes":{"horizon":"x"}}]}`,
			`{"events":[{}]}`, strings.Repeat("[", 100_000), `{"article":` + strings.Repeat(`{"a":`, 50_000)} {
			check(o, fmt.Sprintf("body %.20q", bad), f.do("admin", o.Method, path, bad))
		}
		check(o, "content type", f.do("admin", o.Method, path, body, "Content-Type", "text/plain"))
		check(o, "large body", f.do("admin", o.Method, path, strings.Repeat(" ", 9<<20)))
	}
}

// The examples of the document are accepted: who tries them first must not be turned away.
func TestExamplesAreAccepted(t *testing.T) {
	f := newFixture(t, nil)
	list, schemas := f.operations()
	for _, o := range list {
		if o.RequestBody == nil || o.OperationID == "setRun" {
			continue
		}
		body, err := json.Marshal(example(schemas, o.RequestBody.Content[jsonFormat].Schema))
		if err != nil {
			t.Fatal(err)
		}
		text := strings.NewReplacer("kitchen", "north", "22114", "a1").Replace(string(body))
		if a := f.do("admin", o.Method, fill(o.Path, "north", "a1", ""), text); a.status >= 300 {
			t.Errorf("%s: %d %s for %s", o.OperationID, a.status, a.body, text)
		}
	}
}

// example puts together the examples of a schema's parts.
func example(schemas huma.Registry, s *huma.Schema) any {
	if s.Ref != "" {
		s = schemas.SchemaFromRef(s.Ref)
	}
	if len(s.Examples) > 0 {
		return s.Examples[0]
	}
	switch s.Type {
	case huma.TypeArray:
		return []any{example(schemas, s.Items)}
	case huma.TypeObject:
		object := map[string]any{}
		for name, p := range s.Properties {
			if v := example(schemas, p); v != nil && !p.ReadOnly {
				object[name] = v
			}
		}
		return object
	}
	return nil
}

// A method that an operation does not have is told from a path that is not there, with the page beside the API, too.
func TestMethodsAndPaths(t *testing.T) {
	f := newFixture(t, func(c *Config) {
		c.Page = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "the page") })
	})
	for _, c := range []struct {
		method, path string
		status       int
		allow        string
	}{
		{"GET", "/v1/what-if", 405, "POST"}, {"GET", "/v1/runs/current", 405, "PUT"}, {"OPTIONS", "/v1/recommendations:batchGet", 405, "POST"},
		{"GET", "/v1/nothing", 404, ""}, {"GET", "/", 200, ""}, {"GET", "/index.html", 200, ""}, {"POST", "/", 405, "GET, HEAD"},
		{"POST", "/healthz", 405, "GET, HEAD"}, {"GET", "/openapi.json", 200, ""},
		{"GET", north + "/articles/" + strings.Repeat("%C3%A9", 200), 422, ""}, {"GET", north + "/articles/%FF%FE/features", 422, ""},
		{"GET", north + "/articles/a%00b/recommendation", 422, ""}, {"GET", "/v1/merchants/%0A/overview", 422, ""},
		{"GET", north + "/articles?min_stockout_risk=NaN", 422, ""}, {"GET", north + "/articles?min_overstock_share=nan", 422, ""},
		{"GET", north + "/articles?min_stockout_risk=Inf", 422, ""}, {"GET", north + "/articles?min_overstock_share=-Inf", 422, ""},
		{"GET", north + "/articles/a1/features?as_of=", 422, ""}, {"GET", north + "/articles/a1/features?as_of=yesterday", 422, ""},
	} {
		if a := f.do("north", c.method, c.path, ""); a.status != c.status || a.header.Get("Allow") != c.allow {
			t.Errorf("%s %s: %d, Allow %q: %s", c.method, c.path, a.status, a.header.Get("Allow"), a.body)
		} else if a.status == 422 && !json.Valid(a.body) {
			t.Errorf("%s %s: %s is no JSON", c.method, c.path, a.body)
		}
	}
}
