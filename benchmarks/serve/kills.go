package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"
)

// promise is what the service has acknowledged, and must know after any kill.
type promise struct {
	mu       sync.Mutex
	onHand   map[string]int // [article] last acknowledged features
	tried    map[string]int // highest that was sent
	sales    map[string]int // [article] units of acknowledged sales
	maybe    map[string]int // units of sales without an answer
	packs    map[string]int // [article] last acknowledged setting
	triedSet map[string]int
	jobs     []string
}

// kills kills the service at random moments while it is written to, starts it again, and checks that it has kept what it
// acknowledged.
func kills(n int, seed uint64, dir string) error {
	r := rand.New(rand.NewPCG(seed, 0))
	p := &promise{onHand: map[string]int{}, tried: map[string]int{}, sales: map[string]int{}, maybe: map[string]int{}, packs: map[string]int{}, triedSet: map[string]int{}}
	fmt.Printf("Killed (SIGKILL) at random moments while features, settings and sales are written, seed %d:\n\n", seed)
	writes := 0
	for k := range n {
		s, err := start(*binary, dir)
		if err != nil {
			return fmt.Errorf("after %d kills: %w", k, err)
		}
		if err := p.check(s); err != nil {
			s.cmd.Process.Kill()
			return fmt.Errorf("after %d kills: %w", k, err)
		}
		stop := make(chan struct{})
		var busy sync.WaitGroup
		for worker := range 4 {
			busy.Go(func() { writes += p.write(s, worker, k, stop) })
		}
		time.Sleep(time.Duration(20+r.IntN(600)) * time.Millisecond)
		s.cmd.Process.Kill()
		s.cmd.Wait()
		close(stop)
		busy.Wait()
		if (k+1)%10 == 0 {
			fmt.Fprintf(os.Stderr, "%d kills\n", k+1)
		}
	}
	s, err := start(*binary, dir)
	if err != nil {
		return err
	}
	defer s.stop()
	if err := p.check(s); err != nil {
		return err
	}
	if err := p.checkJobs(s); err != nil {
		return err
	}
	fmt.Printf("%d kills: %d writes acknowledged, %d of them settings; none lost, every job finished, once.\n", n, writes, len(p.jobs))
	return nil
}

// write sends until the service is gone. Each worker has its articles.
func (p *promise) write(s *service, worker, round int, stop chan struct{}) (acknowledged int) {
	for i := 0; ; i++ {
		select {
		case <-stop:
			return acknowledged
		default:
		}
		article := fmt.Sprintf("k%d-%d", worker, i%5)
		kind := i / 5 % 3
		p.mu.Lock()
		value := p.tried[article] + 1
		set := p.triedSet[article]%20 + 1
		if kind > 0 && p.onHand[article] == 0 {
			kind = 0 // there must be features first
		}
		switch kind {
		case 0:
			p.tried[article] = value
		case 1:
			p.triedSet[article] = set
		}
		p.mu.Unlock()
		ok, job := false, ""
		switch kind {
		case 0:
			ok, _ = s.try("PUT", "/v1/merchants/kill/articles/"+article+"/features", fmt.Sprintf(`{"stock_at":"2026-01-01T00:00:00Z","article":{"on_hand":%d,"price":9,"unit_cost":4},`+
				`"forecast":{"as_of":"2026-01-05","levels":[0.1,0.9],"quantiles":[%s]}}`, 100000+value, strings.TrimSuffix(strings.Repeat("[1,5],", 12), ",")))
		case 1:
			ok, job = s.try("PATCH", "/v1/merchants/kill/articles/"+article, fmt.Sprintf(`{"pack_size":%d}`, set))
		case 2:
			ok, _ = s.try("POST", "/v1/merchants/kill/events", fmt.Sprintf(`{"events":[{"article_id":%q,"id":"%d-%d","type":"sale","at":"2026-02-01T00:00:00Z","quantity":1}]}`, article, round, i))
		}
		p.mu.Lock()
		switch {
		case kind == 0 && ok:
			p.onHand[article] = value
		case kind == 1 && ok:
			p.packs[article] = set
			p.jobs = append(p.jobs, job)
		case kind == 1:
			p.packs[article] = 0 // the old one or the new one
		case kind == 2 && ok:
			p.sales[article]++
		case kind == 2:
			p.maybe[article]++
		}
		if ok {
			acknowledged++
		}
		p.mu.Unlock()
	}
}

// try sends a write; job is the answer's.
func (s *service) try(method, path, body string) (ok bool, job string) {
	a, data, err := s.ask(method, path, body)
	if err != nil || a >= 300 {
		return false, ""
	}
	var accepted struct {
		Job string `json:"job"`
	}
	if json.Unmarshal(data, &accepted) != nil {
		return false, ""
	}
	return true, accepted.Job
}

func (s *service) ask(method, path, body string) (status int, data []byte, err error) {
	q, err := newRequest(method, s.url+path, body)
	if err != nil {
		return 0, nil, err
	}
	a, err := s.client.Do(q)
	if err != nil {
		return 0, nil, err
	}
	defer a.Body.Close()
	data, err = io.ReadAll(a.Body)
	return a.StatusCode, data, err
}

// check reads everything that was promised.
func (p *promise) check(s *service) error {
	for article, value := range p.onHand {
		if value == 0 {
			continue
		}
		var known struct {
			Stock struct {
				OnHand float64 `json:"on_hand"`
			} `json:"stock"`
			Article struct {
				OnHand float64 `json:"on_hand"`
			} `json:"article"`
		}
		sold := 0.0
		for deadline := time.Now().Add(60 * time.Second); ; time.Sleep(20 * time.Millisecond) {
			status, data, err := s.ask("GET", "/v1/merchants/kill/articles/"+article+"/features", "")
			if err != nil || status != 200 || json.Unmarshal(data, &known) != nil {
				return fmt.Errorf("features of %s: %d %v", article, status, err)
			}
			if counted := int(known.Stock.OnHand) - 100000; counted < value || counted > p.tried[article] {
				// Folded events are part of the count.
				if sum := counted + p.sales[article] + p.maybe[article]; sum < value {
					return fmt.Errorf("features of %s: version %d was acknowledged, %d is there", article, value, counted)
				}
			}
			sold = float64(100000+p.latest(article, known.Stock.OnHand)) - known.Article.OnHand
			if sold >= float64(p.sales[article]) || time.Now().After(deadline) {
				break
			}
		}
		if sold < float64(p.sales[article]) || sold > float64(p.sales[article]+p.maybe[article]) {
			return fmt.Errorf("sales of %s: %d acknowledged, %d without an answer, %v applied", article, p.sales[article], p.maybe[article], sold)
		}
		if set := p.packs[article]; set > 0 {
			var columns map[string]float64
			status, data, err := s.ask("GET", "/v1/merchants/kill/articles/"+article, "")
			if err != nil || status != 200 || json.Unmarshal(data, &columns) != nil || int(columns["pack_size"]) != set {
				return fmt.Errorf("settings of %s: pack size %d was acknowledged, %s is there (%d, %v)", article, set, data, status, err)
			}
		}
	}
	return nil
}

// latest is the version that is there: the count, unless events were folded into it.
func (p *promise) latest(article string, count float64) int {
	if v := int(count) - 100000; v >= p.onHand[article] && v <= p.tried[article] {
		return v
	}
	return p.onHand[article]
}

// checkJobs waits for every acknowledged job, and counts the reports that were published for it.
func (p *promise) checkJobs(s *service) error {
	for _, id := range p.jobs {
		var job struct{ State, Error string }
		for deadline := time.Now().Add(120 * time.Second); ; time.Sleep(10 * time.Millisecond) {
			status, data, err := s.ask("GET", "/v1/jobs/"+id, "")
			if err != nil || status != 200 || json.Unmarshal(data, &job) != nil {
				return fmt.Errorf("job %s: %d %v", id, status, err)
			}
			if job.State == "done" || job.State == "superseded" {
				break
			}
			if job.State == "failed" || time.Now().After(deadline) {
				return fmt.Errorf("job %s is %s: %s", id, job.State, job.Error)
			}
		}
	}
	return p.checkReports(s)
}

// checkReports makes sure that no job was reported twice.
func (p *promise) checkReports(s *service) error {
	ctx, stop := context.WithTimeout(context.Background(), 5*time.Second)
	defer stop()
	q, err := http.NewRequestWithContext(ctx, "GET", s.url+"/v1/merchants/kill/events", nil)
	if err != nil {
		return err
	}
	q.Header.Set("Last-Event-ID", "0")
	a, err := s.client.Do(q)
	if err != nil {
		return err
	}
	defer a.Body.Close()
	reports := map[string]int{}
	lines := bufio.NewScanner(a.Body)
	for lines.Scan() { // ends with the time
		var event struct{ ID string }
		if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok && json.Unmarshal([]byte(data), &event) == nil {
			if reports[event.ID]++; reports[event.ID] > 1 {
				return fmt.Errorf("job %s was reported %d times", event.ID, reports[event.ID])
			}
		}
	}
	if len(reports) == 0 {
		return errors.New("no job was reported")
	}
	return nil
}
