// Command rounds plays many windows of a weekly ordering game's own history as if each were the game, and compares restock's
// orders with the organisers' benchmark. README.md tells how; run `make`.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/restock-engine/restock/backtest/round"
	"github.com/restock-engine/restock/forecast"
)

type config struct {
	rules     string
	offsets   string
	forecasts string
	export    string
	stockouts string
	scenarios int
}

func main() {
	var c config
	flag.StringVar(&c.rules, "rules", "", "rules `FILE` of the game")
	flag.StringVar(&c.offsets, "windows", "12,18,24,30,36,42,48,54,60,66,72,78",
		"weeks from each window's first order to the end of the history")
	flag.StringVar(&c.forecasts, "forecasts", "", "`DIR` with a forecast table for every order, named as --export names the "+
		"histories: one more arm")
	flag.StringVar(&c.export, "export", "", "write the history known at every order to `DIR`, for other forecasters, and stop")
	flag.StringVar(&c.stockouts, "stockouts", "drawn", "demand in weeks out of stock: drawn from the weeks around, or zero")
	flag.IntVar(&c.scenarios, "scenarios", 1000, "scenarios of demand for each item and order")
	flag.Parse()
	if err := run(context.Background(), &c); err != nil {
		fmt.Fprintln(os.Stderr, "rounds:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, c *config) error {
	if c.rules == "" {
		return errors.New("--rules is missing: the rules file of a game, as docs/competition.md describes it")
	}
	rules, err := round.ReadRules(c.rules)
	if err != nil {
		return err
	}
	whole, _, err := round.Start(rules)
	if err != nil {
		return err
	}
	if c.stockouts != "drawn" && c.stockouts != "zero" {
		return fmt.Errorf("--stockouts must be drawn or zero, not %q", c.stockouts)
	}
	full := newTruth(whole, c.stockouts == "drawn")
	fmt.Printf("The initial state that the rule for windows gives at the end of the history is the game's own for %d of %d "+
		"items.\n\n",
		full.sameStocks(whole.Stocks), len(whole.Items))
	windows, err := c.windows(full)
	if err != nil {
		return err
	}
	if c.export != "" {
		return exportAll(full, windows, c.export)
	}
	arms := []arm{
		{"benchmark", benchmark(full, true)},
		{"benchmark without in-stock flags", benchmark(full, false)},
		{"newsvendor", planned(embedded, newsvendor(c.scenarios))},
		{"restock", planned(embedded, lookAhead(ctx, c.scenarios))},
	}
	if c.forecasts != "" {
		arms = append(arms, arm{"restock, forecast files", planned(fromFiles(c.forecasts), lookAhead(ctx, c.scenarios))},
			arm{"restock, mean of both forecasts", planned(averaged(embedded, fromFiles(c.forecasts)), lookAhead(ctx,
				c.scenarios))})
	}
	var results [][]outcome
	for _, w := range windows {
		row := make([]outcome, len(arms))
		for i, a := range arms {
			if row[i], err = full.play(w, a); err != nil {
				return fmt.Errorf("window of %s, %s: %w", full.date(w), a.name, err)
			}
		}
		results = append(results, row)
	}
	report(os.Stdout, full, windows, arms, results)
	return nil
}

// windows returns for each window the index of the week that begins when the first order is due.
func (c *config) windows(full *truth) ([]int, error) {
	var windows []int
	weeks := len(full.demand[0])
	for _, text := range strings.Split(c.offsets, ",") {
		offset, err := strconv.Atoi(strings.TrimSpace(text))
		if err != nil {
			return nil, fmt.Errorf("--windows: %q is not a number of weeks", text)
		}
		begin := weeks - offset
		if begin < stateWeeks || begin+full.game.Rules.ScoredWeeks.Last > weeks {
			return nil, fmt.Errorf("--windows: a game that begins %d weeks before the end does not fit in the %d weeks of the "+
				"history, of which %d make the "+
				"initial state", offset, weeks, stateWeeks)
		}
		windows = append(windows, begin)
	}
	return windows, nil
}

// name returns what the files of a window's order are called, without an ending.
func (t *truth) name(g *round.Game) string {
	return forecast.WeekStart(g.Last-g.Week).Format("2006-01-02") + "-order" + strconv.Itoa(g.Week+1)
}

func exportAll(full *truth, windows []int, dir string) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	for _, w := range windows {
		g := full.begin(w)
		for range g.Rules.Orders {
			if err := g.WriteHistory(filepath.Join(dir, full.name(g)+".csv")); err != nil {
				return err
			}
			g.Live(full.week(w + g.Week))
		}
	}
	return nil
}
