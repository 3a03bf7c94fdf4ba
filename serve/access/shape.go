package access

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"unicode/utf8"
)

// Bounds of a JSON body, far above what any operation takes. Each mistake in a body is found and told, which takes a hundred times the
// memory of the mistake: without bounds 7 MB of them would take 4 GB.
const (
	maxDepth  = 64
	maxItems  = 2000    // of a list or an object; the description says less, and is told first
	maxTokens = 200_000 // texts, names, lists and objects; numbers are not counted, as forecasts have many
)

// checkShape counts what a JSON body has, without looking at what it means: nil if it is within the bounds, and no object has a name
// twice. Of two values of one name the schema sees the last, and what is decoded can be a mixture of both. Whether it is JSON is for others
// to say.
func checkShape(data []byte) *Denied {
	var items [maxDepth + 1]int             // [depth]
	var names [maxDepth + 1]map[string]bool // [depth] of the object
	depth, tokens := 0, 0
	for i := 0; i < len(data); i++ {
		switch data[i] {
		case '"':
			tokens++
			start := i
			for i++; i < len(data) && data[i] != '"'; i++ {
				if data[i] == '\\' {
					i++
				}
			}
			if !bytes.HasPrefix(bytes.TrimLeft(data[min(i+1, len(data)):], " \t\r\n"), []byte(":")) {
				break
			}
			name := nameOf(data[start : i+1])
			if names[depth][name] {
				return &Denied{Status: http.StatusBadRequest, Detail: fmt.Sprintf("the body has an object with the name %.100q twice", name)}
			}
			if names[depth] == nil {
				names[depth] = map[string]bool{}
			}
			names[depth][name] = true
		case '[', '{':
			tokens++
			if depth++; depth > maxDepth {
				return shapeless("is deeper than %d lists and objects", maxDepth)
			}
			items[depth] = 1
			names[depth] = nil
		case ']', '}':
			depth = max(0, depth-1)
		case 't', 'f', 'n':
			tokens++
		case ',':
			if items[depth]++; items[depth] > maxItems {
				return shapeless("has a list or an object of more than %d items", maxItems)
			}
		}
		if tokens > maxTokens {
			return shapeless("has more than %d texts, lists and objects", maxTokens)
		}
	}
	return nil
}

// nameOf is the name that a JSON text means to those who do not tell small letters from large ones, as the decoder does.
func nameOf(text []byte) string {
	name := string(text[1 : len(text)-1])
	special := func(c rune) bool { return c == '\\' || c >= utf8.RuneSelf || 'A' <= c && c <= 'Z' }
	if !strings.ContainsFunc(name, special) || json.Unmarshal(text, &name) != nil {
		return name
	}
	return strings.ToLower(strings.ToUpper(name))
}

func shapeless(format string, limit int) *Denied {
	return &Denied{Status: http.StatusRequestEntityTooLarge, Detail: "the body " + fmt.Sprintf(format, limit) + "; send less at a time"}
}
