package batch

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/restock-engine/restock/internal/durable"
)

// fileLock is a lock on an output folder.
type fileLock struct{ lock *durable.Lock }

// acquire locks a file, alone or together with others. It does not wait: see durable.ErrLocked.
func acquire(path string, alone bool) (*fileLock, error) {
	lock, err := durable.Acquire(path, 0o644, alone)
	if errors.Is(err, durable.ErrLocked) {
		return nil, &kindError{durable.ErrLocked, fmt.Sprintf("another run is at work in %s; wait for its end, or stop it", filepath.Dir(path))}
	}
	if err != nil {
		return nil, err
	}
	return &fileLock{lock}, nil
}

// await is acquire alone, and waits until the lock is free.
func await(ctx context.Context, path string) (*fileLock, error) {
	lock, err := durable.Await(ctx, path, 0o644)
	if err != nil {
		return nil, err
	}
	return &fileLock{lock}, nil
}

func (l *fileLock) release() error { return l.lock.Release() }
