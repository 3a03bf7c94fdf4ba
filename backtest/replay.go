package backtest

import (
	"math"

	"github.com/restock-engine/restock/forecast"
	"github.com/restock-engine/restock/internal/random"
	"github.com/restock-engine/restock/io/table"
	"github.com/restock-engine/restock/optimize"
	"github.com/restock-engine/restock/simulate"
)

// Outcome is what one arm's decision at one date did to one SKU within so many weeks.
type Outcome struct {
	Key    table.Key
	Date   int // number of the execution date
	Arm    int
	Weeks  int     // of the evaluation
	Has    Records // what is on record of the SKU
	Class  forecast.Class
	Policy string

	Demand   float64 // units
	Imputed  float64 // units of Demand in weeks out of stock, drawn from the forecast
	Forecast float64 // mean forecast of the demand, units
	Error    float64 // Σ |week's demand - its mean forecast|
	Price    float64
	Flows    simulate.Flows // undiscounted
	Short    float64        // weeks with lost sales
	Costs    simulate.CostParts
}

// WeekStory is a week of a replay.
type WeekStory struct {
	simulate.WeekRecord
	Demand   float64
	Forecast float64 // mean
	Imputed  bool
}

// actualSet and imputeSet are the streams of what really happens: lead times, return lags and demand that nobody saw.
const (
	actualSet simulate.Set = 2000
	imputeSet simulate.Set = 2001
)

// sku is one SKU at one execution date.
type sku struct {
	key      table.Key
	article  simulate.Article // its state at the date; the horizon is the decision's
	series   *forecast.Series
	asOf     int // week number of the date
	date     int // number of the date
	forecast *forecast.Quantiles
	class    forecast.Class
	options  optimize.Options
	plan     simulate.Plan
	has      Records
}

// actual is what happens after the date, the same for all arms.
type actual struct {
	long    *simulate.Scenarios // scenario 0, longer than any lead time that matters
	short   *simulate.Scenarios // the same, to the end of the evaluation
	demand  []float64           // [week]
	mean    []float64           // [week] of the forecast
	imputed []bool              // [week]
}

// tail is how many weeks are drawn beyond the evaluation, so that orders under way keep their arrival.
const tail = 52

// happen draws what nobody knew at the date. Demand is the history's; in weeks out of stock it is drawn from the forecast, and is
// at least the sales.
func (s *sku) happen(sampler *simulate.Sampler, weeks int) (*actual, error) {
	key := sampler.Key(s.key.Merchant, s.key.Article).Int(s.asOf)
	act := &actual{long: &simulate.Scenarios{}, short: &simulate.Scenarios{}}
	for _, x := range []struct {
		sc    *simulate.Scenarios
		weeks int
	}{{act.long, weeks + tail}, {act.short, weeks}} {
		a := s.article
		a.Horizon, a.DemandAutocorrelation = x.weeks, 0
		nothing := forecast.Quantiles{Levels: []float64{0.5}, Values: make([]float32, x.weeks)}
		if err := sampler.Draw(x.sc, &a, &nothing, key, actualSet, 1, false); err != nil {
			return nil, err
		}
	}
	point := means(s.forecast)
	r := random.New(key.Int(int(imputeSet)))
	for t := range weeks {
		d, imputed := s.demand(s.asOf-s.series.FirstWeek+t, t, r.Float64())
		mean := 0.0
		if t < point.Weeks() {
			mean = float64(point.Values[t])
		}
		for _, sc := range []*simulate.Scenarios{act.long, act.short} {
			sc.SetDemand(0, t, d, s.article.Units)
		}
		act.demand = append(act.demand, act.short.Demand(0, t))
		act.mean, act.imputed = append(act.mean, mean), append(act.imputed, imputed)
	}
	return act, nil
}

// demand returns the demand of the history's week i, week t after the date. Weeks without a row, behind the series' last one,
// sold nothing.
func (s *sku) demand(i, t int, u float64) (units float64, imputed bool) {
	if i < 0 || i >= len(s.series.Sales) {
		return 0, false
	}
	sold := max(0, s.series.Sales[i])
	if s.series.InStock == nil || !(s.series.InStock[i] < 1) {
		return sold, false
	}
	if t < s.forecast.Weeks() {
		sold = max(sold, s.forecast.At(t, u))
	}
	return sold, true
}

// human returns the orders of the history, in the weeks after the date.
func (s *sku) human(weeks int) simulate.Plan {
	var orders []simulate.WeekQuantity
	for t := range weeks {
		if i := s.asOf - s.series.FirstWeek + t; i >= 0 && i < len(s.series.Ordered) && s.series.Ordered[i] > 0 {
			orders = append(orders, simulate.WeekQuantity{Week: t, Quantity: s.series.Ordered[i]})
		}
	}
	return simulate.NewPlan(orders)
}

// live runs a policy through what happens and returns an outcome for each evaluation horizon, and the state after advance weeks.
func (s *sku) live(p simulate.Policy, act *actual, evaluate []int, advance int, story func(WeekStory)) ([]Outcome, simulate.Article) {
	var sum Outcome
	sum.Key, sum.Date, sum.Has, sum.Class, sum.Policy, sum.Price = s.key, s.date, s.has, s.class, p.String(), s.article.Price
	transit := 0.0
	for _, x := range s.article.InTransit {
		transit += x.Quantity
	}
	var outcomes []Outcome
	next := 0
	a := s.article
	weeks := max(evaluate[len(evaluate)-1], advance)
	visit := func(t int, r simulate.WeekRecord) {
		transit += r.Order - r.Arrivals
		sum.Flows.Book(&r, 1)
		sum.Flows.Final = r.OnHandEnd + transit
		if r.Lost > 0 {
			sum.Short++
		}
		sum.Demand += act.demand[t]
		sum.Forecast += act.mean[t]
		sum.Error += math.Abs(act.demand[t] - act.mean[t])
		if act.imputed[t] {
			sum.Imputed += act.demand[t]
		}
		if story != nil {
			story(WeekStory{r, act.demand[t], act.mean[t], act.imputed[t]})
		}
		if next < len(evaluate) && t+1 == evaluate[next] {
			o := sum
			o.Weeks, o.Costs = t+1, a.Cost(&sum.Flows)
			if advance > 0 { // what is left is not left over: the next date goes on with it
				o.Costs.Overstock = 0
			}
			outcomes = append(outcomes, o)
			next++
		}
	}
	state := simulate.Advance(&a, p, act.long, 0, weeks, visit)
	if advance > 0 && advance < weeks {
		state = simulate.Advance(&a, p, act.long, 0, advance, nil)
	}
	return outcomes, state
}

// recentWeeks is the length of the window from which the stock at a date is reckoned where the history does not tell it.
const recentWeeks = 13

// startStock is the stock on hand at the date: what the history says was there at the end of the week before, and otherwise so
// many weeks of the recent mean sales.
func (s *sku) startStock(cover float64) float64 {
	last := s.asOf - s.series.FirstWeek - 1
	if s.series.OnHand != nil && last >= 0 && last < len(s.series.OnHand) && !math.IsNaN(s.series.OnHand[last]) {
		return max(0, s.series.OnHand[last])
	}
	sum, n := 0.0, 0
	for i := max(0, last-recentWeeks+1); i <= last && i < len(s.series.Sales); i++ {
		sum += max(0, s.series.Sales[i])
		n++
	}
	if n == 0 {
		return 0
	}
	stock := cover * sum / float64(n)
	if s.article.Units == simulate.Whole {
		return math.Round(stock)
	}
	return stock
}
