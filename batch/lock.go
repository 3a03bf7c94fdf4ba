package batch

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// errLocked is what lockFile returns if another process has the lock.
var errLocked = errors.New("locked")

// fileLock is a lock that the operating system takes back when the process ends, however it ends.
type fileLock struct{ f *os.File }

// acquire locks a file, alone or together with others. It does not wait.
func acquire(path string, alone bool) (*fileLock, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, fmt.Errorf("lock: %w", err)
	}
	if err := lockFile(f, alone); err != nil {
		f.Close()
		if errors.Is(err, errLocked) {
			return nil, fmt.Errorf("another run is at work in %s; wait for its end, or stop it", filepath.Dir(path))
		}
		return nil, fmt.Errorf("%s can't be locked: %w; the output folder needs a file system with locks", path, err)
	}
	return &fileLock{f}, nil
}

// await is acquire alone, and waits until the lock is free.
func await(ctx context.Context, path string) (*fileLock, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, fmt.Errorf("lock: %w", err)
	}
	for {
		err := lockFile(f, true)
		if err == nil {
			return &fileLock{f}, nil
		}
		if !errors.Is(err, errLocked) {
			f.Close()
			return nil, fmt.Errorf("%s can't be locked: %w; the output folder needs a file system with locks", path, err)
		}
		select {
		case <-ctx.Done():
			f.Close()
			return nil, ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// release gives the lock back. The file stays: removing it would let two others lock two files of one name.
func (l *fileLock) release() error { return l.f.Close() }
