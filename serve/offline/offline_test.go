package offline

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

var start = time.Date(2026, 11, 16, 20, 0, 0, 0, time.UTC)

func open(t testing.TB, dir string) *Store {
	t.Helper()
	s, err := Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// history makes versions of a few documents, over some hours across midnight.
func history(n int) []Version {
	r := rand.New(rand.NewPCG(5, 6))
	var all []Version
	for i := range n {
		v := Version{Kind: []string{"features", "article", "merchant"}[r.IntN(3)], Merchant: fmt.Sprint("m", r.IntN(3)), Article: fmt.Sprint(r.IntN(20)),
			Revision: uint64(i + 1), Accepted: start.Add(time.Duration(i) * time.Minute), Deleted: r.IntN(10) == 0, Value: fmt.Appendf(nil, `{"v":%d}`, i)}
		all = append(all, v)
	}
	return all
}

// want is the newest version at a moment, by looking at all of them.
func want(all []Version, kind, merchant, article string, t time.Time) *Version {
	for _, v := range slices.Backward(all) {
		if v.Kind == kind && v.Merchant == merchant && v.Article == article && !v.Accepted.After(t) {
			return &v
		}
	}
	return nil
}

// Whatever the batches, repeated after crashes, and compacted in between: every past state is what it was.
func TestAsOf(t *testing.T) {
	all := history(500)
	dir := t.TempDir()
	s := open(t, dir)
	r := rand.New(rand.NewPCG(1, 1))
	check := func(from int) {
		t.Helper()
		for range 60 {
			kind, merchant, article := all[r.IntN(len(all))].Kind, fmt.Sprint("m", r.IntN(4)), fmt.Sprint(r.IntN(22))
			at := start.Add(time.Duration(r.IntN(from*60+3600)) * time.Second)
			got, err := s.AsOf(t.Context(), kind, merchant, article, at)
			w := want(all[:from], kind, merchant, article, at)
			if w == nil {
				if !errors.Is(err, ErrNotFound) {
					t.Fatalf("%s %s %s at %s: %v, %v; there is none", kind, merchant, article, at, got, err)
				}
				continue
			}
			if err != nil || got.Revision != w.Revision || string(got.Value) != string(w.Value) || got.Deleted != w.Deleted || !got.Accepted.Equal(w.Accepted) {
				t.Fatalf("%s %s %s at %s: %+v, %v; want %+v", kind, merchant, article, at, got, err, *w)
			}
		}
	}
	for i := 0; i < len(all); {
		n := min(1+r.IntN(40), len(all)-i)
		back := max(0, i-r.IntN(10)) // some come again, in another batch
		if err := s.Append(t.Context(), all[back:i+n]); err != nil {
			t.Fatal(err)
		}
		i += n
		if r.IntN(6) == 0 {
			if err := s.Compact(t.Context(), start.AddDate(0, 0, 1)); err != nil {
				t.Fatal(err)
			}
		}
		check(i)
	}
	if err := s.Compact(t.Context(), start.AddDate(1, 0, 0)); err != nil {
		t.Fatal(err)
	}
	check(len(all))
	files, err := s.files(t.Context(), time.Time{})
	if err != nil || len(files) != 2 {
		t.Errorf("%d files after compaction of two days (%v)", len(files), err)
	}
	for _, until := range []time.Time{{}, start.Add(3 * time.Hour)} {
		seen := map[string]bool{}
		err := s.Latest(t.Context(), until, []string{"features", "merchant"}, func(v Version) error {
			limit := until
			if limit.IsZero() {
				limit = start.AddDate(1, 0, 0)
			}
			key := keyOf(v.Kind, v.Merchant, v.Article)
			if w := want(all, v.Kind, v.Merchant, v.Article, limit); seen[key] || v.Kind == "article" || w == nil || w.Revision != v.Revision {
				t.Errorf("latest %+v, want %+v", v, w)
			}
			seen[key] = true
			return nil
		})
		if err != nil || len(seen) == 0 {
			t.Errorf("latest: %d documents, %v", len(seen), err)
		}
	}
}

func TestAppendAgainIsTheSameFile(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	all := history(100)
	for range 2 {
		if err := s.Append(t.Context(), all); err != nil {
			t.Fatal(err)
		}
	}
	files, err := s.files(t.Context(), time.Time{})
	if err != nil || len(files) != 1 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	if err := s.Append(t.Context(), nil); err != nil {
		t.Error(err)
	}
}

// A damaged file, or one of somebody else, is an error that names it, never other data and never a panic.
func TestDamage(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	all := history(60)
	if err := s.Append(t.Context(), all); err != nil {
		t.Fatal(err)
	}
	files, _ := s.files(t.Context(), time.Time{})
	path := filepath.Join(dir, filepath.FromSlash(files[0].name))
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(good); i += 7 {
		bad := slices.Clone(good)
		if i%3 == 0 {
			bad = bad[:i]
		} else {
			bad[i] ^= 0x55
		}
		if err := os.WriteFile(path, bad, 0o644); err != nil {
			t.Fatal(err)
		}
		for _, x := range all[:3] {
			_, err := s.AsOf(t.Context(), x.Kind, x.Merchant, x.Article, start.AddDate(0, 0, 2))
			if err == nil || errors.Is(err, ErrNotFound) || !strings.Contains(err.Error(), files[0].name) {
				t.Fatalf("byte %d: %v does not name the file", i, err)
			}
		}
	}
}

func BenchmarkAppend(b *testing.B) {
	for _, n := range []int{1000, 10_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			s := open(b, b.TempDir())
			all := history(n)
			for b.Loop() {
				if err := s.Append(b.Context(), all); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkAsOf(b *testing.B) {
	s := open(b, b.TempDir())
	for i := range 100 {
		var list []Version
		for k := range 1000 {
			list = append(list, Version{Kind: "features", Merchant: "m", Article: fmt.Sprint(1000*i + k), Revision: uint64(1000*i + k + 1),
				Accepted: start.Add(time.Duration(1000*i+k) * time.Second), Value: []byte(`{}`)})
		}
		if err := s.Append(b.Context(), list); err != nil {
			b.Fatal(err)
		}
	}
	for i := 0; b.Loop(); i++ {
		if _, err := s.AsOf(b.Context(), "features", "m", fmt.Sprint(i*7919%100_000), start.AddDate(0, 0, 9)); err != nil {
			b.Fatal(err)
		}
	}
}
