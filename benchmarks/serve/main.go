// Command serve measures the service as its users see it: a restock serve process on this machine, and a client that sends
// requests at a given rate, whether or not the earlier ones have been answered. A latency counts from the moment at which the
// request was due.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

var (
	binary   = flag.String("restock", "bin/restock", "the program")
	testdata = flag.String("testdata", "testdata", "folder with the example data")
	duration = flag.Duration("duration", 20*time.Second, "of each measurement")
	killed   = flag.Int("kills", 0, "instead: kill the service this many times while it is written to, and check what it has kept")
	seed     = flag.Uint64("seed", 1, "of the moments of the kills")
	soak     = flag.Duration("soak", 0, "mixed load for so long, for growth of memory and goroutines; 0 for none")
)

func main() {
	flag.Parse()
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "benchmark:", err)
		os.Exit(1)
	}
}

// service is a restock serve process.
type service struct {
	url    string
	cmd    *exec.Cmd
	client *http.Client
}

func start(dir string) (*service, error) {
	forecast := filepath.Join(dir, "forecast.parquet")
	if _, err := os.Stat(forecast); err == nil {
		// made before
	} else if out, err := exec.Command(*binary, "forecast", "--history", filepath.Join(*testdata, "history.parquet"), "--out", forecast, "--quiet").CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%w: %s", err, out)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	address := l.Addr().String()
	l.Close()
	cmd := exec.Command(*binary, "serve", "--data", filepath.Join(dir, "data"), "--insecure", "--listen", address, "--quiet",
		"--load-articles", filepath.Join(*testdata, "articles.csv"), "--load-forecast", forecast, "--config", filepath.Join(*testdata, "restock.yaml"),
		"--limit-requests", "1000000", "--limit-concurrent", "100000", "--limit-scenarios", "1e9")
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	s := &service{"http://" + address, cmd, &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 512, MaxConnsPerHost: 0}, Timeout: 30 * time.Second}}
	for range 300 {
		if r, err := s.client.Get(s.url + "/readyz"); err == nil {
			r.Body.Close()
			if r.StatusCode == 200 {
				return s, nil
			}
		}
		time.Sleep(100 * time.Millisecond)
	}
	cmd.Process.Kill()
	return nil, fmt.Errorf("the service does not start")
}

// request is one of a kind; n counts up.
type request func(n int) (method, path string, body []byte)

func (s *service) send(r request, n int) (status int, err error) {
	method, path, body := r(n)
	q, err := newRequest(method, s.url+path, string(body))
	if err != nil {
		return 0, err
	}
	a, err := s.client.Do(q)
	if err != nil {
		return 0, err
	}
	defer a.Body.Close()
	_, err = io.Copy(io.Discard, a.Body)
	return a.StatusCode, err
}

func newRequest(method, url, body string) (*http.Request, error) {
	q, err := http.NewRequest(method, url, strings.NewReader(body))
	if err == nil && body != "" {
		q.Header.Set("Content-Type", "application/json")
	}
	return q, err
}

// result is what a measurement has found, times in milliseconds, rising.
type result struct {
	name              string
	rate              float64
	accepted, refused int
	failed            int
	latency           []float64 // from the moment at which a request was due
	answer            []float64 // from the moment at which the client had it sent: without the client's own delay
}

func quantile(x []float64, p float64) float64 {
	if len(x) == 0 {
		return 0
	}
	return x[min(len(x)-1, int(p*float64(len(x))))]
}

// measure sends requests at a rate, and does not wait for answers.
func (s *service) measure(name string, rate float64, d time.Duration, r request) *result {
	for n := range 50 { // warm up
		s.send(r, n)
	}
	res := &result{name: name, rate: rate}
	var mu sync.Mutex
	var busy sync.WaitGroup
	start := time.Now()
	total := int(rate * d.Seconds())
	for n := range total {
		due := start.Add(time.Duration(float64(n) / rate * float64(time.Second)))
		if wait := time.Until(due); wait > 0 {
			time.Sleep(wait)
		}
		busy.Go(func() {
			sent := time.Now()
			status, err := s.send(r, n)
			took, answered := time.Since(due).Seconds()*1000, time.Since(sent).Seconds()*1000
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err != nil || status >= 500 && status != 503:
				res.failed++
			case status == 429 || status == 503:
				res.refused++
			case status < 300:
				res.accepted++
				res.latency, res.answer = append(res.latency, took), append(res.answer, answered)
			default:
				res.failed++
			}
		})
	}
	busy.Wait()
	slices.Sort(res.latency)
	slices.Sort(res.answer)
	return res
}

func articles(s *service) (list []string, err error) {
	r, err := s.client.Get(s.url + "/v1/merchants/kitchen/articles?limit=1000")
	if err != nil {
		return nil, err
	}
	defer r.Body.Close()
	var page struct {
		Items []struct {
			ID string `json:"article_id"`
		} `json:"items"`
	}
	if err := json.NewDecoder(r.Body).Decode(&page); err != nil {
		return nil, err
	}
	for _, x := range page.Items {
		list = append(list, x.ID)
	}
	return list, nil
}

func run() error {
	dir, err := os.MkdirTemp("", "restock-bench-serve-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if *killed > 0 {
		return kills(*killed, *seed, dir)
	}
	s, err := start(dir)
	if err != nil {
		return err
	}
	defer func() { s.cmd.Process.Signal(os.Interrupt); s.cmd.Wait() }()
	list, err := articles(s)
	if err != nil || len(list) == 0 {
		return fmt.Errorf("no articles: %v", err)
	}
	article := func(n int) string { return list[n*7919%len(list)] }
	whatIf := func(n int) (string, string, []byte) {
		return "POST", "/v1/what-if", fmt.Appendf(nil, `{"articles":[{"merchant_id":"kitchen","article_id":%q,"changes":{"lead_time_mean":%d}}]}`, article(n), 2+n%5)
	}
	frontier := func(n int) (string, string, []byte) {
		return "POST", "/v1/what-if", fmt.Appendf(nil, `{"articles":[{"merchant_id":"kitchen","article_id":%q,"frontier":true}]}`, article(n))
	}
	stored := func(n int) (string, string, []byte) {
		return "GET", "/v1/merchants/kitchen/articles/" + article(n) + "/recommendation", nil
	}
	batch := func(n int) (string, string, []byte) {
		var keys []string
		for i := range 100 {
			keys = append(keys, fmt.Sprintf(`{"merchant_id":"kitchen","article_id":%q}`, article(n+i)))
		}
		return "POST", "/v1/recommendations:batchGet", []byte(`{"keys":[` + strings.Join(keys, ",") + `]}`)
	}
	r, err := s.client.Get(s.url + "/v1/merchants/kitchen/articles/" + article(0) + "/features")
	if err != nil {
		return err
	}
	features, err := io.ReadAll(r.Body)
	r.Body.Close()
	if err != nil {
		return err
	}
	var doc map[string]json.RawMessage
	if err := json.Unmarshal(features, &doc); err != nil {
		return err
	}
	delete(doc, "stock")
	features, err = json.Marshal(doc)
	if err != nil {
		return err
	}
	put := func(n int) (string, string, []byte) {
		return "PUT", "/v1/merchants/bench/articles/" + strconv.Itoa(n%1000) + "/features", features
	}
	get := func(n int) (string, string, []byte) {
		return "GET", "/v1/merchants/bench/articles/" + strconv.Itoa(n%50) + "/features", nil
	}
	fmt.Printf("%d processors, %s each, client on the same machine\n\n", runtime.NumCPU(), *duration)
	fmt.Println("| what | sent a second | accepted | refused | failed | p50 ms | p99 ms | p99.9 ms | p50 from sending | p99 |")
	fmt.Println("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
	show := func(r *result) *result {
		fmt.Printf("| %s | %.0f | %d | %d | %d | %.2f | %.2f | %.2f | %.2f | %.2f |\n", r.name, r.rate, r.accepted, r.refused, r.failed, quantile(r.latency, .5),
			quantile(r.latency, .99), quantile(r.latency, .999), quantile(r.answer, .5), quantile(r.answer, .99))
		return r
	}
	show(s.measure("what-if, 500 + 2,000 scenarios", 100, *duration, whatIf))
	show(s.measure("what-if with frontier", 10, *duration, frontier))
	show(s.measure("stored recommendation", 1000, *duration, stored))
	show(s.measure("stored recommendation", 5000, *duration, stored))
	show(s.measure("batch of 100 recommendations", 50, *duration, batch))
	show(s.measure("put features", 200, *duration, put))
	show(s.measure("get features", 1000, *duration, get))
	capacity := s.capacity(whatIf)
	fmt.Printf("\nWhat-ifs with as many askers as processors, one after the other: %.0f a second.\n\n", capacity)
	fmt.Println("| what | sent a second | accepted | refused | failed | p50 ms | p99 ms | p99.9 ms | p50 from sending | p99 |")
	fmt.Println("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
	show(s.measure("what-if, half of that", capacity/2, *duration, whatIf))
	show(s.measure("what-if, five times that", 5*capacity, *duration, whatIf))
	show(s.measure("what-if, half of that again", capacity/2, *duration, whatIf))
	if *soak > 0 {
		return s.soak(*soak, []request{whatIf, stored, batch, put, get})
	}
	return nil
}

// capacity is how many requests a second are answered if as many askers as processors ask one after the other.
func (s *service) capacity(r request) float64 {
	var done atomic.Int64
	ctx, stop := context.WithTimeout(context.Background(), 5*time.Second)
	defer stop()
	var busy sync.WaitGroup
	for k := range runtime.NumCPU() {
		busy.Go(func() {
			for n := k; ctx.Err() == nil; n += runtime.NumCPU() {
				if status, err := s.send(r, n); err == nil && status == 200 {
					done.Add(1)
				}
			}
		})
	}
	busy.Wait()
	return float64(done.Load()) / 5
}

// soak mixes all requests, and tells what becomes of memory and goroutines.
func (s *service) soak(d time.Duration, mix []request) error {
	fmt.Printf("\nSoak of %s, what-ifs, reads and writes mixed, 100 requests a second:\n\n| minute | resident MiB | heap MiB | goroutines | failed |\n| ---: | ---: | ---: | ---: | ---: |\n", d)
	step := d / 10
	for minute := 0; ; minute++ {
		metrics, err := s.metrics()
		if err != nil {
			return err
		}
		failed := 0
		if minute > 0 {
			r := s.measure("soak", 100, step, func(n int) (string, string, []byte) { return mix[n%len(mix)](n) })
			failed = r.failed
		}
		fmt.Printf("| %.1f | %.0f | %.0f | %.0f | %d |\n", float64(minute)*step.Minutes(), metrics["process_resident_memory_bytes"]/(1<<20),
			metrics["go_memstats_heap_inuse_bytes"]/(1<<20), metrics["go_goroutines"], failed)
		if minute == 10 {
			return nil
		}
	}
}

func (s *service) metrics() (map[string]float64, error) {
	r, err := s.client.Get(s.url + "/metrics")
	if err != nil {
		return nil, err
	}
	defer r.Body.Close()
	data, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	values := map[string]float64{}
	for _, line := range strings.Split(string(data), "\n") {
		if name, value, ok := strings.Cut(line, " "); ok && !strings.HasPrefix(line, "#") {
			if v, err := strconv.ParseFloat(value, 64); err == nil {
				values[name] = v
			}
		}
	}
	return values, nil
}
