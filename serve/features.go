package serve

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/restock-engine/restock/forecast"
	"github.com/restock-engine/restock/io/table"
	"github.com/restock-engine/restock/serve/stock"
	"github.com/restock-engine/restock/serve/store"
	"github.com/restock-engine/restock/simulate"
)

// Forecast is an article's demand forecast.
type Forecast struct {
	AsOf      string      `json:"as_of" doc:"a day of the first week" example:"2026-11-16"`
	Levels    []float64   `json:"levels" doc:"rising, each between 0 and 1" example:"[0.1,0.5,0.9]" minItems:"1" maxItems:"199"`
	Quantiles [][]float32 `json:"quantiles" doc:"[week][level], units a week" example:"[[1,4,9],[1,4,9],[1,4,9],[1,4,9],[1,4,9],[1,4,9],[1,4,9],[1,4,9],[1,4,9],[1,4,9],[1,4,9],[1,4,9]]" minItems:"1" maxItems:"104"`
}

// Features are what is known of an article: its columns of the articles table, and its forecast.
type Features struct {
	Article  ArticleColumns `json:"article" doc:"columns of the articles table by name"`
	Forecast Forecast       `json:"forecast"`
	StockAt  *time.Time     `json:"stock_at,omitempty" doc:"when on_hand and in_transit were true; events after it are added. Default: now"`
	Stock    *stock.State   `json:"stock,omitempty" readOnly:"true" doc:"the last count, and the events since"`
}

// ArticleColumns are columns of the articles table as JSON, by name.
type ArticleColumns map[string]json.RawMessage

// problems are what is wrong with a request, each with the place in the body.
type problems []problem

type problem struct{ location, message string }

func (p problems) Error() string {
	var lines []string
	for _, x := range p {
		lines = append(lines, x.location+": "+x.message)
	}
	return strings.Join(lines, "; ")
}

func (p *problems) add(location, format string, args ...any) {
	*p = append(*p, problem{location, fmt.Sprintf(format, args...)})
}

func (p problems) err() error {
	if len(p) == 0 {
		return nil
	}
	return p
}

// apply sets columns of a row.
func (c ArticleColumns) apply(row *table.ArticleRow, location string, found *problems) {
	for _, name := range sortedNames(c) {
		if err := row.SetJSON(name, c[name]); err != nil {
			found.add(location+"."+name, "%v", err)
		}
	}
}

func sortedNames[V any](m map[string]V) []string {
	names := make([]string, 0, len(m))
	for n := range m {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}

// decode checks the forecast, and returns its quantiles and the Monday of its first week.
func (f *Forecast) decode(location string, found *problems) (*forecast.Quantiles, time.Time) {
	day, err := time.Parse(time.DateOnly, f.AsOf)
	if err != nil || day.Year() < 1900 || day.Year() > 2200 {
		found.add(location+".as_of", "%q is not a date like 2026-11-16", f.AsOf)
	}
	day = day.AddDate(0, 0, -(int(day.Weekday())+6)%7)
	for i, l := range f.Levels {
		if !(l > 0 && l < 1) || i > 0 && l <= f.Levels[i-1] {
			found.add(fmt.Sprintf("%s.levels[%d]", location, i), "levels must rise, each between 0 and 1")
			return nil, day
		}
	}
	if n := len(f.Levels); n == 0 || n > 199 {
		found.add(location+".levels", "there must be 1 to 199 levels, not %d", n)
		return nil, day
	}
	if n := len(f.Quantiles); n == 0 || n > simulate.MaxHorizon {
		found.add(location+".quantiles", "there must be 1 to %d weeks, not %d", simulate.MaxHorizon, n)
		return nil, day
	}
	q := &forecast.Quantiles{Levels: f.Levels, Values: make([]float32, 0, len(f.Quantiles)*len(f.Levels))}
	for t, week := range f.Quantiles {
		if len(week) != len(f.Levels) {
			found.add(fmt.Sprintf("%s.quantiles[%d]", location, t), "has %d values for %d levels", len(week), len(f.Levels))
			return nil, day
		}
		for i, v := range week {
			if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) || v > 1e9 {
				found.add(fmt.Sprintf("%s.quantiles[%d][%d]", location, t, i), "%v is not a number of units", v)
				return nil, day
			}
		}
		q.Values = append(q.Values, week...)
	}
	q.Rearrange()
	return q, day
}

// decode checks features. Whether the values can be, the settings tell: see item.
func (f *Features) decode(key table.Key) (*knownFeatures, error) {
	var found problems
	k := &knownFeatures{row: table.ArticleRow{Key: key}, stock: f.Stock}
	for _, name := range []string{"on_hand", "price", "unit_cost"} {
		if _, ok := f.Article[name]; !ok {
			found.add("article."+name, "is missing")
		}
	}
	f.Article.apply(&k.row, "article", &found)
	k.forecast, k.asOf = f.Forecast.decode("forecast", &found)
	return k, found.err()
}

// featuresOf is the inverse of decode.
func featuresOf(row *table.ArticleRow, q *forecast.Quantiles, asOf time.Time) (*Features, error) {
	data, err := json.Marshal(row)
	if err != nil {
		return nil, err
	}
	f := &Features{Forecast: Forecast{AsOf: asOf.Format(time.DateOnly), Levels: q.Levels}}
	for t := range q.Weeks() {
		f.Forecast.Quantiles = append(f.Forecast.Quantiles, q.Week(t))
	}
	return f, json.Unmarshal(data, &f.Article)
}

// inboundOf turns what is in transit by week into days.
func inboundOf(row *table.ArticleRow, asOf time.Time) []stock.Inbound {
	var list []stock.Inbound
	for _, x := range row.InTransit {
		list = append(list, stock.Inbound{Arrives: asOf.AddDate(0, 0, 7*x.Week), Quantity: x.Quantity})
	}
	slices.SortStableFunc(list, func(a, b stock.Inbound) int { return a.Arrives.Compare(b.Arrives) })
	return list
}

// putFeatures stores features. Events that happened after the count stay.
func (s *Server) putFeatures(ctx context.Context, key table.Key, f *Features, expect *uint64) (*store.Document, error) {
	f.Stock = nil
	k, err := f.decode(key)
	if err != nil {
		return nil, err
	}
	if err := s.check(ctx, k); err != nil {
		return nil, err
	}
	now := time.Now().UTC()
	at := now
	if f.StockAt != nil {
		at = f.StockAt.UTC()
		if at.After(now.Add(24 * time.Hour)) {
			return nil, problems{{"stock_at", "is in the future"}}
		}
	}
	storeKey := store.Key{Kind: store.Features, Merchant: key.Merchant, Article: key.Article}
	for {
		state := &stock.State{}
		old, err := s.store.Get(ctx, storeKey)
		revision := uint64(0)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return nil, err
		}
		if old != nil {
			revision = old.Revision
		}
		if err == nil {
			before := struct{ Stock *stock.State }{state}
			if err := json.Unmarshal(old.Value, &before); err != nil {
				return nil, fmt.Errorf("stored features of %s/%s: %w", key.Merchant, key.Article, err)
			}
			if before.Stock != nil {
				state = before.Stock
			}
		}
		if expect != nil && *expect != revision {
			return nil, store.ErrConflict
		}
		state.Recount(at, k.row.OnHand, inboundOf(&k.row, k.asOf))
		stored := *f
		stored.StockAt, stored.Stock = nil, state
		data, err := json.Marshal(&stored)
		if err != nil {
			return nil, err
		}
		d, err := s.store.Put(ctx, store.Write{Key: storeKey, Value: data, Expect: &revision, After: s.base.Load().moment()})
		if !errors.Is(err, store.ErrConflict) || expect != nil {
			return d, err
		}
	}
}

// check tells whether an article with these features could be decided.
func (s *Server) check(ctx context.Context, k *knownFeatures) error {
	set, err := s.settingsOf(ctx, k.row.Merchant)
	if err != nil {
		return err
	}
	row := k.row
	article, _, err := set.Article(&row)
	if err == nil && k.forecast.Weeks() < article.Horizon {
		return problems{{"forecast.quantiles", fmt.Sprintf("has %d weeks; the horizon needs %d", k.forecast.Weeks(), article.Horizon)}}
	}
	return located("article", err)
}

// located makes problems of what is wrong with an article.
func located(location string, err error) error {
	var fields simulate.FieldErrors
	if !errors.As(err, &fields) {
		return err
	}
	var found problems
	for _, f := range fields {
		found.add(location+"."+f.Column, "%s %s", f.Value, f.Reason)
	}
	return found
}

// applyEvent adds a stock event to an article's features, and tells whether it changed anything.
func (s *Server) applyEvent(ctx context.Context, key table.Key, e stock.Event) (bool, error) {
	for {
		k, err := s.features(ctx, key)
		if err != nil {
			return false, err
		}
		state := k.counted()
		if !state.Apply(e) {
			return false, nil
		}
		f, err := featuresOf(&k.row, k.forecast, k.asOf)
		if err != nil {
			return false, err
		}
		f.Stock = &state
		data, err := json.Marshal(f)
		if err != nil {
			return false, err
		}
		w := store.Write{Key: store.Key{Kind: store.Features, Merchant: key.Merchant, Article: key.Article}, Value: data, After: k.base.moment()}
		if k.revision > 0 {
			w.Expect = &k.revision
		} else if w.Expect, err = s.newest(ctx, w.Key); err != nil {
			return false, err
		}
		_, err = s.store.Put(ctx, w)
		if !errors.Is(err, store.ErrConflict) {
			return err == nil, err
		}
	}
}

// newest returns the revision of a document, 0 if there is none.
func (s *Server) newest(ctx context.Context, k store.Key) (*uint64, error) {
	d, err := s.store.Get(ctx, k)
	switch {
	case d != nil:
		return &d.Revision, nil
	case errors.Is(err, store.ErrNotFound):
		return new(uint64), nil
	}
	return nil, err
}
