package access

import (
	"fmt"
	"net/http"
)

// Bounds of a JSON body, far above what any operation takes. Each mistake in a body is found and told, which takes a hundred times the
// memory of the mistake: without bounds 7 MB of them would take 4 GB.
const (
	maxDepth  = 64
	maxItems  = 2000    // of a list or an object; the description says less, and is told first
	maxTokens = 200_000 // texts, names, lists and objects; numbers are not counted, as forecasts have many
)

// checkShape counts what a JSON body has, without looking at what it means: nil if it is within the bounds. Whether it is JSON is for
// others to say.
func checkShape(data []byte) *Denied {
	var items [maxDepth + 1]int // [depth]
	depth, tokens := 0, 0
	for i := 0; i < len(data); i++ {
		switch data[i] {
		case '"':
			tokens++
			for i++; i < len(data) && data[i] != '"'; i++ {
				if data[i] == '\\' {
					i++
				}
			}
		case '[', '{':
			tokens++
			if depth++; depth > maxDepth {
				return shapeless("is deeper than %d lists and objects", maxDepth)
			}
			items[depth] = 1
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

func shapeless(format string, limit int) *Denied {
	return &Denied{Status: http.StatusRequestEntityTooLarge, Detail: "the body " + fmt.Sprintf(format, limit) + "; send less at a time"}
}
