package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"

	"gonum.org/v1/gonum/stat/distuv"

	"github.com/restock-engine/restock/batch"
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
		between := func(low, high float64) float64 { return low * math.Pow(high/low, r.Float64()) }
		a := simulate.DefaultArticle()
		a.Horizon = 12
		a.UnitCost = between(1, 50)
		a.Price = a.UnitCost * (1.2 + 1.8*r.Float64())
		a.ReturnRate = 0.4 * r.Float64() * float64(r.Intn(2))
		a.LostSaleCost = (a.Price - a.UnitCost) * (1 - a.ReturnRate)
		a.ReturnLagWeights = []float64{0.2, 0.4, 0.3, 0.1}
		a.HoldingCost = a.UnitCost * between(0.002, 0.03)
		a.InboundCost = a.UnitCost * 0.1 * r.Float64()
		a.OutboundCost = a.Price * 0.1 * r.Float64()
		a.ReturnCost = a.Price * 0.1 * r.Float64()
		a.OverstockCost = a.UnitCost * 0.3 * r.Float64() * float64(r.Intn(2))
		a.OrderCost = between(0.5, 30) * float64(r.Intn(2))
		a.ReviewPeriod = 1 + r.Intn(4)
		a.ReviewPhase = r.Intn(a.ReviewPeriod)
		if i/len(shapes)%2 == 0 { // lead time below the review period
			a.LeadTimeMean = between(0.2, float64(a.ReviewPeriod))
		} else {
			a.LeadTimeMean = float64(a.ReviewPeriod) + between(0.3, 4)
		}
		a.LeadTimeCV = 0.6 * r.Float64()
		level := between(shape.low, shape.high)
		a.PackSize = float64([]int{1, 1, 1 + r.Intn(6), 6 * (1 + r.Intn(4))}[i/10%4])
		if i/40%2 == 1 {
			a.MOQ = a.PackSize * math.Ceil(level*between(0.5, 4)/a.PackSize)
		}
		a.OnHand = math.Floor(level * 6 * r.Float64())
		q := forecast.Quantiles{Levels: forecast.Levels39()}
		dispersion := between(0.2, 3)
		for t := range a.Horizon {
			counts := make([]float64, 400)
			m := shape.mean(level, t)
			for k := range counts {
				counts[k] = negativeBinomial(r, m, dispersion)
			}
			week := make([]float32, len(q.Levels))
			if err := forecast.SampleQuantiles(counts, q.Levels, week); err != nil {
				panic(err) // there are samples
			}
			q.Values = append(q.Values, week...)
		}
		list = append(list, &sku{name: fmt.Sprintf("synthetic-%03d", i), class: shape.name, article: a, forecast: q})
	}
	return list
}

// negativeBinomial draws a Poisson number whose mean is Gamma distributed with the given mean and shape.
func negativeBinomial(r random.Source, mean, shape float64) float64 {
	if mean <= 0 {
		return 0
	}
	lambda := distuv.Gamma{Alpha: shape, Beta: shape / mean, Src: r}.Rand()
	if lambda <= 0 {
		return 0
	}
	return distuv.Poisson{Lambda: lambda, Src: r}.Rand()
}
