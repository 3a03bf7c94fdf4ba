// Command drift measures what `restock forecast check` finds on a real history: it cuts the history at several weeks, leaves the
// last weeks as they are or changes their sales, and checks each. RESULTS.md has the figures; run `make`.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"

	"github.com/restock-engine/restock/backtest/judge"
	"github.com/restock-engine/restock/forecast"
	"github.com/restock-engine/restock/internal/random"
	"github.com/restock-engine/restock/io/table"
)

type config struct {
	history string
	checks  int
	every   int
	origins int
	recent  int
	horizon int
	alarms  float64
}

func main() {
	var c config
	flag.StringVar(&c.history, "history", "testdata/history.parquet", "history `TABLE`")
	flag.IntVar(&c.checks, "checks", 15, "number of last weeks at which the history is cut and checked")
	flag.IntVar(&c.every, "every", 3, "weeks between these")
	flag.IntVar(&c.origins, "origins", 40, "weekly forecasts that each check compares")
	flag.IntVar(&c.recent, "recent", 4, "last weeks that are compared with those before, and changed")
	flag.IntVar(&c.horizon, "horizon", 4, "weeks ahead")
	flag.Float64Var(&c.alarms, "false-alarms", 0.01, "stated chance of a false alarm")
	flag.Parse()
	if err := run(context.Background(), &c, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "drift:", err)
		os.Exit(1)
	}
}

// disturbance is something that happens to sales in the last weeks.
type disturbance struct {
	name  string
	sales func(article random.Key, sales float64) float64
}

var disturbances = []disturbance{
	{"nothing", func(_ random.Key, y float64) float64 { return y }},
	{"all sell half as much", func(_ random.Key, y float64) float64 { return math.Floor(y / 2) }},
	{"all sell half as much again", func(_ random.Key, y float64) float64 { return math.Round(1.5 * y) }},
	{"all sell a fifth more", func(_ random.Key, y float64) float64 { return math.Round(1.2 * y) }},
	{"30 % of the articles report no sales", func(a random.Key, y float64) float64 {
		if random.New(a).Float64() < 0.3 {
			return 0
		}
		return y
	}},
	{"sales are booked to another article", func(a random.Key, y float64) float64 {
		return math.Round(y * math.Exp(1.2*random.New(a).NormFloat64()-0.72))
	}},
}

func run(ctx context.Context, c *config, out io.Writer) error {
	all, end, err := read(c.history)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "restock-drift-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	fmt.Fprintf(out,
		"%d articles, %d checks %d weeks apart, the last at %s; each of %d weekly forecasts, the last %d weeks against those before\n\n",
		len(all), c.checks, c.every, forecast.WeekStart(end-1).Format("2006-01-02"), c.origins, c.recent)
	fmt.Fprintln(out,
		"| in the last weeks | checks that ring | by loss, coverage, bias of all articles | by a class or merchant alone |\n| --- | --- | --- | --- |")
	for _, d := range disturbances {
		alarms, alone := 0, 0
		figures := map[string]int{}
		for k := range c.checks {
			cut := end - k*c.every
			path := filepath.Join(dir, "history.parquet")
			if err := writeCut(path, all, cut, cut-c.recent, &d); err != nil {
				return err
			}
			r, err := judge.Check(ctx, judge.CheckJob{Recent: c.recent, FalseAlarms: c.alarms, Input: judge.Input{History: path,
				Models: []string{judge.Pooled}, Origins: c.origins, Step: 1, Horizon: c.horizon}})
			if err != nil {
				return err
			}
			if r.Alarm {
				alarms++
			}
			overall := false
			for _, t := range r.Tests {
				if t.By == judge.ByOverall && t.Alarm {
					overall = true
					figures[t.Figure]++
				}
			}
			if r.Alarm && !overall {
				alone++
			}
		}
		fmt.Fprintf(out, "| %s | %d of %d | %d, %d, %d | %d |\n", d.name, alarms, c.checks, figures["loss"],
			figures["coverage"], figures["bias"], alone)
	}
	return nil
}

// read reads a whole history; end is the week behind its last.
func read(path string) (all []*forecast.Series, end int, err error) {
	h, err := table.OpenHistory(path, table.HistoryOptions{})
	if err != nil {
		return nil, 0, err
	}
	defer func() { err = errors.Join(err, h.Close()) }()
	for {
		s, _, err := h.Next()
		if errors.Is(err, io.EOF) {
			return all, end, nil
		}
		if err != nil {
			return nil, 0, err
		}
		if s != nil {
			all = append(all, s)
			end = max(end, s.FirstWeek+s.Weeks())
		}
	}
}

// writeCut writes the history before week cut, with the sales from week from on disturbed.
func writeCut(path string, all []*forecast.Series, cut, from int, d *disturbance) error {
	w, err := table.CreateHistory(path, nil)
	if err != nil {
		return err
	}
	defer w.Abort()
	for _, s := range all {
		x := s.Until(cut)
		if x.Weeks() == 0 {
			continue
		}
		x.Sales = slices.Clone(x.Sales)
		key := random.NewKey(0, "drift", x.MerchantID, x.ArticleID)
		for t := max(from-x.FirstWeek, 0); t < x.Weeks(); t++ {
			x.Sales[t] = d.sales(key, x.Sales[t])
		}
		if err := w.Write(x); err != nil {
			return err
		}
	}
	return w.Commit()
}
