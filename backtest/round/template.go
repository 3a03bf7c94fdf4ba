package round

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"os"
	"slices"
	"strconv"
)

// Template is the order file that a game wants: the same header and rows, with the orders filled in.
type Template struct {
	sheet *sheet
	order int  // place of the order column
	crlf  bool // lines end with carriage return and line feed
	bom   bool // begins with a byte order mark
}

var bom = []byte("\ufeff")

func readTemplate(r *Rules) (*Template, error) {
	data, err := os.ReadFile(r.Files.Template)
	if err != nil {
		return nil, fmt.Errorf("the template can't be read: %w", err)
	}
	return parseTemplate(r, data)
}

func parseTemplate(r *Rules, data []byte) (*Template, error) {
	s, err := parseSheet(r.Files.Template, data, r.Keys)
	if err != nil {
		return nil, err
	}
	t := &Template{sheet: s, order: s.column(r.OrderColumn), crlf: bytes.Contains(data, []byte("\r\n")),
		bom: bytes.HasPrefix(data, bom)}
	if r.OrderColumn != "" {
		if t.order < 0 {
			return nil, fmt.Errorf("%s has no column %q (order_column in the rules); it has %s", s.file, r.OrderColumn,
				someOf(s.header))
		}
		return t, nil
	}
	for place := range s.header {
		if slices.Contains(s.keys, place) {
			continue
		}
		if t.order >= 0 {
			return nil, fmt.Errorf("%s has more than one column beside the keys; name the one for the orders as order_column in "+
				"the rules", s.file)
		}
		t.order = place
	}
	if t.order < 0 {
		return nil, fmt.Errorf("%s has no column beside the keys for the orders", s.file)
	}
	return t, nil
}

// fill returns the order file with the items' orders.
func (t *Template) fill(orders []float64) ([]byte, error) {
	var out bytes.Buffer
	if t.bom {
		out.Write(bom)
	}
	w := csv.NewWriter(&out)
	w.UseCRLF = t.crlf
	if err := w.Write(t.sheet.header); err != nil {
		return nil, err
	}
	for i, row := range t.sheet.rows {
		row = slices.Clone(row)
		row[t.order] = strconv.FormatFloat(orders[i], 'f', -1, 64)
		if err := w.Write(row); err != nil {
			return nil, err
		}
	}
	w.Flush()
	return out.Bytes(), w.Error()
}
