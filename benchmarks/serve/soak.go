package main

import (
	"fmt"
	"time"
)

// soakRows is how many lines a soak's table has beside the first.
const soakRows = 12

// soak mixes all requests, and tells what becomes of memory and goroutines.
func (s *service) soak(d time.Duration, rate float64) error {
	r := s.requests
	mix := []request{r.whatIf, r.stored, r.put, r.get, r.whatIf, r.stored, r.batch, r.event, r.get, r.patch}
	if err := s.fill(); err != nil {
		return err
	}
	fmt.Printf("Soak of %s, %.0f requests a second: in ten 2 what-ifs, 2 stored recommendations, a batch of 100, 2 features read, 1 put, 1 setting with its job, 1 sale\n\n",
		d, rate)
	fmt.Println("| minute | resident MiB | live heap MiB | goroutines | answered | refused | failed | p50 ms | p99 ms | processors used |")
	fmt.Println("| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
	sent, step := 0, d/soakRows
	for row := 0; row <= soakRows; row++ {
		res := &result{}
		if row > 0 {
			var err error
			if res, err = s.measure(rate, step, func(n int) (string, string, []byte) { return mix[(sent+n)%len(mix)](sent + n) }); err != nil {
				return err
			}
			sent += int(rate * step.Seconds())
		}
		m, err := s.metrics()
		if err != nil {
			return err
		}
		// The next collection is due when the heap is twice what the last one has found in use.
		fmt.Printf("| %.0f | %.0f | %.0f | %.0f | %d | %d | %d | %.1f | %.1f | %.2f |\n", float64(row)*step.Minutes(), m["process_resident_memory_bytes"]/(1<<20),
			m["go_memstats_next_gc_bytes"]/2/(1<<20), m["go_goroutines"], res.accepted, res.refused, res.failed, quantile(res.latency, .5),
			quantile(res.latency, .99), res.processor*float64(res.accepted)/1000/step.Seconds())
	}
	return nil
}
