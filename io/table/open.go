package table

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// endings are the file names' endings that are known, and how to open such files.
var endings = []struct {
	ending string
	open   func(path string) (file, error)
}{
	{".parquet", openParquet},
	{".csv", openCSV},
	{".csv.gz", openCSV},
	{".arrow", openArrow},
	{".arrows", openArrow},
}

func knownEndings() string {
	var list []string
	for _, e := range endings {
		list = append(list, e.ending)
	}
	return strings.Join(list, ", ")
}

// ending returns which of the known endings a path has, "" for none.
func ending(path string) string {
	for _, e := range endings {
		if strings.HasSuffix(strings.ToLower(path), e.ending) {
			return e.ending
		}
	}
	return ""
}

func hasKnownEnding(path string) bool { return ending(path) != "" }

// openFile opens a file by its name's ending.
func openFile(path string) (file, error) {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() { // a pipe would be waited on for ever the second time
		return nil, fmt.Errorf("%s is no ordinary file; tables are read more than once: save it as a file, or pipe an Arrow IPC stream into -", path)
	}
	for _, e := range endings {
		if e.ending == ending(path) {
			f, err := e.open(path)
			if err != nil {
				return nil, err
			}
			if name := twice(f.columns()); name != "" {
				return nil, errors.Join(fmt.Errorf("%s has the column %q twice", path, name), f.close())
			}
			return f, nil
		}
	}
	return nil, fmt.Errorf("%s: the name's ending is not known; known are %s", path, knownEndings())
}

// twice returns a column's name that another one has, too; "" if there is none.
func twice(columns []fileColumn) string {
	seen := map[string]bool{}
	for _, c := range columns {
		if seen[c.name] && c.name != "" {
			return c.name
		}
		seen[c.name] = true
	}
	return ""
}

// fileSet is the files of one table, in the order in which they are read.
type fileSet struct {
	paths   []string
	spooled string   // temporary copy of stdin, "" if none
	base    string   // folder that is left out of names in messages, "" for none
	windows []Window // [path] the rows to read; nil: all
	doubts  []string // what is doubtful about the columns
}

// knowing makes a bind function note columns whose names may be slips of the pen: nothing else tells of them, as files may have
// columns of their own.
func (s *fileSet) knowing(columns []tableColumn, bind func(file, string) ([]want, []int, error)) func(file, string) ([]want, []int, error) {
	return func(f file, name string) ([]want, []int, error) {
		for _, d := range misspelt(f.columns(), columns) {
			if !slices.ContainsFunc(s.doubts, func(known string) bool { return strings.HasSuffix(known, d) }) {
				s.doubts = append(s.doubts, name+": "+d)
			}
		}
		return bind(f, name)
	}
}

// name returns what a file is called in messages.
func (s *fileSet) name(path string) string {
	if path == s.spooled {
		return "stdin"
	}
	if s.base != "" {
		return filepath.ToSlash(strings.TrimPrefix(path, s.base+string(filepath.Separator)))
	}
	return path
}

// open opens one of the files.
func (s *fileSet) open(path string) (file, error) {
	f, err := openFile(path)
	return f, s.blame(err)
}

// blame makes an error name stdin where it names its temporary copy.
func (s *fileSet) blame(err error) error {
	if err == nil || s.spooled == "" {
		return err
	}
	return &stdinError{err, s.spooled}
}

type stdinError struct {
	error
	spooled string
}

func (e *stdinError) Error() string { return strings.ReplaceAll(e.error.Error(), e.spooled, "stdin") }

func (e *stdinError) Unwrap() error { return e.error }

func (s *fileSet) close() error {
	if s.spooled == "" {
		return nil
	}
	return os.Remove(s.spooled)
}

// openFiles finds the files of a table: one file, all known ones in a folder and the folders in it, a glob, or - for an Arrow IPC
// stream, which is copied to a temporary file because tables are read more than once. Names that begin with . or _ are left out
// of folders, and of globs that do not ask for them.
func openFiles(path string, stdin io.Reader, tempDir string) (*fileSet, error) {
	if path == "-" {
		return spool(stdin, tempDir)
	}
	if path == "" {
		return nil, fmt.Errorf("no file is named")
	}
	info, err := os.Stat(path)
	switch {
	case err == nil && info.IsDir():
		return folder(path)
	case err == nil:
		if !hasKnownEnding(path) {
			return nil, fmt.Errorf("%s: the name's ending is not known; known are %s", path, knownEndings())
		}
		return &fileSet{paths: []string{path}}, nil
	case !errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("%s can't be read: %w", path, err)
	}
	matches, globErr := filepath.Glob(path)
	if globErr != nil {
		return nil, fmt.Errorf("%s is no valid pattern: %w", path, globErr)
	}
	var paths []string
	for _, m := range matches {
		if leftOut(filepath.Base(m)) && !leftOut(filepath.Base(path)) {
			continue
		}
		if info, err := os.Stat(m); err == nil && info.IsDir() {
			inside, err := tablesIn(m)
			if err != nil {
				return nil, err
			}
			paths = append(paths, inside...)
		} else if hasKnownEnding(m) {
			paths = append(paths, m)
		}
	}
	if len(paths) == 0 {
		if strings.ContainsAny(path, "*?[") {
			return nil, fmt.Errorf("no table matches %s", path)
		}
		return nil, fmt.Errorf("%s is not there", path)
	}
	slices.Sort(paths)
	return &fileSet{paths: paths}, nil
}

func folder(root string) (*fileSet, error) {
	paths, err := tablesIn(root)
	if err != nil {
		return nil, err
	}
	if len(paths) == 0 {
		return nil, fmt.Errorf("folder %s has no tables (%s)", root, knownEndings())
	}
	slices.Sort(paths)
	return &fileSet{paths: paths}, nil
}

// leftOut tells whether a name is one of those that writers give to what is not or not yet part of the table.
func leftOut(name string) bool { return strings.ContainsRune("._", rune(name[0])) }

// tablesIn returns the files with known endings in a folder and the folders in it.
func tablesIn(folder string) (paths []string, err error) {
	root := folder + string(filepath.Separator) // makes a walk follow a link to a folder
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case path != root && leftOut(d.Name()):
			if d.IsDir() {
				return fs.SkipDir
			}
		case !d.IsDir() && hasKnownEnding(path):
			paths = append(paths, path)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("folder %s can't be read: %w", folder, err)
	}
	return paths, nil
}

// spool copies stdin to a temporary file.
func spool(stdin io.Reader, tempDir string) (*fileSet, error) {
	if stdin == nil {
		return nil, fmt.Errorf("stdin can't be read here")
	}
	f, err := os.CreateTemp(tempDir, "restock-*.arrows")
	if err != nil {
		return nil, fmt.Errorf("no room for a copy of stdin: %w; TMPDIR names another folder", err)
	}
	_, err = io.Copy(f, stdin)
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, errors.Join(fmt.Errorf("copying stdin to %s: %w", f.Name(), err), os.Remove(f.Name()))
	}
	return &fileSet{paths: []string{f.Name()}, spooled: f.Name()}, nil
}
