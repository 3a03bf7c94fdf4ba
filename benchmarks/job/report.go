package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// report is everything measured.
type report struct {
	options options
	machine string
	made    usage     // by demo-data
	jobs    [][]usage // [number of workers][round]
	profile profile
}

// median returns the usage of the run with the median wall clock; of an even number the slower one.
func median(runs []usage) usage {
	byWall := func(a, b usage) int { return cmp.Compare(a.wall, b.wall) }
	sorted := slices.SortedFunc(slices.Values(runs), byWall)
	return sorted[len(sorted)/2]
}

// String returns the report as Markdown.
func (r *report) String() string {
	o := &r.options
	var b strings.Builder
	runs := "1 run"
	if o.rounds > 1 {
		runs = fmt.Sprintf("the median of %d runs, which alternate", o.rounds)
	}
	fmt.Fprintf(&b, `# A whole run

Written by %s in this folder. %s.

%d SKUs made by restock demo-data (12 weeks × 39 quantiles each, Parquet), %d scenarios to search on and %d to report from,
Parquet written. Starting, reading and writing are included. A row is %s; all runs wrote the same bytes.

| workers | SKUs a second | least, most | wall clock | processor time per 1,000 SKUs | peak memory |
| ---: | ---: | ---: | ---: | ---: | ---: |
`, command(o), r.machine, o.skus, o.scenarios[0], o.scenarios[1], runs)
	perSecond := func(u usage) float64 { return float64(o.skus) / u.wall.Seconds() }
	for k, workers := range o.workers {
		m := median(r.jobs[k])
		least, most := perSecond(m), perSecond(m)
		for _, u := range r.jobs[k] {
			least, most = min(least, perSecond(u)), max(most, perSecond(u))
		}
		fmt.Fprintf(&b, "| %d | %.0f | %.0f, %.0f | %.1f s | %.0f ms | %s |\n", workers, perSecond(m), least, most,
			m.wall.Seconds(), m.cpu.Seconds()*1e6/float64(o.skus), megabytes(m.peak))
	}
	fmt.Fprintf(&b, "\nMaking the data took %.1f s of one processor and %s of memory.\n",
		r.made.cpu.Seconds(), megabytes(r.made.peak))
	r.writeProfile(&b)
	return b.String()
}

func (r *report) writeProfile(b *strings.Builder) {
	p := &r.profile
	share := func(t time.Duration) float64 { return 100 * t.Seconds() / p.total.Seconds() }
	fmt.Fprintf(b, `
## Where the time goes

One more run, in the measuring program, one worker, with a CPU profile: %.1f s of processor time in %.1f s. Which functions
belong to which row stands in profile.go; what the garbage collector does in the background stands apart.

| stage | share | per SKU |
| --- | ---: | ---: |
`, p.total.Seconds(), p.wall.Seconds())
	for k, t := range p.stages {
		if t > 0 {
			fmt.Fprintf(b, "| %s | %.1f %% | %.1f µs |\n", stages[k].name, share(t), t.Seconds()*1e6/float64(r.options.skus))
		}
	}
	b.WriteString("\nThe functions that take most themselves:\n\n| function | share |\n| --- | ---: |\n")
	for _, f := range p.top[:min(12, len(p.top))] {
		fmt.Fprintf(b, "| `%s` | %.1f %% |\n", strings.TrimPrefix(f.name, "github.com/restock-engine/restock/"), share(f.self))
	}
}

// command is what to run for the same report.
func command(o *options) string {
	return fmt.Sprintf("`make SKUS=%d ROUNDS=%d`", o.skus, o.rounds)
}

func megabytes(bytes int64) string {
	if bytes == 0 {
		return "unknown"
	}
	return fmt.Sprintf("%d MB", bytes/1e6)
}
