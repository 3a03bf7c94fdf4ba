// Package parallel runs a pipeline read → work → write in which work runs on several goroutines and results come out in the order of the input,
// with memory bounded by the number of workers.
package parallel

import (
	"context"
	"errors"
	"io"
	"runtime"
	"sync"
)

// Workers returns n, or the number of usable processors if n is 0.
func Workers(n int) int {
	if n > 0 {
		return n
	}
	return runtime.GOMAXPROCS(0)
}

// Ordered calls next until it returns io.EOF, work on each item on one of the workers, and emit with each result in the order of the items. next and
// emit are each called from one goroutine at a time. At most 4·workers items are under way.
//
// The first error of next or emit ends the run and is returned, after the items read before it (next) have been emitted. When the context is
// cancelled, items that are under way are still finished and emitted, and the context's error is returned.
func Ordered[T, R any](ctx context.Context, workers int, next func() (T, error), work func(worker int, item T) R, emit func(R) error) error {
	type task struct {
		item   T
		result chan R
	}
	tasks := make(chan task)
	order := make(chan chan R, 4*workers)
	stop := make(chan struct{}) // closed when emit fails
	var readErr error
	go func() {
		defer close(order)
		defer close(tasks)
		for {
			select {
			case <-ctx.Done():
				readErr = ctx.Err()
				return
			case <-stop:
				return
			default:
			}
			item, err := next()
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				readErr = err
				return
			}
			t := task{item, make(chan R, 1)}
			order <- t.result
			tasks <- t
		}
	}()
	var group sync.WaitGroup
	for w := range workers {
		group.Go(func() {
			for t := range tasks {
				t.result <- work(w, t.item)
			}
		})
	}
	var emitErr error
	for result := range order {
		r := <-result
		if emitErr == nil {
			if emitErr = emit(r); emitErr != nil {
				close(stop)
			}
		}
	}
	group.Wait()
	return errors.Join(emitErr, readErr)
}
