package main

import "github.com/spf13/cobra"

func newBacktestCommand(e *env) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "backtest",
		Short:   "Replay the past, or play a game, and see what the orders would have cost",
		Example: `  restock backtest round --rules game.yaml --state game --order order1.csv`,
	}
	group(cmd, newBacktestRoundCommand(e))
	return cmd
}
