// Package suggest finds what somebody who mistyped a name may have meant.
package suggest

import "strings"

// longest bounds the names that are compared: longer ones are no slips of the pen, and would take time.
const longest = 64

// Nearest returns the candidate that differs least from the name. If all differ by more than a third of the name's letters, that is the only one
// that begins with the name, or "". Upper and lower case are the same, and so are blanks, hyphens and underscores.
func Nearest(name string, candidates []string) string {
	if len(name) > longest {
		return ""
	}
	name = normalize(name)
	best, least := "", max(1, len(name)/3)+1
	for _, c := range candidates {
		if d := distance(name, normalize(c)); d < least {
			best, least = c, d
		}
	}
	if best == "" && len(name) > 1 {
		begin := 0
		for _, c := range candidates {
			if strings.HasPrefix(normalize(c), name) {
				best = c
				begin++
			}
		}
		if begin > 1 {
			return ""
		}
	}
	return best
}

func normalize(s string) string {
	return strings.NewReplacer("-", "_", " ", "_").Replace(strings.ToLower(s))
}

// distance is Levenshtein's: the insertions, deletions and replacements of bytes that turn a into b.
func distance(a, b string) int {
	row := make([]int, len(b)+1) // [j] distance of the first bytes of a to b[:j]
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replace := diagonal
			if a[i] != b[j] {
				replace++
			}
			diagonal = row[j+1]
			row[j+1] = min(replace, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}
