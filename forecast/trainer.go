package forecast

import (
	"cmp"
	"errors"
	"math"
	"slices"

	"github.com/restock-engine/restock/internal/random"
)

// Trainer learns from a stream of series in one pass and bounded memory: it keeps exact sums of the seasonal profiles, one of each
// merchant and one of all, and a random sample of whole series on which models are validated and calibrated. Which series are in the
// sample depends on their keys alone and the sums are integers, so that neither the order of the series nor their distribution over
// several merged trainers changes a bit of the model.
//
// A Trainer is not safe for concurrent use: give each worker its own and Merge them.
type Trainer struct {
	opts      Options
	series    int
	firstWeek int // first week of any series
	lastWeek  int // behind the last week of any series
	all       pool
	merchants map[string]*pool
	sample    []sampled // a heap while learning: the largest hash first
	scratch   demand
	sums      runningSums
}

// pool holds the sums over the articles of one merchant, or of all.
type pool struct {
	season   seasonSums
	launches int64 // articles counted in logFirst
	logFirst int64 // sum of ln(1 + mean demand of an article's first weeks), in units of 1/seasonUnit
}

func (p *pool) merge(o *pool) {
	p.season.merge(&o.season)
	p.launches += o.launches
	p.logFirst += o.logFirst
}

type sampled struct {
	hash   random.Key
	series *Series
}

func (a sampled) compare(b sampled) int {
	return cmp.Or(cmp.Compare(a.hash, b.hash), cmp.Compare(a.series.MerchantID, b.series.MerchantID),
		cmp.Compare(a.series.ArticleID, b.series.ArticleID), cmp.Compare(a.series.FirstWeek, b.series.FirstWeek))
}

// NewTrainer returns an empty trainer, or what is wrong with the options.
func NewTrainer(o Options) (*Trainer, error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	return &Trainer{opts: o.withDefaults(), firstWeek: math.MaxInt, lastWeek: math.MinInt, merchants: map[string]*pool{}}, nil
}

// Add counts one series. The trainer keeps no reference to it. An error means that the series is unusable and was not counted.
func (t *Trainer) Add(s *Series) error {
	if err := s.check(); err != nil {
		return err
	}
	t.series++
	t.lastWeek = max(t.lastWeek, min(s.FirstWeek+len(s.Sales), t.opts.AsOf))
	d := &t.scratch
	d.clean(s, min(t.opts.AsOf, s.FirstWeek+len(s.Sales)), t.opts.MinShare)
	m := t.merchants[s.MerchantID]
	if m == nil {
		m = new(pool)
		t.merchants[s.MerchantID] = m
	}
	if len(d.y) > 0 {
		t.firstWeek = min(t.firstWeek, d.first)
	}
	var one pool
	one.season.add(d, &t.sums)
	one.addLaunch(d)
	m.merge(&one)
	t.all.merge(&one)
	t.keep(s)
	return nil
}

const firstWeeks = 8 // the weeks after a launch that tell the level of a launch

func (p *pool) addLaunch(d *demand) {
	sum, n := 0.0, 0
	for t := 0; t < len(d.y) && n < firstWeeks; t++ {
		if d.weight[t] > 0 {
			sum += d.y[t]
			n++
		}
	}
	if n == firstWeeks {
		p.launches++
		p.logFirst += int64(math.Round(math.Log1p(sum/firstWeeks) * seasonUnit))
	}
}

// launchLevel returns the weekly demand to expect of an article without history.
func (p *pool) launchLevel(prior, strength float64) float64 {
	return math.Expm1((float64(p.logFirst)/seasonUnit + strength*math.Log1p(prior)) / (float64(p.launches) + strength))
}

// keep puts the series in the sample if its hash is among the smallest.
func (t *Trainer) keep(s *Series) {
	c := sampled{random.NewKey(0, s.MerchantID, s.ArticleID), s}
	if len(t.sample) == t.opts.Sample {
		if c.compare(t.sample[0]) >= 0 {
			return
		}
		c.series = s.copyForTraining()
		t.sample[0] = c
		t.siftDown()
		return
	}
	c.series = s.copyForTraining()
	t.sample = append(t.sample, c)
	if len(t.sample) == t.opts.Sample {
		slices.SortFunc(t.sample, func(a, b sampled) int { return b.compare(a) }) // falling order is a heap
	}
}

func (t *Trainer) siftDown() {
	h := t.sample
	for i := 0; ; {
		child := 2*i + 1
		if child >= len(h) {
			return
		}
		if child+1 < len(h) && h[child+1].compare(h[child]) > 0 {
			child++
		}
		if h[child].compare(h[i]) <= 0 {
			return
		}
		h[i], h[child] = h[child], h[i]
		i = child
	}
}

func (s *Series) copyForTraining() *Series {
	c := &Series{MerchantID: s.MerchantID, ArticleID: s.ArticleID, FirstWeek: s.FirstWeek, Sales: slices.Clone(s.Sales)}
	if s.InStock != nil {
		c.InStock = slices.Clone(s.InStock)
	}
	return c
}

// Merge adds all that o has learnt. Both need the same options; o must not be used afterwards.
func (t *Trainer) Merge(o *Trainer) error {
	if !t.opts.equal(&o.opts) {
		return errors.New("trainers with different options cannot be merged")
	}
	t.series += o.series
	t.firstWeek, t.lastWeek = min(t.firstWeek, o.firstWeek), max(t.lastWeek, o.lastWeek)
	t.all.merge(&o.all)
	for id, p := range o.merchants {
		if own := t.merchants[id]; own != nil {
			own.merge(p)
		} else {
			t.merchants[id] = p
		}
	}
	t.sample = append(t.sample, o.sample...)
	slices.SortFunc(t.sample, func(a, b sampled) int { return b.compare(a) })
	if excess := len(t.sample) - t.opts.Sample; excess > 0 {
		t.sample = slices.Delete(t.sample, 0, excess)
	}
	return nil
}

// asOf returns the week number of the first week to forecast.
func (t *Trainer) asOf() int {
	if t.series == 0 {
		return t.opts.AsOf
	}
	if t.opts.AsOf == AllHistory {
		return t.lastWeek
	}
	return t.opts.AsOf
}

// inOrder returns the sampled series by rising hash.
func (t *Trainer) inOrder() []*Series {
	kept := slices.Clone(t.sample)
	slices.SortFunc(kept, sampled.compare)
	series := make([]*Series, len(kept))
	for i, k := range kept {
		series[i] = k.series
	}
	return series
}
