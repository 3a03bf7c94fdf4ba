// Package plot draws a few charts: as SVG for pages that need no network, and as text for terminals. It knows nothing of what the numbers mean.
package plot

import (
	"fmt"
	"html"
	"math"
	"strings"
)

// Band is a fan chart's distribution at one position: rising quantiles with the median in the middle.
type Band = [5]float64

// Size of a chart in SVG's units; pages scale it.
const (
	width, height = 640.0, 260.0
	left, right   = 56.0, 12.0
	top, bottom   = 14.0, 34.0
)

// axis maps values to a chart's units.
type axis struct{ low, high, from, to float64 }

func (a axis) at(v float64) float64 { return a.from + (v-a.low)/(a.high-a.low)*(a.to-a.from) }

// svg begins a chart with its accessible title and description.
func svg(title, description string) *strings.Builder {
	b := &strings.Builder{}
	fmt.Fprintf(b, `<svg viewBox="0 0 %g %g" role="img" xmlns="http://www.w3.org/2000/svg"><title>%s</title><desc>%s</desc>`,
		width, height, html.EscapeString(title), html.EscapeString(description))
	return b
}

// niceStep returns a step of 1, 2 or 5 times a power of ten that divides the range into at most n parts.
func niceStep(span float64, n int) float64 {
	if !(span > 0) || math.IsInf(span, 0) {
		return 1
	}
	raw := span / float64(n)
	power := math.Pow(10, math.Floor(math.Log10(raw)))
	for _, m := range []float64{1, 2, 5, 10} {
		if m*power >= raw*(1-1e-9) {
			return m * power
		}
	}
	return 10 * power
}

// yAxis makes an axis from 0 (or below) to above the highest value, and draws its lines and numbers.
func yAxis(b *strings.Builder, low, high float64) axis {
	if high <= low {
		high = low + 1
	}
	step := niceStep(high-low, 5)
	a := axis{math.Floor(low/step) * step, math.Ceil(high/step) * step, height - bottom, top}
	for i := 0; ; i++ {
		v := a.low + float64(i)*step
		if v > a.high+step/2 {
			return a
		}
		y := a.at(v)
		fmt.Fprintf(b, `<line class="grid" x1="%g" x2="%g" y1="%.1f" y2="%.1f"/><text class="y" x="%g" y="%.1f">%s</text>`,
			left, width-right, y, y, left-6, y+4, Short(v))
	}
}

func xLabel(b *strings.Builder, x float64, label string) {
	fmt.Fprintf(b, `<text class="x" x="%.1f" y="%g">%s</text>`, x, height-bottom+16, html.EscapeString(label))
}

func caption(b *strings.Builder, label string) {
	fmt.Fprintf(b, `<text class="x" x="%g" y="%g">%s</text>`, (left+width-right)/2, height-3, html.EscapeString(label))
}

// Short formats a number for an axis.
func Short(v float64) string {
	switch a := math.Abs(v); {
	case a >= 1e6:
		return fmt.Sprintf("%.3gM", v/1e6)
	case a >= 1e4:
		return fmt.Sprintf("%.3gk", v/1e3)
	}
	return fmt.Sprintf("%.4g", v)
}

// FanSVG draws bands over positions 0, 1 …, with an optional line (a mean) over them. under names the x axis.
func FanSVG(title, description, under string, bands []Band, line []float64) string {
	b := svg(title, description)
	high := 0.0
	for i, q := range bands {
		high = max(high, q[4])
		if line != nil {
			high = max(high, line[i])
		}
	}
	y := yAxis(b, 0, high)
	x := axis{0, max(1, float64(len(bands)-1)), left + 12, width - right - 12}
	area := func(class string, low, high int) {
		var points []string
		for i, q := range bands {
			points = append(points, fmt.Sprintf("%.1f,%.1f", x.at(float64(i)), y.at(q[high])))
		}
		for i := len(bands) - 1; i >= 0; i-- {
			points = append(points, fmt.Sprintf("%.1f,%.1f", x.at(float64(i)), y.at(bands[i][low])))
		}
		fmt.Fprintf(b, `<polygon class="%s" points="%s"/>`, class, strings.Join(points, " "))
	}
	area("outer", 0, 4)
	area("inner", 1, 3)
	median := make([]float64, len(bands))
	for i, q := range bands {
		median[i] = q[2]
		xLabel(b, x.at(float64(i)), fmt.Sprint(i))
	}
	polyline(b, "median", x, y, median)
	if line != nil {
		polyline(b, "mean", x, y, line)
	}
	caption(b, under)
	return b.String() + "</svg>"
}

func polyline(b *strings.Builder, class string, x, y axis, values []float64) {
	var points []string
	for i, v := range values {
		points = append(points, fmt.Sprintf("%.1f,%.1f", x.at(float64(i)), y.at(v)))
	}
	fmt.Fprintf(b, `<polyline class="%s" points="%s"/>`, class, strings.Join(points, " "))
}

// Mark is a vertical line at a value, with its name.
type Mark struct {
	Value float64
	Name  string
}

// HistogramSVG draws the distribution of values in about 30 bars, with marks.
func HistogramSVG(title, description, under string, values []float64, marks []Mark) string {
	b := svg(title, description)
	low, high := math.Inf(1), math.Inf(-1)
	for _, v := range values {
		low, high = min(low, v), max(high, v)
	}
	step := niceStep(high-low, 30)
	low, high = math.Floor(low/step)*step, (math.Floor(high/step)+1)*step
	counts := make([]int, int(math.Round((high-low)/step)))
	most := 0
	for _, v := range values {
		i := min(int((v-low)/step), len(counts)-1)
		counts[i]++
		most = max(most, counts[i])
	}
	y := yAxis(b, 0, 100*float64(most)/float64(len(values)))
	x := axis{low, high, left, width - right}
	for i, n := range counts {
		x0, x1, y0 := x.at(low+float64(i)*step), x.at(low+float64(i+1)*step), y.at(100*float64(n)/float64(len(values)))
		fmt.Fprintf(b, `<rect class="bar" x="%.1f" y="%.1f" width="%.1f" height="%.1f"/>`, x0+0.5, y0, max(0.5, x1-x0-1), y.from-y0)
	}
	label := niceStep(high-low, 8)
	for v := math.Ceil(low/label) * label; v <= high+label*1e-6; v += label {
		xLabel(b, x.at(v), Short(v))
	}
	for i, m := range marks {
		px := x.at(min(max(m.Value, low), high))
		fmt.Fprintf(b, `<line class="mark" x1="%.1f" x2="%.1f" y1="%g" y2="%g"/><text class="mark" x="%.1f" y="%g">%s</text>`,
			px, px, top, y.from, px+4, top+12+14*float64(i), html.EscapeString(m.Name))
	}
	caption(b, under)
	return b.String() + "</svg>"
}

// BarsSVG draws a stacked bar for each name: parts are [name][part], none below 0. Classes part0, part1 … colour the parts.
func BarsSVG(title, description string, names []string, parts [][]float64) string {
	b := svg(title, description)
	high := 0.0
	for _, p := range parts {
		sum := 0.0
		for _, v := range p {
			sum += max(v, 0)
		}
		high = max(high, sum)
	}
	y := yAxis(b, 0, high)
	slot := (width - right - left) / float64(len(names))
	for i, name := range names {
		x0, base := left+slot*(float64(i)+0.2), 0.0
		for k, v := range parts[i] {
			if v <= 0 {
				continue
			}
			fmt.Fprintf(b, `<rect class="part%d" x="%.1f" y="%.1f" width="%.1f" height="%.1f"/>`, k, x0, y.at(base+v), slot*0.6, y.at(base)-y.at(base+v))
			base += v
		}
		if len(names) <= 7 {
			xLabel(b, x0+slot*0.3, name)
		} else { // slanted, so that many names do not run into each other
			fmt.Fprintf(b, `<text class="y" transform="translate(%.1f %g) rotate(-25)">%s</text>`, x0+slot*0.4, height-bottom+12, html.EscapeString(name))
		}
	}
	return b.String() + "</svg>"
}

// FanText draws bands with characters, for terminals: rows lines high, one column of cells a position.
func FanText(bands []Band, rows int) string {
	high := 0.0
	for _, q := range bands {
		high = max(high, q[4])
	}
	step := niceStep(high, rows)
	lines := max(1, int(math.Ceil(high/step-1e-9)))
	var b strings.Builder
	for row := lines; row >= 0; row-- {
		level := float64(row) * step
		fmt.Fprintf(&b, "%8s ┤", Short(level))
		for _, q := range bands {
			b.WriteString(" " + cellAt(q, level, step) + " ")
		}
		b.WriteByte('\n')
	}
	b.WriteString("         └" + strings.Repeat("─────", len(bands)) + "\n          ")
	for i := range bands {
		fmt.Fprintf(&b, " %2d  ", i)
	}
	return b.String() + "\n"
}

// cellAt is three characters for what of a band lies within half a step of a level.
func cellAt(q Band, level, step float64) string {
	low, high := level-step/2, level+step/2
	switch {
	case q[2] >= low && q[2] < high:
		return "███"
	case q[3] >= low && q[1] < high:
		return "▓▓▓"
	case q[4] >= low && q[0] < high:
		return "░░░"
	}
	return "   "
}

// Point is a point of a curve.
type Point struct{ X, Y float64 }

// CurveSVG draws points joined by a line, in their order.
func CurveSVG(title, description, under string, points []Point) string {
	b := svg(title, description)
	lowX, highX, highY := math.Inf(1), math.Inf(-1), 0.0
	for _, p := range points {
		lowX, highX, highY = min(lowX, p.X), max(highX, p.X), max(highY, p.Y)
	}
	y := yAxis(b, 0, highY)
	step := niceStep(highX-lowX, 8)
	x := axis{math.Floor(lowX/step) * step, math.Ceil(highX/step) * step, left + 12, width - right - 12}
	if x.high <= x.low {
		x.high = x.low + step
	}
	for i := 0; ; i++ {
		v := x.low + float64(i)*step
		if v > x.high+step/2 {
			break
		}
		xLabel(b, x.at(v), Short(v))
	}
	var path []string
	for _, p := range points {
		path = append(path, fmt.Sprintf("%.1f,%.1f", x.at(p.X), y.at(p.Y)))
		fmt.Fprintf(b, `<circle class="dot" cx="%.1f" cy="%.1f" r="4"/>`, x.at(p.X), y.at(p.Y))
	}
	fmt.Fprintf(b, `<polyline class="median" points="%s"/>`, strings.Join(path, " "))
	caption(b, under)
	return b.String() + "</svg>"
}
