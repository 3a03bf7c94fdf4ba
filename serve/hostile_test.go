package serve

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/restock-engine/restock/serve/store"
)

// listen serves the fixture at an address, as restock serve does.
func (f *fixture) listen() (address string) {
	f.t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		f.t.Fatal(err)
	}
	ctx, stop := context.WithCancel(f.t.Context())
	ended := make(chan error, 1)
	go func() { ended <- f.Run(ctx, l, 0) }()
	f.t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			f.t.Error(err)
		}
	})
	return l.Addr().String()
}

// raw sends bytes on a new connection and reads the statuses of the answers until the server closes it or nothing comes any more.
func raw(t *testing.T, address, text string, wait time.Duration) (statuses []int, closed bool) {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	go io.WriteString(conn, text) // the server may answer, and close, before it has read all
	conn.SetReadDeadline(time.Now().Add(wait))
	in := bufio.NewReader(conn)
	for {
		w, err := http.ReadResponse(in, nil)
		if err != nil {
			return statuses, !errors.Is(err, os.ErrDeadlineExceeded)
		}
		if _, err := io.Copy(io.Discard, w.Body); err != nil {
			return statuses, true
		}
		statuses = append(statuses, w.StatusCode)
	}
}

// Requests that want to hurt the service get an answer that is their own fault, or none, and are not taken for two.
func TestHostileRequests(t *testing.T) {
	f := newFixture(t, func(c *Config) { c.Deadline = time.Second })
	address := f.listen()
	var bomb bytes.Buffer
	z := gzip.NewWriter(&bomb)
	for range 64 {
		z.Write(make([]byte, 1<<20))
	}
	z.Close()
	head := func(line, headers string) string {
		return line + " HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + f.tokens["north"] + "\r\nContent-Type: application/json\r\n" + headers + "\r\n"
	}
	post := func(body string) string {
		return head("POST /v1/what-if", fmt.Sprintf("Content-Length: %d\r\n", len(body))) + body
	}
	whoami := head("GET /v1/whoami", "")
	chunk := "100000\r\n" + strings.Repeat("x", 1<<20) + "\r\n"
	for name, c := range map[string]struct {
		text string
		want string
	}{
		"pipelined":                       {whoami + whoami + whoami, "[200 200 200]"},
		"pipelined behind a mistake":      {post("{") + whoami, "[400 200]"},
		"length and chunks":               {head("POST /v1/what-if", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n") + "0\r\n\r\n" + whoami, "[400]"},
		"two lengths":                     {head("POST /v1/what-if", "Content-Length: 2\r\nContent-Length: 200\r\n") + "{}" + whoami, "[400]"},
		"a length with a sign":            {head("POST /v1/what-if", "Content-Length: +2\r\n") + "{}" + whoami, "[400]"},
		"a length above all":              {head("POST /v1/what-if", "Content-Length: 99999999999999999999\r\n"), "[400]"},
		"chunks, misspelled":              {head("POST /v1/what-if", "Transfer-Encoding: xchunked\r\n") + "0\r\n\r\n" + whoami, "[501]"}, // net/http's own
		"chunks, twice":                   {head("POST /v1/what-if", "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n") + "0\r\n\r\n" + whoami, "[501]"},
		"a space before the colon":        {head("GET /v1/whoami", "X : y\r\n") + whoami, "[400]"},
		"a folded line":                   {head("GET /v1/whoami", "X: y\r\n z\r\n") + whoami, "[200 200]"},
		"two hosts":                       {head("GET /v1/whoami", "Host: y\r\n"), "[400]"},
		"two tokens":                      {head("GET /v1/whoami", "Authorization: Bearer x\r\n"), "[401]"},
		"no request at all":               {"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + strings.Repeat("\x00", 100) + "\r\n\r\n", "[400]"},
		"100,000 bytes of headers":        {head("GET /v1/whoami", "X: "+strings.Repeat("y", 100_000)+"\r\n"), "[431]"},
		"10,000 headers":                  {head("GET /v1/whoami", strings.Repeat("X: y\r\n", 10_000)), "[431]"},
		"a long path":                     {head("GET /v1/jobs/"+strings.Repeat("j", 30_000), ""), "[422]"},
		"a path with dots":                {head("GET /v1/merchants/south/../north/overview", ""), "[307]"},
		"a path with slashes and NUL":     {head("GET /v1/merchants/%2e%2e%2f%00/overview", ""), "[422]"},
		"a large body":                    {head("POST /v1/what-if", "Content-Length: 9000000\r\n"), "[413]"},
		"a large body in chunks":          {head("POST /v1/what-if", "Transfer-Encoding: chunked\r\n") + strings.Repeat(chunk, 9), "[413]"},
		"a chunk with a long extension":   {head("POST /v1/what-if", "Transfer-Encoding: chunked\r\n") + "1;" + strings.Repeat("x", 1<<20) + "\r\n{\r\n0\r\n\r\n", "[400]"},
		"a body that unpacks to 64 MiB":   {head("POST /v1/what-if", fmt.Sprintf("Content-Encoding: gzip\r\nContent-Length: %d\r\n", bomb.Len())) + bomb.String(), "[400]"},
		"deep JSON":                       {post(`{"articles":` + strings.Repeat("[", 1_000_000)), "[413]"},
		"deep JSON in a column":           {post(`{"articles":[{"article":{"plan":` + strings.Repeat("[", 9_000) + strings.Repeat("]", 9_000) + `}}]}`), "[413]"},
		"a number with a long exponent":   {post(`{"articles":[{"merchant_id":"north","article_id":"a1","demand_scale":1e` + strings.Repeat("9", 100_000) + `}]}`), "[400]"},
		"one question made of two":        {post(`{"articles":[{"policy":"plan:0=7"}],"articles":[{"merchant_id":"north","article_id":"a1"}]}`), "[400]"},
		"a million articles":              {post(`{"articles":[` + strings.Repeat("{},", 1_000_000) + `{}]}`), "[413]"},
		"an upgrade":                      {head("GET /v1/whoami", "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n"), "[200]"},
		"a body that does not come":       {head("POST /v1/what-if", "Content-Length: 100\r\n") + "half", "[400]"},
		"a body that comes byte by byte":  {head("POST /v1/what-if", "Transfer-Encoding: chunked\r\n") + "1\r\n{\r\n", "[400]"},
		"a body without a token":          {"POST /v1/what-if HTTP/1.1\r\nHost: x\r\nContent-Length: 9000000\r\n\r\n", "[401]"},
		"headers that do not end":         {"GET /v1/whoami HTTP/1.1\r\nHost: x\r\nX: ", "[]"},
		"a connection that says nothing":  {"", "[]"},
		"a body nobody expects":           {head("GET /v1/whoami", "Content-Length: 2\r\n") + "{}" + whoami, "[200 200]"},
		"a page's address in the request": {head("GET http://elsewhere.example/v1/merchants/south/overview", ""), "[404]"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			start := time.Now()
			wait := 3 * time.Second
			if c.want == "[]" {
				wait = 8 * time.Second
			}
			got, closed := raw(t, address, c.text, wait)
			if fmt.Sprint(got) != c.want && !(len(got) == 0 && closed && c.want == "[413]") { // who sends on may see the connection closed first
				t.Errorf("%v, closed: %v; want %s", got, closed, c.want)
			}
			if took := time.Since(start); c.want == "[]" && (!closed || took > 7*time.Second) {
				t.Errorf("it is open after %v", took)
			}
		})
	}
}

// What is wrong with a body is told in an answer that is not larger than need be, and that costs little to make.
func TestMistakesAreToldBriefly(t *testing.T) {
	f := newFixture(t, nil)
	numbers := func(n int) string { return strings.Repeat("1,", n-1) + "1" }
	texts := func(n int) string { return strings.Repeat(`"a",`, n-1) + `"a"` }
	var columns strings.Builder
	for i := range 900 {
		fmt.Fprintf(&columns, `"c%d":%q,`, i, strings.Repeat("x", 1000))
	}
	for name, c := range map[string][3]string{
		"numbers for articles":  {"POST", "/v1/what-if", `{"articles":[` + numbers(1000) + `]}`},
		"numbers for keys":      {"POST", "/v1/recommendations:batchGet", `{"keys":[` + numbers(1000) + `]}`},
		"unknown names":         {"POST", "/v1/what-if", `{"articles":[{` + columns.String() + `"x":1}]}`},
		"texts for quantiles":   {"POST", "/v1/what-if", `{"articles":[{"forecast":{"as_of":"x","levels":[0.5],"quantiles":[[` + texts(1000) + `],[` + texts(1000) + `]]}}]}`},
		"empty events":          {"POST", north + "/events", `{"events":[` + strings.Repeat("{},", 999) + `{}]}`},
		"unknown settings":      {"PUT", north + "/settings", `{` + columns.String() + `"x":1}`},
		"text that is no JSON":  {"PUT", north + "/settings", strings.Repeat("x", 1<<20)},
		"a name that is a book": {"POST", "/v1/recommendations:batchGet", `{"keys":[{"merchant_id":"` + strings.Repeat("x", 1<<20) + `","article_id":"a"}]}`},
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		a := f.do("north", c[0], c[1], c[2])
		runtime.ReadMemStats(&after)
		if a.status != 422 && a.status != 400 || len(a.body) > 200_000 {
			t.Errorf("%s: %d with %d bytes: %.300s", name, a.status, len(a.body), a.body)
		}
		if used := after.TotalAlloc - before.TotalAlloc; used > 100<<20 {
			t.Errorf("%s: %d MiB for a body of %d KiB", name, used>>20, len(c[2])>>10)
		}
	}
}

// Thousands of connections that send nothing, or half of a request, or do not read their answers, keep nobody from the service, and
// leave nothing behind.
func TestFloodOfConnections(t *testing.T) {
	f := newFixture(t, nil)
	address := f.listen()
	runtime.GC()
	var before, during runtime.MemStats
	runtime.ReadMemStats(&before)
	goroutines := runtime.NumGoroutine()
	const connections = 2000
	var open []net.Conn
	for i := range connections {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		open = append(open, conn)
		header := "Host: x\r\nAuthorization: Bearer " + f.tokens["north"] + "\r\n"
		switch {
		case i < 100:
			io.WriteString(conn, "GET /v1/merchants/north/articles HTTP/1.1\r\n"+header+"\r\n")
		case i%2 == 0:
			io.WriteString(conn, "GET /v1/whoami HTTP/1.1\r\nHost: x\r\nX: ")
		}
	}
	for i := range 20 {
		start := time.Now()
		r, err := http.NewRequest("GET", "http://"+address+"/v1/merchants/south/overview", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+f.tokens["south"])
		w, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		if w.Body.Close(); w.StatusCode != 200 || time.Since(start) > 2*time.Second {
			t.Errorf("request %d beside %d connections: %d after %v", i, connections, w.StatusCode, time.Since(start))
		}
	}
	runtime.GC()
	runtime.ReadMemStats(&during)
	if grown := int64(during.HeapInuse+during.StackInuse) - int64(before.HeapInuse+before.StackInuse); grown > connections*64<<10 {
		t.Errorf("%d connections take %d KiB each", connections, grown/connections>>10)
	}
	for _, conn := range open {
		conn.Close()
	}
	f.eventually("nothing is left", func() bool { return runtime.NumGoroutine() < goroutines+20 })
}

// A client that does not read its events is cut off when it has not taken one for the time of a request.
func TestEventsThatNobodyReads(t *testing.T) {
	f := newFixture(t, func(c *Config) { c.Deadline = time.Second })
	address := f.listen()
	data := []byte(`"` + strings.Repeat("x", 200_000) + `"`)
	for i := range 100 { // more than the buffers of a connection hold
		if err := f.store.Publish(t.Context(), store.Event{ID: fmt.Sprint("e", i), Type: "report.generated", Merchant: "north", Data: data}); err != nil {
			t.Fatal(err)
		}
	}
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	io.WriteString(conn, "GET /v1/merchants/north/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "+f.tokens["north"]+"\r\nLast-Event-ID: 0\r\n\r\n")
	time.Sleep(4 * f.config.Deadline)
	conn.SetReadDeadline(time.Now().Add(5 * time.Second))
	if n, err := io.Copy(io.Discard, conn); errors.Is(err, os.ErrDeadlineExceeded) || n > 100*int64(len(data)) {
		t.Errorf("after %d bytes: %v; want an end before the last event", n, err)
	}
}
