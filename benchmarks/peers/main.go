//go:build unix

// Command peers exports what the Python programs in this folder need to do restock's work: articles, scenarios, candidate
// policies with their costs, and what restock found and how long it took. make in this folder runs everything and writes
// RESULTS.md.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"io"
	"log"
	"os"
	"runtime"

	"github.com/restock-engine/restock/io/settings"
	"github.com/restock-engine/restock/io/table"
	"github.com/restock-engine/restock/optimize"
	"github.com/restock-engine/restock/simulate"
)

const (
	scenarios     = 500
	evalScenarios = 2000
	weeks         = 12
	candidates    = 20 // random policies whose costs the peers must reproduce
	rounds        = 3  // timings of restock; the median counts
)

func main() {
	log.SetFlags(0)
	articles := flag.String("articles", "../../testdata/articles.csv", "articles table")
	forecast := flag.String("forecast", "forecast.parquet", "forecast table")
	config := flag.String("config", "../../testdata/restock.yaml", "settings")
	skus := flag.Int("skus", 100, "SKUs to take, spread evenly over the table")
	seed := flag.Uint64("seed", 1, "seed of the scenarios")
	arrays := flag.String("arrays", "peers.npz", "write articles, scenarios and costs to this file")
	facts := flag.String("facts", "restock.json", "write restock's times and versions to this file")
	flag.Parse()
	runtime.GOMAXPROCS(2) // the collector may use the second core also when one worker runs
	if err := run(*articles, *forecast, *config, *skus, *seed, *arrays, *facts); err != nil {
		log.Fatal(err)
	}
}

func run(articles, forecast, config string, skus int, seed uint64, arrays, facts string) error {
	inputs, err := readInputs(articles, forecast, config, skus, simulate.NewSampler(seed))
	if err != nil {
		return err
	}
	e := newExport(inputs, simulate.NewSampler(seed))
	if err := e.scenarios(); err != nil {
		return err
	}
	if err := e.candidates(seed); err != nil {
		return err
	}
	measured, err := e.restock()
	if err != nil {
		return err
	}
	measured.BaseStock, err = e.baseStock()
	if err != nil {
		return err
	}
	if err := e.write(arrays); err != nil {
		return err
	}
	text, err := json.MarshalIndent(measured, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(facts, append(text, '\n'), 0o644)
}

// readInputs takes so many SKUs, evenly spread over those that the settings and the forecast allow.
func readInputs(articles, forecast, config string, skus int, s *simulate.Sampler) (inputs []optimize.Input, err error) {
	set, err := settings.Load(config)
	if err != nil {
		return nil, err
	}
	joined, err := table.Join(articles, forecast, table.JoinOptions{})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, joined.Close()) }()
	var all []optimize.Input
	for {
		item, err := joined.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		if item.Reject != nil {
			continue
		}
		article, _, err := set.Article(item.Row)
		if err != nil || item.Short(article.Horizon) != nil || article.Horizon > weeks {
			continue
		}
		key := s.Key(item.Row.Merchant, item.Row.Article)
		all = append(all, optimize.Input{Article: &article, Forecast: item.Forecast, Key: key})
	}
	if skus < 1 || skus > len(all) {
		return nil, errors.New("-skus must be at least 1 and at most the number of usable SKUs")
	}
	for i := range skus {
		inputs = append(inputs, all[i*len(all)/skus])
	}
	return inputs, nil
}
