package backtest

import (
	"cmp"
	"slices"

	"github.com/restock-engine/restock/forecast"
)

// Report gathers the outcomes of a backtest.
type Report struct {
	Arms     []Arm
	Against  int   // the arm that the others are set against
	Evaluate []int // weeks
	Dates    []int // week numbers
	Seed     uint64

	Rejects    int64 // article rows and history rows that could not be used
	NoArticle  int64 // SKUs of the history that the articles table does not have
	NoForecast int64 // SKUs × dates left out: their forecast is missing, or shorter than the horizon

	Write func(o *Outcome) error // sees every outcome; nil for none

	tallies     map[cell]*Tally
	groups      map[Group]bool
	units       map[unit]*measures
	clusters    names // articles
	merchants   names
	best, worst []*Story

	sorted  []unit // of units; nil after a change
	uplifts map[comparison]Uplift
}

// comparison is what is remembered of an Uplift.
type comparison struct {
	group Group
	arm   int
}

// NewReport returns an empty report of a job.
func NewReport(job *Job, against int) *Report {
	return &Report{Arms: job.Arms, Against: against, Evaluate: job.Evaluate, Dates: job.Dates, Seed: job.Seed,
		tallies: map[cell]*Tally{}, groups: map[Group]bool{}, units: map[unit]*measures{}}
}

// Add counts an outcome.
func (r *Report) Add(o *Outcome) error {
	date := day(r.Dates[o.Date])
	censored := "no"
	if o.Imputed > 0 {
		censored = "yes"
	}
	for _, g := range []Group{{"all", "all"}, {"date", date}, {"merchant", o.Key.Merchant}, {"month", date[:7]}, {"class", o.Class.String()},
		{"stock-outs", censored}} {
		c := cell{g, o.Arm, o.Weeks}
		t := r.tallies[c]
		if t == nil {
			t = &Tally{}
			r.tallies[c] = t
			r.groups[g] = true
		}
		t.add(o)
	}
	if o.Weeks == r.Longest() {
		u := unit{r.clusters.number(o.Key.Merchant + "\x00" + o.Key.Article), r.merchants.number(o.Key.Merchant), int16(o.Date), int8(o.Class), o.Imputed > 0}
		m := r.units[u]
		if m == nil {
			m = &measures{}
			r.units[u] = m
		}
		m.add(o, len(r.Arms))
		r.sorted, r.uplifts = nil, nil
	}
	if r.Write != nil {
		return r.Write(o)
	}
	return nil
}

// Longest is the longest evaluation, weeks: what intervals and tests are about.
func (r *Report) Longest() int { return r.Evaluate[len(r.Evaluate)-1] }

// Tally returns the sums of an arm in a group, over an evaluation of so many weeks; nil if there is nothing.
func (r *Report) Tally(g Group, arm, weeks int) *Tally { return r.tallies[cell{g, arm, weeks}] }

// Groups returns the groups of a kind, sorted by name.
func (r *Report) Groups(kind string) []Group {
	var list []Group
	for g := range r.groups {
		if g.Kind == kind {
			list = append(list, g)
		}
	}
	slices.SortFunc(list, func(a, b Group) int { return cmp.Compare(a.Name, b.Name) })
	return list
}

// Stories returns the SKUs and dates that the first arm saved the most and lost the most at, beside the arm it is set against.
func (r *Report) Stories() (best, worst []*Story) { return r.best, r.worst }

// ClusteredBy says what intervals resample: merchants, or articles where there are fewer than ten merchants.
func (r *Report) ClusteredBy() string {
	if len(r.merchants.list) >= 10 {
		return "merchant"
	}
	return "article"
}

// Uplift compares an arm with the report's Against in a group, over the longest evaluation. Intervals and the test resample
// merchants, or articles where there are fewer than ten merchants; all dates of a merchant or article stay together.
func (r *Report) Uplift(g Group, arm int) Uplift {
	if u, ok := r.uplifts[comparison{g, arm}]; ok {
		return u
	}
	byCluster, byMerchant := map[int32]*measures{}, map[int32]*measures{}
	wanted := r.selects(g)
	for _, u := range r.sortedUnits() {
		if !wanted(&u) {
			continue
		}
		m := r.units[u]
		key := u.cluster
		if r.ClusteredBy() == "merchant" {
			key = u.merchant
		}
		join(byCluster, key, m)
		join(byMerchant, u.merchant, m)
	}
	if r.uplifts == nil {
		r.uplifts = map[comparison]Uplift{}
	}
	u := uplift(inOrder(byCluster), inOrder(byMerchant), arm, r.Against, r.Seed)
	r.uplifts[comparison{g, arm}] = u
	return u
}

func join(to map[int32]*measures, key int32, m *measures) {
	if to[key] == nil {
		to[key] = &measures{}
	}
	to[key].join(m)
}

func inOrder(m map[int32]*measures) []*measures {
	var keys []int32
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	var list []*measures
	for _, k := range keys {
		list = append(list, m[k])
	}
	return list
}

// sortedUnits makes sums independent of the map's order.
func (r *Report) sortedUnits() []unit {
	if r.sorted != nil {
		return r.sorted
	}
	list := make([]unit, 0, len(r.units))
	for u := range r.units {
		list = append(list, u)
	}
	slices.SortFunc(list, func(a, b unit) int {
		return cmp.Or(cmp.Compare(a.cluster, b.cluster), cmp.Compare(a.date, b.date), cmp.Compare(a.class, b.class))
	})
	r.sorted = list
	return list
}

// selects returns whether a unit belongs to a group.
func (r *Report) selects(g Group) func(u *unit) bool {
	switch g.Kind {
	case "date":
		return func(u *unit) bool { return day(r.Dates[u.date]) == g.Name }
	case "month":
		return func(u *unit) bool { return day(r.Dates[u.date])[:7] == g.Name }
	case "merchant":
		return func(u *unit) bool { return r.merchants.list[u.merchant] == g.Name }
	case "class":
		return func(u *unit) bool { return forecast.Class(u.class).String() == g.Name }
	case "stock-outs":
		return func(u *unit) bool { return u.censored == (g.Name == "yes") }
	}
	return func(*unit) bool { return true }
}
