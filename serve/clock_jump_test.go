//go:build clockjump

package serve

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/restock-engine/restock/serve/access"
	"github.com/restock-engine/restock/serve/offline"
	"github.com/restock-engine/restock/serve/store"
)

// The clock of the whole process, the embedded broker included, is set forward and back by an hour and by a day while the service
// works. time.Skew is there in a standard library that make clock-jump patches; timers go on, as they do when a system's clock is set.
func TestClockJumps(t *testing.T) {
	f := newFixture(t, func(c *Config) { c.Limits.Requests, c.Limits.Burst = 1000, 1000 })
	keys, err := access.OpenFileStore(f.dir)
	if err != nil {
		t.Fatal(err)
	}
	merchants, _ := access.NewMerchants("north")
	short, token, err := access.NewKey("short", merchants, access.AllRights, time.Now(), time.Now().Add(30*time.Minute))
	if err == nil {
		err = keys.Put(t.Context(), short)
	}
	if err != nil {
		t.Fatal(err)
	}
	f.tokens["short"] = token
	f.eventually("the key is known", func() bool { return f.do("short", "GET", "/v1/whoami", "").status == 200 })
	defer time.Skew.Store(0)

	var failed atomic.Int32
	ctx := t.Context()
	handled := make(chan string, 10)
	handle := func(_ context.Context, d *store.Delivery, _ bool) error {
		if d.Attempt == 1 {
			failed.Add(1)
			return errors.New("the first time fails")
		}
		handled <- d.Article
		return nil
	}
	go f.store.Consume(ctx, store.Consumer{Name: "jumps", Kinds: []store.Kind{store.ShadowDifference}, Handle: handle})

	n, sold := 0, 0.0
	before := f.stockOf("a9")
	sale := func(id string) {
		t.Helper()
		f.ok("north", "POST", north+"/events", fmt.Sprintf(`{"events":[{"article_id":"a9","id":%q,"type":"sale","at":%q,"quantity":1}]}`, id,
			time.Now().UTC().Format(time.RFC3339Nano)), nil)
	}
	for _, skew := range []time.Duration{0, time.Hour, 0, -time.Hour, 0, 24 * time.Hour, 0, -24 * time.Hour, 0} {
		// A message whose handling has failed waits for its next attempt while the clock jumps.
		attempts := failed.Load()
		name := fmt.Sprint("s", n)
		key := store.Key{Kind: store.ShadowDifference, Merchant: "north", Article: name}
		if _, err := f.store.Put(ctx, store.Write{Key: key, Value: []byte("{}")}); err != nil {
			t.Fatal(err)
		}
		f.eventually("the first attempt", func() bool { return failed.Load() > attempts })
		time.Skew.Store(int64(skew / time.Second))
		jumped := time.Now()
		select {
		case got := <-handled:
			t.Logf("clock at %+v: retried after %v: %s", skew, time.Since(jumped), got)
		case <-time.After(20 * time.Second):
			t.Errorf("clock at %+v: not retried within 20 s", skew)
		}

		want := map[bool]int{true: 200, false: 401}[skew < 30*time.Minute]
		if got := f.do("short", "GET", "/v1/whoami", "").status; got != want {
			t.Errorf("clock at %+v: a key that expires in half an hour: %d, want %d", skew, got, want)
		}
		if got := f.do("north", "GET", "/v1/whoami", "").status; got != 200 {
			t.Errorf("clock at %+v: a key without end: %d", skew, got)
		}
		n++
		var set, put Accepted
		f.ok("north", "PATCH", north+"/articles/a1", fmt.Sprintf(`{"pack_size":%d}`, n), &set)
		started := time.Now()
		if j := f.finish(set.Job); j.State != "done" {
			t.Errorf("clock at %+v: %+v", skew, j)
		}
		features := fmt.Sprintf(`{"article":{"on_hand":%d,"price":2,"unit_cost":1},"forecast":%s}`, n, sampleForecast)
		f.ok("north", "PUT", north+"/articles/a2/features", features, &put)
		if got := f.stockOf("a2"); got != float64(n) {
			t.Errorf("clock at %+v: %v on hand, want what was put: %d", skew, got, n)
		}
		f.eventually("it is archived", func() bool {
			newest := map[string]uint64{}
			err := f.offline.Latest(ctx, time.Time{}, []string{"features", "article"}, func(v offline.Version) error {
				newest[v.Article] = v.Revision
				return nil
			})
			return err == nil && newest["a1"] == set.Revision && newest["a2"] == put.Revision
		})
		t.Logf("clock at %+v: decided and archived after %v", skew, time.Since(started))
		if skew >= 0 { // what happens while the clock is behind happened before the last count or sale, for all that can be known
			sale(fmt.Sprint("n", n))
			sold++
		}
		sale("once")
		if n == 1 {
			sold++
		}
		f.eventually("the events are applied", func() bool {
			pending, err := f.store.Pending(ctx, f.inputConsumer())
			return err == nil && pending == 0
		})
		if got := f.stockOf("a9"); got != before-sold {
			t.Errorf("clock at %+v: %v on hand after %v sales from %v", skew, got, sold, before)
		}
	}

	// A bucket refills by what has passed, not by what the clock says.
	g := newFixture(t, func(c *Config) { c.Limits.Requests, c.Limits.Burst = 0.001, 5 })
	statuses := map[int]int{}
	for i := range 20 {
		time.Skew.Store(int64([]time.Duration{0, time.Hour, -time.Hour, 24 * time.Hour, -24 * time.Hour}[i%5] / time.Second))
		statuses[g.do("north", "GET", "/v1/whoami", "").status]++
	}
	if statuses[200] != 5 || statuses[429] != 15 {
		t.Errorf("of 20 requests, 5 allowed: %v", statuses)
	}
}
