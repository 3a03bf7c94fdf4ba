package table

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"
)

type shardArticle struct {
	Merchant string  `parquet:"merchant_id"`
	Article  string  `parquet:"article_id"`
	OnHand   float64 `parquet:"on_hand"`
	Price    float64 `parquet:"price"`
	UnitCost float64 `parquet:"unit_cost"`
}

type shardForecast struct {
	Merchant string  `parquet:"merchant_id"`
	Article  string  `parquet:"article_id"`
	Week     int64   `parquet:"week"`
	Low      float64 `parquet:"0.25"`
	High     float64 `parquet:"0.75"`
}

// shardTables returns 300 articles by key, some twice, one without a forecast and one without a key, and their forecasts, some of which have
// no article.
func shardTables() (articles []shardArticle, forecasts []shardForecast) {
	for i := range 300 {
		k := skuKey(i)
		if i%100 != 50 {
			articles = append(articles, shardArticle{k.Merchant, k.Article, float64(i), 10, 4})
		}
		if i%70 == 9 {
			articles = append(articles, shardArticle{k.Merchant, k.Article, 1000, 10, 4})
		}
		if i == 120 {
			articles = append(articles, shardArticle{"", "lost", 1, 10, 4})
		}
		for week := range 3 {
			if i != 200 {
				forecasts = append(forecasts, shardForecast{k.Merchant, k.Article, int64(week), float64(i), float64(i + week)})
			}
		}
		if i == 33 {
			forecasts = append(forecasts, shardForecast{k.Merchant, "", 1, 1, 2})
		}
	}
	return articles, forecasts
}

// writeShards writes rows in two files with row groups of the given size.
func writeShards[T any](t *testing.T, folder string, rows []T, group int64) {
	t.Helper()
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	half := len(rows) * 2 / 3
	for i, part := range [][]T{rows[:half], rows[half:]} {
		data := parquetBytes(t, part, parquet.MaxRowsPerRowGroup(group))
		if err := os.WriteFile(filepath.Join(folder, fmt.Sprintf("%d.parquet", i)), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

var shardOptions = JoinOptions{AsOf: time.Date(2026, 1, 7, 0, 0, 0, 0, time.UTC)}

// items prints all items of a join.
func items(t *testing.T, folder string, j *Joined, err error) (lines []string) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	for {
		item, err := j.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		line := fmt.Sprintf("%+v", item.Reject)
		if item.Reject == nil {
			line = fmt.Sprintf("%+v %+v", *item.Row, *item.Forecast)
		}
		lines = append(lines, strings.ReplaceAll(line, folder+"/", ""))
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	return lines
}

// TestShardsAreTheJoin: in whatever order the rows are and however large row groups and shards, the shards' items are those of the join.
func TestShardsAreTheJoin(t *testing.T) {
	for _, order := range []RowOrder{ByKey, AsArticles, Partitioned} {
		for _, group := range []int64{7, 64} {
			for _, size := range []int64{3, 20, 5000} {
				articles, forecasts := shardTables()
				random := rand.New(rand.NewPCG(1, uint64(group*size)))
				switch order {
				case AsArticles: // the other way round, and no SKU twice
					articles = slices.CompactFunc(articles, func(a, b shardArticle) bool { return a.Article == b.Article })
					slices.Reverse(articles)
					slices.Reverse(forecasts)
				case Partitioned:
					random.Shuffle(len(articles), func(i, j int) { articles[i], articles[j] = articles[j], articles[i] })
					random.Shuffle(len(forecasts), func(i, j int) { forecasts[i], forecasts[j] = forecasts[j], forecasts[i] })
				}
				folder, partitions := t.TempDir(), t.TempDir()
				writeShards(t, filepath.Join(folder, "articles"), articles, group)
				writeShards(t, filepath.Join(folder, "forecast"), forecasts, group)
				j, err := Join(filepath.Join(folder, "articles"), filepath.Join(folder, "forecast"), shardOptions)
				want := items(t, folder, j, err)

				plan, err := PlanShards(folder, "articles", "forecast", partitions, size, shardOptions)
				if err != nil {
					t.Fatal(err)
				}
				var got []string
				for _, s := range plan.Shards {
					j, err := JoinShard(folder, partitions, s, shardOptions)
					got = append(got, items(t, folder, j, err)...)
				}
				slices.Sort(want)
				slices.Sort(got)
				where := fmt.Sprintf("%s, row groups of %d, shards of %d", order, group, size)
				if plan.Order != order && size < 1000 {
					t.Errorf("%s: planned as %s", where, plan.Order)
				}
				if !slices.Equal(got, want) {
					t.Errorf("%s: %d items, want %d; first difference %q", where, len(got), len(want), firstDifference(got, want))
				}
				if least := int64(len(articles)) / size / 2; int64(len(plan.Shards)) < min(least, maxScattered/2) {
					t.Errorf("%s: only %d shards", where, len(plan.Shards))
				}
			}
		}
	}
}

func firstDifference(a, b []string) [2]string {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return [2]string{a[i], b[i]}
		}
	}
	return [2]string{}
}

// TestShardNoticesOtherRows: a file that has become shorter since the planning is an error.
func TestShardNoticesOtherRows(t *testing.T) {
	articles, forecasts := shardTables()
	folder := t.TempDir()
	writeShards(t, filepath.Join(folder, "articles"), articles, 50)
	writeShards(t, filepath.Join(folder, "forecast"), forecasts, 50)
	plan, err := PlanShards(folder, "articles", "forecast", t.TempDir(), 100, shardOptions)
	if err != nil {
		t.Fatal(err)
	}
	writeShards(t, filepath.Join(folder, "articles"), articles[:100], 50)
	if _, err := JoinShard(folder, "", plan.Shards[1], shardOptions); err == nil || !strings.Contains(err.Error(), "articles/") {
		t.Errorf("error %v", err)
	}
}

// TestShardsOfCSV: formats without row groups are partitioned; one shard needs nothing of the kind.
func TestShardsOfCSV(t *testing.T) {
	folder, partitions := t.TempDir(), t.TempDir()
	for name, text := range map[string]string{"articles.csv": someArticles, "forecast.csv": someForecast} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	j, err := Join(filepath.Join(folder, "articles.csv"), filepath.Join(folder, "forecast.csv"), shardOptions)
	want := items(t, folder, j, err)
	for size, order := range map[int64]RowOrder{2: Partitioned, 100: OneShard} {
		plan, err := PlanShards(folder, "articles.csv", "forecast.csv", partitions, size, shardOptions)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, s := range plan.Shards {
			j, err := JoinShard(folder, partitions, s, shardOptions)
			got = append(got, items(t, folder, j, err)...)
		}
		if order == OneShard { // a shard names the file where a single table need not
			for i := range got {
				got[i] = strings.ReplaceAll(got[i], " of articles.csv", "")
			}
		}
		if plan.Order != order || !slices.Equal(got, want) {
			t.Errorf("shards of %d, planned as %s:\n%s\nwant\n%s", size, plan.Order, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
}
