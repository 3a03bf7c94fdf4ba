package main

import (
	"context"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// request is one of a kind; n counts up.
type request func(n int) (method, path string, body []byte)

// result is what a measurement has found, times in milliseconds, rising.
type result struct {
	accepted, refused int
	failed            int
	latency           []float64 // from the moment at which a request was due
	answer            []float64 // from the moment at which the client had it sent: without the client's own delay
	processor         float64   // processor time of the service for one accepted request
}

func quantile(x []float64, p float64) float64 {
	if len(x) == 0 {
		return 0
	}
	return x[min(len(x)-1, int(p*float64(len(x))))]
}

// measure sends requests at a rate, and does not wait for answers.
func (s *service) measure(rate float64, d time.Duration, r request) (*result, error) {
	for n := range 50 { // warm up
		s.send(r, n)
	}
	before, err := s.metrics()
	if err != nil {
		return nil, err
	}
	res := &result{}
	var mu sync.Mutex
	var busy sync.WaitGroup
	start := time.Now()
	total := int(rate * d.Seconds())
	for n := range total {
		due := start.Add(time.Duration(float64(n) / rate * float64(time.Second)))
		pace(due)
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
	after, err := s.metrics()
	if err != nil {
		return nil, err
	}
	const used = "process_cpu_seconds_total"
	res.processor = 1000 * (after[used] - before[used]) / float64(max(1, res.accepted))
	return res, nil
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
