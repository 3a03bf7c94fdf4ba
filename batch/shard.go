package batch

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/restock-engine/restock/internal/durable"
	"github.com/restock-engine/restock/io/table"
)

// ShardResult is what a finished shard says of itself, in shards/part-NNNNN.json. It is written last: where it is, and its hashes are those of
// the files, the shard is done.
type ShardResult struct {
	Shard    int         `json:"shard"`
	Manifest string      `json:"manifest_sha256"`
	Files    []ShardFile `json:"files"`
	Totals   Totals      `json:"totals"`
}

// ShardFile is a file that a shard has written.
type ShardFile struct {
	Path   string `json:"path"` // relative to the run's output folder, with slashes
	Rows   int64  `json:"rows"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
}

// Folders of a run's output that have one file for each shard.
const (
	recommendationsFolder = "recommendations"
	rejectsFolder         = "rejects"
	curvesFolder          = "curves" // of SKUs whose merchant has limits
	shardsFolder          = "shards"
)

var shardFolders = []string{recommendationsFolder, rejectsFolder, curvesFolder, shardsFolder}

func partName(shard int, ending string) string { return fmt.Sprintf("part-%05d%s", shard, ending) }

// Runner does the shards of a manifest, one after the other, each on several workers.
type Runner struct {
	manifest      *Manifest
	input, output string
	join          table.JoinOptions
	engine        *engine

	// Progress is called now and then with the rows of the shard that are done.
	Progress func(rows int64)
	// Unchanged is asked before a shard is kept whether the input is still the one of the manifest.
	Unchanged func() error
}

// NewRunner returns a runner for a manifest, the dated input folder and the output folder of the run. TempDir is for input that is not sorted within
// a shard; "" is the system's.
func NewRunner(m *Manifest, input, output string, workers int, tempDir string) (*Runner, error) {
	set, err := m.settingsOf()
	if err != nil {
		return nil, err
	}
	r := &Runner{manifest: m, input: input, output: output, engine: newEngine(set, m.Seed, workers), Progress: func(int64) {},
		Unchanged: func() error { return nil }}
	if r.join, err = m.joinOptions(); err != nil {
		return nil, err
	}
	r.join.TempDir = tempDir
	r.engine.curves = m.curveOptions()
	if r.engine.overrides, err = r.overrides(); err != nil {
		return nil, err
	}
	return r, r.makeFolders()
}

// makeFolders makes the folders of shards' files.
func (r *Runner) makeFolders() error {
	for _, name := range shardFolders {
		if name == curvesFolder && len(r.manifest.Limits) == 0 {
			continue
		}
		if err := os.MkdirAll(filepath.Join(r.output, name), 0o755); err != nil {
			return fmt.Errorf("output: %w", err)
		}
	}
	return nil
}

func (r *Runner) path(folder string, shard int, ending string) string {
	return filepath.Join(r.output, folder, partName(shard, ending))
}

// RunShard does one shard. Its files depend on the manifest and the inputs alone, get their names when they are complete, and are replaced if they
// are there already. After an error or an interruption none is left half written.
func (r *Runner) RunShard(ctx context.Context, shard int) (*ShardResult, error) {
	result, err := r.runShard(ctx, shard)
	if err != nil {
		return nil, fmt.Errorf("shard %d: %w", shard, err)
	}
	return result, nil
}

func (r *Runner) runShard(ctx context.Context, shard int) (result *ShardResult, err error) {
	m := r.manifest
	if err := r.checkPartition(shard); err != nil {
		return nil, err
	}
	joined, err := table.JoinShard(r.input, filepath.Join(r.output, partitionsName), m.Shards[shard], r.join)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, joined.Close()) }()
	out, err := r.create(shard)
	if err != nil {
		return nil, err
	}
	result = &ShardResult{Shard: shard, Manifest: m.hash, Totals: newTotals()}
	totals := &result.Totals
	err = r.engine.all(ctx, joined, func(x *Result) error {
		totals.add(x)
		return out.write(x)
	}, func() { r.Progress(totals.In) })
	if err == nil {
		err = r.Unchanged()
	}
	if err != nil {
		out.abort()
		return nil, err
	}
	totals.Crossed = joined.Crossed()
	return result, r.commit(out, result)
}

// shardOutput is the files that a shard writes before its result.
type shardOutput struct {
	recommendations *table.RecommendationWriter
	rejects         *table.RejectWriter
	curves          *table.CurveWriter // nil where nobody has limits
	curveRows       int64
}

func (r *Runner) create(shard int) (out *shardOutput, err error) {
	m := r.manifest
	asOf, err := time.Parse(time.DateOnly, m.AsOf)
	if err != nil {
		return nil, fmt.Errorf("%s: as_of: %w", manifestFile, err)
	}
	out = &shardOutput{}
	defer func() {
		if err != nil {
			out.abort()
		}
	}()
	out.recommendations, err = table.CreateRecommendations(r.path(recommendationsFolder, shard, ".parquet"), nil,
		table.RunInfo{RunID: m.RunID, AsOf: asOf, Seed: m.Seed, EngineVersion: m.EngineVersion})
	if err != nil {
		return out, err
	}
	if out.rejects, err = table.CreateRejects(r.path(rejectsFolder, shard, ".parquet"), nil); err != nil {
		return out, err
	}
	if len(m.Limits) > 0 {
		out.curves, err = table.CreateCurves(r.path(curvesFolder, shard, ".parquet"))
	}
	return out, err
}

func (o *shardOutput) write(x *Result) error {
	if x.Reject != nil {
		return o.rejects.Write(*x.Reject)
	}
	if c := x.curve; c != nil {
		o.curveRows++
		row := table.CurveRow{Key: x.Key, UnitCost: x.unitCost, Wanted: c.Wanted, Quantities: c.Quantity, Values: c.Value}
		if err := o.curves.Write(&row); err != nil {
			return err
		}
	}
	return o.recommendations.Write(x.Key, x.Recommendation, x.inputHash)
}

func (o *shardOutput) abort() {
	if o.recommendations != nil {
		o.recommendations.Abort()
	}
	if o.rejects != nil {
		o.rejects.Abort()
	}
	if o.curves != nil {
		o.curves.Abort()
	}
}

// commit gives the shard's files their names, and then writes the shard's result.
func (r *Runner) commit(out *shardOutput, result *ShardResult) error {
	defer out.abort() // what has not been committed
	if err := out.recommendations.Commit(); err != nil {
		return err
	}
	if err := r.note(result, recommendationsFolder, result.Totals.Recommendations); err != nil {
		return err
	}
	if err := r.commitUnlessEmpty(result, rejectsFolder, result.Totals.Rejects, out.rejects.Commit); err != nil {
		return err
	}
	if out.curves != nil {
		if err := r.commitUnlessEmpty(result, curvesFolder, out.curveRows, out.curves.Commit); err != nil {
			return err
		}
	}
	return writeJSON(r.path(shardsFolder, result.Shard, ".json"), result)
}

// commitUnlessEmpty commits a file that has rows; of one that has none there is none.
func (r *Runner) commitUnlessEmpty(result *ShardResult, folder string, rows int64, commit func() error) error {
	if rows == 0 {
		if err := os.Remove(r.path(folder, result.Shard, ".parquet")); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
		return nil
	}
	if err := commit(); err != nil {
		return err
	}
	return r.note(result, folder, rows)
}

// note adds a file that has its name to the result.
func (r *Runner) note(result *ShardResult, folder string, rows int64) error {
	path := r.path(folder, result.Shard, ".parquet")
	sum, size, err := hashFile(path)
	if err != nil {
		return err
	}
	if n, err := table.ParquetRows(path); err != nil || n != rows {
		return errors.Join(err, fmt.Errorf("%s has %d rows, not the %d that were written", path, n, rows))
	}
	result.Files = append(result.Files, ShardFile{folder + "/" + filepath.Base(path), rows, size, sum})
	return durable.SyncFolder(filepath.Dir(path))
}

func (r *Runner) checkPartition(shard int) error {
	name := r.manifest.Shards[shard].Partition
	if name == "" {
		return nil
	}
	path := filepath.Join(r.output, partitionsName, name)
	sum, _, err := hashFile(path)
	if err == nil && sum != r.manifest.Partitions[name] {
		err = fmt.Errorf("%s is damaged; begin anew with --restart", path)
	}
	return err
}

// finished returns the result of a shard that is done, or an error that says what is missing. It reads all of the shard's files.
func finished(output string, m *Manifest, shard int) (*ShardResult, error) {
	path := filepath.Join(output, shardsFolder, partName(shard, ".json"))
	r := &ShardResult{}
	if err := readJSON(path, r); err != nil {
		return nil, err
	}
	if r.Shard != shard || r.Manifest != m.hash {
		return nil, fmt.Errorf("%s is of another run", path)
	}
	for _, f := range r.Files {
		file := filepath.Join(output, filepath.FromSlash(f.Path))
		sum, size, err := hashFile(file)
		if err != nil {
			return nil, err
		}
		if sum != f.SHA256 {
			return nil, fmt.Errorf("%s is damaged: it has %d bytes and SHA-256 %.12s…, not %d and %.12s…", file, size, sum, f.Bytes, f.SHA256)
		}
	}
	t := &r.Totals
	if t.In != t.Recommendations+t.Rejects {
		return nil, fmt.Errorf("%s: %d rows in are not %d recommendations + %d rejects", path, t.In, t.Recommendations, t.Rejects)
	}
	return r, nil
}
