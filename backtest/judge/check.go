package judge

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/restock-engine/restock/forecast"
	"github.com/restock-engine/restock/internal/random"
	"github.com/restock-engine/restock/io/table"
)

// CheckJob is a drift check: forecasts of the last weeks against forecasts of the weeks before.
type CheckJob struct {
	Input
	Recent      int     // the last weeks of the history, which are compared with those before
	FalseAlarms float64 // chance of an alarm where nothing has drifted, in (0, 0.5]
}

// DriftRow is one figure of one group of SKUs.
type DriftRow struct {
	By       string `json:"by"`    // overall, class or merchant
	Group    string `json:"group"` // "" overall
	SKUs     int    `json:"skus"`
	Figure   string `json:"figure"`    // loss, coverage or bias
	Past     Number `json:"past"`      // mean over the past weeks
	Change   Number `json:"change"`    // of the recent weeks against them, SKU by SKU
	StdError Number `json:"std_error"` // of the change, by how much weeks vary
	P        Number `json:"p"`         // chance of such a change without drift
	Adjusted Number `json:"p_adjusted"`
	Notable  bool   `json:"notable"` // large enough to matter
	Alarm    bool   `json:"alarm"`
}

// DriftReport is the outcome of a check.
type DriftReport struct {
	History      string     `json:"history"`
	Model        string     `json:"model"`
	Runs         []string   `json:"runs"` // Mondays of the first weeks forecast
	PastFrom     string     `json:"past_from"`
	RecentFrom   string     `json:"recent_from"`
	RecentWeeks  int        `json:"recent_weeks"`
	Ahead        int        `json:"weeks_ahead"` // compared: 1 to this
	SKUs         int        `json:"skus"`
	FalseAlarms  float64    `json:"false_alarms"`
	Decided      bool       `json:"decided"` // false: too little to compare, and no alarm
	Alarm        bool       `json:"alarm"`
	Tests        []DriftRow `json:"tests,omitempty"`
	Notes        []string   `json:"notes,omitempty"`
	RejectedRows int64      `json:"rejected_rows"`
}

const (
	groupSKUs = 30 // that a merchant or class needs for tests of its own
	maxGroups = 40 // merchants that are tested, those with most SKUs
)

func (job *CheckJob) validate() error {
	if job.Recent < 1 || job.Recent > 52 {
		return fmt.Errorf("number of recent weeks is %d, want 1 to 52", job.Recent)
	}
	if !(job.FalseAlarms > 0 && job.FalseAlarms <= 0.5) {
		return fmt.Errorf("chance of a false alarm is %g, want above 0, at most 0.5", job.FalseAlarms)
	}
	if len(job.Files) == 0 && len(job.Models) != 1 || len(job.Files) > 0 && len(job.Models) > 0 {
		return errors.New("a drift check needs one model, or the forecast files of one")
	}
	return nil
}

// Check compares how forecasts fared in the last weeks of the history with how they fared before. Files are opened one after the
// other, and only the sampled SKUs are in memory. It depends on its arguments alone.
func Check(ctx context.Context, job CheckJob) (*DriftReport, error) {
	if job.Step == 0 {
		job.Step = defaultStep
	}
	if err := errors.Join(job.validate(), job.Input.validate()); err != nil {
		return nil, err
	}
	if len(job.Files) == 0 {
		return job.rolling(ctx)
	}
	return job.archived(ctx)
}

// rolling checks a model at rolling origins.
func (job *CheckJob) rolling(ctx context.Context) (_ *DriftReport, err error) {
	p, err := openPanel(ctx, &job.Input, 0)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, p.close()) }()
	c := newComparison(job, p.models[0], p.origins, p.found)
	err = p.each(ctx, func(_ int, j *judged) error {
		for i := range j.views {
			v := &j.views[i]
			j.seen = observe(j.seen, &v.forecast[0], p.origins[v.origin], v.actual, v.scale)
		}
		return nil
	}, func(j *judged) error {
		c.add(j.series, j.seen)
		return nil
	})
	if err != nil {
		return nil, err
	}
	c.report.Notes = append(c.report.Notes, p.notes...)
	return c.finish(), nil
}

// watched is a sampled SKU, with what the files have shown of it so far.
type watched struct {
	series *forecast.Series
	seen   []forecast.DriftObservation
}

// archived checks forecast files, one after the other.
func (job *CheckJob) archived(ctx context.Context) (_ *DriftReport, err error) {
	in := &job.Input
	h, err := table.OpenHistory(in.History, in.Read)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, h.Close()) }()
	found, err := look(ctx, h, in.History, in.SKUs)
	if err != nil {
		return nil, err
	}
	var keep map[table.Key]bool
	if in.SKUs > 0 && in.SKUs < found.skus {
		keep = map[table.Key]bool{}
		for _, key := range found.sample {
			keep[key] = true
		}
	}
	keys, err := writeKeys(ctx, h, keep, in.Read.TempDir)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, keys.remove()) }()
	skus, err := hold(ctx, h, keep)
	if err != nil {
		return nil, err
	}
	var files []*openFile
	for i, f := range in.Files {
		f.Model = cmp.Or(f.Model, unnamed)
		file, err := job.observeFile(ctx, keys, f, skus, found.end)
		if err != nil {
			return nil, err
		}
		files = append(files, file)
		if in.Progress != nil {
			in.Progress(int64(i+1), int64(len(in.Files)))
		}
	}
	if err := name(files); err != nil {
		return nil, err
	}
	var origins []int
	for _, f := range files {
		if f.Model != files[0].Model {
			return nil, fmt.Errorf("the forecast files are of several models, %s and %s: a drift check is of one",
				files[0].Model, f.Model)
		}
		origins = append(origins, f.origin)
	}
	slices.Sort(origins)
	if in.Origins > 0 && len(origins) > in.Origins {
		origins = origins[len(origins)-in.Origins:]
	}
	c := newComparison(job, files[0].Model, origins, found)
	for i := range skus {
		c.add(skus[i].series, slices.DeleteFunc(skus[i].seen,
			func(o forecast.DriftObservation) bool { return o.Week-o.Ahead < origins[0] }))
	}
	return c.finish(), nil
}

// hold reads the SKUs that are watched: of each, what is needed to know its demand.
func hold(ctx context.Context, h *table.HistoryReader, keep map[table.Key]bool) (skus []watched, err error) {
	var rejected int64
	err = eachSeries(ctx, h, func(s *forecast.Series) error {
		if keep == nil || keep[table.Key{Merchant: s.MerchantID, Article: s.ArticleID}] {
			skus = append(skus, watched{series: &forecast.Series{MerchantID: s.MerchantID, ArticleID: s.ArticleID,
				FirstWeek: s.FirstWeek,
				Sales:     s.Sales, InStock: s.InStock}})
		}
		return nil
	}, &rejected)
	return skus, err
}

// observeFile adds what a file says about the SKUs to what was seen of them.
func (job *CheckJob) observeFile(ctx context.Context, keys *keysFile, f File, skus []watched, end int) (file *openFile,
	err error) {
	if file, err = keys.open(&job.Input, f); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, file.joined.Close()) }()
	if file.origin >= end { // nothing of it has happened yet
		return file, nil
	}
	levels := forecast.Levels39()
	past, actual := make([]float64, 52), make([]float64, job.Horizon)
	for i := range skus {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		q, err := file.next()
		if errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("%s: %w", f.Path, io.ErrUnexpectedEOF)
		}
		if err != nil {
			return nil, err
		}
		w := &skus[i]
		if q == nil || w.series.FirstWeek >= file.origin {
			continue
		}
		at := onLevels(q, levels)
		w.series.Actual(file.origin, end, actual)
		w.series.Until(file.origin).Actual(file.origin-len(past), file.origin, past)
		w.seen = observe(w.seen, &at, file.origin, actual, scaleOf(past))
	}
	return file, nil
}

// observe appends how a forecast fared in the weeks whose demand is known.
func observe(seen []forecast.DriftObservation, q *forecast.Quantiles, origin int, actual []float64,
	scale float64) []forecast.DriftObservation {
	for h, y := range actual[:min(len(actual), q.Weeks())] {
		if !math.IsNaN(y) {
			seen = append(seen, forecast.DriftObservation{Week: origin + h, Ahead: h, Figures: forecast.ObserveDrift(q, h, y,
				scale)})
		}
	}
	return seen
}

// comparison gathers the drift of all groups.
type comparison struct {
	report    *DriftReport
	plan      forecast.DriftPlan
	overall   *forecast.Drift
	classes   map[forecast.Class]*forecast.Drift
	merchants map[string]*forecast.Drift
}

func newComparison(job *CheckJob, model string, origins []int, found *survey) *comparison {
	date := func(week int) string { return forecast.WeekStart(week).Format(time.DateOnly) }
	plan := forecast.NewDriftPlan(origins, job.Horizon, job.Recent, found.end)
	c := &comparison{plan: plan, overall: forecast.NewDrift(&plan), classes: map[forecast.Class]*forecast.Drift{},
		merchants: map[string]*forecast.Drift{}}
	c.report = &DriftReport{History: job.History, Model: model, PastFrom: date(plan.First), RecentFrom: date(plan.Recent),
		RecentWeeks: job.Recent,
		Ahead:       plan.Ahead, FalseAlarms: job.FalseAlarms, RejectedRows: found.rejected}
	for _, o := range origins {
		c.report.Runs = append(c.report.Runs, date(o))
	}
	largest := slices.SortedFunc(maps.Keys(found.merchants), func(a, b string) int {
		return cmp.Or(cmp.Compare(found.merchants[b], found.merchants[a]), cmp.Compare(a, b))
	})
	if len(largest) > 1 {
		for _, id := range largest[:min(len(largest), maxGroups)] {
			c.merchants[id] = forecast.NewDrift(&plan)
		}
	}
	return c
}

// add counts a SKU in its groups. Its class is that before the recent weeks, so that drift does not move it.
func (c *comparison) add(s *forecast.Series, seen []forecast.DriftObservation) {
	if len(seen) == 0 {
		return
	}
	c.overall.Add(seen)
	if d := c.merchants[s.MerchantID]; d != nil {
		d.Add(seen)
	}
	class := classAt(s.Until(c.plan.Recent), c.plan.Recent)
	if c.classes[class] == nil {
		c.classes[class] = forecast.NewDrift(&c.plan)
	}
	c.classes[class].Add(seen)
}

// finish tests all groups. Half of the false alarms is for the whole assortment, half for its classes and merchants, so that many
// of these do not drown a drift of all.
func (c *comparison) finish() *DriftReport {
	r := c.report
	r.SKUs = c.overall.SKUs()
	whole := rowsOf(ByOverall, "", c.overall)
	if whole == nil {
		r.Notes = append(r.Notes,
			fmt.Sprintf("too little to compare, so there is no alarm: the check needs forecasts of at least 8 weeks before %s and of one since then, made the same number of weeks ahead for the same articles",
				r.RecentFrom))
		return r
	}
	r.Decided = true
	var parts []DriftRow
	for class := forecast.Smooth; class <= forecast.Dormant; class++ {
		if d := c.classes[class]; d != nil && d.SKUs() >= groupSKUs {
			parts = append(parts, rowsOf(ByClass, class.String(), d)...)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(c.merchants)) {
		if d := c.merchants[id]; d.SKUs() >= groupSKUs {
			parts = append(parts, rowsOf(ByMerchant, id, d)...)
		}
	}
	for _, family := range [][]DriftRow{whole, parts} {
		p := make([]float64, len(family))
		for i := range family {
			p[i] = float64(family[i].P)
		}
		for i, adjusted := range forecast.Holm(p) {
			x := &family[i]
			x.Adjusted = Number(adjusted)
			x.Alarm = x.Notable && adjusted <= r.FalseAlarms/2
			r.Alarm = r.Alarm || x.Alarm
		}
	}
	r.Tests = append(whole, parts...)
	return r
}

// rowsOf tests a group; nil where there is too little to compare.
func rowsOf(by, group string, d *forecast.Drift) []DriftRow {
	var rows []DriftRow
	for _, t := range d.Tests(random.NewKey(0, "drift", by, group)) {
		rows = append(rows, DriftRow{By: by, Group: group, SKUs: d.SKUs(), Figure: t.Figure.String(), Past: Number(t.Past),
			Change:   Number(t.Change),
			StdError: Number(t.StdError), P: Number(t.P), Notable: t.Notable})
	}
	return rows
}
