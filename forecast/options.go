package forecast

import (
	"errors"
	"fmt"
	"math"
	"slices"
)

// Options sets up a [Trainer]. The zero value of a field stands for its default, filled in by [NewTrainer].
type Options struct {
	AsOf     int       // week number of the first forecast week: nothing of it or later is used; default AllHistory
	Horizon  int       // weeks to forecast, 1..104; default 12
	Levels   []float64 // quantile levels; default Levels39
	Sample   int       // series kept for validation and calibration, at most: memory is about 3 kB a series; default 10,000
	Origins  int       // rolling origins per kept series, at most; default 16
	Stride   int       // weeks between rolling origins; default 4
	MinShare float64   // in-stock share from which a week's sales are scaled to demand, below it they are a lower bound; default 0.5
}

// AllHistory as Options.AsOf takes every week that is added; the forecast then starts behind the last week of any series.
const AllHistory = math.MaxInt32

func (o Options) withDefaults() Options {
	if o.AsOf == 0 {
		o.AsOf = AllHistory
	}
	if o.Horizon == 0 {
		o.Horizon = 12
	}
	if o.Levels == nil {
		o.Levels = Levels39()
	}
	if o.Sample == 0 {
		o.Sample = 10_000
	}
	if o.Origins == 0 {
		o.Origins = 16
	}
	if o.Stride == 0 {
		o.Stride = 4
	}
	if o.MinShare == 0 {
		o.MinShare = 0.5
	}
	return o
}

// Validate reports every option that is out of its range, after defaults.
func (o Options) Validate() error {
	o = o.withDefaults()
	var errs []error
	check := func(name string, v, low, high int) {
		if v < low || v > high {
			errs = append(errs, fmt.Errorf("forecast option %s is %d, want %d..%d", name, v, low, high))
		}
	}
	if o.AsOf != AllHistory {
		check("as-of week", o.AsOf, 1, maxWeekNumber)
	}
	check("horizon", o.Horizon, 1, maxHorizon)
	check("sample", o.Sample, 1, 1_000_000)
	check("origins", o.Origins, 1, 520)
	check("stride", o.Stride, 1, 52)
	if err := CheckLevels(o.Levels); err != nil {
		errs = append(errs, fmt.Errorf("forecast option levels: %w", err))
	}
	if !(o.MinShare > 0 && o.MinShare <= 1) {
		errs = append(errs, fmt.Errorf("forecast option in-stock share is %g, want (0,1]", o.MinShare))
	}
	return errors.Join(errs...)
}

const maxHorizon = 104

func (o *Options) equal(p *Options) bool {
	return o.AsOf == p.AsOf && o.Horizon == p.Horizon && slices.Equal(o.Levels, p.Levels) && o.Sample == p.Sample &&
		o.Origins == p.Origins && o.Stride == p.Stride && o.MinShare == p.MinShare
}
