package offline

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/restock-engine/restock/io/decision"
)

// Partners returns what partners have set up to a moment (zero: up to now), for the nightly run.
func (s *Store) Partners(ctx context.Context, until time.Time) (*decision.Partners, error) {
	p := &decision.Partners{Merchants: []decision.PartnerMerchant{}, Articles: []decision.PartnerArticle{}}
	err := s.Latest(ctx, until, []string{"merchant", "article"}, func(v Version) error {
		var set map[string]json.RawMessage
		if v.Deleted {
			return nil
		}
		if err := json.Unmarshal(v.Value, &set); err != nil {
			return fmt.Errorf("offline store: settings of %s/%s, revision %d: %w", v.Merchant, v.Article, v.Revision, err)
		}
		switch {
		case len(set) == 0:
		case v.Kind == "merchant":
			p.Merchants = append(p.Merchants, decision.PartnerMerchant{Merchant: v.Merchant, Settings: set})
		default:
			p.Articles = append(p.Articles, decision.PartnerArticle{Merchant: v.Merchant, Article: v.Article, Columns: set})
		}
		return nil
	})
	return p, err
}
