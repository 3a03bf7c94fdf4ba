package batch

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/restock-engine/restock/io/settings"
	"github.com/restock-engine/restock/io/table"
)

// After says what is done when all shards are finished.
type After struct {
	Previous string      // output folder of the run to compare with; "": the latest complete one before the date, "none": none
	Checks   []Threshold // in addition to DefaultThresholds, or in their place
	Largest  int         // changes to list; 0: 20
}

// check makes sure that there is a complete run to compare with, if one is named.
func (a *After) check() error {
	if a.Previous == "" || a.Previous == "none" {
		return nil
	}
	if _, err := os.Stat(filepath.Join(a.Previous, successFile)); err == nil {
		return nil
	}
	if _, err := os.Stat(a.Previous); err != nil {
		return fmt.Errorf("there is no folder %s of a previous run", a.Previous)
	}
	if days, err := Days(a.Previous); err == nil && len(days) > 0 {
		return fmt.Errorf("%s is no run but a folder of runs; name one, as %s", a.Previous, filepath.Join(a.Previous, dated(days[0])))
	}
	return fmt.Errorf("%s is no complete run: it has no %s", a.Previous, successFile)
}

// RunSummary is summary.json: what a complete run did. Two runs over the same input have the same bytes.
type RunSummary struct {
	RunID         string         `json:"run_id"`
	Date          string         `json:"date"`
	AsOf          string         `json:"as_of"` // Monday of week 0
	EngineVersion string         `json:"engine_version"`
	Seed          uint64         `json:"seed"`
	SettingsHash  string         `json:"settings_hash"`
	Manifest      string         `json:"manifest_sha256"`
	ForecastAsOf  string         `json:"forecast_as_of,omitempty"`
	Order         table.RowOrder `json:"order"`
	Shards        int            `json:"shards"`
	Articles      int64          `json:"articles"` // rows of the articles table
	Totals        Totals         `json:"totals"`
	Warnings      []string       `json:"warnings"`
	Limits        []LimitResult  `json:"limits,omitempty"`
	Comparison    *Comparison    `json:"comparison,omitempty"`
	Checks        []CheckResult  `json:"checks"`

	previousRows  int64
	forecastDates bool
}

// Failed returns the checks that did not pass.
func (s *RunSummary) Failed() (failed []CheckResult) {
	for _, c := range s.Checks {
		if !c.Passed {
			failed = append(failed, c)
		}
	}
	return failed
}

// Reasons lists why rows were rejected, most frequent first.
func (s *RunSummary) Reasons() []ReasonCount { return s.Totals.byCount() }

// MergeOptions say which run to complete.
type MergeOptions struct {
	Output string        // folder, or URL of an object store
	Stage  string        // as of Dated
	Date   time.Time     // zero: the latest one that has been planned
	Wait   time.Duration // for shards that other processes are at
	After  After
	Log    func(format string, args ...any) // may be nil
}

// Merge completes a run whose shards were done in slices: it verifies every shard's files, adds the counts up, applies the limits, compares with the
// previous run, checks, and writes summary.json, report.html and, if rows in = recommendations + rejects, _SUCCESS. It reads no input.
func Merge(ctx context.Context, o MergeOptions) (*Outcome, error) {
	d := Dated{Output: o.Output, Stage: o.Stage, Date: o.Date, After: o.After, Log: o.Log}
	d.silent()
	if d.isRemote() {
		return mergeRemote(ctx, d, o.Wait)
	}
	return d.merge(ctx, o.Wait)
}

// merge is Merge of a run in a folder.
func (d *Dated) merge(ctx context.Context, wait time.Duration) (outcome *Outcome, err error) {
	start := time.Now()
	if err := d.After.check(); err != nil {
		return nil, err
	}
	if d.Date.IsZero() {
		if d.Date, err = latestPlanned(d.Output); err != nil {
			return nil, err
		}
	}
	m, err := d.awaitShards(ctx, wait)
	if err != nil {
		return nil, err
	}
	lock, err := acquire(filepath.Join(d.folder(), lockName), true)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, lock.release()) }()
	if err := d.sweep("."); err != nil {
		return nil, err
	}
	outcome = &Outcome{Folder: d.folder(), Shards: len(m.Shards), Kept: len(m.Shards)}
	outcome.Summary, err = d.complete(ctx, m)
	outcome.Elapsed = time.Since(start)
	return outcome, err
}

func latestPlanned(output string) (time.Time, error) {
	days, err := Days(output)
	if err != nil {
		return time.Time{}, err
	}
	for _, day := range days {
		if _, err := os.Stat(filepath.Join(output, dated(day), manifestFile)); err == nil {
			return day, nil
		}
	}
	return time.Time{}, noRun(output)
}

func noRun(output string) error {
	return fmt.Errorf("%s has no run, that is no date=2026-01-05 or like it with a %s; 'restock batch run' makes it", output, manifestFile)
}

// awaitShards waits until all shards say that they are finished and no process is at work.
func (d *Dated) awaitShards(ctx context.Context, wait time.Duration) (*Manifest, error) {
	deadline := time.Now().Add(wait)
	var said time.Time
	for {
		m, err := readManifest(d.folder())
		missing := "its plan"
		if err == nil {
			missing = d.missing(m)
		} else if !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		if missing == "" {
			lock, err := acquire(filepath.Join(d.folder(), lockName), true)
			if err == nil {
				return m, lock.release()
			}
			missing = "the end of another process"
		}
		if time.Now().After(deadline) {
			if m == nil {
				days, err := Days(d.Output)
				if err != nil {
					return nil, err
				}
				return nil, d.neverPlanned(days)
			}
			return nil, fmt.Errorf("the run in %s is not finished, it lacks %s; run the parts that have them again, then merge", d.folder(), missing)
		}
		if time.Since(said) > time.Minute {
			d.Log("waiting for %s, until %s at most", missing, deadline.Format(time.TimeOnly))
			said = time.Now()
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(min(2*time.Second, time.Until(deadline)+time.Millisecond)):
		}
	}
}

// neverPlanned says which runs there are in place of the one that was asked for.
func (d *Dated) neverPlanned(days []time.Time) error {
	return fmt.Errorf("the output %s has no run of %s: %s; merge completes what 'restock batch run --shard' has begun", d.Output,
		d.Date.Format(time.DateOnly), listDays(days))
}

// missing names the shards that have no result, "" if there are none.
func (d *Dated) missing(m *Manifest) string {
	var list []string
	for i := range m.Shards {
		if _, err := os.Stat(filepath.Join(d.folder(), shardsFolder, partName(i, ".json"))); err != nil {
			list = append(list, fmt.Sprint(i))
		}
	}
	if list == nil {
		return ""
	}
	n := len(list)
	if n > 10 {
		list = append(list[:10], "…")
	}
	return fmt.Sprintf("%d of %d shards (%s)", n, len(m.Shards), strings.Join(list, ", "))
}

// complete verifies all shards and writes what is said of the whole run.
func (d *Dated) complete(ctx context.Context, m *Manifest) (*RunSummary, error) {
	s := &RunSummary{RunID: m.RunID, Date: m.Date, AsOf: m.AsOf, EngineVersion: m.EngineVersion, Seed: m.Seed, SettingsHash: m.Settings.Hash,
		Manifest: m.hash, ForecastAsOf: m.ForecastAsOf, Order: m.Order, Shards: len(m.Shards), Articles: m.articles(), Totals: newTotals(),
		Warnings: []string{}, forecastDates: m.ForecastDates}
	var merchants []map[string]int64 // [shard]
	for i := range m.Shards {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		r, err := finished(d.folder(), m, i)
		if err != nil {
			return nil, fmt.Errorf("shard %d is not finished: %w; run again, then merge", i, err)
		}
		s.Totals.merge(&r.Totals)
		merchants = append(merchants, r.Totals.Merchants)
	}
	if t := &s.Totals; t.In != t.Recommendations+t.Rejects || t.In < s.Articles {
		return nil, fmt.Errorf("the counts do not add up: %d rows in, %d of them articles, are not %d recommendations + %d rejects; this is a "+
			"mistake of restock's", t.In, s.Articles, t.Recommendations, t.Rejects)
	}
	set, err := m.settingsOf()
	if err != nil {
		return nil, err
	}
	s.Warnings = append(append(s.Warnings, m.Doubts...), s.warnings(set)...)
	limits, warnings, err := d.applyLimits(m, merchants)
	if err != nil {
		return nil, err
	}
	s.Limits, s.Warnings = limits, append(s.Warnings, warnings...)
	if err := d.compare(s); err != nil { // the result is good all the same
		s.Warnings = append(s.Warnings, "not compared with the previous run: "+err.Error())
	}
	s.Checks = s.judge(withDefaults(d.After.Checks))
	return s, d.publish(s)
}

func (s *RunSummary) warnings(set *settings.Settings) (list []string) {
	if n := s.Totals.FreeStock; n > 0 {
		list = append(list, plural(n, "article has", "articles have")+" no holding_cost, so that stock costs nothing and orders may be too large; "+
			"give the column in the articles table or the key in "+settings.DefaultFile)
	}
	list = append(list, s.Totals.missingMerchants(set)...)
	list = append(list, s.Totals.remarks()...)
	if age, ok := s.forecastAge(); ok && age != 0 {
		list = append(list, fmt.Sprintf("the forecast's week 0 begins on %s and the run's on %s, and it has week numbers: every week is read as another",
			s.ForecastAsOf, s.AsOf))
	}
	return list
}

// compare compares with the previous run, if there is one.
func (d *Dated) compare(s *RunSummary) error {
	folder, err := d.previous()
	if folder == "" || err != nil {
		return err
	}
	before := &RunSummary{}
	if err := readJSON(filepath.Join(folder, summaryFile), before); err != nil {
		return err
	}
	largest := d.After.Largest
	if largest == 0 {
		largest = 20
	}
	c, err := compareOrders(filepath.Join(d.folder(), recommendationsFolder), filepath.Join(folder, recommendationsFolder), largest)
	if err != nil {
		return err
	}
	c.Previous, c.PreviousDate = before.RunID, before.Date
	c.DemandDrift = s.Totals.DemandHistogram.drift(&before.Totals.DemandHistogram)
	c.OrderDrift = s.Totals.OrderHistogram.drift(&before.Totals.OrderHistogram)
	c.CoverDrift = s.Totals.CoverHistogram.drift(&before.Totals.CoverHistogram)
	s.Comparison, s.previousRows = c, before.Totals.In
	return nil
}

// previous returns the output folder of the run to compare with, "" for none.
func (d *Dated) previous() (string, error) {
	switch d.After.Previous {
	case "none":
		return "", nil
	case "":
	default:
		return d.After.Previous, nil
	}
	days, err := Days(d.Output)
	if err != nil {
		return "", err
	}
	for _, day := range days {
		folder := filepath.Join(d.Output, dated(day))
		if _, err := os.Stat(filepath.Join(folder, successFile)); err == nil && day.Before(d.Date) {
			return folder, nil
		}
	}
	return "", nil
}

// publish writes what is said of the run, and at last the mark that it is complete.
func (d *Dated) publish(s *RunSummary) error {
	if err := writeJSON(filepath.Join(d.folder(), summaryFile), s); err != nil {
		return err
	}
	page, err := s.page()
	if err != nil {
		return err
	}
	if err := writeAtomic(filepath.Join(d.folder(), reportFile), page); err != nil {
		return err
	}
	if err := writeAtomic(filepath.Join(d.folder(), successFile), []byte(s.RunID+"\n")); err != nil {
		return err
	}
	return os.RemoveAll(filepath.Join(d.folder(), partitionsName))
}
