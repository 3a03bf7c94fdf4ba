package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

// connection is one to the service, for one request at a time. The client of net/http needs more of a processor for a request than
// the service does for the answer, and both are on the same machine.
type connection struct {
	net.Conn
	answers *bufio.Reader
	used    bool
}

// connection returns an idle connection or a new one.
func (s *service) connection() (*connection, error) {
	select {
	case c := <-s.idle:
		return c, nil
	default:
	}
	c, err := net.DialTimeout("tcp", strings.TrimPrefix(s.url, "http://"), timeout)
	if err != nil {
		return nil, err
	}
	return &connection{Conn: c, answers: bufio.NewReaderSize(c, 16<<10)}, nil
}

const timeout = 30 * time.Second

// send sends a request and reads the answer.
func (s *service) send(r request, n int) (status int, err error) {
	method, path, body := r(n)
	text := fmt.Appendf(nil, "%s %s HTTP/1.1\r\nHost: localhost\r\n", method, path)
	if body != nil {
		text = fmt.Appendf(text, "Content-Type: application/json\r\nContent-Length: %d\r\n", len(body))
	}
	text = append(append(text, "\r\n"...), body...)
	for {
		c, err := s.connection()
		if err != nil {
			return 0, err
		}
		if status, err = c.ask(text); err != nil {
			c.Close()
			if c.used { // the service may have closed it in the meantime
				continue
			}
			return 0, err
		}
		c.used = true
		select {
		case s.idle <- c:
		default:
			c.Close()
		}
		return status, nil
	}
}

func (c *connection) ask(request []byte) (status int, err error) {
	if err := c.SetDeadline(time.Now().Add(timeout)); err != nil {
		return 0, err
	}
	if _, err := c.Write(request); err != nil {
		return 0, err
	}
	a, err := http.ReadResponse(c.answers, nil)
	if err != nil {
		return 0, err
	}
	if _, err := io.Copy(io.Discard, a.Body); err != nil {
		return 0, err
	}
	return a.StatusCode, a.Body.Close()
}
