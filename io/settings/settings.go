package settings

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"unicode/utf8"

	"github.com/knadh/koanf/providers/rawbytes"
	"github.com/knadh/koanf/v2"

	"github.com/restock-engine/restock/internal/suggest"
	"github.com/restock-engine/restock/io/table"
	"github.com/restock-engine/restock/simulate"
)

// DefaultFile is read from the current folder if no other file is named.
const DefaultFile = "restock.yaml"

// MaxFileSize is the largest settings file accepted, in bytes.
const MaxFileSize = 16 << 20

// Settings are what a file, the flags and the built-in defaults say. They may be used by several goroutines at once after the last
// [Settings.Override].
type Settings struct {
	file      string // "" if no file was read
	defaults  layer
	merchants map[string]layer
	flags     layer

	base       effective            // built in and defaults
	byMerchant map[string]effective // base and the merchant's own

	freeStock atomic.Int64 // articles resolved without any holding cost given
}

// Load reads a settings file. With path "" it reads restock.yaml of the current folder if there is one, and otherwise returns what is built
// in. All that is wrong inside the file is reported at once, as an [*Error].
func Load(path string) (*Settings, error) {
	name := path
	if name == "" {
		name = DefaultFile
	}
	f, err := os.Open(name)
	if path == "" && errors.Is(err, fs.ErrNotExist) {
		if err := CheckName(""); err != nil {
			return nil, err
		}
		return newSettings(), nil
	}
	if err != nil {
		return nil, fmt.Errorf("settings: %w", err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, MaxFileSize+1))
	if err != nil {
		return nil, fmt.Errorf("settings: %w", err)
	}
	return Parse(name, data)
}

// CheckName is an error if a folder has the settings under a name that nobody looks for: defaults would take their place.
func CheckName(folder string) error {
	wrong := filepath.Join(folder, "restock.yml")
	if _, err := os.Stat(wrong); err != nil {
		return nil
	}
	if _, err := os.Stat(filepath.Join(folder, DefaultFile)); err == nil {
		return nil
	}
	return fmt.Errorf("settings: %s is not read; call it %s, or name it with --config", wrong, DefaultFile)
}

// Parse reads settings from the bytes of a file; the name is for messages.
func Parse(name string, data []byte) (*Settings, error) {
	found := &problems{file: name}
	if len(data) > MaxFileSize {
		found.add(0, nil, "is larger than %d MiB; this is not a settings file", MaxFileSize>>20)
		return nil, found.err()
	}
	if line, ok := firstInvalidUTF8(data); ok {
		found.add(line, nil, "is not UTF-8 text; save the file as UTF-8")
		return nil, found.err()
	}
	parser := &strictYAML{problems: found, lines: make(map[string]int)}
	k := koanf.New(separator)
	if err := k.Load(rawbytes.Provider(data), parser); err != nil {
		reason := err.Error()
		if strings.Contains(reason, "cannot start any token") {
			reason += " (YAML indents with spaces, not with tabs)"
		}
		found.add(0, nil, "%s", reason)
		return nil, found.err()
	}
	s := newSettings()
	s.file = name
	for _, joined := range k.Keys() {
		if found.full() {
			break
		}
		path := strings.Split(joined, separator)
		s.add(path, k.Get(joined), parser.lines[joined], found)
	}
	for _, l := range s.merchants {
		l.sorted()
	}
	s.defaults.sorted()
	s.checkReturnMode(parser.lines, found)
	if err := found.err(); err != nil {
		return nil, err
	}
	s.resolve()
	return s, nil
}

func newSettings() *Settings {
	return &Settings{base: builtIn(), merchants: map[string]layer{}}
}

func (l layer) sorted() layer {
	slices.SortFunc(l, func(a, b setting) int { return int(a.key - b.key) })
	return l
}

func (l layer) without(k key) layer {
	return slices.DeleteFunc(l, func(s setting) bool { return s.key == k })
}

func firstInvalidUTF8(data []byte) (line int, found bool) {
	line = 1
	for len(data) > 0 {
		r, n := utf8.DecodeRune(data)
		if r == utf8.RuneError && n == 1 {
			return line, true
		}
		if r == '\n' {
			line++
		}
		data = data[n:]
	}
	return 0, false
}

// add puts the leaf of one path of the file where it belongs. A leaf is a string, a []string, nil, or an empty map for an empty section.
func (s *Settings) add(path []string, leaf any, line int, found *problems) {
	_, emptyMap := leaf.(map[string]any)
	empty := leaf == nil || emptyMap
	switch inMerchants := path[0] == "merchants"; {
	case inMerchants && len(path) == 3:
		s.merchants[path[1]] = s.merchants[path[1]].add(path, leaf, line, found)
	case inMerchants && len(path) == 2 && empty:
		s.merchants[path[1]] = nil
	case !inMerchants && len(path) == 2:
		s.defaults = s.defaults.add(path, leaf, line, found)
	case !empty && inMerchants && len(path) == 1:
		found.add(line, path, "must be a section with merchants' names and below each its key: value lines")
	case !empty:
		found.add(line, path, "must be a section of key: value lines")
	}
}

func (l layer) add(path []string, leaf any, line int, found *problems) layer {
	name := path[len(path)-1]
	k, known := parseKey(name)
	if !known || strings.Contains(name, "-") {
		reason := "unknown key; `restock config show` lists the known ones"
		if n := suggest.Nearest(name, keyNames()); n != "" {
			reason = fmt.Sprintf("unknown key; did you mean %s?", n)
		}
		found.add(line, path, "%s", reason)
		return l
	}
	var v value
	reason := "has no value; give one or remove the line"
	switch x := leaf.(type) {
	case string:
		v, reason = parseValue(k, []string{x}, false)
	case []string:
		v, reason = parseValue(k, x, true)
	}
	if reason != "" {
		found.add(line, path, "%s", reason)
		return l
	}
	return append(l, setting{k, v})
}

// checkReturnMode reports the one combination that no article's row can mend.
func (s *Settings) checkReturnMode(lines map[string]int, found *problems) {
	check := func(e effective, path ...string) {
		if e.article.ReturnMode == simulate.ExpectedReturns && e.article.Units == simulate.Whole {
			path = append(path, returnMode.String())
			found.add(lines[strings.Join(path, separator)], path, "expected returns are fractions of a unit; they need units: continuous")
		}
	}
	base := builtIn()
	base.apply(s.defaults)
	check(base, "defaults")
	for name, l := range s.merchants {
		e := base
		e.apply(l)
		if l.has(returnMode) || l.has(units) {
			check(e, "merchants", name)
		}
	}
}

func (l layer) has(k key) bool {
	return slices.ContainsFunc(l, func(s setting) bool { return s.key == k })
}

// Override sets a value from a flag, above everything else. A hyphen in the name serves as an underscore, and a list is written
// as in CSV: 0.6;0.4.
func (s *Settings) Override(name, text string) error {
	k, known := parseKey(name)
	if !known {
		return fmt.Errorf("%s: unknown setting", name)
	}
	_, isList := s.base.field(k).(*[]float64)
	items := []string{text}
	if isList {
		items = strings.Split(text, ";")
	}
	v, reason := parseValue(k, items, isList)
	if reason != "" {
		return fmt.Errorf("%s %s", name, reason)
	}
	s.flags = append(s.flags.without(k), setting{k, v}).sorted()
	return nil
}

// resolve applies the layers of the file once, for all articles.
func (s *Settings) resolve() {
	s.base = builtIn()
	s.base.apply(s.defaults)
	s.byMerchant = make(map[string]effective, len(s.merchants))
	for name, l := range s.merchants {
		e := s.base
		e.apply(l)
		s.byMerchant[name] = e
	}
}

// merchant returns what holds for a merchant below its articles' rows.
func (s *Settings) merchant(name string) effective {
	if e, ok := s.byMerchant[name]; ok {
		return e
	}
	return s.base
}

// Horizon returns the longest horizon of any merchant, weeks: what a forecast for all of them must reach.
func (s *Settings) Horizon() int {
	longest := 0
	add := func(e effective) {
		e.apply(s.flags)
		longest = max(longest, e.article.Horizon)
	}
	add(s.base)
	for _, e := range s.byMerchant {
		add(e)
	}
	return longest
}

// Article resolves a row of the articles table: every default filled in, the horizon cut at lifecycle_weeks, the minimum order quantity
// raised to full packs. The lists of the result are those of the row and of the settings, and must not be written to. The error is
// [simulate.FieldErrors] with everything wrong with the article.
func (s *Settings) Article(row *table.ArticleRow) (simulate.Article, Decision, error) {
	e := s.merchant(row.Merchant)
	errs := e.applyRow(row)
	e.apply(s.flags)
	a := &e.article
	a.OnHand, a.Price, a.UnitCost = row.OnHand, row.Price, row.UnitCost
	a.InTransit, a.PendingReturns = row.InTransit, row.PendingReturns
	if !e.has(key(table.LostSaleCost)) && a.ReturnRate >= 0 && a.ReturnRate <= 1 {
		if m := (a.Price - a.UnitCost) * (1 - a.ReturnRate); !math.IsNaN(m) && !math.IsInf(m, 0) {
			a.LostSaleCost = m
		}
	}
	if e.lifecycle >= 1 {
		a.Horizon = min(a.Horizon, e.lifecycle)
	}
	if errs = append(errs, e.validate()...); errs != nil {
		return simulate.Article{}, Decision{}, errs
	}
	if a.MOQ > 0 {
		const tolerance = 1e-9 // of a pack: a quotient this close to a whole number is one
		given := a.MOQ
		if a.MOQ = math.Ceil(given/a.PackSize-tolerance) * a.PackSize; !(a.MOQ <= simulate.MaxQuantity) {
			return simulate.Article{}, Decision{}, simulate.FieldErrors{{Column: table.MOQ.String(), Value: formatNumber(given),
				Reason: fmt.Sprintf("is more than %g units when it is raised to full packs of %s", float64(simulate.MaxQuantity), formatNumber(a.PackSize))}}
		}
	}
	if !e.has(key(table.HoldingCost)) {
		s.freeStock.Add(1)
	}
	return e.article, e.decision, nil
}

// applyRow sets what an article's row has, and reports the values that no field can hold.
func (e *effective) applyRow(row *table.ArticleRow) simulate.FieldErrors {
	var errs simulate.FieldErrors
	for p := range table.NumParams {
		x, ok := row.Params.Get(p)
		switch {
		case !ok:
		case p.Whole() && !isWhole(x):
			errs = append(errs, simulate.FieldError{Column: p.String(), Value: formatNumber(x), Reason: "must be a whole number"})
		default:
			e.set(key(p), value{number: x})
		}
	}
	if row.ReturnLagWeights != nil {
		e.set(returnLagWeights, value{list: row.ReturnLagWeights})
	}
	if row.LeadTimeSamples != nil {
		e.set(leadTimeSamples, value{list: row.LeadTimeSamples})
	}
	return errs
}

// Merchants returns the merchants that the file has settings for, sorted.
func (s *Settings) Merchants() []string {
	names := make([]string, 0, len(s.merchants))
	for name := range s.merchants {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Warnings tells what is doubtful about the articles resolved so far.
func (s *Settings) Warnings() []string {
	if n := s.freeStock.Load(); n > 0 {
		have := fmt.Sprintf("%d articles have", n)
		if n == 1 {
			have = "1 article has"
		}
		return []string{fmt.Sprintf("%s no holding_cost, so that stock costs nothing and orders may be too large; "+
			"give the column in the articles table or the key in %s", have, DefaultFile)}
	}
	return nil
}
