package serve

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/restock-engine/restock/serve/offline"
	"github.com/restock-engine/restock/serve/store"
)

// Rebuild puts everything that the offline store has into the store, where that has nothing: after the store was lost, or for a
// new one. It may be run again. Settings decide their articles anew when the service starts.
func Rebuild(ctx context.Context, s *store.Store, from *offline.Store) (written, kept int, err error) {
	kinds := []string{string(store.Features), string(store.ArticleSettings), string(store.MerchantSettings)}
	err = from.Latest(ctx, time.Time{}, kinds, func(v offline.Version) error {
		key := store.Key{Kind: store.Kind(v.Kind), Merchant: v.Merchant, Article: v.Article}
		d, err := s.Get(ctx, key)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		if d != nil {
			kept++
			return nil
		}
		if v.Deleted {
			return nil
		}
		_, err = s.Put(ctx, store.Write{Key: key, Value: v.Value, Expect: new(uint64), After: v.Accepted})
		if errors.Is(err, store.ErrConflict) {
			kept++
			return nil
		}
		if err == nil {
			written++
		}
		return err
	})
	if err != nil {
		err = fmt.Errorf("rebuilding the store: %w", err)
	}
	return written, kept, err
}
