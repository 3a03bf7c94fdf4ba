package plot

import (
	"fmt"
	"html"
	"math"
)

// Range is an estimate with its interval, and its name.
type Range struct {
	Name             string
	Value, Low, High float64
}

// RangesSVG draws an estimate with its interval for each name, beside each other, and a line at 0. Ends that are not finite are
// left out.
func RangesSVG(title, description, under string, ranges []Range) string {
	b := svg(title, description)
	low, high := 0.0, 0.0
	for _, r := range ranges {
		for _, v := range []float64{r.Value, r.Low, r.High} {
			if !math.IsInf(v, 0) && !math.IsNaN(v) {
				low, high = min(low, v), max(high, v)
			}
		}
	}
	y := yAxis(b, low, high)
	slot := (width - right - left) / float64(max(1, len(ranges)))
	fmt.Fprintf(b, `<line class="mark" x1="%g" x2="%g" y1="%.1f" y2="%.1f"/>`, left, width-right, y.at(0), y.at(0))
	every := int(math.Ceil(float64(len(ranges)) / 10)) // so that names do not run into each other
	for i, r := range ranges {
		x := left + slot*(float64(i)+0.5)
		told := Short(r.Value)
		if !math.IsInf(r.Low, 0) && !math.IsInf(r.High, 0) {
			fmt.Fprintf(b, `<line class="range" x1="%.1f" x2="%.1f" y1="%.1f" y2="%.1f"/>`, x, x, y.at(r.Low), y.at(r.High))
			told += fmt.Sprintf(" (%s to %s)", Short(r.Low), Short(r.High))
		}
		fmt.Fprintf(b, `<circle class="dot" cx="%.1f" cy="%.1f" r="4"><title>%s: %s</title></circle>`, x, y.at(r.Value), html.EscapeString(r.Name), told)
		if i%every == 0 {
			xLabel(b, x, r.Name)
		}
	}
	caption(b, under)
	return b.String() + "</svg>"
}

// Spot is a named point.
type Spot struct {
	Name string
	X, Y float64
}

// SpotsSVG draws named points.
func SpotsSVG(title, description, under string, spots []Spot) string {
	b := svg(title, description)
	lowX, highX, lowY, highY := math.Inf(1), math.Inf(-1), math.Inf(1), math.Inf(-1)
	for _, p := range spots {
		lowX, highX, lowY, highY = min(lowX, p.X), max(highX, p.X), min(lowY, p.Y), max(highY, p.Y)
	}
	if len(spots) == 0 {
		lowX, highX, lowY, highY = 0, 1, 0, 1
	}
	y := yAxis(b, lowY, highY)
	step := niceStep(highX-lowX, 8)
	x := axis{math.Floor(lowX/step) * step, math.Ceil(highX/step) * step, left + 12, width - right - 60}
	if x.high <= x.low {
		x.high = x.low + step
	}
	for i := 0; x.low+float64(i)*step <= x.high+step/2; i++ {
		v := x.low + float64(i)*step
		xLabel(b, x.at(v), Short(v))
	}
	for _, p := range spots {
		fmt.Fprintf(b, `<circle class="dot" cx="%.1f" cy="%.1f" r="4"/><text x="%.1f" y="%.1f">%s</text>`, x.at(p.X), y.at(p.Y), x.at(p.X)+7,
			y.at(p.Y)+4, html.EscapeString(p.Name))
	}
	caption(b, under)
	return b.String() + "</svg>"
}

// LinesSVG draws lines over positions 0, 1 …; classes line0, line1 … colour them.
func LinesSVG(title, description, under string, lines [][]float64) string {
	b := svg(title, description)
	high, n := 0.0, 2
	for _, l := range lines {
		n = max(n, len(l))
		for _, v := range l {
			high = max(high, v)
		}
	}
	y := yAxis(b, 0, high)
	x := axis{0, float64(n - 1), left + 12, width - right - 12}
	for i := range n {
		xLabel(b, x.at(float64(i)), fmt.Sprint(i))
	}
	for k, l := range lines {
		polyline(b, fmt.Sprintf("line%d", k), x, y, l)
	}
	caption(b, under)
	return b.String() + "</svg>"
}
