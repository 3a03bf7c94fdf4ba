package batch

import (
	"errors"
	"fmt"

	"github.com/restock-engine/restock/io/table"
)

// output is the pair of tables that a run writes.
type output struct {
	recommendations *table.RecommendationWriter
	rejects         *table.RejectWriter // nil: not wanted
}

func (job *Job) create(s *Summary) (*output, error) {
	rec, err := table.CreateRecommendations(job.Recommendations, job.Stdout,
		table.RunInfo{RunID: s.RunID, AsOf: s.AsOf, Seed: job.Seed, EngineVersion: job.EngineVersion})
	if err != nil {
		return nil, err
	}
	out := &output{recommendations: rec}
	if job.Rejects != "" {
		if out.rejects, err = table.CreateRejects(job.Rejects, job.Stdout); err != nil {
			rec.Abort()
			return nil, err
		}
	}
	for _, path := range []string{job.Recommendations, job.Rejects} {
		switch path {
		case "":
		case "-":
			s.Files = append(s.Files, "stdout")
		default:
			s.Files = append(s.Files, path)
		}
	}
	return out, nil
}

func (o *output) write(r *Result) error {
	if r.Reject == nil {
		return o.recommendations.Write(r.Key, r.Recommendation, r.inputHash)
	}
	if o.rejects == nil {
		return nil
	}
	return o.rejects.Write(*r.Reject)
}

// commit gives both files their names, the rejects first: where there are recommendations there are their rejects.
func (o *output) commit() error {
	if o.rejects != nil {
		if err := o.rejects.Commit(); err != nil {
			o.recommendations.Abort()
			return err
		}
	}
	return o.recommendations.Commit()
}

// keep closes the files under the names of unfinished ones, and puts these into the summary.
func (o *output) keep(s *Summary) error {
	s.Files = nil
	partial := func(f interface{ CommitPartial() (string, error) }) error {
		path, err := f.CommitPartial()
		if err == nil {
			s.Files = append(s.Files, path)
		}
		return err
	}
	err := partial(o.recommendations)
	if o.rejects != nil {
		err = errors.Join(err, partial(o.rejects))
	}
	return err
}

func (o *output) abort() {
	o.recommendations.Abort()
	if o.rejects != nil {
		o.rejects.Abort()
	}
}

func plural(n int64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
