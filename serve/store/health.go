package store

import (
	"errors"
	"sync"
	"time"
)

// ErrNotWritable is returned while the embedded store takes no writes: after a disk was full its streams stay closed until the
// process is started again.
var ErrNotWritable = errors.New("the store takes no writes; is the disk full? Make room, and start the service again")

// health remembers whether writes succeed, so that they do not all wait for what will not come.
type health struct {
	mu       sync.Mutex
	failures int // since the last success
	tried    time.Time
}

const (
	unhealthy  = 2 // failures in a row
	retryWrite = 5 * time.Second
)

// mayTry tells whether a write should be tried now.
func (h *health) mayTry(now time.Time) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.failures >= unhealthy && now.Sub(h.tried) < retryWrite {
		return false
	}
	h.tried = now
	return true
}

func (h *health) note(err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.tried = time.Now() // a try that fails takes seconds itself
	if h.failures++; err == nil {
		h.failures = 0
	}
}

func (h *health) err() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.failures >= unhealthy {
		return ErrNotWritable
	}
	return nil
}
