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
	"github.com/restock-engine/restock/io/settings"
	"github.com/restock-engine/restock/io/table"
	"github.com/restock-engine/restock/optimize"
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
	unitCost       float64 // money
	freeStock      bool    // stock costs nothing to hold
	certain        bool    // the forecast has one level
	belowMOQ       bool    // max_order is below moq
	curve          *optimize.Curve
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
	s.Warnings = append(s.Warnings, joined.Doubts()...)
	s.AsOf = job.asOf(joined, s)
	s.RunID = job.runID(s.AsOf)
	made, other, err := joined.OtherAsOf()
	if err != nil {
		return nil, err
	}
	if other {
		s.Warnings = append(s.Warnings, fmt.Sprintf("the forecast's week 0 begins on %s and the run's on %s, and it has week numbers: every week is read as another",
			made.Format(time.DateOnly), s.AsOf.Format(time.DateOnly)))
	}

	out, err := job.create(s)
	if err != nil {
		return nil, err
	}
	err = newEngine(job.Settings, job.Seed, job.Workers).all(ctx, joined, func(r *Result) error {
		if err := out.write(r); err != nil {
			return err
		}
		s.add(r)
		return nil
	}, func() {
		if job.Progress != nil {
			job.Progress(s.In, joined.Total())
		}
	})
	s.Crossed = joined.Crossed()
	s.finish(job.Settings, err == nil)
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
