package table

import (
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/restock-engine/restock/forecast"
	"github.com/restock-engine/restock/simulate"
)

// JoinOptions say how to read articles and forecasts.
type JoinOptions struct {
	ForecastOptions
	AsOf    time.Time // a day of week 0; zero: from the forecast's metadata, or its first date
	TempDir string    // for input that is not sorted; "" is the system's
	Stdin   io.Reader // for a path of -
}

// Item is one row of the articles table with its forecast, or a reject.
type Item struct {
	Row      *ArticleRow
	Forecast *forecast.Quantiles // the weeks from 0 up to the first one that is missing or can't be used
	Reject   *Reject             // not nil: Row and Forecast are nil
	More     []Reject            // what else is wrong with a rejected row

	ends *Reject // why the forecast ends before what the file holds of it; nil if nothing is wrong
}

// Short returns the reject that the item becomes if its forecast has fewer weeks than the horizon, or nil.
func (it *Item) Short(horizon int) *Reject {
	n := it.Forecast.Weeks()
	if n >= horizon {
		return nil
	}
	if it.ends != nil {
		return it.ends
	}
	return &Reject{it.Row.Source, it.Row.Key, "week", strconv.Itoa(n),
		fmt.Sprintf("the forecast of this week is missing; the horizon needs weeks 0 to %d", horizon-1)}
}

// Joined yields the articles in the order of their files, each with its forecast. The order and the number of the forecast's
// files and rows do not matter: where they are not sorted like the articles they go through temporary files. Memory is bounded:
// 40 to 60 bytes for each SKU, and a partition.
type Joined struct {
	articleSet, forecastSet *fileSet
	options                 JoinOptions
	first                   int32 // day that week 0 begins with
	guessed                 bool

	index    *keyIndex
	total    int64   // rows of articles
	starts   []int64 // [file of articles] rows before it
	unknown  map[[2]uint64]bool
	articles *ArticleReader
	rows     *grouped[forecastRow]
	levels   []float64
	row      int32 // of the next article
	orphans  *forecastReader
	crossed  int64

	partition *partition // what was found out about a shard beforehand; nil where the files say it
}

// Join opens the articles and the forecast and finds out how they stand to each other: it reads all keys once.
func Join(articles, forecastPath string, o JoinOptions) (j *Joined, err error) {
	j = &Joined{options: o, unknown: map[[2]uint64]bool{}}
	defer func() {
		if err != nil {
			err = errors.Join(err, j.Close())
			j = nil
		}
	}()
	if j.articleSet, err = openFiles(articles, o.Stdin, o.TempDir); err != nil {
		return j, err
	}
	if err = j.numberArticles(); err != nil {
		return j, err
	}
	if j.forecastSet, err = openFiles(forecastPath, o.Stdin, o.TempDir); err != nil {
		return j, err
	}
	if j.first, j.guessed, err = firstDay(j.forecastSet, o.ForecastOptions, o.AsOf); err != nil {
		return j, err
	}
	sorted, count, err := j.scanForecast()
	if err != nil {
		return j, err
	}
	j.articles = &ArticleReader{rows: newRowReader(j.articleSet, false, bindArticles)}
	j.rows, err = groupRows(j.forecastRows(), sorted, count, int32(j.total), o.TempDir)
	return j, err
}

// AsOf returns the Monday of week 0 where it is known from the options, the forecast's metadata or, guessed, its first date; zero
// otherwise.
func (j *Joined) AsOf() (t time.Time, guessed bool) {
	if j.options.AsOf.IsZero() && j.first == 0 {
		return time.Time{}, false
	}
	return time.Unix(int64(j.first)*86400, 0).UTC(), j.guessed
}

// Total returns the number of rows of the articles table.
func (j *Joined) Total() int64 { return j.total }

// OtherAsOf returns the Monday of week 0 as a file of the forecast itself says it, where it has week numbers and is read as of another week:
// every week is then read as another. false if there is no such file.
func (j *Joined) OtherAsOf() (t time.Time, other bool, err error) {
	if j.options.AsOf.IsZero() {
		return t, false, nil
	}
	for _, path := range j.forecastSet.paths {
		f, err := j.forecastSet.open(path)
		if err != nil {
			return t, false, err
		}
		l, err := recognise(f, j.forecastSet.name(path), j.options.ForecastOptions)
		text, ok := f.metadata("as_of")
		if err = errors.Join(err, f.close()); err != nil {
			return t, false, err
		}
		if t, wrong := time.Parse(time.DateOnly, text); ok && wrong == nil && !l.dates && monday(asDay(t)) != j.first {
			return time.Unix(int64(monday(asDay(t)))*86400, 0).UTC(), true, nil
		}
	}
	return t, false, nil
}

// Doubts tells what may be wrong with the columns of the articles.
func (j *Joined) Doubts() []string { return j.articleSet.doubts }

// Crossed returns how many SKUs' forecasts had crossing quantiles, which were sorted.
func (j *Joined) Crossed() int64 { return j.crossed }

// Close releases files and temporary files.
func (j *Joined) Close() error {
	var errs []error
	if j.articles != nil {
		errs = append(errs, j.articles.Close())
	}
	if j.rows != nil {
		errs = append(errs, j.rows.close())
	}
	if j.orphans != nil {
		errs = append(errs, j.orphans.close())
	}
	for _, set := range []*fileSet{j.articleSet, j.forecastSet} {
		if set != nil {
			errs = append(errs, set.close())
		}
	}
	return errors.Join(errs...)
}

// bindKeys binds the key columns alone, after making sure that all others are as they must be.
func bindKeys(f file, name string) ([]want, []int, error) {
	wants, places, err := bindArticles(f, name)
	if err != nil {
		return nil, nil, err
	}
	return wants[:2], places[:2], nil
}

// numberArticles gives every key the number of the first usable row that has it. Only where keys come twice are whole rows read for that.
func (j *Joined) numberArticles() error {
	duplicates, err := j.number(j.articleSet.knowing(articleColumns, bindKeys), func(b *batch, _ []int, i int, row *ArticleRow) bool {
		var bad *fault
		row.Key, bad = pairAt(b, i, "merchant_id", "article_id")
		return bad == nil
	})
	if err != nil || !duplicates {
		return err
	}
	_, err = j.number(bindArticles, func(b *batch, places []int, i int, row *ArticleRow) bool {
		return readArticle(b, places, i, row) == nil
	})
	return err
}

// number fills the index with the rows that usable finds fit, and tells whether any keys come twice.
func (j *Joined) number(bind func(file, string) ([]want, []int, error), usable func(*batch, []int, int, *ArticleRow) bool) (
	duplicates bool, err error) {
	j.index, j.total, j.starts = newKeyIndex(), 0, nil
	r := newRowReader(j.articleSet, false, bind)
	defer r.close()
	for ; ; j.total++ {
		b, i, err := r.next()
		if errors.Is(err, io.EOF) {
			return duplicates, nil
		}
		if err != nil {
			return false, err
		}
		if j.total == math.MaxInt32 {
			return false, fmt.Errorf("%s: more than %d rows; split the articles", r.name, math.MaxInt32)
		}
		for len(j.starts) < r.upcoming {
			j.starts = append(j.starts, j.total)
		}
		var row ArticleRow
		if usable(b, r.places, i, &row) {
			_, known := j.index.add(row.Key, int32(j.total))
			duplicates = duplicates || known
		}
	}
}

// place names an article's row by its number.
func (j *Joined) place(number int32) string {
	file, _ := slices.BinarySearchFunc(j.starts, int64(number), func(start, n int64) int {
		if start <= n {
			return -1
		}
		return 1
	})
	row := int64(number) - j.starts[file-1] + 1
	if j.articleSet.windows != nil {
		row += j.articleSet.windows[file-1].From
	}
	if len(j.articleSet.paths) == 1 && j.articleSet.windows == nil {
		return fmt.Sprintf("row %d", row)
	}
	return fmt.Sprintf("row %d of %s", row, j.articleSet.name(j.articleSet.paths[file-1]))
}

// scanForecast reads the forecast's keys: whether they stand in the order of the articles, and which have no article.
func (j *Joined) scanForecast() (sorted bool, count int64, err error) {
	r := newForecastReader(j.forecastSet, j.options.ForecastOptions, j.first, true)
	defer r.close()
	sorted = true
	last := int32(0)
	var row forecastRow
	for ; ; count++ {
		err := r.next(&row)
		if errors.Is(err, io.EOF) {
			return sorted, count, nil
		}
		if err != nil {
			return false, 0, err
		}
		if row.fault != nil {
			continue
		}
		n := j.index.find(row.key)
		if n == notFound {
			j.unknown[j.index.hash(row.key)] = true
			continue
		}
		sorted = sorted && n >= last
		last = n
	}
}

// forecastRows are the forecast's rows that have an article.
func (j *Joined) forecastRows() rowsOf[forecastRow] {
	return j.forecastRowsOf(newForecastReader(j.forecastSet, j.options.ForecastOptions, j.first, false))
}

func (j *Joined) forecastRowsOf(r *forecastReader) rowsOf[forecastRow] {
	return rowsOf[forecastRow]{
		next: func(row *forecastRow) (int32, error) {
			if err := r.next(row); err != nil {
				return 0, err
			}
			j.levels = r.levels
			if row.key.Merchant == "" || row.key.Article == "" {
				return notFound, nil
			}
			return j.index.find(row.key), nil
		},
		encode: func(w *recordWriter, row *forecastRow) {
			r.rows.encodeSource(w)
			w.int(int64(row.week))
			w.fault(row.fault)
			w.int(int64(len(row.values)))
			for _, v := range row.values {
				w.float32(v)
			}
		},
		decode: func(from *recordReader, row *forecastRow) {
			row.source = r.rows.decodeSource(from)
			row.week = int(from.int())
			row.fault, row.values = from.fault(), row.values[:0]
			for range from.int() {
				row.values = append(row.values, from.float32())
			}
		},
		close: r.close,
	}
}

// Next returns the next item; io.EOF after the last one. First come the rows of the articles table, one item each, then one
// reject for each SKU that has a forecast and no article, and for each row of the forecast without a usable key. The caller owns
// the item.
func (j *Joined) Next() (Item, error) {
	if j.orphans == nil {
		item, err := j.nextArticle()
		if !errors.Is(err, io.EOF) {
			return item, err
		}
		if j.partition != nil {
			return j.partition.nextOrphan()
		}
		j.orphans = newForecastReader(j.forecastSet, j.options.ForecastOptions, j.first, true)
	}
	return j.nextOrphan()
}

func (j *Joined) nextArticle() (Item, error) {
	row, rejects, err := j.articles.Next()
	if err != nil {
		return Item{}, err
	}
	n := j.row
	j.row++
	if rejects != nil {
		return Item{Reject: &rejects[0], More: rejects[1:]}, nil
	}
	refuse := func(reason string) (Item, error) {
		return Item{Reject: &Reject{Source: row.Source, Key: row.Key, Reason: reason}}, nil
	}
	duplicate := func(of string) (Item, error) { return refuse(duplicateOf(of)) }
	if of, ok := j.partition.duplicateOf(n); ok {
		return duplicate(of)
	}
	switch first := j.index.find(row.Key); {
	case first == notFound || n >= int32(j.total):
		return Item{}, fmt.Errorf("%s: the file has changed while it was read", row.File)
	case first != n:
		return duplicate(j.place(first))
	}
	item := Item{Row: row}
	if err := j.assemble(n, &item); err != nil {
		return Item{}, err
	}
	if item.Forecast == nil {
		return refuse("the SKU has no forecast")
	}
	if item.Forecast.Weeks() == 0 {
		if item.ends == nil {
			return Item{Reject: &Reject{row.Source, row.Key, "week", "0",
				"the forecast of this week is missing; weeks count from 0, the week that begins now"}}, nil
		}
		return Item{Reject: item.ends}, nil
	}
	return item, nil
}

// assemble puts the forecast of article number n together.
func (j *Joined) assemble(n int32, item *Item) error {
	var values []float32 // [week][level]
	var faults map[int]*Reject
	var have []bool
	fail := func(row *forecastRow, f *fault) {
		if faults == nil {
			faults = map[int]*Reject{}
		}
		if faults[row.week] == nil {
			faults[row.week] = &Reject{row.source, item.Row.Key, f.column, f.value, f.reason}
		}
	}
	seen := false
	err := j.rows.each(n, func(row *forecastRow) {
		seen = true
		switch week := row.week; {
		case week < 0 || week >= simulate.MaxHorizon:
		case row.fault != nil:
			fail(row, row.fault)
		case week < len(have) && have[week]:
			fail(row, &fault{"week", strconv.Itoa(week), "the SKU has this week twice in the forecast"})
		default:
			for len(have) <= week {
				have = append(have, false)
				values = append(values, make([]float32, len(row.values))...)
			}
			have[week] = true
			copy(values[week*len(row.values):], row.values)
		}
	})
	if err != nil || !seen {
		return err
	}
	weeks := 0
	for weeks < len(have) && have[weeks] && faults[weeks] == nil {
		weeks++
	}
	item.ends = faults[weeks]
	item.Forecast = &forecast.Quantiles{Levels: j.levels, Values: values[:weeks*len(j.levels)]}
	if item.Forecast.Rearrange() {
		j.crossed++
	}
	return nil
}

const noArticle = "the SKU has a forecast, but no row in the articles"

// nextOrphan returns the rejects of the forecast.
func (j *Joined) nextOrphan() (Item, error) {
	var row forecastRow
	for {
		if err := j.orphans.next(&row); err != nil {
			return Item{}, err
		}
		if row.fault != nil {
			f := row.fault
			return Item{Reject: &Reject{row.source, row.key, f.column, f.value, f.reason}}, nil
		}
		if len(j.unknown) == 0 || j.index.find(row.key) != notFound {
			continue
		}
		h := j.index.hash(row.key)
		if j.unknown[h] {
			delete(j.unknown, h)
			return Item{Reject: &Reject{Source: row.source, Key: row.key, Reason: noArticle}}, nil
		}
	}
}
