package table

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// maxList is the largest number of values in a list, and maxCell the largest length of a cell's text in bytes: more is taken for damage.
const (
	maxList = 10_000
	maxCell = 1 << 20
)

// parseNumber reads a number as text: decimal, NaN and Inf included; true and false are 1 and 0. reason is "" if it could be read.
func parseNumber(s string) (v float64, reason string) {
	s = strings.TrimSpace(s)
	switch strings.ToLower(s) {
	case "true":
		return 1, ""
	case "false":
		return 0, ""
	}
	v, err := strconv.ParseFloat(s, 64)
	if err != nil || strings.ContainsAny(s, "_xXpP") {
		return 0, "is not a number"
	}
	return v, ""
}

// dateLayouts are how dates are written; the time behind a date and its zone do not matter.
var dateLayouts = []string{time.DateOnly, time.RFC3339Nano, "2006-01-02 15:04:05.999999999", "2006-01-02T15:04:05.999999999",
	"2006-01-02 15:04:05Z07:00", "2006-01-02 15:04"}

// parseDate reads a date, with or without a time behind it, as days since 1970-01-01.
func parseDate(s string) (day int32, reason string) {
	s = strings.TrimSpace(s)
	for _, layout := range dateLayouts {
		if t, err := time.Parse(layout, s); err == nil {
			year, month, day := t.Date()
			return asDay(time.Date(year, month, day, 0, 0, 0, 0, time.UTC)), ""
		}
	}
	return 0, "is not a date like 2026-01-31"
}

// appendList reads numbers separated by semicolons, as in 0.6;0.4, with or without brackets.
func appendList(values []float64, s string) (_ []float64, reason string) {
	if s = trimBrackets(s); s == "" {
		return values, ""
	}
	n := len(values)
	for part := range strings.FieldsFuncSeq(s, func(r rune) bool { return r == ';' || r == ',' }) {
		v, reason := parseNumber(part)
		if reason != "" {
			return values[:n], fmt.Sprintf("is not a list of numbers like 0.6;0.4: %q %s", part, reason)
		}
		if len(values)-n == maxList {
			return values[:n], fmt.Sprintf("has more than %d values", maxList)
		}
		values = append(values, v)
	}
	return values, ""
}

// appendPairs reads (week, quantity) pairs as in 2:30;4:10, flattened.
func appendPairs(values []float64, s string) (_ []float64, reason string) {
	if s = trimBrackets(s); s == "" {
		return values, ""
	}
	n := len(values)
	for part := range strings.FieldsFuncSeq(s, func(r rune) bool { return r == ';' || r == ',' }) {
		week, quantity, ok := strings.Cut(part, ":")
		w, reasonW := parseNumber(week)
		q, reasonQ := parseNumber(quantity)
		if !ok || reasonW != "" || reasonQ != "" {
			return values[:n], fmt.Sprintf("is not a list of week:quantity like 2:30;4:10: %q", part)
		}
		if len(values)-n == 2*maxList {
			return values[:n], fmt.Sprintf("has more than %d pairs", maxList)
		}
		values = append(values, w, q)
	}
	return values, ""
}

func trimBrackets(s string) string {
	s = strings.TrimSpace(s)
	if strings.HasPrefix(s, "[") && strings.HasSuffix(s, "]") && len(s) >= 2 {
		s = s[1 : len(s)-1]
	}
	return strings.TrimSpace(s)
}

// newColumn returns an empty column of a kind.
func newColumn(k kind) *column {
	c := &column{kind: k}
	if k == list || k == pairs {
		c.offset = append(c.offset, 0)
	}
	return c
}

// reset empties the column and keeps its memory.
func (c *column) reset() {
	c.null, c.text, c.number, c.day, c.values = c.null[:0], c.text[:0], c.number[:0], c.day[:0], c.values[:0]
	if c.kind == list || c.kind == pairs {
		c.offset = append(c.offset[:0], 0)
	}
	c.bad = nil
}

// appendNull appends a cell without a value.
func (c *column) appendNull() {
	c.null = append(c.null, true)
	switch c.kind {
	case text:
		c.text = append(c.text, "")
	case number:
		c.number = append(c.number, 0)
	case date:
		c.day = append(c.day, 0)
	default:
		c.offset = append(c.offset, int32(len(c.values)))
	}
}

// appendBad appends a cell that could not be read.
func (c *column) appendBad(value, reason string) {
	if c.bad == nil {
		c.bad = map[int]badCell{}
	}
	c.bad[len(c.null)] = badCell{strings.Clone(clip(value)), reason}
	c.appendNull()
}

// clip shortens a value for a message.
func clip(s string) string {
	const most = 200
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}

// appendText appends a copy of s; equal neighbours, as keys have them, share one.
func (c *column) appendText(s string) {
	if n := len(c.text); n > 0 && c.text[n-1] == s {
		s = c.text[n-1]
	} else {
		s = strings.Clone(s)
	}
	c.appendShared(s)
}

// appendShared appends a string that may be kept.
func (c *column) appendShared(s string) {
	c.null = append(c.null, false)
	c.text = append(c.text, s)
}

func (c *column) appendNumber(v float64) {
	c.null = append(c.null, false)
	c.number = append(c.number, v)
}

func (c *column) appendDay(day int32) {
	c.null = append(c.null, false)
	c.day = append(c.day, day)
}

// endList ends a list whose values have been appended to c.values.
func (c *column) endList() {
	c.null = append(c.null, false)
	c.offset = append(c.offset, int32(len(c.values)))
}

// appendCell appends a cell written as text, read as the column's kind; "" is null.
func (c *column) appendCell(s string) {
	switch {
	case s == "":
		c.appendNull()
		return
	case len(s) > maxCell:
		c.appendBad(s, fmt.Sprintf("is longer than %d bytes", maxCell))
		return
	}
	var reason string
	switch c.kind {
	case text:
		c.appendText(s)
	case number:
		var v float64
		if v, reason = parseNumber(s); reason == "" {
			c.appendNumber(v)
		}
	case date:
		var d int32
		if d, reason = parseDate(s); reason == "" {
			c.appendDay(d)
		}
	case list:
		if c.values, reason = appendList(c.values, s); reason == "" {
			c.endList()
		}
	case pairs:
		if c.values, reason = appendPairs(c.values, s); reason == "" {
			c.endList()
		}
	}
	if reason != "" {
		c.appendBad(s, reason)
	}
}
