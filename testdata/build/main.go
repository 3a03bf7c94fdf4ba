package main

import (
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/restock-engine/restock/io/settings"
	"github.com/restock-engine/restock/io/table"
)

func main() {
	if err := run(os.Args[1:], os.Stderr); err != nil {
		if !errors.Is(err, flag.ErrHelp) {
			fmt.Fprintln(os.Stderr, "build:", err)
			os.Exit(1)
		}
	}
}

func run(args []string, stderr io.Writer) error {
	flags := flag.NewFlagSet("build", flag.ContinueOnError)
	flags.SetOutput(stderr)
	retailDir := flags.String("retail", "", "folder with year_2009_2010.csv and year_2010_2011.csv, plain or .gz")
	deliveriesFile := flags.String("deliveries", "", "SCMS_Delivery_History_Dataset.csv, plain or .gz")
	out := flags.String("out", "", "folder to write to, such as testdata")
	settingsFile := flags.String("settings", "testdata/restock.yaml", "the settings that the articles are resolved with")
	assumptionsFile := flags.String("assumptions", "testdata/build/assumptions.yaml", "what no setting can carry")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *retailDir == "" || *deliveriesFile == "" || *out == "" || flags.NArg() > 0 {
		return errors.New("usage: go run ./testdata/build -retail DIR -deliveries FILE -out testdata")
	}
	a, err := loadAssumptions(*assumptionsFile)
	if err != nil {
		return err
	}
	s, err := settings.Load(*settingsFile)
	if err != nil {
		return err
	}
	r, err := build(*retailDir, *deliveriesFile, a, s)
	if err != nil {
		return err
	}
	if err := r.checkSettings(s); err != nil {
		return fmt.Errorf("%s: %w", *settingsFile, err)
	}
	return r.write(*out, a)
}

// build reads the raw data and makes all of the example data in memory.
func build(retailDir, deliveriesFile string, a *assumptions, s *settings.Settings) (*result, error) {
	r := new(result)
	var err error
	if r.deliveries, err = readDeliveries(deliveriesFile); err != nil {
		return nil, err
	}
	if r.leadTimes, err = fitLeadTimes(r.deliveries); err != nil {
		return nil, err
	}
	if r.retail, err = readRetail(retailDir); err != nil {
		return nil, err
	}
	lines, reversed := dropReversals(r.retail.lines, a.Reversals.Hours, a.Reversals.AnyCustomerUnits)
	r.reversals = reversed
	r.lags = fitReturnLags(lines, a.Returns.Lags)
	r.end = lastCompleteWeek(r.retail.last)
	r.population, r.weekly = sumWeeks(lines, r.end)
	r.rates = a.returnRates(r.population)
	r.articles, r.strata = a.choose(r.population)
	for _, x := range r.articles {
		row, err := a.articleRow(x, s, r.rates[x.merchant.ID])
		if err != nil {
			return nil, err
		}
		r.rows = append(r.rows, row)
	}
	return r, nil
}

// checkSettings compares what the data gives with the values that the settings carry, so that neither can change alone.
func (r *result) checkSettings(s *settings.Settings) error {
	article, _, err := s.Article(&table.ArticleRow{})
	if err != nil {
		return err
	}
	var errs []error
	if cv := r.leadTimes.lane.cv; !almost(article.LeadTimeCV, cv, 2) {
		errs = append(errs, fmt.Errorf("defaults.lead_time_cv is %g, but the deliveries give %.2f; correct it", article.LeadTimeCV, cv))
	}
	same := len(article.ReturnLagWeights) == len(r.lags.weights)
	for i := range r.lags.weights {
		same = same && almost(article.ReturnLagWeights[i], r.lags.weights[i], 3)
	}
	if !same {
		errs = append(errs, fmt.Errorf("defaults.return_lag_weights is %v, but the returns give %v; correct it",
			article.ReturnLagWeights, r.lags.weights))
	}
	return errors.Join(errs...)
}

// write writes the files and, last, their checksums.
func (r *result) write(dir string, a *assumptions) error {
	history, n, err := historyParquet(r.articles)
	if err != nil {
		return err
	}
	r.historyRows = n
	articles, err := articlesCSV(r.rows)
	if err != nil {
		return err
	}
	names, err := namesCSV(r.articles)
	if err != nil {
		return err
	}
	sums := ""
	for _, f := range []struct {
		name string
		data []byte
	}{
		{"COUNTS.md", r.markdown(a)}, {"article_names.csv", names}, {"articles.csv", articles}, {"history.parquet", history},
	} {
		if err := writeFile(dir, f.name, f.data); err != nil {
			return err
		}
		sums += fmt.Sprintf("%x  %s\n", sha256.Sum256(f.data), f.name)
	}
	return writeFile(dir, "SHA256SUMS", []byte(sums))
}
