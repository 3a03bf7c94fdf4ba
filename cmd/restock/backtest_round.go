package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/restock-engine/restock/backtest/round"
)

type roundFlags struct {
	commonFlags
	move      round.Move
	order     string
	scenarios count
}

func newBacktestRoundCommand(e *env) *cobra.Command {
	f := &roundFlags{scenarios: 1000}
	cmd := &cobra.Command{
		Use:   "round",
		Short: "Play one round of an inventory game: take in a week of sales, decide the next orders",
		Long: `round plays a game of weekly orders with given costs, lead time, initial state and order template, one round at a time.
The first round makes the state folder from the files that the rules name; --sales is then the history, or left out. Every
further round takes one more week of sales, lets the stock live through it, and writes the next order file, laid out like the
template. A round that was played already gives the same order again. docs/competition.md explains the rules file.`,
		Example: `  restock backtest round --rules game.yaml --state game --order order1.csv
  restock backtest round --rules game.yaml --state game --sales "Week 1 - 2024-04-15 - Sales.csv" --order order2.csv`,
		Args: needs("rules", "state", "order"),
		RunE: func(cmd *cobra.Command, _ []string) error { return f.run(cmd, e) },
	}
	cmd.Flags().StringVar(&f.move.Rules, "rules", "", "rules of the game: a YAML `FILE`")
	cmd.Flags().StringVar(&f.move.State, "state", "", "`FOLDER` that the game is kept in")
	cmd.Flags().StringVar(&f.move.Sales, "sales", "", "sales of the week that ended, alone, with all weeks before, or as a "+
		"state file: a CSV `FILE`")
	cmd.Flags().StringVar(&f.move.Day, "week", "", "`DATE` of a day of that week, where neither a column nor the file's name "+
		"tells")
	cmd.Flags().StringVar(&f.order, "order", "", "write the order to `FILE`")
	cmd.Flags().StringVar(&f.move.Forecast, "forecast", "", "decide on the forecast table in `FILE` (default: the embedded "+
		"forecaster)")
	cmd.Flags().BoolVar(&f.move.Blend, "blend", false, "decide on the mean of --forecast and the embedded forecaster")
	cmd.Flags().BoolVar(&f.move.Replan, "replan", false, "decide the last round again, for example with another --forecast")
	cmd.Flags().Var(&f.scenarios, "scenarios", "decide each item on `N` scenarios of its demand")
	f.workers = count(runtime.GOMAXPROCS(0))
	cmd.Flags().Var(&f.workers, "workers", "work on `N` items at a time; the answer does not depend on it")
	f.registerOutput(cmd)
	f.registerLog(cmd)
	return cmd
}

func (f *roundFlags) run(cmd *cobra.Command, e *env) error {
	if f.move.Blend && f.move.Forecast == "" {
		return usageErrorf(seeHelp(cmd), "--blend needs a --forecast to take the mean with")
	}
	f.move.Plan = round.PlanOptions{Scenarios: int(f.scenarios), Workers: int(f.workers)}
	r, err := round.Play(cmd.Context(), f.move)
	if err != nil {
		return err
	}
	for _, note := range r.Notes {
		f.logger(e).Warn(note)
	}
	if err := writeOrder(f.order, r.Order); err != nil {
		return fmt.Errorf("the order of round %d is kept in %s but can't be written: %w", r.Round, f.move.State, err)
	}
	return f.print(e, r)
}

// writeOrder writes the order file in full or not at all; a file that is the same already is left alone.
func writeOrder(path string, order []byte) error {
	if old, err := os.ReadFile(path); err == nil && bytes.Equal(old, order) {
		return nil
	}
	unfinished, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-")
	if err != nil {
		return err
	}
	defer os.Remove(unfinished.Name())
	if _, err := unfinished.Write(order); err != nil {
		unfinished.Close()
		return err
	}
	if err := unfinished.Chmod(0o644); err != nil {
		unfinished.Close()
		return err
	}
	if err := unfinished.Close(); err != nil {
		return err
	}
	return os.Rename(unfinished.Name(), path)
}

func (f *roundFlags) print(e *env, r *round.Report) error {
	switch f.format.value {
	case "json":
		return printJSON(e.stdout, map[string]any{"round": r.Round, "week": r.Week, "items": r.Items, "units": r.Units,
			"repeated": r.Repeated, "holding": r.Cost.Holding, "shortage": r.Cost.Shortage,
			"orders_left": r.Left, "order": f.order, "warnings": r.Notes})
	case "csv":
		number := func(x float64) string { return strconv.FormatFloat(x, 'g', -1, 64) }
		return printCSV(e.stdout, []string{"round", "week", "items", "units", "repeated", "holding", "shortage", "orders_left"},
			[][]string{{
				strconv.Itoa(r.Round), r.Week, strconv.Itoa(r.Items), number(r.Units), strconv.FormatBool(r.Repeated),
				number(r.Cost.Holding), number(r.Cost.Shortage), strconv.Itoa(r.Left)}})
	}
	again := ""
	if r.Repeated {
		again = ", which had been played: the same order as then"
	}
	_, err := fmt.Fprintf(e.stdout, `round %d, after the week of %s%s
  ordered: %g units of %d items; orders left after this one: %d
  cost of the scored weeks so far: %.1f (holding %.1f, shortage %.1f)
  written to %s
`, r.Round, r.Week, again, r.Units, r.Items, r.Left, r.Cost.Holding+r.Cost.Shortage, r.Cost.Holding, r.Cost.Shortage, f.order)
	return err
}
