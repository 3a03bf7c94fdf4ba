// Command serve measures the service as its users see it: a restock serve process on this machine, and a client that sends
// requests at a given rate, whether or not the earlier ones have been answered. A latency counts from the moment at which the
// request was due.
package main

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"runtime"
	"runtime/debug"
	"time"
)

var (
	binary   = flag.String("restock", "bin/restock", "the program")
	against  = flag.String("against", "", "another build of it: each measurement is of both, one after the other")
	rounds   = flag.Int("rounds", 1, "how often everything is measured; with -against they take turns in going first")
	only     = flag.String("only", "", "regular expression of the names of what is measured")
	testdata = flag.String("testdata", "testdata", "folder with the example data")
	duration = flag.Duration("duration", 20*time.Second, "of each measurement")
	killed   = flag.Int("kills", 0, "instead: kill the service this many times while it is written to, and check what it has kept")
	seed     = flag.Uint64("seed", 1, "of the moments of the kills")
	soak     = flag.Duration("soak", 0, "instead: mixed load for so long, for growth of memory and goroutines")
	soakRate = flag.Float64("soak-rate", 50, "requests a second of the soak")
)

func main() {
	flag.Parse()
	debug.SetGCPercent(400) // the client's garbage is not what is measured
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "benchmark:", err)
		os.Exit(1)
	}
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
	if *soak > 0 {
		s, err := start(*binary, dir)
		if err != nil {
			return err
		}
		defer s.stop()
		return s.soak(*soak, *soakRate)
	}
	pattern, err := regexp.Compile(*only)
	if err != nil {
		return fmt.Errorf("-only: %w", err)
	}
	var services []*service
	for _, program := range []string{*binary, *against} {
		if program == "" {
			continue
		}
		s, err := start(program, dir)
		if err != nil {
			return err
		}
		defer s.stop()
		if err := s.fill(); err != nil {
			return err
		}
		services = append(services, s)
	}
	fmt.Printf("%d processors, %s each, client on the same machine. due: from the moment at which a request was due; sent: at which it was sent.\n\n",
		runtime.NumCPU(), *duration)
	fmt.Println("| what | program | sent a second | accepted | refused | failed | p50 due ms | p99 due | p99.9 due | p50 sent | p99 sent | service's processor ms for one |")
	fmt.Println("| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
	for round := range *rounds {
		if err := measureAll(services, pattern, round); err != nil {
			return err
		}
	}
	return nil
}

// measurement is a kind of request at a rate; 0 is a share of the capacity.
type measurement struct {
	name  string
	rate  float64
	share float64 // of the capacity
	kind  func(*requests) request
}

var measurements = []measurement{
	{"what-if, 500 + 2,000 scenarios", 100, 0, func(r *requests) request { return r.whatIf }},
	{"what-if with frontier", 10, 0, func(r *requests) request { return r.frontier }},
	{"stored recommendation", 1000, 0, func(r *requests) request { return r.stored }},
	{"stored recommendation", 5000, 0, func(r *requests) request { return r.stored }},
	{"batch of 100 recommendations", 50, 0, func(r *requests) request { return r.batch }},
	{"put features", 200, 0, func(r *requests) request { return r.put }},
	{"get features", 1000, 0, func(r *requests) request { return r.get }},
	{"what-if, half the capacity", 0, 0.5, func(r *requests) request { return r.whatIf }},
	{"what-if, five times the capacity", 0, 5, func(r *requests) request { return r.whatIf }},
	{"what-if, half the capacity again", 0, 0.5, func(r *requests) request { return r.whatIf }},
}

// measureAll measures everything once. The capacity is that of the first program.
func measureAll(services []*service, pattern *regexp.Regexp, round int) error {
	capacity := 0.0
	for _, m := range measurements {
		if !pattern.MatchString(fmt.Sprintf("%s %.0f", m.name, m.rate)) {
			continue
		}
		for i := range services {
			s := services[(i+round)%len(services)]
			rate := m.rate
			if m.share > 0 {
				if capacity == 0 {
					capacity = services[0].capacity(services[0].requests.whatIf)
				}
				rate = m.share * capacity
			}
			res, err := s.measure(rate, *duration, m.kind(s.requests))
			if err != nil {
				return err
			}
			fmt.Printf("| %s | %s | %.0f | %d | %d | %d | %.2f | %.2f | %.2f | %.2f | %.2f | %.3f |\n", m.name, s.program, rate, res.accepted, res.refused, res.failed,
				quantile(res.latency, .5), quantile(res.latency, .99), quantile(res.latency, .999), quantile(res.answer, .5), quantile(res.answer, .99), res.processor)
		}
	}
	return nil
}
