package settings

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Problem is one thing wrong in a settings file.
type Problem struct {
	File   string
	Line   int    // 1 for the first; 0 if the whole file is meant
	Path   string // such as defaults.holding_cost; "" if no single key is meant
	Reason string
}

func (p Problem) Error() string {
	var b strings.Builder
	b.WriteString(p.File)
	if p.Line > 0 {
		b.WriteString(":" + strconv.Itoa(p.Line))
	}
	if p.Path != "" {
		b.WriteString(": " + p.Path)
	}
	b.WriteString(": " + p.Reason)
	return b.String()
}

// Error holds everything found wrong in a settings file, in the order of its lines.
type Error struct {
	Problems []Problem
}

func (e *Error) Error() string {
	if len(e.Problems) == 1 {
		return e.Problems[0].Error()
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%d problems in the settings:", len(e.Problems))
	if len(e.Problems) == maxProblems {
		b.Reset()
		fmt.Fprintf(&b, "the first %d problems in the settings:", maxProblems)
	}
	for _, p := range e.Problems {
		b.WriteString("\n  " + p.Error())
	}
	return b.String()
}

// maxProblems bounds what is collected: a file with more is not a settings file.
const maxProblems = 100

// problems collects what is wrong in one file.
type problems struct {
	file string
	list []Problem
}

func (p *problems) add(line int, path []string, format string, args ...any) {
	if p.full() {
		return
	}
	p.list = append(p.list, Problem{p.file, line, printPath(path), fmt.Sprintf(format, args...)})
}

func (p *problems) full() bool { return len(p.list) >= maxProblems }

func (p *problems) err() error {
	if len(p.list) == 0 {
		return nil
	}
	slices.SortStableFunc(p.list, func(a, b Problem) int { return cmp.Compare(a.Line, b.Line) })
	return &Error{p.list}
}

// printPath joins the parts of a path with dots, as people write it.
func printPath(path []string) string {
	parts := make([]string, len(path))
	for i, s := range path {
		parts[i] = clip(s)
	}
	return strings.Join(parts, ".")
}

// clip makes text from a file fit for a message: short, and in quotes if it has characters that do not print.
func clip(s string) string {
	const longest = 60
	if r := []rune(s[:min(len(s), 4*longest)]); len(r) > longest {
		s = string(r[:longest]) + "…"
	}
	if q := strconv.Quote(s); q != `"`+s+`"` {
		return q
	}
	return s
}
