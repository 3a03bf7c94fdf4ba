package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestDemoData: what demo-data prints, and that the command it names next runs without a reject.
func TestDemoData(t *testing.T) {
	dir := t.TempDir()
	out := filepath.Join(dir, "demo")
	code, stdout, stderr := restock(t, "demo-data", "--skus", "50", "--weeks-of-history", "20", "--out", out, "--quiet")
	if code != exitDone || stderr != "" {
		t.Fatalf("exit code %d, stderr %s", code, stderr)
	}
	golden(t, "demo_data.golden", dir, stdout)
	for line := range strings.Lines(stdout) {
		command, ok := strings.CutPrefix(line, "  restock ")
		if !ok {
			continue
		}
		args := append(strings.Fields(command), "--quiet")
		if args[0] == "optimize" {
			args = append(args, "--strict", "--scenarios", "100", "--eval-scenarios", "100")
		}
		code, stdout, stderr := restock(t, args...)
		if code != exitDone || stderr != "" {
			t.Errorf("restock %s: exit code %d, stderr %s", command, code, stderr)
		}
		if args[0] == "optimize" && !strings.Contains(stdout, "50 rows in = 50 recommendations + 0 rejects") {
			t.Errorf("optimize says\n%s", stdout)
		}
	}
}

func TestDemoDataHelp(t *testing.T) {
	_, stdout, _ := restock(t, "demo-data", "--help")
	golden(t, "demo_data_help.golden", t.TempDir(), stdout)
}

func TestDemoDataMistakes(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	write(t, file, "")
	own := filepath.Join(dir, "own")
	if err := os.Mkdir(own, 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(own, "articles.csv"), "mine")
	for _, c := range []struct {
		args []string
		code int
		say  string
	}{
		{[]string{}, exitUsage, "needs --out"},
		{[]string{"--out", dir, "--skus", "0"}, exitUsage, "at least 1, at most 99999999"},
		{[]string{"--out", dir, "--skus", "100000000"}, exitUsage, "at least 1, at most 99999999"},
		{[]string{"--out", dir, "--skus", "many"}, exitUsage, "must be a whole number"},
		{[]string{"--out", dir, "--weeks-of-history", "106"}, exitUsage, "at most 105"},
		{[]string{"--out", dir, "--weeks-of-history", "-1"}, exitUsage, "at most 105"},
		{[]string{"--out", dir, "--format", "arrow"}, exitUsage, "one of parquet, csv"},
		{[]string{"--out", dir, "--sku", "5"}, exitUsage, `did you mean "--skus"`},
		{[]string{"--out", dir, "demo"}, exitUsage, `unexpected argument "demo"`},
		{[]string{"--out", "-"}, exitUsage, "name a folder"},
		{[]string{"--out", filepath.Join(file, "below")}, exitFailed, "can't be made"},
		{[]string{"--out", own, "--format", "csv"}, exitFailed, "articles.csv is not from restock demo-data"},
	} {
		code, stdout, stderr := restock(t, append([]string{"demo-data", "--quiet"}, c.args...)...)
		if code != c.code || !strings.Contains(stderr, c.say) || stdout != "" {
			t.Errorf("%v: exit code %d, want %d; stderr %s\nwant %q in it", c.args, code, c.code, stderr, c.say)
		}
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 2 {
		t.Errorf("mistakes left files behind: %v", entries)
	}
}

func TestShellWord(t *testing.T) {
	for path, want := range map[string]string{
		"demo/articles.csv": "demo/articles.csv", "": "''", "my data/a.csv": "'my data/a.csv'",
		"it's": `'it'\''s'`, "$HOME": "'$HOME'", "größe": "größe",
	} {
		if got := shellWord(path); got != want {
			t.Errorf("%q becomes %s, want %s", path, got, want)
		}
	}
}
