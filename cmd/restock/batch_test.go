package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// datedTables writes the small assortment as the input of 2026-01-07 and returns the flags of a run over it.
func datedTables(t *testing.T) (dir string, flags []string) {
	t.Helper()
	dir, _ = tables(t)
	day := filepath.Join(dir, "in", "date=2026-01-07")
	if err := os.MkdirAll(day, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"articles.csv", "forecast.csv"} {
		if err := os.Rename(filepath.Join(dir, name), filepath.Join(day, name)); err != nil {
			t.Fatal(err)
		}
	}
	return dir, []string{"--input", filepath.Join(dir, "in"), "--output", filepath.Join(dir, "out"),
		"--date", "2026-01-07", "--quiet", "--scenarios", "50", "--eval-scenarios", "100", "--max-rejects", "0.5"}
}

// TestBatchRun: the whole way in one process, in parts, and again, with the same figures.
func TestBatchRun(t *testing.T) {
	dir, flags := datedTables(t)
	run := slices.Clip(append([]string{"batch", "run"}, flags...))
	code, whole, stderr := restock(t, append(run, "--format", "json")...)
	if code != exitDone {
		t.Fatalf("code %d: %s", code, stderr)
	}
	var s struct {
		Totals struct {
			In              int `json:"rows_in"`
			Recommendations int `json:"recommendations"`
			Rejects         int `json:"rejects"`
		} `json:"totals"`
	}
	err := json.Unmarshal([]byte(whole), &s)
	if err != nil || s.Totals.In != 5 || s.Totals.Recommendations != 4 || s.Totals.Rejects != 1 {
		t.Errorf("summary %+v, error %v", s, err)
	}
	page, err := os.ReadFile(filepath.Join(dir, "out", "date=2026-01-07", "report.html"))
	if err != nil || !strings.Contains(string(page), "<h1>2026-01-07</h1>") {
		t.Errorf("report of %d bytes, error %v", len(page), err)
	}
	if code, again, _ := restock(t, append(run, "--format", "json")...); code != exitDone || again != whole {
		t.Errorf("again: code %d, summary %s", code, again)
	}

	parts := filepath.Join(dir, "parts")
	for _, part := range []string{"1/2", "0/2"} {
		flags := append([]string{"batch", "run", "--shard", part}, flags[:len(flags)-2]...)
		code, stdout, stderr := restock(t, append(flags, "--output", parts)...)
		if code != exitDone || !strings.Contains(stdout, "restock batch merge") {
			t.Errorf("part %s: code %d, %s%s", part, code, stdout, stderr)
		}
	}
	code, merged, stderr := restock(t, "batch", "merge", "--output", parts, "--max-rejects", "0.5", "--quiet",
		"--format", "json")
	if code != exitDone || merged != whole {
		t.Errorf("merge: code %d, %s, summary %s", code, stderr, merged)
	}
}

// TestBatchExitCodes: rejects and failed checks have codes of their own, and the result is there all the same.
func TestBatchExitCodes(t *testing.T) {
	_, flags := datedTables(t)
	run := slices.Clip(append([]string{"batch", "run"}, flags...))
	for _, c := range []struct {
		more []string
		code int
		want string
	}{
		{[]string{"--strict"}, exitRejects, "1 of 5 rows were rejected"},
		{[]string{"--max-rejects", "0.1"}, exitRejects, "more than the 10 %"},
		{[]string{"--check", "served_share>=0.9999"}, exitChecks, "checks failed: served_share>=0.9999 (it is "},
	} {
		code, stdout, stderr := restock(t, append(run, c.more...)...)
		if code != c.code || !strings.Contains(stderr, c.want) ||
			!strings.Contains(stdout, "5 rows in = 4 recommendations + 1 rejects") {
			t.Errorf("%v: code %d, %s%s", c.more, code, stdout, stderr)
		}
	}
}

// TestBatchMistakes: what a newcomer gets wrong is answered by what is there and what to do, and nothing is written.
func TestBatchMistakes(t *testing.T) {
	dir, flags := datedTables(t)
	in, out, stage := filepath.Join(dir, "in"), filepath.Join(dir, "out"), filepath.Join(dir, "stage")
	run := slices.Clip(append([]string{"batch", "run"}, flags...))
	merge := slices.Clip([]string{"batch", "merge", "--output", out})
	for _, c := range []struct {
		args []string
		code int
		want string
	}{
		{append(run, "--date", "7.1.2026"), exitUsage, `flag --date: "7.1.2026" is not a date like 2026-01-31`},
		{append(run, "--date", "tomorrow"), exitFailed, "has no folder date=" + time.Now().AddDate(0, 0, 1).Format("2006-01")},
		{append(run, "--date", "2026-01-08"), exitFailed, "has no folder date=2026-01-08, it has date=2026-01-07"},
		{append(run, "--input", filepath.Join(in, "date=2026-01-07")), exitFailed,
			"is dated itself; name the folder that it is in, " + in},
		{append(run, "--input", dir), exitFailed, "has no folder date=2026-01-07, nor any other date"},
		{append(run, "--input", "nowhere"), exitFailed,
			"there is no input folder nowhere; it is the one that has a folder date=2026-01-07"},
		{append(run, "--input", "s3://bucket/in", "--stage", stage), exitFailed,
			"input: s3://bucket/in: this restock was built without cloud stores; build it with 'go build -tags cloud"},
		{append(run, "--output", "gs://bucket/out", "--stage", stage), exitFailed, "output: gs://bucket/out: this restock was built without"},
		{append(run, "--input", "file://in", "--stage", stage), exitFailed, "a folder is file:///path, with three slashes"},
		{append(run, "--input", "file:///nowhere", "--stage", stage), exitFailed, "input: file:///nowhere: "},
		{append(run, "--output", in), exitFailed, "input and output are the same folder"},
		{append(run, "--previous", "nowhere"), exitFailed, "there is no folder nowhere of a previous run"},
		{append(run, "--previous", in), exitFailed, "is no run but a folder of runs; name one, as " + in},
		{append(run, "--previous", filepath.Join(in, "date=2026-01-07")), exitFailed, "is no complete run: it has no _SUCCESS"},
		{append(run, "--shard", "2/2"), exitUsage, "of N parts, at most 1000000, 0 to N-1"},
		{append(run, "--shard", "0/2"), exitUsage, "--max-rejects is about the whole run"},
		{append(run, "--check", "served>0.9"), exitUsage, "is not a check like reject_share<=0.05"},
		{merge, exitFailed, "no such file or directory"},
		{append(merge, "--date", "2026-01-07"), exitFailed, "no such file or directory"},
	} {
		code, _, stderr := restock(t, c.args...)
		if code != c.code || !strings.Contains(stderr, c.want) {
			t.Errorf("%v: code %d, %s", c.args, code, stderr)
		}
	}
	if _, err := os.Stat(out); err == nil {
		t.Error("a run that could not begin has made its output folder")
	}
}

// TestBatchInputChanges: a finished run is not passed off as one of tables that have come since.
func TestBatchInputChanges(t *testing.T) {
	dir, flags := datedTables(t)
	run := slices.Clip(append([]string{"batch", "run"}, flags...))
	if code, _, stderr := restock(t, run...); code != exitDone {
		t.Fatalf("code %d: %s", code, stderr)
	}
	day := filepath.Join(dir, "in", "date=2026-01-07")
	write(t, filepath.Join(day, "limits.csv"), "merchant_id,limit,at_most\nnorth,money,50\nnoth,units,3\n")
	code, _, stderr := restock(t, run...)
	if code != exitFailed || !strings.Contains(stderr, "the table limits in "+day+" has changed") {
		t.Errorf("limits: code %d, %s", code, stderr)
	}
	code, stdout, stderr := restock(t, append(run, "--restart")...)
	if code != exitDone || !strings.Contains(stdout, "limit of north, money") ||
		!strings.Contains(stderr, "limits for merchant noth, but no article is theirs") {
		t.Errorf("restart: code %d, %s%s", code, stdout, stderr)
	}
	data, err := os.ReadFile(filepath.Join(day, "articles.csv"))
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(day, "articles.csv"), strings.Replace(string(data), "north,fast,10", "north,fast,11", 1))
	code, _, stderr = restock(t, run...)
	if code != exitFailed || !strings.Contains(stderr, "articles.csv has changed since the run was planned") {
		t.Errorf("articles: code %d, %s", code, stderr)
	}
}

// FuzzShardFlag: what is taken is a part, and printed in a form that is taken for the same.
func FuzzShardFlag(f *testing.F) {
	for _, text := range []string{"0/4", "3/4", "4/4", "-1/4", "1", "+1/2", "0/9223372036854775807", "1/2/3", ""} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var s, again slice
		if s.Set(text) != nil {
			return
		}
		if s.Index < 0 || s.Index >= s.Count {
			t.Errorf("%q is part %d of %d", text, s.Index, s.Count)
		}
		if err := again.Set(s.String()); err != nil || again != s {
			t.Errorf("%q is %s, read again %s, %v", text, &s, &again, err)
		}
	})
}
