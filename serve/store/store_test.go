package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func open(t *testing.T, dir string) *Store {
	t.Helper()
	s, err := Open(t.Context(), Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func put(t *testing.T, s *Store, k Key, value string) *Document {
	t.Helper()
	d, err := s.Put(t.Context(), Write{Key: k, Value: []byte(value)})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestDocuments(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	k := Key{Features, "M", "X"}
	if _, err := s.Get(t.Context(), k); !errors.Is(err, ErrNotFound) {
		t.Fatalf("before the first Put: %v", err)
	}
	first := put(t, s, k, "1")
	second := put(t, s, k, "2")
	if second.Previous != first.Revision || second.Revision <= first.Revision {
		t.Errorf("revisions %d then %d (previous %d)", first.Revision, second.Revision, second.Previous)
	}
	if d, err := s.Get(t.Context(), k); err != nil || string(d.Value) != "2" {
		t.Errorf("got %v, %v", d, err)
	}
	if d, err := s.Revision(t.Context(), Features, first.Revision); err != nil || string(d.Value) != "1" || d.Key != k {
		t.Errorf("the older version: %v, %v", d, err)
	}
	stale := first.Revision
	if _, err := s.Put(t.Context(), Write{Key: k, Value: []byte("3"), Expect: &stale}); !errors.Is(err, ErrConflict) {
		t.Errorf("writing over a version not seen: %v", err)
	}
	none := uint64(0)
	if _, err := s.Put(t.Context(), Write{Key: k, Value: []byte("3"), Expect: &none}); !errors.Is(err, ErrConflict) {
		t.Errorf("creating what is there: %v", err)
	}
	again := Write{Key: k, Value: []byte("4"), ID: "same"}
	a, err := s.Put(t.Context(), again)
	if err != nil {
		t.Fatal(err)
	}
	if b, err := s.Put(t.Context(), again); err != nil || b.Revision != a.Revision {
		t.Errorf("the same write twice: %v, %v", b, err)
	}
	if err := s.Forget(t.Context(), Features, first.Revision); err != nil {
		t.Error(err)
	}
	if err := s.Forget(t.Context(), Features, first.Revision); err != nil {
		t.Errorf("forgetting twice: %v", err)
	}
	if _, err := s.Put(t.Context(), Write{Key: k, Deleted: true}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Get(t.Context(), k); !errors.Is(err, ErrNotFound) {
		t.Errorf("a deleted document: %v", err)
	}
	put(t, s, Key{MerchantSettings, "M", ""}, "settings")
	s.Close()

	s = open(t, dir) // everything is there again
	if d, err := s.Get(t.Context(), Key{MerchantSettings, "M", ""}); err != nil || string(d.Value) != "settings" {
		t.Errorf("after a restart: %v, %v", d, err)
	}
}

func TestEachAndWatch(t *testing.T) {
	s := open(t, t.TempDir())
	for i := range 50 {
		put(t, s, Key{Recommendation, "M", fmt.Sprint(i % 10)}, fmt.Sprint(i))
	}
	put(t, s, Key{Job, "", "j"}, "another kind")
	seen := map[string]string{}
	if err := s.Each(t.Context(), Recommendation, "", func(d *Document) error { seen[d.Article] = string(d.Value); return nil }); err != nil {
		t.Fatal(err)
	}
	if len(seen) != 10 || seen["3"] != "43" {
		t.Errorf("each: %v", seen)
	}
	if err := s.Each(t.Context(), Run, "M", func(*Document) error { return errors.New("there is none") }); err != nil {
		t.Error(err)
	}
	var mu sync.Mutex
	watched := map[string]string{}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	if err := s.Watch(ctx, Recommendation, func(d *Document) { mu.Lock(); watched[d.Article] = string(d.Value); mu.Unlock() }); err != nil {
		t.Fatal(err)
	}
	put(t, s, Key{Recommendation, "M", "new"}, "x")
	eventually(t, "the watch has all", func() bool { mu.Lock(); defer mu.Unlock(); return len(watched) == 11 && watched["new"] == "x" })
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not within 20 seconds: %s", what)
		}
	}
}

// A message is handled until that succeeds; what never does, errors or panics, goes to the dead letters after the attempts
// allowed, once.
func TestConsumeRetriesAndBuries(t *testing.T) {
	s := open(t, t.TempDir())
	var mu sync.Mutex
	attempts := map[string]int{}
	consumer := Consumer{Name: "jobs", Kinds: []Kind{ArticleSettings, MerchantSettings}, Concurrency: 3, MaxAttempts: 3,
		Handle: func(_ context.Context, d *Delivery, last bool) error {
			mu.Lock()
			defer mu.Unlock()
			attempts[d.Article]++
			if last != (d.Attempt == 3) {
				t.Errorf("attempt %d: last is %v", d.Attempt, last)
			}
			switch d.Article {
			case "second time":
				if attempts[d.Article] == 1 {
					return errors.New("not yet")
				}
			case "poison":
				panic("always")
			case "wrong":
				return Permanent(errors.New("never"))
			}
			return nil
		}}
	for _, a := range []string{"good", "second time", "poison", "wrong"} {
		put(t, s, Key{ArticleSettings, "M", a}, "v")
	}
	put(t, s, Key{Features, "M", "not for this consumer"}, "v")
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- s.Consume(ctx, consumer) }()
	eventually(t, "nothing is pending", func() bool {
		mu.Lock()
		begun := len(attempts) == 4
		mu.Unlock()
		n, err := s.Pending(ctx, consumer)
		return begun && err == nil && n == 0
	})
	stop()
	<-done
	want := map[string]int{"good": 1, "second time": 2, "poison": 3, "wrong": 1}
	if fmt.Sprint(attempts) != fmt.Sprint(want) {
		t.Errorf("attempts %v, want %v", attempts, want)
	}
	var dead []string
	if err := s.DeadLetters(t.Context(), func(l DeadLetter) { dead = append(dead, fmt.Sprint(l.Subject, l.Attempts)) }); err != nil {
		t.Fatal(err)
	}
	if len(dead) != 2 {
		t.Errorf("dead letters %v", dead)
	}
}

// Versions that are written while a consumer is away are all handed over afterwards, in order.
func TestBatches(t *testing.T) {
	s := open(t, t.TempDir())
	for i := range 25 {
		put(t, s, Key{Features, "M", "X"}, fmt.Sprint(i))
	}
	var got []string
	fail := true
	ctx, stop := context.WithCancel(t.Context())
	err := s.Batches(ctx, Consumer{Name: "archive", Kinds: []Kind{Features}}, 10, 50*time.Millisecond, func(_ context.Context, d []Document) error {
		if fail {
			fail = false
			return errors.New("disk full")
		}
		if len(d) > 10 {
			t.Errorf("a batch of %d", len(d))
		}
		for _, x := range d {
			got = append(got, string(x.Value))
		}
		if len(got) >= 25 {
			stop()
		}
		return nil
	})
	if !errors.Is(err, context.Canceled) || len(got) != 25 {
		t.Fatalf("%v after %d: %v", err, len(got), got)
	}
}

func TestEvents(t *testing.T) {
	s := open(t, t.TempDir())
	var n, all atomic.Int64
	if err := s.Subscribe(t.Context(), "a.b", nil, func(e Event) {
		if e.Merchant != "a.b" {
			t.Errorf("an event of %q", e.Merchant)
		}
		n.Add(1)
	}); err != nil {
		t.Fatal(err)
	}
	if err := s.Subscribe(t.Context(), "", new(uint64), func(Event) { all.Add(1) }); err != nil {
		t.Fatal(err)
	}
	for _, e := range []Event{{ID: "1", Type: "report.generated", Merchant: "a.b"}, {ID: "1", Type: "report.generated", Merchant: "a.b"},
		{ID: "2", Type: "report.generated", Merchant: "a"}, {ID: "3", Type: "x", Merchant: "*"}} {
		if err := s.Publish(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "events arrive", func() bool { return n.Load() == 1 && all.Load() == 3 })
}

func FuzzEscape(f *testing.F) {
	for _, s := range []string{"", "a", "a.b", "*", ">", "é ", "=", "==", "\x00\xff", "A-_9"} {
		f.Add(s, s)
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		e := escape(a)
		if back, ok := unescape(e); !ok || back != a {
			t.Errorf("%q became %q and came back as %q", a, e, back)
		}
		for _, c := range []byte(e) {
			if !isPlain(c) && c != '=' {
				t.Errorf("%q is not a token", e)
			}
		}
		if (escape(b) == e) != (a == b) {
			t.Errorf("%q and %q share a subject", a, b)
		}
		unescape(a)
		parseKey(a)
		if k, ok := parseKey(Key{Features, a, b}.subject()); !ok || k != (Key{Features, a, b}) {
			t.Errorf("key %q %q came back as %v", a, b, k)
		}
	})
}

func TestTooLarge(t *testing.T) {
	s := open(t, t.TempDir())
	if _, err := s.Put(t.Context(), Write{Key: Key{Features, "M", "X"}, Value: bytes.Repeat([]byte("x"), maxMessage)}); err == nil {
		t.Error("a document beyond the limit was taken")
	}
	if _, err := s.Put(t.Context(), Write{Key: Key{Features, string(make([]byte, MaxIDLength+1)), "X"}}); err == nil {
		t.Error("an ID beyond the limit was taken")
	}
}
