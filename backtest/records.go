package backtest

import (
	"errors"
	"io"
	"slices"

	"github.com/restock-engine/restock/forecast"
	"github.com/restock-engine/restock/io/table"
)

// Records tell what is on record of a SKU that some arms need: without it they don't exist for the SKU, which is not the same as an
// arm that orders nothing.
type Records uint8

const (
	HasPlan   Records = 1 << iota // the articles table has a plan
	HasOrders                     // the history has an order, in whatever week
)

// allRecords are all of them.
const allRecords = HasPlan | HasOrders

// include tells whether there are all of the records that are needed.
func (has Records) include(needs Records) bool { return needs&^has == 0 }

// needs is what an arm needs to exist.
func (a *Arm) needs() Records {
	switch a.Rule {
	case PlanRule:
		return HasPlan
	case Human:
		return HasOrders
	}
	return 0
}

// existsWith returns whether the arm exists for a SKU with such records.
func (a *Arm) existsWith(has Records) bool { return has.include(a.needs()) }

// recordsOf returns the records of a SKU. A history in which not one order is written may be that of somebody who never ordered,
// or of a system that doesn't keep orders: nothing tells them apart, so that it is no evidence of how a human decides.
func recordsOf(e *entry, series *forecast.Series) Records {
	var has Records
	if e.hasPlan {
		has |= HasPlan
	}
	if slices.ContainsFunc(series.Ordered, func(q float64) bool { return q > 0 }) {
		has |= HasOrders
	}
	return has
}

// Coverage says for how many of a job's SKUs arms exist.
type Coverage struct {
	SKUs    int // in both the articles table and the history
	missing [allRecords + 1]int
}

// Of returns how many SKUs an arm exists for.
func (c *Coverage) Of(a *Arm) int { return c.SKUs - c.missing[a.needs()] }

// Coverage reads the tables of the job, if one of its arms may not exist for all SKUs; otherwise it is empty.
func (job *Job) Coverage() (*Coverage, error) {
	c := &Coverage{}
	if !slices.ContainsFunc(job.Arms, func(a Arm) bool { return a.needs() != 0 }) {
		return c, nil
	}
	articles, err := job.readArticles(&Report{})
	if err != nil {
		return nil, err
	}
	history, err := table.OpenHistory(job.History, table.HistoryOptions{})
	if err != nil {
		return nil, err
	}
	defer history.Close()
	for {
		series, _, err := history.Next()
		if errors.Is(err, io.EOF) {
			return c, nil
		}
		if err != nil {
			return nil, err
		}
		if series == nil {
			continue
		}
		e := articles[table.Key{Merchant: series.MerchantID, Article: series.ArticleID}]
		if e == nil {
			continue
		}
		c.SKUs++
		has := recordsOf(e, series)
		for needs := range c.missing {
			if !has.include(Records(needs)) {
				c.missing[needs]++
			}
		}
	}
}
