package backtest

import (
	"bufio"
	"crypto/sha256"
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/restock-engine/restock/forecast"
	"github.com/restock-engine/restock/io/table"
	"github.com/restock-engine/restock/optimize"
	"github.com/restock-engine/restock/simulate"
)

// saved is what is kept of one SKU at a date, to go on from after an interruption.
type saved struct {
	Key        table.Key
	NoForecast bool
	Outcomes   []Outcome
	States     []simulate.Article // [arm] when carried; zero where there is no such arm for the SKU
	Story      *Story
}

// partFormat is the version of what date files hold and of how arms live.
const partFormat = 2

// partFile is one date's file while it is written; the zero value keeps nothing.
type partFile struct {
	path   string
	file   *os.File
	buffer *bufio.Writer
	enc    *gob.Encoder
}

// fingerprint names a job by everything that its answers depend on. Of the inputs it takes the size and the time of the last
// change. The arm that the others are set against is in it because stories tell of that one.
func (job *Job) fingerprint(against int) (string, error) {
	h := sha256.New()
	for _, path := range []string{job.Articles, job.History, job.Forecasts} {
		if path == "" {
			continue
		}
		err := filepath.WalkDir(path, func(file string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			info, err := d.Info()
			if err == nil && !d.IsDir() {
				fmt.Fprintln(h, file, info.Size(), info.ModTime().UnixNano())
			}
			return err
		})
		if err != nil && !errors.Is(err, fs.ErrNotExist) { // globs are not files
			return "", err
		}
	}
	fmt.Fprintln(h, partFormat, against, job.Settings.Hash(), job.Seed, job.Evaluate, job.Dates, job.Carry, job.Cover, optimize.EngineVersion)
	for _, a := range job.Arms {
		phi := "-"
		if a.Autocorr != nil {
			phi = fmt.Sprint(*a.Autocorr)
		}
		a.Autocorr = nil
		fmt.Fprintln(h, a, phi)
	}
	return fmt.Sprintf("%x", h.Sum(nil)[:16]), nil
}

func (r *replay) partPath(n int) (string, error) {
	name, err := r.job.fingerprint(r.report.Against)
	return filepath.Join(r.job.Resume, fmt.Sprintf("%s-%s.part", day(r.job.Dates[n]), name)), err
}

// load takes over a date that an earlier run has finished.
func (r *replay) load(n int) (bool, error) {
	if r.job.Resume == "" {
		return false, nil
	}
	path, err := r.partPath(n)
	if err != nil {
		return false, err
	}
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer file.Close()
	dec := gob.NewDecoder(bufio.NewReaderSize(file, 1<<20))
	for {
		var s saved
		if err := dec.Decode(&s); errors.Is(err, io.EOF) {
			return true, nil
		} else if err != nil {
			return false, fmt.Errorf("%s is damaged: delete it to do its date again: %w", path, err)
		}
		if err := r.take(&s); err != nil {
			return false, err
		}
	}
}

// take adds a SKU's outcomes to the report.
func (r *replay) take(s *saved) error {
	for i := range s.Outcomes {
		if err := r.report.Add(&s.Outcomes[i]); err != nil {
			return err
		}
	}
	switch {
	case s.NoForecast:
		r.report.NoForecast++
	case len(s.Outcomes) == 0:
		r.report.NoArm++
	}
	if s.Story != nil && !r.report.tell(s.Story) {
		s.Story = nil
	}
	if r.states != nil {
		r.states[s.Key] = s.States
	}
	r.done++
	if r.job.Progress != nil {
		r.job.Progress(r.done, int64(len(r.job.Dates)*r.history.SKUs()))
	}
	return nil
}

// create opens a date's file under a temporary name.
func (r *replay) create(n int) (*partFile, error) {
	p := &partFile{}
	if r.job.Resume == "" {
		return p, nil
	}
	if err := os.MkdirAll(r.job.Resume, 0o755); err != nil {
		return nil, err
	}
	var err error
	if p.path, err = r.partPath(n); err != nil {
		return nil, err
	}
	if p.file, err = os.Create(p.path + ".tmp"); err != nil {
		return nil, err
	}
	p.buffer = bufio.NewWriterSize(p.file, 1<<20)
	p.enc = gob.NewEncoder(p.buffer)
	return p, nil
}

func (p *partFile) write(s *saved) error {
	if p.enc == nil {
		return nil
	}
	return p.enc.Encode(s)
}

func (p *partFile) commit() error {
	if p.file == nil {
		return nil
	}
	err := errors.Join(p.buffer.Flush(), p.file.Sync(), p.file.Close())
	if err == nil {
		err = os.Rename(p.file.Name(), p.path)
	}
	p.file = nil
	return err
}

func (p *partFile) abort() {
	if p.file != nil {
		p.file.Close()
		os.Remove(p.file.Name())
	}
}

// readForecast reads what was forecast at a date.
func (r *replay) readForecast(asOf int) (map[table.Key]*forecast.Quantiles, error) {
	var path string
	for _, ending := range []string{".parquet", ".csv", ".csv.gz", ".arrow", ".arrows", ""} {
		if name := filepath.Join(r.job.Forecasts, day(asOf)+ending); exists(name) {
			path = name
			break
		}
	}
	if path == "" {
		return nil, fmt.Errorf("%s has no forecast %s.parquet (or .csv, .csv.gz, .arrow, .arrows, or a folder of that name)", r.job.Forecasts, day(asOf))
	}
	joined, err := table.Join(r.job.Articles, path, table.JoinOptions{AsOf: forecast.WeekStart(asOf)})
	if err != nil {
		return nil, err
	}
	defer joined.Close()
	switch made, other, err := joined.OtherAsOf(); {
	case err != nil:
		return nil, err
	case other:
		return nil, fmt.Errorf("%s is of %s by its name, but says itself that its week 0 begins on %s", path, day(asOf), day(forecast.WeekNumber(made)))
	}
	given := map[table.Key]*forecast.Quantiles{}
	for {
		item, err := joined.Next()
		if errors.Is(err, io.EOF) {
			return given, nil
		}
		if err != nil {
			return nil, err
		}
		if item.Reject != nil || item.Forecast.Weeks() == 0 {
			continue
		}
		q := *item.Forecast
		q.Values = append([]float32(nil), q.Values...)
		given[item.Row.Key] = &q
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
