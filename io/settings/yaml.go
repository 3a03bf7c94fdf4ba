package settings

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/restock-engine/restock/internal/suggest"
)

// strictYAML is the parser that koanf reads the file with. It differs from koanf's own in what it takes for granted: every key and every
// scalar stays the text that stands in the file, so that merchant 0123 is not merchant 83; a doubled key, a second document, an
// anchor, an alias or a tag of one's own is a problem instead of a silent choice; and the line of each value is kept.
//
// Mappings become map[string]any, scalars string, lists []string, and nulls nil.
type strictYAML struct {
	problems *problems
	lines    map[string]int // line of each value, by its path joined with separator
}

// separator joins the parts of a path for koanf. A key that contains it is refused, and merchants may have dots in their names.
const separator = "\x00"

// sections are the keys that a file begins with, and how deep mappings nest in each.
var sections = map[string]int{"defaults": 1, "merchants": 2}

// Unmarshal implements koanf.Parser. What is wrong inside the file goes to the problems; an error means that it is not YAML.
func (y *strictYAML) Unmarshal(data []byte) (map[string]any, error) {
	var document, second yaml.Node
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	if err := decoder.Decode(&document); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if len(document.Content) == 0 {
		y.problems.add(0, nil, "is empty; write a defaults: section, or remove the file to use what is built in")
		return nil, nil
	}
	if err := decoder.Decode(&second); err == nil {
		y.problems.add(second.Line, nil, "a second YAML document begins here; a settings file has one")
	} else if !errors.Is(err, io.EOF) {
		return nil, err
	}
	root := document.Content[0]
	if root.Kind != yaml.MappingNode || root.Anchor != "" {
		y.problems.add(root.Line, nil, "must begin with the section defaults: or merchants:")
		return nil, nil
	}
	return y.mapping(root, nil), nil
}

// Marshal implements koanf.Parser.
func (y *strictYAML) Marshal(m map[string]any) ([]byte, error) { return yaml.Marshal(m) }

func (y *strictYAML) mapping(node *yaml.Node, path []string) map[string]any {
	m := make(map[string]any, len(node.Content)/2)
	first := make(map[string]int, len(node.Content)/2) // line where a key was first seen
	for i := 0; i+1 < len(node.Content) && !y.problems.full(); i += 2 {
		name, value := node.Content[i], node.Content[i+1]
		if name.Kind != yaml.ScalarNode || name.Tag == "!!merge" || name.Value == "" || strings.Contains(name.Value, separator) {
			y.problems.add(name.Line, path, "a key must be plain text")
			continue
		}
		here := append(path[:len(path):len(path)], name.Value)
		if line, doubled := first[name.Value]; doubled {
			y.problems.add(name.Line, here, "is given twice, first on line %d; keep one", line)
			continue
		}
		first[name.Value] = name.Line
		y.lines[strings.Join(here, separator)] = name.Line
		if len(path) == 0 && sections[name.Value] == 0 {
			y.unknownSection(name.Value, name.Line)
			continue
		}
		if leaf, ok := y.value(name, value, here); ok {
			m[name.Value] = leaf
		}
	}
	return m
}

func (y *strictYAML) unknownSection(name string, line int) {
	reason := "unknown section; there are defaults: and merchants:"
	if _, known := parseKey(name); known {
		reason = "must stand below defaults: or below a merchant in merchants:"
	} else if n := suggest.Nearest(name, []string{"defaults", "merchants"}); n != "" {
		reason = fmt.Sprintf("unknown section; did you mean %s?", n)
	}
	y.problems.add(line, []string{name}, "%s", reason)
}

func (y *strictYAML) value(name, node *yaml.Node, path []string) (any, bool) {
	switch {
	case node.Kind == yaml.AliasNode || node.Anchor != "" || name.Anchor != "":
		y.problems.add(node.Line, path, "anchors and aliases are not supported; write the value out")
		return nil, false
	case strings.HasPrefix(node.Tag, "!") && !strings.HasPrefix(node.Tag, "!!"):
		y.problems.add(node.Line, path, "unknown tag %s", clip(node.Tag))
		return nil, false
	case node.Kind == yaml.MappingNode && len(path) <= sections[path[0]]:
		return y.mapping(node, path), true
	case node.Kind == yaml.SequenceNode:
		list := make([]string, len(node.Content))
		for i, item := range node.Content {
			if item.Kind != yaml.ScalarNode || item.Anchor != "" {
				y.problems.add(item.Line, path, "item %d of the list must be a number", i+1)
				return nil, false
			}
			list[i] = item.Value
		}
		return list, true
	case node.Kind != yaml.ScalarNode:
		y.problems.add(node.Line, path, "must be a value or a list, not a section")
		return nil, false
	case node.ShortTag() == "!!null":
		return nil, true
	}
	return node.Value, true
}
