// Package pipeline runs a nightly run on Apache Beam: on Prism in tests, on Flink, Spark or Dataflow with their runners. It is a
// Go module of its own, so that the weight of Beam stays out of the restock binary.
//
// Elements are parts of the run, as with --shard i/n; rows never go through Beam. A worker does its part as any process does
// (batch.RunDated): shards that are finished are kept, so that a bundle that is tried again, after a lost worker or an error,
// does only what is missing, and ends with the same bytes. Input and output lie on storage that all workers have under the same
// names.
package pipeline

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/log"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/register"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/transforms/stats"

	"github.com/restock-engine/restock/batch"
	"github.com/restock-engine/restock/internal/durable"
	"github.com/restock-engine/restock/io/table"
	"github.com/restock-engine/restock/optimize"
)

// Run says what is run; it goes to the workers as it is.
type Run struct {
	Input, Output string
	Date          string // 2026-01-05
	Config        string // settings file; "": as batch.Dated
	Seed          uint64
	ShardSize     int64
	Workers       int // processors of a worker that one part uses; 0: all
}

func (r *Run) dated() (batch.Dated, error) {
	date, err := time.Parse(time.DateOnly, r.Date)
	return batch.Dated{Input: r.Input, Output: r.Output, Date: date, Config: r.Config, Seed: r.Seed, ShardSize: r.ShardSize, Workers: r.Workers,
		Forecast:      table.ForecastOptions{Separator: "/"}, // the command's default is part of the run's name
		EngineVersion: optimize.EngineVersion}, err
}

func init() {
	register.DoFn2x2[context.Context, int, int, error](&partFn{})
}

// lockPause is how long a part waits before it tries again whether another process has left it.
const lockPause = time.Second

// partFn does a part of the run and tells how many shards that were.
type partFn struct {
	Run   Run
	Count int // parts
}

// ProcessElement does part i.
func (f *partFn) ProcessElement(ctx context.Context, i int) (shards int, err error) {
	d, err := f.Run.dated()
	if err != nil {
		return 0, err
	}
	d.Slice = batch.Slice{Index: i, Count: f.Count}
	o, err := batch.RunDated(ctx, d)
	for errors.Is(err, durable.ErrLocked) {
		// A worker that the runner has given up may live on and be at this part. To fail would use up the runner's attempts.
		log.Infof(ctx, "part %d/%d: %v", i, f.Count, err)
		select {
		case <-ctx.Done():
			return 0, ctx.Err()
		case <-time.After(lockPause):
		}
		o, err = batch.RunDated(ctx, d)
	}
	if err != nil {
		return 0, fmt.Errorf("part %d/%d of the run of %s: %w", i, f.Count, f.Run.Date, err)
	}
	log.Infof(ctx, "part %d/%d: %d shards done, %d were finished", i, f.Count, o.Done, o.Kept)
	return o.Done + o.Kept, nil
}

// Build adds the parts to a pipeline. Reshuffle keeps a runner from doing them all in one place.
func Build(s beam.Scope, r Run, parts int) beam.PCollection {
	numbers := make([]int, parts)
	for i := range numbers {
		numbers[i] = i
	}
	return stats.Sum(s, beam.ParDo(s, &partFn{r, parts}, beam.Reshuffle(s, beam.CreateList(s, numbers))))
}

// planOnly is a part of so many that it has no shard: it plans the run.
var planOnly = batch.Slice{Index: 0, Count: 1_000_000}

// Execute plans the run, has a runner do its parts, and completes it.
func Execute(ctx context.Context, r Run, parts int, run func(context.Context, *beam.Pipeline) error) (*batch.Outcome, error) {
	d, err := r.dated()
	if err != nil {
		return nil, fmt.Errorf("date %q: %w", r.Date, err)
	}
	if parts < 1 {
		return nil, errors.New("there must be one part or more")
	}
	plan := d
	plan.Slice = planOnly
	if _, err := batch.RunDated(ctx, plan); err != nil {
		return nil, err
	}
	p, s := beam.NewPipelineWithRoot()
	Build(s, r, parts)
	if err := run(ctx, p); err != nil {
		return nil, err
	}
	return batch.Merge(ctx, batch.MergeOptions{Output: r.Output, Date: d.Date, Wait: time.Minute})
}
