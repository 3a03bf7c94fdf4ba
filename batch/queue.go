package batch

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"time"

	"github.com/restock-engine/restock/io/objects"
)

// Queue has shards done by other processes, each by a [Worker].
type Queue interface {
	// Submit puts a task into the queue. One that waits already, or is being done, stays as it is.
	Submit(ctx context.Context, t Task) error
	// Waiting returns the shards of a manifest, by its hash, that wait or are being done. A task leaves when its shard is
	// finished.
	Waiting(ctx context.Context, manifest string) (map[int]bool, error)
	// Withdraw takes the tasks of a manifest from the queue.
	Withdraw(ctx context.Context, manifest string) error
	// GivenUp returns why a task was given up, "" if it was not.
	GivenUp(ctx context.Context, t Task) (reason string, err error)
}

// Task is a shard of a run, for a worker that sees input and output under the same names.
type Task struct {
	Input    string `json:"input"`
	Output   string `json:"output"`
	Date     string `json:"date"`
	Manifest string `json:"manifest_sha256"`
	Shard    int    `json:"shard"`
}

// times of a run with a queue.
const (
	pollTasks   = time.Second      // at most, after a first moment
	sayWaiting  = time.Minute      // without news
	becomeSeen  = 90 * time.Second // for a file of another machine to be seen here, by way of a network file system's caches
	maxSilence  = 10 * time.Minute // of the queue
	maxWithdraw = 5 * time.Second
	lastWorkers = time.Minute // for workers that do again what another has finished
)

// errQueue is an error of the queue itself. It may come back.
var errQueue = errors.New("the queue does not answer")

// prepareTasks notes where workers find input and output.
func (d *Dated) prepareTasks() (err error) {
	if d.Queue == nil {
		return nil
	}
	d.task = Task{Input: d.Input, Output: d.Output, Date: d.Date.Format(time.DateOnly)}
	for _, place := range []*string{&d.task.Input, &d.task.Output} {
		if objects.IsURL(*place) {
			continue
		}
		if *place, err = filepath.Abs(*place); err != nil {
			return err
		}
	}
	return nil
}

// awaitTasks submits shards and waits until all are finished. If that is ended by an error, or from outside, those that nobody
// has begun are withdrawn.
func (d *Dated) awaitTasks(ctx context.Context, m *Manifest, todo []int, o *Outcome) error {
	d.task.Manifest = m.hash
	err := d.submitAndAwait(ctx, m, todo, o)
	if err != nil {
		withdrawing, cancel := context.WithTimeout(context.WithoutCancel(ctx), maxWithdraw)
		defer cancel()
		err = errors.Join(err, d.Queue.Withdraw(withdrawing, m.hash))
	}
	return err
}

func (d *Dated) submitAndAwait(ctx context.Context, m *Manifest, todo []int, o *Outcome) error {
	total := int64(0)
	open := map[int]time.Time{} // when a shard was found to have left the queue
	for _, i := range todo {
		total += m.Shards[i].ArticleRows()
		open[i] = time.Time{}
		if err := d.Queue.Submit(ctx, d.taskOf(i)); err != nil {
			return fmt.Errorf("queue: shard %d: %w", i, err)
		}
	}
	if len(todo) > 0 {
		d.Log("%s in the queue", plural(int64(len(todo)), "shard is", "shards are"))
	}
	news, answered := time.Now(), time.Now()
	for pause := 10 * time.Millisecond; len(open) > 0; pause = min(2*pause, pollTasks) {
		before := len(open)
		err := d.collect(ctx, m, open, o)
		switch {
		case err == nil:
			answered = time.Now()
		case !errors.Is(err, errQueue) || ctx.Err() != nil || time.Since(answered) > maxSilence:
			return err
		}
		if len(open) < before {
			d.Progress(o.Rows, total)
			news = time.Now()
		} else if time.Since(news) > sayWaiting {
			if err == nil {
				err = errors.New("are there workers ('restock batch work') at the queue?")
			}
			d.Log("waiting for %d of %d shards; %v", len(open), len(todo), err)
			news = time.Now()
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
	}
	return nil
}

func (d *Dated) taskOf(shard int) Task {
	t := d.task
	t.Shard = shard
	return t
}

// collect takes the shards that are finished from those that are open. It is an error if one was given up. Errors of the queue
// itself are errQueue.
func (d *Dated) collect(ctx context.Context, m *Manifest, open map[int]time.Time, o *Outcome) error {
	waiting, err := d.Queue.Waiting(ctx, m.hash)
	if err != nil {
		return fmt.Errorf("%w: %w", errQueue, err)
	}
	var left []int
	for i := range m.Shards {
		if _, isOpen := open[i]; isOpen && !waiting[i] {
			left = append(left, i)
		}
	}
	if err := d.fetch(left); err != nil {
		return err
	}
	for _, i := range left {
		result, err := finished(d.folder(), m, i)
		if err == nil {
			delete(open, i)
			o.Done++
			o.Rows += result.Totals.In
			continue
		}
		reason, giveErr := d.Queue.GivenUp(ctx, d.taskOf(i))
		if giveErr != nil {
			return fmt.Errorf("%w: %w", errQueue, giveErr)
		}
		if reason != "" {
			return fmt.Errorf("shard %d was given up by the workers: %s; run again when that is mended", i, reason)
		}
		if open[i].IsZero() {
			open[i] = time.Now()
		}
		if time.Since(open[i]) > becomeSeen {
			if errors.Is(err, fs.ErrNotExist) {
				err = fmt.Errorf("%w; do the workers write to the same place?", err)
			}
			return fmt.Errorf("shard %d has left the queue, but is not finished: %w", i, err)
		}
	}
	return nil
}
