package table

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/restock-engine/restock/internal/suggest"
)

// tableColumn is a column that a reader of a table looks for.
type tableColumn struct {
	name     string
	kind     kind
	required bool
}

var kindNames = map[kind]string{text: "text", number: "numbers", date: "dates", list: "lists of numbers", pairs: "lists of (week, quantity)"}

// bind matches a table's columns with a file's: it returns what to read, and for each table column its place in that, -1 where
// the file has none. A missing required column or one of the wrong type is one error for the whole file.
func bind(f file, name string, columns []tableColumn) (wants []want, places []int, err error) {
	have := f.columns()
	places = make([]int, len(columns))
	var problems []string
	for i, c := range columns {
		places[i] = -1
		j := slices.IndexFunc(have, func(h fileColumn) bool { return h.name == c.name })
		switch {
		case j < 0 && c.required:
			problem := "column " + c.name + " is missing"
			if near := suggest.Nearest(c.name, columnNames(have)); near != "" {
				problem += fmt.Sprintf(" (is it %q?)", near)
			}
			problems = append(problems, problem)
		case j < 0:
		case !slices.Contains(have[j].kinds, c.kind):
			problems = append(problems, fmt.Sprintf("column %s is of type %s, which can't be read as %s", c.name, have[j].typ, kindNames[c.kind]))
		default:
			places[i] = len(wants)
			wants = append(wants, want{c.name, c.kind})
		}
	}
	if problems != nil {
		return nil, nil, fmt.Errorf("%s: %s; its columns are: %s", name, strings.Join(problems, "; "), listed(have))
	}
	return wants, places, nil
}

// misspelt tells which columns that no table knows may be meant for optional ones that the file has not.
func misspelt(have []fileColumn, columns []tableColumn) (doubts []string) {
	known := map[string]bool{}
	for _, c := range columns {
		known[c.name] = true
	}
	var open []string
	for _, c := range columns {
		if !c.required && !slices.ContainsFunc(have, func(h fileColumn) bool { return h.name == c.name }) {
			open = append(open, c.name)
		}
	}
	const short = 5 // letters, of which one is easily another word's: plan and plant
	for _, h := range have {
		near := suggest.Nearest(h.name, open)
		if near != "" && !known[h.name] && (len(near) > short || strings.EqualFold(near, h.name)) {
			doubts = append(doubts, fmt.Sprintf("column %q is not read; is it %s?", clip(h.name), near))
		}
	}
	return doubts
}

func columnNames(columns []fileColumn) []string {
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = c.name
	}
	return names
}

// listed writes columns' names for a message, which a file with thousands of them, or with text in place of names, must not flood.
func listed(columns []fileColumn) string {
	const most = 100
	var names []string
	for _, name := range columnNames(columns[:min(len(columns), most)]) {
		names = append(names, clip(name))
	}
	if more := len(columns) - most; more > 0 {
		names = append(names, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(names, ", ")
}

// at returns the column in a place that bind gave, nil for -1.
func (b *batch) at(place int) *column {
	if place < 0 {
		return nil
	}
	return b.columns[place]
}

// maxKey is the largest length of a merchant's or article's id, in bytes.
const maxKey = 1024

// badKey tells what is wrong with an id, "" for nothing.
func badKey(id string) string {
	switch {
	case id == "":
		return "is empty"
	case len(id) > maxKey:
		return fmt.Sprintf("is longer than %d bytes", maxKey)
	case !utf8.ValidString(id):
		return "is not UTF-8"
	case strings.ContainsFunc(id, unicode.IsControl):
		return "has control characters"
	}
	return ""
}

// fault is what is wrong with a cell.
type fault struct{ column, value, reason string }

// cellFault returns what kept a cell from being read, or nil.
func cellFault(c *column, name string, row int) *fault {
	if c == nil || c.bad == nil {
		return nil
	}
	if b, ok := c.bad[row]; ok {
		return &fault{name, b.value, b.reason}
	}
	return nil
}

// keyAt returns a cell of an id column, and a fault if it is null, could not be read or is no usable id.
func keyAt(c *column, name string, row int) (string, *fault) {
	if f := cellFault(c, name, row); f != nil {
		return "", f
	}
	if c.null[row] {
		return "", &fault{name, "", "is missing"}
	}
	id := c.text[row]
	if id == c.sound && id != "" {
		return id, nil
	}
	if reason := badKey(id); reason != "" {
		return "", &fault{name, id, reason}
	}
	c.sound = id
	return id, nil
}

// pairAt returns the SKU of a row whose merchant and article are in the first two columns of the batch; where one is at fault the
// other is there all the same, for messages.
func pairAt(b *batch, row int, merchantName, articleName string) (Key, *fault) {
	merchant, first := keyAt(b.columns[0], merchantName, row)
	article, second := keyAt(b.columns[1], articleName, row)
	if first == nil {
		first = second
	}
	return Key{merchant, article}, first
}
