package forecast

// FitSeasonalNaive returns the comparator whose point forecast is the demand of the same week one year before, or of the nearest known week
// before that week; of the last known week for articles younger than a year.
func (t *Trainer) FitSeasonalNaive() (*Baseline, error) { return t.fitBaseline(seasonalNaive) }

func seasonalNaive(o *origin, h int) float64 {
	t := o.n + h - seasonWeeks
	if ahead := t - o.next; ahead >= 0 {
		t -= (ahead/seasonWeeks + 1) * seasonWeeks
	}
	if t < 0 {
		t = o.next - 1
	}
	for ; t >= 0; t-- {
		if o.d.weight[t] > 0 {
			return o.d.y[t]
		}
	}
	return 0
}
