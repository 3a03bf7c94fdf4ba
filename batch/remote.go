package batch

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/restock-engine/restock/io/objects"
	"github.com/restock-engine/restock/io/settings"
)

// remote is a run over object stores: it is done on local copies, by the same code as one over folders. Inputs are copied
// first; every shard is copied back when it is finished, and _SUCCESS when all else is there.
type remote struct {
	asked         *Dated
	local         Dated  // the run on the copies
	folder        string // of the copies
	lock          *fileLock
	input, output *mirror // nil for a folder
	previous      *mirror // nil: a folder, or of the output
}

// isRemote tells whether any place of the run is in an object store.
func (d *Dated) isRemote() bool {
	return objects.IsURL(d.Input) || objects.IsURL(d.Output) || objects.IsURL(d.After.Previous)
}

// runRemote is RunDated where a place of the run is in an object store.
func runRemote(ctx context.Context, d Dated) (o *Outcome, err error) {
	start := time.Now()
	r, err := newRemote(&d, fmt.Sprintf("%s\n%s\n%s", d.Input, d.Output, d.Slice))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(r.renamed(err), r.close(err == nil)) }()
	if err := r.stage(ctx); err != nil {
		return nil, err
	}
	if r.output != nil {
		r.local.onPlan = func(m *Manifest) error { return r.publishPlan(ctx, m) }
		r.local.onShard = func(result *ShardResult) error { return r.publishShard(ctx, result) }
		r.local.fetch = func(shards []int) error { return r.fetch(ctx, shards) }
	}
	if o, err = runLocal(ctx, r.local); err == nil && r.output != nil {
		err = r.publish(ctx, o.Summary != nil)
	}
	if o != nil {
		o.Folder, o.Elapsed = r.place(o.Folder), time.Since(start)
	}
	return o, err
}

// newRemote locks the folder of the copies and opens nothing else. Runs that differ in what is named have folders of their own.
func newRemote(d *Dated, name string) (*remote, error) {
	root := d.Stage
	if root == "" {
		cache, err := os.UserCacheDir()
		if err != nil {
			return nil, fmt.Errorf("there is no place for local copies of object stores: %w; name a folder with --stage", err)
		}
		root = filepath.Join(cache, "restock")
	}
	root, err := filepath.Abs(root)
	if err != nil {
		return nil, fmt.Errorf("local copies: %w", err)
	}
	day := dated(d.Date)
	if d.Date.IsZero() {
		day = "latest"
	}
	r := &remote{asked: d, local: *d, folder: filepath.Join(root, day+"-"+hexSHA256([]byte(name))[:12])}
	if err := os.MkdirAll(r.folder, 0o755); err != nil {
		return nil, fmt.Errorf("local copies: %w; name another folder with --stage", err)
	}
	if r.lock, err = acquire(filepath.Join(r.folder, lockName), true); err != nil {
		return nil, err
	}
	r.local.Log = func(format string, args ...any) { d.Log("%s", r.place(fmt.Sprintf(format, args...))) }
	if err := sweepAll(r.folder); err != nil {
		return nil, errors.Join(err, r.lock.release())
	}
	return r, nil
}

// sweepAll removes the temporary files that a killed run has left anywhere in a folder.
func sweepAll(folder string) error {
	return filepath.WalkDir(folder, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.IsDir() {
			return err
		}
		return sweep(path, ".")
	})
}

// close releases what is held. The copies are removed if they are not needed any more, and the folder if there are none.
func (r *remote) close(done bool) error {
	var errs []error
	for _, m := range []*mirror{r.input, r.output, r.previous} {
		if m != nil {
			errs = append(errs, m.bucket.Close())
		}
	}
	if done || r.empty() {
		if err := os.RemoveAll(r.folder); err != nil { // with the lock: nobody waits for it
			r.asked.Log("local copies can't be removed: %v", err)
		}
	}
	return errors.Join(append(errs, r.lock.release())...)
}

// empty tells whether nothing has been copied.
func (r *remote) empty() bool {
	found := errors.New("a copy")
	return filepath.WalkDir(r.folder, func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() && e.Name() != lockName {
			err = found
		}
		return err
	}) == nil
}

// place replaces the names of local copies in a text by what they are copies of.
func (r *remote) place(text string) string {
	for _, m := range []*mirror{r.input, r.output, r.previous} {
		if m != nil {
			text = strings.ReplaceAll(text, m.folder, m.place())
		}
	}
	return text
}

// renamedError is an error about a local copy, in the words of the one who only knows what it is a copy of.
type renamedError struct {
	error
	text string
}

func (e *renamedError) Error() string { return e.text }

func (e *renamedError) Unwrap() error { return e.error }

func (r *remote) renamed(err error) error {
	if err == nil {
		return nil
	}
	return &renamedError{err, r.place(err.Error())}
}

// mirrored opens a bucket and its mirror.
func (r *remote) mirrored(ctx context.Context, what, url, name string, create bool) (*mirror, error) {
	if strings.HasPrefix(url, "mem:") {
		return nil, fmt.Errorf("%s: %s is gone when this process ends; name another store", what, url)
	}
	open := objects.Open
	if create {
		open = objects.Create
	}
	bucket, err := open(ctx, url)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	m, err := newMirror(url, bucket, filepath.Join(r.folder, name))
	if err != nil {
		return nil, errors.Join(err, bucket.Close())
	}
	return m, nil
}

// stage copies what the run reads: its input, what there is of its output already, and the run to compare with. What is wrong
// is found before anything is written or takes time.
func (r *remote) stage(ctx context.Context) (err error) {
	d := r.asked
	if d.Input == d.Output {
		return fmt.Errorf("input and output are the same place %s; give the output one of its own", d.Output)
	}
	if err := r.openPrevious(ctx); err != nil {
		return err
	}
	var input []string
	if objects.IsURL(d.Input) {
		if r.input, err = r.mirrored(ctx, "input", d.Input, "in", false); err != nil {
			return err
		}
		r.local.Input = r.input.folder
		if input, err = r.inputKeys(ctx); err != nil {
			return err
		}
	} else if err := r.local.checkInput(); err != nil {
		return err
	}
	if objects.IsURL(d.Output) {
		if r.output, err = r.mirrored(ctx, "output", d.Output, "out", d.Slice != noShard); err != nil {
			return err
		}
		r.local.Output = r.output.folder
		if err := r.stageOutput(ctx); err != nil {
			return err
		}
	}
	if r.input != nil {
		if err := r.stageInput(ctx, input); err != nil {
			return err
		}
	}
	if d.Slice.Count > 0 {
		return nil
	}
	return r.stagePrevious(ctx)
}

// inputKeys lists the objects that the run reads, or says what is missing.
func (r *remote) inputKeys(ctx context.Context) (keys []string, err error) {
	prefix := dated(r.asked.Date) + "/"
	list, err := r.input.list(ctx, prefix, false)
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, r.missingInput(ctx)
	}
	var entries []entry
	for _, o := range list {
		name, _, isFolder := strings.Cut(strings.TrimPrefix(o.Key, prefix), "/")
		if n := len(entries); n == 0 || entries[n-1].name != name {
			entries = append(entries, entry{name, isFolder})
		}
	}
	needed := map[string]bool{settings.DefaultFile: r.asked.Config == ""}
	for _, table := range inputTables {
		name, err := findTable(r.input.at(strings.TrimSuffix(prefix, "/")), r.input.folder, entries, table)
		if errors.Is(err, fs.ErrNotExist) && (table == limitsTable || table == volumesTable) {
			continue
		}
		if err != nil {
			return nil, err
		}
		needed[name] = true
	}
	for _, o := range list {
		if name, _, _ := strings.Cut(strings.TrimPrefix(o.Key, prefix), "/"); needed[name] {
			keys = append(keys, o.Key)
		}
	}
	if r.asked.Config == "" {
		_, err := r.input.attributes(ctx, settings.DefaultFile)
		if err == nil {
			keys = append(keys, settings.DefaultFile)
		} else if !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
	}
	return keys, nil
}

// missingInput says which dates there are in place of the one that was asked for.
func (r *remote) missingInput(ctx context.Context) error {
	days, err := r.input.days(ctx)
	if err != nil {
		return err
	}
	name := dated(r.asked.Date)
	place := r.input.place()
	if base := path.Base(place); strings.HasPrefix(base, "date=") {
		return missingf("the input %s is dated itself; name the place that it is in, %s", place, strings.TrimSuffix(place, base))
	}
	return missingf("the input %s has no objects %s/…, %s", place, name, listDays(days))
}

// stageInput copies the input. Copies of what is not there any more are removed.
func (r *remote) stageInput(ctx context.Context, keys []string) error {
	needed := map[string]bool{}
	for _, key := range keys {
		needed[r.input.path(key)] = true
		if err := r.input.get(ctx, key); err != nil {
			return err
		}
	}
	err := filepath.WalkDir(r.input.folder, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || needed[path] {
			return err
		}
		return os.Remove(path)
	})
	if err != nil {
		return fmt.Errorf("local copies: %w", err)
	}
	now, err := r.inputKeys(ctx)
	if err != nil {
		return err
	}
	if !slices.Equal(now, keys) {
		return r.input.stillWritten(dated(r.asked.Date))
	}
	r.asked.Log("%s (%d bytes) copied from %s to %s, %d kept", plural(int64(r.input.copied), "object", "objects"), r.input.bytes,
		r.input.place(), r.folder, r.input.kept)
	return nil
}
