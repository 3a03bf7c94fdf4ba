package table

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// fullDisk is a file on a disk that takes only so many bytes more.
type fullDisk struct {
	*os.File
	room int
}

func (d *fullDisk) Write(p []byte) (int, error) {
	if len(p) <= d.room {
		d.room -= len(p)
		return d.File.Write(p)
	}
	n, _ := d.File.Write(p[:d.room])
	d.room = 0
	return n, syscall.ENOSPC
}

// listing is the names of all files in a folder.
func listing(t *testing.T, folder string) []string {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// TestFullDisk: wherever the disk becomes full, the error says so, and what stood under the name before stands there still.
func TestFullDisk(t *testing.T) {
	columns := []outColumn{{"a", outText, false}, {"b", outFloats, false}}
	for _, format := range formats {
		for room := 0; ; room = room*2 + 1 {
			folder := t.TempDir()
			path := write(t, filepath.Join(folder, "t"+format), "before")
			out, err := newTarget(path, nil)
			if err != nil {
				t.Fatal(err)
			}
			out.out = &fullDisk{out.temp, room}
			w, err := startTable(out, columns, nil)
			for i := 0; i < 3000 && err == nil; i++ {
				w.row[0], w.row[1] = cell{text: strings.Repeat("x", i%50)}, cell{floats: []float32{float32(i), float32(i * i)}}
				if err = w.put(); err != nil {
					w.Abort()
				}
			}
			if err == nil {
				err = w.Commit()
			}
			if err == nil {
				break
			}
			if !errors.Is(err, syscall.ENOSPC) || !strings.HasPrefix(err.Error(), path+" can't be written: ") {
				t.Fatalf("%s with room for %d bytes: %v", format, room, err)
			}
			if names := listing(t, folder); !slices.Equal(names, []string{"t" + format}) || string(readFile(t, path)) != "before" {
				t.Fatalf("%s with room for %d bytes leaves %v", format, room, names)
			}
		}
	}
}

func TestPartialAndAbort(t *testing.T) {
	for _, format := range formats {
		folder := t.TempDir()
		path := filepath.Join(folder, "r"+format)
		w, err := CreateRejects(path, nil)
		if err != nil {
			t.Fatal(err)
		}
		w.Write(Reject{Reason: "why not"})
		kept, err := w.CommitPartial()
		if err != nil || kept != filepath.Join(folder, "r.partial"+format) || !slices.Equal(listing(t, folder), []string{"r.partial" + format}) {
			t.Errorf("%s: %s %v %v", format, kept, listing(t, folder), err)
		}
		w.Abort()
		if w, err = CreateRejects(path, nil); err != nil {
			t.Fatal(err)
		}
		w.Abort()
		if names := listing(t, folder); len(names) != 1 {
			t.Errorf("%s: %v", format, names)
		}
	}
}

func TestOutputErrors(t *testing.T) {
	folder := t.TempDir()
	os.Mkdir(filepath.Join(folder, "folder.csv"), 0o755)
	write(t, filepath.Join(folder, "file.csv"), "")
	for name, want := range map[string]string{
		"folder.csv":       "is a folder",
		"out.xlsx":         "known are .parquet, .csv, .csv.gz, .arrow, .arrows",
		"none/out.csv":     "create it first",
		"file.csv/out.csv": "can't be written",
	} {
		if _, err := CreateRejects(filepath.Join(folder, name), nil); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := CreateRejects("-", nil); err == nil {
		t.Error("stdout that is not there")
	}
}

// TestStdout is an Arrow IPC stream, which can be read from stdin.
func TestStdout(t *testing.T) {
	var stdout bytes.Buffer
	w, err := CreateArticles("-", &stdout)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(w.Write(&ArticleRow{Key: Key{"M", "1"}, OnHand: 3}), w.Commit()); err != nil {
		t.Fatal(err)
	}
	r, err := OpenArticles("-", &stdout)
	if err != nil {
		t.Fatal(err)
	}
	row, _, err := r.Next()
	if err != nil || row.Key != (Key{"M", "1"}) || row.OnHand != 3 || row.File != "stdin" {
		t.Error(row, err)
	}
	if _, _, err = r.Next(); !errors.Is(err, io.EOF) {
		t.Error(err)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
}
