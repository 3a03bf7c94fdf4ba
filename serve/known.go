package serve

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/maypok86/otter/v2"

	"github.com/restock-engine/restock/forecast"
	"github.com/restock-engine/restock/io/table"
	"github.com/restock-engine/restock/serve/snapshot"
	"github.com/restock-engine/restock/serve/stock"
	"github.com/restock-engine/restock/serve/store"
	"github.com/restock-engine/restock/simulate"
)

// knownFeatures are a SKU's features, decoded. They are shared and must not be changed.
type knownFeatures struct {
	row      table.ArticleRow
	forecast *forecast.Quantiles
	asOf     time.Time // Monday of week 0
	stock    *stock.State
	revision uint64 // 0: from the nightly input
	accepted time.Time
	base     *baseView                       // the nightly input at that time, nil for none
	public   func() (data []byte, err error) // as they are answered
}

// current is the article's row with what has happened since the count: stock below zero counts as none.
func (k *knownFeatures) current() table.ArticleRow {
	row := k.row
	if k.stock == nil {
		return row
	}
	onHand, inbound := k.stock.Now()
	row.OnHand = math.Max(0, onHand)
	row.InTransit = nil
	for _, x := range inbound {
		week := int(math.Floor(x.Arrives.Sub(k.asOf).Hours() / (24 * 7)))
		row.InTransit = append(row.InTransit, simulate.WeekQuantity{Week: max(0, week), Quantity: x.Quantity})
	}
	return row
}

// counted is the last count, with the events since, to be changed.
func (k *knownFeatures) counted() stock.State {
	if k.stock != nil {
		return *k.stock
	}
	at := k.accepted
	if k.asOf.Before(at) { // the nightly input is of the beginning of its week
		at = k.asOf
	}
	return stock.State{At: at, OnHand: k.row.OnHand, Inbound: inboundOf(&k.row, k.asOf)}
}

// errUnknownArticle is the answer for what is not there and for what may not be seen.
var errUnknownArticle = errors.New("no such article")

// features returns what is known of an article: what was put last, or the nightly input if that is newer.
func (s *Server) features(ctx context.Context, key table.Key) (*knownFeatures, error) {
	d, err := s.store.Get(ctx, store.Key{Kind: store.Features, Merchant: key.Merchant, Article: key.Article})
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return nil, err
	}
	base := s.base.Load()
	revision := uint64(0)
	if err == nil && (base == nil || d.Time.After(base.cut)) {
		revision = d.Revision
	}
	if k, ok := s.decoded.GetIfPresent(key); ok && k.revision == revision && k.base == base {
		return k, nil
	}
	k := &knownFeatures{}
	switch {
	case revision > 0:
		if k, err = decodeStored(key, d.Value, base); err == nil {
			k.revision, k.accepted = revision, d.Time
		}
	case base != nil:
		var data []byte
		if data, err = base.file.Get(key.Merchant, key.Article); err == nil {
			k, err = decodeStored(key, data, base)
		}
		if err == nil {
			k.accepted = base.cut
		}
	default:
		return nil, errUnknownArticle
	}
	if errors.Is(err, snapshot.ErrNotFound) {
		return nil, errUnknownArticle
	}
	if err != nil {
		return nil, err
	}
	s.decoded.Set(key, k)
	return k, nil
}

// decodeStored decodes features as they are stored.
func decodeStored(key table.Key, data []byte, base *baseView) (*knownFeatures, error) {
	var f Features
	if err := json.Unmarshal(data, &f); err != nil {
		return nil, fmt.Errorf("stored features of %s/%s: %w", key.Merchant, key.Article, err)
	}
	k, err := f.decode(key)
	if err != nil {
		return nil, fmt.Errorf("stored features of %s/%s: %w", key.Merchant, key.Article, err)
	}
	if base != nil && slices.Equal(base.levels, k.forecast.Levels) {
		k.forecast.Levels = base.levels // one list for all SKUs: the sampler keeps tables by it
	}
	k.base = base
	k.public = sync.OnceValues(k.encode)
	return k, nil
}

// encode returns the features as they are answered.
func (k *knownFeatures) encode() ([]byte, error) {
	row := k.current()
	f, err := featuresOf(&row, k.forecast, k.asOf)
	if err != nil {
		return nil, err
	}
	f.Stock = k.stock
	return json.Marshal(f)
}

// decodedBytes is how much of the features that were asked for is kept decoded.
const decodedBytes = 64 << 20

func newDecoded() *otter.Cache[table.Key, *knownFeatures] {
	return otter.Must(&otter.Options[table.Key, *knownFeatures]{MaximumWeight: decodedBytes, Weigher: func(key table.Key, k *knownFeatures) uint32 {
		weight := 2048 + len(key.Merchant) + len(key.Article) + 12*len(k.forecast.Values) // 8 of these for public
		if k.stock != nil {
			weight += 256 * len(k.stock.Events)
		}
		return uint32(weight)
	}})
}
