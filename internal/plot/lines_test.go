package plot

import (
	"encoding/xml"
	"errors"
	"io"
	"math"
	"strings"
	"testing"
)

// TestLineChartSVG: the drawing is well-formed whatever the points and names, holds every number's dot and no NaN.
func TestLineChartSVG(t *testing.T) {
	for name, c := range map[string]struct {
		lines []Line
		dots  int
	}{
		"none":      {nil, 0},
		"one point": {[]Line{{"a", "line0", []Point{{3, 4}}, true}}, 1},
		"below 0, a gap, a hostile name": {[]Line{{"<b>&", "line0", []Point{{1, -2}, {2, math.NaN()}, {3, math.Inf(1)}, {4, 5}},
			true},
			{"c", "line1", []Point{{1, 1}}, true}, {"d", "line2", []Point{{9, 9}}, false}}, 3},
		"all equal": {[]Line{{"a", "line0", []Point{{1, 0}, {2, 0}}, true}}, 2},
	} {
		got := LineChartSVG("title", "words", "x", c.lines)
		if n := strings.Count(got, "<circle"); n != c.dots || strings.Contains(got, "NaN") || strings.Contains(got, "Inf") {
			t.Errorf("%s: %d dots, want %d, in\n%s", name, n, c.dots, got)
		}
		d := xml.NewDecoder(strings.NewReader(got))
		for {
			if _, err := d.Token(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Errorf("%s: %v", name, err)
				break
			}
		}
	}
}
