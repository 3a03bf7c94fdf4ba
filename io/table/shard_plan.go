package table

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// RowOrder says how the rows of a forecast stand to those of the articles.
type RowOrder string

// Row orders.
const (
	ByKey       RowOrder = "by key"          // both rise by merchant and article: found out without any memory
	AsArticles  RowOrder = "as the articles" // the forecast follows the articles in whatever order they are
	Partitioned RowOrder = "partitioned"     // neither: the forecast was written anew, a file for each shard
	OneShard    RowOrder = "one shard"       // it does not matter
)

// maxScattered bounds the number of partitions, which are all written at once.
const maxScattered = 500

// PlanFile is a file that shards read.
type PlanFile struct {
	Path      string // relative to the folder, with slashes
	Rows      int64
	RowGroups []int64 // rows of each; nil for formats without
}

// ShardPlan is a join divided into shards.
type ShardPlan struct {
	Shards       []Shard
	Articles     []PlanFile
	Forecast     []PlanFile
	Order        RowOrder
	ForecastAsOf time.Time // what the forecast's own metadata say of its week 0; zero if nothing
	ByDate       bool      // the forecast has dates in place of week numbers
	Doubts       []string  // about the columns of the articles
}

// planner reads all keys once.
type planner struct {
	folder, partitions string
	size               int64
	joined             *Joined
	plan               *ShardPlan
	cuts               []cut
	keys               int64 // articles with a usable one
	byKey              bool  // so far
}

// cut is where a shard begins.
type cut struct {
	article, forecast int64 // rows of the tables, over all files
	key               Key   // the first usable one of the shard; zero if there is none
}

// PlanShards divides the join of the articles with the forecast into shards of about size articles. Cuts are at row groups of the articles
// where those are not larger, and never between rows of one SKU that follow each other. Tables are files or folders inside the folder. Every key
// of both tables is read once; where the forecast's rows are scattered, the whole forecast is, and written to the folder of partitions.
// The options must have AsOf.
func PlanShards(folder, articles, forecast, partitions string, size int64, o JoinOptions) (plan *ShardPlan, err error) {
	p := &planner{folder: filepath.Clean(folder), partitions: partitions, size: size, plan: &ShardPlan{Order: ByKey}, byKey: true}
	p.joined = &Joined{options: o, unknown: map[[2]uint64]bool{}, first: monday(asDay(o.AsOf))}
	defer func() { err = errors.Join(err, p.joined.Close()) }()
	if p.joined.articleSet, err = p.open(articles); err != nil {
		return nil, err
	}
	if p.joined.forecastSet, err = p.open(forecast); err != nil {
		return nil, err
	}
	if err := p.cutArticles(); err != nil {
		return nil, err
	}
	if p.plan.Forecast, err = p.files(p.joined.forecastSet); err != nil {
		return nil, err
	}
	if err := p.divide(); err != nil {
		return nil, err
	}
	p.plan.Doubts = p.joined.Doubts()
	return p.plan, p.metadata()
}

func (p *planner) open(name string) (*fileSet, error) {
	set, err := openFiles(filepath.Join(p.folder, name), nil, "")
	if err == nil {
		set.base = p.folder
	}
	return set, err
}

// files lists a table's files. Their rows are counted when they are read.
func (p *planner) files(set *fileSet) (files []PlanFile, err error) {
	for _, path := range set.paths {
		f, err := set.open(path)
		if err != nil {
			return nil, err
		}
		file := PlanFile{Path: set.name(path)}
		if parquet, ok := f.(*parquetFile); ok {
			for _, g := range parquet.file.RowGroups() {
				file.RowGroups = append(file.RowGroups, g.NumRows())
			}
		}
		if err := f.close(); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		files = append(files, file)
	}
	return files, nil
}

// metadata notes what the forecast says about its date.
func (p *planner) metadata() error {
	set := p.joined.forecastSet
	for _, path := range set.paths {
		f, err := set.open(path)
		if err != nil {
			return err
		}
		l, err := recognise(f, set.name(path), p.joined.options.ForecastOptions)
		if err != nil {
			return errors.Join(err, f.close())
		}
		p.plan.ByDate = p.plan.ByDate || l.dates
		if text, ok := f.metadata("as_of"); ok {
			if t, err := time.Parse(time.DateOnly, text); err == nil && t.After(p.plan.ForecastAsOf) {
				p.plan.ForecastAsOf = t
			}
		}
		if err := f.close(); err != nil {
			return err
		}
	}
	return nil
}

// cutArticles reads the articles' keys, counts the rows and finds the cuts.
func (p *planner) cutArticles() (err error) {
	if p.plan.Articles, err = p.files(p.joined.articleSet); err != nil {
		return err
	}
	r := newRowReader(p.joined.articleSet, false, p.joined.articleSet.knowing(articleColumns, bindKeys))
	defer r.close()
	var last Key
	groups := groupStarts{files: p.plan.Articles}
	for n := int64(0); ; n++ {
		b, i, err := r.next()
		if errors.Is(err, io.EOF) {
			p.joined.total = n
			return nil
		}
		if err != nil {
			return err
		}
		if n == math.MaxInt32 {
			return fmt.Errorf("%s: more than %d rows; split the articles", r.name, math.MaxInt32)
		}
		file := &p.plan.Articles[r.upcoming-1]
		starting := groups.at(r.upcoming-1, file.Rows)
		file.Rows++
		key, bad := pairAt(b, i, "merchant_id", "article_id")
		same := bad == nil && key == last
		if len(p.cuts) == 0 || !same && p.due(n, starting) {
			p.cuts = append(p.cuts, cut{article: n})
		}
		if bad != nil {
			continue
		}
		p.keys++
		if c := &p.cuts[len(p.cuts)-1]; c.key == (Key{}) {
			c.key = key
		}
		if !same {
			p.byKey = p.byKey && compareKeys(last, key) < 0
			last = key
		}
	}
}

// due tells whether a shard should begin with row n, where a row group of starting rows begins (0: none does).
func (p *planner) due(n, starting int64) bool {
	rows := n - p.cuts[len(p.cuts)-1].article
	return rows >= p.size || starting > 0 && rows+starting > p.size
}

// groupStarts finds the row groups while the rows go by.
type groupStarts struct {
	files       []PlanFile
	file, group int
	next        int64 // row of the file that the group begins with
}

// at returns the rows of the group that begins with a row of a file, 0 if none does. Ask for rising rows.
func (g *groupStarts) at(file int, row int64) int64 {
	if file != g.file {
		g.file, g.group, g.next = file, 0, 0
	}
	for groups := g.files[file].RowGroups; g.group < len(groups) && row == g.next; {
		rows := groups[g.group]
		g.group++
		if g.next += rows; rows > 0 {
			return rows
		}
	}
	return 0
}

func compareKeys(a, b Key) int {
	return cmp.Or(strings.Compare(a.Merchant, b.Merchant), strings.Compare(a.Article, b.Article))
}

// divide finds the forecast rows of each shard.
func (p *planner) divide() error {
	if len(p.cuts) == 0 { // no articles: all of the forecast is left over
		p.cuts = []cut{{}}
	}
	if len(p.cuts) == 1 {
		p.plan.Order = OneShard
		_, err := p.cutForecast(func(int, Key) (int, bool) { return 0, true })
		return err
	}
	if !p.seekable() {
		if err := p.joined.numberArticles(); err != nil {
			return err
		}
		return p.partition()
	}
	if p.byKey {
		ok, err := p.cutForecast(p.byKeys())
		if ok || err != nil {
			return err
		}
	}
	p.plan.Order = AsArticles
	duplicates, err := p.number()
	if err != nil {
		return err
	}
	if !duplicates {
		ok, err := p.cutForecast(p.byNumbers())
		if ok || err != nil {
			return err
		}
	}
	return p.partition()
}

// seekable tells whether shards can begin in the middle of the forecast's files.
func (p *planner) seekable() bool {
	return !slices.ContainsFunc(p.plan.Forecast, func(f PlanFile) bool { return ending(f.Path) != ".parquet" })
}

// number makes the index of all articles.
func (p *planner) number() (duplicates bool, err error) {
	if err := p.joined.numberArticles(); err != nil {
		return false, err
	}
	return int64(len(p.joined.index.rows)) < p.keys, nil
}

// byKeys returns a function that tells which shard a key belongs to, from s on, and false when keys fall.
func (p *planner) byKeys() func(s int, k Key) (int, bool) {
	var last Key
	return func(s int, k Key) (int, bool) {
		if k == last {
			return s, true
		}
		rising := compareKeys(last, k) < 0
		last = k
		for next := s + 1; next < len(p.cuts); next++ {
			switch first := p.cuts[next].key; {
			case first == Key{}: // has no usable article
			case compareKeys(k, first) < 0:
				return s, rising
			default:
				s = next
			}
		}
		return s, rising
	}
}

// byNumbers does the same by the numbers of the articles.
func (p *planner) byNumbers() func(s int, k Key) (int, bool) {
	last := int32(0)
	return func(s int, k Key) (int, bool) {
		n := p.joined.index.find(k)
		if n == notFound {
			return s, true
		}
		rising := n >= last
		last = n
		for s+1 < len(p.cuts) && int64(n) >= p.cuts[s+1].article {
			s++
		}
		return s, rising
	}
}

// cutForecast reads the forecast's keys, counts the rows and notes where each shard's begin. false tells that they are scattered.
func (p *planner) cutForecast(shardOf func(s int, k Key) (int, bool)) (ok bool, err error) {
	j := p.joined
	r := newForecastReader(j.forecastSet, j.options.ForecastOptions, j.first, true)
	defer r.close()
	for i := range p.plan.Forecast {
		p.plan.Forecast[i].Rows = 0
	}
	shard := 0
	var row forecastRow
	for n := int64(0); ; n++ {
		err := r.next(&row)
		if errors.Is(err, io.EOF) {
			for shard++; shard < len(p.cuts); shard++ {
				p.cuts[shard].forecast = n
			}
			break
		}
		if err != nil {
			return false, err
		}
		p.plan.Forecast[r.rows.upcoming-1].Rows++
		if row.fault != nil {
			continue
		}
		next, rising := shardOf(shard, row.key)
		if !rising {
			return false, nil
		}
		for shard < next {
			shard++
			p.cuts[shard].forecast = n
		}
	}
	for i, c := range p.cuts {
		articles, forecasts := int64(math.MaxInt64), int64(math.MaxInt64)
		if i+1 < len(p.cuts) {
			articles, forecasts = p.cuts[i+1].article, p.cuts[i+1].forecast
		}
		p.plan.Shards = append(p.plan.Shards, Shard{
			Articles: windows(p.plan.Articles, c.article, articles), Forecast: windows(p.plan.Forecast, c.forecast, forecasts)})
	}
	return true, nil
}

// windows cuts a run of rows of a table into windows of its files.
func windows(files []PlanFile, from, to int64) []Window {
	list := []Window{}
	start := int64(0)
	for _, f := range files {
		w := Window{f.Path, max(from-start, 0), min(to-start, f.Rows)}
		if w.From < w.To {
			list = append(list, w)
		}
		start += f.Rows
	}
	return list
}

// partition writes the forecast anew. The first pass has counted all rows of the articles.
func (p *planner) partition() error {
	p.plan.Order = Partitioned
	every := (len(p.cuts) + maxScattered - 1) / maxScattered
	var cuts []cut
	for i := 0; i < len(p.cuts); i += every {
		cuts = append(cuts, p.cuts[i])
	}
	p.cuts = cuts
	starts := make([]int32, len(p.cuts))
	for i, c := range p.cuts {
		starts[i] = int32(c.article)
	}
	names, err := p.joined.writePartitions(p.partitions, starts, p.plan.Forecast)
	if err != nil {
		return err
	}
	var all []Window
	for _, f := range p.plan.Forecast {
		all = append(all, Window{File: f.Path, To: f.Rows})
	}
	for i, c := range p.cuts {
		to := int64(math.MaxInt64)
		if i+1 < len(p.cuts) {
			to = p.cuts[i+1].article
		}
		p.plan.Shards = append(p.plan.Shards, Shard{Articles: windows(p.plan.Articles, c.article, to), Forecast: all, Partition: names[i]})
	}
	return nil
}
