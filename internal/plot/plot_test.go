package plot

import (
	"encoding/xml"
	"errors"
	"io"
	"math"
	"strings"
	"testing"
)

func TestChartsAreWellFormedAndEscape(t *testing.T) {
	bands := []Band{{0, 1, 2, 3, 4}, {0, 0, 0, 0, 0}, {1e7, 2e7, 3e7, 4e7, 5e7}}
	const evil = `<script>alert("x")</script>&`
	for name, chart := range map[string]string{
		"fan":             FanSVG(evil, evil, evil, bands, []float64{1, 2, 3}),
		"one week":        FanSVG("t", "d", "u", bands[:1], nil),
		"histogram":       HistogramSVG(evil, evil, evil, []float64{1, 2, 2, 3, 50}, []Mark{{2, evil}}),
		"constant":        HistogramSVG("t", "d", "u", []float64{7, 7, 7}, nil),
		"negative values": HistogramSVG("t", "d", "u", []float64{-3, -1.5}, []Mark{{-100, "far"}}),
		"curve":           CurveSVG(evil, evil, evil, []Point{{1, 2}, {3, 4}}),
		"one point":       CurveSVG("t", "d", "u", []Point{{1, 0}}),
		"ranges":          RangesSVG(evil, evil, evil, []Range{{evil, 1, -2, 3}, {"b", 0.5, math.Inf(-1), math.Inf(1)}}),
		"no range":        RangesSVG("t", "d", "u", nil),
		"spots":           SpotsSVG(evil, evil, evil, []Spot{{evil, 1, 2}, {"b", 1, 2}}),
		"no spot":         SpotsSVG("t", "d", "u", nil),
		"lines":           LinesSVG(evil, evil, evil, [][]float64{{1, 2, 3}, {3}}),
		"bars":            BarsSVG(evil, evil, []string{evil, "b"}, [][]float64{{1, 2}, {0, 0}}),
	} {
		if strings.Contains(chart, "<script>") {
			t.Errorf("%s: text is not escaped", name)
		}
		if strings.Contains(chart, "NaN") || strings.Contains(chart, "Inf") {
			t.Errorf("%s has a coordinate that is no number", name)
		}
		d := xml.NewDecoder(strings.NewReader(chart))
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

func TestNiceStep(t *testing.T) {
	for _, c := range []struct {
		span float64
		n    int
		want float64
	}{{10, 5, 2}, {9, 5, 2}, {100, 5, 20}, {0.03, 5, 0.01}, {0, 5, 1}, {12, 12, 1}} {
		if got := niceStep(c.span, c.n); got < c.want*0.999 || got > c.want*1.001 {
			t.Errorf("niceStep(%g, %d) = %g, want %g", c.span, c.n, got, c.want)
		}
	}
}

// TestFanText: the median, the middle half and the rest stand where they belong.
func TestFanText(t *testing.T) {
	const want = `       4 ┤      ░░░ 
       3 ┤      ▓▓▓ 
       2 ┤      ███ 
       1 ┤      ▓▓▓ 
       0 ┤ ███  ░░░ 
         └──────────
            0    1  
`
	if got := FanText([]Band{{}, {0, 1, 2, 3, 4}}, 5); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
