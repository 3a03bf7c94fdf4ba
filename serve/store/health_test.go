package store

import (
	"errors"
	"testing"
	"time"
)

func TestHealth(t *testing.T) {
	var h health
	now := time.Now()
	later := now.Add(time.Minute)
	for range 2 {
		if !h.mayTry(now) || h.err() != nil {
			t.Fatal("a healthy store takes no writes")
		}
		h.note(errors.New("no answer"))
	}
	if h.mayTry(now.Add(time.Second)) || !errors.Is(h.err(), ErrNotWritable) {
		t.Error("after two failures writes are tried at once")
	}
	if !h.mayTry(later) || h.mayTry(later) {
		t.Error("it must be tried again after some time, by one")
	}
	h.note(nil)
	if h.err() != nil || !h.mayTry(later) {
		t.Error("a write has succeeded, and the store is taken for broken")
	}
}
