// Command job measures a whole run of restock optimize, Parquet in and out included: make in this directory.
//
// It makes demo data, runs the built program on it with different numbers of workers, in alternating rounds, and reads off the
// wall clock, the processor time and the peak memory of each process. Then it runs the same job once more in its own process,
// with a CPU profile, to say where the time goes. The recommendations must be the same bytes whatever the number of workers.
package main

import (
	"flag"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// options are the flags.
type options struct {
	binary    string
	skus      int
	rounds    int
	workers   []int
	scenarios [2]int // to search, to report
	seed      uint64
	dir       string
	results   string
}

func main() {
	log.SetFlags(0)
	var o options
	var workers string
	flag.StringVar(&o.binary, "restock", "../../bin/restock", "the program to measure")
	flag.IntVar(&o.skus, "skus", 20_000, "SKUs of the demo data")
	flag.IntVar(&o.rounds, "rounds", 3, "runs for each number of workers; the median counts")
	flag.StringVar(&workers, "workers", "1,2", "numbers of workers")
	flag.IntVar(&o.scenarios[0], "scenarios", 500, "scenarios to compare candidates on")
	flag.IntVar(&o.scenarios[1], "eval-scenarios", 2000, "scenarios to report from")
	flag.Uint64Var(&o.seed, "seed", 1, "seed of the demo data and of the run")
	flag.StringVar(&o.dir, "dir", "", "folder for the data, which are kept (default: a temporary one)")
	flag.StringVar(&o.results, "results", "", "also write the report to this file")
	flag.Parse()
	for _, text := range strings.Split(workers, ",") {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			log.Fatalf("-workers %s must be whole numbers of 1 or more, separated by commas", workers)
		}
		o.workers = append(o.workers, n)
	}
	if o.skus < 1 || o.rounds < 1 {
		log.Fatal("-skus and -rounds must be 1 or more")
	}
	if err := run(o); err != nil {
		log.Fatal(err)
	}
}

func run(o options) error {
	dir := o.dir
	if dir == "" {
		temp, err := os.MkdirTemp("", "restock-job-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(temp)
		dir = temp
	}
	r := report{options: o, machine: describeMachine()}
	var err error
	log.Printf("making %d SKUs", o.skus)
	r.made, err = measure(o.binary, "demo-data", "--skus", strconv.Itoa(o.skus), "--seed", strconv.FormatUint(o.seed, 10),
		"--out", dir, "--quiet")
	if err != nil {
		return err
	}
	if err := r.measureJobs(dir); err != nil {
		return err
	}
	log.Print("with a profile")
	if r.profile, err = profileJob(o, dir); err != nil {
		return err
	}
	text := r.String()
	fmt.Print(text)
	if o.results == "" {
		return nil
	}
	return os.WriteFile(o.results, []byte(text), 0o644)
}

// measureJobs runs the program for each number of workers, in alternating rounds, so that a busy machine meets them all.
func (r *report) measureJobs(dir string) error {
	r.jobs = make([][]usage, len(r.options.workers))
	want := ""
	for round := range r.options.rounds {
		for k, workers := range r.options.workers {
			log.Printf("round %d of %d, %d workers", round+1, r.options.rounds, workers)
			out := filepath.Join(dir, "recommendations.parquet")
			u, err := measure(r.options.binary, r.options.arguments(dir, out, workers)...)
			if err != nil {
				return err
			}
			r.jobs[k] = append(r.jobs[k], u)
			sum, err := checksum(out)
			if err != nil {
				return err
			}
			if want == "" {
				want = sum
			}
			if sum != want {
				return fmt.Errorf("the recommendations with %d workers differ from those with %d", workers, r.options.workers[0])
			}
		}
	}
	return nil
}

// arguments are the command line of a job.
func (o *options) arguments(dir, out string, workers int) []string {
	return []string{"optimize", "--articles", filepath.Join(dir, "articles.parquet"),
		"--forecast", filepath.Join(dir, "forecast.parquet"), "--config", filepath.Join(dir, "restock.yaml"),
		"--out", out, "--strict", "--seed", strconv.FormatUint(o.seed, 10),
		"--scenarios", strconv.Itoa(o.scenarios[0]), "--eval-scenarios", strconv.Itoa(o.scenarios[1]),
		"--workers", strconv.Itoa(workers), "--quiet"}
}
