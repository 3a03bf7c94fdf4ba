package batch

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"time"

	"github.com/restock-engine/restock/internal/durable"
)

// ErrOtherRun is returned for a task whose run has been replaced by another one.
var ErrOtherRun = errors.New("the output holds another run by now")

// Worker does tasks of runs with a queue, one after the other. What it has opened and verified of a run serves the next task,
// too.
type Worker struct {
	Workers       int // 0: one per processor
	EngineVersion string
	Stage         string                           // as of Dated
	TempDir       string                           // as of Dated
	Log           func(format string, args ...any) // may be nil

	run *workerRun // of the last task
}

// workerRun is a run that a worker is at.
type workerRun struct {
	task     Task // without shard
	dated    Dated
	remote   *remote // nil if all is in folders
	manifest *Manifest
	runner   *Runner
	verified map[string]bool // input files
}

// Do does a task: when it returns, the shard is finished and verified. It may have been finished before, or be done by another
// process at the same time: the bytes are the same.
func (w *Worker) Do(ctx context.Context, t Task) (*ShardResult, error) {
	result, err := w.do(ctx, t)
	if err != nil {
		if w.run != nil && w.run.remote != nil {
			err = w.run.remote.renamed(err)
		}
		err = fmt.Errorf("run of %s in %s: %w", t.Date, t.Output, err)
		if ctx.Err() == nil { // what was opened may be what is wrong; copies of it are compared anew
			err = errors.Join(err, w.close(false))
		}
		return nil, err
	}
	return result, nil
}

func (w *Worker) do(ctx context.Context, t Task) (*ShardResult, error) {
	shard := t.Shard
	t.Shard = 0
	if w.run == nil || w.run.task != t || w.run.runner == nil {
		if err := w.Close(); err != nil {
			return nil, err
		}
		if err := w.open(ctx, t); err != nil {
			return nil, err
		}
	}
	r := w.run
	if shard < 0 || shard >= len(r.manifest.Shards) {
		return nil, fmt.Errorf("there is no shard %d, only %d of them: %w", shard, len(r.manifest.Shards), ErrOtherRun)
	}
	if err := r.fetch(ctx, shard); err != nil {
		return nil, err
	}
	result, err := finished(r.dated.folder(), r.manifest, shard)
	if err != nil {
		result, err = r.do(ctx, shard)
	}
	if err == nil && r.remote != nil && r.remote.output != nil {
		err = r.remote.publishShard(ctx, result)
	}
	return result, err
}

// Close releases what the worker has opened, and removes copies of objects.
func (w *Worker) Close() error { return w.close(true) }

func (w *Worker) close(done bool) error {
	r := w.run
	w.run = nil
	if r == nil || r.remote == nil {
		return nil
	}
	return r.remote.close(done)
}

// open finds the run of a task.
func (w *Worker) open(ctx context.Context, t Task) error {
	date, err := time.Parse(time.DateOnly, t.Date)
	if err != nil {
		return fmt.Errorf("task: %w", err)
	}
	r := &workerRun{task: t, verified: map[string]bool{}}
	r.dated = Dated{Input: t.Input, Output: t.Output, Date: date, Workers: w.Workers, EngineVersion: w.EngineVersion,
		Stage: w.Stage, TempDir: w.TempDir, Log: w.Log, Slice: noShard}
	r.dated.silent()
	w.run = r
	if r.dated.isRemote() {
		if err := r.stage(ctx); err != nil {
			return err
		}
	}
	d := &r.dated
	if r.manifest, err = readManifest(d.folder()); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w; does this machine see the place that the run was started with?", err)
	} else if err != nil {
		return err
	}
	switch {
	case r.manifest.hash != t.Manifest:
		return ErrOtherRun
	case r.manifest.EngineVersion != w.EngineVersion:
		return fmt.Errorf("it was planned by version %s, and this worker is of version %s; use workers of that version",
			r.manifest.EngineVersion, w.EngineVersion)
	}
	stamps, err := d.stamps()
	if err != nil {
		return err
	}
	if err := d.checkFiles(r.manifest); err != nil {
		return err
	}
	if r.runner, err = NewRunner(r.manifest, d.inputFolder(), d.folder(), d.Workers, d.TempDir); err != nil {
		return err
	}
	r.runner.Unchanged = func() error { return r.unchanged(stamps) }
	return nil
}

// noShard is a slice of so many that it has no shard.
var noShard = Slice{0, 1 << 30}

// stage copies what every shard needs. Workers of one machine have copies of their own.
func (r *workerRun) stage(ctx context.Context) (err error) {
	asked := r.dated
	for i := 0; ; i++ {
		r.remote, err = newRemote(&asked, fmt.Sprintf("work %d\n%s\n%s", i, asked.Input, asked.Output))
		if !errors.Is(err, durable.ErrLocked) {
			break
		}
	}
	if err != nil {
		return err
	}
	if err := r.remote.stage(ctx); err != nil {
		return err
	}
	r.dated = r.remote.local
	return nil
}

// fetch copies what there is of a shard in an object store.
func (r *workerRun) fetch(ctx context.Context, shard int) error {
	if r.remote == nil || r.remote.output == nil {
		return nil
	}
	return r.remote.fetch(ctx, []int{shard})
}

// do does a shard and verifies it. Meanwhile whole runs and the merge are kept out of the output folder.
func (r *workerRun) do(ctx context.Context, shard int) (*ShardResult, error) {
	d := &r.dated
	lock, err := acquire(filepath.Join(d.folder(), lockName), false)
	if err != nil {
		return nil, err
	}
	defer lock.release()
	if err := errors.Join(r.runner.makeFolders(), d.restorePartitions(r.manifest)); err != nil { // gone after a --restart
		return nil, err
	}
	if err := d.sweep("." + partName(shard, ".")); err != nil {
		return nil, err
	}
	if err := d.verifyInputs(ctx, r.manifest, shard, shard+1, r.verified); err != nil {
		return nil, err
	}
	if _, err := r.runner.RunShard(ctx, shard); err != nil {
		return nil, err
	}
	return finished(d.folder(), r.manifest, shard)
}

// unchanged makes sure that the run is still the one that was opened, and its input what it was.
func (r *workerRun) unchanged(stamps map[string]stamp) error {
	now, err := readManifest(r.dated.folder())
	if err != nil {
		return err
	}
	if now.hash != r.manifest.hash {
		return ErrOtherRun
	}
	return r.dated.unchanged(maps.Clone(stamps))
}
