package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"

	"github.com/restock-engine/restock/batch"
	"github.com/restock-engine/restock/benchmarks/optimizer/made"
	"github.com/restock-engine/restock/forecast"
	"github.com/restock-engine/restock/internal/random"
	"github.com/restock-engine/restock/io/settings"
	"github.com/restock-engine/restock/io/table"
	"github.com/restock-engine/restock/simulate"
)

// sku is one instance of the benchmark.
type sku struct {
	name, class string
	article     simulate.Article
	forecast    forecast.Quantiles
	yesterday   []int // see warm
}

// realSKUs returns n articles of the shipped data, spread evenly, with the forecasts of the embedded model.
func realSKUs(testdata string, n int) ([]*sku, error) {
	dir, err := os.MkdirTemp("", "optimizer")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "forecast.parquet")
	if _, err := batch.Forecast(context.Background(), batch.ForecastJob{History: filepath.Join(testdata, "history.parquet"), Out: file, Horizon: 12}); err != nil {
		return nil, err
	}
	set, err := settings.Load(filepath.Join(testdata, "restock.yaml"))
	if err != nil {
		return nil, err
	}
	joined, err := table.Join(filepath.Join(testdata, "articles.csv"), file, table.JoinOptions{})
	if err != nil {
		return nil, err
	}
	defer joined.Close()
	var all []*sku
	for {
		item, err := joined.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		article, _, err := set.Article(item.Row)
		if err != nil {
			return nil, err
		}
		q := forecast.Quantiles{Levels: item.Forecast.Levels, Values: append([]float32(nil), item.Forecast.Values...)}
		all = append(all, &sku{name: item.Row.Merchant + "/" + item.Row.Article, class: "real", article: article, forecast: q})
	}
	if n > len(all) {
		n = len(all)
	}
	var chosen []*sku
	for i := range n {
		chosen = append(chosen, all[i*len(all)/n])
	}
	return chosen, nil
}

// shapes are the demand patterns of the synthetic SKUs: mean demand of a week, units.
var shapes = []struct {
	name string
	mean func(level float64, t int) float64
	low  float64 // the range of the level, log-uniform
	high float64
}{
	{"slow", func(l float64, _ int) float64 { return l }, 0.05, 1},
	{"fast", func(l float64, _ int) float64 { return l }, 20, 300},
	{"seasonal", func(l float64, t int) float64 { return l * (1 + 0.8*math.Sin(2*math.Pi*float64(t)/13)) }, 2, 60},
	{"launch", func(l float64, t int) float64 { return l * (1 - math.Exp(-float64(t+1)/4)) }, 2, 60},
	{"end of life", func(l float64, t int) float64 { return l * math.Exp(-float64(t)/4) }, 2, 60},
}

// syntheticSKUs returns n random SKUs, every pattern with lead times below and above the review period, with and without packs
// and least orders.
func syntheticSKUs(n int) []*sku {
	var list []*sku
	for i := range n {
		shape := shapes[i%len(shapes)]
		r := random.New(random.NewKey(2025, "optimizer").Int(i))
		a := simulate.DefaultArticle()
		a.Horizon = 12
		made.Economics(&a, r, 0.4)
		a.ReviewPeriod = 1 + r.Intn(4)
		a.ReviewPhase = r.Intn(a.ReviewPeriod)
		if i/len(shapes)%2 == 0 { // lead time below the review period
			a.LeadTimeMean = made.Between(r, 0.2, float64(a.ReviewPeriod))
		} else {
			a.LeadTimeMean = float64(a.ReviewPeriod) + made.Between(r, 0.3, 4)
		}
		a.LeadTimeCV = 0.6 * r.Float64()
		level := made.Between(r, shape.low, shape.high)
		a.PackSize = float64([]int{1, 1, 1 + r.Intn(6), 6 * (1 + r.Intn(4))}[i/10%4])
		if i/40%2 == 1 {
			a.MOQ = a.PackSize * math.Ceil(level*made.Between(r, 0.5, 4)/a.PackSize)
		}
		a.OnHand = math.Floor(level * 6 * r.Float64())
		dispersion := made.Between(r, 0.2, 3)
		var means []float64
		for t := range a.Horizon {
			means = append(means, shape.mean(level, t))
		}
		q := made.Forecast(r, means, dispersion)
		list = append(list, &sku{name: fmt.Sprintf("synthetic-%03d", i), class: shape.name, article: a, forecast: q})
	}
	return list
}
