package main

import (
	"fmt"
	"io"
	"math"
	"slices"

	"github.com/restock-engine/restock/internal/stat"
)

// report writes Markdown: a row per window, then means, and each arm's difference from the first one.
func report(w io.Writer, t *truth, windows []int, arms []arm, results [][]outcome) {
	fmt.Fprint(w, "| first order before |")
	for _, a := range arms {
		fmt.Fprintf(w, " %s |", a.name)
	}
	fmt.Fprint(w, "\n| --- |")
	for range arms {
		fmt.Fprint(w, " ---: |")
	}
	fmt.Fprintln(w)
	for k, begin := range windows {
		fmt.Fprintf(w, "| %s |", t.date(begin))
		for i, o := range results[k] {
			fmt.Fprintf(w, " %.0f%s |", o.total(), change(i, o.total(), results[k][0].total()))
		}
		fmt.Fprintln(w)
	}
	column := func(i int, f func(outcome) float64) []float64 {
		var x []float64
		for k := range results {
			x = append(x, f(results[k][i]))
		}
		return x
	}
	line := func(name string, f func(i int) string) {
		fmt.Fprintf(w, "| %s |", name)
		for i := range arms {
			fmt.Fprintf(w, " %s |", f(i))
		}
		fmt.Fprintln(w)
	}
	base := column(0, outcome.total)
	line("mean cost", func(i int) string {
		return fmt.Sprintf("%.0f%s", mean(column(i, outcome.total)), change(i, mean(column(i, outcome.total)), mean(base)))
	})
	line("standard deviation", func(i int) string { return fmt.Sprintf("%.0f", deviation(column(i, outcome.total))) })
	line("holding", func(i int) string {
		return fmt.Sprintf("%.0f", mean(column(i, func(o outcome) float64 { return o.holding })))
	})
	line("shortage", func(i int) string {
		return fmt.Sprintf("%.0f", mean(column(i, func(o outcome) float64 { return o.shortage })))
	})
	line("mean of the windows' savings, 95 % interval", func(i int) string {
		savings := savings(base, column(i, outcome.total))
		iv := stat.MeanInterval(savings)
		return fmt.Sprintf("%.1f %% (%.1f to %.1f)", iv.Estimate, iv.Low, iv.High)
	})
	line("smallest and largest saving", func(i int) string {
		savings := savings(base, column(i, outcome.total))
		return fmt.Sprintf("%.1f, %.1f %%", slices.Min(savings), slices.Max(savings))
	})
}

func change(i int, cost, base float64) string {
	if i == 0 {
		return ""
	}
	return fmt.Sprintf(" (%+.1f %%)", 100*(cost/base-1))
}

// savings are what each window costs less than the base, in per cent of the base.
func savings(base, cost []float64) []float64 {
	s := make([]float64, len(base))
	for k := range base {
		s[k] = 100 * (1 - cost[k]/base[k])
	}
	return s
}

func mean(x []float64) float64 {
	sum := 0.0
	for _, v := range x {
		sum += v
	}
	return sum / float64(len(x))
}

func deviation(x []float64) float64 {
	m, sum := mean(x), 0.0
	for _, v := range x {
		sum += (v - m) * (v - m)
	}
	return math.Sqrt(sum / float64(max(len(x)-1, 1)))
}
