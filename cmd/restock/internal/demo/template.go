package demo

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/restock-engine/restock/forecast"
	"github.com/restock-engine/restock/io/settings"
	"github.com/restock-engine/restock/io/table"
	"github.com/restock-engine/restock/simulate"
	"github.com/restock-engine/restock/testdata"
)

// template is a real article that SKUs are made from.
type template struct {
	id      string
	article simulate.Article // with the settings of its merchant
	plan    int              // orders of its plan; 0: it has none
	series  *forecast.Series
}

// readTemplates reads the example data. Articles without history are left out: there are none.
func readTemplates() ([]template, error) {
	dir, err := os.MkdirTemp("", "restock-demo-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	rows, err := readArticles(filepath.Join(dir, "articles.csv"))
	if err != nil {
		return nil, err
	}
	set, err := settings.Parse("restock.yaml", testdata.Settings)
	if err != nil {
		return nil, err
	}
	var templates []template
	err = readHistory(filepath.Join(dir, "history.parquet"), func(s *forecast.Series) error {
		row := rows[table.Key{Merchant: s.MerchantID, Article: s.ArticleID}]
		if row == nil {
			return fmt.Errorf("%s/%s has a history and no article", s.MerchantID, s.ArticleID)
		}
		article, _, err := set.Article(row)
		if err != nil {
			return fmt.Errorf("%s/%s: %w", s.MerchantID, s.ArticleID, err)
		}
		templates = append(templates, template{s.ArticleID, article, len(row.Plan), s})
		return nil
	})
	return templates, err
}

// readArticles returns the articles of the example data by key, by way of a file at path.
func readArticles(path string) (rows map[table.Key]*table.ArticleRow, err error) {
	if err := os.WriteFile(path, testdata.Articles, 0o600); err != nil {
		return nil, err
	}
	r, err := table.OpenArticles(path, nil)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	rows = map[table.Key]*table.ArticleRow{}
	for {
		row, rejects, err := r.Next()
		if errors.Is(err, io.EOF) {
			return rows, nil
		}
		if err != nil {
			return nil, err
		}
		if len(rejects) > 0 {
			return nil, fmt.Errorf("row %d: %s %s", rejects[0].Source.Row, rejects[0].Column, rejects[0].Reason)
		}
		rows[row.Key] = row
	}
}

// readHistory shows the series of the example data, by way of a file at path.
func readHistory(path string, visit func(*forecast.Series) error) (err error) {
	if err := os.WriteFile(path, testdata.History, 0o600); err != nil {
		return err
	}
	h, err := table.OpenHistory(path, table.HistoryOptions{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.Close()) }()
	for {
		series, rejects, err := h.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if len(rejects) > 0 {
			return fmt.Errorf("row %d: %s %s", rejects[0].Source.Row, rejects[0].Column, rejects[0].Reason)
		}
		if err := visit(series); err != nil {
			return err
		}
	}
}

// settingsHeader is how the settings of an assortment begin.
const settingsHeader = "# Settings of an assortment that restock demo-data made; what differs by article is in the articles table.\n"

// settingsFile is restock.yaml of an assortment: what is the same for all its SKUs. All else is in the rows.
func settingsFile(returnLagWeights []float64) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, `%sdefaults:
  horizon: %d
  units: whole
  return_lag_weights: [`, settingsHeader, weeksAhead)
	for k, w := range returnLagWeights {
		if k > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%g", w)
	}
	b.WriteString("]\n")
	return b.Bytes()
}
