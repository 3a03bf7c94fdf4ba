package main

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/restock-engine/restock/forecast"
	"github.com/restock-engine/restock/io/table"
)

// derive copies an input and changes the dated folder of the copy.
func derive(from, to string, change func(folder string) error) (string, error) {
	if err := os.RemoveAll(to); err != nil {
		return "", err
	}
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		return "", err
	}
	return to, change(filepath.Join(to, "date="+date))
}

// rows visits the articles of a dated folder with their forecasts.
func rows(folder string, visit func(*table.ArticleRow, *forecast.Quantiles) error) error {
	articles, forecasts := filepath.Join(folder, "articles.parquet"), filepath.Join(folder, "forecast.parquet")
	joined, err := table.Join(articles, forecasts, table.JoinOptions{})
	if err != nil {
		return err
	}
	defer joined.Close()
	for {
		item, err := joined.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil && item.Reject == nil {
			err = visit(item.Row, item.Forecast)
		}
		if err != nil {
			return err
		}
	}
}

// scatter puts the SKUs of the forecast in random order.
func scatter(folder string) error {
	var keys []table.Key
	var values [][]float32
	var levels []float64
	err := rows(folder, func(row *table.ArticleRow, q *forecast.Quantiles) error {
		keys, levels = append(keys, row.Key), q.Levels
		values = append(values, append([]float32(nil), q.Values...))
		return nil
	})
	if err != nil {
		return err
	}
	rand.New(rand.NewPCG(1, 2)).Shuffle(len(keys), func(i, j int) {
		keys[i], keys[j] = keys[j], keys[i]
		values[i], values[j] = values[j], values[i]
	})
	w, err := table.CreateForecast(filepath.Join(folder, "forecast.parquet"), nil, levels, monday())
	if err != nil {
		return err
	}
	for i, k := range keys {
		if err := w.Write(k, &forecast.Quantiles{Levels: levels, Values: values[i]}); err != nil {
			w.Abort()
			return err
		}
	}
	return w.Commit()
}

// limitAll gives every merchant a budget of 5,000, and every third one a minimum of 100 units besides.
func limitAll(folder string) error {
	seen := map[string]bool{}
	var b strings.Builder
	b.WriteString("merchant_id,limit,at_most,at_least\n")
	err := rows(folder, func(row *table.ArticleRow, _ *forecast.Quantiles) error {
		if !seen[row.Merchant] {
			seen[row.Merchant] = true
			fmt.Fprintf(&b, "%s,money,5000,\n", row.Merchant)
			if len(seen)%3 == 0 {
				fmt.Fprintf(&b, "%s,units,,100\n", row.Merchant)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, "limits.csv"), []byte(b.String()), 0o644)
}

// oneMerchant gives all articles to one merchant.
func oneMerchant(folder string) error {
	articles, err := table.CreateArticles(filepath.Join(folder, "one.parquet"), nil)
	if err != nil {
		return err
	}
	var forecasts *table.ForecastWriter
	err = rows(folder, func(row *table.ArticleRow, q *forecast.Quantiles) (err error) {
		if forecasts == nil {
			if forecasts, err = table.CreateForecast(filepath.Join(folder, "two.parquet"), nil, q.Levels, monday()); err != nil {
				return err
			}
		}
		row.Merchant = "one"
		return errors.Join(articles.Write(row), forecasts.Write(row.Key, q))
	})
	if err == nil {
		err = errors.Join(articles.Commit(), forecasts.Commit())
	}
	if err != nil {
		return err
	}
	return errors.Join(os.Rename(filepath.Join(folder, "one.parquet"), filepath.Join(folder, "articles.parquet")),
		os.Rename(filepath.Join(folder, "two.parquet"), filepath.Join(folder, "forecast.parquet")))
}

// monday is the first day of the made data's week 0.
func monday() time.Time { return time.Date(2011, time.December, 5, 0, 0, 0, 0, time.UTC) }
