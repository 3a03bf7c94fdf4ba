package batch

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/restock-engine/restock/forecast"
	"github.com/restock-engine/restock/internal/parallel"
	"github.com/restock-engine/restock/io/settings"
	"github.com/restock-engine/restock/io/table"
	"github.com/restock-engine/restock/optimize"
	"github.com/restock-engine/restock/simulate"
)

// Job is one run: what to read, what to write, and how.
type Job struct {
	Articles, Forecast string // paths of the tables
	Recommendations    string // path; an existing file is replaced when the run is complete
	Rejects            string // path; "" writes none
	Settings           *settings.Settings
	Seed               uint64
	Workers            int // 0: one per processor
	EngineVersion      string
	Today              time.Time // week 0 where neither Join.AsOf nor the forecast says it
	Join               table.JoinOptions
	Stdout             io.Writer // for a path of -
	Top                int       // recommendations to keep in the summary
	Progress           func(done, total int64)
}

// Result is what became of one row of the input.
type Result struct {
	Key            table.Key
	Recommendation *optimize.Recommendation // nil for a reject
	Reject         *table.Reject
	inputHash      string
}

// Run executes the job. When the context is cancelled, what is finished is kept in the file that the summary names, and the context's error is
// returned; after any other error no file is left or changed.
func Run(ctx context.Context, job Job) (s *Summary, err error) {
	if err := checkOutputs(job.Recommendations, job.Rejects); err != nil {
		return nil, err
	}
	joined, err := table.Join(job.Articles, job.Forecast, job.Join)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, joined.Close()) }()
	s = newSummary(job.Top)
	s.AsOf = job.asOf(joined, s)
	s.RunID = job.runID(s.AsOf)

	out, err := job.create(s)
	if err != nil {
		return nil, err
	}
	engine := newEngine(&job)
	next := chunks(joined)
	err = parallel.Ordered(ctx, len(engine.workers), next, engine.decide, func(results []Result) error {
		for i := range results {
			if err := out.write(&results[i]); err != nil {
				return err
			}
			s.add(&results[i])
		}
		if job.Progress != nil {
			job.Progress(s.In, joined.Total())
		}
		return nil
	})
	s.finish(joined, job.Settings, err == nil)
	switch {
	case err == nil:
		err = out.commit()
	case ctx.Err() != nil && errors.Is(err, ctx.Err()):
		err = errors.Join(err, out.keep(s))
	default:
		out.abort()
	}
	return s, err
}

// checkOutputs finds mistakes in the names of outputs before the inputs are read.
func checkOutputs(out, rejects string) error {
	err := table.CheckOutput(out)
	if rejects == "" {
		return err
	}
	if out == rejects {
		return fmt.Errorf("%s is to hold both the result and the rejects; name two files", out)
	}
	return errors.Join(err, table.CheckOutput(rejects))
}

// asOf is the Monday of week 0.
func (job *Job) asOf(joined *table.Joined, s *Summary) time.Time {
	t, guessed := joined.AsOf()
	if t.IsZero() {
		t = forecast.WeekStart(forecast.WeekNumber(job.Today))
	}
	if guessed {
		s.Warnings = append(s.Warnings, fmt.Sprintf("week 0 is taken to be the week of the forecast's first date, %s; say --as-of to be sure",
			t.Format(time.DateOnly)))
	}
	return t
}

// runID names a run by what its answers depend on besides the rows.
func (job *Job) runID(asOf time.Time) string {
	h := sha256.Sum256(fmt.Appendf(nil, "%s %d %s", job.Settings.Hash(), job.Seed, job.EngineVersion))
	return asOf.Format(time.DateOnly) + "-" + hex.EncodeToString(h[:6])
}

// chunkSize is how many articles a worker takes at a time.
const chunkSize = 32

// chunks returns a function that reads the joined rows in chunks.
func chunks(joined *table.Joined) func() ([]table.Item, error) {
	var pending error
	return func() ([]table.Item, error) {
		if pending != nil {
			return nil, pending
		}
		var items []table.Item
		for len(items) < chunkSize {
			item, err := joined.Next()
			if err != nil {
				pending = err
				break
			}
			items = append(items, item)
		}
		if len(items) == 0 {
			return nil, pending
		}
		return items, nil
	}
}

// engine decides articles on several workers.
type engine struct {
	job     *Job
	sampler *simulate.Sampler
	workers []*optimize.Workspace
}

func newEngine(job *Job) *engine {
	e := &engine{job: job, sampler: simulate.NewSampler(job.Seed)}
	for range parallel.Workers(job.Workers) {
		e.workers = append(e.workers, &optimize.Workspace{})
	}
	return e
}

func (e *engine) decide(worker int, items []table.Item) []Result {
	results := make([]Result, len(items))
	for i := range items {
		results[i] = e.one(e.workers[worker], &items[i])
	}
	return results
}

// one decides one article. What can't be decided becomes a reject; nothing else does.
func (e *engine) one(w *optimize.Workspace, item *table.Item) Result {
	if item.Reject != nil {
		return Result{Key: item.Reject.Key, Reject: item.Reject}
	}
	row := item.Row
	article, decision, err := e.job.Settings.Article(row)
	if err != nil {
		return Result{Key: row.Key, Reject: fieldReject(row, err)}
	}
	if r := item.Short(article.Horizon); r != nil {
		return Result{Key: row.Key, Reject: r}
	}
	in := optimize.Input{Article: &article, Forecast: item.Forecast, Key: e.sampler.Key(row.Merchant, row.Article)}
	if row.HasPlan {
		in.Plan, err = plan(row)
		if err != nil {
			return Result{Key: row.Key, Reject: fieldReject(row, err)}
		}
	}
	options := decision.Options()
	rec, err := optimize.Decide(e.sampler, in, options, w)
	if err != nil {
		return Result{Key: row.Key, Reject: &table.Reject{Source: row.Source, Key: row.Key, Reason: err.Error()}}
	}
	return Result{Key: row.Key, Recommendation: &rec, inputHash: inputHash(in, options)}
}

// plan returns the row's plan as a policy.
func plan(row *table.ArticleRow) (simulate.Plan, error) {
	p := simulate.NewPlan(row.Plan)
	if err := p.Validate(); err != nil {
		return nil, simulate.FieldErrors{{Column: "plan", Value: p.String(), Reason: err.Error()}}
	}
	return p, nil
}

// fieldReject makes a reject of the first field that is wrong.
func fieldReject(row *table.ArticleRow, err error) *table.Reject {
	r := &table.Reject{Source: row.Source, Key: row.Key, Reason: err.Error()}
	var fields simulate.FieldErrors
	if errors.As(err, &fields) && len(fields) > 0 {
		r.Column, r.Value, r.Reason = fields[0].Column, fields[0].Value, fields[0].Reason
		if more := len(fields) - 1; more > 0 {
			r.Reason += fmt.Sprintf(" (and %d more: %v)", more, fields[1:])
		}
	}
	return r
}
