package table

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// target is where a table is written: a temporary file beside the one it will replace, or stdout.
type target struct {
	path string
	out  io.Writer
	temp *os.File // nil for stdout
}

// newTarget makes sure, before any work is done, that the path can be written.
func newTarget(path string, stdout io.Writer) (*target, error) {
	if path == "-" {
		if stdout == nil {
			return nil, fmt.Errorf("stdout can't be written here")
		}
		return &target{path: "stdout", out: stdout}, nil
	}
	if err := CheckOutput(path); err != nil {
		return nil, err
	}
	temp, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*.tmp")
	if err != nil {
		return nil, fmt.Errorf("%s can't be written: %w", path, err)
	}
	if err := temp.Chmod(0o644); err != nil {
		return nil, errors.Join(fmt.Errorf("%s can't be written: %w", path, err), temp.Close(), os.Remove(temp.Name()))
	}
	return &target{path: path, out: temp, temp: temp}, nil
}

// CheckOutput tells early what speaks against writing a table to the path: a folder, an ending that names no format, a folder
// that is not there.
func CheckOutput(path string) error {
	if path == "-" {
		return nil
	}
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return fmt.Errorf("%s is a folder; name a file to write", path)
	}
	if !hasKnownEnding(path) {
		return fmt.Errorf("%s: the name's ending says which format to write, and is not known; known are %s", path, knownEndings())
	}
	if info, err := os.Stat(filepath.Dir(path)); err != nil || !info.IsDir() {
		return fmt.Errorf("%s can't be written: folder %s is not there; create it first", path, filepath.Dir(path))
	}
	return nil
}

// Write implements io.Writer.
func (t *target) Write(p []byte) (int, error) { return t.out.Write(p) }

// commit makes the file durable and gives it its name.
func (t *target) commit(name string) error {
	if t.temp == nil {
		return nil
	}
	err := t.temp.Sync()
	err = errors.Join(err, t.temp.Close())
	if err == nil {
		err = os.Rename(t.temp.Name(), name)
	}
	if err != nil {
		os.Remove(t.temp.Name())
		t.temp = nil
		return fmt.Errorf("%s can't be written: %w", name, err)
	}
	t.temp = nil
	return nil
}

// Abort leaves nothing behind. It does nothing after a commit.
func (t *target) Abort() {
	if t.temp != nil {
		t.temp.Close()
		os.Remove(t.temp.Name())
		t.temp = nil
	}
}
