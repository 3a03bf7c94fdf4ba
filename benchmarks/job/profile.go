package main

import (
	"bufio"
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/pprof"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/restock-engine/restock/batch"
	"github.com/restock-engine/restock/io/settings"
	"github.com/restock-engine/restock/optimize"
)

// stage is a part of the job. A sample of the profile belongs to the first stage of which one function is on its stack.
type stage struct {
	name      string
	functions []string // each a part of a function's full name
}

// stages are in the order in which they are tried: what is called before what calls it.
var stages = []stage{
	{"generate scenarios", []string{"simulate.(*Sampler).Draw"}},
	{"search", []string{"optimize.Tune", "optimize.(*Problem)"}},
	{"evaluate on fresh scenarios", []string{"optimize."}},
	{"write recommendations", []string{"table.(*RecommendationWriter)", "table.RecommendationWriter", "table.(*tableWriter)",
		"batch.(*output)"}},
	{"read, join, resolve settings", []string{"restock/io/", "batch.chunks"}},
	{"hash inputs", []string{"batch.inputHash"}},
	{"collect garbage", []string{"runtime.gcBgMarkWorker", "runtime.bgsweep", "runtime.bgscavenge"}},
	{"other", []string{""}},
}

// stageOf returns the index of the stage that a stack belongs to.
func stageOf(stack []string) int {
	return slices.IndexFunc(stages, func(s stage) bool {
		return slices.ContainsFunc(stack, func(frame string) bool {
			return slices.ContainsFunc(s.functions, func(f string) bool { return strings.Contains(frame, f) })
		})
	})
}

// profile is where the processor time of a job went.
type profile struct {
	wall   time.Duration
	total  time.Duration
	stages []time.Duration // as in stages
	top    []function      // where it was itself, the largest first
}

type function struct {
	name string
	self time.Duration
}

// profileJob runs the job in this process on one worker.
func profileJob(o options, dir string) (profile, error) {
	set, err := settings.Load(filepath.Join(dir, "restock.yaml"))
	if err != nil {
		return profile{}, err
	}
	for name, n := range map[string]int{"scenarios": o.scenarios[0], "eval_scenarios": o.scenarios[1]} {
		if err := set.Override(name, strconv.Itoa(n)); err != nil {
			return profile{}, err
		}
	}
	file, err := os.Create(filepath.Join(dir, "cpu.prof"))
	if err != nil {
		return profile{}, err
	}
	defer file.Close()
	start := time.Now()
	if err := pprof.StartCPUProfile(file); err != nil {
		return profile{}, err
	}
	_, err = batch.Run(context.Background(), batch.Job{
		Articles: filepath.Join(dir, "articles.parquet"), Forecast: filepath.Join(dir, "forecast.parquet"),
		Recommendations: filepath.Join(dir, "profiled.parquet"), Settings: set, Seed: o.seed, Workers: 1,
		EngineVersion: optimize.EngineVersion, Today: start,
	})
	pprof.StopCPUProfile()
	wall := time.Since(start)
	if err != nil {
		return profile{}, err
	}
	p, err := readTraces(file.Name())
	p.wall = wall
	return p, err
}

// readTraces lets go tool pprof print the stacks of a profile, and adds them up.
func readTraces(path string) (profile, error) {
	cmd := exec.Command("go", "tool", "pprof", "-traces", "-unit=us", path)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return profile{}, err
	}
	if err := cmd.Start(); err != nil {
		return profile{}, err
	}
	p, err := parseTraces(out)
	if waitErr := cmd.Wait(); err == nil {
		err = waitErr
	}
	return p, err
}

// parseTraces reads the text of go tool pprof -traces: stacks between rulers, the innermost function first, with the time
// before it.
func parseTraces(text io.Reader) (profile, error) {
	p := profile{stages: make([]time.Duration, len(stages))}
	self := map[string]time.Duration{}
	var stack []string
	var spent time.Duration
	add := func() {
		if len(stack) > 0 {
			p.total += spent
			p.stages[stageOf(stack)] += spent
			self[stack[0]] += spent
		}
		stack, spent = nil, 0
	}
	lines := bufio.NewScanner(text)
	begun := false // behind the header
	for lines.Scan() {
		line := lines.Text()
		if strings.HasPrefix(line, "-----------+") {
			begun = true
			add()
			continue
		}
		fields := strings.Fields(strings.TrimSuffix(line, "(inline)"))
		if !begun || len(fields) == 0 {
			continue
		}
		if len(stack) == 0 && len(fields) > 1 {
			us, err := strconv.ParseFloat(strings.TrimSuffix(fields[0], "us"), 64)
			if err != nil {
				return p, fmt.Errorf("the profile has a stack that begins with %q and not with a time", line)
			}
			spent = time.Duration(us * float64(time.Microsecond))
			fields = fields[1:]
		}
		stack = append(stack, strings.Join(fields, " "))
	}
	add()
	for name, t := range self {
		p.top = append(p.top, function{name, t})
	}
	slices.SortFunc(p.top, func(a, b function) int {
		return cmp.Or(-cmp.Compare(a.self, b.self), strings.Compare(a.name, b.name))
	})
	if p.total == 0 {
		return p, fmt.Errorf("the profile is empty: the job was too short; take more SKUs")
	}
	return p, lines.Err()
}
