package batch

import (
	"context"
	"errors"
	"io"

	"github.com/restock-engine/restock/io/decision"
	"github.com/restock-engine/restock/io/settings"
	"github.com/restock-engine/restock/io/table"
	"github.com/restock-engine/restock/simulate"
)

// Check is what Validate reads; tables without a path are left out.
type Check struct {
	Articles, Forecast, History string
	Settings                    *settings.Settings
	Join                        table.JoinOptions
	Report                      func(table.Reject) // is called with every problem
	Doubt                       func(string)       // is called with what may be wrong with columns; nil: nobody asks
}

// Validate reads everything and changes nothing. It reports every problem of every row, and returns how many rows of articles and SKUs of the history
// it has read. An error is about a whole file; the other tables are read all the same.
func Validate(ctx context.Context, c Check) (articles, skus int64, err error) {
	switch {
	case c.Articles != "" && c.Forecast != "":
		articles, err = c.joined(ctx)
	case c.Articles != "":
		articles, err = c.articles(ctx)
	}
	if c.History != "" {
		var historyErr error
		skus, historyErr = c.history(ctx)
		err = errors.Join(err, historyErr)
	}
	if err == nil {
		err = ctx.Err()
	}
	return articles, skus, err
}

// joined checks the articles together with their forecasts.
func (c *Check) joined(ctx context.Context) (rows int64, err error) {
	joined, err := table.Join(c.Articles, c.Forecast, c.Join)
	if err != nil {
		// The articles may have problems of their own: show these too.
		rows, other := c.articles(ctx)
		if other != nil && other.Error() == err.Error() {
			other = nil
		}
		return rows, errors.Join(err, other)
	}
	defer func() { err = errors.Join(err, joined.Close()) }()
	c.doubt(joined.Doubts())
	for ctx.Err() == nil {
		item, err := joined.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return joined.Total(), err
		}
		if item.Reject != nil {
			c.Report(*item.Reject)
			for _, more := range item.More {
				c.Report(more)
			}
			continue
		}
		if horizon, ok := c.row(item.Row); ok {
			if short := item.Short(horizon); short != nil {
				c.Report(*short)
			}
		}
	}
	return joined.Total(), nil
}

// articles checks the articles alone.
func (c *Check) articles(ctx context.Context) (rows int64, err error) {
	r, err := table.OpenArticles(c.Articles, c.Join.Stdin)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	for ; ctx.Err() == nil; rows++ {
		row, rejects, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return rows, err
		}
		for _, reject := range rejects {
			c.Report(reject)
		}
		if row != nil {
			c.row(row)
		}
	}
	c.doubt(r.Doubts())
	return rows, nil
}

func (c *Check) doubt(list []string) {
	for _, d := range list {
		if c.Doubt != nil {
			c.Doubt(d)
		}
	}
}

// row checks what the settings make of a row, and returns its horizon if that is known.
func (c *Check) row(row *table.ArticleRow) (horizon int, ok bool) {
	a, _, err := c.Settings.Article(row)
	var fields simulate.FieldErrors
	if err != nil && !errors.As(err, &fields) {
		fields = simulate.FieldErrors{{Reason: err.Error()}}
	}
	for _, f := range fields {
		c.Report(table.Reject{Source: row.Source, Key: row.Key, Column: f.Column, Value: f.Value, Reason: f.Reason})
	}
	if row.HasPlan {
		if _, err := decision.Plan(row); err != nil {
			c.Report(*decision.Reject(row, err))
		}
	}
	return a.Horizon, err == nil
}

func (c *Check) history(ctx context.Context) (skus int64, err error) {
	r, err := table.OpenHistory(c.History, table.HistoryOptions{TempDir: c.Join.TempDir, Stdin: c.Join.Stdin})
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	c.doubt(r.Doubts())
	for ctx.Err() == nil {
		_, rejects, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return int64(r.SKUs()), err
		}
		for _, reject := range rejects {
			c.Report(reject)
		}
	}
	return int64(r.SKUs()), nil
}
