package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// median returns the usage of the run with the median wall clock; of an even number the slower one.
func median(runs []usage) usage {
	byWall := func(a, b usage) int { return cmp.Compare(a.wall, b.wall) }
	sorted := slices.SortedFunc(slices.Values(runs), byWall)
	return sorted[len(sorted)/2]
}

// timed runs the program on an input into a fresh folder, which it names.
func (o *options) timed(name, in string, more ...string) (usage, error) {
	out, err := o.fresh(name)
	if err != nil {
		return usage{}, err
	}
	return measure(o.binary, command(in, out, more...)...)
}

// rate is SKUs a second.
func rate(skus int, t time.Duration) float64 { return float64(skus) / t.Seconds() }

// perThousand is milliseconds for 1,000 SKUs.
func perThousand(skus int, t time.Duration) float64 { return t.Seconds() * 1e6 / float64(skus) }

// speed: one process, by workers.
func speed(o *options) (string, error) {
	skus := o.sizes[0]
	in, err := o.input(skus)
	if err != nil {
		return "", err
	}
	workers := []int{1, 2}
	runs := make([][]usage, len(workers))
	for round := range o.rounds {
		for k, n := range workers {
			u, err := o.timed("speed", in, "--workers", strconv.Itoa(n))
			if err != nil {
				return "", err
			}
			log.Printf("round %d, %d workers: %.0f SKUs a second", round+1, n, rate(skus, u.wall))
			runs[k] = append(runs[k], u)
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "## Speed\n\n`make speed SKUS=%d ROUNDS=%d`. %s.\n\n", skus, o.rounds, o.machine)
	fmt.Fprintf(&b, `%d SKUs, 500 + 2,000 scenarios, Parquet in and out. Planning, hashing, reading, writing, summary and report are
included. The median of %d runs that alternate; with least and most.

| workers | SKUs a second | least, most | wall clock | processor time per 1,000 SKUs | peak memory |
| ---: | ---: | ---: | ---: | ---: | ---: |
`, skus, o.rounds)
	for k, n := range workers {
		m := median(runs[k])
		least, most := m.wall, m.wall
		for _, u := range runs[k] {
			least, most = max(least, u.wall), min(most, u.wall)
		}
		fmt.Fprintf(&b, "| %d | %.0f | %.0f, %.0f | %.1f s | %.0f ms | %s |\n", n,
			rate(skus, m.wall), rate(skus, least), rate(skus, most), m.wall.Seconds(), perThousand(skus, m.cpu), megabytes(m.peak))
	}
	return b.String(), nil
}

// inTwo runs two processes of one worker each and then the merge. Its usage is that of all three; path is the processor time of the
// larger part and the merge: the wall clock that they would take on two processors of their own.
func (o *options) inTwo(in string, more ...string) (sum usage, path time.Duration, err error) {
	out, err := o.fresh("two")
	if err != nil {
		return sum, 0, err
	}
	begin := time.Now()
	var parts [2]*child
	for i := range parts {
		args := append([]string{"--workers", "1", "--shard", fmt.Sprintf("%d/2", i)}, more...)
		if parts[i], err = start(o.binary, command(in, out, args...)...); err != nil {
			return sum, 0, err
		}
	}
	for _, c := range parts {
		u, err := c.wait()
		if err != nil {
			return sum, 0, err
		}
		sum.cpu += u.cpu
		sum.peak = max(sum.peak, u.peak)
		path = max(path, u.cpu)
	}
	u, err := measure(o.binary, "batch", "merge", "--output", out, "--date", date, "--quiet")
	sum.wall, sum.cpu = time.Since(begin), sum.cpu+u.cpu
	return sum, path + u.cpu, err
}

// split: one process with one worker against two of them.
func split(o *options) (string, error) {
	skus := o.sizes[0]
	in, err := o.input(skus)
	if err != nil {
		return "", err
	}
	size := []string{"--shard-size", strconv.Itoa(max(1, skus/40))}
	var b strings.Builder
	fmt.Fprintf(&b, "## Two processes\n\n`make split SKUS=%d ROUNDS=%d`. %s.\n\n", skus, o.rounds, o.machine)
	fmt.Fprintf(&b, `%d SKUs in 40 shards. *One* is a process with one worker, *two* are `+"`--shard 0/2` and `--shard 1/2`"+` with one
worker each, started at once, and the merge after them; all have the same bytes. The last ratio is that of processor times: one,
to the larger part and the merge. It is what two processors that nobody else uses would give.

| round | wall clock: one | two | ratio | processor time: one | two, both parts and merge | larger part and merge | ratio |
| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
`, skus)
	var wall, processor []float64
	for round := range o.rounds {
		one, err := o.timed("one", in, append([]string{"--workers", "1"}, size...)...)
		if err != nil {
			return "", err
		}
		two, path, err := o.inTwo(in, size...)
		if err != nil {
			return "", err
		}
		if err := o.sameOutputs("one", "two"); err != nil {
			return "", err
		}
		wall = append(wall, one.wall.Seconds()/two.wall.Seconds())
		processor = append(processor, one.cpu.Seconds()/path.Seconds())
		log.Printf("round %d: ratio %.2f, by processor time %.2f", round+1, wall[round], processor[round])
		fmt.Fprintf(&b, "| %d | %.1f s | %.1f s | %.2f | %.1f s | %.1f s | %.1f s | %.2f |\n", round+1,
			one.wall.Seconds(), two.wall.Seconds(), wall[round], one.cpu.Seconds(), two.cpu.Seconds(), path.Seconds(), processor[round])
	}
	slices.Sort(wall)
	slices.Sort(processor)
	fmt.Fprintf(&b, "\nMedian of the ratios: %.2f by wall clock, %.2f by processor time.\n", wall[len(wall)/2], processor[len(processor)/2])
	return b.String(), nil
}

func (o *options) sameOutputs(a, b string) error {
	x, err := contents(filepath.Join(o.dir, "out-"+a))
	if err != nil {
		return err
	}
	y, err := contents(filepath.Join(o.dir, "out-"+b))
	if err != nil {
		return err
	}
	return sameFiles(x, y)
}

// linear: a run of two workers for each number of SKUs.
func linear(o *options) (string, error) {
	return o.bySize("linear", "Linear in SKUs", "500 + 2,000 scenarios")
}

// peak is linear with a few short scenarios: reading, joining, writing and merging are what they are, and the search is short.
func peak(o *options) (string, error) {
	return o.bySize("peak", "Memory at millions of SKUs", "4 + 4 scenarios of one week, so that it ends in time (the memory of\n"+
		"scenarios does not depend on how many SKUs there are; what is read has its full size, what is written two thirds of it)",
		"--scenarios", "4", "--eval-scenarios", "4", "--horizon", "1")
}

func (o *options) bySize(name, title, what string, more ...string) (string, error) {
	var b strings.Builder
	var list []string
	for _, n := range o.sizes {
		list = append(list, strconv.Itoa(n))
	}
	fmt.Fprintf(&b, "## %s\n\n`make %s SKUS=%s`. %s.\n\n", title, name, strings.Join(list, ","), o.machine)
	fmt.Fprintf(&b, `Two workers, %s. One run each. *Plan* is `+"`--shard 0/1000000`"+`,
which plans and does no shard; *complete* is the merge of the finished run.

| SKUs | wall clock | SKUs a second | processor time per 1,000 SKUs | peak memory | plan | complete | input | output |
| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
`, what)
	for _, skus := range o.sizes {
		in, err := o.input(skus)
		if err != nil {
			return "", err
		}
		plan, err := o.timed("plan", in, append([]string{"--shard", "0/1000000"}, more...)...)
		if err != nil {
			return "", err
		}
		u, err := o.timed(name, in, append([]string{"--workers", "2"}, more...)...)
		if err != nil {
			return "", err
		}
		out := filepath.Join(o.dir, "out-"+name)
		merge, err := measure(o.binary, "batch", "merge", "--output", out, "--date", date, "--quiet")
		if err != nil {
			return "", err
		}
		read, err := folderBytes(in)
		if err != nil {
			return "", err
		}
		written, err := folderBytes(out)
		if err != nil {
			return "", err
		}
		log.Printf("%d SKUs: %.0f a second, %s", skus, rate(skus, u.wall), megabytes(u.peak))
		fmt.Fprintf(&b, "| %d | %.1f s | %.0f | %.0f ms | %s | %.1f s, %s | %.1f s, %s | %s | %s |\n", skus,
			u.wall.Seconds(), rate(skus, u.wall), perThousand(skus, u.cpu), megabytes(u.peak),
			plan.wall.Seconds(), megabytes(plan.peak), merge.wall.Seconds(), megabytes(merge.peak), megabytes(read), megabytes(written))
	}
	return b.String(), nil
}

// limits: every merchant with a budget of half of what it wants, and all SKUs under one such budget, against no limits.
func limits(o *options) (string, error) {
	skus := o.sizes[0]
	none, err := o.input(skus)
	if err != nil {
		return "", err
	}
	one, err := derive(none, filepath.Join(o.dir, "in-one"), oneMerchant)
	if err != nil {
		return "", err
	}
	if _, err := o.timed("wanted", one); err != nil {
		return "", err
	}
	wanted, err := valueNow(filepath.Join(o.dir, "out-wanted"))
	if err != nil {
		return "", err
	}
	budget := fmt.Sprintf("merchant_id,limit,at_most\none,money,%.0f\n", wanted/2)
	limited, err := derive(one, filepath.Join(o.dir, "in-budget"), func(folder string) error {
		return os.WriteFile(filepath.Join(folder, "limits.csv"), []byte(budget), 0o644)
	})
	if err != nil {
		return "", err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "## Limits\n\n`make limits SKUS=%d ROUNDS=%d`. %s.\n\n", skus, o.rounds, o.machine)
	fmt.Fprintf(&b, `%d SKUs of one merchant, 500 + 2,000 scenarios, two workers; *with* is a budget of half of what they want.
*Choice* is the merge of the finished run with limits less that of the one without: reading the curves, the choice over all SKUs,
writing the orders.

| round | processor time without | with | share of the run with | choice, wall clock | peak memory without | with |
| ---: | ---: | ---: | ---: | ---: | ---: | ---: |
`, skus)
	for round := range o.rounds {
		without, err := o.timed("without", one)
		if err != nil {
			return "", err
		}
		with, err := o.timed("with", limited)
		if err != nil {
			return "", err
		}
		var merges [2]usage
		for k, name := range []string{"without", "with"} {
			out := filepath.Join(o.dir, "out-"+name)
			if merges[k], err = measure(o.binary, "batch", "merge", "--output", out, "--date", date, "--quiet"); err != nil {
				return "", err
			}
		}
		share := 1 - without.cpu.Seconds()/with.cpu.Seconds()
		log.Printf("round %d: %.1f %%", round+1, 100*share)
		fmt.Fprintf(&b, "| %d | %.1f s | %.1f s | %.1f %% | %.2f s | %s | %s |\n", round+1,
			without.cpu.Seconds(), with.cpu.Seconds(), 100*share, (merges[1].wall - merges[0].wall).Seconds(),
			megabytes(without.peak), megabytes(with.peak))
	}
	l, err := limitOf(filepath.Join(o.dir, "out-with"))
	if err != nil {
		return "", err
	}
	fmt.Fprintf(&b, "\nThe budget of %.0f: %.0f wanted, %.0f ordered, %d SKUs cut; one more is worth %.3f; "+
		"gap to the relaxed bound %.4f %%.\n", l.AtMost, l.Wanted, l.Used, l.Cut, l.Price, 100*l.Gap)
	return b.String(), nil
}

// summaryLimit is what is read of a limit in summary.json.
type summaryLimit struct {
	AtMost float64 `json:"at_most"`
	Wanted float64 `json:"wanted"`
	Used   float64 `json:"used"`
	Price  float64 `json:"price"`
	Cut    int64   `json:"cut"`
	Gap    float64 `json:"gap"`
}

type summary struct {
	Totals struct {
		ValueNow float64 `json:"value_now"`
	} `json:"totals"`
	Limits []summaryLimit `json:"limits"`
}

func readSummary(out string) (s summary, err error) {
	data, err := os.ReadFile(filepath.Join(out, "date="+date, "summary.json"))
	if err == nil {
		err = json.Unmarshal(data, &s)
	}
	return s, err
}

func valueNow(out string) (float64, error) {
	s, err := readSummary(out)
	return s.Totals.ValueNow, err
}

func limitOf(out string) (summaryLimit, error) {
	s, err := readSummary(out)
	if err == nil && len(s.Limits) != 1 {
		err = fmt.Errorf("%d limits in the summary of %s", len(s.Limits), out)
	}
	if err != nil {
		return summaryLimit{}, err
	}
	return s.Limits[0], nil
}
