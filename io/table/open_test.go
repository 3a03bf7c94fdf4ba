package table

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestOpenFiles: folders, links to folders, patterns, and what is left out.
func TestOpenFiles(t *testing.T) {
	root := t.TempDir()
	for _, name := range []string{"data/b.csv", "data/merchant=1/a.parquet", "data/_SUCCESS", "data/.b.csv.crc", "data/_old/c.csv", "data/c.csv.tmp",
		"spark.parquet/part-1.parquet", "spark.parquet/part-0.parquet", "spark.parquet/_metadata.parquet", "empty/read.me", "top.csv.gz"} {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("data", filepath.Join(root, "latest")); err != nil {
		t.Skip(err)
	}
	for _, c := range []struct{ path, want string }{
		{"data", "data/b.csv data/merchant=1/a.parquet"},
		{"latest", "latest/b.csv latest/merchant=1/a.parquet"},
		{"data/merchant=*", "data/merchant=1/a.parquet"},
		{"*.parquet", "spark.parquet/part-0.parquet spark.parquet/part-1.parquet"},
		{"top*", "top.csv.gz"},
		{"top.csv.gz", "top.csv.gz"},
		{"empty", "error: has no tables (.parquet, .csv, .csv.gz, .arrow, .arrows)"},
		{"empty*", "error: no table matches"},
		{"nothing", "error: is not there"},
		{"[", "error: is no valid pattern"},
		{"data/c.csv.tmp", "error: ending is not known; known are .parquet"},
	} {
		set, err := openFiles(filepath.Join(root, c.path), nil, "")
		if message, bad := strings.CutPrefix(c.want, "error: "); bad {
			if err == nil || !strings.Contains(err.Error(), message) || !strings.Contains(err.Error(), c.path) {
				t.Errorf("%s: %v", c.path, err)
			}
			continue
		}
		if err != nil {
			t.Error(err)
			continue
		}
		var want []string
		for _, name := range strings.Fields(c.want) {
			want = append(want, filepath.Join(root, name))
		}
		if !slices.Equal(set.paths, want) {
			t.Errorf("%s: %v, want %v", c.path, set.paths, want)
		}
	}
}
