// Command nextday makes the input of a day from that of the day before: some SKUs have sold a little, some cost something else, and the forecast of
// some is another. It is for looking at comparisons; nothing about it is real.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"

	"github.com/restock-engine/restock/forecast"
	"github.com/restock-engine/restock/internal/random"
	"github.com/restock-engine/restock/io/table"
)

func main() {
	from := flag.String("from", "", "dated input folder of the day before")
	to := flag.String("to", "", "dated input folder to write")
	flag.Parse()
	if err := run(*from, *to); err != nil {
		fmt.Fprintln(os.Stderr, "nextday:", err)
		os.Exit(1)
	}
}

func run(from, to string) error {
	if err := os.MkdirAll(to, 0o755); err != nil {
		return err
	}
	settings, err := os.ReadFile(filepath.Join(from, "restock.yaml"))
	if err == nil {
		err = os.WriteFile(filepath.Join(to, "restock.yaml"), settings, 0o644)
	}
	if err != nil {
		return err
	}
	joined, err := table.Join(filepath.Join(from, "articles.parquet"), filepath.Join(from, "forecast.parquet"), table.JoinOptions{})
	if err != nil {
		return err
	}
	defer joined.Close()
	asOf, _ := joined.AsOf()
	articles, err := table.CreateArticles(filepath.Join(to, "articles.parquet"), nil)
	if err != nil {
		return err
	}
	var forecasts *table.ForecastWriter
	for {
		item, err := joined.Next()
		if errors.Is(err, io.EOF) {
			return errors.Join(articles.Commit(), forecasts.Commit())
		}
		if err != nil {
			return err
		}
		if item.Reject != nil {
			continue
		}
		if forecasts == nil {
			if forecasts, err = table.CreateForecast(filepath.Join(to, "forecast.parquet"), nil, item.Forecast.Levels, asOf); err != nil {
				return err
			}
		}
		change(item.Row, item.Forecast)
		if err := errors.Join(articles.Write(item.Row), forecasts.Write(item.Row.Key, item.Forecast)); err != nil {
			return err
		}
	}
}

// change sells a day's demand of every third SKU, raises the price of every 40th, and the forecast of every 25th.
func change(row *table.ArticleRow, q *forecast.Quantiles) {
	r := random.New(random.NewKey(9, "next day").String(row.Merchant + "/" + row.Article))
	if r.Intn(3) == 0 {
		row.OnHand = max(0, row.OnHand-math.Round(float64(q.Week(0)[len(q.Levels)/2])*r.Float64()/3))
	}
	if r.Intn(40) == 0 {
		row.Price *= 1.1
	}
	if r.Intn(25) == 0 {
		for i := range q.Values {
			q.Values[i] *= 1.3
		}
	}
}
