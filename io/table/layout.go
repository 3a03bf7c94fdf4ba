package table

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/restock-engine/restock/forecast"
	"github.com/restock-engine/restock/internal/suggest"
)

// layout is how a file holds a forecast: where the key, the week and the quantiles are.
type layout struct {
	levels  []float64
	wants   []want
	oneKey  bool // the first column is merchant/article, otherwise the first two are merchant and article
	dates   bool // the week column holds dates
	weekAt  int
	values  int   // first column of the quantiles
	order   []int // [level] which of the value columns; nil where one list column holds all
	samples bool  // the list column holds sample paths' values
}

// levelName matches columns named for a level: 0.025, q0.025, q2.5, and 1e-05, as Python writes what is below 0.0001.
var levelName = regexp.MustCompile(`^(q?)([0-9]*\.?[0-9]+(?:[eE]-[0-9]+)?)$`)

// ForecastOptions say how to read forecasts that leave something open.
type ForecastOptions struct {
	Separator string // between merchant and article in a unique_id; "" means /
	Model     string // the model to read where a Nixtla file holds several
}

// recognise finds the layout of a forecast file by its columns.
func recognise(f file, name string, o ForecastOptions) (*layout, error) {
	have := f.columns()
	fail := func(format string, args ...any) error {
		return fmt.Errorf("%s: %s; its columns are: %s", name, fmt.Sprintf(format, args...), listed(have))
	}
	var unfit []string // columns of the right name and the wrong type
	find := func(k kind, names ...string) string {
		for _, n := range names {
			for _, h := range have {
				switch {
				case h.name != n:
				case slices.Contains(h.kinds, k):
					return n
				default:
					unfit = append(unfit, fmt.Sprintf("; column %s is of type %s, which can't be read as %s", n, h.typ, kindNames[k]))
				}
			}
		}
		return ""
	}
	missing := func(what string) error { return fail("%s%s", what, strings.Join(unfit, "")) }
	l := &layout{}
	merchant, article := find(text, "merchant_id"), find(text, "article_id")
	switch id := find(text, "unique_id", "item_id"); {
	case merchant != "" && article != "":
		l.wants = []want{{merchant, text}, {article, text}}
	case id != "":
		l.oneKey = true
		l.wants = []want{{id, text}}
	default:
		return nil, missing("the SKU's columns are missing: merchant_id and article_id, or unique_id (merchant/article)" +
			nearest(have, "merchant_id", "article_id"))
	}
	l.weekAt = len(l.wants)
	if week := find(number, "week"); week != "" {
		l.wants = append(l.wants, want{week, number})
	} else if day := find(date, "week_start", "ds", "timestamp"); day != "" {
		l.dates = true
		l.wants = append(l.wants, want{day, date})
	} else {
		return nil, missing("the week's column is missing: week (0, 1 …), or week_start or ds (dates)" + nearest(have, "week", "week_start"))
	}
	l.values = len(l.wants)
	unfit = nil

	if find(list, "q") != "" {
		text, ok := f.metadata("quantile_levels")
		if !ok {
			return nil, fail("column q has lists of quantiles, but the file's metadata have no quantile_levels, as in [0.025,0.05]")
		}
		levels, err := parseLevels(text)
		if err != nil {
			return nil, fail("the metadata's quantile_levels: %v", err)
		}
		l.levels = levels
		l.wants = append(l.wants, want{"q", list})
		return l, nil
	}
	if s := find(list, "samples"); s != "" {
		l.levels, l.samples = forecast.SampleLevels(), true
		l.wants = append(l.wants, want{s, list})
		return l, nil
	}
	columns, err := levelColumns(have, o)
	if err != nil {
		return nil, missing(err.Error())
	}
	l.levels = slices.Sorted(maps.Keys(columns))
	if err := forecast.CheckLevels(l.levels); err != nil {
		return nil, fail("%v", err)
	}
	for i, level := range l.levels {
		l.wants = append(l.wants, want{columns[level], number})
		l.order = append(l.order, i)
	}
	return l, nil
}

// nearest asks whether a column is one of the names misspelt; "" where none is.
func nearest(have []fileColumn, names ...string) string {
	for _, n := range names {
		if near := suggest.Nearest(n, columnNames(have)); near != "" && near != n {
			return fmt.Sprintf(" (is %s called %q?)", n, near)
		}
	}
	return ""
}

// levelColumns finds the columns that hold one quantile each: by level names, or Nixtla's by model and interval.
func levelColumns(have []fileColumn, o ForecastOptions) (map[float64]string, error) {
	var names []string
	for _, h := range have {
		if slices.Contains(h.kinds, number) {
			names = append(names, h.name)
		}
	}
	if columns, err := namedLevels(names); columns != nil || err != nil {
		return columns, err
	}
	return nixtlaLevels(names, o)
}

// namedLevels reads names like 0.025 and q0.025, or percentages like q2.5. nil if there are none.
func namedLevels(names []string) (map[float64]string, error) {
	var named []string
	low, high := math.Inf(1), 0.0
	values := map[string]float64{}
	for _, n := range names {
		m := levelName.FindStringSubmatch(n)
		if m == nil {
			continue
		}
		v, err := strconv.ParseFloat(m[2], 64)
		if err != nil {
			continue
		}
		named, values[n] = append(named, n), v
		low, high = min(low, v), max(high, v)
	}
	// A list with a number above 1 is of percentages, unless it looks like one of levels with a mistake in it: 0.1, 0.5, 1.5.
	scale := 1.0
	if high > 1 && (low >= 1 || high >= 50) {
		scale = 100
	}
	columns := map[float64]string{}
	for _, n := range named {
		if scale == 100 && n[0] == 'q' != (named[0][0] == 'q') { // 0.5 beside q97.5 can be the median or half a percent
			return nil, fmt.Errorf("columns %s and %s name quantile levels in two ways; use levels like 0.025 or percentages like q2.5 for all", named[0], n)
		}
		level := roundLevel(values[n] / scale)
		if other, ok := columns[level]; ok {
			return nil, fmt.Errorf("columns %s and %s are the same quantile level %g", other, n, level)
		}
		columns[level] = n
	}
	if len(columns) == 0 {
		return nil, nil
	}
	return columns, nil
}

// roundLevel takes away the error of arithmetic with percentages.
func roundLevel(l float64) float64 { return math.Round(l*1e9) / 1e9 }

// nixtlaOther are columns of Nixtla's and AutoGluon's files that are no model.
var nixtlaOther = []string{"unique_id", "item_id", "ds", "timestamp", "week", "week_start", "merchant_id", "article_id",
	"y", "cutoff", "index", "mean", "", "Unnamed: 0", "__index_level_0__"}

// nixtlaLevels reads <Model>, <Model>-lo-95, <Model>-hi-95, <Model>-median and <Model>-q-10: lo-x is the level (1-x/100)/2, hi-x
// is (1+x/100)/2.
func nixtlaLevels(names []string, o ForecastOptions) (map[float64]string, error) {
	models := map[string]map[float64]string{}
	add := func(model string, level float64, name string) {
		if models[model] == nil {
			models[model] = map[float64]string{}
		}
		models[model][roundLevel(level)] = name
	}
	for _, n := range names {
		if slices.Contains(nixtlaOther, n) {
			continue
		}
		if model, level, ok := intervalColumn(n); ok {
			add(model, level, n)
		}
	}
	bands := len(models) > 0
	if !bands && o.Model == "" && slices.Contains(names, "sales") {
		return nil, errors.New("column sales is what was sold, so that this is a history and not a forecast: 'restock forecast' makes one of it; " +
			"if it is what will be sold, say --model sales")
	}
	for _, n := range names {
		if _, _, interval := intervalColumn(n); interval || slices.Contains(nixtlaOther, n) {
			continue
		}
		if _, known := models[n]; known || !bands {
			if _, median := models[n][0.5]; !median {
				add(n, 0.5, n)
			}
		}
	}
	switch {
	case o.Model != "" && models[o.Model] != nil:
		return models[o.Model], nil
	case o.Model != "" && slices.Contains(names, o.Model): // among models with intervals one without
		return map[float64]string{0.5: o.Model}, nil
	case len(models) == 0:
		return nil, errors.New("no quantiles found: neither q (a list), nor samples, nor columns named for levels (0.025, q2.5), " +
			"nor a model's (<Model>, <Model>-lo-95, <Model>-hi-95)")
	case o.Model != "":
		return nil, fmt.Errorf("no model %q; the file's models are %s", o.Model, strings.Join(slices.Sorted(maps.Keys(models)), ", "))
	case len(models) > 1:
		return nil, fmt.Errorf("the file has several models, choose one with --model: %s", strings.Join(slices.Sorted(maps.Keys(models)), ", "))
	}
	for _, m := range models {
		return m, nil
	}
	return nil, nil
}

// intervalColumn splits a name like LightGBM-lo-95 into the model and the level.
func intervalColumn(name string) (model string, level float64, ok bool) {
	if m, found := strings.CutSuffix(name, "-median"); found {
		return m, 0.5, true
	}
	for _, part := range []string{"-lo-", "-hi-", "-q-"} {
		i := strings.LastIndex(name, part)
		if i <= 0 {
			continue
		}
		x, err := strconv.ParseFloat(name[i+len(part):], 64)
		if err != nil {
			continue
		}
		switch part {
		case "-lo-":
			return name[:i], (1 - x/100) / 2, true
		case "-hi-":
			return name[:i], (1 + x/100) / 2, true
		default:
			return name[:i], x / 100, true
		}
	}
	return "", 0, false
}

// parseLevels reads the metadata's quantile_levels: a JSON array, or numbers separated by commas or semicolons.
func parseLevels(text string) ([]float64, error) {
	var levels []float64
	if err := json.Unmarshal([]byte(text), &levels); err != nil {
		levels = nil
		for part := range strings.FieldsFuncSeq(strings.Trim(text, "[] "), func(r rune) bool { return r == ',' || r == ';' }) {
			v, err := strconv.ParseFloat(strings.TrimSpace(part), 64)
			if err != nil {
				return nil, fmt.Errorf("%q is not a number", part)
			}
			levels = append(levels, v)
		}
	}
	return levels, forecast.CheckLevels(levels)
}
