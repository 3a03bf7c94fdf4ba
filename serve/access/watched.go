package access

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync"
	"time"
)

const (
	recheck      = 250 * time.Millisecond // how old the last look at a watched file may be
	settled      = 2 * time.Second        // a file that was changed less long ago is read again: its clock may be too coarse to tell
	maxFileBytes = 64 << 20
)

// watched is a small file that may change while it is used: it is looked at again if the last look is older than recheck.
type watched[T any] struct {
	path  string
	parse func(data []byte) (T, error) // data is nil if the file is not there

	mu     sync.Mutex
	looked time.Time
	info   fs.FileInfo // of the file when value was read; nil: it was not there
	read   time.Time   // when value was read; zero: never
	value  T
	err    error // of reading value
}

// get returns what the file says, at most recheck ago.
func (w *watched[T]) get() (T, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if now := time.Now(); w.read.IsZero() || now.Sub(w.looked) >= recheck || now.Before(w.looked) {
		w.looked = now
		if w.changed() {
			w.load()
		}
	}
	return w.value, w.err
}

// refresh has the next get look at the file.
func (w *watched[T]) refresh() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.looked, w.read = time.Time{}, time.Time{}
}

func (w *watched[T]) changed() bool {
	if w.read.IsZero() || w.err != nil {
		return true
	}
	info, err := os.Stat(w.path)
	if err != nil || w.info == nil {
		return !(errors.Is(err, fs.ErrNotExist) && w.info == nil)
	}
	same := os.SameFile(info, w.info) && info.Size() == w.info.Size() && info.ModTime().Equal(w.info.ModTime())
	return !same || w.read.Sub(info.ModTime()) < settled
}

func (w *watched[T]) load() {
	w.read = w.looked
	var data []byte
	if data, w.info, w.err = readSmall(w.path); w.err == nil {
		w.value, w.err = w.parse(data)
	}
	if w.err != nil {
		w.err = fmt.Errorf("%s: %w", w.path, w.err)
	}
}

// readSmall reads a file. One that is not there has no bytes and no info, and is no error.
func readSmall(path string) ([]byte, fs.FileInfo, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, nil, err
	}
	data, err := io.ReadAll(io.LimitReader(f, maxFileBytes+1))
	if err == nil && len(data) > maxFileBytes {
		err = fmt.Errorf("it has more than %d MiB", maxFileBytes>>20)
	}
	return data, info, err
}
