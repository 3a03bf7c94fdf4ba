package forecast

// Series is one SKU's weekly history, oldest week first. The slices have equal length, or are nil where the column is not known.
type Series struct {
	MerchantID string    // only a grouping key for pooled models
	ArticleID  string    // likewise
	FirstWeek  int       // number of weeks since Monday 1970-01-05 (see [WeekNumber]) of index 0
	Sales      []float64 // units sold in the week, returns not subtracted
	InStock    []float64 // share of the week the article was in stock, 0..1; nil: not known, taken as 1
	Returns    []float64 // units that came back
	Price      []float64 // money per unit; NaN where not known
	OnHand     []float64 // units at the end of the week; NaN where not known
	Ordered    []float64 // units ordered in the week
	Received   []float64 // units received in the week
}

// Weeks returns the number of weeks.
func (s *Series) Weeks() int { return len(s.Sales) }
