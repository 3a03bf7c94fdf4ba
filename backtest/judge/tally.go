package judge

import (
	"math"

	"github.com/restock-engine/restock/forecast"
	"github.com/restock-engine/restock/internal/stat"
)

// tally gathers how the models fared. What is added is the sum of what its parts add, whatever the number of workers.
type tally struct {
	p         *panel
	reference int // model that the others are compared with
	cells     map[cell]*group
	merchants map[string]*group
	loss      []paired   // [model] against the reference; A, B are losses, W the demand
	cost      []paired   // [model] A, B are costs, W the decisions
	clusters  [][]totals // [merchant's number][model]; nil if SKUs are the clusters
	number    map[string]int
	weeks     int   // scored
	masked    int   // weeks whose demand is not known
	missing   []int // [model] weeks of known demand without a forecast
	skus      int
}

// cell is the finest group that is kept of weeks; decisions are in the cells of their first week.
type cell struct {
	origin, ahead int
	class         forecast.Class
}

// group is the figures of all models over a group of weeks.
type group struct {
	scores    []*forecast.Score // [model]
	decisions int
	outcomes  []outcome // [model] sums
}

// totals are one model's, of one cluster.
type totals struct{ loss, demand, cost, decisions float64 }

// minMerchants is the number of merchants from which they, not their SKUs, are taken for independent of each other.
const minMerchants = 30

func newTally(p *panel, reference int) *tally {
	n := len(p.models)
	t := &tally{p: p, reference: reference, cells: map[cell]*group{}, merchants: map[string]*group{}, loss: make([]paired, n),
		cost: make([]paired, n), missing: make([]int, n)}
	if len(p.found.merchants) >= minMerchants {
		t.number = map[string]int{}
	}
	return t
}

func (t *tally) newGroup() *group {
	g := &group{outcomes: make([]outcome, len(t.p.models))}
	for range t.p.models {
		g.scores = append(g.scores, forecast.NewScore(t.p.levels))
	}
	return g
}

func (t *tally) cell(c cell) *group {
	g := t.cells[c]
	if g == nil {
		g = t.newGroup()
		t.cells[c] = g
	}
	return g
}

// add counts one SKU.
func (t *tally) add(j *judged) error {
	t.skus++
	sku := t.newGroup()
	for i := range j.views {
		v := &j.views[i]
		for h, y := range v.actual {
			t.week(sku, v, h, y)
		}
		if v.outcome == nil {
			continue
		}
		c := t.cell(cell{v.origin, 0, v.class})
		for _, g := range []*group{sku, c} {
			g.decisions++
			for m := range g.outcomes {
				g.outcomes[m].add(&v.outcome[m])
			}
		}
	}
	t.compare(j.series.MerchantID, sku)
	merchant := t.merchants[j.series.MerchantID]
	if merchant == nil {
		t.merchants[j.series.MerchantID] = sku
		return nil
	}
	return merchant.merge(sku)
}

// week scores all models on one week, or none: a model that leaves out the difficult weeks must not look better for it.
func (t *tally) week(sku *group, v *view, h int, y float64) {
	if t.p.origins[v.origin]+h >= t.p.found.end {
		return
	}
	if math.IsNaN(y) {
		t.masked++
		return
	}
	all := true
	for m := range v.forecast {
		if v.forecast[m].Weeks() <= h {
			t.missing[m]++
			all = false
		}
	}
	if !all {
		return
	}
	t.weeks++
	c := t.cell(cell{v.origin, h, v.class})
	for m := range v.forecast {
		c.scores[m].Add(&v.forecast[m], h, y)
		sku.scores[m].Add(&v.forecast[m], h, y)
	}
}

// compare counts a SKU in the comparison with the reference.
func (t *tally) compare(merchant string, sku *group) {
	own := make([]totals, len(sku.scores))
	for m, s := range sku.scores {
		own[m] = totals{totalLoss(s), s.Demand(), sku.outcomes[m].Cost, float64(sku.decisions)}
	}
	if t.number == nil {
		t.pair(own)
		return
	}
	i, known := t.number[merchant]
	if !known {
		i = len(t.clusters)
		t.number[merchant] = i
		t.clusters = append(t.clusters, make([]totals, len(own)))
	}
	for m, x := range own {
		sum := &t.clusters[i][m]
		sum.loss += x.loss
		sum.demand += x.demand
		sum.cost += x.cost
		sum.decisions += x.decisions
	}
}

func (t *tally) pair(cluster []totals) {
	b := cluster[t.reference]
	for m, a := range cluster {
		t.loss[m].add(a.loss, b.loss, a.demand)
		if a.decisions > 0 {
			t.cost[m].add(a.cost, b.cost, a.decisions)
		}
	}
}

// finish pairs the clusters that were kept.
func (t *tally) finish() {
	for _, c := range t.clusters {
		t.pair(c)
	}
	t.clusters, t.number = nil, nil
}

// totalLoss returns the numerator of the weighted quantile loss.
func totalLoss(s *forecast.Score) float64 {
	if s.Weeks() == 0 {
		return 0
	}
	sum := 0.0
	losses := s.LevelLoss()
	for _, l := range losses {
		sum += l
	}
	return 2 * sum / float64(len(losses)) * float64(s.Weeks())
}

func (g *group) merge(o *group) error {
	g.decisions += o.decisions
	for m := range g.scores {
		g.outcomes[m].add(&o.outcomes[m])
		if err := g.scores[m].Merge(o.scores[m]); err != nil {
			return err
		}
	}
	return nil
}

// sum merges the cells that belong, in a fixed order.
func (t *tally) sum(belongs func(cell) bool) (*group, error) {
	sum := t.newGroup()
	for origin := range t.p.origins {
		for class := forecast.Smooth; class <= forecast.Dormant; class++ {
			for ahead := range t.p.in.Horizon {
				c := cell{origin, ahead, class}
				if g := t.cells[c]; g != nil && belongs(c) {
					if err := sum.merge(g); err != nil {
						return nil, err
					}
				}
			}
		}
	}
	return sum, nil
}

// against is a model compared with the reference.
type against struct{ loss, relativeLoss, cost, relativeCost stat.Interval }

func (t *tally) against(model int) against {
	loss, cost := &t.loss[model], &t.cost[model]
	return against{loss.difference(), loss.relative(), cost.difference(), cost.relative()}
}
