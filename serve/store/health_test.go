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
		if !h.mayTry(now) || h.failing(now, true) {
			t.Fatal("a healthy store takes no writes")
		}
		h.note(errors.New("no answer"))
	}
	if h.mayTry(now.Add(time.Second)) || !h.failing(now, true) {
		t.Error("after two failures writes are tried at once")
	}
	if !h.mayTry(later) || h.mayTry(later) {
		t.Error("it must be tried again after some time, by one")
	}
	if away := later.Add(time.Minute); h.failing(away, true) || !h.failing(away, false) {
		t.Error("without a try a cluster counts as back after some time, and a full disk does not")
	}
	h.note(nil)
	if h.failing(later, false) || !h.mayTry(later) {
		t.Error("a write has succeeded, and the store is taken for broken")
	}
}
