package objects

import (
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestOpen: a folder is made; a file:// URL names one that is there, unless it is to be created. What is written lies there,
// and nothing beside it.
func TestOpen(t *testing.T) {
	dir := t.TempDir()
	for i, location := range []string{filepath.Join(dir, "folder"), "file://" + filepath.ToSlash(dir) + "/with%20space"} {
		b, err := Create(t.Context(), location)
		if err != nil {
			t.Fatal(err)
		}
		if err := b.WriteAll(t.Context(), "date=2026-01-07/x", []byte("text"), nil); err != nil {
			t.Fatal(err)
		}
		b.Close()
		if b, err = Open(t.Context(), location); err != nil {
			t.Fatal(err)
		}
		b.Close()
		folder := filepath.Join(dir, []string{"folder", "with space"}[i], "date=2026-01-07")
		entries, err := os.ReadDir(folder)
		if err != nil || len(entries) != 1 || entries[0].Name() != "x" {
			t.Errorf("%s has %v, %v", folder, entries, err)
		}
	}
}

// TestWrongLocations: every mistake is answered by what to write instead, with the URL that it is about.
func TestWrongLocations(t *testing.T) {
	for location, want := range map[string]string{
		"file:///nowhere/at/all": "no such file or directory",
		"file://data/in":         `"data" would be the name of a host; a folder is file:///path`,
		"s4://bucket/in":         "s4:// is no object store that restock knows; known are file, s3, gs, azblob",
		"s3://bucket/in":         "go build -tags cloud",
		"gs://bucket":            "go build -tags cloud",
		"azblob://container/x":   "go build -tags cloud",
		"://bucket":              "missing protocol scheme",
	} {
		if clouds && strings.Contains(want, "-tags cloud") {
			continue
		}
		_, err := Open(t.Context(), location)
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), location) {
			t.Errorf("%s: %v", location, err)
		}
	}
}

// TestCloudPath: the path is a prefix, which the drivers would pass over without a word.
func TestCloudPath(t *testing.T) {
	defer func(before bool) { clouds = before }(clouds)
	clouds = true
	for location, want := range map[string]string{
		"s3://b/a/in?region=eu-west-1": "s3://b?prefix=a%2Fin%2F&region=eu-west-1",
		"gs://b/in/?prefix=more/":      "gs://b?prefix=in%2Fmore%2F",
		"azblob://c":                   "azblob://c",
	} {
		u, err := url.Parse(location)
		if err != nil {
			t.Fatal(err)
		}
		if err := complete(u, false); err != nil || u.String() != want {
			t.Errorf("%s became %s, %v; want %s", location, u, err, want)
		}
	}
}
