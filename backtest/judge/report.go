package judge

import (
	"encoding/json"
	"math"

	"github.com/restock-engine/restock/internal/stat"
)

// Number is a figure that may not exist, such as a loss per unit of demand where there was none: NaN here, null in JSON.
type Number float64

// MarshalJSON implements json.Marshaler.
func (n Number) MarshalJSON() ([]byte, error) {
	if f := float64(n); !math.IsNaN(f) && !math.IsInf(f, 0) {
		return json.Marshal(f)
	}
	return []byte("null"), nil
}

// Known tells whether the figure exists.
func (n Number) Known() bool { return !math.IsNaN(float64(n)) && !math.IsInf(float64(n), 0) }

// Interval is an estimate with its 95 % interval, whose ends are unknown where there is too little to tell.
type Interval struct {
	Estimate Number `json:"estimate"`
	Low      Number `json:"low"`
	High     Number `json:"high"`
}

func interval(i stat.Interval) Interval {
	return Interval{Number(i.Estimate), Number(i.Low), Number(i.High)}
}

// Coverage is how a central interval of a forecast fared.
type Coverage struct {
	Nominal float64 `json:"nominal"`
	Share   Number  `json:"share"`  // of weeks within, by ranks: nominal if calibrated, also for articles that sell few whole units
	Closed  Number  `json:"closed"` // of weeks within, counting the ends: more than nominal for slow sellers, rightly
	Width   Number  `json:"width"`  // mean, units
}

// Figures are how a model fared over a group of weeks. Losses are smaller when better.
type Figures struct {
	Weeks        int        `json:"weeks"`  // scored
	Demand       float64    `json:"demand"` // units
	WQL          Number     `json:"wql"`    // weighted quantile loss, mean over the levels: loss per unit of demand
	CRPS         Number     `json:"crps"`   // units
	WAPE         Number     `json:"wape"`   // of the median
	Bias         Number     `json:"bias"`   // of the mean, over the demand: above 0 where too much was forecast
	Coverage     []Coverage `json:"coverage"`
	Decisions    int        `json:"decisions,omitempty"`
	DecisionCost *Number    `json:"decision_cost,omitempty"` // money per decision, on what happened; nil without decisions
	FillRate     *Number    `json:"fill_rate,omitempty"`     // of the decisions: units sold over units wanted
	Ordered      *Number    `json:"ordered,omitempty"`       // units per decision
	AverageStock *Number    `json:"average_stock,omitempty"` // units, at the end of a week
}

// Values of Row.By.
const (
	ByOverall  = "overall"
	ByHorizon  = "horizon"
	ByClass    = "class"
	ByMerchant = "merchant"
	ByOrigin   = "origin"
)

// Row is a model's figures over one group.
type Row struct {
	Model string `json:"model"`
	By    string `json:"by"`
	Group string `json:"group"` // weeks ahead from 1, class, merchant, date of the origin; "" overall
	Figures
}

// ModelReport is what is only known of a model as a whole.
type ModelReport struct {
	Name            string    `json:"name"`
	Files           []string  `json:"files,omitempty"`
	Missing         int       `json:"missing_weeks"` // of known demand, not forecast
	LevelLoss       []Number  `json:"level_loss"`    // [level] mean pinball loss, units
	Reliability     []Number  `json:"reliability"`   // [level] share of weeks whose demand fell below that quantile, by ranks
	WQLChange       Interval  `json:"wql_change"`    // against the reference, relative: -0.15 is 15 % better
	CostChange      *Interval `json:"decision_cost_change,omitempty"`
	CostDifference  *Interval `json:"decision_cost_difference,omitempty"` // money per decision
	OriginsBetter   int       `json:"origins_better"`                     // origins at which its WQL was below the reference's
	referenceItself bool
}

// IsReference tells whether the others are compared with this model.
func (m *ModelReport) IsReference() bool { return m.referenceItself }

// Report is the outcome of an evaluation.
type Report struct {
	History      string        `json:"history"`
	Origins      []string      `json:"origins"` // Mondays of the first weeks forecast
	Horizon      int           `json:"horizon"`
	SKUs         int           `json:"skus"`
	Merchants    int           `json:"merchants"`
	Weeks        int           `json:"weeks"`        // scored: a SKU's week at one origin counts once
	Masked       int           `json:"masked_weeks"` // not scored: out of stock or otherwise unknown demand
	RejectedRows int64         `json:"rejected_rows"`
	DecisionSKUs int           `json:"decision_skus,omitempty"`
	Seed         uint64        `json:"seed"`
	Clusters     string        `json:"clusters"` // what intervals take for independent: skus or merchants
	Levels       []float64     `json:"levels"`
	Reference    string        `json:"reference"`
	Models       []ModelReport `json:"models"`
	Rows         []Row         `json:"figures"`
	Notes        []string      `json:"notes,omitempty"`

	index map[[3]string]int // of Rows, by model, kind and group
}

// Find returns the figures of a model over a group, nil if there are none.
func (r *Report) Find(model, by, group string) *Figures {
	i, ok := r.index[[3]string{model, by, group}]
	if !ok {
		return nil
	}
	return &r.Rows[i].Figures
}

// Groups returns the groups of one kind, in the order of the rows.
func (r *Report) Groups(by string) []string {
	var groups []string
	for _, x := range r.Rows {
		if x.By == by && x.Model == r.Reference {
			groups = append(groups, x.Group)
		}
	}
	return groups
}

// figures returns the figures of a model over a group of weeks.
func (g *group) figures(model int) Figures {
	s := g.scores[model]
	f := Figures{Weeks: s.Weeks(), Demand: s.Demand(), WQL: Number(s.WeightedQuantileLoss()), CRPS: Number(s.CRPS()),
		WAPE: Number(s.WAPE()),
		Bias: Number(s.Bias())}
	for _, c := range s.Coverage() {
		f.Coverage = append(f.Coverage, Coverage{c.Nominal, Number(c.Ranked), Number(c.Closed), Number(c.Width)})
	}
	if g.decisions > 0 {
		o, n := &g.outcomes[model], float64(g.decisions)
		number := func(v float64) *Number { x := Number(v); return &x }
		fill := 1.0
		if wanted := o.Sold + o.Lost; wanted > 0 {
			fill = o.Sold / wanted
		}
		f.Decisions = g.decisions
		f.DecisionCost, f.FillRate, f.Ordered, f.AverageStock = number(o.Cost/n), number(fill), number(o.Ordered/n),
			number(o.Stock/n)
	}
	return f
}

func numbers(x []float64) []Number {
	out := make([]Number, len(x))
	for i, v := range x {
		out[i] = Number(v)
	}
	return out
}

// rows returns the figures of all models over a group.
func (t *tally) rows(by, name string, g *group) []Row {
	rows := make([]Row, len(t.p.models))
	for m, model := range t.p.models {
		rows[m] = Row{model, by, name, g.figures(m)}
	}
	return rows
}
