package judge

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/restock-engine/restock/forecast"
	"github.com/restock-engine/restock/io/settings"
)

// Decisions say how forecasts are judged by what follows from them.
type Decisions struct {
	Articles string // path of the table: the economics; the stock is that of then where the history has it
	Settings *settings.Settings
	Seed     uint64
	SKUs     int // decide a random sample of so many, 1 or more
}

// EvaluateJob is an evaluation.
type EvaluateJob struct {
	Input
	Decisions *Decisions // nil: none
	Reference string     // model that the others are compared with; "": the embedded forecaster if it is judged, else the first one
}

// Evaluate scores forecasts at rolling origins by what happened. It depends on its arguments alone, not on the number of workers.
func Evaluate(ctx context.Context, job EvaluateJob) (r *Report, err error) {
	in := &job.Input
	if in.Step == 0 {
		in.Step = defaultStep
	}
	sample := 0
	if d := job.Decisions; d != nil {
		if d.SKUs < 1 {
			return nil, fmt.Errorf("number of SKUs to decide is %d, want 1 or more", d.SKUs)
		}
		sample = d.SKUs
	}
	p, err := openPanel(ctx, in, sample)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, p.close()) }()
	reference, err := p.reference(job.Reference)
	if err != nil {
		return nil, err
	}
	keys := p.found.sample[:min(sample, len(p.found.sample))]
	if p.keep != nil {
		keys = keys[:min(len(keys), in.SKUs)]
	}
	decide, err := newDecider(ctx, job.Decisions, keys, in.Workers, in.Read.Stdin)
	if err != nil {
		return nil, err
	}
	t := newTally(p, reference)
	err = p.each(ctx, func(worker int, j *judged) error { return decide.decide(worker, in, p.origins, j) }, t.add)
	if err != nil {
		return nil, err
	}
	if t.weeks == 0 {
		return nil,
			fmt.Errorf("no week can be scored: none of the weeks after the origins has a known demand and a forecast of every model (%d without a known demand)",
				t.masked)
	}
	r, err = t.report()
	if err != nil {
		return nil, err
	}
	if decide != nil {
		r.Seed, r.DecisionSKUs = job.Decisions.Seed, len(decide.articles)
	}
	return r, nil
}

// reference returns the index of the model that the others are compared with.
func (p *panel) reference(name string) (int, error) {
	if name == "" {
		return max(slices.Index(p.models, Pooled), 0), nil
	}
	i := slices.Index(p.models, name)
	if i < 0 {
		return 0, fmt.Errorf("the reference %q is none of the models that are judged: %v", name, p.models)
	}
	return i, nil
}

// report puts the figures together.
func (t *tally) report() (*Report, error) {
	p := t.p
	r := &Report{History: p.in.History, Horizon: p.in.Horizon, SKUs: t.skus, Merchants: len(t.merchants), Weeks: t.weeks,
		Masked:       t.masked,
		RejectedRows: p.found.rejected, Clusters: "skus", Levels: p.levels, Reference: p.models[t.reference], Notes: p.notes}
	if t.number != nil {
		r.Clusters = "merchants"
	}
	t.finish()
	for _, week := range p.origins {
		r.Origins = append(r.Origins, forecast.WeekStart(week).Format(time.DateOnly))
	}
	all, err := t.sum(func(cell) bool { return true })
	if err != nil {
		return nil, err
	}
	r.Rows = t.rows(ByOverall, "", all)
	for h := range p.in.Horizon {
		g, err := t.sum(func(c cell) bool { return c.ahead == h })
		if err != nil {
			return nil, err
		}
		g.decisions = 0 // a decision is about all weeks
		r.Rows = append(r.Rows, t.rows(ByHorizon, strconv.Itoa(h+1), g)...)
	}
	for class := forecast.Smooth; class <= forecast.Dormant; class++ {
		g, err := t.sum(func(c cell) bool { return c.class == class })
		if err != nil {
			return nil, err
		}
		if g.scores[0].Weeks() > 0 {
			r.Rows = append(r.Rows, t.rows(ByClass, class.String(), g)...)
		}
	}
	better := make([]int, len(p.models))
	for i := range p.origins {
		g, err := t.sum(func(c cell) bool { return c.origin == i })
		if err != nil {
			return nil, err
		}
		r.Rows = append(r.Rows, t.rows(ByOrigin, r.Origins[i], g)...)
		for m := range better {
			if totalLoss(g.scores[m]) < totalLoss(g.scores[t.reference]) {
				better[m]++
			}
		}
	}
	merchants := make([]string, 0, len(t.merchants))
	for id := range t.merchants {
		merchants = append(merchants, id)
	}
	slices.Sort(merchants)
	for _, id := range merchants {
		r.Rows = append(r.Rows, t.rows(ByMerchant, id, t.merchants[id])...)
	}
	r.index = make(map[[3]string]int, len(r.Rows))
	for i, x := range r.Rows {
		r.index[[3]string{x.Model, x.By, x.Group}] = i
	}
	for m, name := range p.models {
		r.Models = append(r.Models, t.model(m, name, all, better[m]))
	}
	return r, nil
}

func (t *tally) model(m int, name string, all *group, better int) ModelReport {
	score, a := all.scores[m], t.against(m)
	x := ModelReport{Name: name, Missing: t.missing[m], LevelLoss: numbers(score.LevelLoss()),
		Reliability: numbers(score.Reliability()),
		WQLChange:   interval(a.relativeLoss), OriginsBetter: better, referenceItself: m == t.reference}
	for _, f := range t.p.files {
		if f.Model == name {
			x.Files = append(x.Files, f.Path)
		}
	}
	if all.decisions > 0 {
		relative, difference := interval(a.relativeCost), interval(a.cost)
		x.CostChange, x.CostDifference = &relative, &difference
	}
	return x
}
