package access

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestLoopbackOnly(t *testing.T) {
	for listen, good := range map[string]bool{
		"127.0.0.1:8080": true, "127.8.9.1:0": true, "[::1]:8080": true, "localhost:8080": true, "LOCALHOST.:1": true, "[::ffff:127.0.0.1]:1": true,
		":8080": false, "0.0.0.0:8080": false, "[::]:8080": false, "10.0.0.1:8080": false, "example.com:80": false, "localhost.example:80": false,
		"127.0.0.1": false, "": false, "127.0.0.1.example:80": false, "0:80": false, "127.1:80": false, "[fe80::1%lo]:80": false,
	} {
		if err := LoopbackOnly(listen); (err == nil) != good {
			t.Errorf("%q: %v; want %v", listen, err, good)
		}
	}
}

// TestLocal: what a page of another origin can have this machine's browser send does not get through.
func TestLocal(t *testing.T) {
	h := Local(whoami)
	for _, c := range []struct {
		method, host, origin, site string
		status                     int
	}{
		{"GET", "localhost:8080", "", "", 200},
		{"GET", "127.0.0.1", "", "", 200},
		{"GET", "[::1]:8080", "", "", 200},
		{"GET", "[::1]", "", "", 200},
		{"PUT", "127.0.0.1:8080", "http://127.0.0.1:8080", "same-origin", 200},
		{"PUT", "127.0.0.1:8080", "", "", 200}, // no browser
		{"GET", "evil.example", "", "", 421},
		{"GET", "evil.example:8080", "http://evil.example:8080", "same-origin", 421},
		{"PUT", "localhost.evil.example:8080", "", "", 421},
		{"GET", "127.0.0.1.evil.example", "", "", 421},
		{"GET", "192.168.0.1:8080", "", "", 421},
		{"GET", "", "", "", 421},
		{"POST", "localhost:8080", "http://evil.example", "cross-site", 403},
		{"POST", "localhost:8080", "http://evil.example", "", 403},
		{"DELETE", "localhost:8080", "null", "", 403},
		{"PUT", "localhost:8080", "http://localhost:3000", "same-site", 403},
		{"PATCH", "localhost:8080", "http://localhost:3000", "", 403},
	} {
		r := httptest.NewRequest(c.method, "/v1/x", nil)
		r.Host = c.host
		if c.origin != "" {
			r.Header.Set("Origin", c.origin)
		}
		if c.site != "" {
			r.Header.Set("Sec-Fetch-Site", c.site)
		}
		if w := serve(h, r); w.Code != c.status {
			t.Errorf("%s to host %q from %q (%s): %d; want %d", c.method, c.host, c.origin, c.site, w.Code, c.status)
		} else if c.status != http.StatusOK {
			readProblem(t, w)
		}
	}
}
