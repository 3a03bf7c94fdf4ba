package store

import "sync/atomic"

// uint64Mark only rises.
type uint64Mark atomic.Uint64

func (m *uint64Mark) load() uint64 { return (*atomic.Uint64)(m).Load() }

func (m *uint64Mark) raise(to uint64) {
	a := (*atomic.Uint64)(m)
	for {
		now := a.Load()
		if now >= to || a.CompareAndSwap(now, to) {
			return
		}
	}
}
