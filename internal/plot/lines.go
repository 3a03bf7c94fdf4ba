package plot

import (
	"fmt"
	"html"
	"math"
	"strings"
)

// Line is a named line through points, in their order. The class colours it.
type Line struct {
	Name, Class string
	Points      []Point
	Dots        bool // marks each point, with the line's name and the point's coordinates as a tooltip
}

// LineChartSVG draws several lines over common axes; y is from 0, or from below where a point is. Points that are not numbers are
// left out.
func LineChartSVG(title, description, under string, lines []Line) string {
	b := svg(title, description)
	lowX, highX, lowY, highY, whole := math.Inf(1), math.Inf(-1), 0.0, 0.0, true
	for _, l := range lines {
		for _, p := range l.Points {
			if finite(p) {
				lowX, highX = min(lowX, p.X), max(highX, p.X)
				lowY, highY = min(lowY, p.Y), max(highY, p.Y)
				whole = whole && p.X == math.Trunc(p.X)
			}
		}
	}
	if lowX > highX {
		lowX, highX = 0, 1
	}
	y := yAxis(b, lowY, highY)
	x := axis{lowX, max(highX, lowX+1e-9), left + 12, width - right - 12}
	step := niceStep(highX-lowX, 12)
	if whole {
		step = max(step, 1)
	}
	for v := math.Ceil(lowX/step) * step; v <= highX+step*1e-6; v += step {
		xLabel(b, x.at(v), Short(v))
	}
	if lowY < 0 {
		fmt.Fprintf(b, `<line class="zero" x1="%g" x2="%g" y1="%.1f" y2="%.1f"/>`, left, width-right, y.at(0), y.at(0))
	}
	for _, l := range lines {
		var path []string
		for _, p := range l.Points {
			if finite(p) {
				path = append(path, fmt.Sprintf("%.1f,%.1f", x.at(p.X), y.at(p.Y)))
			}
		}
		fmt.Fprintf(b, `<polyline class="line %s" points="%s"/>`, l.Class, strings.Join(path, " "))
		for _, p := range l.Points {
			if l.Dots && finite(p) {
				fmt.Fprintf(b, `<circle class="%s" cx="%.1f" cy="%.1f" r="3"><title>%s: %s, %s</title></circle>`, l.Class,
					x.at(p.X), y.at(p.Y),
					html.EscapeString(l.Name), Short(p.X), Short(p.Y))
			}
		}
	}
	caption(b, under)
	return b.String() + "</svg>"
}

func finite(p Point) bool {
	return !math.IsNaN(p.X) && !math.IsInf(p.X, 0) && !math.IsNaN(p.Y) && !math.IsInf(p.Y, 0)
}
