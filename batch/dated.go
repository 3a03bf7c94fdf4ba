package batch

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/restock-engine/restock/io/decision"
	"github.com/restock-engine/restock/io/table"
)

// Dated is a run over the dated folder of an input, INPUT/date=2026-01-05, into the folder of the same name of an output. It can be stopped at any
// moment and in any way; the same run again keeps the shards that are finished, does the others, and ends with the same bytes.
type Dated struct {
	Input, Output string // folders, or URLs of object stores
	Stage         string // folder for local copies of what is in object stores; "": restock in the user's folder for caches
	Date          time.Time
	Config        string            // settings file; "": restock.yaml of the dated folder, else of the input folder, if there is one
	Overrides     map[string]string // of settings, by key
	Forecast      table.ForecastOptions
	Seed          uint64
	Workers       int // 0: one per processor
	EngineVersion string
	ShardSize     int64 // articles, about; 0: DefaultShardSize
	Slice         Slice
	Queue         Queue                              // has the shards done by other processes; nil: this one does them
	Partners      func() (*decision.Partners, error) // what partners have set, asked for when the run is planned; nil: nothing
	Restart       bool                               // forget what is there
	TempDir       string                             // for input that is not sorted within a shard; "" is the system's
	After         After

	Log      func(format string, args ...any) // may be nil, as Progress
	Progress func(done, total int64)          // rows of articles

	onPlan  func(*Manifest) error    // is called when there is a plan; may be nil, as the next two
	onShard func(*ShardResult) error // is called when a shard is finished
	fetch   func(shards []int) error // brings what others have finished of shards into the output folder
	task    Task                     // what all shards' tasks have in common
}

// silent lets nobody listen where nobody does.
func (d *Dated) silent() {
	if d.Log == nil {
		d.Log = func(string, ...any) {}
	}
	if d.Progress == nil {
		d.Progress = func(int64, int64) {}
	}
	if d.onPlan == nil {
		d.onPlan = func(*Manifest) error { return nil }
	}
	if d.onShard == nil {
		d.onShard = func(*ShardResult) error { return nil }
	}
	if d.fetch == nil {
		d.fetch = func([]int) error { return nil }
	}
}

// DefaultShardSize keeps a shard's work at some seconds, and its memory at some tens of megabytes.
const DefaultShardSize = 16384

// Slice is the part of a run that one of several processes does: shards Index·S/Count up to (Index+1)·S/Count of S. The zero value is all.
type Slice struct{ Index, Count int }

func (s Slice) String() string {
	if s.Count == 0 {
		return "all"
	}
	return fmt.Sprintf("%d/%d", s.Index, s.Count)
}

// of returns the first shard of the slice and the one behind the last.
func (s Slice) of(shards int) (from, to int) {
	if s.Count == 0 {
		return 0, shards
	}
	return s.Index * shards / s.Count, (s.Index + 1) * shards / s.Count
}

// Outcome is what RunDated has done.
type Outcome struct {
	Folder     string // of the output
	Shards     int    // of the run
	Kept, Done int    // of the slice: finished before and now
	Rows       int64  // done now
	Elapsed    time.Duration
	Summary    *RunSummary // nil for a slice
}

func (d *Dated) shardSize() int64 {
	if d.ShardSize == 0 {
		return DefaultShardSize
	}
	return d.ShardSize
}

func dated(t time.Time) string { return "date=" + t.Format(time.DateOnly) }

// RunDated plans the run if that has not been done, does the shards of its slice that are not finished, and, if the slice is all, completes the run:
// see [Merge].
func RunDated(ctx context.Context, d Dated) (*Outcome, error) {
	d.silent()
	if err := d.prepareTasks(); err != nil {
		return nil, err
	}
	if d.isRemote() {
		return runRemote(ctx, d)
	}
	return runLocal(ctx, d)
}

// runLocal is RunDated over folders.
func runLocal(ctx context.Context, d Dated) (*Outcome, error) {
	start := time.Now()
	o, err := d.runLocked(ctx)
	if err == nil && d.Queue != nil {
		var merged *Outcome
		if merged, err = d.merge(ctx, lastWorkers); err == nil {
			o.Summary = merged.Summary
		}
	}
	if o != nil {
		o.Elapsed = time.Since(start)
	}
	return o, err
}

// runLocked does the part of a run that others are kept out of, or those that do not share it.
func (d *Dated) runLocked(ctx context.Context) (o *Outcome, err error) {
	start := time.Now()
	if err := d.checkFolders(); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(d.folder(), 0o755); err != nil {
		return nil, fmt.Errorf("output: %w", err)
	}
	locks, err := d.lock()
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, locks.release()) }()
	m, err := d.manifest(ctx)
	if err != nil {
		return nil, err
	}
	if err := d.onPlan(m); err != nil {
		return nil, err
	}
	from, to := d.Slice.of(len(m.Shards))
	if from == to {
		d.Log("part %s has nothing to do: the run has only %s; a smaller --shard-size makes more", d.Slice, plural(int64(len(m.Shards)), "shard", "shards"))
	}
	o = &Outcome{Folder: d.folder(), Shards: len(m.Shards)}
	todo, err := d.unfinished(ctx, m, from, to)
	if err != nil {
		return nil, err
	}
	o.Kept = to - from - len(todo)
	if o.Kept > 0 {
		d.Log("%d of %d shards are finished and kept", o.Kept, to-from)
	}
	verified, err := d.stamps()
	if err != nil {
		return nil, err
	}
	if err := d.verifyInputs(ctx, m, from, to, map[string]bool{}); err != nil {
		return nil, err
	}
	if d.Queue != nil {
		err = d.awaitTasks(ctx, m, todo, o)
	} else {
		err = d.runShards(ctx, m, todo, verified, o)
	}
	o.Elapsed = time.Since(start)
	if o.Done > 0 {
		err = errors.Join(err, d.noteTime(start, o))
	}
	if err != nil {
		return o, err
	}
	if !d.shared() {
		o.Summary, err = d.complete(ctx, m)
	}
	return o, err
}

// shared tells whether other processes do parts of the run.
func (d *Dated) shared() bool { return d.Slice.Count > 0 || d.Queue != nil }

// runShards does shards one after the other, while the input is as it was when it was verified.
func (d *Dated) runShards(ctx context.Context, m *Manifest, todo []int, verified map[string]stamp, o *Outcome) error {
	if len(todo) == 0 {
		return nil
	}
	if err := d.restorePartitions(m); err != nil {
		return err
	}
	r, err := NewRunner(m, d.inputFolder(), d.folder(), d.Workers, d.TempDir)
	if err != nil {
		return err
	}
	r.Unchanged = func() error { return d.unchanged(verified) }
	total := int64(0)
	for _, i := range todo {
		total += m.Shards[i].ArticleRows()
	}
	for _, i := range todo {
		r.Progress = func(rows int64) { d.Progress(o.Rows+rows, total) }
		result, err := r.RunShard(ctx, i)
		if err != nil {
			return err
		}
		o.Done++
		o.Rows += result.Totals.In
		if err := d.onShard(result); err != nil {
			return err
		}
	}
	return nil
}

// locks are those that a run holds.
type locks []*fileLock

func (l locks) release() error {
	var errs []error
	for _, x := range l {
		errs = append(errs, x.release())
	}
	return errors.Join(errs...)
}

// lock keeps others out of the output folder: a whole run everyone, a slice whole runs and the same slice, one with a queue whole runs.
func (d *Dated) lock() (locks, error) {
	if d.Queue != nil && d.Restart { // workers must not be at what is thrown away
		alone, err := acquire(filepath.Join(d.folder(), lockName), true)
		if err != nil {
			return nil, err
		}
		if err := errors.Join(d.forget(), alone.release()); err != nil {
			return nil, err
		}
		d.Restart = false
	}
	all, err := acquire(filepath.Join(d.folder(), lockName), !d.shared())
	if err != nil {
		return nil, err
	}
	if !d.shared() {
		return locks{all}, d.sweep(".")
	}
	if d.Queue != nil {
		return locks{all}, nil
	}
	own, err := acquire(filepath.Join(d.folder(), fmt.Sprintf("%s-%d-of-%d", lockName, d.Slice.Index, d.Slice.Count)), true)
	if err != nil {
		return nil, errors.Join(err, all.release())
	}
	return locks{all, own}, nil
}

// sweep removes what a killed run has left of files that begin with a prefix.
func (d *Dated) sweep(prefix string) error {
	errs := []error{sweep(d.folder(), prefix)}
	for _, name := range shardFolders {
		errs = append(errs, sweep(filepath.Join(d.folder(), name), prefix))
	}
	return errors.Join(errs...)
}

// manifest reads the run's manifest, or plans the run. Of several slices that start at once one plans, and the others wait for it.
func (d *Dated) manifest(ctx context.Context) (*Manifest, error) {
	if d.shared() {
		planning, err := await(ctx, filepath.Join(d.folder(), lockName+"-plan"))
		if err != nil {
			return nil, err
		}
		defer planning.release()
	}
	if d.Restart {
		if err := d.forget(); err != nil {
			return nil, err
		}
	}
	m, err := readManifest(d.folder())
	if errors.Is(err, fs.ErrNotExist) {
		return d.planned(ctx)
	}
	if err != nil {
		return nil, err
	}
	return m, d.check(m)
}

func (d *Dated) planned(ctx context.Context) (*Manifest, error) {
	m, err := d.plan(ctx)
	if err != nil {
		return nil, err
	}
	d.Log("%s in %s", plural(m.articles(), "article", "articles"), plural(int64(len(m.Shards)), "shard", "shards"))
	switch m.Order {
	case table.ByKey:
		d.Log("articles and forecast rise by key: every shard reads its own rows")
	case table.AsArticles:
		d.Log("the forecast stands in the order of the articles, which do not rise by key: every shard reads its own rows")
	case table.Partitioned:
		d.Log("the rows of the forecast are scattered: they were written to %s first, a file for each shard; sorted by merchant_id, article_id this "+
			"is not needed", filepath.Join(d.folder(), partitionsName))
	}
	return m, nil
}

// forget removes the result of an earlier run, what makes it valid first.
func (d *Dated) forget() error {
	var err error
	for _, name := range slices.Concat(runFiles(), []string{partitionsName}, shardFolders) {
		err = errors.Join(err, os.RemoveAll(filepath.Join(d.folder(), name)))
	}
	if err != nil {
		return fmt.Errorf("--restart: %w", err)
	}
	return nil
}

// unfinished returns the shards that are still to be done, and removes what a killed run has left of them.
func (d *Dated) unfinished(ctx context.Context, m *Manifest, from, to int) (todo []int, err error) {
	for i := from; i < to; i++ {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		_, err := finished(d.folder(), m, i)
		if err == nil {
			continue
		}
		if !errors.Is(err, fs.ErrNotExist) {
			d.Log("shard %d is done again: %v", i, err)
		}
		todo = append(todo, i)
		if d.Slice.Count > 0 {
			err = d.sweep("." + partName(i, "."))
		} else {
			err = nil
		}
		if err != nil {
			return nil, err
		}
	}
	return todo, nil
}

// restorePartitions writes the partitions of a scattered forecast anew if they were removed after the run was complete.
func (d *Dated) restorePartitions(m *Manifest) error {
	if m.Order != table.Partitioned {
		return nil
	}
	whole := filepath.Join(d.folder(), partitionsName)
	if _, err := os.Stat(whole); err == nil {
		return nil
	}
	folder, err := os.MkdirTemp(d.folder(), "."+partitionsName+".*.tmp")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder) // once it has its name there is nothing to remove
	options, err := m.joinOptions()
	if err != nil {
		return err
	}
	articles, err := d.find("articles")
	if err != nil {
		return err
	}
	forecasts, err := d.find("forecast")
	if err != nil {
		return err
	}
	if _, err := table.PlanShards(d.inputFolder(), articles, forecasts, folder, m.ShardSize, options); err != nil {
		return err
	}
	err = os.Rename(folder, whole)
	if _, there := os.Stat(whole); there == nil { // another process was faster
		return nil
	}
	return err
}

// noteTime appends what this process did to the file of times, the only one that differs between two runs.
func (d *Dated) noteTime(start time.Time, o *Outcome) error {
	f, err := os.OpenFile(filepath.Join(d.folder(), timingFile), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	host, _ := os.Hostname()
	seconds := o.Elapsed.Seconds()
	_, err = fmt.Fprintf(f, `{"started":%q,"host":%q,"slice":%q,"workers":%d,"shards":%d,"rows":%d,"seconds":%.3f,"rows_per_second":%.1f}`+"\n",
		start.UTC().Format(time.RFC3339), host, d.Slice, d.Workers, o.Done, o.Rows, seconds, float64(o.Rows)/seconds)
	return errors.Join(err, f.Close())
}

// Days lists the dates that have a folder in an input or output, latest first.
func Days(folder string) (days []time.Time, err error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, fmt.Errorf("folder of dates: %w", err)
	}
	for _, e := range entries {
		if text, ok := strings.CutPrefix(e.Name(), "date="); ok && e.IsDir() {
			if t, err := time.Parse(time.DateOnly, text); err == nil {
				days = append(days, t)
			}
		}
	}
	slices.SortFunc(days, func(a, b time.Time) int { return b.Compare(a) })
	return days, nil
}
