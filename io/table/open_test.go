package table

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// found is the files of a table by their names within a folder, or the error.
func found(folder, path string) string {
	set, err := openFiles(path, nil, "")
	if err != nil {
		return strings.ReplaceAll(err.Error(), folder+"/", "")
	}
	var names []string
	for _, p := range set.paths {
		names = append(names, strings.TrimPrefix(p, folder+"/"))
	}
	return strings.Join(names, " ")
}

// TestFolders: folders by name, by links and by globs; links within a folder that lead to folders are not followed, so that none
// can lead in circles.
func TestFolders(t *testing.T) {
	folder := t.TempDir()
	at := func(name string) string { return filepath.Join(folder, name) }
	for _, name := range []string{"data/day=1/b.csv", "data/day=1/a.csv", "data/day=2/_temporary/c.csv", "data/day=2/d.parquet", "data/notes.txt",
		"spark.parquet/part-0.parquet", "spark.parquet/_SUCCESS"} {
		if err := os.MkdirAll(filepath.Dir(at(name)), 0o755); err != nil {
			t.Fatal(err)
		}
		write(t, at(name), "")
	}
	for link, to := range map[string]string{"latest": "data", "data/circle": "../data", "data/linked.csv": "day=1/a.csv", "one.csv": "data/day=1/a.csv"} {
		if err := os.Symlink(to, at(link)); err != nil {
			t.Skip(err)
		}
	}
	for path, want := range map[string]string{
		"data":            "data/day=1/a.csv data/day=1/b.csv data/day=2/d.parquet data/linked.csv",
		"data/":           "data/day=1/a.csv data/day=1/b.csv data/day=2/d.parquet data/linked.csv",
		"latest":          "latest/day=1/a.csv latest/day=1/b.csv latest/day=2/d.parquet latest/linked.csv",
		"one.csv":         "one.csv",
		"data/day=1/*":    "data/day=1/a.csv data/day=1/b.csv",
		"data/day=*":      "data/day=1/a.csv data/day=1/b.csv data/day=2/d.parquet",
		"*.parquet":       "spark.parquet/part-0.parquet",
		"spark.parquet":   "spark.parquet/part-0.parquet",
		"data/n*":         "no table matches data/n*",
		"data/day=3":      "data/day=3 is not there",
		"data/day=2/*":    "data/day=2/d.parquet",
		"data/day=2/_*":   "data/day=2/_temporary/c.csv",
		"data/notes.txt":  "data/notes.txt: the name's ending is not known; known are .parquet, .csv, .csv.gz, .arrow, .arrows",
		"data/day=1/[a-]": "data/day=1/[a-] is no valid pattern: syntax error in pattern",
	} {
		if got := found(folder, folder+"/"+path); got != want {
			t.Errorf("%s:\n got %s\nwant %s", path, got, want)
		}
	}
}

// TestStdinByName: what is wrong with stdin is not blamed on its temporary copy.
func TestStdinByName(t *testing.T) {
	for _, text := range []string{"", "merchant_id,article_id\n"} {
		r, err := OpenArticles("-", strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err = r.Next(); err == nil || !strings.HasPrefix(err.Error(), "stdin is not an Arrow IPC file or stream") {
			t.Error(err)
		}
		r.Close()
	}
}

// TestColumnsTwice: which of two columns with one name counts is not for the reader to say.
func TestColumnsTwice(t *testing.T) {
	twice := []outColumn{{"merchant_id", outText, false}, {"price", outFloat, false}, {"price", outFloat, false}}
	for _, format := range []string{".csv", ".csv.gz", ".arrow", ".arrows"} {
		path := build(t, filepath.Join(t.TempDir(), "a"+format), nil, twice)
		r, err := OpenArticles(path, nil)
		if err == nil {
			_, _, err = r.Next()
		}
		if want := path + ` has the column "price" twice`; err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

// TestManyColumns: an error's list of the columns that are there stays readable.
func TestManyColumns(t *testing.T) {
	path := write(t, "a.csv", strings.Repeat("x", 1<<20)+strings.Repeat(",", 9999)+"\n")
	r, err := OpenArticles(path, nil)
	if err == nil {
		_, _, err = r.Next()
	}
	if err == nil || len(err.Error()) > 2000 || !strings.HasSuffix(err.Error(), ", and 9900 more") {
		t.Errorf("%.3000v", err)
	}
}
