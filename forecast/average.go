package forecast

// FitMovingAverage returns the comparator whose point forecast for every week ahead is the mean of the last 13 weeks of known demand.
func (t *Trainer) FitMovingAverage() (*Baseline, error) { return t.fitBaseline(movingAverage) }

const averageWeeks = 13

func movingAverage(o *origin, _ int) float64 {
	sum, n := 0.0, 0
	for t := o.next - 1; t >= 0 && n < averageWeeks; t-- {
		if o.d.weight[t] > 0 {
			sum += o.d.y[t]
			n++
		}
	}
	if n == 0 {
		return 0
	}
	return sum / float64(n)
}
