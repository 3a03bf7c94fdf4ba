package access

import (
	"bytes"
	"net/http"
	"sync"
)

// unsent is a ResponseWriter that keeps an answer until its handler has ended, or until there is too much of it. Then it gives back the
// slot that the handler has worked in, and sends: a client that reads slowly, or not at all, holds nothing that others wait for.
type unsent struct {
	http.ResponseWriter
	release func()
	status  int // 0: 200, if nothing else is said
	data    *bytes.Buffer
	sending bool
}

// mostUnsent is how many bytes of an answer are kept.
const mostUnsent = 1 << 20

var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

func newUnsent(w http.ResponseWriter, release func()) *unsent {
	data := buffers.Get().(*bytes.Buffer)
	data.Reset()
	return &unsent{ResponseWriter: w, release: release, data: data}
}

func (u *unsent) WriteHeader(status int) {
	switch {
	case u.sending || status < 200:
		u.ResponseWriter.WriteHeader(status)
	case u.status == 0:
		u.status = status
	}
}

func (u *unsent) Write(p []byte) (int, error) {
	if u.sending {
		return u.ResponseWriter.Write(p)
	}
	if u.status == 0 {
		u.status = http.StatusOK
	}
	if u.data.Len()+len(p) > mostUnsent {
		if err := u.send(); err != nil {
			return 0, err
		}
		return u.ResponseWriter.Write(p)
	}
	return u.data.Write(p)
}

// send gives the slot back, and sends what there is. What comes later is sent at once.
func (u *unsent) send() error {
	u.release()
	if u.sending {
		return nil
	}
	u.sending = true
	if u.status != 0 {
		u.ResponseWriter.WriteHeader(u.status)
	}
	if u.data.Len() == 0 {
		return nil
	}
	_, err := u.ResponseWriter.Write(u.data.Bytes())
	return err
}

// FlushError is what http.ResponseController flushes by.
func (u *unsent) FlushError() error {
	if err := u.send(); err != nil {
		return err
	}
	return http.NewResponseController(u.ResponseWriter).Flush()
}

// Unwrap is what http.ResponseController sets deadlines by.
func (u *unsent) Unwrap() http.ResponseWriter { return u.ResponseWriter }

// done is for when the handler has ended; with panicked true nothing more is sent, so that another answer can be.
func (u *unsent) done(panicked bool) {
	u.release()
	if !panicked {
		_ = u.send() // an error means that the client is gone
	}
	if u.data.Cap() <= mostUnsent {
		buffers.Put(u.data)
	}
}
