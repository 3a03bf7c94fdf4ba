package forecast

import "math"

// Actual fills dst with what forecasts of the weeks from, from+1 … may be judged by: each week's demand in units, NaN where it is
// not known. Sales of a week (nearly) fully in stock are demand; of a week that was not, they are only a lower bound, which must
// not be scored, and neither must weeks before the article was first in stock or first sold. end is the week behind the last one
// of the whole history: a series that ends before it goes on as [Model.Predict] assumes, without sales where stock is not known,
// with unknown demand where it is.
func (s *Series) Actual(from, end int, dst []float64) {
	begin := s.begin()
	for i := range dst {
		dst[i] = math.NaN()
		t := from + i - s.FirstWeek
		switch {
		case t < begin || begin == len(s.Sales) || from+i >= end:
		case t < len(s.Sales):
			if y, weight := s.demandAt(t, fullWeek); weight > 0 {
				if s.Sales[t] == math.Trunc(s.Sales[t]) {
					y = math.Round(y)
				}
				dst[i] = y
			}
		case s.InStock == nil && t < len(s.Sales)+maxSilence:
			dst[i] = 0
		}
	}
}

// begin returns the index of the first week in which the article is known to have been for sale; the number of weeks if there is
// none.
func (s *Series) begin() int {
	for t, y := range s.Sales {
		if y > 0 || s.InStock != nil && s.share(t) > 0 {
			return t
		}
	}
	return len(s.Sales)
}

// Until returns the series without the weeks from the given one on: all that was known when that week began. It shares s's
// memory.
func (s *Series) Until(week int) *Series {
	n := min(max(week-s.FirstWeek, 0), len(s.Sales))
	cut := *s
	for _, column := range []*[]float64{&cut.Sales, &cut.InStock, &cut.Returns, &cut.Price, &cut.OnHand, &cut.Ordered,
		&cut.Received} {
		if *column != nil {
			*column = (*column)[:n:n]
		}
	}
	return &cut
}
