package main

import (
	"io"

	"github.com/spf13/cobra"

	"github.com/restock-engine/restock/io/settings"
)

func newConfigCommand(e *env) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "config",
		Short:   "Shows the settings that hold, and where each comes from",
		Example: "  restock config show",
	}
	group(cmd, newConfigShowCommand(e))
	return cmd
}

func newConfigShowCommand(e *env) *cobra.Command {
	var flags commonFlags
	var merchant string
	var example bool
	cmd := &cobra.Command{
		Use:   "show",
		Short: "Prints every setting with its value and where it comes from",
		Long: `Prints every setting with its value and where it comes from: a flag, the merchant's section or the defaults
section of the settings file, or what is built in. What an article's row says in the articles table stands
above the file and below the flags.`,
		Example: `  restock config show
  restock config show --merchant M042 --format json
  restock config show --example > restock.yaml`,
		Args: needs(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if example {
				_, err := io.WriteString(e.stdout, settings.Example())
				return err
			}
			s, err := flags.load(cmd)
			if err != nil {
				return err
			}
			return printEntries(e.stdout, flags.format.value, s.Explain(merchant))
		},
	}
	flags.registerSettings(cmd, "horizon", "objective", "quantile", "candidates", "scenarios", "eval-scenarios")
	flags.registerOutput(cmd)
	cmd.Flags().StringVar(&merchant, "merchant", "", "show what holds for this merchant's articles: its `ID`")
	cmd.Flags().BoolVar(&example, "example", false, "print a complete settings file with the meaning of each key instead")
	return cmd
}

func printEntries(w io.Writer, format string, entries []settings.Entry) error {
	if format == "json" {
		return printJSON(w, entries)
	}
	headers := []string{"key", "value", "from"}
	rows := make([][]string, len(entries))
	for i, e := range entries {
		rows[i] = []string{e.Key, e.Value, e.From}
	}
	if format == "csv" {
		return printCSV(w, headers, rows)
	}
	return printTable(w, headers, rows)
}
