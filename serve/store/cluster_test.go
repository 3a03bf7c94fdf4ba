package store

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// cluster starts three servers on loopback.
func cluster(t *testing.T) (servers []*server.Server, urls string) {
	t.Helper()
	var routes []*url.URL
	var ports []int
	for range 3 {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		ports = append(ports, l.Addr().(*net.TCPAddr).Port)
		routes = append(routes, &url.URL{Scheme: "nats", Host: l.Addr().String()})
		l.Close()
	}
	var list []string
	for i := range 3 {
		ns, err := server.NewServer(&server.Options{ServerName: fmt.Sprintf("n%d", i), Host: "127.0.0.1", Port: -1, NoLog: true, NoSigs: true,
			JetStream: true, StoreDir: t.TempDir(), SyncAlways: true, DisableJetStreamBanner: true,
			Cluster: server.ClusterOpts{Name: "test", Host: "127.0.0.1", Port: ports[i]}, Routes: routes})
		if err != nil {
			t.Fatal(err)
		}
		go ns.Start()
		t.Cleanup(func() { ns.Shutdown(); ns.WaitForShutdown() })
		servers = append(servers, ns)
	}
	for _, ns := range servers {
		if !ns.ReadyForConnections(20 * time.Second) {
			t.Fatal("a server does not start")
		}
		list = append(list, ns.ClientURL())
	}
	return servers, strings.Join(list, ",")
}

// With one of three servers gone, what was acknowledged is there, writes go on, and consumers miss nothing.
func TestClusterWithoutOneServer(t *testing.T) {
	if testing.Short() {
		t.Skip("three servers")
	}
	servers, urls := cluster(t)
	openAt := func() *Store {
		s, err := Open(t.Context(), Options{URL: urls})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(s.Close)
		return s
	}
	s, other := openAt(), openAt()
	handled := make(chan string, 1000)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	go func() {
		_ = other.Consume(ctx, Consumer{Name: "jobs", Kinds: []Kind{ArticleSettings}, Concurrency: 2,
			Handle: func(_ context.Context, d *Delivery, _ bool) error { handled <- d.Article; return nil }})
	}()
	const n = 60
	for i := range n {
		if i == n/3 {
			servers[1].Shutdown()
		}
		put(t, s, Key{ArticleSettings, "M", fmt.Sprint(i)}, fmt.Sprint(i))
	}
	seen := map[string]bool{}
	for timeout := time.After(90 * time.Second); len(seen) < n; {
		select {
		case a := <-handled:
			seen[a] = true
		case <-timeout:
			t.Fatalf("%d of %d settings were handled", len(seen), n)
		}
	}
	for i := range n {
		d, err := other.Get(t.Context(), Key{ArticleSettings, "M", fmt.Sprint(i)})
		if err != nil || string(d.Value) != fmt.Sprint(i) {
			t.Fatalf("setting %d: %v, %v", i, d, err)
		}
	}
	// What one process has in its cache, and another changes, is not served any more.
	put(t, s, Key{ArticleSettings, "M", "7"}, "changed")
	eventually(t, "the other process sees the change", func() bool {
		d, err := other.Get(t.Context(), Key{ArticleSettings, "M", "7"})
		return err == nil && string(d.Value) == "changed"
	})
}
