package forecast

import (
	"fmt"
	"math"
	"testing"
)

// A peak that all articles had in the same week is season only as far as it came back: of its distance to the smoothed profile one
// year of history keeps a half, three years keep three quarters. With 10 a week and 40 at the peak the index would be 40 / 10.6.
func TestSeasonOfOneYearIsHalfChance(t *testing.T) {
	const peak = 20
	for years, keeps := range map[int]float64{1: 1. / 2, 3: 3. / 4} {
		var series []*Series
		for i := range 2000 {
			s := &Series{MerchantID: fmt.Sprint("m", i%4), ArticleID: fmt.Sprint("a", i), FirstWeek: testStart}
			for week := range 52 * years {
				sales := 10.0
				if weekOfYear(testStart+week) == peak {
					sales = 40
				}
				s.Sales = append(s.Sales, sales)
			}
			series = append(series, s)
		}
		m := fitted(t, Options{}, series)
		const index, smooth = 40 / 10.577, (10 + 30.*3/9) / 10.577
		if want := smooth + keeps*(index-smooth); math.Abs(m.all[peak]-want) > 0.05*want {
			t.Errorf("%d years: index %.2f at the peak, want %.2f", years, m.all[peak], want)
		}
		if own := m.merchants["m1"].season[peak]; math.Abs(own-index) > math.Abs(m.all[peak]-index) {
			t.Errorf("%d years: the merchant's index %.2f at the peak is further off than that of all, %.2f", years, own, m.all[peak])
		}
	}
}
