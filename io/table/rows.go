package table

import (
	"github.com/restock-engine/restock/simulate"
)

// Source is where a row was read: the file, and the row's number in it, 1 for the first row of data.
type Source struct {
	File string
	Row  int64
}

// Key names a SKU.
type Key struct {
	Merchant, Article string
}

// ArticleRow is one row of the articles table as it stands in the file; io/settings turns it into a simulate.Article.
type ArticleRow struct {
	Source
	Key
	OnHand, Price, UnitCost float64
	InTransit               []simulate.WeekQuantity
	PendingReturns          []simulate.WeekQuantity
	Plan                    []simulate.WeekQuantity // meaningful if HasPlan
	HasPlan                 bool                    // the plan column is there and not null; an empty plan orders nothing
	ReturnLagWeights        []float64               // nil: not set
	LeadTimeSamples         []float64               // nil: not set
	Params                  Params
}

// Reject is one input row or SKU that could not be used, and why. Column and Value are empty where the reason is not about one value.
type Reject struct {
	Source
	Key
	Column string
	Value  string
	Reason string
}
