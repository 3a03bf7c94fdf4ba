package batch

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"gocloud.dev/blob"
	"gocloud.dev/gcerrors"

	"github.com/restock-engine/restock/io/objects"
)

// days lists the dates of a bucket, latest first.
func (m *mirror) days(ctx context.Context) (days []time.Time, err error) {
	list, err := m.list(ctx, "date=", true)
	if err != nil {
		return nil, err
	}
	for _, o := range list {
		if t, err := time.Parse("date="+time.DateOnly+"/", o.Key); err == nil {
			days = append(days, t)
		}
	}
	slices.Reverse(days)
	return days, nil
}

// key is that of a file of the run's output.
func (r *remote) key(name string) string { return dated(r.asked.Date) + "/" + name }

// keys lists what the output has of the run.
func (r *remote) keys(ctx context.Context) (map[string]bool, error) {
	list, err := r.output.list(ctx, r.key(""), false)
	if err != nil {
		return nil, err
	}
	keys := map[string]bool{}
	for _, o := range list {
		keys[o.Key] = true
	}
	return keys, nil
}

// stageOutput copies what is finished already, by this machine or another.
func (r *remote) stageOutput(ctx context.Context) error {
	there, err := r.keys(ctx)
	if err != nil {
		return err
	}
	if r.asked.Restart {
		return r.forget(ctx, there)
	}
	if !there[r.key(manifestFile)] {
		return nil // copies of what this machine has finished itself stay
	}
	for _, name := range runFiles() {
		if there[r.key(name)] {
			if err := r.output.get(ctx, r.key(name)); err != nil {
				return err
			}
		}
	}
	m, err := readManifest(r.local.folder())
	if err != nil {
		return err
	}
	from, to := r.asked.Slice.of(len(m.Shards))
	for i := from; i < to; i++ {
		if there[r.key(resultName(i))] {
			if err := r.fetch(ctx, []int{i}); err != nil {
				return err
			}
		}
	}
	if n := r.output.copied + r.output.kept; n > 0 {
		r.asked.Log("%s of the run already in %s, %d copied from there", plural(int64(n), "object", "objects"), r.output.place(),
			r.output.copied)
	}
	return nil
}

// resultName is the name of what a finished shard says of itself.
func resultName(shard int) string { return shardsFolder + "/" + partName(shard, ".json") }

// fetch copies what there is of shards. Whether they are whole is for the run to say.
func (r *remote) fetch(ctx context.Context, shards []int) error {
	for _, i := range shards {
		key := r.key(resultName(i))
		if err := r.output.get(ctx, key); errors.Is(err, fs.ErrNotExist) {
			continue
		} else if err != nil {
			return err
		}
		var result ShardResult
		if readJSON(r.output.path(key), &result) != nil {
			continue
		}
		for _, f := range result.Files {
			if err := r.output.get(ctx, r.key(f.Path)); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
	}
	return nil
}

// volumesFiles are the names that the copy of the table of volumes may have.
func volumesFiles() (names []string) {
	for _, ending := range []string{".parquet", ".csv", ".csv.gz", ".arrow", ".arrows"} {
		names = append(names, volumesTable+ending)
	}
	return names
}

// planFiles are what all shards depend on besides the manifest.
func planFiles() []string { return append(volumesFiles(), partnersFile) }

// runFiles are all files of a run that are not a shard's, what makes it valid first.
func runFiles() []string {
	return append([]string{successFile, manifestFile, summaryFile, reportFile, timingFile, ordersFile}, planFiles()...)
}

// forget removes what an earlier run has written, what makes it valid first.
func (r *remote) forget(ctx context.Context, there map[string]bool) error {
	names := runFiles()
	for _, key := range sortedKeys(there) {
		name := strings.TrimPrefix(key, r.key(""))
		if slices.Contains(shardFolders, path.Dir(name)) {
			names = append(names, name)
		}
	}
	for _, name := range names {
		if there[r.key(name)] {
			if err := r.output.remove(ctx, r.key(name)); err != nil {
				return fmt.Errorf("--restart: %w", err)
			}
		}
	}
	return nil
}

// openPrevious makes sure that there is a run to compare with, if one is named.
func (r *remote) openPrevious(ctx context.Context) (err error) {
	name := r.asked.After.Previous
	if !objects.IsURL(name) {
		return r.asked.After.check()
	}
	if r.previous, err = r.mirrored(ctx, "previous run", name, "previous", false); err != nil {
		return err
	}
	if _, err := r.previous.attributes(ctx, successFile); errors.Is(err, fs.ErrNotExist) {
		return missingf("%s is no complete run: it has no %s; name the place of one run, with its date", name, successFile)
	} else if err != nil {
		return err
	}
	r.local.After.Previous = r.previous.folder
	return nil
}

// stagePrevious copies the run to compare with.
func (r *remote) stagePrevious(ctx context.Context) error {
	if r.previous != nil {
		return stageComplete(ctx, r.previous, "")
	}
	if r.output == nil || r.asked.After.Previous != "" {
		return nil
	}
	days, err := r.output.days(ctx)
	if err != nil {
		return err
	}
	for _, day := range days {
		if !day.Before(r.asked.Date) {
			continue
		}
		_, err := r.output.attributes(ctx, dated(day)+"/"+successFile)
		if err == nil {
			return stageComplete(ctx, r.output, dated(day)+"/")
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// stageComplete copies what is compared of a complete run.
func stageComplete(ctx context.Context, m *mirror, prefix string) error {
	orders, err := m.list(ctx, prefix+recommendationsFolder+"/", false)
	if err != nil {
		return err
	}
	keys := []string{prefix + summaryFile}
	for _, o := range orders {
		keys = append(keys, o.Key)
	}
	for _, key := range append(keys, prefix+successFile) {
		if err := m.get(ctx, key); err != nil {
			return fmt.Errorf("previous run: %w", err)
		}
	}
	return nil
}

// publishPlan writes what all shards depend on. Of two that plan at once the first one's plan counts.
func (r *remote) publishPlan(ctx context.Context, m *Manifest) error {
	key := r.key(manifestFile)
	_, err := r.output.attributes(ctx, key)
	if errors.Is(err, fs.ErrNotExist) {
		err = r.output.upload(ctx, key, &blob.WriterOptions{IfNotExist: true})
	}
	if err != nil && gcerrors.Code(err) != gcerrors.FailedPrecondition {
		return err
	}
	if err := r.stillPlanned(ctx, m.hash); errors.Is(err, ErrOtherRun) {
		return fmt.Errorf("another process has planned the run in %s meanwhile; run again to go on with its plan",
			r.output.at(r.key("")))
	} else if err != nil {
		return err
	}
	return r.putThere(ctx, planFiles()...)
}

// stillPlanned makes sure that the output's manifest has the hash. One that has been written anew with the same bytes is the same.
func (r *remote) stillPlanned(ctx context.Context, hash string) error {
	key := r.key(manifestFile)
	a, err := r.output.attributes(ctx, key)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s is gone: %w", r.output.at(key), ErrOtherRun)
	}
	if known := r.output.known[key]; err != nil || known.SHA256 == hash && known.is(a) {
		return err
	}
	data, err := r.output.bucket.ReadAll(ctx, key)
	if err != nil {
		return fmt.Errorf("%s: %w", r.output.at(key), err)
	}
	if hexSHA256(data) != hash {
		return fmt.Errorf("%s: %w", r.output.at(key), ErrOtherRun)
	}
	return r.output.note(key, a, hash)
}

// putThere writes the files of the run's output that there are.
func (r *remote) putThere(ctx context.Context, names ...string) error {
	for _, name := range names {
		if _, err := os.Stat(r.output.path(r.key(name))); errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err := r.output.put(ctx, r.key(name)); err != nil {
			return err
		}
	}
	return nil
}

// publishShard writes a finished shard, its result last, while the run there is still the one that it belongs to.
func (r *remote) publishShard(ctx context.Context, result *ShardResult) error {
	if err := r.stillPlanned(ctx, result.Manifest); err != nil {
		return err
	}
	for _, f := range result.Files {
		if err := r.output.put(ctx, r.key(f.Path)); err != nil {
			return err
		}
	}
	return r.output.put(ctx, r.key(resultName(result.Shard)))
}

// publish writes what is not yet in the output of all shards of the slice and, if the run is complete, what is said of it,
// _SUCCESS last.
func (r *remote) publish(ctx context.Context, complete bool) error {
	m, err := readManifest(r.local.folder())
	if err != nil {
		return err
	}
	from, to := r.asked.Slice.of(len(m.Shards))
	for i := from; i < to; i++ {
		var result ShardResult
		if err := readJSON(filepath.Join(r.local.folder(), resultName(i)), &result); err != nil {
			return err
		}
		if err := r.publishShard(ctx, &result); err != nil {
			return err
		}
	}
	if !complete {
		return nil
	}
	if err := r.putThere(ctx, ordersFile, summaryFile, reportFile, timingFile); err != nil {
		return err
	}
	if err := r.output.sweep(ctx, r.key("")); err != nil {
		return err
	}
	return r.putThere(ctx, successFile)
}
