package batch

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/restock-engine/restock/io/settings"
	"github.com/restock-engine/restock/io/table"
)

func (d *Dated) folder() string { return filepath.Join(d.Output, dated(d.Date)) }

func (d *Dated) inputFolder() string { return filepath.Join(d.Input, dated(d.Date)) }

// checkFolders makes sure, before anything is written, that the folders can be those of a run.
func (d *Dated) checkFolders() error {
	if err := d.After.check(); err != nil {
		return err
	}
	return d.checkInput()
}

// checkInput makes sure that there is something to read, and that it is not where the result is to be.
func (d *Dated) checkInput() error {
	in, err := os.Stat(d.inputFolder())
	if out, outErr := os.Stat(d.folder()); err == nil && outErr == nil && os.SameFile(in, out) {
		return fmt.Errorf("input and output are the same folder %s; give the output one of its own", d.folder())
	}
	for _, name := range []string{"articles", "forecast"} {
		if _, err := d.find(name); err != nil {
			return err
		}
	}
	return nil
}

// kindError is an error in words of its own; to errors.Is it is of a kind.
type kindError struct {
	kind error
	text string
}

// missingf says what is missing and what there is; to errors.Is it is fs.ErrNotExist.
func missingf(format string, args ...any) error {
	return &kindError{fs.ErrNotExist, fmt.Sprintf(format, args...)}
}

func (e *kindError) Error() string { return e.text }

func (e *kindError) Is(target error) bool { return target == e.kind }

// missingInput says what there is in place of a dated folder.
func (d *Dated) missingInput(err error) error {
	if !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("input: %w", err)
	}
	name := dated(d.Date)
	if _, err := os.Stat(d.Input); err != nil {
		return missingf("there is no input folder %s; it is the one that has a folder %s with articles.parquet and forecast.parquet",
			d.Input, name)
	}
	if base := filepath.Base(filepath.Clean(d.Input)); strings.HasPrefix(base, "date=") {
		return missingf("the input folder %s is dated itself; name the folder that it is in, %s",
			d.Input, filepath.Dir(filepath.Clean(d.Input)))
	}
	days, err := Days(d.Input)
	if err != nil {
		return err
	}
	return missingf("the input folder %s has no folder %s, %s", d.Input, name, listDays(days))
}

// listDays says which dated folders there are.
func listDays(days []time.Time) string {
	if len(days) == 0 {
		return "nor any other date"
	}
	var names []string
	for _, day := range days[:min(len(days), 3)] {
		names = append(names, dated(day))
	}
	text := "it has " + strings.Join(names, ", ")
	if n := len(days) - len(names); n > 0 {
		text += " and " + plural(int64(n), "earlier one", "earlier ones")
	}
	return text
}

// find returns the name of a table's file or folder in the dated input folder.
func (d *Dated) find(name string) (string, error) {
	list, err := os.ReadDir(d.inputFolder())
	if err != nil {
		return "", d.missingInput(err)
	}
	var entries []entry
	for _, e := range list {
		entries = append(entries, entry{e.Name(), e.IsDir()})
	}
	return findTable(d.inputFolder(), d.inputFolder(), entries, name)
}

// entry is a file or folder in a dated input folder.
type entry struct {
	name     string
	isFolder bool
}

// findTable returns the name of a table's file or folder among the entries of a place; the folder is any that is there.
func findTable(place, folder string, entries []entry, name string) (string, error) {
	var found, others []string
	for _, e := range entries {
		stem, _, _ := strings.Cut(e.name, ".")
		if stem == name && (e.isFolder || table.CheckOutput(filepath.Join(folder, e.name)) == nil) {
			found = append(found, e.name)
		} else {
			others = append(others, e.name)
		}
	}
	switch len(found) {
	case 0:
		if n := len(others); n > 6 {
			others = append(others[:6], "…")
		}
		has := "it is empty"
		if others != nil {
			has = "it has " + strings.Join(others, ", ")
		}
		return "", missingf("%s has no table %s, that is a file like %s.parquet or %s.csv or a folder %s of such files; %s",
			place, name, name, name, name, has)
	case 1:
		return found[0], nil
	}
	return "", fmt.Errorf("%s has several %s tables: %s; leave one", place, name, strings.Join(found, ", "))
}

// settingsName is the settings file of the run, "" for none.
func (d *Dated) settingsName() string {
	if d.Config != "" {
		return d.Config
	}
	for _, folder := range []string{d.inputFolder(), d.Input} {
		name := filepath.Join(folder, settings.DefaultFile)
		if _, err := os.Stat(name); err == nil {
			return name
		}
	}
	return ""
}

func (d *Dated) settingsText() (string, error) {
	if d.Config == "" {
		if err := errors.Join(settings.CheckName(d.inputFolder()), settings.CheckName(d.Input)); err != nil {
			return "", err
		}
	}
	name := d.settingsName()
	if name == "" {
		return "", nil
	}
	data, err := os.ReadFile(name)
	if err != nil {
		return "", fmt.Errorf("settings: %w", err)
	}
	return string(data), nil
}

// check compares the manifest with what the run was asked for now.
func (d *Dated) check(m *Manifest) error {
	text, err := d.settingsText()
	if err != nil {
		return err
	}
	set, err := parseSettings(d.settingsName(), text, d.Overrides)
	if err != nil {
		return err
	}
	var differs []string
	for _, c := range []struct {
		what      string
		then, now any
	}{
		{"date", m.Date, d.Date.Format(time.DateOnly)}, {"engine version", m.EngineVersion, d.EngineVersion},
		{"seed", m.Seed, d.Seed}, {"partners' settings (--partners)", m.Partners != nil, d.Partners != nil},
		{"separator", m.Read.Separator, d.Forecast.Separator}, {"model", m.Read.Model, d.Forecast.Model},
		{"shard size", m.ShardSize, d.shardSize()}, {"settings", m.Settings.Hash[:12] + "…", set.Hash()[:12] + "…"},
	} {
		if c.then != c.now {
			differs = append(differs, fmt.Sprintf("%s (then %v, now %v)", c.what, c.then, c.now))
		}
	}
	if differs != nil {
		return fmt.Errorf("%s holds a run that differs in %s; run with the same to go on, or begin anew with --restart",
			d.folder(), strings.Join(differs, ", "))
	}
	return nil
}

// inputTables are all tables that a run may read.
var inputTables = []string{"articles", "forecast", limitsTable, volumesTable}

// tableFiles lists the files of a table, relative to the dated folder; none for limits and volumes that are not there.
func (d *Dated) tableFiles(name string) ([]string, error) {
	found, err := d.find(name)
	if errors.Is(err, fs.ErrNotExist) && (name == limitsTable || name == volumesTable) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return table.Files(d.inputFolder(), found)
}

// stamp is what changes when a file is written.
type stamp struct {
	size     int64
	modified time.Time
}

// stamps returns those of all input files.
func (d *Dated) stamps() (map[string]stamp, error) {
	list := map[string]stamp{}
	for _, name := range inputTables {
		files, err := d.tableFiles(name)
		if err != nil {
			return nil, err
		}
		for _, f := range files {
			info, err := os.Stat(filepath.Join(d.inputFolder(), filepath.FromSlash(f)))
			if err != nil {
				return nil, fmt.Errorf("input: %w", err)
			}
			list[f] = stamp{info.Size(), info.ModTime()}
		}
	}
	return list, nil
}

// unchanged makes sure that nobody writes to the input while the run is at work: rows that come between the division into shards and
// the hash of their file, or after it, would be lost or mixed with others without a word.
func (d *Dated) unchanged(before map[string]stamp) error {
	now, err := d.stamps()
	if err != nil {
		return err
	}
	for _, f := range slices.Sorted(maps.Keys(now)) {
		if now[f] != before[f] {
			return d.stillCopied(f)
		}
	}
	for _, f := range slices.Sorted(maps.Keys(before)) {
		if _, ok := now[f]; !ok {
			return d.stillCopied(f)
		}
	}
	return nil
}

func (d *Dated) stillCopied(file string) error {
	return fmt.Errorf("%s was written while the run was at work; run again when the copy is complete", filepath.Join(d.inputFolder(), file))
}

// checkFiles makes sure that the tables have the files that they had when the run was planned.
func (d *Dated) checkFiles(m *Manifest) error {
	for _, name := range inputTables {
		now, err := d.tableFiles(name)
		if err != nil {
			return err
		}
		var then []string
		for _, in := range m.Inputs {
			if in.Table == name {
				then = append(then, in.Path)
			}
		}
		if !slices.Equal(now, then) {
			return fmt.Errorf("the table %s in %s has changed since the run was planned: then %s, now %s; "+
				"put the old files back to go on, or begin anew with --restart", name, d.inputFolder(), listFiles(then), listFiles(now))
		}
	}
	return nil
}

func listFiles(files []string) string {
	switch n := len(files); {
	case n == 0:
		return "no file"
	case n > 3:
		return fmt.Sprintf("%d files from %s to %s", n, files[0], files[n-1])
	}
	return strings.Join(files, ", ")
}

// verifyInputs makes sure that the files that the shards of a slice read are those of the manifest, also where all shards are
// finished: a result that is not of the input that lies there would be taken for it. Files that have been verified are not read again.
func (d *Dated) verifyInputs(ctx context.Context, m *Manifest, from, to int, verified map[string]bool) error {
	if err := d.checkFiles(m); err != nil {
		return err
	}
	needed := map[string]bool{}
	for _, shard := range m.Shards[from:to] {
		for _, list := range [][]table.Window{shard.Articles, shard.Forecast} {
			for _, w := range list {
				needed[w.File] = true
			}
		}
	}
	var inputs []ManifestInput
	var paths []string
	for _, in := range m.Inputs {
		if !verified[in.Path] && (needed[in.Path] || in.Table == limitsTable || in.Table == volumesTable) {
			inputs = append(inputs, in)
			paths = append(paths, filepath.Join(d.inputFolder(), filepath.FromSlash(in.Path)))
		}
	}
	return hashFiles(ctx, paths, d.Workers, func(i int, h fileHash) error {
		if h.sum != inputs[i].SHA256 {
			return fmt.Errorf("%s has changed since the run was planned (%d bytes, SHA-256 %.12s…; then %d bytes, %.12s…): "+
				"put the old file back to go on, or begin anew with --restart", h.path, h.size, h.sum, inputs[i].Bytes, inputs[i].SHA256)
		}
		verified[inputs[i].Path] = true
		return nil
	})
}
