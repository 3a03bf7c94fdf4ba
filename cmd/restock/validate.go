package main

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/restock-engine/restock/batch"
	"github.com/restock-engine/restock/io/table"
)

type validateFlags struct {
	commonFlags
	tables  tableFlags
	history string
	most    int
}

func newValidateCommand(e *env) *cobra.Command {
	f := &validateFlags{}
	cmd := &cobra.Command{
		Use:   "validate",
		Short: "Check tables and settings, and list every problem",
		Long: `validate reads the settings and the tables that are named, changes nothing, and lists every problem with file, row and column.
It ends with exit code 0 if there is none, with 3 if rows would be rejected, and with 1 if a file can't be read at all.`,
		Example: `  restock validate --articles articles.csv --forecast forecast.parquet --history history.parquet`,
		Args:    needs(),
		RunE:    func(cmd *cobra.Command, _ []string) error { return f.run(cmd, e) },
	}
	f.tables.register(cmd)
	cmd.Flags().StringVar(&f.history, "history", "", "history table: `PATH` of a file, folder or glob")
	cmd.Flags().IntVar(&f.most, "most", 1000, "list at most `N` problems")
	f.registerSettings(cmd, "horizon")
	f.registerOutput(cmd)
	f.registerLog(cmd)
	return cmd
}

func (f *validateFlags) run(cmd *cobra.Command, e *env) error {
	if f.tables.articles == "" && f.history == "" {
		if f.tables.forecast != "" {
			return usageErrorf(seeHelp(cmd), "a forecast is checked together with its --articles")
		}
		return usageErrorf(seeHelp(cmd), "nothing to check: name --articles, --forecast or --history")
	}
	if f.most < 1 {
		return usageErrorf(seeHelp(cmd), "flag --most: %d must be 1 or more", f.most)
	}
	set, err := f.load(cmd)
	if err != nil {
		return err
	}
	join, err := f.tables.options(cmd, e)
	if err != nil {
		return err
	}
	var problems []table.Reject
	count := 0
	articles, skus, err := batch.Validate(cmd.Context(), batch.Check{
		Articles: f.tables.articles, Forecast: f.tables.forecast, History: f.history, Settings: set, Join: join,
		Report: func(r table.Reject) {
			if count++; count <= f.most {
				problems = append(problems, r)
			}
		},
		Doubt: func(d string) { f.logger(e).Warn(d) },
	})
	for _, w := range set.Warnings() {
		f.logger(e).Warn(w)
	}
	if err != nil && count == 0 && f.format.value == "table" { // not all was read, so that nobody knows
		return err
	}
	if printErr := f.print(e, problems, count, articles, skus); printErr != nil {
		return errors.Join(err, printErr)
	}
	switch {
	case err != nil:
		return err
	case count > 0:
		return &exitError{fmt.Errorf("%d problems in %s", count, plainCount(articles, skus)), "such rows would be rejected; all others are used", exitRejects}
	}
	return nil
}

func plainCount(articles, skus int64) string {
	var parts []string
	if articles > 0 {
		parts = append(parts, fmt.Sprintf("%d rows of articles", articles))
	}
	if skus > 0 {
		parts = append(parts, fmt.Sprintf("the history of %d articles", skus))
	}
	if parts == nil {
		return "no rows"
	}
	return joinWords(parts)
}

func (f *validateFlags) print(e *env, problems []table.Reject, count int, articles, skus int64) error {
	headers := []string{"file", "row", "merchant", "article", "column", "value", "problem"}
	var rows [][]string
	for _, p := range problems {
		row := ""
		if p.Row > 0 {
			row = strconv.FormatInt(p.Row, 10)
		}
		rows = append(rows, []string{p.File, row, p.Merchant, p.Article, p.Column, p.Value, p.Reason})
	}
	switch f.format.value {
	case "json":
		list := []map[string]any{}
		for _, p := range problems {
			list = append(list, map[string]any{"file": p.File, "row": p.Row, "merchant_id": p.Merchant, "article_id": p.Article,
				"column": p.Column, "value": p.Value, "reason": p.Reason})
		}
		return printJSON(e.stdout, map[string]any{"articles": articles, "history_articles": skus, "count": count, "problems": list})
	case "csv":
		return printCSV(e.stdout, headers, rows)
	}
	if len(rows) == 0 {
		_, err := fmt.Fprintf(e.stdout, "no problem in %s\n", plainCount(articles, skus))
		return err
	}
	if err := printTable(e.stdout, headers, rows); err != nil {
		return err
	}
	if count > len(rows) {
		_, err := fmt.Fprintf(e.stdout, "… and %d more; --most lists more\n", count-len(rows))
		return err
	}
	return nil
}
