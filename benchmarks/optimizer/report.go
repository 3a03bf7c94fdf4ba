package main

import (
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"

	"github.com/restock-engine/restock/internal/stat"
)

// report writes the tables.
func report(c *config, exhaustive int64, skus []*sku, found studied, more []studied) error {
	var b strings.Builder
	fmt.Fprintf(&b, `# How near to the best policy the search comes

%d real and %d synthetic SKUs, extended (R, s, Q), 75th percentile of the cost on 500 scenarios. The reference is the exhaustive optimum for the %d SKUs
whose box of policies has at most %d points, and the best of all that was found for the others: by differential evolution with %d
evaluations, by restock's search with up to %d, and by the methods of the table. Gap: how much dearer than the reference, on the same scenarios.
Fresh: the same on %d other scenarios, mean over the SKUs, in percent: what the gap is worth to a user. A candidate counts once, also
if its evaluation is abandoned because it can't be better. Yesterday's policy: the one found for the same day with other scenarios, the best case
of a warm start. %s, %s/%s, %d processors; milliseconds are those of a busy machine.

`, c.skus, c.skus, exhaustive, exhaustivePoints, c.reference, c.reference/2, c.fresh, runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU())
	b.WriteString("| method | SKUs | number | gap: mean | median | p95 | p99 | worst | exact | fresh | candidates | ms/SKU |\n")
	b.WriteString("| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n")
	for k, a := range arms() {
		classes := []string{"all"}
		if a.byClass {
			classes = []string{"all", "real", "slow", "fast", "seasonal", "launch", "end of life"}
		}
		for _, class := range classes {
			writeRow(&b, a.name+" | "+class, class, skus, found.best, found.results[k], found.fresh[k])
		}
	}
	writeMore(&b, c, skus, more)
	writeMisses(&b, c, found)
	if c.results == "" {
		fmt.Print(b.String())
		return nil
	}
	return os.WriteFile(c.results, []byte(b.String()), 0o644)
}

// writeMore writes the table of more scenarios.
func writeMore(b *strings.Builder, c *config, skus []*sku, more []studied) {
	if len(more) == 0 {
		return
	}
	fmt.Fprintf(b, `
## More scenarios

The same searches where the percentile is of more scenarios. Gap: to the best that was found on the same scenarios; beyond %d of them by
differential evolution and by restock's search with %d evaluations each, and by the searches of the table. Fresh: how much dearer than the
reference of %d scenarios, on %d others.

`, more[0].scenarios, c.more, more[len(more)-1].scenarios, c.fresh)
	b.WriteString("| scenarios | method | number | gap: mean | median | p95 | p99 | worst | exact | fresh | candidates | ms/SKU |\n")
	b.WriteString("| ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n")
	for _, f := range more {
		k := 0
		for _, a := range arms() {
			if a.more {
				writeRow(b, fmt.Sprintf("%d | %s", f.scenarios, a.name), "all", skus, f.best, f.results[k], f.fresh[k])
				k++
			}
		}
	}
}

// writeMisses tells what large gaps are worth on fresh scenarios.
func writeMisses(b *strings.Builder, c *config, found studied) {
	const large = 0.005
	fmt.Fprintf(b, "\n## What large gaps are worth\n\nOf the SKUs with a gap above %g %%, on %d scenarios:\n\n", 100*large, found.scenarios)
	b.WriteString("| method | number | mean gap | mean on fresh scenarios | cheaper there than the reference |\n| --- | ---: | ---: | ---: | ---: |\n")
	for k, a := range arms() {
		if !a.more {
			continue
		}
		number, sum, fresh, cheaper := 0.0, 0.0, 0.0, 0.0
		for i := range found.best {
			g := gap(found.results[k][i].tuned.Score.Value, found.best[i].tuned.Score.Value)
			if g <= large {
				continue
			}
			number++
			sum += g
			fresh += found.fresh[k][i]
			if found.fresh[k][i] < 0 {
				cheaper++
			}
		}
		if number > 0 {
			fmt.Fprintf(b, "| %s | %.0f | %.2f %% | %+.2f %% | %.0f |\n", a.name, number, 100*sum/number, 100*fresh/number, cheaper)
		}
	}
}

// writeRow writes a row of a table that begins with the given cells.
func writeRow(b *strings.Builder, cells, class string, skus []*sku, best, results []outcome, fresh []float64) {
	var gaps []float64
	var evaluations, seconds, exact, extra float64
	for i, s := range skus {
		if class != "all" && s.class != class {
			continue
		}
		g := gap(results[i].tuned.Score.Value, best[i].tuned.Score.Value)
		if g == 0 {
			exact++
		}
		gaps = append(gaps, g)
		evaluations += float64(results[i].tuned.Evaluations)
		seconds += results[i].seconds
		extra += fresh[i]
	}
	n := float64(len(gaps))
	if n == 0 {
		return
	}
	slices.Sort(gaps)
	at := func(p float64) float64 { return 100 * stat.SortedQuantile(gaps, p) }
	fmt.Fprintf(b, "| %s | %.0f | %.2f %% | %.2f %% | %.2f %% | %.2f %% | %.2f %% | %.0f %% | %+.2f %% | %.0f | %.2f |\n", cells, n,
		100*stat.MeanInterval(gaps).Estimate, at(0.5), at(0.95), at(0.99), at(1), 100*exact/n, 100*extra/n, evaluations/n, 1000*seconds/n)
}

// gap is how much dearer a value is than the best one, relative to it.
func gap(value, best float64) float64 {
	if value <= best {
		return 0
	}
	return (value - best) / max(best, 1e-9)
}
