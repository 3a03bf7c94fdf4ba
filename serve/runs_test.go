package serve

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/restock-engine/restock/batch"
	"github.com/restock-engine/restock/io/decision"
	"github.com/restock-engine/restock/io/settings"
	"github.com/restock-engine/restock/io/table"
	"github.com/restock-engine/restock/optimize"
	"github.com/restock-engine/restock/serve/store"
)

// nightly runs the batch over the folder of a date.
func nightly(t *testing.T, root, date string, partners func() (*decision.Partners, error)) {
	t.Helper()
	day, err := time.Parse(time.DateOnly, date)
	if err != nil {
		t.Fatal(err)
	}
	quiet := func(string, ...any) {}
	_, err = batch.RunDated(t.Context(), batch.Dated{Input: filepath.Join(root, "in"), Output: filepath.Join(root, "out"), Date: day, Seed: 1, Workers: 2,
		EngineVersion: optimize.EngineVersion, ShardSize: 6, Partners: partners, Log: quiet, Progress: func(int64, int64) {}})
	if err != nil {
		t.Fatal(err)
	}
}

// A setting that a partner has made is in the next nightly run, whose recommendation is that of the service, byte for byte; the
// run appears at once, is announced once, and can be taken back.
func TestNightlyRunAgrees(t *testing.T) {
	root := t.TempDir()
	for _, date := range []string{"2026-11-16", "2026-11-23"} {
		writeTables(t, filepath.Join(root, "in", "date="+date), map[string]int{"north": 10, "south": 5})
	}
	if err := os.WriteFile(filepath.Join(root, "in", "restock.yaml"), []byte(testSettings), 0o644); err != nil {
		t.Fatal(err)
	}
	nightly(t, root, "2026-11-16", nil)
	f := openFixture(t, t.TempDir(), func(c *Config) {
		c.Articles, c.Forecast = "", ""
		c.Runs, c.Inputs = filepath.Join(root, "out"), filepath.Join(root, "in")
		c.Settings, _ = settings.Parse("restock.yaml", []byte(testSettings))
	})
	events := make(chan store.Event, 100)
	if err := f.store.Subscribe(t.Context(), "north", new(uint64), func(e store.Event) { events <- e }); err != nil {
		t.Fatal(err)
	}
	var first, ours, night table.RecommendationRow
	f.ok("north", "GET", north+"/articles/a2/recommendation", "", &first)
	var set Accepted
	f.ok("north", "PATCH", north+"/articles/a2", `{"pack_size": 7, "lead_time_mean": 3}`, &set)
	f.finish(set.Job)
	f.ok("north", "PUT", north+"/settings", `{"min_fill_rate": 0.97}`, &set)
	f.finish(set.Job)
	f.ok("north", "GET", north+"/articles/a2/recommendation", "", &ours)
	f.eventually("settings are archived", func() bool {
		p, err := f.offline.Partners(t.Context(), time.Time{})
		return err == nil && len(p.Merchants) == 1 && len(p.Articles) == 1
	})
	nightly(t, root, "2026-11-23", func() (*decision.Partners, error) { return f.offline.Partners(context.Background(), time.Time{}) })
	if err := f.followRuns(t.Context()); err != nil {
		t.Fatal(err)
	}
	f.ok("north", "GET", north+"/articles/a2/recommendation", "", &night)
	var o Overview
	f.ok("north", "GET", north+"/overview", "", &o)
	if o.Recalculated != 0 || night.Texts["as_of"] != "2026-11-23" || strings.Contains(night.Texts["run_id"], "+j") {
		t.Errorf("%d articles are still those of settings; run %s of %s", o.Recalculated, night.Texts["run_id"], night.Texts["as_of"])
	}
	for name, v := range night.Numbers {
		if ours.Numbers[name] != v {
			t.Errorf("%s: the nightly run has %v, the service had %v", name, v, ours.Numbers[name])
		}
	}
	if night.Texts["input_hash"] != ours.Texts["input_hash"] || night.Texts["input_hash"] == first.Texts["input_hash"] {
		t.Errorf("input %s, the service's %s, before %s", night.Texts["input_hash"], ours.Texts["input_hash"], first.Texts["input_hash"])
	}
	// Back to the run before, and on again.
	var runs Runs
	f.ok("admin", "PUT", "/v1/runs/current", `{"date":"2026-11-16"}`, &runs)
	f.ok("north", "GET", north+"/articles/a5/recommendation", "", &night)
	if !runs.Pinned || fmt.Sprint(runs.Dates) != "[2026-11-23 2026-11-16]" || night.Texts["as_of"] != "2026-11-16" {
		t.Errorf("after going back: %+v, as of %s", runs, night.Texts["as_of"])
	}
	f.ok("admin", "PUT", "/v1/runs/current", `{"date":"latest"}`, &runs)
	f.ok("north", "GET", north+"/articles/a5/recommendation", "", &night)
	if runs.Pinned || night.Texts["as_of"] != "2026-11-23" {
		t.Errorf("on again: %+v, as of %s", runs, night.Texts["as_of"])
	}
	if a := f.do("admin", "PUT", "/v1/runs/current", `{"date":"2020-01-01"}`); a.status != 422 || !strings.Contains(string(a.body), "2026-11-16") {
		t.Errorf("a run that is not there: %d %s", a.status, a.body)
	}
	reports := map[string]int{}
	for end := time.After(500 * time.Millisecond); ; {
		select {
		case e := <-events:
			reports[e.Type+" "+e.ID]++
			continue
		case <-end:
		}
		break
	}
	runsReported := 0
	for id, n := range reports {
		if n > 1 {
			t.Errorf("%s was published %d times", id, n)
		}
		if strings.HasPrefix(id, "report.generated run-") {
			runsReported++
		}
	}
	if runsReported != 2 {
		t.Errorf("reports of two runs and some jobs: %v", reports)
	}
}

// Articles for which the shadow settings recommend something else are told, and never served.
func TestShadow(t *testing.T) {
	f := newFixture(t, func(c *Config) {
		c.Shadow, _ = settings.Parse("shadow", []byte(testSettings+"\nmerchants: {north: {lead_time_mean: 6}}"))
	})
	var set Accepted
	f.ok("north", "PATCH", north+"/articles/a1", `{"order_cost": 5}`, &set)
	f.finish(set.Job)
	var list []ShadowDifference
	f.ok("admin", "GET", "/v1/shadow", "", &list)
	var row table.RecommendationRow
	f.ok("north", "GET", north+"/articles/a1/recommendation", "", &row)
	if len(list) != 1 || list[0].ShadowQuantity == list[0].LiveQuantity || list[0].LiveQuantity != row.Numbers["order_quantity"] {
		t.Errorf("differences %+v, served %v", list, row.Numbers["order_quantity"])
	}
}

// The document describes every operation, and the answers of the service are as it says.
func TestOpenAPI(t *testing.T) {
	f := newFixture(t, nil)
	var doc struct {
		OpenAPI    string                               `json:"openapi"`
		Paths      map[string]map[string]map[string]any `json:"paths"`
		Components map[string]any                       `json:"components"`
	}
	f.ok("north", "GET", "/openapi.json", "", &doc)
	operations := 0
	for path, methods := range doc.Paths {
		for method, o := range methods {
			operations++
			if o["summary"] == "" || o["operationId"] == "" {
				t.Errorf("%s %s is not described", method, path)
			}
		}
	}
	if !strings.HasPrefix(doc.OpenAPI, "3.1") || operations < 20 {
		t.Errorf("OpenAPI %s with %d operations", doc.OpenAPI, operations)
	}
}

// Hostile requests get an answer that is not the service's fault, whatever they hold.
func FuzzRequest(f *testing.F) {
	fx := newFixture(f, nil)
	paths := []string{"/v1/what-if", north + "/articles/a1/features", north + "/articles/a1", north + "/settings", north + "/events", "/v1/recommendations:batchGet", north + "/articles", "/v1/jobs/j1"}
	methods := []string{"GET", "POST", "PUT", "PATCH"}
	for i, body := range []string{`{"articles":[{"merchant_id":"north","article_id":"a1","changes":{"horizon":1e9},"demand_scale":[]}]}`, `{"article":{"on_hand":-1},"forecast":{}}`,
		`{"pack_size":1e308}`, `{"scenarios":1e9,"units":"continuous"}`, `{"events":[{"id":"","at":"x"}]}`, `{"keys":[]}`, `[]`, `null`, "\x00", `{"articles":[{"policy":"rsq:t0=9999999999999999999"}]}`,
		`{"articles":[{"merchant_id":"north","article_id":"a1","policy":"plan:0=1e300,99999=3"}]}`} {
		f.Add(uint8(i), uint8(i), body)
	}
	f.Fuzz(func(t *testing.T, path, method uint8, body string) {
		fx.t = t
		m, p := methods[int(method)%len(methods)], paths[int(path)%len(paths)]
		if m == "GET" && strings.HasSuffix(p, "/events") {
			return // a stream
		}
		if a := fx.do("north", m, p, body); a.status >= 500 && a.status != 503 || a.status == 0 {
			t.Errorf("%s %s %q: %d %s", m, p, body, a.status, a.body)
		}
	})
}
