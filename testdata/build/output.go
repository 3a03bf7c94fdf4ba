package main

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/parquet-go/parquet-go"

	"github.com/restock-engine/restock/io/table"
	"github.com/restock-engine/restock/simulate"
)

// historyRow is one row of the history table.
type historyRow struct {
	Merchant  string   `parquet:"merchant_id,dict,zstd"`
	Article   string   `parquet:"article_id,dict,zstd"`
	WeekStart int32    `parquet:"week_start,date,dict,zstd"` // days since 1970-01-01
	Sales     float64  `parquet:"sales,dict,zstd"`
	Returns   float64  `parquet:"returns,dict,zstd"`
	Price     *float64 `parquet:"price,optional,dict,zstd"` // mean of the units sold; null in a week without sales
}

// rowGroupRows is small enough that readers of the example have more than one row group to deal with.
const rowGroupRows = 20_000

// historyParquet returns the history table of the articles, sorted by merchant, article and week.
func historyParquet(articles []*article) ([]byte, int, error) {
	var rows []historyRow
	for _, x := range articles {
		for i, sold := range x.sales {
			row := historyRow{
				Merchant: x.merchant.ID, Article: x.code, Sales: sold, Returns: x.returns[i],
				WeekStart: int32(x.start.AddDate(0, 0, 7*i).Unix() / 86400),
			}
			if sold > 0 {
				price := decimals(x.revenue[i]/sold, 4)
				row.Price = &price
			}
			rows = append(rows, row)
		}
	}
	var b bytes.Buffer
	w := parquet.NewGenericWriter[historyRow](&b, parquet.MaxRowsPerRowGroup(rowGroupRows))
	if _, err := w.Write(rows); err != nil {
		return nil, 0, fmt.Errorf("write the history: %w", err)
	}
	if err := w.Close(); err != nil {
		return nil, 0, fmt.Errorf("write the history: %w", err)
	}
	return b.Bytes(), len(rows), nil
}

var articleColumns = []table.Param{
	table.HoldingCost, table.InboundCost, table.OutboundCost, table.ReturnCost, table.OverstockCost, table.ReturnRate, table.PackSize,
	table.LifecycleWeeks,
}

// articlesCSV returns the articles table.
func articlesCSV(rows []*table.ArticleRow) ([]byte, error) {
	header := []string{"merchant_id", "article_id", "on_hand", "price", "unit_cost", "in_transit", "pending_returns"}
	for _, p := range articleColumns {
		header = append(header, p.String())
	}
	records := [][]string{append(header, "plan")}
	for _, row := range rows {
		record := []string{
			row.Merchant, row.Article, number(row.OnHand), number(row.Price), number(row.UnitCost), pairs(row.InTransit),
			pairs(row.PendingReturns),
		}
		for _, p := range articleColumns {
			text := ""
			if v, ok := row.Params.Get(p); ok {
				text = number(v)
			}
			record = append(record, text)
		}
		records = append(records, append(record, pairs(row.Plan)))
	}
	return csvBytes(records)
}

// namesCSV returns the descriptions of the articles.
func namesCSV(articles []*article) ([]byte, error) {
	records := [][]string{{"merchant_id", "article_id", "description"}}
	for _, x := range articles {
		records = append(records, []string{x.merchant.ID, x.code, x.description})
	}
	return csvBytes(records)
}

func csvBytes(records [][]string) ([]byte, error) {
	var b bytes.Buffer
	if err := csv.NewWriter(&b).WriteAll(records); err != nil {
		return nil, fmt.Errorf("write CSV: %w", err)
	}
	return b.Bytes(), nil
}

func number(x float64) string { return strconv.FormatFloat(x, 'f', -1, 64) }

func pairs(list []simulate.WeekQuantity) string {
	texts := make([]string, len(list))
	for i, x := range list {
		texts[i] = strconv.Itoa(x.Week) + ":" + number(x.Quantity)
	}
	return strings.Join(texts, ";")
}

// writeFile writes a file under a temporary name first, so that an interrupted build leaves no half file.
func writeFile(dir, name string, data []byte) error {
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path+".tmp", data, 0o644); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	if err := os.Rename(path+".tmp", path); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return nil
}

// almost tells whether a settings value is what the data gives, to half a unit of the last decimal written.
func almost(setting, fitted float64, n int) bool {
	return math.Abs(setting-fitted) <= 0.5*math.Pow10(-n)+1e-9
}
