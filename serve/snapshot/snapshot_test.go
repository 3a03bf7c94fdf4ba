package snapshot

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
)

func make1(t testing.TB, n int) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "s.snap")
	w, err := Create(path, Meta{ID: "x", Columns: []string{"a", "b"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range rand.New(rand.NewPCG(1, 2)).Perm(n) {
		if err := w.Add(fmt.Sprint("m", i%7), fmt.Sprint(i), []byte(fmt.Sprint("record ", i)), float64(i), 2); err != nil {
			t.Fatal(err)
		}
	}
	if n > 3 { // again: the later one counts
		if err := w.Add("m3", "3", []byte("later"), 33, 2); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Commit(); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestFindsEverySKU(t *testing.T) {
	for _, n := range []int{0, 1, 5, 1000} {
		s, err := Open(make1(t, n))
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		if s.Len() != n {
			t.Fatalf("%d SKUs, want %d", s.Len(), n)
		}
		for i := range n {
			want, value := fmt.Sprint("record ", i), float64(i)
			if i == 3 && n > 3 {
				want, value = "later", 33
			}
			k := s.Find(fmt.Sprint("m", i%7), fmt.Sprint(i))
			got, err := s.Get(fmt.Sprint("m", i%7), fmt.Sprint(i))
			if err != nil || string(got) != want || k < 0 || s.Value(k, s.Column("a")) != value {
				t.Fatalf("SKU %d: %q, %v", i, got, err)
			}
		}
		for _, k := range [][2]string{{"m1", "0"}, {"", ""}, {"zz", "1"}, {"m1", "99999"}} {
			if _, err := s.Get(k[0], k[1]); !errors.Is(err, ErrNotFound) {
				t.Errorf("%v: %v", k, err)
			}
		}
	}
}

// A damaged file is refused, or the damage is found where the record is read; never is something else returned.
func TestDamage(t *testing.T) {
	path := make1(t, 50)
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(good); i += 3 {
		bad := append([]byte(nil), good...)
		bad[i] ^= 0x41
		if i%2 == 0 {
			bad = bad[:i]
		}
		name := filepath.Join(t.TempDir(), "bad.snap")
		if err := os.WriteFile(name, bad, 0o644); err != nil {
			t.Fatal(err)
		}
		s, err := Open(name)
		if err != nil {
			continue
		}
		for k := range s.Len() {
			if data, err := s.Record(k); err == nil && string(data) != "later" && string(data) != "record "+s.Article(k) {
				t.Fatalf("byte %d changed: SKU %s has %q", i, s.Article(k), data)
			}
		}
		s.Close()
	}
}

func BenchmarkGet(b *testing.B) {
	s, err := Open(make1(b, 100_000))
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	for i := 0; b.Loop(); i++ {
		k := i % 100_000
		if _, err := s.Get(fmt.Sprint("m", k%7), fmt.Sprint(k)); err != nil {
			b.Fatal(err)
		}
	}
}
