package batch

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// memoryQueue is a queue with its workers: every task is done by do, on a goroutine for each worker; a task that fails with
// errAgain comes again.
type memoryQueue struct {
	mu      sync.Mutex
	open    map[int]Task
	wanted  []Task
	given   map[int]string
	taken   int
	silent  int // calls that are not answered
	removed bool
}

var errAgain = errors.New("again")

func newMemoryQueue(t *testing.T, workers int, do func(worker int, task Task) error) *memoryQueue {
	q := &memoryQueue{open: map[int]Task{}, given: map[int]string{}}
	var busy sync.WaitGroup
	stop := make(chan struct{})
	for i := range workers {
		busy.Go(func() {
			for {
				select {
				case <-stop:
					return
				case <-time.After(time.Millisecond):
				}
				q.next(i, do)
			}
		})
	}
	t.Cleanup(func() { close(stop); busy.Wait() })
	return q
}

// next does a task if there is one.
func (q *memoryQueue) next(worker int, do func(int, Task) error) {
	q.mu.Lock()
	if len(q.wanted) == 0 {
		q.mu.Unlock()
		return
	}
	task := q.wanted[0]
	q.wanted = q.wanted[1:]
	q.taken++
	q.mu.Unlock()
	err := do(worker, task)
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case errors.Is(err, errAgain):
		q.wanted = append(q.wanted, task)
		return
	case err != nil:
		q.given[task.Shard] = err.Error()
	}
	delete(q.open, task.Shard)
}

func (q *memoryQueue) Submit(_ context.Context, t Task) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if _, ok := q.open[t.Shard]; !ok {
		q.open[t.Shard] = t
		q.wanted = append(q.wanted, t)
	}
	return nil
}

func (q *memoryQueue) Waiting(_ context.Context, manifest string) (map[int]bool, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.silent--; q.silent >= 0 {
		return nil, errors.New("no answer")
	}
	waiting := map[int]bool{}
	for i, t := range q.open {
		waiting[i] = t.Manifest == manifest
	}
	return waiting, nil
}

func (q *memoryQueue) Withdraw(context.Context, string) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.removed, q.wanted = true, nil
	return nil
}

func (q *memoryQueue) GivenUp(_ context.Context, t Task) (string, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.given[t.Shard], nil
}

// workers returns workers that end with the test.
func workers(t *testing.T, n int, stage string) []*Worker {
	list := make([]*Worker, n)
	for i := range list {
		list[i] = &Worker{Workers: 1, EngineVersion: "test", Stage: stage}
		t.Cleanup(func() { check(t, list[i].Close()) })
	}
	return list
}

// TestQueue: shards that workers do, in folders and in buckets, one of which stops in the middle and whose shard another does,
// give the bytes of a run of one process.
func TestQueue(t *testing.T) {
	input := t.TempDir()
	writeDay(t, input, daily{skus: 60, date: "2026-01-07", shuffle: true})
	want := ofFolders(t, input, "2026-01-07")
	for buckets := range 4 { // input, output or both
		output, stage := t.TempDir(), t.TempDir()
		w := workers(t, 2, stage)
		stopped := false
		q := newMemoryQueue(t, 2, func(i int, task Task) error {
			if i == 0 {
				if task.Shard > 2 && !stopped {
					stopped = true
					ctx, cancel := context.WithCancel(context.Background())
					cancel()
					if _, err := w[0].Do(ctx, task); !errors.Is(err, context.Canceled) {
						t.Errorf("a worker that was stopped: %v", err)
					}
				}
				if stopped {
					time.Sleep(10 * time.Millisecond)
					return errAgain
				}
			}
			_, err := w[i].Do(context.Background(), task)
			return err
		})
		d := smallShards(input, output, "2026-01-07")
		if buckets&1 > 0 {
			d.Input = fileURL(input)
		}
		if buckets&2 > 0 {
			d.Output = fileURL(output)
		}
		q.silent = 2
		d.Queue, d.Stage = q, stage
		o, err := RunDated(context.Background(), d)
		check(t, err)
		if o.Done != o.Shards || o.Kept != 0 || o.Summary == nil || q.taken < o.Shards {
			t.Errorf("outcome %+v, %d tasks were taken", o, q.taken)
		}
		sameTree(t, "queue", tree(t, output), want)

		path := filepath.Join(output, "date=2026-01-07", recommendationsFolder, "part-00001.parquet")
		check(t, os.Truncate(path, 100))
		d.Stage = stage
		if o, err = RunDated(context.Background(), d); err != nil || o.Done != 1 {
			t.Errorf("repaired: outcome %+v, error %v", o, err)
		}
		sameTree(t, "repaired", tree(t, output), want)
		d.Restart = true
		if o, err = RunDated(context.Background(), d); err != nil || o.Done != o.Shards {
			t.Errorf("restart: outcome %+v, error %v", o, err)
		}
		sameTree(t, "restart", tree(t, output), want)
		for i := range w {
			check(t, w[i].Close())
		}
		if left, _ := os.ReadDir(stage); len(left) != 0 {
			t.Errorf("left behind: %v", left)
		}
	}
}

// TestQueueEnds: a shard that workers give up ends the run with their reason, and an interrupted run withdraws what nobody has
// begun.
func TestQueueEnds(t *testing.T) {
	input, output := t.TempDir(), t.TempDir()
	writeDay(t, input, daily{skus: 30, date: "2026-01-07"})
	d := smallShards(input, output, "2026-01-07")
	w := workers(t, 1, "")
	q := newMemoryQueue(t, 1, func(_ int, task Task) error {
		if task.Shard == 1 {
			return errors.New("no memory")
		}
		_, err := w[0].Do(context.Background(), task)
		return err
	})
	d.Queue = q
	_, err := RunDated(context.Background(), d)
	wantError(t, err, "shard 1 was given up by the workers: no memory")
	if !q.removed {
		t.Error("the other tasks were not withdrawn")
	}

	q = newMemoryQueue(t, 0, nil)
	d.Queue = q
	ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
	defer cancel()
	if _, err = RunDated(ctx, d); !errors.Is(err, context.DeadlineExceeded) || !q.removed || len(q.open) == 0 {
		t.Errorf("error %v, withdrawn %v, %d tasks", err, q.removed, len(q.open))
	}
}

// TestWorkerRefuses: what a worker must not do, or can't.
func TestWorkerRefuses(t *testing.T) {
	input, output := t.TempDir(), t.TempDir()
	writeDay(t, input, daily{skus: 40, date: "2026-01-07"})
	d := smallShards(input, output, "2026-01-07")
	d.Slice = Slice{0, 2}
	_, err := RunDated(context.Background(), d)
	check(t, err)
	m, err := readManifest(d.folder())
	check(t, err)
	task := Task{Input: input, Output: output, Date: "2026-01-07", Manifest: m.hash, Shard: 3}
	fails := func(w *Worker, want string, change func(*Task)) {
		t.Helper()
		other := task
		change(&other)
		_, err := w.Do(context.Background(), other)
		wantError(t, err, want)
	}
	w := workers(t, 1, "")[0]
	fails(w, ErrOtherRun.Error(), func(t *Task) { t.Manifest = "0" })
	fails(w, "there is no shard 4, only 4 of them", func(t *Task) { t.Shard = 4 })
	fails(w, "does this machine see the place", func(t *Task) { t.Output = input })
	fails(w, "parsing time", func(t *Task) { t.Date = "today" })
	fails(&Worker{EngineVersion: "other"}, "it was planned by version test, and this worker is of version other", func(*Task) {})

	articles := filepath.Join(input, "date=2026-01-07", "articles.parquet")
	if _, err := w.Do(context.Background(), task); err != nil {
		t.Fatal(err)
	}
	check(t, os.Chtimes(articles, time.Now(), time.Now().Add(time.Hour)))
	fails(w, "articles.parquet was written while the run was at work", func(t *Task) { t.Shard = 2 })
	data, err := os.ReadFile(articles)
	check(t, err)
	data[100] ^= 1
	check(t, os.WriteFile(articles, data, 0o644))
	fails(w, "articles.parquet has changed since the run was planned", func(t *Task) { t.Shard = 2 })
	if _, err := w.Do(context.Background(), task); err != nil || !strings.HasPrefix(task.Manifest, m.hash) {
		t.Errorf("a shard that is finished: %v", err)
	}
}
