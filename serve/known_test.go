package serve

import (
	"bytes"
	"encoding/json"
	"slices"
	"testing"

	"github.com/restock-engine/restock/io/table"
)

// Decoded features are shared: an event makes new ones, and leaves those that a request has begun with as they are.
func TestKnownFeaturesStayAsTheyAre(t *testing.T) {
	f := newFixture(t, nil)
	key := table.Key{Merchant: "north", Article: "a3"}
	// Three times: of the nightly input, of the store without an event, and with one.
	for i, id := range []string{"one", "two", "three"} {
		k, err := f.features(t.Context(), key)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := f.features(t.Context(), key); err != nil || again != k {
			t.Errorf("%d: not kept: %v", i, err)
		}
		before, err := k.encode()
		if err != nil {
			t.Fatal(err)
		}
		f.ok("north", "POST", north+"/events", `{"events":[{"article_id":"a3","id":"`+id+`","type":"sale","at":"2026-11-18T08:00:00Z","quantity":2}]}`, nil)
		f.eventually("the event is applied", func() bool {
			now, err := f.features(t.Context(), key)
			return err == nil && now != k && now.current().OnHand == k.current().OnHand-2
		})
		if after, err := k.encode(); err != nil || !bytes.Equal(before, after) {
			t.Errorf("%d: %s became %s: %v", i, before, after, err)
		}
	}
}

// A recommendation is the same bytes, alone and in a batch.
func TestBatchIsOfStoredRecommendations(t *testing.T) {
	f := newFixture(t, nil)
	one := f.ok("north", "GET", north+"/articles/a1/recommendation", "", nil).body
	var compact bytes.Buffer
	if err := json.Compact(&compact, one); err != nil || !bytes.Equal(compact.Bytes(), one) {
		t.Errorf("not compact: %s", one)
	}
	batch := f.ok("north", "POST", "/v1/recommendations:batchGet",
		`{"keys":[{"merchant_id":"north","article_id":"a1"},{"merchant_id":"south","article_id":"<b1>"},{"merchant_id":"north","article_id":"a1"}]}`, nil).body
	want := slices.Concat([]byte(`{"recommendations":[`), one, []byte(","), one, []byte(`],"missing":[{"merchant_id":"south","article_id":"\u003cb1\u003e"}]}`))
	if !bytes.Equal(batch, want) {
		t.Errorf("batch %s, want %s", batch, want)
	}
}
