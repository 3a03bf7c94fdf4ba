package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"time"
	"unicode"

	"github.com/spf13/cobra"

	"github.com/restock-engine/restock/cmd/restock/internal/demo"
)

type demoDataFlags struct {
	commonFlags
	skus, weeks int
	out         string
	ending      choice
}

func newDemoDataCommand(e *env) *cobra.Command {
	f := &demoDataFlags{ending: newChoice("parquet", "csv")}
	cmd := &cobra.Command{
		Use:   "demo-data",
		Short: "Make an assortment of any size to try restock with",
		Long: `demo-data writes the articles, the forecast and the settings of an assortment, sorted as optimize reads it
fastest. Each SKU is one of 600 real articles, changed at random: pace, season, prices and costs, lead time, packs, stock, weeks until
it leaves. The same seed makes the same SKUs, and a large assortment contains the small ones. A million SKUs take 0.8 GB and a
minute.

The sales behind it are those of a British gift retailer, 2009 to 2011 (Online Retail II, Chen 2019, doi:10.24432/C5CG6D, CC BY 4.0);
costs and stock are assumed. No figure computed from them says anything about the retailer.`,
		Example: `  restock demo-data --skus 1000 --out demo
  restock demo-data --skus 1000 --weeks-of-history 104 --format csv --out demo`,
		Args: needs("out"),
		RunE: func(cmd *cobra.Command, _ []string) error { return f.run(cmd, e) },
	}
	cmd.Flags().IntVar(&f.skus, "skus", 1000, "make `N` SKUs")
	cmd.Flags().StringVar(&f.out, "out", "", "write to this `FOLDER`, made if it is not there; an earlier assortment is replaced")
	cmd.Flags().IntVar(&f.weeks, "weeks-of-history", 0,
		fmt.Sprintf("also write the sales of the last `W` weeks, at most %d", demo.MaxHistoryWeeks))
	cmd.Flags().Uint64Var(&f.seed, "seed", 1, "all randomness follows from this `NUMBER`")
	cmd.Flags().Var(&f.ending, "format", "write the tables as parquet or csv")
	f.registerLog(cmd)
	return cmd
}

func (f *demoDataFlags) run(cmd *cobra.Command, e *env) error {
	if f.out == "-" {
		return usageErrorf(seeHelp(cmd), "flag --out: demo-data writes several files; name a folder")
	}
	bar := newProgress(e, &f.commonFlags, "SKUs")
	job := demo.Job{Dir: f.out, SKUs: f.skus, Seed: f.seed, HistoryWeeks: f.weeks, Ending: "." + f.ending.value, Progress: bar.show}
	if err := job.Validate(); err != nil {
		return usageErrorf(seeHelp(cmd), "%w", err)
	}
	made, err := demo.Write(cmd.Context(), job)
	bar.end()
	if err != nil {
		return err
	}
	return f.print(e, made)
}

// print says what was written and what to run next.
func (f *demoDataFlags) print(e *env, made *demo.Made) error {
	var names []string
	for _, path := range []string{made.Articles, made.Forecast, made.History, made.Settings} {
		if path != "" {
			names = append(names, filepath.Base(path))
		}
	}
	skus, asOf := "1 SKU", made.AsOf.Format(time.DateOnly)
	if f.skus > 1 {
		skus = fmt.Sprintf("%d SKUs", f.skus)
	}
	beside := func(name string) string { return shellWord(filepath.Join(f.out, name+"."+f.ending.value)) }
	next := fmt.Sprintf("restock optimize --articles %s --forecast %s --as-of %s --config %s --out %s",
		shellWord(made.Articles), shellWord(made.Forecast), asOf, shellWord(made.Settings), beside("recommendations"))
	if made.History != "" {
		next += fmt.Sprintf("\n  restock forecast --history %s --out %s", shellWord(made.History), beside("own-forecast"))
	}
	_, err := fmt.Fprintf(e.stdout, "%s as of %s in %s: %s\n\nTry next:\n  %s\n", skus, asOf, f.out, joinWords(names), next)
	return err
}

// shellWord quotes a path for a command line to copy, where it has to be.
func shellWord(path string) string {
	plain := func(r rune) bool {
		return unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("/._-+:,=@%", r)
	}
	if path != "" && strings.IndexFunc(path, func(r rune) bool { return !plain(r) }) < 0 {
		return path
	}
	return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
}
