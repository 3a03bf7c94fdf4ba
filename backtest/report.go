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
	NoArm      int64 // SKUs × dates for which no arm exists

	Write func(o *Outcome) error // sees every outcome; nil for none

	tallies     map[cell]*Tally
	groups      map[Group]bool
	units       map[unit]*measures
	clusters    names // articles
	merchants   names
	best, worst []*Story

	sorted  []unit   // of units; nil after a change
	extents []extent // [records needed]; nil after a change
	uplifts map[comparison]Uplift
}

// comparison is what is remembered of an Uplift.
type comparison struct {
	group        Group
	arm, against int
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
		c := cell{g, o.Arm, o.Weeks, o.Has}
		t := r.tallies[c]
		if t == nil {
			t = &Tally{}
			r.tallies[c] = t
			r.groups[g] = true
		}
		t.add(o)
	}
	if o.Weeks == r.Longest() {
		u := unit{r.clusters.number(o.Key.Merchant + "\x00" + o.Key.Article), r.merchants.number(o.Key.Merchant), int16(o.Date), int8(o.Class),
			o.Has, o.Imputed > 0}
		m := r.units[u]
		if m == nil {
			m = &measures{}
			r.units[u] = m
		}
		m.add(o, len(r.Arms))
		r.sorted, r.extents, r.uplifts = nil, nil, nil
	}
	if r.Write != nil {
		return r.Write(o)
	}
	return nil
}

// Longest is the longest evaluation, weeks: what intervals and tests are about.
func (r *Report) Longest() int { return r.Evaluate[len(r.Evaluate)-1] }

// Tally returns the sums of an arm in a group, over an evaluation of so many weeks and all SKUs that the arm exists for; nil if there
// is nothing.
func (r *Report) Tally(g Group, arm, weeks int) *Tally { return r.Common(g, arm, arm, weeks) }

// Common returns the sums of an arm as Tally does, over the SKUs that another arm exists for as well.
func (r *Report) Common(g Group, arm, other, weeks int) *Tally {
	needs := r.Arms[arm].needs() | r.Arms[other].needs()
	var total *Tally
	for has := range allRecords + 1 {
		t := r.tallies[cell{g, arm, weeks, has}]
		if t == nil || !has.include(needs) {
			continue
		}
		if total == nil {
			total = &Tally{}
		}
		total.join(t)
	}
	return total
}

// SKUs is how many SKUs the report is about.
func (r *Report) SKUs() int { return len(r.clusters.list) }

// CommonSKUs is how many SKUs two arms both exist for; with the same arm twice, how many that one exists for.
func (r *Report) CommonSKUs(arm, other int) int { return r.extent(arm, other).skus }

// extent is how much there is.
type extent struct{ skus, merchants int }

// extent returns how much there is that two arms both exist for.
func (r *Report) extent(arm, other int) extent {
	if r.extents == nil {
		r.extents = make([]extent, allRecords+1)
		for needs := range r.extents {
			skus, merchants := map[int32]bool{}, map[int32]bool{}
			for _, u := range r.sortedUnits() {
				if u.has.include(Records(needs)) {
					skus[u.cluster], merchants[u.merchant] = true, true
				}
			}
			r.extents[needs] = extent{len(skus), len(merchants)}
		}
	}
	return r.extents[r.Arms[arm].needs()|r.Arms[other].needs()]
}

// Partial returns the arms that exist for a part of the SKUs alone, but for some.
func (r *Report) Partial() []int {
	var list []int
	for k := range r.Arms {
		if n := r.CommonSKUs(k, k); n > 0 && n < r.SKUs() {
			list = append(list, k)
		}
	}
	return list
}

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

// ClusteredBy says what intervals of a comparison resample: merchants, or articles where fewer than ten merchants have both arms.
func (r *Report) ClusteredBy(arm, against int) string {
	if r.extent(arm, against).merchants >= 10 {
		return "merchant"
	}
	return "article"
}

// Uplift compares an arm with another in a group, over the longest evaluation and the SKUs that both exist for. Intervals and the
// test resample what ClusteredBy says; all dates of a merchant or article stay together.
func (r *Report) Uplift(g Group, arm, against int) Uplift {
	key := comparison{g, arm, against}
	if u, ok := r.uplifts[key]; ok {
		return u
	}
	byArticle, byMerchant := map[int32]*measures{}, map[int32]*measures{}
	wanted, needs := r.selects(g), r.Arms[arm].needs()|r.Arms[against].needs()
	for _, u := range r.sortedUnits() {
		if wanted(&u) && u.has.include(needs) {
			join(byArticle, u.cluster, r.units[u])
			join(byMerchant, u.merchant, r.units[u])
		}
	}
	articles, merchants := inOrder(byArticle), inOrder(byMerchant)
	clusters := articles
	if r.ClusteredBy(arm, against) == "merchant" {
		clusters = merchants
	}
	u := uplift(clusters, merchants, arm, against, r.Seed)
	u.SKUs = len(articles)
	if r.uplifts == nil {
		r.uplifts = map[comparison]Uplift{}
	}
	r.uplifts[key] = u
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
