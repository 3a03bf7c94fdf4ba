package batch

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/restock-engine/restock/forecast"
	"github.com/restock-engine/restock/internal/random"
	"github.com/restock-engine/restock/io/table"
)

// TestMain lets the test's own program be a run that can be killed.
func TestMain(m *testing.M) {
	if text := os.Getenv("RESTOCK_DATED_RUN"); text != "" {
		var d Dated
		if err := json.Unmarshal([]byte(text), &d); err != nil {
			panic(err)
		}
		limitFileSize(os.Getenv("RESTOCK_FILE_SIZE"))
		quietly(&d)
		if _, err := RunDated(context.Background(), d); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func quietly(d *Dated) {
	d.Log = func(string, ...any) {}
	d.Progress = func(int64, int64) {}
}

// daily says how a day's input looks.
type daily struct {
	skus    int
	date    string
	shuffle bool               // the forecast's rows
	change  func(i int) string // what is different of a SKU: "", state, forecast or settings
}

// writeDay writes a day's input: SKUs sorted by key, every 50th of which can't be used.
func writeDay(t *testing.T, input string, d daily) {
	t.Helper()
	folder := filepath.Join(input, "date="+d.date)
	check(t, os.MkdirAll(folder, 0o755))
	articles, err := table.CreateArticles(filepath.Join(folder, "articles.parquet"), nil)
	check(t, err)
	type row struct {
		key table.Key
		q   forecast.Quantiles
	}
	var rows []row
	for i := range d.skus {
		change := ""
		if d.change != nil {
			change = d.change(i)
		}
		r := random.New(random.NewKey(3, "day").Int(i))
		a := &table.ArticleRow{Key: table.Key{Merchant: fmt.Sprintf("m%d", i/100), Article: fmt.Sprintf("a%05d", i)},
			OnHand: float64(r.Intn(20)), Price: 10, UnitCost: 4}
		a.Params.Set(table.HoldingCost, 0.1)
		q := forecast.Quantiles{Levels: forecast.Levels39()}
		scale := 5 * r.Float64()
		switch {
		case change == "state":
			a.OnHand += 7
		case change == "forecast":
			scale *= 1.5
		case change == "settings":
			a.Params.Set(table.HoldingCost, 0.3)
		case i%50 == 49:
			a.OnHand = -1
		}
		check(t, articles.Write(a))
		for range 12 {
			for k := range q.Levels {
				q.Values = append(q.Values, float32(scale*float64(k*k)/400))
			}
		}
		rows = append(rows, row{a.Key, q})
	}
	check(t, articles.Commit())
	if d.shuffle {
		rand.New(rand.NewPCG(1, 2)).Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
	}
	date, err := time.Parse(time.DateOnly, d.date)
	check(t, err)
	w, err := table.CreateForecast(filepath.Join(folder, "forecast.parquet"), nil, forecast.Levels39(), forecast.WeekStart(forecast.WeekNumber(date)))
	check(t, err)
	for _, r := range rows {
		check(t, w.Write(r.key, &r.q))
	}
	check(t, w.Commit())
}

// datedRun is a run over a small day.
func datedRun(input, output, date string) Dated {
	day, err := time.Parse(time.DateOnly, date)
	if err != nil {
		panic(err)
	}
	d := Dated{Input: input, Output: output, Date: day, Seed: 1, EngineVersion: "test", ShardSize: 30, Workers: 2,
		Overrides: map[string]string{"scenarios": "20", "eval_scenarios": "40"}}
	quietly(&d)
	return d
}

// tree returns the contents of all files of a folder but locks and times.
func tree(t *testing.T, folder string) map[string]string {
	t.Helper()
	files := map[string]string{}
	check(t, filepath.WalkDir(folder, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || strings.HasPrefix(e.Name(), lockName) || e.Name() == timingFile {
			return err
		}
		data, err := os.ReadFile(path)
		files[strings.TrimPrefix(path, folder)] = string(data)
		return err
	}))
	return files
}

func sameTree(t *testing.T, what string, got, want map[string]string) {
	t.Helper()
	names := slices.Sorted(maps.Keys(want))
	if have := slices.Sorted(maps.Keys(got)); !slices.Equal(have, names) {
		t.Errorf("%s: files %v, want %v", what, have, names)
		return
	}
	for _, n := range names {
		if got[n] != want[n] {
			t.Errorf("%s: %s differs", what, n)
		}
	}
}

// undisturbed runs a day without interruption and returns the result.
func undisturbed(t *testing.T, input, date string) map[string]string {
	t.Helper()
	output := t.TempDir()
	o, err := RunDated(context.Background(), datedRun(input, output, date))
	check(t, err)
	if o.Kept != 0 || o.Done != o.Shards || o.Summary == nil {
		t.Fatalf("outcome %+v", o)
	}
	return tree(t, output)
}

// child returns the command that does the run in a process of its own.
func child(t *testing.T, d Dated, fileSize string) *exec.Cmd {
	t.Helper()
	fields := map[string]any{"Input": d.Input, "Output": d.Output, "Date": d.Date, "Seed": d.Seed, "EngineVersion": d.EngineVersion,
		"ShardSize": d.ShardSize, "Workers": d.Workers, "Overrides": d.Overrides, "Slice": d.Slice}
	text, err := json.Marshal(fields)
	check(t, err)
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "RESTOCK_DATED_RUN="+string(text), "RESTOCK_FILE_SIZE="+fileSize)
	return cmd
}

// TestKilledRuns: a run that is killed again and again at random moments ends with the bytes of an undisturbed one, whether its forecast is sorted or
// scattered. make -C benchmarks/batch kills does it 100 times with the program itself.
func TestKilledRuns(t *testing.T) {
	const kills = 6
	for _, shuffle := range []bool{false, true} {
		input := t.TempDir()
		writeDay(t, input, daily{skus: 200, date: "2026-01-07", shuffle: shuffle})
		start := time.Now()
		want := undisturbed(t, input, "2026-01-07")
		whole := time.Since(start)
		chance := rand.New(rand.NewPCG(4, 5))
		killed, progressed := 0, 0
		for killed < kills/2 {
			output := t.TempDir()
			d := datedRun(input, output, "2026-01-07")
			for {
				cmd := child(t, d, "")
				var stderr bytes.Buffer
				cmd.Stderr = &stderr
				check(t, cmd.Start())
				time.AfterFunc(time.Duration(chance.Int64N(int64(whole+20*time.Millisecond))), func() { cmd.Process.Kill() })
				err := cmd.Wait()
				if err == nil {
					break
				}
				if stderr.Len() > 0 {
					t.Fatalf("the run failed by itself: %s", &stderr)
				}
				killed++
				if done, _ := filepath.Glob(filepath.Join(output, "*", shardsFolder, "*.json")); len(done) > 0 {
					progressed++
				}
			}
			sameTree(t, fmt.Sprintf("killed, shuffle %v", shuffle), tree(t, output), want)
		}
		t.Logf("shuffle %v: killed %d times, %d of them with some shards finished; an undisturbed run takes %v", shuffle, killed, progressed, whole)
	}
}

// TestDiskFull: a run that can't write its files fails, says so, leaves nothing half written, and goes on when there is room.
func TestDiskFull(t *testing.T) {
	input, output := t.TempDir(), t.TempDir()
	writeDay(t, input, daily{skus: 100, date: "2026-01-07"})
	d := datedRun(input, output, "2026-01-07")
	message, err := child(t, d, "9000").CombinedOutput()
	if err == nil {
		t.Skip("this system does not limit the size of files")
	}
	if !strings.Contains(string(message), "can't be written") {
		t.Errorf("message %s", message)
	}
	for name := range tree(t, output) {
		if strings.HasSuffix(name, ".tmp") || strings.Contains(name, recommendationsFolder) {
			t.Errorf("left behind: %s", name)
		}
	}
	_, err = RunDated(context.Background(), d)
	check(t, err)
	sameTree(t, "after a full disk", tree(t, output), undisturbed(t, input, "2026-01-07"))
}

// TestSlices: parts of a run that are merged give the bytes of one run, in whatever order and also at once.
func TestSlices(t *testing.T) {
	input := t.TempDir()
	writeDay(t, input, daily{skus: 200, date: "2026-01-07", shuffle: true})
	want := undisturbed(t, input, "2026-01-07")
	for _, n := range []int{2, 3, 20} { // 20: more parts than shards
		output := t.TempDir()
		errs := make(chan error, n)
		for i := range n {
			go func() {
				d := datedRun(input, output, "2026-01-07")
				d.Slice, d.Workers = Slice{n - 1 - i, n}, 1
				_, err := RunDated(context.Background(), d)
				errs <- err
			}()
		}
		for range n {
			check(t, <-errs)
		}
		o, err := Merge(context.Background(), MergeOptions{Output: output})
		check(t, err)
		if o.Summary.Totals.In != 200 || o.Summary.Totals.Rejects != 4 {
			t.Errorf("%d rows in, %d rejects", o.Summary.Totals.In, o.Summary.Totals.Rejects)
		}
		sameTree(t, fmt.Sprintf("%d parts", n), tree(t, output), want)
	}
}

// TestMergeWantsAllShards: an unfinished run is not completed, and the error names what is missing.
func TestMergeWantsAllShards(t *testing.T) {
	input, output := t.TempDir(), t.TempDir()
	writeDay(t, input, daily{skus: 100, date: "2026-01-07"})
	d := datedRun(input, output, "2026-01-07")
	d.Slice = Slice{0, 2}
	_, err := RunDated(context.Background(), d)
	check(t, err)
	var said []string
	log := func(format string, args ...any) { said = append(said, fmt.Sprintf(format, args...)) }
	_, err = Merge(context.Background(), MergeOptions{Output: output, Wait: 30 * time.Millisecond, Log: log})
	if len(said) != 1 || !strings.HasPrefix(said[0], "waiting for 2 of 4 shards (2, 3), until ") {
		t.Errorf("said %q", said)
	}
	if err == nil || !strings.Contains(err.Error(), "2 of 4 shards (2, 3)") {
		t.Errorf("error %v", err)
	}
	if _, err := os.Stat(filepath.Join(d.folder(), successFile)); err == nil {
		t.Error("an unfinished run is marked as complete")
	}
}

// TestDamagedShardIsDoneAgain, and no other.
func TestDamagedShardIsDoneAgain(t *testing.T) {
	for _, shuffle := range []bool{false, true} {
		input, output := t.TempDir(), t.TempDir()
		writeDay(t, input, daily{skus: 100, date: "2026-01-07", shuffle: shuffle})
		d := datedRun(input, output, "2026-01-07")
		_, err := RunDated(context.Background(), d)
		check(t, err)
		want := tree(t, output)
		path := filepath.Join(d.folder(), recommendationsFolder, "part-00002.parquet")
		data, err := os.ReadFile(path)
		check(t, err)
		data[len(data)/2] ^= 1
		check(t, os.WriteFile(path, data, 0o644))
		if _, err := Merge(context.Background(), MergeOptions{Output: output}); err == nil || !strings.Contains(err.Error(), "part-00002.parquet is damaged") {
			t.Errorf("merge: error %v", err)
		}
		o, err := RunDated(context.Background(), d)
		check(t, err)
		if o.Done != 1 || o.Kept != o.Shards-1 {
			t.Errorf("%d done, %d kept", o.Done, o.Kept)
		}
		sameTree(t, "after repair", tree(t, output), want)
	}
}

// TestChangedInput: inputs, settings and seed that differ from those of the plan are errors that say so; a restart takes them.
func TestChangedInput(t *testing.T) {
	input, output := t.TempDir(), t.TempDir()
	writeDay(t, input, daily{skus: 100, date: "2026-01-07"})
	d := datedRun(input, output, "2026-01-07")
	d.Slice = Slice{0, 2}
	_, err := RunDated(context.Background(), d)
	check(t, err)
	fails := func(what, want string, d Dated) {
		t.Helper()
		if _, err := RunDated(context.Background(), d); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "--restart") {
			t.Errorf("%s: error %v", what, err)
		}
	}
	d.Slice = Slice{}
	other := d
	other.Seed = 2
	fails("seed", "seed (then 1, now 2)", other)
	other = d
	other.Overrides = map[string]string{"scenarios": "21", "eval_scenarios": "40"}
	fails("settings", "settings", other)

	path := filepath.Join(input, "date=2026-01-07", "forecast.parquet")
	data, err := os.ReadFile(path)
	check(t, err)
	info, err := os.Stat(path)
	check(t, err)
	data[100] ^= 1
	check(t, os.WriteFile(path, data, 0o644))
	check(t, os.Chtimes(path, info.ModTime(), info.ModTime())) // neither size nor time tells
	fails("input", "forecast.parquet has changed since the run was planned", d)

	writeDay(t, input, daily{skus: 120, date: "2026-01-07"})
	fails("rows", "has changed since the run was planned", d)
	d.Restart = true
	_, err = RunDated(context.Background(), d)
	check(t, err)
	sameTree(t, "restart", tree(t, output), undisturbed(t, input, "2026-01-07"))
}

// TestFilesAdded: another file in a table's folder is a change, too.
func TestFilesAdded(t *testing.T) {
	input, output := t.TempDir(), t.TempDir()
	writeDay(t, input, daily{skus: 60, date: "2026-01-07"})
	folder := filepath.Join(input, "date=2026-01-07")
	check(t, os.Mkdir(filepath.Join(folder, "articles"), 0o755))
	check(t, os.Rename(filepath.Join(folder, "articles.parquet"), filepath.Join(folder, "articles", "1.parquet")))
	d := datedRun(input, output, "2026-01-07")
	d.Slice = Slice{0, 2}
	_, err := RunDated(context.Background(), d)
	check(t, err)
	data, err := os.ReadFile(filepath.Join(folder, "articles", "1.parquet"))
	check(t, err)
	check(t, os.WriteFile(filepath.Join(folder, "articles", "2.parquet"), data, 0o644))
	d.Slice = Slice{1, 2}
	if _, err := RunDated(context.Background(), d); err == nil || !strings.Contains(err.Error(), "has changed since the run was planned") {
		t.Errorf("error %v", err)
	}
}

// TestStillCopied: files that are written, added or gone while the run is planned are found.
func TestStillCopied(t *testing.T) {
	input := t.TempDir()
	writeDay(t, input, daily{skus: 10, date: "2026-01-07"})
	d := datedRun(input, t.TempDir(), "2026-01-07")
	folder := filepath.Join(input, "date=2026-01-07")
	before, err := d.stamps()
	check(t, err)
	check(t, d.unchanged(before))
	limits := filepath.Join(folder, "limits.csv")
	check(t, os.WriteFile(limits, []byte("merchant_id,limit,at_most\n"), 0o644))
	if err := d.unchanged(before); err == nil || !strings.Contains(err.Error(), "limits.csv was written while the run was at work") {
		t.Errorf("added: error %v", err)
	}
	if before, err = d.stamps(); err != nil {
		t.Fatal(err)
	}
	check(t, os.WriteFile(limits, []byte("merchant_id,limit,at_most\nm0,money,5\n"), 0o644))
	if err := d.unchanged(before); err == nil {
		t.Error("grown: no error")
	}
	check(t, os.Remove(limits))
	if err := d.unchanged(before); err == nil {
		t.Error("gone: no error")
	}
}

// TestWrittenMeanwhile: shards that were read from files that somebody wrote to are not kept.
func TestWrittenMeanwhile(t *testing.T) {
	input, output := t.TempDir(), t.TempDir()
	writeDay(t, input, daily{skus: 100, date: "2026-01-07"})
	d := datedRun(input, output, "2026-01-07")
	d.Progress = func(done, _ int64) {
		if done > 60 {
			writeDay(t, input, daily{skus: 100, date: "2026-01-07"})
		}
	}
	o, err := RunDated(context.Background(), d)
	if err == nil || !strings.Contains(err.Error(), "was written while the run was at work") || o.Done != 2 {
		t.Fatalf("outcome %+v, error %v", o, err)
	}
	quietly(&d)
	if o, err = RunDated(context.Background(), d); err != nil || o.Kept != 2 {
		t.Fatalf("outcome %+v, error %v", o, err)
	}
	sameTree(t, "written meanwhile", tree(t, output), undisturbed(t, input, "2026-01-07"))
}

// TestOneRunAtATime: while one is at work others are turned away, and merge waits.
func TestOneRunAtATime(t *testing.T) {
	input, output := t.TempDir(), t.TempDir()
	writeDay(t, input, daily{skus: 60, date: "2026-01-07"})
	d := datedRun(input, output, "2026-01-07")
	var inside []error
	d.Progress = func(int64, int64) {
		if len(inside) > 0 {
			return
		}
		for _, slice := range []Slice{{}, {0, 2}} {
			other := datedRun(input, output, "2026-01-07")
			other.Slice = slice
			_, err := RunDated(context.Background(), other)
			inside = append(inside, err)
		}
	}
	_, err := RunDated(context.Background(), d)
	check(t, err)
	for _, err := range inside {
		if err == nil || !strings.Contains(err.Error(), "another run is at work") {
			t.Errorf("error %v", err)
		}
	}
	if len(inside) != 2 {
		t.Error("no progress was shown")
	}
}

// TestInterruptedDatedRun: what is finished stays, and the error is the context's.
func TestInterruptedDatedRun(t *testing.T) {
	input, output := t.TempDir(), t.TempDir()
	writeDay(t, input, daily{skus: 150, date: "2026-01-07"})
	d := datedRun(input, output, "2026-01-07")
	ctx, cancel := context.WithCancel(context.Background())
	d.Progress = func(done, total int64) {
		if total != 150 {
			t.Errorf("%d articles in total", total)
		}
		if done > 60 {
			cancel()
		}
	}
	o, err := RunDated(ctx, d)
	if !errors.Is(err, context.Canceled) || o == nil || o.Done < 2 || o.Done == o.Shards {
		t.Fatalf("outcome %+v, error %v", o, err)
	}
	quietly(&d)
	again, err := RunDated(context.Background(), d)
	check(t, err)
	if again.Kept != o.Done {
		t.Errorf("%d kept, %d were done", again.Kept, o.Done)
	}
	sameTree(t, "interrupted", tree(t, output), undisturbed(t, input, "2026-01-07"))
}

// TestSettingsOfAnotherName: settings that nobody would read stop the run, the date's and those of all dates.
func TestSettingsOfAnotherName(t *testing.T) {
	for _, folder := range []string{"", "date=2026-01-05"} {
		input := t.TempDir()
		writeDay(t, input, daily{skus: 3, date: "2026-01-05"})
		check(t, os.WriteFile(filepath.Join(input, folder, "restock.yml"), []byte("defaults:\n  holding_cost: 9\n"), 0o644))
		_, err := RunDated(context.Background(), datedRun(input, t.TempDir(), "2026-01-05"))
		if err == nil || !strings.Contains(err.Error(), filepath.Join(folder, "restock.yml")+" is not read; call it restock.yaml") {
			t.Errorf("%q: %v", folder, err)
		}
	}
}
