package serve

import (
	"cmp"
	"encoding/json"
	"math"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/restock-engine/restock/io/table"
	"github.com/restock-engine/restock/serve/snapshot"
	"github.com/restock-engine/restock/simulate"
)

// Summary is a line of a merchant's list.
type Summary struct {
	MerchantID    string   `json:"merchant_id"`
	ArticleID     string   `json:"article_id"`
	Status        string   `json:"status" doc:"ok, no_order (nothing to order at the start) or degraded (too uncertain to tell from doing nothing)"`
	OrderWeek     int      `json:"order_week"`
	OrderQuantity float32  `json:"order_quantity" doc:"units"`
	FillRate      *float32 `json:"fill_rate" doc:"share of the demand that is served"`
	NoneFillRate  *float32 `json:"none_fill_rate" doc:"the same without an order"`
	StockoutRisk  *float32 `json:"stockout_risk" doc:"share of the weeks out of stock if nothing is ordered"`
	Saving        *float32 `json:"saving" doc:"mean cost saved against not ordering, money"`
	SavingLow     *float32 `json:"saving_low"`
	SavingHigh    *float32 `json:"saving_high"`
	MeanCost      *float32 `json:"mean_cost"`
	Stock         *float32 `json:"stock" doc:"on hand and in transit, units"`
	AverageStock  *float32 `json:"average_stock"`
	CoverWeeks    *float32 `json:"cover_weeks" doc:"weeks of mean demand that stock lasts; null without demand"`
	Overstock     *float32 `json:"overstock" doc:"units left at the end of the horizon if nothing is ordered"`
	OrderValue    *float32 `json:"order_value" doc:"order_quantity at cost, money; null where the cost is not known"`

	demandValue float64 // mean demand over the horizon, at the price; NaN where that is not known
}

// perUnit is what a unit of an article is worth, money; NaN where that is not known.
type perUnit struct {
	Price    float64 `json:"price"`
	UnitCost float64 `json:"unit_cost"`
}

// summaryColumns are the numbers that a snapshot of recommendations keeps in memory, in the order of summaryValues.
var summaryColumns = []string{"status", "order_week", "order_quantity", "fill_rate", "none_fill_rate", "stockout_risk", "saving", "saving_low",
	"saving_high", "mean_cost", "stock", "average_stock", "cover_weeks", "overstock", "mean_demand"}

var statuses = []string{"ok", "no_order", "degraded"}

func summaryValues(r *table.RecommendationRow) []float64 {
	n := func(name string) float64 {
		if v, ok := r.Numbers[name]; ok {
			return v
		}
		return math.NaN()
	}
	return []float64{float64(slices.Index(statuses, r.Texts["status"])), n("order_week"), n("order_quantity"), n("fill_rate"), n("none_fill_rate"),
		1 - n("none_availability"), n("saving"), n("saving_low"), n("saving_high"), n("mean_cost"), n("stock"), n("average_stock"), r.CoverWeeks(),
		math.Max(0, n("stock")-n("none_units_sold")), n("mean_demand")}
}

func summaryOf(merchant, article string, values func(column int) float64, money perUnit) Summary {
	p := func(column int) *float32 { return known(values(column)) }
	s := Summary{MerchantID: merchant, ArticleID: article, OrderWeek: int(values(1)), OrderQuantity: float32(values(2)), FillRate: p(3), NoneFillRate: p(4),
		StockoutRisk: p(5), Saving: p(6), SavingLow: p(7), SavingHigh: p(8), MeanCost: p(9), Stock: p(10), AverageStock: p(11), CoverWeeks: p(12),
		Overstock: p(13), OrderValue: known(money.UnitCost * values(2)), demandValue: money.Price * values(14)}
	if i := int(values(0)); i >= 0 && i < len(statuses) {
		s.Status = statuses[i]
	}
	return s
}

// overstockShare is the share of the stock that is left at the end of the horizon if nothing is ordered; NaN without stock.
func (s *Summary) overstockShare() float64 { return number(s.Overstock) / number(s.Stock) }

// known returns nil for what JSON can't say.
func known(v float64) *float32 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return nil
	}
	f := float32(v)
	return &f
}

// newer is a recommendation that was made after the nightly run's.
type newer struct {
	revision uint64
	made     int64 // Unix microseconds
	doc      *recommendationDocument
	data     []byte // public form
	values   []float64
}

// recommendationDocument is how a recommendation is stored.
type recommendationDocument struct {
	Row         *table.RecommendationRow `json:"row"`
	Explanation string                   `json:"explanation"`
	perUnit
	Job string `json:"job,omitempty"` // what it was made for
}

// recommendationJSON is the public form: the columns of the table, and the explanation.
func recommendationJSON(row *table.RecommendationRow) ([]byte, error) {
	data, err := json.Marshal(row)
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(row.Explain())
	if err != nil {
		return nil, err
	}
	data = append(data[:len(data)-1], `,"explanation":`...)
	return append(append(data, text...), '}'), nil
}

// assortment is what is recommended now: the nightly run, and above it what is newer.
type assortment struct {
	mu    sync.RWMutex
	run   *runView // nil before the first
	newer map[string]map[string]*newer
	lists map[string]*list // of merchants, as long as nothing changes
}

// runView is a nightly run that is served.
type runView struct {
	runInfo
	recommendations *snapshot.File
	policies        []atomic.Pointer[simulate.RSQ] // [number in recommendations] nil: nobody has asked yet
	perUnit         func(merchant, article string) perUnit
}

type runInfo struct {
	ID    string `json:"run_id"`
	AsOf  string `json:"as_of"`
	Date  string `json:"date,omitempty"`  // of the nightly run's folder
	Files string `json:"files,omitempty"` // where the table is
	Seen  int64  `json:"seen,omitempty"`  // Unix microseconds: settings accepted until then are in it
	Snap  string `json:"snapshot"`        // name of the local copy
	Rows  int    `json:"rows"`
}

// list is a merchant's summaries, rising by article, and in other orders as somebody has asked for them.
type list struct {
	items    []Summary
	orders   map[string][]int32
	overview Overview
}

// Overview are a merchant's key figures.
type Overview struct {
	MerchantID   string  `json:"merchant_id"`
	RunID        string  `json:"run_id"`
	AsOf         string  `json:"as_of" doc:"Monday of week 0"`
	Articles     int     `json:"articles"`
	ToOrder      int     `json:"to_order" doc:"articles to order this week"`
	OrderUnits   float64 `json:"order_units"`
	OrderValue   float64 `json:"order_value" doc:"money, at cost"`
	StockoutRisk int     `json:"stockout_risk" doc:"articles that will be out of stock in one of four weeks or more if nothing is ordered"`
	Overstock    int     `json:"overstock" doc:"articles of which a quarter of the stock or more is left at the end if nothing is ordered"`
	Saving       float64 `json:"saving" doc:"sum of the mean cost saved against not ordering, money"`
	Degraded     int     `json:"degraded"`
	Recalculated int     `json:"recalculated" doc:"articles whose recommendation is newer than the nightly run"`
	MeanFillRate float64 `json:"mean_fill_rate" doc:"weighted by price and demand, over the articles of which these are known"`
	MeanNoneFill float64 `json:"mean_none_fill_rate" doc:"the same without an order"`
}

func newAssortment() *assortment {
	return &assortment{newer: map[string]map[string]*newer{}, lists: map[string]*list{}}
}

// setRun replaces the nightly run at once: no request sees a part of one and a part of the other.
func (a *assortment) setRun(r *runView) (old *runView) {
	a.mu.Lock()
	defer a.mu.Unlock()
	old, a.run = a.run, r
	clear(a.lists)
	return old
}

// setNewer puts a recommendation above the run's, or takes it away.
func (a *assortment) setNewer(merchant, article string, n *newer) {
	a.mu.Lock()
	defer a.mu.Unlock()
	of := a.newer[merchant]
	if n == nil {
		delete(of, article)
		if len(of) == 0 {
			delete(a.newer, merchant)
		}
	} else if old := of[article]; old == nil || old.revision < n.revision {
		if of == nil {
			of = map[string]*newer{}
			a.newer[merchant] = of
		}
		of[article] = n
	}
	delete(a.lists, merchant)
}

// policy returns what is recommended, nil if nothing is.
func (a *assortment) policy(merchant, article string) (simulate.Policy, error) {
	a.mu.RLock()
	run, n := a.run, a.newer[merchant][article]
	a.mu.RUnlock()
	if n != nil {
		return n.doc.Row.Policy(), nil
	}
	if run == nil {
		return nil, nil
	}
	i := run.recommendations.Find(merchant, article)
	if i < 0 {
		return nil, nil
	}
	if p := run.policies[i].Load(); p != nil {
		return *p, nil
	}
	data, err := run.recommendations.Record(i)
	if err != nil {
		return nil, err
	}
	var row table.RecommendationRow
	if err := json.Unmarshal(data, &row); err != nil {
		return nil, err
	}
	p := row.Policy()
	run.policies[i].Store(&p)
	return p, nil
}

// get returns a recommendation in its public form, nil if there is none, and a tag that changes with it.
func (a *assortment) get(merchant, article string) (data []byte, tag string, err error) {
	a.mu.RLock()
	run, n := a.run, a.newer[merchant][article]
	a.mu.RUnlock()
	if n != nil {
		return n.data, tagOf("r", n.revision), nil
	}
	if run == nil {
		return nil, "", nil
	}
	i := run.recommendations.Find(merchant, article)
	if i < 0 {
		return nil, "", nil
	}
	data, err = run.recommendations.Record(i)
	return data, tagOf(run.Snap, uint64(i)), err
}

// list returns a merchant's list.
func (a *assortment) list(merchant string) *list {
	a.mu.RLock()
	l := a.lists[merchant]
	a.mu.RUnlock()
	if l != nil {
		return l
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if l := a.lists[merchant]; l != nil {
		return l
	}
	l = a.build(merchant)
	a.lists[merchant] = l
	return l
}

func (a *assortment) build(merchant string) *list {
	l := &list{orders: map[string][]int32{}, overview: Overview{MerchantID: merchant}}
	above := a.newer[merchant]
	if r := a.run; r != nil {
		l.overview.RunID, l.overview.AsOf = r.ID, r.AsOf
		for i, to := r.recommendations.Range(merchant); i < to; i++ {
			article := r.recommendations.Article(i)
			if above[article] == nil {
				l.items = append(l.items, summaryOf(merchant, article, func(c int) float64 { return r.recommendations.Value(i, c) },
					r.perUnit(merchant, article)))
			}
		}
	}
	for article, n := range above {
		l.items = append(l.items, summaryOf(merchant, article, func(c int) float64 { return n.values[c] }, n.doc.perUnit))
		if l.overview.AsOf == "" {
			l.overview.AsOf, l.overview.RunID = n.doc.Row.Texts["as_of"], n.doc.Row.Texts["run_id"]
		}
	}
	slices.SortFunc(l.items, func(a, b Summary) int { return cmp.Compare(a.ArticleID, b.ArticleID) })
	l.overview.Recalculated = len(above)
	l.overview.add(l.items)
	return l
}

func (o *Overview) add(items []Summary) {
	value := func(p *float32) float64 {
		if p == nil {
			return 0
		}
		return float64(*p)
	}
	demand := 0.0 // money
	for i := range items {
		s := &items[i]
		o.Articles++
		if s.OrderWeek == 0 && s.OrderQuantity > 0 {
			o.ToOrder++
			o.OrderUnits += float64(s.OrderQuantity)
			o.OrderValue += value(s.OrderValue)
		}
		if number(s.StockoutRisk) >= 0.25 {
			o.StockoutRisk++
		}
		if s.overstockShare() >= 0.25 {
			o.Overstock++
		}
		if s.Status == "degraded" {
			o.Degraded++
		}
		o.Saving += value(s.Saving)
		if w := s.demandValue; w > 0 {
			demand += w
			o.MeanFillRate += w * value(s.FillRate)
			o.MeanNoneFill += w * value(s.NoneFillRate)
		}
	}
	if demand > 0 {
		o.MeanFillRate, o.MeanNoneFill = o.MeanFillRate/demand, o.MeanNoneFill/demand
	}
}

// sortable are the columns that a list can be sorted by.
var sortable = map[string]func(*Summary) float64{
	"order_quantity": func(s *Summary) float64 { return float64(s.OrderQuantity) },
	"order_week":     func(s *Summary) float64 { return float64(s.OrderWeek) },
	"order_value":    func(s *Summary) float64 { return number(s.OrderValue) },
	"fill_rate":      func(s *Summary) float64 { return number(s.FillRate) },
	"none_fill_rate": func(s *Summary) float64 { return number(s.NoneFillRate) },
	"stockout_risk":  func(s *Summary) float64 { return number(s.StockoutRisk) },
	"saving":         func(s *Summary) float64 { return number(s.Saving) },
	"mean_cost":      func(s *Summary) float64 { return number(s.MeanCost) },
	"stock":          func(s *Summary) float64 { return number(s.Stock) },
	"average_stock":  func(s *Summary) float64 { return number(s.AverageStock) },
	"cover_weeks":    func(s *Summary) float64 { return number(s.CoverWeeks) },
	"overstock":      func(s *Summary) float64 { return number(s.Overstock) },
}

func number(p *float32) float64 {
	if p == nil {
		return math.NaN()
	}
	return float64(*p)
}

// order returns the numbers of the items in the order of a column, - for falling; what is not known comes last. False if there is
// no such column.
func (a *assortment) order(l *list, by string) ([]int32, bool) {
	name, falling := strings.CutPrefix(by, "-")
	value, ok := sortable[name]
	if !ok && name != "article_id" {
		return nil, false
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if o := l.orders[by]; o != nil {
		return o, true
	}
	o := make([]int32, len(l.items))
	for i := range o {
		o[i] = int32(i)
	}
	switch {
	case name == "article_id" && falling:
		slices.Reverse(o)
	case name != "article_id":
		slices.SortStableFunc(o, func(x, y int32) int {
			u, v := value(&l.items[x]), value(&l.items[y])
			if math.IsNaN(u) || math.IsNaN(v) {
				return cmp.Compare(asInt(math.IsNaN(u)), asInt(math.IsNaN(v)))
			}
			if falling {
				u, v = v, u
			}
			return cmp.Compare(u, v)
		})
	}
	l.orders[by] = o
	return o, true
}

func asInt(b bool) int {
	if b {
		return 1
	}
	return 0
}
