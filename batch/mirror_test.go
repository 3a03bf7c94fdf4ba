package batch

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gocloud.dev/blob/memblob"
)

// memoryMirror is a mirror of a bucket that tells the MD5 of objects, as cloud stores do.
func memoryMirror(t *testing.T) *mirror {
	t.Helper()
	bucket := memblob.OpenBucket(nil)
	t.Cleanup(func() { bucket.Close() })
	m, err := newMirror("mem://test/?x=1", bucket, filepath.Join(t.TempDir(), "copies"))
	check(t, err)
	return m
}

// TestMirror: what is equal on both sides is not copied again, in either direction, with the record and without; what differs is.
func TestMirror(t *testing.T) {
	ctx := context.Background()
	m := memoryMirror(t)
	store := func(key, text string) { check(t, m.bucket.WriteAll(ctx, key, []byte(text), nil)) }
	copied := func(what string, want int) {
		t.Helper()
		if m.copied != want {
			t.Errorf("%s: %d copied, want %d", what, m.copied, want)
		}
	}
	store("date=1/a/x", "first")
	check(t, m.get(ctx, "date=1/a/x"))
	check(t, m.get(ctx, "date=1/a/x"))
	copied("the same twice", 1)
	check(t, os.WriteFile(m.path("date=1/a/x"), []byte("FIRST"), 0o644))
	check(t, m.get(ctx, "date=1/a/x"))
	copied("a damaged copy", 2)
	store("date=1/a/x", "other")
	check(t, m.get(ctx, "date=1/a/x"))
	copied("another object", 3)
	data, err := os.ReadFile(m.path("date=1/a/x"))
	if err != nil || string(data) != "other" {
		t.Errorf("the copy is %q, %v", data, err)
	}

	record, err := os.ReadFile(m.record)
	check(t, err)
	check(t, os.WriteFile(m.record, record[:len(record)-20], 0o644)) // a killed run
	for _, damage := range []string{"", "{}\n\x00\xff[1]\nnull\n\"x\""} {
		if damage != "" {
			check(t, os.WriteFile(m.record, []byte(damage), 0o644))
		}
		again, err := newMirror(m.url, m.bucket, m.folder)
		check(t, err)
		check(t, again.get(ctx, "date=1/a/x"))
		if again.copied != 0 || again.kept != 1 {
			t.Errorf("without the record: %d copied, %d kept", again.copied, again.kept)
		}
	}

	check(t, os.WriteFile(m.path("date=1/a/y"), []byte("mine"), 0o644))
	check(t, m.put(ctx, "date=1/a/y"))
	first, err := m.attributes(ctx, "date=1/a/y")
	check(t, err)
	delete(m.known, "date=1/a/y")
	check(t, m.put(ctx, "date=1/a/y"))
	if second, err := m.attributes(ctx, "date=1/a/y"); err != nil || second.ETag != first.ETag {
		t.Errorf("an object that is there was written again: %v", err)
	}
	store("date=1/a/y", "damaged")
	check(t, m.put(ctx, "date=1/a/y"))
	if data, err := m.bucket.ReadAll(ctx, "date=1/a/y"); err != nil || string(data) != "mine" {
		t.Errorf("the object is %q, %v", data, err)
	}
	err = m.get(ctx, "nothing")
	wantError(t, err, "there is no object mem://test/nothing")
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error %v is not fs.ErrNotExist", err)
	}
	if left, err := filepath.Glob(filepath.Join(m.folder, "date=1", "a", ".*")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// TestHostileKeys: an object whose name leads out of the folder of copies, or can't be a file's, is an error and no file.
func TestHostileKeys(t *testing.T) {
	ctx := context.Background()
	for _, key := range []string{"date=1/../../x", "/date=1/x", "date=1//x", "date=1/./x", "date=1/a/.."} {
		m := memoryMirror(t)
		check(t, m.bucket.WriteAll(ctx, key, []byte("x"), nil))
		_, err := m.list(ctx, "", false)
		wantError(t, err, "has a name that can't be that of a file", strings.TrimPrefix(key, "/"))
	}
	m := memoryMirror(t)
	for _, key := range []string{"date=1/", "date=1/x.17a.tmp", "date=1/good"} { // a mark of a folder, a temporary file, an object
		check(t, m.bucket.WriteAll(ctx, key, nil, nil))
	}
	list, err := m.list(ctx, "date=1/", false)
	check(t, err)
	if len(list) != 1 || list[0].Key != "date=1/good" {
		t.Errorf("listed: %v", list)
	}
}

// TestPlanOnce: of two processes that plan a run at once the second one is turned away, unless its plan is the same; and nobody
// adds shards to the plan of another.
func TestPlanOnce(t *testing.T) {
	ctx := context.Background()
	first := memoryMirror(t)
	process := func(m *mirror, text string) (*remote, *Manifest) {
		d := Dated{Output: m.folder}
		check(t, os.MkdirAll(filepath.Join(d.folder(), shardsFolder), 0o755))
		check(t, os.WriteFile(filepath.Join(d.folder(), manifestFile), []byte(text), 0o644))
		check(t, os.WriteFile(filepath.Join(d.folder(), resultName(0)), []byte("{}"), 0o644))
		return &remote{asked: &d, local: d, output: m}, &Manifest{hash: hexSHA256([]byte(text))}
	}
	for i, text := range []string{"plan", "plan", "another"} {
		m, err := newMirror(first.url, first.bucket, filepath.Join(t.TempDir(), "copies"))
		check(t, err)
		r, manifest := process(m, text)
		err = r.publishPlan(ctx, manifest)
		if i < 2 {
			check(t, err)
			check(t, r.publishShard(ctx, &ShardResult{Manifest: manifest.hash}))
		} else {
			wantError(t, err, "another process has planned the run in mem://test/date=0001-01-01/ meanwhile")
		}
		if i == 1 {
			check(t, first.bucket.WriteAll(ctx, r.key(manifestFile), []byte("a plan of a restart"), nil))
			if err := r.publishShard(ctx, &ShardResult{Manifest: manifest.hash}); !errors.Is(err, ErrOtherRun) {
				t.Errorf("a shard of another plan: %v", err)
			}
		}
	}
}
