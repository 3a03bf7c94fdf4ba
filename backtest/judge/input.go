package judge

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/restock-engine/restock/forecast"
	"github.com/restock-engine/restock/io/table"
)

// Names of the forecasters that come with restock.
const (
	Pooled        = "pooled" // the embedded forecaster
	SeasonalNaive = "seasonal-naive"
	MovingAverage = "moving-average"
)

// BuiltIn are the forecasters that come with restock, the default first.
func BuiltIn() []string { return []string{Pooled, SeasonalNaive, MovingAverage} }

// Input says what is judged: forecasters that come with restock at rolling origins, and forecast files that were made at origins.
type Input struct {
	History string               // path of the table
	Read    table.HistoryOptions // of the history
	Files   []File               // forecast files; their origins are then the origins
	Layout  table.ForecastOptions
	Models  []string    // of BuiltIn
	Origins int         // number of origins, the last ones possible; with files, the last ones that these have; 0: all of these
	Step    int         // weeks between origins; default 4; not used with files
	Dates   []time.Time // a day of each origin's week, instead of Origins and Step
	Horizon int         // weeks ahead that are judged
	SKUs    int         // judge a random sample of so many; 0: all
	Workers int         // 0: all processors

	Progress func(done, total int64) // may be nil
}

// File is a forecast that was made at some time in the past.
type File struct {
	Model string    // what made it; files of one model at several origins belong together. "" is taken from the others
	Path  string    // a file, folder or glob that is one forecast table
	AsOf  time.Time // a day of the first week; zero: from the file
}

const (
	defaultStep  = 4
	minHistory   = 13 // weeks of history before the first origin that is chosen by itself
	maxOrigins   = 520
	maxHorizon   = 104
	maxFileCount = 1000
)

// validate reports everything that is wrong with the numbers.
func (in *Input) validate() error {
	var errs []error
	check := func(name string, v, low, high int) {
		if v < low || v > high {
			errs = append(errs, fmt.Errorf("%s is %d, want %d to %d", name, v, low, high))
		}
	}
	check("horizon", in.Horizon, 1, maxHorizon)
	check("number of origins", in.Origins, 0, maxOrigins)
	check("weeks between origins", in.Step, 1, maxOrigins)
	check("number of forecast files", len(in.Files), 0, maxFileCount)
	if in.SKUs < 0 {
		errs = append(errs, fmt.Errorf("number of SKUs is %d, want 0 (all) or more", in.SKUs))
	}
	for _, m := range in.Models {
		if !slices.Contains(BuiltIn(), m) {
			errs = append(errs, fmt.Errorf("unknown model %q, want one of %v", m, BuiltIn()))
		}
	}
	if len(in.Models) == 0 && len(in.Files) == 0 {
		errs = append(errs, errors.New("nothing to judge: neither a model nor a forecast file"))
	}
	return errors.Join(errs...)
}

// origins returns the week numbers of the origins, rising, for a history of the weeks first..end-1. fileOrigins are those that
// all models of the files have; nil without files.
func (in *Input) origins(first, end int, fileOrigins []int) ([]int, error) {
	date := func(week int) string { return forecast.WeekStart(week).Format(time.DateOnly) }
	if len(in.Dates) > 0 {
		var weeks []int
		for _, d := range in.Dates {
			week := forecast.WeekNumber(d)
			switch {
			case week <= first:
				return nil, fmt.Errorf("%s begins with the week of %s: there is nothing before %s to learn from", in.History,
					date(first),
					d.Format(time.DateOnly))
			case week >= end:
				return nil, fmt.Errorf("%s ends with the week of %s: nothing happened from %s on to judge a forecast by",
					in.History, date(end-1),
					d.Format(time.DateOnly))
			case fileOrigins != nil && !slices.Contains(fileOrigins, week):
				return nil, fmt.Errorf("no forecast file of every model begins in the week of %s", d.Format(time.DateOnly))
			}
			weeks = append(weeks, week)
		}
		slices.Sort(weeks)
		return slices.Compact(weeks), nil
	}
	if fileOrigins != nil {
		var weeks []int
		for _, week := range fileOrigins {
			if week > first && week < end {
				weeks = append(weeks, week)
			}
		}
		if len(weeks) == 0 {
			return nil,
				fmt.Errorf("%s has the weeks of %s to %s, and no forecast file begins after the first and before the end of these",
					in.History, date(first), date(end-1))
		}
		if in.Origins > 0 && len(weeks) > in.Origins {
			weeks = weeks[len(weeks)-in.Origins:]
		}
		return weeks, nil
	}
	var weeks []int
	for week := end - in.Horizon; week >= first+minHistory && len(weeks) < in.Origins; week -= in.Step {
		weeks = append(weeks, week)
	}
	if len(weeks) == 0 {
		return nil,
			fmt.Errorf("%s has %d weeks, too few to forecast %d weeks after at least %d weeks of history; judge a shorter horizon or give the origins",
				in.History, end-first, in.Horizon, minHistory)
	}
	slices.Reverse(weeks)
	return weeks, nil
}
