package batch

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/restock-engine/restock/forecast"
	"github.com/restock-engine/restock/io/settings"
	"github.com/restock-engine/restock/io/table"
)

// Manifest is all that a run's result depends on, and how it is divided. It holds no times and no paths of a machine: the same input gives the
// same manifest anywhere.
type Manifest struct {
	Format        int               `json:"format"`
	Date          string            `json:"date"`  // of the run
	AsOf          string            `json:"as_of"` // Monday of week 0
	RunID         string            `json:"run_id"`
	EngineVersion string            `json:"engine_version"`
	Seed          uint64            `json:"seed"`
	Settings      ManifestSettings  `json:"settings"`
	Partners      *ManifestPartners `json:"partner_settings,omitempty"`
	Read          ManifestRead      `json:"read"`
	Inputs        []ManifestInput   `json:"inputs"`
	ForecastAsOf  string            `json:"forecast_as_of,omitempty"` // Monday of week 0 as the forecast itself says, if it does
	ForecastDates bool              `json:"forecast_dates"`           // the forecast has dates, not week numbers
	Doubts        []string          `json:"doubts,omitempty"`         // about the columns of the articles
	Limits        []ManifestLimit   `json:"limits,omitempty"`
	Order         table.RowOrder    `json:"order"`
	ShardSize     int64             `json:"shard_size"` // articles, about
	Shards        []table.Shard     `json:"shards"`
	Partitions    map[string]string `json:"partitions,omitempty"` // SHA-256 of the files of a partitioned forecast

	hash string // SHA-256 of the manifest's own file
}

// ManifestSettings are the settings of a run.
type ManifestSettings struct {
	Hash      string            `json:"hash"` // of what they resolve to
	Text      string            `json:"text"` // of the file; "" if there is none
	Overrides map[string]string `json:"overrides"`
}

// ManifestRead says how the tables are read.
type ManifestRead struct {
	Separator string `json:"separator"`
	Model     string `json:"model"`
}

// ManifestInput is a file that a run reads.
type ManifestInput struct {
	Table     string  `json:"table"` // articles, forecast, limits or volumes
	Path      string  `json:"path"`  // relative to the dated folder, with slashes
	Bytes     int64   `json:"bytes"`
	Rows      int64   `json:"rows"`
	RowGroups []int64 `json:"row_groups,omitempty"` // rows of each
	SHA256    string  `json:"sha256"`
}

const manifestFormat = 1

// Names in the folder of a run's output.
const (
	manifestFile   = "manifest.json"
	successFile    = "_SUCCESS"
	summaryFile    = "summary.json"
	reportFile     = "report.html"
	timingFile     = "timing.jsonl"
	lockName       = ".lock"
	partitionsName = "_partitions"
)

// settingsOf returns the settings that the manifest holds.
func (m *Manifest) settingsOf() (*settings.Settings, error) {
	return parseSettings(settings.DefaultFile+" of "+manifestFile, m.Settings.Text, m.Settings.Overrides)
}

func parseSettings(name, text string, overrides map[string]string) (*settings.Settings, error) {
	if text == "" { // no file: what is built in
		text = "defaults:\n"
	}
	s, err := settings.Parse(name, []byte(text))
	if err != nil {
		return nil, err
	}
	for _, k := range sortedKeys(overrides) {
		if err := s.Override(k, overrides[k]); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// joinOptions are those that the shards were planned with.
func (m *Manifest) joinOptions() (table.JoinOptions, error) {
	asOf, err := time.Parse(time.DateOnly, m.AsOf)
	if err != nil {
		return table.JoinOptions{}, fmt.Errorf("%s: as_of: %w", manifestFile, err)
	}
	return table.JoinOptions{ForecastOptions: table.ForecastOptions{Separator: m.Read.Separator, Model: m.Read.Model}, AsOf: asOf}, nil
}

// articles returns the rows of the articles table.
func (m *Manifest) articles() (rows int64) {
	for i := range m.Shards {
		rows += m.Shards[i].ArticleRows()
	}
	return rows
}

// input returns the file of a table of one file, "" if there is none.
func (m *Manifest) input(name string) string {
	for _, in := range m.Inputs {
		if in.Table == name {
			return in.Path
		}
	}
	return ""
}

// readManifest reads a manifest; fs.ErrNotExist if there is none.
func readManifest(folder string) (*Manifest, error) {
	path := filepath.Join(folder, manifestFile)
	m := &Manifest{}
	if err := readJSON(path, m); err != nil {
		return nil, err
	}
	if m.Format != manifestFormat {
		return nil, fmt.Errorf("%s has format %d, which this version of restock does not know; use the version that wrote it, or --restart", path, m.Format)
	}
	sum, _, err := hashFile(path)
	m.hash = sum
	return m, err
}

// plan makes the manifest of a run and writes it.
func (d *Dated) plan(ctx context.Context) (*Manifest, error) {
	text, err := d.settingsText()
	if err != nil {
		return nil, err
	}
	set, err := parseSettings(d.settingsName(), text, d.Overrides)
	if err != nil {
		return nil, err
	}
	m := &Manifest{Format: manifestFormat, Date: d.Date.Format(time.DateOnly), EngineVersion: d.EngineVersion, Seed: d.Seed,
		AsOf:      forecast.WeekStart(forecast.WeekNumber(d.Date)).Format(time.DateOnly),
		Settings:  ManifestSettings{set.Hash(), text, d.Overrides},
		Read:      ManifestRead{d.Forecast.Separator, d.Forecast.Model},
		ShardSize: d.shardSize()}
	if m.Settings.Overrides == nil {
		m.Settings.Overrides = map[string]string{}
	}
	before, err := d.stamps()
	if err != nil {
		return nil, err
	}
	if err := d.limits(m); err != nil {
		return nil, err
	}
	asOf := time.Now().UTC().Truncate(time.Microsecond)
	if err := d.partners(m); err != nil {
		return nil, err
	}
	if err := d.divide(m); err != nil {
		return nil, err
	}
	if err := d.hashInputs(ctx, m); err != nil {
		return nil, err
	}
	if err := d.unchanged(before); err != nil {
		return nil, err
	}
	id, err := toJSON(m)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(id)
	m.RunID = m.AsOf + "-" + hex.EncodeToString(sum[:6])
	if m.Partners != nil {
		m.Partners.AsOf = asOf
	}
	if err := writeJSON(filepath.Join(d.folder(), manifestFile), m); err != nil {
		return nil, err
	}
	return readManifest(d.folder())
}

// divide finds the input files and the shards.
func (d *Dated) divide(m *Manifest) error {
	articles, err := d.find("articles")
	if err != nil {
		return err
	}
	forecasts, err := d.find("forecast")
	if err != nil {
		return err
	}
	options, err := m.joinOptions()
	if err != nil {
		return err
	}
	partitions := filepath.Join(d.folder(), partitionsName)
	if err := os.MkdirAll(partitions, 0o755); err != nil {
		return fmt.Errorf("output: %w", err)
	}
	plan, err := table.PlanShards(d.inputFolder(), articles, forecasts, partitions, m.ShardSize, options)
	if err != nil {
		return err
	}
	m.Shards, m.Order, m.ForecastDates, m.Doubts = plan.Shards, plan.Order, plan.ByDate, plan.Doubts
	if !plan.ForecastAsOf.IsZero() {
		m.ForecastAsOf = forecast.WeekStart(forecast.WeekNumber(plan.ForecastAsOf)).Format(time.DateOnly)
	}
	add := func(name string, files []table.PlanFile) {
		for _, f := range files {
			m.Inputs = append(m.Inputs, ManifestInput{Table: name, Path: f.Path, Rows: f.Rows, RowGroups: f.RowGroups})
		}
	}
	add("articles", plan.Articles)
	add("forecast", plan.Forecast)
	return nil
}

// limits finds the tables of limits and reads them, before anything that takes time.
func (d *Dated) limits(m *Manifest) error {
	for _, name := range []string{limitsTable, volumesTable} {
		path, err := d.find(name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		if info, err := os.Stat(filepath.Join(d.inputFolder(), path)); err == nil && info.IsDir() {
			return fmt.Errorf("%s is a folder; limits and volumes are a file each", filepath.Join(d.inputFolder(), path))
		}
		m.Inputs = append(m.Inputs, ManifestInput{Table: name, Path: path})
	}
	if err := d.readLimits(m); err != nil {
		return err
	}
	return d.copyVolumes(m)
}

// hashInputs fills in the hashes of the inputs and of the partitions.
func (d *Dated) hashInputs(ctx context.Context, m *Manifest) error {
	var paths []string
	for _, in := range m.Inputs {
		paths = append(paths, filepath.Join(d.inputFolder(), filepath.FromSlash(in.Path)))
	}
	err := hashFiles(ctx, paths, d.Workers, func(i int, h fileHash) error {
		m.Inputs[i].SHA256, m.Inputs[i].Bytes = h.sum, h.size
		return nil
	})
	if err != nil {
		return err
	}
	partitions := filepath.Join(d.folder(), partitionsName)
	if m.Order != table.Partitioned {
		return os.RemoveAll(partitions)
	}
	m.Partitions = map[string]string{}
	paths = nil
	for _, s := range m.Shards {
		paths = append(paths, filepath.Join(partitions, s.Partition))
	}
	return hashFiles(ctx, paths, d.Workers, func(i int, h fileHash) error {
		m.Partitions[m.Shards[i].Partition] = h.sum
		return nil
	})
}
