package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/restock-engine/restock/batch"
	"github.com/restock-engine/restock/optimize"
	"github.com/restock-engine/restock/serve/store"
)

// queueFlags name a queue of shards.
type queueFlags struct{ url, credentials string }

func (f *queueFlags) register(cmd *cobra.Command, usage string) {
	cmd.Flags().StringVar(&f.url, "queue", "", usage)
	cmd.Flags().StringVar(&f.credentials, "queue-credentials", "", "credentials `FILE` for these servers")
}

// natsQueue is a queue in NATS servers. A group of tasks is the shards of a manifest.
type natsQueue struct {
	store     *store.Store
	revisions map[batch.Task]uint64 // of tasks that this process has submitted
}

// open connects to the queue.
func (f *queueFlags) open(ctx context.Context, log *slog.Logger) (*natsQueue, error) {
	s, err := store.OpenWork(ctx, store.Options{URL: f.url, Credentials: f.credentials, Log: log})
	if err != nil {
		return nil, withHint(fmt.Errorf("--queue: %w", err),
			"it takes the address of NATS servers with JetStream (nats-server -js), as nats://host:4222")
	}
	return &natsQueue{s, map[batch.Task]uint64{}}, nil
}

func storeTask(t batch.Task) (store.Task, error) {
	data, err := json.Marshal(t)
	return store.Task{Group: t.Manifest, Item: strconv.Itoa(t.Shard), Data: data}, err
}

// Submit implements batch.Queue.
func (q *natsQueue) Submit(ctx context.Context, t batch.Task) error {
	task, err := storeTask(t)
	if err != nil {
		return err
	}
	q.revisions[t], err = q.store.Submit(ctx, task)
	return err
}

// Waiting implements batch.Queue.
func (q *natsQueue) Waiting(ctx context.Context, manifest string) (map[int]bool, error) {
	items, err := q.store.Waiting(ctx, manifest)
	shards := map[int]bool{}
	for item := range items {
		if i, err := strconv.Atoi(item); err == nil {
			shards[i] = true
		}
	}
	return shards, err
}

// Withdraw implements batch.Queue.
func (q *natsQueue) Withdraw(ctx context.Context, manifest string) error {
	return q.store.Withdraw(ctx, manifest)
}

// GivenUp implements batch.Queue.
func (q *natsQueue) GivenUp(ctx context.Context, t batch.Task) (string, error) {
	task, err := storeTask(t)
	if err != nil {
		return "", err
	}
	return q.store.GivenUp(ctx, task, q.revisions[t])
}

type batchWorkFlags struct {
	commonFlags
	queue queueFlags
	stage string
}

func newBatchWorkCommand(e *env) *cobra.Command {
	f := &batchWorkFlags{}
	cmd := &cobra.Command{
		Use:   "work",
		Short: "Do shards that wait in a queue, until it is stopped",
		Long: `work does shards of runs that were started by 'restock batch run --queue' at the same NATS servers, one after the
other, and waits for more. Start it on as many machines as there are; all must see the input and output of the runs under the
same names, as folders or object stores. When a worker is stopped or lost, another does its shard. After three failures in a row
it ends with exit code 1: something is wrong with this machine that others may not suffer from.`,
		Example: "  restock batch work --queue nats://10.0.0.7:4222",
		Args:    needs("queue"),
		RunE:    func(cmd *cobra.Command, _ []string) error { return f.run(cmd, e) },
	}
	f.queue.register(cmd, "take shards from the queue in the NATS servers at `URL`")
	registerStage(cmd, &f.stage)
	f.workers = count(runtime.GOMAXPROCS(0))
	cmd.Flags().Var(&f.workers, "workers", "work on `N` articles at a time; the result does not depend on it")
	f.registerLog(cmd)
	return cmd
}

// Bounds of failures. A shard is tried so often, and a worker that fails so often in a row is the one to blame.
const (
	shardAttempts  = 10
	workerFailures = 3
)

func (f *batchWorkFlags) run(cmd *cobra.Command, e *env) error {
	log := f.logger(e)
	q, err := f.queue.open(cmd.Context(), log)
	if err != nil {
		return err
	}
	defer q.store.Close()
	w := &batch.Worker{Workers: int(f.workers), EngineVersion: optimize.EngineVersion, Stage: f.stage,
		Log: func(format string, args ...any) { log.Info(fmt.Sprintf(format, args...)) }}
	log.Info("waiting for shards; Ctrl-C ends it")
	err = workShards(cmd.Context(), q, w)
	if closed := w.Close(); err == nil {
		err = closed
	}
	return err
}

// restAfterFailures is how long a service leaves shards to others after it has failed too often.
const restAfterFailures = time.Minute

// startShards does shards beside the service, until what it returns is called.
func (f *serveFlags) startShards(ctx context.Context, log *slog.Logger) (stop func(), err error) {
	queue := queueFlags{f.nats.URL, f.nats.Credentials}
	q, err := queue.open(ctx, log)
	if err != nil {
		return nil, err
	}
	w := &batch.Worker{Workers: int(f.workShards), EngineVersion: optimize.EngineVersion, Stage: filepath.Join(f.data, "shards"),
		Log: func(format string, args ...any) { log.Info(fmt.Sprintf(format, args...)) }}
	ctx, cancel := context.WithCancel(ctx)
	var working sync.WaitGroup
	working.Go(func() {
		for ctx.Err() == nil {
			if err := workShards(ctx, q, w); ctx.Err() == nil {
				log.Error("this service leaves shards to others for a while", "error", err)
			}
			select {
			case <-ctx.Done():
			case <-time.After(restAfterFailures):
			}
		}
		if err := w.Close(); err != nil {
			log.Warn("copies of objects", "error", err)
		}
	})
	return func() { cancel(); working.Wait(); q.store.Close() }, nil
}

// workShards does shards until it is stopped or has failed too often.
func workShards(ctx context.Context, q *natsQueue, w *batch.Worker) error {
	working, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	failures := 0
	err := q.store.Work(working, store.Work{Attempts: shardAttempts, Do: func(ctx context.Context, data []byte) error {
		var t batch.Task
		if err := json.Unmarshal(data, &t); err != nil {
			return store.Permanent(fmt.Errorf("this is no shard of a run: %w", err))
		}
		start := time.Now()
		result, err := w.Do(ctx, t)
		switch {
		case err == nil:
			failures = 0
			w.Log("shard %d of the run of %s in %s: %d rows in %s", t.Shard, t.Date, t.Output, result.Totals.In,
				time.Since(start).Round(time.Millisecond))
		case errors.Is(err, batch.ErrOtherRun):
			return store.Permanent(err)
		case ctx.Err() == nil:
			if failures++; failures == workerFailures {
				stop(fmt.Errorf("failed %d times in a row, the last time: %w", failures, err))
			}
		}
		return err
	}})
	if ctx.Err() == nil && working.Err() != nil {
		return context.Cause(working)
	}
	return err
}
