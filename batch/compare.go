package batch

import (
	"cmp"
	"errors"
	"io"
	"math"
	"slices"
	"strings"

	"github.com/restock-engine/restock/io/table"
)

// Comparison is what has changed since the previous run, in the orders of week 0.
type Comparison struct {
	Previous     string `json:"previous_run_id"`
	PreviousDate string `json:"previous_date"`

	Both       int64 `json:"skus_in_both"`
	OnlyNow    int64 `json:"skus_only_now"`
	OnlyBefore int64 `json:"skus_only_before"`

	UnitsNow    float64 `json:"units_now"` // of all SKUs of the run
	UnitsBefore float64 `json:"units_before"`
	DemandNow   float64 `json:"demand_now"` // mean units over the horizon, SKUs in both
	DemandThen  float64 `json:"demand_before"`

	Changed int64    `json:"changed"` // SKUs in both whose order differs
	New     int64    `json:"new"`     // of them: from none
	Dropped int64    `json:"dropped"` // to none
	Raised  int64    `json:"raised"`
	Lowered int64    `json:"lowered"`
	Causes  []Cause  `json:"causes"`  // by what has changed in the input, most changed orders first
	Largest []Change `json:"largest"` // changes in units, largest first

	DemandDrift float64 `json:"demand_drift"` // population stability index of the SKUs' weekly demand
	OrderDrift  float64 `json:"order_drift"`  // … of the units ordered
	CoverDrift  float64 `json:"cover_drift"`  // … of the weeks that stock covers
}

// Cause is the SKUs in whose input the same things have changed.
type Cause struct {
	Cause   string  `json:"cause"`   // state, forecast, settings, engine, seed, joined by +; "nothing"
	SKUs    int64   `json:"skus"`    // of which the order changed or not
	Changed int64   `json:"changed"` // orders
	Added   float64 `json:"added"`   // units that are ordered in addition
	Removed float64 `json:"removed"` // units that are no longer ordered
}

// Change is one SKU's order then and now.
type Change struct {
	Merchant string  `json:"merchant_id"`
	Article  string  `json:"article_id"`
	Before   float64 `json:"before"` // units
	Now      float64 `json:"now"`
	Cause    string  `json:"cause"`
}

// Unexplained returns how many orders changed although nothing that they depend on did: none, if all is well.
func (c *Comparison) Unexplained() int64 {
	for _, x := range c.Causes {
		if x.Cause == nothing {
			return x.Changed
		}
	}
	return 0
}

const nothing = "nothing"

// comparer matches the rows of two runs. Where both have the SKUs in the same order, as they mostly do, it holds those alone that one has and the
// other has not; at worst all of both.
type comparer struct {
	result      *Comparison
	largest     int
	causes      map[string]*Cause
	now, before map[table.Key]table.OrderRow // not matched yet
}

// compareOrders compares the recommendations in two folders and lists the largest changes.
func compareOrders(now, before string, largest int) (result *Comparison, err error) {
	c := &comparer{result: &Comparison{}, largest: largest, causes: map[string]*Cause{},
		now: map[table.Key]table.OrderRow{}, before: map[table.Key]table.OrderRow{}}
	n, err := table.OpenOrders(now)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, n.Close()) }()
	b, err := table.OpenOrders(before)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, b.Close()) }()
	for endedNow, endedBefore := false, false; !endedNow || !endedBefore; {
		if !endedNow {
			endedNow, err = c.step(n, c.now, c.before, func(row, other *table.OrderRow) { c.match(row, other) })
		}
		if err == nil && !endedBefore {
			endedBefore, err = c.step(b, c.before, c.now, func(row, other *table.OrderRow) { c.match(other, row) })
		}
		if err != nil {
			return nil, err
		}
	}
	c.finish()
	return c.result, nil
}

// step reads a row of one side and matches it with the other side's, or keeps it.
func (c *comparer) step(r *table.OrderReader, own, other map[table.Key]table.OrderRow, match func(row, other *table.OrderRow)) (ended bool, err error) {
	row, err := r.Next()
	if errors.Is(err, io.EOF) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	if partner, ok := other[row.Key]; ok {
		delete(other, row.Key)
		match(&row, &partner)
		return false, nil
	}
	own[row.Key] = row
	return false, nil
}

func (c *comparer) match(now, before *table.OrderRow) {
	r := c.result
	r.Both++
	r.DemandNow += now.MeanDemand
	r.DemandThen += before.MeanDemand
	r.UnitsNow += now.Now()
	r.UnitsBefore += before.Now()
	why := cause(now, before)
	group := c.causes[why]
	if group == nil {
		group = &Cause{Cause: why}
		c.causes[why] = group
	}
	group.SKUs++
	x, y := before.Now(), now.Now()
	if x == y {
		return
	}
	r.Changed++
	group.Changed++
	group.Added += max(0, y-x)
	group.Removed += max(0, x-y)
	switch {
	case x == 0:
		r.New++
	case y == 0:
		r.Dropped++
	case y > x:
		r.Raised++
	default:
		r.Lowered++
	}
	c.offer(Change{now.Merchant, now.Article, x, y, why})
}

// cause tells what differs between what two orders rest on.
func cause(now, before *table.OrderRow) string {
	var parts []string
	a, b := strings.Split(now.InputHash, "-"), strings.Split(before.InputHash, "-")
	for i, name := range []string{"state", "forecast", "settings"} {
		if len(a) != len(b) || i >= len(a) || a[i] != b[i] {
			parts = append(parts, name)
		}
	}
	if now.EngineVersion != before.EngineVersion {
		parts = append(parts, "engine")
	}
	if now.Seed != before.Seed {
		parts = append(parts, "seed")
	}
	if parts == nil {
		return nothing
	}
	return strings.Join(parts, " + ")
}

// offer keeps a change if it is among the largest; of equal ones that of the smaller key.
func (c *comparer) offer(x Change) {
	list := c.result.Largest
	compare := func(a, b Change) int {
		return cmp.Or(-cmp.Compare(math.Abs(a.Now-a.Before), math.Abs(b.Now-b.Before)),
			cmp.Compare(a.Merchant, b.Merchant), cmp.Compare(a.Article, b.Article))
	}
	i, _ := slices.BinarySearchFunc(list, x, compare)
	if i == c.largest {
		return
	}
	list = slices.Insert(list, i, x)
	c.result.Largest = list[:min(len(list), c.largest)]
}

func (c *comparer) finish() {
	r := c.result
	r.OnlyNow, r.OnlyBefore = int64(len(c.now)), int64(len(c.before))
	for _, side := range []struct {
		rows map[table.Key]table.OrderRow
		sum  *float64
	}{{c.now, &r.UnitsNow}, {c.before, &r.UnitsBefore}} {
		var units []float64 // added by size: a map has no order, and sums of floats depend on it
		for _, row := range side.rows {
			units = append(units, row.Now())
		}
		slices.Sort(units)
		for _, u := range units {
			*side.sum += u
		}
	}
	for _, g := range c.causes {
		r.Causes = append(r.Causes, *g)
	}
	slices.SortFunc(r.Causes, func(a, b Cause) int {
		return cmp.Or(-cmp.Compare(a.Changed, b.Changed), -cmp.Compare(a.SKUs, b.SKUs), cmp.Compare(a.Cause, b.Cause))
	})
}
