package batch

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// fileURL is the URL of a folder as a bucket.
func fileURL(folder string) string { return "file://" + filepath.ToSlash(folder) }

// remoteRun is a run over buckets in the places of folders.
func remoteRun(t *testing.T, input, output, date string) Dated {
	d := smallShards(fileURL(input), fileURL(output), date)
	d.Stage = t.TempDir()
	return d
}

// smallShards is a run over a small day in shards of ten.
func smallShards(input, output, date string) Dated {
	d := datedRun(input, output, date)
	d.ShardSize = 10
	return d
}

// ofFolders runs a day in shards of ten over folders and returns the result.
func ofFolders(t *testing.T, input, date string) map[string]string {
	t.Helper()
	output := t.TempDir()
	_, err := RunDated(context.Background(), smallShards(input, output, date))
	check(t, err)
	return tree(t, output)
}

// inside runs f once, when the first shard is done.
func inside(d *Dated, f func()) {
	d.Progress = func(done, _ int64) {
		if done > 10 && f != nil {
			f()
			f = nil
		}
	}
}

func wantError(t *testing.T, err error, parts ...string) {
	t.Helper()
	for _, p := range parts {
		if err == nil || !strings.Contains(err.Error(), p) {
			t.Errorf("error %v; want %q in it", err, p)
		}
	}
}

// TestRemoteRun: over buckets a run has the bytes of one over folders, with limits, settings, a scattered forecast, tables of
// several files and a day before to compare with; nothing stays in the folder of copies.
func TestRemoteRun(t *testing.T) {
	input, output := t.TempDir(), t.TempDir()
	local := t.TempDir()
	for i, date := range []string{"2026-01-06", "2026-01-07"} {
		writeDay(t, input, daily{skus: 60, date: date, shuffle: i == 1})
		folder := filepath.Join(input, "date="+date)
		check(t, os.WriteFile(filepath.Join(folder, "limits.csv"), []byte("merchant_id,limit,at_most\nm0,volume,5\n"), 0o644))
		volumes := []byte("merchant_id,article_id,volume\nm0,a00000,1\nm0,a00001,1\n")
		check(t, os.WriteFile(filepath.Join(folder, "volumes.csv"), volumes, 0o644))
		check(t, os.Mkdir(filepath.Join(folder, "forecast"), 0o755))
		check(t, os.Rename(filepath.Join(folder, "forecast.parquet"), filepath.Join(folder, "forecast", "part-1.parquet")))
		check(t, os.WriteFile(filepath.Join(folder, "notes.txt"), []byte("not a table"), 0o644))
	}
	check(t, os.WriteFile(filepath.Join(input, "restock.yaml"), []byte("defaults:\n  holding_cost: 0.2\n"), 0o644))
	for _, date := range []string{"2026-01-06", "2026-01-07"} {
		if _, err := RunDated(context.Background(), smallShards(input, local, date)); err != nil {
			t.Fatal(err)
		}
		d := remoteRun(t, input, output, date)
		o, err := RunDated(context.Background(), d)
		check(t, err)
		compared := o.Summary.Comparison != nil
		if o.Folder != fileURL(output)+"/date="+date || o.Done != o.Shards || compared != (date == "2026-01-07") {
			t.Errorf("outcome %+v", o)
		}
		if left, _ := os.ReadDir(d.Stage); len(left) != 0 {
			t.Errorf("left behind: %v", left)
		}
	}
	sameTree(t, "buckets", tree(t, output), tree(t, local))
	mixed := t.TempDir()
	for i, date := range []string{"2026-01-06", "2026-01-07"} {
		d := remoteRun(t, input, mixed, date)
		if i == 0 {
			d.Input = input
		} else {
			d.Output = mixed
		}
		_, err := RunDated(context.Background(), d)
		check(t, err)
	}
	sameTree(t, "a bucket and a folder", tree(t, mixed), tree(t, local))
	d := remoteRun(t, input, output, "2026-01-07")
	d.After.Previous = fileURL(output) + "/date=2026-01-06"
	o, err := RunDated(context.Background(), d) // judged again by another machine
	check(t, err)
	if o.Kept != o.Shards || o.Summary.Comparison == nil {
		t.Errorf("again: outcome %+v", o)
	}
	sameTree(t, "again", tree(t, output), tree(t, local))
}

// TestRemoteResume: what was finished when a run stopped is in the output and is kept, also by another machine. Objects that
// were damaged or are gone are written again.
func TestRemoteResume(t *testing.T) {
	input := t.TempDir()
	writeDay(t, input, daily{skus: 60, date: "2026-01-07"})
	want := ofFolders(t, input, "2026-01-07")
	for _, sameMachine := range []bool{true, false} {
		output := t.TempDir()
		d := remoteRun(t, input, output, "2026-01-07")
		ctx, cancel := context.WithCancel(context.Background())
		inside(&d, cancel)
		first, err := RunDated(ctx, d)
		if !errors.Is(err, context.Canceled) || first == nil || first.Done < 1 {
			t.Fatalf("outcome %+v, error %v", first, err)
		}
		day := filepath.Join(output, "date=2026-01-07")
		if _, err := os.Stat(filepath.Join(day, successFile)); err == nil {
			t.Error("an unfinished run is marked as complete")
		}
		if !sameMachine {
			d.Stage = t.TempDir()
		}
		// An upload that was killed.
		check(t, os.WriteFile(filepath.Join(day, recommendationsFolder, "part-00000.parquet.17a.tmp"), []byte("x"), 0o644))
		quietly(&d)
		again, err := RunDated(context.Background(), d)
		check(t, err)
		lost := first.Done - again.Kept // the last one may have been on its way to the output
		if again.Done+again.Kept != again.Shards || lost < 0 || lost > 1 || sameMachine && lost > 0 {
			t.Errorf("same machine %v: %d were done, %d kept and %d done now", sameMachine, first.Done, again.Kept, again.Done)
		}
		sameTree(t, "resumed", tree(t, output), want)

		path := filepath.Join(day, recommendationsFolder, "part-00002.parquet")
		data, err := os.ReadFile(path)
		check(t, err)
		data[len(data)/2] ^= 1
		check(t, os.WriteFile(path, data, 0o644))
		check(t, os.Remove(filepath.Join(day, shardsFolder, "part-00001.json")))
		if again, err = RunDated(context.Background(), d); err != nil || again.Done != 2 {
			t.Errorf("damaged: outcome %+v, error %v", again, err)
		}
		sameTree(t, "repaired", tree(t, output), want)
	}
}

// TestStagedCopies: a copy of the input is kept by the next try if it has the object's bytes, and made again if not.
func TestStagedCopies(t *testing.T) {
	input, output := t.TempDir(), t.TempDir()
	writeDay(t, input, daily{skus: 70, date: "2026-01-07"})
	d := remoteRun(t, input, output, "2026-01-07")
	try := func(change func(in string)) (copied string) {
		t.Helper()
		d.Log = func(format string, args ...any) {
			if text := fmt.Sprintf(format, args...); strings.Contains(text, " copied from ") {
				copied = text
			}
		}
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		inside(&d, cancel)
		if _, err := RunDated(ctx, d); !errors.Is(err, context.Canceled) {
			t.Fatalf("error %v", err)
		}
		if change != nil {
			folders, err := filepath.Glob(filepath.Join(d.Stage, "*", "in", "date=2026-01-07"))
			if err != nil || len(folders) != 1 {
				t.Fatalf("copies in %v, %v", folders, err)
			}
			change(folders[0])
		}
		return copied
	}
	copied := try(func(in string) {
		path := filepath.Join(in, "articles.parquet")
		data, err := os.ReadFile(path)
		check(t, err)
		data[len(data)/2] ^= 1
		check(t, os.WriteFile(path, data, 0o644))
		check(t, os.WriteFile(filepath.Join(in, ".forecast.parquet.1.tmp"), data, 0o644)) // a copy that was killed
		check(t, os.WriteFile(filepath.Join(in, "limits.csv"), data, 0o644))              // an object that is gone
	})
	if !strings.HasPrefix(copied, "2 objects (") || !strings.HasSuffix(copied, ", 0 kept") {
		t.Errorf("at first: %s", copied)
	}
	if copied = try(nil); !strings.HasPrefix(copied, "1 object (") || !strings.HasSuffix(copied, ", 1 kept") {
		t.Errorf("damaged: %s", copied)
	}
	copied = try(func(string) { writeDay(t, input, daily{skus: 71, date: "2026-01-07"}) })
	if !strings.HasSuffix(copied, ", 2 kept") {
		t.Errorf("whole: %s", copied)
	}
	quietly(&d)
	_, err := RunDated(context.Background(), d)
	wantError(t, err, fileURL(input)+"/date=2026-01-07/articles.parquet has changed since the run was planned", "--restart")
	d.Restart = true
	_, err = RunDated(context.Background(), d)
	check(t, err)
	sameTree(t, "restart", tree(t, output), ofFolders(t, input, "2026-01-07"))
}

// TestRemoteParts: parts of a run on machines that share nothing but a bucket, and the merge.
func TestRemoteParts(t *testing.T) {
	input, output := t.TempDir(), t.TempDir()
	writeDay(t, input, daily{skus: 50, date: "2026-01-07", shuffle: true})
	for _, part := range []int{1, 0, 2} {
		d := remoteRun(t, input, output, "2026-01-07")
		d.Slice = Slice{part, 3}
		o, err := RunDated(context.Background(), d)
		check(t, err)
		if o.Summary != nil || o.Done == 0 || o.Done == o.Shards {
			t.Errorf("outcome %+v", o)
		}
		if part == 0 {
			_, err := Merge(context.Background(), MergeOptions{Output: fileURL(output), Stage: t.TempDir()})
			wantError(t, err, "the run in "+fileURL(output)+"/date=2026-01-07 is not finished, it lacks 2 of 5 shards (3, 4)")
		}
	}
	o, err := Merge(context.Background(), MergeOptions{Output: fileURL(output), Stage: t.TempDir()})
	check(t, err)
	if o.Folder != fileURL(output)+"/date=2026-01-07" {
		t.Errorf("folder %s", o.Folder)
	}
	sameTree(t, "parts", tree(t, output), ofFolders(t, input, "2026-01-07"))
}

// TestRemoteMistakes: errors name the URL, not the copy, and nothing is written.
func TestRemoteMistakes(t *testing.T) {
	input := t.TempDir()
	writeDay(t, input, daily{skus: 10, date: "2026-01-07"})
	day := filepath.Join(input, "date=2026-01-07")
	check(t, os.Mkdir(filepath.Join(input, "date=2026-01-08"), 0o755))
	check(t, os.Rename(filepath.Join(day, "articles.parquet"), filepath.Join(input, "date=2026-01-08", "articles.parquet")))
	check(t, os.MkdirAll(filepath.Join(input, "date=2026-01-09"), 0o755))
	for _, name := range []string{"articles.parquet", "forecast.parquet"} {
		check(t, os.WriteFile(filepath.Join(input, "date=2026-01-09", name), []byte("PAR1 not at all"), 0o644))
	}
	output := filepath.Join(t.TempDir(), "out")
	for date, want := range map[string]string{
		"2026-01-05": fileURL(input) + " has no objects date=2026-01-05/…, it has date=2026-01-09, date=2026-01-08, date=2026-01",
		"2026-01-07": fileURL(input) + "/date=2026-01-07 has no table articles, that is a file like articles.parquet",
		"2026-01-08": "it has articles.parquet",
	} {
		d := remoteRun(t, input, output, date)
		_, err := RunDated(context.Background(), d)
		wantError(t, err, want)
		if left, _ := os.ReadDir(d.Stage); len(left) != 0 {
			t.Errorf("%s: left behind %v", date, left)
		}
	}
	dated := remoteRun(t, day, output, "2026-01-07")
	_, err := RunDated(context.Background(), dated)
	wantError(t, err, "is dated itself; name the place that it is in, "+fileURL(input)+"/")
	d := remoteRun(t, input, output, "2026-01-07")
	d.After.Previous = fileURL(input)
	_, err = RunDated(context.Background(), d)
	wantError(t, err, fileURL(input)+" is no complete run: it has no _SUCCESS")
	d.Input, d.After.Previous = "mem://", ""
	_, err = RunDated(context.Background(), d)
	wantError(t, err, "input: mem:// is gone when this process ends")
	d.Input, d.Output = fileURL(input), fileURL(input)
	_, err = RunDated(context.Background(), d)
	wantError(t, err, "input and output are the same place")
	_, err = Merge(context.Background(), MergeOptions{Output: fileURL(input), Stage: t.TempDir()})
	wantError(t, err, fileURL(input)+" has no run")
	_, err = Merge(context.Background(), MergeOptions{Output: fileURL(input), Stage: t.TempDir(), Date: d.Date})
	wantError(t, err, fileURL(input)+" has no run of 2026-01-07: it has date=2026-01-09")
	if _, err := os.Stat(output); err == nil {
		t.Error("a run that could not begin has made its output folder")
	}
	_, err = RunDated(context.Background(), remoteRun(t, input, output, "2026-01-09"))
	wantError(t, err, fileURL(input)+"/date=2026-01-09/articles.parquet is not a Parquet file")
}

// TestOneRemoteRunAtATime: copies are of one process.
func TestOneRemoteRunAtATime(t *testing.T) {
	input, output := t.TempDir(), t.TempDir()
	writeDay(t, input, daily{skus: 30, date: "2026-01-07"})
	d := remoteRun(t, input, output, "2026-01-07")
	other := d
	var err error
	inside(&d, func() { _, err = RunDated(context.Background(), other) })
	_, outer := RunDated(context.Background(), d)
	check(t, outer)
	wantError(t, err, "another run is at work in "+d.Stage)
}
