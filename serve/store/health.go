package store

import (
	"errors"
	"fmt"
	"sync"
	"time"
)

// ErrNotWritable is returned while the store takes no writes. After a disk was full the embedded server's streams stay closed until
// the process is started again; a cluster goes on when most of its servers are back.
var ErrNotWritable = errors.New("the store takes no writes")

var (
	errDisk     = fmt.Errorf("%w; is the disk full? Make room, and start the service again", ErrNotWritable)
	errMajority = fmt.Errorf("%w; are most of the NATS servers away?", ErrNotWritable)
)

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

// failing tells whether writes fail. Of a cluster that is forgotten after a while without a try: who asks because of it sends none.
func (h *health) failing(now time.Time, forgets bool) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.failures >= unhealthy && !(forgets && now.Sub(h.tried) > 2*retryWrite)
}
