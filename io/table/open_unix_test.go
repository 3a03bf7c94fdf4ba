//go:build unix

package table

import (
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestPipesAreRefused: tables are read more than once, which would wait for ever on a pipe.
func TestPipesAreRefused(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "pipe.csv")
	if err := syscall.Mkfifo(path, 0o644); err != nil {
		t.Skip(err)
	}
	for _, name := range []string{"pipe.csv", "", "*.csv"} {
		done := make(chan error, 1)
		go func() {
			r, err := OpenArticles(filepath.Join(folder, name), nil)
			if err == nil {
				_, _, err = r.Next()
			}
			done <- err
		}()
		select {
		case err := <-done:
			if err == nil || !strings.Contains(err.Error(), "pipe.csv is no ordinary file") {
				t.Errorf("%q: %v", name, err)
			}
		case <-time.After(5 * time.Second):
			t.Fatalf("%q: hangs", name)
		}
	}
}
