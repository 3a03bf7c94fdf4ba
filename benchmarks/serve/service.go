package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// service is a restock serve process.
type service struct {
	program  string
	url      string
	cmd      *exec.Cmd
	client   *http.Client     // for what is not measured
	idle     chan *connection // for what is
	requests *requests
}

// start starts a program on the example data; a program started in the same folder again has what it had.
func start(program, dir string) (*service, error) {
	forecast := filepath.Join(dir, "forecast.parquet")
	if _, err := os.Stat(forecast); err == nil {
		// made before
	} else if out, err := exec.Command(program, "forecast", "--history", filepath.Join(*testdata, "history.parquet"), "--out", forecast, "--quiet").CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%w: %s", err, out)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	address := l.Addr().String()
	l.Close()
	data := filepath.Join(dir, strings.NewReplacer("/", "_", ".", "_").Replace(program))
	cmd := exec.Command(program, "serve", "--data", data, "--insecure", "--listen", address, "--quiet",
		"--load-articles", filepath.Join(*testdata, "articles.csv"), "--load-forecast", forecast, "--config", filepath.Join(*testdata, "restock.yaml"),
		"--limit-requests", "1000000", "--limit-concurrent", "100000", "--limit-scenarios", "1e9")
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	s := &service{program: program, url: "http://" + address, cmd: cmd, idle: make(chan *connection, 512),
		client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 16}, Timeout: timeout}}
	for range 300 {
		if r, err := s.client.Get(s.url + "/readyz"); err == nil {
			r.Body.Close()
			if r.StatusCode == 200 {
				if s.requests, err = newRequests(s); err != nil {
					s.stop()
				}
				return s, err
			}
		}
		time.Sleep(100 * time.Millisecond)
	}
	cmd.Process.Kill()
	return nil, fmt.Errorf("the service does not start")
}

func (s *service) stop() {
	s.cmd.Process.Signal(os.Interrupt)
	s.cmd.Wait()
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

func newRequest(method, url, body string) (*http.Request, error) {
	q, err := http.NewRequest(method, url, strings.NewReader(body))
	if err == nil && body != "" {
		q.Header.Set("Content-Type", "application/json")
	}
	return q, err
}
