package access

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

func openStore(t testing.TB, dir string) *FileStore {
	t.Helper()
	s, err := OpenFileStore(dir)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func put(t testing.TB, s KeyStore, k Key) {
	t.Helper()
	if err := s.Put(t.Context(), k); err != nil {
		t.Fatal(err)
	}
}

func TestFileStore(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	s := openStore(t, dir)
	if keys, err := s.List(t.Context()); len(keys) != 0 || err != nil {
		t.Errorf("a store without a file has %v, %v", keys, err)
	}
	if _, err := os.Stat(dir); err == nil {
		t.Error("looking at a store made its folder")
	}
	first, token := newTestKey(t, "first", AllRights, time.Hour, "north")
	second, _ := newTestKey(t, "second", AllRights, time.Hour, "north")
	put(t, s, first)
	put(t, s, second)
	other := openStore(t, dir)
	keys, err := other.List(t.Context())
	if err != nil || len(keys) != 2 || keys[0].ID != first.ID || keys[1].ID != second.ID {
		t.Errorf("listed %v, %v; want the two keys in order of creation", keys, err)
	}
	if k, err := other.Get(t.Context(), first.ID); err != nil || k.hash != first.hash || !k.Expires.Equal(first.Expires) {
		t.Errorf("got %+v, %v; want %+v", k, err, first)
	}
	if _, err := other.Get(t.Context(), "nobody"); !errors.Is(err, ErrNoKey) {
		t.Errorf("an unknown id: %v; want ErrNoKey", err)
	}
	info, err := os.Stat(filepath.Join(dir, keysFile))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file's mode is %v, %v; want 0600", info.Mode(), err)
	}
	data, _ := os.ReadFile(filepath.Join(dir, keysFile))
	if strings.Contains(string(data), token[len(tokenPrefix)+idLength+1:][:16]) {
		t.Error("the file has a secret in it")
	}
}

// TestFileStoreSeesChanges: a store that is in use sees keys that another one adds, changes and takes away, within a second, also
// if the changes follow each other faster than the file system's clock ticks.
func TestFileStoreSeesChanges(t *testing.T) {
	dir := t.TempDir()
	server, command := openStore(t, dir), openStore(t, dir)
	k, _ := newTestKey(t, "north", AllRights, time.Hour, "north")
	put(t, command, k)
	for i := range 3 {
		eventually(t, time.Second, func() bool { got, err := server.Get(t.Context(), k.ID); return err == nil && got.Name == k.Name })
		k.Name = strings.Repeat("x", i+1)
		put(t, command, k)
		k.Name = strings.Repeat("y", i+1) // as long as the one before
		put(t, command, k)
	}
	eventually(t, time.Second, func() bool { got, err := server.Get(t.Context(), k.ID); return err == nil && got.Name == "yyy" })
	path := filepath.Join(dir, keysFile)
	info, _ := os.Stat(path)
	data, _ := os.ReadFile(path)
	data = bytes.Replace(data, []byte(`"yyy"`), []byte(`"zzz"`), 1)
	if err := errors.Join(os.WriteFile(path, data, 0o600), os.Chtimes(path, info.ModTime(), info.ModTime())); err != nil {
		t.Fatal(err)
	}
	eventually(t, time.Second, func() bool { got, err := server.Get(t.Context(), k.ID); return err == nil && got.Name == "zzz" })
	if _, err := Revoke(t.Context(), command, k.ID, time.Now()); err != nil {
		t.Fatal(err)
	}
	eventually(t, time.Second, func() bool { got, err := server.Get(t.Context(), k.ID); return err == nil && !got.Revoked.IsZero() })
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	eventually(t, time.Second, func() bool { _, err := server.Get(t.Context(), k.ID); return errors.Is(err, ErrNoKey) })
}

func eventually(t *testing.T, limit time.Duration, good func() bool) {
	t.Helper()
	for end := time.Now().Add(limit); !good(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not within %v", limit)
		}
	}
}

func TestRevoke(t *testing.T) {
	s := openStore(t, t.TempDir())
	k, _ := newTestKey(t, "north", AllRights, time.Hour, "north")
	put(t, s, k)
	when := time.Now()
	for i := range 2 { // the second time nothing changes
		got, err := Revoke(t.Context(), s, k.ID, when.Add(time.Duration(i)*time.Minute))
		if err != nil || got.State(when) != "revoked" || !got.Revoked.Equal(when) {
			t.Errorf("revoked at %v: %+v, %v", when, got, err)
		}
	}
	if _, err := Revoke(t.Context(), s, "nobody", when); !errors.Is(err, ErrNoKey) {
		t.Errorf("an unknown id: %v; want ErrNoKey", err)
	}
}

// TestFileStoreTogether: several processes' stores put keys at the same time, and none is lost.
func TestFileStoreTogether(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "."+keysFile+".123.tmp"), nil, 0o600); err != nil { // of one that was killed
		t.Fatal(err)
	}
	var group sync.WaitGroup
	for range 4 {
		s := openStore(t, dir)
		group.Go(func() {
			for range 5 {
				k, _ := newTestKey(t, "k", AllRights, time.Hour, "north")
				if err := s.Put(t.Context(), k); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	if keys, err := openStore(t, dir).List(t.Context()); len(keys) != 20 || err != nil {
		t.Errorf("%d keys, %v; want 20", len(keys), err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, ".*.tmp")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// TestFileStoreDamaged: a file that can't be read lets nobody in and is not written over.
func TestFileStoreDamaged(t *testing.T) {
	k, _ := newTestKey(t, "north", AllRights, time.Hour, "north")
	for _, text := range []string{"", "{", "null", "[]", `{"version":2,"keys":[]}`, `{"version":1,"keys":[{}]}`, `{"version":1,"keys":[]} x`,
		`{"version":1,"keys":[],"more":1}`, `{"version":1,"keys":[null]}`} {
		dir := t.TempDir()
		s := openStore(t, dir)
		put(t, s, k)
		path := filepath.Join(dir, keysFile)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		s.file.refresh()
		if got, err := s.Get(t.Context(), k.ID); err == nil || errors.Is(err, ErrNoKey) {
			t.Errorf("%q: got %+v, %v; want an error of the file", text, got, err)
		}
		if err := s.Put(t.Context(), k); err == nil {
			t.Errorf("%q was written over", text)
		}
		if _, err := OpenFileStore(dir); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("%q: opened with %v; want an error that names the file", text, err)
		}
	}
}

func FuzzParseKeys(f *testing.F) {
	dir := f.TempDir()
	s := openStore(f, dir)
	k, _ := newTestKey(f, "north", AllRights, time.Hour, "north")
	if err := s.Put(f.Context(), k); err != nil {
		f.Fatal(err)
	}
	data, err := os.ReadFile(filepath.Join(dir, keysFile))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add([]byte(`{"version":1,"keys":[{"id":"aaaaaaaaaaaaaaaa","merchants":["*"],"rights":["read"]}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		keys, err := parseKeys(data)
		for id, k := range keys {
			if err != nil || id != k.ID || k.Validate() != nil {
				t.Errorf("%q: key %+v, %v", data, k, err)
			}
		}
	})
}
