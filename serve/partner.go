package serve

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/restock-engine/restock/io/decision"
	"github.com/restock-engine/restock/io/settings"
	"github.com/restock-engine/restock/io/table"
	"github.com/restock-engine/restock/optimize"
	"github.com/restock-engine/restock/serve/store"
)

// partnerSettings are a merchant's settings as they are kept for some time: resolved, of a revision of its document.
type partnerSettings struct {
	revision uint64 // 0: the merchant has set nothing
	set      *settings.Settings
}

// settingsOf returns the settings for a merchant's articles: those of the file, and above them what the merchant has set.
func (s *Server) settingsOf(ctx context.Context, merchant string) (*settings.Settings, error) {
	d, err := s.store.Get(ctx, store.Key{Kind: store.MerchantSettings, Merchant: merchant})
	if errors.Is(err, store.ErrNotFound) {
		return s.config.Settings, nil
	}
	if err != nil {
		return nil, err
	}
	if known, ok := s.partners.GetIfPresent(merchant); ok && known.revision == d.Revision {
		return known.set, nil
	}
	set, err := mergeSettings(s.config.Settings, merchant, d.Value)
	if err != nil {
		return nil, fmt.Errorf("stored settings of merchant %s: %w", merchant, err)
	}
	s.partners.Set(merchant, partnerSettings{d.Revision, set})
	return set, nil
}

// mergeSettings puts a merchant's settings, a JSON object of keys, above those of the file.
func mergeSettings(base *settings.Settings, merchant string, document []byte) (*settings.Settings, error) {
	partner, err := parseSettings(merchant, document)
	if err != nil {
		return nil, err
	}
	return base.Merge(partner), nil
}

func parseSettings(merchant string, document []byte) (*settings.Settings, error) {
	var file any = map[string]map[string]json.RawMessage{"merchants": {merchant: document}}
	if merchant == "" { // a question may name none
		file = map[string]json.RawMessage{"defaults": document}
	}
	text, err := json.Marshal(file)
	if err != nil {
		return nil, err
	}
	partner, err := settings.Parse("settings", text)
	var several *settings.Error
	if errors.As(err, &several) {
		var found problems
		for _, p := range several.Problems {
			found.add(settingName(p.Path), "%s", p.Reason)
		}
		return nil, found
	}
	return partner, err
}

// settingName is the key at the end of a path such as merchants.M.holding_cost.
func settingName(path string) string {
	for i := len(path) - 1; i >= 0; i-- {
		if path[i] == '.' {
			return path[i+1:]
		}
	}
	return path
}

// workLimits keep partners from asking for more work than a request may do: what they set for themselves.
var workLimits = []struct {
	name  string
	limit int
}{{"scenarios", 20_000}, {"eval_scenarios", 20_000}, {"candidates", 10_000}}

// SettingsChange are settings by key.
type SettingsChange map[string]json.RawMessage

// checkLimits refuses settings that would cost everybody's time. It looks at what the settings come to: a number may be given as a text.
func checkLimits(partner *settings.Settings, merchant string) error {
	var found problems
	for _, e := range partner.Explain(merchant) {
		for _, w := range workLimits {
			if n, err := strconv.ParseFloat(e.Value, 64); e.Key == w.name && err == nil && n > float64(w.limit) {
				found.add(w.name, "%v is more than the %d that this service allows", n, w.limit)
			}
		}
	}
	return found.err()
}

// putSettings replaces a merchant's settings. They are checked against every rule that does not need an article.
func (s *Server) putSettings(ctx context.Context, merchant string, c SettingsChange, expect *uint64) (*store.Document, error) {
	for name, value := range c {
		if string(value) == "null" {
			delete(c, name)
		}
	}
	data, err := json.Marshal(c)
	if err != nil {
		return nil, err
	}
	partner, err := parseSettings(merchant, data)
	if err != nil {
		return nil, err
	}
	if err := checkLimits(partner, merchant); err != nil {
		return nil, err
	}
	key := store.Key{Kind: store.MerchantSettings, Merchant: merchant}
	if _, err := s.store.Get(ctx, key); err != nil && !errors.Is(err, store.ErrNotFound) { // the new version's time is after this one's
		return nil, err
	}
	return s.store.Put(ctx, store.Write{Key: key, Value: data, Expect: expect})
}

// patchArticle changes some of a partner's overrides of an article's columns; null takes an override away.
func (s *Server) patchArticle(ctx context.Context, key table.Key, c ArticleColumns, expect *uint64) (*store.Document, error) {
	k, err := s.features(ctx, key)
	if err != nil {
		return nil, err
	}
	storeKey := store.Key{Kind: store.ArticleSettings, Merchant: key.Merchant, Article: key.Article}
	for {
		revision := uint64(0)
		merged := ArticleColumns{}
		old, err := s.store.Get(ctx, storeKey)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return nil, err
		}
		if old != nil {
			revision = old.Revision
		}
		if err == nil {
			if err := json.Unmarshal(old.Value, &merged); err != nil {
				return nil, fmt.Errorf("stored settings of %s/%s: %w", key.Merchant, key.Article, err)
			}
		}
		if expect != nil && *expect != revision {
			return nil, store.ErrConflict
		}
		maps.Copy(merged, c)
		maps.DeleteFunc(merged, func(_ string, v json.RawMessage) bool { return string(v) == "null" })
		var found problems
		row := k.current()
		c.known(&found)
		merged.apply(&row, "", &found)
		if err := found.err(); err != nil {
			return nil, err
		}
		set, err := s.settingsOf(ctx, key.Merchant)
		if err != nil {
			return nil, err
		}
		if _, _, err := set.Article(&row); err != nil {
			return nil, located("", err)
		}
		data, err := json.Marshal(merged)
		if err != nil {
			return nil, err
		}
		d, err := s.store.Put(ctx, store.Write{Key: storeKey, Value: data, Expect: &revision})
		if !errors.Is(err, store.ErrConflict) || expect != nil {
			return d, err
		}
	}
}

// features that change by themselves: what a partner fixed here would hold for ever.
var moving = []string{"on_hand", "in_transit", "pending_returns"}

// known refuses columns that an article does not have, and those that are no settings.
func (c ArticleColumns) known(found *problems) {
	columns := table.ArticleColumns()
	for _, name := range sortedNames(c) {
		switch {
		case slices.Contains(moving, name):
			found.add(name, "is no setting: put it with the article's features, or send a stock event")
		case !slices.Contains(columns, name):
			found.add(name, "%v", new(table.ArticleRow).SetJSON(name, nil))
		}
	}
}

// prepared is an article that is ready to be decided, with what it was made from.
type prepared struct {
	decision.Prepared
	features *knownFeatures
	row      table.ArticleRow // with what the partner has set
	settings *settings.Settings
}

// prepare brings together what is known of an article, and what its partner has set.
func (s *Server) prepare(ctx context.Context, key table.Key) (*prepared, error) {
	k, err := s.features(ctx, key)
	if err != nil {
		return nil, err
	}
	p := &prepared{features: k, row: k.current()}
	if p.settings, err = s.settingsOf(ctx, key.Merchant); err != nil {
		return nil, err
	}
	d, err := s.store.Get(ctx, store.Key{Kind: store.ArticleSettings, Merchant: key.Merchant, Article: key.Article})
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return nil, err
	}
	if err == nil {
		var c ArticleColumns
		if err := json.Unmarshal(d.Value, &c); err != nil {
			return nil, fmt.Errorf("stored settings of %s/%s: %w", key.Merchant, key.Article, err)
		}
		var found problems
		c.apply(&p.row, "", &found)
		if err := found.err(); err != nil {
			return nil, fmt.Errorf("stored settings of %s/%s: %w", key.Merchant, key.Article, err)
		}
	}
	var reject *table.Reject
	p.Prepared, reject = decision.Prepare(p.settings, s.sampler, &table.Item{Row: &p.row, Forecast: k.forecast})
	if reject != nil {
		return nil, problems{{reject.Column, fmt.Sprintf("%s %s", reject.Value, reject.Reason)}}
	}
	return p, nil
}

// recommend decides an article.
func (s *Server) recommend(ctx context.Context, key table.Key, w *optimize.Workspace, runID string) (*table.RecommendationRow, perUnit, error) {
	p, err := s.prepare(ctx, key)
	if err != nil {
		return nil, perUnit{}, err
	}
	rec, err := optimize.Decide(s.sampler, p.Input, p.Options, w)
	if err != nil {
		return nil, perUnit{}, err
	}
	run := table.RunInfo{RunID: runID, AsOf: p.features.asOf, Seed: s.config.Seed, EngineVersion: optimize.EngineVersion}
	return table.RecommendationOf(run, key, &rec, decision.Hash(p.Input, p.Options)), perUnit{p.row.Price, p.row.UnitCost}, nil
}
