package serve

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/restock-engine/restock/forecast"
	"github.com/restock-engine/restock/internal/suggest"
	"github.com/restock-engine/restock/io/decision"
	"github.com/restock-engine/restock/io/settings"
	"github.com/restock-engine/restock/io/table"
	"github.com/restock-engine/restock/optimize"
	"github.com/restock-engine/restock/serve/access"
	"github.com/restock-engine/restock/serve/whatif"
	"github.com/restock-engine/restock/simulate"
)

// WhatIfArticle is a question about one article.
type WhatIfArticle struct {
	MerchantID  string         `json:"merchant_id,omitempty" maxLength:"256" example:"kitchen" doc:"may be left out if article and forecast are given whole"`
	ArticleID   string         `json:"article_id,omitempty" maxLength:"256" example:"22114"`
	Article     ArticleColumns `json:"article,omitempty" doc:"in place of what is stored: all columns"`
	Forecast    *Forecast      `json:"forecast,omitempty" doc:"in place of what is stored"`
	Changes     Changes        `json:"changes,omitempty"`
	DemandScale Scale          `json:"demand_scale,omitempty"`
	Policy      string         `json:"policy,omitempty" maxLength:"4096" example:"plan:0=30,4=20" doc:"your own policy: rsq:…, ss:s=5,S=20, basestock:S=30, plan:0=30,4=20"`
	Frontier    bool           `json:"frontier,omitempty" doc:"also the cheapest policies for rising fill rates; takes about fifty times as long"`
}

type whatIfInput struct {
	Body struct {
		Articles []WhatIfArticle `json:"articles" minItems:"1" maxItems:"100"`
	}
}

// WhatIfResult is the answer for one article, or why there is none.
type WhatIfResult struct {
	MerchantID string `json:"merchant_id"`
	ArticleID  string `json:"article_id"`
	Seed       uint64 `json:"seed"`
	*whatif.Answer
	Error *huma.ErrorModel `json:"error,omitempty"`
}

// TransformSchema implements [huma.SchemaTransformer]: an error comes instead of the answer.
func (WhatIfResult) TransformSchema(_ huma.Registry, s *huma.Schema) *huma.Schema {
	s.Required = []string{"merchant_id", "article_id", "seed"}
	return s
}

// WhatIfAnswer are the answers, in the order of the questions.
type WhatIfAnswer struct {
	Results []WhatIfResult `json:"results"`
}

// frontierCost is how much more a frontier takes than a decision, and wideCost what the kernels do not cover: continuous units,
// discounting.
const frontierCost, wideCost = 50, 100

func (s *Server) whatIf(ctx context.Context, in *whatIfInput) (*body[WhatIfAnswer], error) {
	var questions []*whatif.Question
	answer := WhatIfAnswer{Results: make([]WhatIfResult, len(in.Body.Articles))}
	units := 0
	for i := range in.Body.Articles {
		x := &in.Body.Articles[i]
		r := &answer.Results[i]
		r.MerchantID, r.ArticleID, r.Seed = x.MerchantID, x.ArticleID, s.config.Seed
		q, err := s.question(ctx, x, fmt.Sprintf("body.articles[%d]", i))
		if err != nil && (len(in.Body.Articles) == 1 || !isAboutArticle(err)) {
			return nil, err
		}
		if err != nil {
			r.Error = s.itemError(ctx, err)
			questions = append(questions, nil)
			continue
		}
		units += cost(q)
		questions = append(questions, q)
	}
	if err := access.Charge(ctx, units); err != nil {
		return nil, err
	}
	w, done := s.workspace()
	defer done()
	for i, q := range questions {
		if q == nil {
			continue
		}
		start := time.Now()
		a, err := whatif.Ask(ctx, s.sampler, *q, w, s.spare())
		if err != nil {
			if len(questions) == 1 || ctx.Err() != nil {
				return nil, err
			}
			answer.Results[i].Error = s.itemError(ctx, err)
			continue
		}
		s.metrics.whatIf.Observe(time.Since(start).Seconds())
		answer.Results[i].Answer = a
	}
	return &body[WhatIfAnswer]{answer}, nil
}

// spare tells whether there is a second processor for each what-if that is being worked on.
func (s *Server) spare() bool { return 2*s.heavies.Stats().Running <= s.workers() }

func cost(q *whatif.Question) int {
	units := q.Options.Scenarios*max(1, q.Options.Budget/optimize.DefaultOptions().Budget) + q.Options.EvalScenarios
	if q.Frontier {
		units *= frontierCost
	}
	if a := q.Input.Article; a.Units != simulate.Whole || a.Discount != 1 {
		units *= wideCost
	}
	return units
}

// isAboutArticle tells errors that concern one article of several.
func isAboutArticle(err error) bool {
	var found problems
	var denied *access.Denied
	return errors.As(err, &found) || errors.Is(err, errUnknownArticle) || errors.As(err, &denied) && denied.Status == http.StatusNotFound
}

func (s *Server) itemError(ctx context.Context, err error) *huma.ErrorModel {
	status, _ := s.asProblem(ctx, err)
	if model, ok := status.(*huma.ErrorModel); ok {
		return model
	}
	return &huma.ErrorModel{Status: status.GetStatus(), Detail: status.Error()}
}

// question puts together what is stored, and what would be different.
func (s *Server) question(ctx context.Context, x *WhatIfArticle, location string) (*whatif.Question, error) {
	whole := x.Article != nil && x.Forecast != nil
	if x.MerchantID != "" || !whole {
		if err := access.Check(ctx, access.WhatIf, x.MerchantID); err != nil {
			return nil, err
		}
	} else if !access.From(ctx).Rights.Has(access.WhatIf) {
		return nil, &access.Denied{Status: http.StatusForbidden, Detail: "the token has no right to what-if"}
	}
	q := &whatif.Question{Frontier: x.Frontier}
	var found problems
	row, quantiles, set, err := s.foundation(ctx, x, q, location, &found)
	if err != nil {
		return nil, err
	}
	if err := found.err(); err != nil {
		return nil, err
	}
	if set, err = x.change(row, set, location, &found); err != nil {
		return nil, err
	}
	quantiles = x.scale(quantiles, location, &found)
	if x.Policy != "" {
		if q.Own, err = simulate.ParsePolicy(x.Policy); err == nil {
			err = q.Own.Validate()
		}
		if err != nil {
			found.add(location+".policy", "%v", err)
		}
	}
	if err := found.err(); err != nil {
		return nil, err
	}
	var reject *table.Reject
	q.Prepared, reject = decision.Prepare(set, s.sampler, &table.Item{Row: row, Forecast: quantiles})
	if reject != nil {
		found.add(location+"."+reject.Column, "%s", strings.TrimSpace(reject.Value+" "+reject.Reason))
		return nil, found
	}
	for i, n := range []int{q.Options.Scenarios, q.Options.EvalScenarios, q.Options.Budget} {
		if w := workLimits[i]; n > w.limit {
			found.add(location+".changes", "%s may be at most %d here", w.name, w.limit)
		}
	}
	return q, found.err()
}

// foundation is what the question starts from: what is stored, or the article and forecast that it brings.
func (s *Server) foundation(ctx context.Context, x *WhatIfArticle, q *whatif.Question, location string, found *problems) (
	row *table.ArticleRow, quantiles *forecast.Quantiles, set *settings.Settings, err error) {
	key := table.Key{Merchant: x.MerchantID, Article: x.ArticleID}
	set = s.config.Settings
	row = &table.ArticleRow{Key: key}
	if x.MerchantID != "" {
		if set, err = s.settingsOf(ctx, x.MerchantID); err != nil {
			return nil, nil, nil, err
		}
	}
	if x.Article == nil || x.Forecast == nil {
		p, err := s.prepare(ctx, key)
		if err != nil {
			return nil, nil, nil, err
		}
		r := p.row
		row, quantiles, q.AsOf = &r, p.features.forecast, p.features.asOf
	}
	if x.MerchantID != "" {
		if q.Current, err = s.assortment.policy(x.MerchantID, x.ArticleID); err != nil {
			return nil, nil, nil, err
		}
	}
	if x.Article != nil {
		*row = table.ArticleRow{Key: key}
		for _, name := range []string{"on_hand", "price", "unit_cost"} {
			if _, ok := x.Article[name]; !ok {
				found.add(location+".article."+name, "is missing")
			}
		}
		x.Article.apply(row, location+".article", found)
	}
	if x.Forecast != nil {
		quantiles, q.AsOf = x.Forecast.decode(location+".forecast", found)
	}
	return row, quantiles, set, nil
}

// change applies the question's changes to the article and the settings.
func (x *WhatIfArticle) change(row *table.ArticleRow, set *settings.Settings, location string, found *problems) (*settings.Settings, error) {
	if len(x.Changes) == 0 {
		return set, nil
	}
	columns, keys := ArticleColumns{}, SettingsChange{}
	known := table.ArticleColumns()
	for _, k := range settings.Keys() {
		if !slices.Contains(known, k.Key) {
			known = append(known, k.Key)
		}
	}
	for name, value := range x.Changes {
		switch {
		case slices.Contains(table.ArticleColumns(), name):
			columns[name] = value
		case slices.Contains(known, name):
			keys[name] = value
		default:
			reason := "is neither a column of an article nor a setting"
			if near := suggest.Nearest(name, known); near != "" {
				reason += "; is it " + near + "?"
			}
			found.add(location+".changes."+name, "%s", reason)
		}
	}
	columns.apply(row, location+".changes", found)
	if len(keys) == 0 {
		return set, nil
	}
	data, err := json.Marshal(keys)
	if err != nil {
		return nil, err
	}
	changed, err := mergeSettings(set, x.MerchantID, data)
	var several problems
	if errors.As(err, &several) {
		for _, p := range several {
			found.add(location+".changes."+p.location, "%s", p.message)
		}
		return set, nil
	}
	return changed, err
}

// scale multiplies the forecast with the question's factors.
func (x *WhatIfArticle) scale(q *forecast.Quantiles, location string, found *problems) *forecast.Quantiles {
	if len(x.DemandScale) == 0 || q == nil {
		return q
	}
	if n := len(x.DemandScale); n != 1 && n != q.Weeks() {
		found.add(location+".demand_scale", "has %d factors for a forecast of %d weeks; give one, or one for each week", n, q.Weeks())
		return q
	}
	for i, f := range x.DemandScale {
		if !(f >= 0 && f <= maxScale) {
			found.add(fmt.Sprintf("%s.demand_scale[%d]", location, i), "%v must be between 0 and %v", f, maxScale)
			return q
		}
	}
	scaled := &forecast.Quantiles{Levels: q.Levels, Values: slices.Clone(q.Values)}
	for t := range q.Weeks() {
		f := x.DemandScale[min(t, len(x.DemandScale)-1)]
		for i := range scaled.Week(t) {
			scaled.Week(t)[i] = float32(f * float64(scaled.Week(t)[i]))
		}
	}
	return scaled
}
