package serve

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/restock-engine/restock/io/table"
	"github.com/restock-engine/restock/serve/offline"
	"github.com/restock-engine/restock/serve/stock"
	"github.com/restock-engine/restock/serve/store"
)

// What is put while the clock is behind, because it was ahead before, still stands above what it replaces: the versions before it,
// the nightly input, and the recommendations of the nightly run.
func TestClockIsBehind(t *testing.T) {
	f := newFixture(t, nil)
	ahead := time.Now().Add(24 * time.Hour)
	base := *f.base.Load()
	base.cut = ahead // of files that were written while the clock was ahead
	f.base.Store(&base)
	run := *f.assortment.current()
	run.Seen = ahead.UnixMicro()
	f.assortment.setRun(&run)

	f.ok("north", "PUT", north+"/articles/a1/features", samples["putFeatures"].body, nil)
	if got := f.stockOf("a1"); got != 1 {
		t.Errorf("features that were put have %v on hand, want 1: the older nightly input is taken for newer", got)
	}
	var set Accepted
	f.ok("north", "PATCH", north+"/articles/a1", `{"pack_size": 7}`, &set)
	if j := f.finish(set.Job); j.State != "done" {
		t.Fatalf("job: %+v", j)
	}
	var row table.RecommendationRow
	f.ok("north", "GET", north+"/articles/a1/recommendation", "", &row)
	if row.Texts["run_id"] != run.ID+"+"+set.Job {
		t.Errorf("the recommendation is of %s, not of job %s", row.Texts["run_id"], set.Job)
	}

	// A setting was accepted while the clock was ahead, and another one after it was set right.
	settings := store.Key{Kind: store.MerchantSettings, Merchant: "south"}
	if _, err := f.store.Put(t.Context(), store.Write{Key: settings, Value: []byte(`{"order_cost":1}`), After: ahead}); err != nil {
		t.Fatal(err)
	}
	f.ok("south", "PUT", "/v1/merchants/south/settings", `{"order_cost":2}`, nil)
	newest := func(s *offline.Store) string {
		value := ""
		err := s.Latest(t.Context(), time.Time{}, []string{"merchant"}, func(v offline.Version) error {
			value = string(v.Value)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
	f.eventually("both are archived", func() bool { return newest(f.offline) != "" && newest(f.offline) != `{"order_cost":1}` })
	if got := newest(f.offline); got != `{"order_cost":2}` {
		t.Errorf("the offline store's newest is %s: a rebuild and the nightly run would take the older setting", got)
	}
}

// An event that was accepted is applied, though the clock says meanwhile that it lies in the future; one that a clock far ahead has
// let out of the broker's memory of IDs is still counted once.
func TestEventsAndTheClock(t *testing.T) {
	f := newFixture(t, nil)
	e := StockEvent{ArticleID: "a9", Event: stock.Event{ID: "1", Type: stock.Sale, At: time.Now().Add(48 * time.Hour).UTC(), Quantity: 2}}
	before := f.stockOf("a9")
	for i := range 3 { // as the broker would deliver them that has forgotten the ID
		data, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		if err := f.store.Accept(t.Context(), "north", fmt.Sprintf("a9/1/%d", i), data); err != nil {
			t.Fatal(err)
		}
	}
	f.eventually("the sale is applied", func() bool { return f.stockOf("a9") != before })
	f.eventually("all is handled", func() bool {
		n, err := f.store.Pending(t.Context(), f.inputConsumer())
		return err == nil && n == 0
	})
	if got := f.stockOf("a9"); got != before-2 {
		t.Errorf("%v on hand after one sale of 2 from %v", got, before)
	}
}

func (f *fixture) stockOf(article string) float64 {
	f.t.Helper()
	k, err := f.features(f.t.Context(), table.Key{Merchant: "north", Article: article})
	if err != nil {
		f.t.Fatal(err)
	}
	row := k.current()
	return row.OnHand
}
