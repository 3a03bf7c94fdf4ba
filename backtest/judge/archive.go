package judge

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/restock-engine/restock/forecast"
	"github.com/restock-engine/restock/io/table"
)

// keysFile holds the keys of the SKUs that are judged, in the order of the history, as an articles table: what forecast files are
// joined to, so that they may have any order themselves.
type keysFile struct{ dir, path string }

// writeKeys reads the history and writes its keys; only those in keep unless that is nil.
func writeKeys(ctx context.Context, h *table.HistoryReader, keep map[table.Key]bool, tempDir string) (k *keysFile, err error) {
	dir, err := os.MkdirTemp(tempDir, "restock-judge-")
	if err != nil {
		return nil, err
	}
	k = &keysFile{dir, filepath.Join(dir, "keys.arrow")}
	defer func() {
		if err != nil {
			err = errors.Join(err, k.remove())
			k = nil
		}
	}()
	w, err := table.CreateArticles(k.path, nil)
	if err != nil {
		return k, err
	}
	defer w.Abort()
	var rejected int64
	err = eachSeries(ctx, h, func(s *forecast.Series) error {
		key := table.Key{Merchant: s.MerchantID, Article: s.ArticleID}
		if keep != nil && !keep[key] {
			return nil
		}
		return w.Write(&table.ArticleRow{Key: key})
	}, &rejected)
	if err != nil {
		return k, err
	}
	if err := w.Commit(); err != nil {
		return k, err
	}
	return k, h.Rewind()
}

func (k *keysFile) remove() error { return os.RemoveAll(k.dir) }

// openFile is a forecast file joined to the keys.
type openFile struct {
	File
	origin int // week number
	joined *table.Joined
}

// open joins a forecast file to the keys and finds out its origin.
func (k *keysFile) open(in *Input, f File) (*openFile, error) {
	joined, err := table.Join(k.path, f.Path, table.JoinOptions{ForecastOptions: in.Layout, AsOf: f.AsOf, TempDir: k.dir,
		Stdin: in.Read.Stdin})
	if err != nil {
		return nil, err
	}
	asOf, _ := joined.AsOf()
	if asOf.IsZero() {
		return nil,
			errors.Join(fmt.Errorf("%s counts weeks and does not say when week 0 begins: give the date with the file, as NAME@2026-01-05=%s",
				f.Path, f.Path), joined.Close())
	}
	switch made, other, err := joined.OtherAsOf(); {
	case err != nil:
		return nil, errors.Join(err, joined.Close())
	case other:
		return nil, errors.Join(fmt.Errorf("%s is given as of %s, but says itself that its week 0 begins on %s; leave the date out",
			f.Path, f.AsOf.Format(time.DateOnly), made.Format(time.DateOnly)), joined.Close())
	}
	return &openFile{f, forecast.WeekNumber(asOf), joined}, nil
}

// next returns the forecast of the next SKU of the keys, nil if the file has none that can be used.
func (f *openFile) next() (*forecast.Quantiles, error) {
	item, err := f.joined.Next()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.Path, err)
	}
	if item.Reject != nil {
		return nil, nil
	}
	return item.Forecast, nil
}

// unnamed is what files without a name are a forecast of.
const unnamed = "forecast"

// name gives every file the model that made it. Files without a name are one model, unless two of them have the same origin: then
// each is a model, named like the file.
func name(files []*openFile) error {
	seen := map[int]bool{}
	apart := false
	for _, f := range files {
		if f.Model == "" {
			apart = apart || seen[f.origin]
			seen[f.origin] = true
		}
	}
	type place struct {
		model  string
		origin int
	}
	first := map[place]*openFile{}
	for _, f := range files {
		if f.Model == "" {
			f.Model = unnamed
			if apart {
				base := filepath.Base(f.Path)
				f.Model = strings.TrimSuffix(base, filepath.Ext(base))
			}
		}
		if slices.Contains(BuiltIn(), f.Model) {
			return fmt.Errorf("%s can't be called %s, which is one of restock's own: give it another name, as NAME=%s", f.Path,
				f.Model, f.Path)
		}
		p := place{f.Model, f.origin}
		if g := first[p]; g != nil {
			return fmt.Errorf("%s and %s are both forecasts of %s for the week of %s: name them, as NAME=PATH; if they are parts of one forecast, give their folder",
				g.Path, f.Path, f.Model, forecast.WeekStart(f.origin).Format(time.DateOnly))
		}
		first[p] = f
	}
	return nil
}

// commonOrigins returns the models in the order of their first files, and the origins that all of them have.
func commonOrigins(files []*openFile) (models []string, origins []int, err error) {
	has := map[string][]int{}
	for _, f := range files {
		if has[f.Model] == nil {
			models = append(models, f.Model)
		}
		has[f.Model] = append(has[f.Model], f.origin)
	}
	for _, week := range has[models[0]] {
		if !slices.ContainsFunc(models, func(m string) bool { return !slices.Contains(has[m], week) }) {
			origins = append(origins, week)
		}
	}
	if origins == nil {
		return nil, nil, fmt.Errorf("no two forecasts can be compared: there is no week from which all of %s are",
			strings.Join(models, ", "))
	}
	slices.Sort(origins)
	return models, origins, nil
}

// closeAll closes the files.
func closeAll(files []*openFile) error {
	var errs []error
	for _, f := range files {
		errs = append(errs, f.joined.Close())
	}
	return errors.Join(errs...)
}
