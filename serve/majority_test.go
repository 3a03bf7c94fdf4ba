package serve

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/restock-engine/restock/serve/store"
)

// natsNode is a server of a cluster, in a process of its own that can be killed.
type natsNode struct {
	Name, Dir   string
	Port, Route int
	Routes      []int
	t           *testing.T
	cmd         *exec.Cmd
}

const natsNodeEnv = "RESTOCK_TEST_NATS_NODE"

// TestMain is a server of a cluster if the environment says so: the tests start themselves as one.
func TestMain(m *testing.M) {
	text := os.Getenv(natsNodeEnv)
	if text == "" {
		os.Exit(m.Run())
	}
	var n natsNode
	if err := json.Unmarshal([]byte(text), &n); err != nil {
		panic(err)
	}
	o := &server.Options{ServerName: n.Name, Host: "127.0.0.1", Port: n.Port, NoLog: true, JetStream: true, StoreDir: n.Dir, SyncAlways: true,
		DisableJetStreamBanner: true, MaxPayload: 4 << 20, Cluster: server.ClusterOpts{Name: "test", Host: "127.0.0.1", Port: n.Route}}
	for _, port := range n.Routes {
		o.Routes = append(o.Routes, &url.URL{Scheme: "nats", Host: "127.0.0.1:" + strconv.Itoa(port)})
	}
	ns, err := server.NewServer(o)
	if err != nil {
		panic(err)
	}
	ns.Start()
	ns.WaitForShutdown()
}

func (n *natsNode) start() {
	n.t.Helper()
	data, err := json.Marshal(n)
	if err != nil {
		n.t.Fatal(err)
	}
	n.cmd = exec.Command(os.Args[0])
	n.cmd.Env = append(os.Environ(), natsNodeEnv+"="+string(data))
	n.cmd.Stderr = os.Stderr
	if err := n.cmd.Start(); err != nil {
		n.t.Fatal(err)
	}
}

func (n *natsNode) kill() {
	n.cmd.Process.Kill()
	n.cmd.Wait()
}

// natsCluster starts three servers on loopback.
func natsCluster(t *testing.T) (nodes []*natsNode, urls string) {
	t.Helper()
	var ports []int
	for range 6 {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		ports = append(ports, l.Addr().(*net.TCPAddr).Port)
	}
	for i := range 3 {
		n := &natsNode{Name: fmt.Sprintf("n%d", i), Dir: t.TempDir(), Port: ports[i], Route: ports[3+i], Routes: ports[3:], t: t}
		nodes = append(nodes, n)
		urls += fmt.Sprintf(",nats://127.0.0.1:%d", n.Port)
	}
	return nodes, urls[1:]
}

// Two of three servers are killed while partners write. Until they are back no write is acknowledged: each is refused with 503 and
// Retry-After within its deadline, and after a few of them at once. What was acknowledged before is there afterwards, and the service
// goes on by itself.
func TestWritesWithoutMajority(t *testing.T) {
	if testing.Short() {
		t.Skip("three servers")
	}
	nodes, urls := natsCluster(t)
	for _, n := range nodes {
		n.start()
		t.Cleanup(n.kill)
	}
	conn, err := nats.Connect(urls, nats.MaxReconnects(-1), nats.RetryOnFailedConnect(true), nats.ReconnectWait(50*time.Millisecond))
	if err != nil {
		t.Fatal(err)
	}
	js, err := jetstream.New(conn)
	if err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		if _, err := js.AccountInfo(t.Context()); err == nil { // they have chosen a leader
			break
		} else if time.Now().After(end) {
			t.Fatal(err)
		}
	}
	conn.Close()
	const deadline = 2 * time.Second
	f := newFixture(t, func(c *Config) {
		c.Store, c.Deadline, c.Limits.Requests = store.Options{URL: urls}, deadline, 1e9
	})
	type write struct{ path, body, key, value string }
	writeOf := func(writer, i int) write {
		article := fmt.Sprintf("/articles/a%d", writer)
		switch i % 3 {
		case 0:
			return write{north + article, fmt.Sprintf(`{"pack_size":%d}`, i+1), "pack_size", strconv.Itoa(i + 1)}
		case 1:
			body := fmt.Sprintf(`{"article":{"on_hand":%d,"price":2,"unit_cost":1},"forecast":%s}`, i, sampleForecast)
			return write{north + fmt.Sprintf("/articles/a%d/features", 4+writer), body, "on_hand", strconv.Itoa(i)}
		}
		return write{"/v1/merchants/south/articles/b" + strconv.Itoa(writer), fmt.Sprintf(`{"moq":%d}`, i+1), "moq", strconv.Itoa(i + 1)}
	}
	method := func(w write) string {
		if w.key == "on_hand" {
			return "PUT"
		}
		return "PATCH"
	}
	var killed, back atomic.Int64 // when, since start
	var accepted, refused, quick atomic.Int64
	started := time.Now()
	var mu sync.Mutex
	last := map[string]struct {
		acknowledged int // number of the write
		tried        map[string]bool
	}{}
	end := make(chan struct{})
	var writers sync.WaitGroup
	for writer := range 4 {
		writers.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-end:
					return
				default:
				}
				w := writeOf(writer, i)
				sent := time.Since(started)
				a := f.do("admin", method(w), w.path, w.body)
				took := time.Since(started) - sent
				mu.Lock()
				x := last[w.path]
				if a.status < 300 || x.tried == nil { // what was tried and refused may be there or not
					x.tried = map[string]bool{}
				}
				if a.status < 300 {
					x.acknowledged = i + 1
				}
				x.tried[w.value] = true
				last[w.path] = x
				mu.Unlock()
				k, b := time.Duration(killed.Load()), time.Duration(back.Load())
				switch {
				case a.status < 300:
					accepted.Add(1)
					if k > 0 && sent > k && b == 0 {
						t.Errorf("a write sent %v after the majority was killed is acknowledged", sent-k)
					}
				case a.status != http.StatusServiceUnavailable || a.header.Get("Retry-After") == "":
					t.Errorf("%s: %d, Retry-After %q: %s", w.path, a.status, a.header.Get("Retry-After"), a.body)
				default:
					refused.Add(1)
					if took < deadline/4 {
						quick.Add(1)
					}
				}
				if took > deadline+time.Second {
					t.Errorf("an answer took %v; the deadline is %v", took, deadline)
				}
				time.Sleep(5 * time.Millisecond)
			}
		})
	}
	time.Sleep(time.Second)
	before := accepted.Load()
	nodes[0].kill()
	nodes[2].kill()
	killed.Store(int64(time.Since(started)))
	time.Sleep(4 * deadline)
	if before < 20 || refused.Load() < 8 || quick.Load() == 0 {
		t.Errorf("%d writes were acknowledged before; of %d refused %d at once", before, refused.Load(), quick.Load())
	}
	if a := f.do("", "GET", "/readyz", ""); a.status != 503 {
		t.Errorf("/readyz: %d %s", a.status, a.body)
	}
	if a := f.do("north", "GET", north+"/articles/a9/recommendation", ""); a.status != 200 {
		t.Errorf("what is in memory can't be read: %d %s", a.status, a.body)
	}
	back.Store(int64(time.Since(started)))
	nodes[0].start()
	nodes[2].start()
	after := accepted.Load()
	f.eventually("writes go on", func() bool { return accepted.Load() > after+20 })
	close(end)
	writers.Wait()
	f.eventually("the service is ready", func() bool { return f.do("", "GET", "/readyz", "").status == 200 })
	for path, x := range last {
		var got map[string]json.RawMessage
		f.eventually("what was written can be read", func() bool { // a stream may still change its leader
			a := f.do("admin", "GET", path, "")
			return a.status == 200 && json.Unmarshal(a.body, &got) == nil
		})
		if article, ok := got["article"]; ok {
			got = nil
			if err := json.Unmarshal(article, &got); err != nil {
				t.Fatal(err)
			}
		}
		value := ""
		for _, key := range []string{"pack_size", "on_hand", "moq"} {
			if v, ok := got[key]; ok {
				value = string(v)
			}
		}
		if x.acknowledged > 0 && !x.tried[value] {
			t.Errorf("%s: %s = %q; acknowledged or tried after that: %v", path, path, value, x.tried)
		}
	}
	t.Logf("%d writes acknowledged, %d before the kill; %d refused, %d of them at once", accepted.Load(), before, refused.Load(), quick.Load())
}
