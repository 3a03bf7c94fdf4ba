package main

import (
	"syscall"
	"time"
)

// pace sleeps until a moment. The runtime's own timers wake up to a millisecond late where nothing else goes on, and then several
// requests at once would be due.
func pace(until time.Time) {
	for wait := time.Until(until); wait > 0; wait = time.Until(until) {
		t := syscall.NsecToTimespec(int64(wait))
		syscall.Nanosleep(&t, nil) // a signal ends it early
	}
}
