package forecast

import (
	"fmt"
	"math"
	"testing"

	"github.com/restock-engine/restock/internal/random"
	"gonum.org/v1/gonum/stat/distuv"
)

// launches returns articles that come one after the other over two years, behind a few that were always there. Every second sells 100 a
// week, the others 2 (Poisson), so that their mean is three times the launch level, which is a geometric mean.
func launches(seed uint64, articles int) []*Series {
	const weeks, old = 104, 20
	out := make([]*Series, articles)
	for i := range out {
		rate := []float64{100, 2}[i%2]
		begin := 0
		if i >= old {
			begin = 10 + (i-old)*(weeks-18)/(articles-old)
		}
		s := &Series{MerchantID: "m", ArticleID: fmt.Sprint("a", i), FirstWeek: testStart + begin}
		demand := distuv.Poisson{Lambda: rate, Src: random.New(random.NewKey(seed).Int(i))}
		for range weeks - begin {
			s.Sales = append(s.Sales, demand.Rand())
		}
		out[i] = s
	}
	return out
}

// What articles without any history turn out to sell must not inflate the forecasts of those with a few weeks. A four weeks' mean of 100
// a week is known within 5 %, and 280 articles' within 0.3 % (one standard error).
func TestUnbornArticlesDoNotInflateYoungOnes(t *testing.T) {
	m := fitted(t, Options{}, launches(11, 400))
	var forecast, truth float64
	for _, s := range launches(12, 300)[20:] {
		const known = 4
		young := &Series{MerchantID: "m", ArticleID: s.ArticleID, FirstWeek: m.AsOf() - known, Sales: s.Sales[:known]}
		q, d := predicted(t, m, young, m.AsOf(), 4)
		if d.Class != Launch {
			t.Fatalf("class %v after %d weeks", d.Class, known)
		}
		for h := range 4 {
			forecast += q.Mean(h)
			truth += s.Sales[known+h]
		}
	}
	if bias := forecast/truth - 1; math.Abs(bias) > 0.2 {
		t.Errorf("young articles are forecast %+.0f %% off", 100*bias)
	}
}
