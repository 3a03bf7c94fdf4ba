package forecast

import (
	"math"
	"slices"
	"testing"
)

func TestActual(t *testing.T) {
	nan := math.NaN()
	stock := &Series{FirstWeek: 100, Sales: []float64{0, 3, 0, 5, 9, nan, 2}, InStock: []float64{0, 1, 0, 0.5, 0.95, 1, 1}}
	sales := &Series{FirstWeek: 100, Sales: []float64{0, 3, 0}}
	never := &Series{FirstWeek: 100, Sales: []float64{0, 0}}
	for _, c := range []struct {
		name   string
		s      *Series
		from   int
		actual []float64
	}{
		{"out of stock and partial weeks are no demand", stock, 99, []float64{nan, nan, 3, nan, nan, 9, nan, 2, nan, nan}},
		{"without stock data, silence behind the series is", sales, 99, []float64{nan, nan, 3, 0, 0, 0, 0, 0, 0, nan}},
		{"never sold, never stocked", never, 100, []float64{nan, nan, nan}},
	} {
		got := make([]float64, len(c.actual))
		c.s.Actual(c.from, 108, got)
		if !slices.EqualFunc(got, c.actual, func(a, b float64) bool { return a == b || a != a && b != b }) {
			t.Errorf("%s: %v, want %v", c.name, got, c.actual)
		}
	}
}

func TestUntil(t *testing.T) {
	s := &Series{FirstWeek: 100, Sales: []float64{1, 2, 3}, OnHand: []float64{4, 5, 6}}
	for week, n := range map[int]int{90: 0, 100: 0, 102: 2, 103: 3, 200: 3} {
		cut := s.Until(week)
		if len(cut.Sales) != n || len(cut.OnHand) != n || cut.InStock != nil || cap(cut.Sales) != n {
			t.Errorf("until week %d: %d weeks of sales, %d of stock, want %d", week, len(cut.Sales), len(cut.OnHand), n)
		}
	}
}
