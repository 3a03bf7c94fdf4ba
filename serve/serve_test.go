package serve

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/restock-engine/restock/forecast"
	"github.com/restock-engine/restock/io/settings"
	"github.com/restock-engine/restock/io/table"
	"github.com/restock-engine/restock/serve/access"
)

// fixture is a service with two merchants: north with articles a0 … a9, south with b0 … b4.
type fixture struct {
	*Server
	t      testing.TB
	dir    string
	tokens map[string]string
	config Config
}

var testSettings = "defaults: {holding_cost: 0.05, order_cost: 4, lead_time_mean: 2, lead_time_cv: 0.3, scenarios: 60, eval_scenarios: 120}"

func writeTables(t testing.TB, dir string, merchants map[string]int) {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(os.MkdirAll(dir, 0o755))
	aw, err := table.CreateArticles(filepath.Join(dir, "articles.parquet"), nil)
	must(err)
	levels := []float64{0.1, 0.5, 0.9}
	fw, err := table.CreateForecast(filepath.Join(dir, "forecast.parquet"), nil, levels, time.Date(2026, 11, 16, 0, 0, 0, 0, time.UTC))
	must(err)
	for _, m := range sortedNames(merchants) {
		for i := range merchants[m] {
			key := table.Key{Merchant: m, Article: fmt.Sprintf("%c%d", "ab"[min(1, len(m)-5+strings.Count(m, "u"))], i)}
			must(aw.Write(&table.ArticleRow{Key: key, OnHand: float64(5 * i), Price: 20, UnitCost: 8}))
			q := &forecast.Quantiles{Levels: levels}
			for range 12 {
				q.Values = append(q.Values, 2, 6, float32(12+i))
			}
			must(fw.Write(key, q))
		}
	}
	must(aw.Commit())
	must(fw.Commit())
}

func newFixture(t testing.TB, change func(*Config)) *fixture {
	t.Helper()
	dir := t.TempDir()
	writeTables(t, dir, map[string]int{"north": 10, "south": 5})
	return openFixture(t, dir, change)
}

func openFixture(t testing.TB, dir string, change func(*Config)) *fixture {
	t.Helper()
	set, err := settings.Parse("test", []byte(testSettings))
	if err != nil {
		t.Fatal(err)
	}
	keys, err := access.OpenFileStore(dir)
	if err != nil {
		t.Fatal(err)
	}
	f := &fixture{t: t, dir: dir, tokens: map[string]string{}}
	for name, k := range map[string]struct {
		merchants, rights []string
	}{
		"north": {[]string{"north"}, []string{"read", "what-if", "write"}}, "south": {[]string{"south"}, []string{"read", "what-if", "write"}},
		"reader": {[]string{"north"}, []string{"read"}}, "southern reader": {[]string{"south"}, []string{"read"}}, "admin": {[]string{"*"}, []string{"read", "what-if", "write"}},
	} {
		merchants, err := access.NewMerchants(k.merchants...)
		if err != nil {
			t.Fatal(err)
		}
		rights, err := access.ParseRights(k.rights)
		if err != nil {
			t.Fatal(err)
		}
		key, token, err := access.NewKey(name, merchants, rights, time.Now(), time.Time{})
		if err == nil {
			err = keys.Put(t.Context(), key)
		}
		if err != nil {
			t.Fatal(err)
		}
		f.tokens[name] = token
	}
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	f.config = Config{Dir: dir, Settings: set, Seed: 1, Workers: 2, Articles: filepath.Join(dir, "articles.parquet"),
		Forecast: filepath.Join(dir, "forecast.parquet"), Auth: &access.Authenticator{Keys: keys, Log: log}, Limits: access.DefaultLimits(), Log: log, ArchiveEvery: 50 * time.Millisecond}
	if change != nil {
		change(&f.config)
	}
	f.start()
	t.Cleanup(func() { f.Close() })
	return f
}

func (f *fixture) start() {
	f.t.Helper()
	s, err := New(f.t.Context(), f.config)
	if err != nil {
		f.t.Fatal(err)
	}
	f.Server = s
	f.eventually("the service is ready", func() bool {
		return s.ready(f.t.Context()) == nil && (f.config.Articles == "" || s.assortment.current() != nil)
	})
}

func (f *fixture) eventually(what string, ok func() bool) {
	f.t.Helper()
	for end := time.Now().Add(30 * time.Second); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			f.t.Fatalf("not within 30 seconds: %s", what)
		}
	}
}

// answer is a response, read.
type answer struct {
	status int
	header http.Header
	body   []byte
}

func (f *fixture) do(who, method, path, body string, headers ...string) answer {
	f.t.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if who != "" {
		r.Header.Set("Authorization", "Bearer "+f.tokens[who])
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	f.Handler().ServeHTTP(w, r)
	return answer{w.Code, w.Header(), w.Body.Bytes()}
}

// ok makes a request that must succeed, and decodes its answer into to, if that is not nil.
func (f *fixture) ok(who, method, path, body string, to any) answer {
	f.t.Helper()
	a := f.do(who, method, path, body)
	if a.status >= 300 {
		f.t.Fatalf("%s %s: %d %s", method, path, a.status, a.body)
	}
	if to != nil {
		if err := json.Unmarshal(a.body, to); err != nil {
			f.t.Fatalf("%s %s: %v in %s", method, path, err, a.body)
		}
	}
	return a
}

func (f *fixture) finish(job string) *Job {
	f.t.Helper()
	var j Job
	f.eventually("job "+job+" ends", func() bool {
		f.ok("admin", "GET", "/v1/jobs/"+job, "", &j)
		return j.State != "queued" && j.State != "running"
	})
	return &j
}

const north = "/v1/merchants/north"

// A partner learns nothing of others: what is another's, and what is not there, get the same answer, whatever is asked.
func TestOthersAreInvisible(t *testing.T) {
	f := newFixture(t, nil)
	var set Accepted
	f.ok("north", "PATCH", north+"/articles/a1", `{"pack_size": 4}`, &set)
	whatIf := `{"articles":[{"merchant_id":%q,"article_id":%q}]}`
	for _, c := range [][3]string{
		{"GET", "/v1/merchants/%s/articles/%s/recommendation", ""}, {"GET", "/v1/merchants/%s/articles/%s/features", ""},
		{"GET", "/v1/merchants/%s/articles/%s", ""}, {"PATCH", "/v1/merchants/%s/articles/%s", `{"pack_size":2}`},
		{"GET", "/v1/merchants/%s/overview?x=%s", ""}, {"GET", "/v1/merchants/%s/settings?x=%s", ""}, {"PUT", "/v1/merchants/%s/settings?x=%s", `{"order_cost":1}`},
		{"GET", "/v1/merchants/%s/articles?x=%s", ""}, {"GET", "/v1/merchants/%s/events?x=%s", ""},
		{"POST", "/v1/merchants/%s/events?x=%s", `{"events":[{"article_id":"a1","id":"1","type":"sale","at":"2026-11-20T00:00:00Z","quantity":1}]}`},
		{"PUT", "/v1/merchants/%s/articles/%s/features", `{"article":{"on_hand":1,"price":2,"unit_cost":1},"forecast":{"as_of":"2026-11-16","levels":[0.5],"quantiles":[[1],[1],[1],[1],[1],[1],[1],[1],[1],[1],[1],[1]]}}`},
	} {
		others := f.do("south", c[0], fmt.Sprintf(c[1], "north", "a1"), c[2])
		nobody := f.do("south", c[0], fmt.Sprintf(c[1], "nobody", "zz"), c[2])
		if others.status != 404 || nobody.status != 404 || !bytes.Equal(others.body, nobody.body) {
			t.Errorf("%s %s: %d %s; for what is not there %d %s", c[0], c[1], others.status, others.body, nobody.status, nobody.body)
		}
	}
	for _, key := range [][2]string{{"north", "a1"}, {"nobody", "zz"}} {
		if a := f.do("south", "POST", "/v1/what-if", fmt.Sprintf(whatIf, key[0], key[1])); a.status != 404 {
			t.Errorf("what-if for %v: %d %s", key, a.status, a.body)
		}
	}
	mine, missing := f.do("south", "GET", "/v1/jobs/"+set.Job, ""), f.do("south", "GET", "/v1/jobs/j999999", "")
	if mine.status != 404 || missing.status != 404 || !bytes.Equal(mine.body, missing.body) {
		t.Errorf("another's job: %d %s; a missing one: %d %s", mine.status, mine.body, missing.status, missing.body)
	}
	var got struct {
		Recommendations []json.RawMessage
		Missing         []Key
	}
	f.ok("south", "POST", "/v1/recommendations:batchGet", `{"keys":[{"merchant_id":"south","article_id":"b1"},{"merchant_id":"north","article_id":"a1"},{"merchant_id":"x","article_id":"y"}]}`, &got)
	if len(got.Recommendations) != 1 || len(got.Missing) != 2 {
		t.Errorf("batch: %d found, missing %v", len(got.Recommendations), got.Missing)
	}
	for _, c := range [][2]string{{"GET", "/v1/runs"}, {"GET", "/v1/dead-letters"}, {"GET", "/v1/shadow"}} {
		if a := f.do("south", c[0], c[1], ""); a.status != 404 {
			t.Errorf("%s: %d", c[1], a.status)
		}
	}
	if a := f.do("", "GET", "/v1/whoami", ""); a.status != 401 || a.header.Get("WWW-Authenticate") == "" {
		t.Errorf("without a token: %d %v", a.status, a.header)
	}
	if a := f.do("reader", "PATCH", north+"/articles/a1", `{"pack_size":2}`); a.status != 403 {
		t.Errorf("a reader writes: %d %s", a.status, a.body)
	}
	if a := f.do("reader", "POST", "/v1/what-if", fmt.Sprintf(whatIf, "north", "a1")); a.status != 403 {
		t.Errorf("a reader asks: %d %s", a.status, a.body)
	}
	var merchants []string
	f.ok("south", "GET", "/v1/merchants", "", &merchants)
	if fmt.Sprint(merchants) != "[south]" {
		t.Errorf("south sees the merchants %v", merchants)
	}
}

// A setting is decided anew, stored, told, archived, and still there after a restart.
func TestSettingsAreCarriedOut(t *testing.T) {
	f := newFixture(t, nil)
	var before, after table.RecommendationRow
	f.ok("north", "GET", north+"/articles/a1/recommendation", "", &before)
	var set Accepted
	f.ok("north", "PATCH", north+"/articles/a1", `{"pack_size": 7, "lead_time_mean": 4}`, &set)
	if j := f.finish(set.Job); j.State != "done" || j.Done != 1 {
		t.Fatalf("job %+v", j)
	}
	a := f.ok("north", "GET", north+"/articles/a1/recommendation", "", &after)
	if q := after.Numbers["order_quantity"]; q == 0 || int(q)%7 != 0 || after.Texts["input_hash"] == before.Texts["input_hash"] {
		t.Errorf("before %v, after %v", before.Numbers["order_quantity"], q)
	}
	if again := f.do("north", "GET", north+"/articles/a1/recommendation", "", "If-None-Match", a.header.Get("ETag")); again.status != 304 || len(again.body) > 0 {
		t.Errorf("unchanged: %d %s", again.status, again.body)
	}
	if a := f.do("north", "GET", "/v1/jobs/j0"+set.Job[1:], ""); a.status != 404 {
		t.Errorf("another spelling of the job that is done: %d %s", a.status, a.body)
	}
	f.ok("north", "PUT", north+"/settings", `{"min_fill_rate": 0.95}`, &set)
	if j := f.finish(set.Job); j.State != "done" || j.Done != 10 || j.Total != 10 {
		t.Fatalf("job %+v", j)
	}
	var o Overview
	f.ok("north", "GET", north+"/overview", "", &o)
	if o.Articles != 10 || o.Recalculated != 10 {
		t.Errorf("overview %+v", o)
	}
	f.eventually("settings are archived", func() bool {
		v, err := f.offline.AsOf(t.Context(), "merchant", "north", "", time.Now())
		return err == nil && string(v.Value) == `{"min_fill_rate":0.95}`
	})
	f.Close()
	f.start()
	var restarted table.RecommendationRow
	f.eventually("the recommendation is served again", func() bool {
		f.ok("north", "GET", north+"/articles/a1/recommendation", "", &restarted)
		return restarted.Texts["run_id"] != before.Texts["run_id"]
	})
	var columns map[string]float64
	f.ok("north", "GET", north+"/articles/a1", "", &columns)
	if columns["pack_size"] != 7 {
		t.Errorf("settings of the article after a restart: %v", columns)
	}
	// Taking it back gives what was recommended before, but for the merchant's settings.
	f.ok("north", "PATCH", north+"/articles/a1", `{"pack_size": null, "lead_time_mean": null}`, &set)
	f.finish(set.Job)
	f.ok("north", "PUT", north+"/settings", `{}`, &set)
	f.finish(set.Job)
	f.ok("north", "GET", north+"/articles/a1/recommendation", "", &after)
	if after.Texts["input_hash"] != before.Texts["input_hash"] || after.Numbers["mean_cost"] != before.Numbers["mean_cost"] {
		t.Errorf("taken back: %v and %v", after.Texts["input_hash"], before.Texts["input_hash"])
	}
}

// An unchanged question is answered as the nightly run would; a changed one next to it, on the same scenarios.
func TestWhatIf(t *testing.T) {
	f := newFixture(t, nil)
	var row table.RecommendationRow
	f.ok("north", "GET", north+"/articles/a3/recommendation", "", &row)
	var got WhatIfAnswer
	f.ok("north", "POST", "/v1/what-if", `{"articles":[{"merchant_id":"north","article_id":"a3"},
		{"merchant_id":"north","article_id":"a3","changes":{"lead_time_mean":5,"min_fill_rate":0.9},"demand_scale":1.5,"policy":"plan:0=30,4=20","frontier":true},
		{"merchant_id":"north","article_id":"none"},{"merchant_id":"south","article_id":"b1"}]}`, &got)
	same := got.Results[0]
	if same.Alternatives[0].Policy != row.Policy().String() || same.Alternatives[0].MeanCost.Estimate != row.Numbers["mean_cost"] ||
		same.InputHash != row.Texts["input_hash"] {
		t.Errorf("unchanged: %s at %v, stored %s at %v", same.Alternatives[0].Policy, same.Alternatives[0].MeanCost, row.Policy(), row.Numbers["mean_cost"])
	}
	changed := got.Results[1]
	var names []string
	for _, a := range changed.Alternatives {
		names = append(names, a.Name)
	}
	if fmt.Sprint(names) != "[recommended current own do_nothing]" || len(changed.Frontier) == 0 || changed.Alternatives[1].Policy != row.Policy().String() {
		t.Errorf("changed: %v, frontier %v", names, changed.Frontier)
	}
	for _, i := range []int{2, 3} {
		if e := got.Results[i].Error; e == nil || e.Status != 404 || got.Results[i].Answer != nil {
			t.Errorf("result %d: %+v", i, got.Results[i])
		}
	}
	// Everything is in the question: no merchant is needed.
	f.ok("south", "POST", "/v1/what-if", `{"articles":[{"article":{"on_hand":3,"price":9,"unit_cost":4},"forecast":{"as_of":"2026-11-16","levels":[0.1,0.9],
		"quantiles":[[1,5],[1,5],[1,5],[1,5],[1,5],[1,5],[1,5],[1,5],[1,5],[1,5],[1,5],[1,5]]}}]}`, &got)
	if len(got.Results[0].Alternatives) != 2 {
		t.Errorf("whole question: %+v", got.Results[0])
	}
	f.ok("south", "POST", "/v1/what-if", `{"articles":[{"article":{"on_hand":3,"price":9,"unit_cost":4},"forecast":{"as_of":"2026-11-16","levels":[0.1,0.9],
		"quantiles":[[1,5],[1,5],[1,5],[1,5],[1,5],[1,5],[1,5]]},"changes":{"min_fill_rate":0.8,"horizon":7,"lead_time_mean":1}}]}`, &got)
	if a := got.Results[0]; a.Horizon != 7 || a.Inputs.MinFillRate != 0.8 || a.Inputs.LeadTimeMean != 1 {
		t.Errorf("whole question with changes: %+v", a.Inputs)
	}
	// All that is wrong is said at once, with its place.
	a := f.do("north", "POST", "/v1/what-if", `{"articles":[{"merchant_id":"north","article_id":"a3","changes":{"lead_time_men":1,"min_fill_rate":7},"demand_scale":[1,2],"policy":"pln"}]}`)
	for _, want := range []string{"is it lead_time_mean?", "articles[0].changes.min_fill_rate", "2 factors for a forecast of 12 weeks", `"location":"body.articles[0].policy"`} {
		if a.status != 422 || !strings.Contains(string(a.body), want) {
			t.Errorf("%d without %q: %s", a.status, want, a.body)
		}
	}
}

// Nobody asks for more work than the service does for one.
func TestWorkLimits(t *testing.T) {
	f := newFixture(t, nil)
	for _, w := range workLimits {
		for _, c := range []struct {
			n      int
			status int
		}{{w.limit, 200}, {w.limit + 1, 422}} {
			changes := fmt.Sprintf(`{"horizon":2,%q:%d}`, w.name, c.n)
			a := f.do("north", "POST", "/v1/what-if", `{"articles":[{"merchant_id":"north","article_id":"a3","changes":`+changes+`}]}`)
			if a.status != c.status || c.status == 422 && !strings.Contains(string(a.body), fmt.Sprintf("%s may be at most %d", w.name, w.limit)) {
				t.Errorf("what-if with %s: %d %s", changes, a.status, a.body)
			}
		}
		for _, number := range []string{"%d", `"%d"`, `"\u002b%d"`} { // texts that are numbers are taken for numbers
			set := fmt.Sprintf(`{%q:`+number+`}`, w.name, w.limit+1)
			if a := f.do("north", "PUT", north+"/settings", set); a.status != 422 || !strings.Contains(string(a.body), "than the") {
				t.Errorf("settings %s: %d %s", set, a.status, a.body)
			}
		}
	}
}

// Features that are put, and events after the count, are what is asked about; the past can be read.
func TestFeaturesAndEvents(t *testing.T) {
	f := newFixture(t, nil)
	features := `{"article":{"on_hand":%d,"price":20,"unit_cost":8},"stock_at":"2026-11-18T00:00:00Z","forecast":{"as_of":"2026-11-16","levels":[0.1,0.5,0.9],` +
		`"quantiles":[[2,6,12],[2,6,12],[2,6,12],[2,6,12],[2,6,12],[2,6,12],[2,6,12],[2,6,12],[2,6,12],[2,6,12],[2,6,12],[2,6,12]]}}`
	onHand := func() float64 {
		var got struct {
			Article struct {
				OnHand float64 `json:"on_hand"`
			} `json:"article"`
		}
		f.ok("north", "GET", north+"/articles/new/features", "", &got)
		return got.Article.OnHand
	}
	put := f.ok("north", "PUT", north+"/articles/new/features", fmt.Sprintf(features, 40), nil)
	if onHand() != 40 {
		t.Errorf("on hand %v", onHand())
	}
	var row table.RecommendationRow
	f.ok("north", "GET", north+"/articles/new/recommendation", "", &row)
	event := `{"events":[{"article_id":"new","id":"1","type":"sale","at":"2026-11-19T00:00:00Z","quantity":3},
		{"article_id":"new","id":"2","type":"sale","at":"2026-11-17T00:00:00Z","quantity":9},
		{"article_id":"new","id":"1","type":"sale","at":"2026-11-19T00:00:00Z","quantity":3}]}`
	f.ok("north", "POST", north+"/events", event, nil)
	f.eventually("events are applied", func() bool { return onHand() == 37 })
	first := time.Now()
	if a := f.do("north", "PUT", north+"/articles/new/features", fmt.Sprintf(features, 50), "If-Match", put.header.Get("ETag")); a.status != 412 {
		t.Errorf("writing over what the events have changed: %d %s", a.status, a.body)
	}
	time.Sleep(2 * time.Millisecond)
	f.ok("north", "PUT", north+"/articles/new/features", fmt.Sprintf(features, 50), nil)
	if onHand() != 47 { // the sale of the 19th is after the count of the 18th
		t.Errorf("on hand %v", onHand())
	}
	var past struct {
		Stock struct {
			OnHand float64 `json:"on_hand"`
		} `json:"stock"`
	}
	f.eventually("the past can be read", func() bool {
		a := f.do("north", "GET", north+"/articles/new/features?as_of="+first.UTC().Format(time.RFC3339Nano), "")
		return a.status == 200 && json.Unmarshal(a.body, &past) == nil && past.Stock.OnHand == 40
	})
	half := `{"events":[{"article_id":"new","id":"half","type":"adjustment","at":"2026-11-19T00:00:00Z","quantity":-0.5}]}`
	if a := f.do("north", "POST", north+"/events", half); a.status != 422 || !strings.Contains(string(a.body), "not a whole number") {
		t.Errorf("half a unit: %d %s", a.status, a.body)
	}
	// An event is known by its article and its ID, however these are put together.
	f.ok("north", "PUT", north+"/articles/new%2F1/features", fmt.Sprintf(features, 40), nil)
	f.ok("north", "POST", north+"/events", `{"events":[{"article_id":"new/1","id":"x","type":"sale","at":"2026-11-19T00:00:00Z","quantity":1},
		{"article_id":"new","id":"1/x","type":"sale","at":"2026-11-19T00:00:00Z","quantity":2},
		{"article_id":"new","id":"1/x ","type":"sale","at":"2026-11-19T00:00:00Z","quantity":4}]}`, nil)
	f.eventually("all three are applied", func() bool { return onHand() == 41 })
	var set Accepted
	f.ok("north", "PUT", north+"/settings", `{"units": "continuous"}`, &set)
	f.ok("north", "POST", north+"/events", half, nil)
	f.eventually("half a unit of what is not counted is lost", func() bool { return onHand() == 40.5 })
	if a := f.do("north", "POST", north+"/events", `{"events":[{"article_id":"unknown","id":"1","type":"sale","at":"2026-11-19T00:00:00Z","quantity":3}]}`); a.status != 422 {
		t.Errorf("an event of an unknown article: %d %s", a.status, a.body)
	}
}

// What the store has lost comes back from the offline store.
func TestRebuild(t *testing.T) {
	f := newFixture(t, nil)
	var set Accepted
	f.ok("north", "PATCH", north+"/articles/a1", `{"pack_size": 7}`, &set)
	f.finish(set.Job)
	f.eventually("it is archived", func() bool {
		_, err := f.offline.AsOf(t.Context(), "article", "north", "a1", time.Now())
		return err == nil
	})
	f.Close()
	if err := os.RemoveAll(filepath.Join(f.dir, "nats")); err != nil {
		t.Fatal(err)
	}
	f.start()
	for range 2 {
		if _, _, err := Rebuild(t.Context(), f.store, f.offline); err != nil {
			t.Fatal(err)
		}
	}
	f.eventually("the setting is carried out again", func() bool {
		var row table.RecommendationRow
		f.ok("north", "GET", north+"/articles/a1/recommendation", "", &row)
		return int(row.Numbers["order_quantity"])%7 == 0 && strings.Contains(row.Texts["run_id"], "+j")
	})
}

// A key figure of the overview and the list that its tile leads to name the same articles.
func TestOverviewCountsWhatTheListsShow(t *testing.T) {
	var items []Summary
	shares := []float64{math.NaN(), 0, 0.1, 0.2499, 0.25, 0.5, 1}
	for _, stock := range []float64{math.NaN(), 0, 1, 8, 1000} {
		for _, share := range shares {
			for _, risk := range shares {
				for week := range 2 {
					items = append(items, Summary{Status: statuses[week*2], OrderWeek: week, OrderQuantity: float32(len(items) % 3), Stock: known(stock),
						Overstock: known(stock * share), StockoutRisk: known(risk)})
				}
			}
		}
	}
	var o Overview
	o.add(items)
	for name, c := range map[string]struct {
		figure int
		filter listQuery
	}{
		"articles": {o.Articles, listQuery{}}, "to order": {o.ToOrder, listQuery{OrderNow: true}}, "degraded": {o.Degraded, listQuery{Status: "degraded"}},
		"would run out": {o.StockoutRisk, listQuery{MinRisk: 0.25}}, "too much stock": {o.Overstock, listQuery{MinOverstk: 0.25}},
	} {
		listed := 0
		for i := range items {
			if c.filter.passes(&items[i]) {
				listed++
			}
		}
		if listed != c.figure || listed == 0 {
			t.Errorf("%s: the overview counts %d articles, the list shows %d", name, c.figure, listed)
		}
	}
	if want := 3 * 3 * len(shares) * 2; o.Overstock != want { // three sizes of stock, three shares from 0.25 on
		t.Errorf("too much stock: %d articles, want %d", o.Overstock, want)
	}
}

// A merchant's fill rates weigh articles by price and demand, those of the nightly run and newer ones alike.
func TestOverviewFillRates(t *testing.T) {
	f := newFixture(t, nil)
	f.ok("north", "PUT", north+"/articles/a1/features", `{"article":{"on_hand":1,"price":900,"unit_cost":8},"stock_at":"2026-11-18T00:00:00Z",`+
		`"forecast":{"as_of":"2026-11-16","levels":[0.5],"quantiles":[[3],[3],[3],[3],[3],[3],[3],[3],[3],[3],[3],[3]]}}`, nil)
	var set Accepted
	f.ok("north", "PATCH", north+"/articles/a1", `{"pack_size": 40}`, &set)
	f.finish(set.Job)
	var o Overview
	f.ok("north", "GET", north+"/overview", "", &o)
	var served, unordered, demand, plain float64
	for i := range 10 {
		var row table.RecommendationRow
		f.ok("north", "GET", fmt.Sprintf("%s/articles/a%d/recommendation", north, i), "", &row)
		weight := 20 * row.Numbers["mean_demand"]
		if i == 1 {
			weight = 900 * row.Numbers["mean_demand"]
		}
		demand += weight
		served += weight * row.Numbers["fill_rate"]
		unordered += weight * row.Numbers["none_fill_rate"]
		plain += row.Numbers["none_fill_rate"] / 10
	}
	served, unordered = served/demand, unordered/demand
	if math.Abs(plain-unordered) < 0.05 {
		t.Fatalf("the weights make no difference: %v and %v", plain, unordered)
	}
	if math.Abs(o.MeanFillRate-served) > 1e-6 || math.Abs(o.MeanNoneFill-unordered) > 1e-6 {
		t.Errorf("served %v and %v without orders, want %v and %v", o.MeanFillRate, o.MeanNoneFill, served, unordered)
	}
}

func TestListsAndFormats(t *testing.T) {
	f := newFixture(t, nil)
	var seen []string
	for cursor := ""; ; {
		var p Page
		f.ok("north", "GET", north+"/articles?sort=-order_quantity&limit=3&cursor="+cursor, "", &p)
		for _, item := range p.Items {
			seen = append(seen, item.ArticleID)
		}
		if cursor = p.Next; cursor == "" {
			break
		}
	}
	if len(seen) != 10 {
		t.Errorf("pages had %v", seen)
	}
	a := f.do("north", "GET", north+"/articles?sort=nonsense", "")
	if a.status != 422 || !strings.Contains(string(a.body), "stockout_risk") {
		t.Errorf("sorting by nonsense: %d %s", a.status, a.body)
	}
	csv := f.do("north", "GET", north+"/articles", "", "Accept", "text/csv")
	if lines := strings.Count(string(csv.body), "\n"); csv.status != 200 || lines != 11 {
		t.Errorf("CSV: %d, %d lines", csv.status, lines)
	}
	arrow := f.do("north", "GET", north+"/articles/a1/recommendation", "", "Accept", arrowFormat)
	r, err := table.OpenRecommendations("-", bytes.NewReader(arrow.body))
	if err != nil {
		t.Fatal(err)
	}
	if row, err := r.Next(); err != nil || row.Article != "a1" {
		t.Errorf("Arrow: %v, %v", row, err)
	}
	if a := f.do("north", "GET", north+"/articles/a1/recommendation", "", "Accept", "image/png"); a.status != 406 {
		t.Errorf("as an image: %d", a.status)
	}
	for path, want := range map[string]int{"/nothing": 404, "/v1/nothing": 404, "/healthz": 200, "/readyz": 200, "/metrics": 200, "/openapi.json": 200} {
		if a := f.do("north", "GET", path, ""); a.status != want {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
	}
	if a := f.do("north", "DELETE", "/v1/what-if", ""); a.status != 405 || a.header.Get("Allow") == "" {
		t.Errorf("DELETE: %d %v", a.status, a.header)
	}
}
