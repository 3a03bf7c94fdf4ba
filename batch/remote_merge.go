package batch

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/restock-engine/restock/io/objects"
)

// mergeRemote is Merge where a place of the run is in an object store.
func mergeRemote(ctx context.Context, d Dated, wait time.Duration) (o *Outcome, err error) {
	start := time.Now()
	r, err := newRemote(&d, "merge\n"+d.Output)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(r.renamed(err), r.close(err == nil)) }()
	if err := r.openPrevious(ctx); err != nil {
		return nil, err
	}
	if objects.IsURL(d.Output) {
		if r.output, err = r.mirrored(ctx, "output", d.Output, "out", wait > 0); err != nil {
			return nil, err
		}
		r.local.Output = r.output.folder
		if err := r.awaitObjects(ctx, wait); err != nil {
			return nil, err
		}
		if err := r.stageOutput(ctx); err != nil {
			return nil, err
		}
		wait = 0
	}
	if err := r.stagePrevious(ctx); err != nil {
		return nil, err
	}
	o, err = r.local.merge(ctx, wait)
	if err == nil && r.output != nil {
		err = r.publish(ctx, true)
	}
	if o != nil {
		o.Folder, o.Elapsed = r.place(o.Folder), time.Since(start)
	}
	return o, err
}

// awaitObjects waits until the output has the results of all shards, at most so long. Without any plan it has an error.
func (r *remote) awaitObjects(ctx context.Context, wait time.Duration) error {
	deadline := time.Now().Add(wait)
	var said time.Time
	for {
		missing, err := r.missingObjects(ctx)
		if err == nil && missing == 0 {
			return nil
		}
		planned := !errors.Is(err, fs.ErrNotExist)
		if err != nil && planned {
			return err
		}
		if time.Now().After(deadline) {
			if planned {
				return nil // the merge says what is missing
			}
			days, err := r.output.days(ctx)
			if err != nil {
				return err
			}
			return r.asked.neverPlanned(days)
		}
		if time.Since(said) > time.Minute {
			what := "its plan"
			if planned {
				what = plural(int64(missing), "shard", "shards")
			}
			r.asked.Log("waiting for %s, until %s at most", what, deadline.Format(time.TimeOnly))
			said = time.Now()
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(min(5*time.Second, time.Until(deadline)+time.Millisecond)):
		}
	}
}

// missingObjects counts the shards that have no result in the output; to errors.Is the error is fs.ErrNotExist if there is no
// plan.
func (r *remote) missingObjects(ctx context.Context) (n int, err error) {
	if r.asked.Date.IsZero() {
		if err := r.latest(ctx); err != nil {
			return 0, err
		}
	}
	if err := r.output.get(ctx, r.key(manifestFile)); err != nil {
		return 0, err
	}
	m, err := readManifest(r.local.folder())
	if err != nil {
		return 0, err
	}
	there, err := r.keys(ctx)
	if err != nil {
		return 0, err
	}
	for i := range m.Shards {
		if !there[r.key(resultName(i))] {
			n++
		}
	}
	return n, nil
}

// latest finds the latest date that has a plan.
func (r *remote) latest(ctx context.Context) error {
	days, err := r.output.days(ctx)
	if err != nil {
		return err
	}
	for _, day := range days {
		_, err := r.output.attributes(ctx, dated(day)+"/"+manifestFile)
		if err == nil {
			r.asked.Date, r.local.Date = day, day
			return nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return fmt.Errorf("output: %w", noRun(r.output.place()))
}
