// Package decision turns a row of the articles table with its forecast into what the optimiser takes: the nightly batch and the
// service both go through it, so that they give the same answers.
package decision

import (
	"errors"
	"fmt"

	"github.com/restock-engine/restock/io/settings"
	"github.com/restock-engine/restock/io/table"
	"github.com/restock-engine/restock/optimize"
	"github.com/restock-engine/restock/simulate"
)

// Prepared is a SKU that is ready to be decided.
type Prepared struct {
	Input   optimize.Input
	Options optimize.Options
}

// Prepare resolves a joined row with the settings. What can't be decided becomes a reject that says why; nothing else does.
func Prepare(set *settings.Settings, sampler *simulate.Sampler, item *table.Item) (Prepared, *table.Reject) {
	if item.Reject != nil {
		return Prepared{}, item.Reject
	}
	row := item.Row
	article, chosen, err := set.Article(row)
	if err != nil {
		return Prepared{}, Reject(row, err)
	}
	if r := item.Short(article.Horizon); r != nil {
		return Prepared{}, r
	}
	p := Prepared{optimize.Input{Article: &article, Forecast: item.Forecast, Key: sampler.Key(row.Merchant, row.Article)}, chosen.Options()}
	if row.HasPlan {
		plan, err := Plan(row)
		if err != nil {
			return Prepared{}, Reject(row, err)
		}
		p.Input.Plan = plan
	}
	return p, nil
}

// Plan returns the row's plan as a policy; the error is [simulate.FieldErrors].
func Plan(row *table.ArticleRow) (simulate.Plan, error) {
	p := simulate.NewPlan(row.Plan)
	if err := p.Validate(); err != nil {
		return nil, simulate.FieldErrors{{Column: "plan", Value: p.String(), Reason: err.Error()}}
	}
	return p, nil
}

// Reject makes a reject of a row: of the first field that is wrong, if the error is [simulate.FieldErrors].
func Reject(row *table.ArticleRow, err error) *table.Reject {
	r := &table.Reject{Source: row.Source, Key: row.Key, Reason: err.Error()}
	var fields simulate.FieldErrors
	if errors.As(err, &fields) && len(fields) > 0 {
		r.Column, r.Value, r.Reason = fields[0].Column, fields[0].Value, fields[0].Reason
		if more := len(fields) - 1; more > 0 {
			r.Reason += fmt.Sprintf(" (and %d more: %v)", more, fields[1:])
		}
	}
	return r
}
