package batch

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/restock-engine/restock/internal/durable"
	"github.com/restock-engine/restock/internal/parallel"
)

// writeAtomic writes a file in full or not at all.
func writeAtomic(path string, data []byte) error { return durable.WriteFile(path, data, 0o644) }

// writeJSON writes a value so that equal values are equal bytes.
func writeJSON(path string, v any) error {
	data, err := toJSON(v)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return writeAtomic(path, data)
}

func toJSON(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	err := e.Encode(v)
	return b.Bytes(), err
}

// readJSON reads what writeJSON has written; anything that does not belong there is an error.
func readJSON(path string, v any) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return fmt.Errorf("%s is damaged or of another version of restock: %w", path, err)
	}
	return nil
}

// hashFile returns a file's SHA-256 in hexadecimal and its size, and writes it to others.
func hashFile(path string, others ...io.Writer) (sum string, size int64, err error) {
	f, err := os.Open(path)
	if err != nil {
		return "", 0, fmt.Errorf("%s can't be read: %w", path, err)
	}
	defer f.Close()
	h := sha256.New()
	if size, err = io.CopyBuffer(io.MultiWriter(append(others, h)...), f, make([]byte, 1<<20)); err != nil {
		return "", 0, fmt.Errorf("%s can't be read: %w", path, err)
	}
	return hex.EncodeToString(h.Sum(nil)), size, nil
}

// hexSHA256 returns the SHA-256 of data as hashFile does.
func hexSHA256(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// fileHash is what hashFile says of a file.
type fileHash struct {
	path, sum string
	size      int64
	err       error
}

// hashFiles hashes files on several workers and hands the results out in order.
func hashFiles(ctx context.Context, paths []string, workers int, emit func(i int, h fileHash) error) error {
	next, done := 0, 0
	read := func() (string, error) {
		if next == len(paths) {
			return "", io.EOF
		}
		next++
		return paths[next-1], nil
	}
	hash := func(_ int, path string) fileHash {
		sum, size, err := hashFile(path)
		return fileHash{path, sum, size, err}
	}
	return parallel.Ordered(ctx, parallel.Workers(workers), read, hash, func(h fileHash) error {
		if h.err != nil {
			return h.err
		}
		done++
		return emit(done-1, h)
	})
}

// sweep removes temporary files and folders that a killed run has left in a folder: those whose name begins with one of the prefixes.
func sweep(folder string, prefixes ...string) error {
	entries, err := os.ReadDir(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("folder %s: %w", folder, err)
	}
	var errs []error
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".tmp") {
			continue
		}
		for _, p := range prefixes {
			if strings.HasPrefix(e.Name(), p) {
				errs = append(errs, os.RemoveAll(filepath.Join(folder, e.Name())))
				break
			}
		}
	}
	return errors.Join(errs...)
}
