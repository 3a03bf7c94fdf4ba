package serve

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/restock-engine/restock/io/decision"
	"github.com/restock-engine/restock/io/table"
	"github.com/restock-engine/restock/optimize"
	"github.com/restock-engine/restock/serve/access"
	"github.com/restock-engine/restock/serve/store"
)

// ShadowDifference is an article for which the shadow settings recommend something else than the live ones.
type ShadowDifference struct {
	MerchantID     string  `json:"merchant_id"`
	ArticleID      string  `json:"article_id"`
	LiveQuantity   float64 `json:"live_quantity" doc:"units of the first order"`
	ShadowQuantity float64 `json:"shadow_quantity"`
	LiveWeek       int     `json:"live_week"`
	ShadowWeek     int     `json:"shadow_week"`
	LiveMeanCost   float64 `json:"live_mean_cost" doc:"each by its own settings"`
	ShadowMeanCost float64 `json:"shadow_mean_cost"`
	LiveHash       string  `json:"live_input_hash"`
	ShadowHash     string  `json:"shadow_input_hash"`
}

// shadow decides an article with the shadow settings, and stores where that differs. It never fails the live decision.
func (s *Server) shadow(ctx context.Context, key table.Key, live *table.RecommendationRow, w *optimize.Workspace) {
	difference, err := s.compareShadow(ctx, key, live, w)
	if err == nil {
		k := store.Key{Kind: store.ShadowDifference, Merchant: key.Merchant, Article: key.Article}
		var data []byte
		if difference != nil {
			data, err = json.Marshal(difference)
		}
		if err == nil {
			_, err = s.store.Put(ctx, store.Write{Key: k, Value: data, Deleted: difference == nil})
		}
	}
	if err != nil {
		s.log.Warn("the shadow settings were not compared", "merchant", key.Merchant, "article", key.Article, "error", err)
	}
}

func (s *Server) compareShadow(ctx context.Context, key table.Key, live *table.RecommendationRow, w *optimize.Workspace) (*ShadowDifference, error) {
	p, err := s.prepare(ctx, key)
	if err != nil {
		return nil, err
	}
	q, reject := decision.Prepare(s.config.Shadow, s.sampler, &table.Item{Row: &p.row, Forecast: p.features.forecast})
	if reject != nil {
		return nil, problems{{reject.Column, reject.Reason}}
	}
	rec, err := optimize.Decide(s.sampler, q.Input, q.Options, w)
	if err != nil {
		return nil, err
	}
	n := live.Numbers
	if rec.Policy.T0 == int(n["t0"]) && rec.Policy.Q0 == n["q0"] {
		return nil, nil
	}
	return &ShadowDifference{key.Merchant, key.Article, n["q0"], rec.Policy.Q0, int(n["t0"]), rec.Policy.T0, n["mean_cost"], rec.Figures.MeanCost,
		live.Texts["input_hash"], decision.Hash(q.Input, q.Options)}, nil
}

func (s *Server) listShadow(ctx context.Context, _ *struct{}) (*body[[]ShadowDifference], error) {
	if err := admin(ctx, access.Read); err != nil {
		return nil, err
	}
	list := []ShadowDifference{}
	err := s.store.Each(ctx, store.ShadowDifference, "", func(d *store.Document) error {
		var x ShadowDifference
		if err := json.Unmarshal(d.Value, &x); err != nil {
			return err
		}
		list = append(list, x)
		return nil
	})
	return &body[[]ShadowDifference]{list}, err
}

// merchants lists all merchants that anything is known of.
func (a *assortment) merchants(base *baseView) []string {
	a.mu.RLock()
	defer a.mu.RUnlock()
	list := []string{}
	if a.run != nil {
		list = append(list, a.run.recommendations.Merchants...)
	}
	if base != nil {
		list = append(list, base.file.Merchants...)
	}
	for m := range a.newer {
		list = append(list, m)
	}
	slices.Sort(list)
	return slices.Compact(list)
}
