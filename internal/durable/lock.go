package durable

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"
)

// ErrLocked is what Acquire returns if another process has the lock.
var ErrLocked = errors.New("locked by another process")

// Lock is a lock on a file.
type Lock struct{ f *os.File }

// Acquire locks a file, alone or together with others, and makes it if it is not there. It does not wait: see ErrLocked.
func Acquire(path string, mode fs.FileMode, alone bool) (*Lock, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, mode)
	if err != nil {
		return nil, fmt.Errorf("lock: %w", err)
	}
	if err := lockFile(f, alone); err != nil {
		f.Close()
		if errors.Is(err, ErrLocked) {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		return nil, fmt.Errorf("%s can't be locked: %w; its folder needs a file system with locks", path, err)
	}
	return &Lock{f}, nil
}

// Await is Acquire alone, and waits until the lock is free or the context ends.
func Await(ctx context.Context, path string, mode fs.FileMode) (*Lock, error) {
	for {
		l, err := Acquire(path, mode, true)
		if !errors.Is(err, ErrLocked) {
			return l, err
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("%w: %w", err, ctx.Err())
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// Release gives the lock back. The file stays: removing it would let two others lock two files of one name.
func (l *Lock) Release() error { return l.f.Close() }
