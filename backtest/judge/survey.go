package judge

import (
	"cmp"
	"container/heap"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"

	"github.com/restock-engine/restock/forecast"
	"github.com/restock-engine/restock/internal/random"
	"github.com/restock-engine/restock/io/table"
)

// survey is what one reading of a history finds.
type survey struct {
	first, end int // first week, week behind the last
	skus       int // with a usable row
	rejected   int64
	merchants  map[string]int // SKUs of each
	sample     []table.Key    // the SKUs with the smallest hashes, rising
}

// look reads the history once, and draws a random sample of so many SKUs: who is in it depends on the keys alone.
func look(ctx context.Context, h *table.HistoryReader, path string, sample int) (*survey, error) {
	s := &survey{first: math.MaxInt, merchants: map[string]int{}}
	var drawn hashes
	err := eachSeries(ctx, h, func(x *forecast.Series) error {
		s.skus++
		s.merchants[x.MerchantID]++
		s.first, s.end = min(s.first, x.FirstWeek), max(s.end, x.FirstWeek+x.Weeks())
		drawn.offer(table.Key{Merchant: x.MerchantID, Article: x.ArticleID}, sample)
		return nil
	}, &s.rejected)
	if err == nil && s.skus == 0 {
		err = fmt.Errorf("%s has no SKU with a usable row, so there is nothing to judge a forecast by", path)
	}
	if err != nil {
		return nil, err
	}
	slices.SortFunc(drawn, hashed.compare)
	for _, x := range drawn {
		s.sample = append(s.sample, x.key)
	}
	return s, h.Rewind()
}

// eachSeries visits every SKU's series and counts rejected rows.
func eachSeries(ctx context.Context, h *table.HistoryReader, visit func(*forecast.Series) error, rejected *int64) error {
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		x, rejects, err := h.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		*rejected += int64(len(rejects))
		if x != nil {
			if err := visit(x); err != nil {
				return err
			}
		}
	}
}

// hashes is a heap of SKUs, the largest hash first.
type hashes []hashed

type hashed struct {
	hash random.Key
	key  table.Key
}

func (a hashed) compare(b hashed) int {
	return cmp.Or(cmp.Compare(a.hash, b.hash), cmp.Compare(a.key.Merchant, b.key.Merchant), cmp.Compare(a.key.Article,
		b.key.Article))
}

func (h hashes) Len() int           { return len(h) }
func (h hashes) Less(i, j int) bool { return h[i].compare(h[j]) > 0 }
func (h hashes) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }

// Push implements heap.Interface.
func (h *hashes) Push(x any) { *h = append(*h, x.(hashed)) }

// Pop implements heap.Interface.
func (h *hashes) Pop() any {
	last := len(*h) - 1
	x := (*h)[last]
	*h = (*h)[:last]
	return x
}

// offer keeps the SKU if its hash is among the n smallest.
func (h *hashes) offer(key table.Key, n int) {
	x := hashed{random.NewKey(0, "judge", key.Merchant, key.Article), key}
	switch {
	case len(*h) < n:
		heap.Push(h, x)
	case n > 0 && x.compare((*h)[0]) < 0:
		(*h)[0] = x
		heap.Fix(h, 0)
	}
}
