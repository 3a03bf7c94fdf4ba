package forecast

import (
	"math"
	"time"
)

// seasonWeeks is the length of a seasonal profile; the odd 53rd week of a year shares the index of the 52nd.
const seasonWeeks = 52

// profile is a seasonal index for each week of the year, with mean 1.
type profile [seasonWeeks]float64

// at returns the index of a week number.
func (p *profile) at(week int) float64 { return p[weekOfYear(week)] }

// weekOfYear returns 0..51 for a week number (see [WeekNumber]): the week that holds the year's first Thursday is 0, as in ISO 8601.
func weekOfYear(week int) int {
	thursday := time.Unix((int64(week)*7+7)*86400, 0).UTC()
	return min((thursday.YearDay()-1)/7, seasonWeeks-1)
}

// seasonSums gathers a seasonal profile over many series: for each week of the year the sum of weight·ratio and of weight, where ratio
// is a week's demand over the mean of the year around it. The sums are integers, so that their order does not matter.
type seasonSums struct {
	ratio, weight [seasonWeeks]int64 // in units of 1/seasonUnit
}

const (
	seasonUnit = 1 << 22
	maxRatio   = 12 // one series' week counts as at most so many average weeks: a bulk order is not a season
)

func (s *seasonSums) merge(o *seasonSums) {
	for i := range s.ratio {
		s.ratio[i] += o.ratio[i]
		s.weight[i] += o.weight[i]
	}
}

// add counts one article. The variance of a ratio is about 1/mean + noise, whence the weight mean/(1+mean/2).
func (s *seasonSums) add(d *demand, sums *runningSums) {
	n := len(d.y)
	if n < seasonWeeks {
		return
	}
	sums.fill(d)
	for t := range d.y {
		if d.weight[t] == 0 {
			continue
		}
		from := min(max(t-seasonWeeks/2, 0), n-seasonWeeks)
		mean, known := sums.mean(from, from+seasonWeeks)
		if known < seasonWeeks/2 || mean <= 0 {
			continue
		}
		w := d.weight[t] * mean / (1 + mean/2)
		i := weekOfYear(d.first + t)
		s.weight[i] += int64(math.Round(w * seasonUnit))
		s.ratio[i] += int64(math.Round(w * min(d.y[t]/mean, maxRatio) * seasonUnit))
	}
}

// runningSums are prefix sums of weight·demand and weight.
type runningSums struct{ demand, weight []float64 }

func (r *runningSums) fill(d *demand) {
	r.demand, r.weight = append(r.demand[:0], 0), append(r.weight[:0], 0)
	for t, y := range d.y {
		r.demand = append(r.demand, r.demand[t]+y*d.weight[t])
		r.weight = append(r.weight, r.weight[t]+d.weight[t])
	}
}

// mean returns the weighted mean of the weeks from ≤ t < to, and their weight.
func (r *runningSums) mean(from, to int) (mean, weight float64) {
	weight = r.weight[to] - r.weight[from]
	if weight == 0 {
		return 0, 0
	}
	return (r.demand[to] - r.demand[from]) / weight, weight
}

// oneYear returns the weight of a week of the year in one of the years of history. A prior profile counts for so much besides its
// strength: what all articles had in common in one week of one year is chance as well as season, however many articles there are.
func (s *seasonSums) oneYear(years float64) float64 {
	total := 0.0
	for _, w := range s.weight {
		total += float64(w) / seasonUnit
	}
	return total / seasonWeeks / years
}

// shrunk returns the profile of the sums, drawn towards a prior profile with the given weight per week of the year.
func (s *seasonSums) shrunk(prior *profile, strength float64) profile {
	var p profile
	total := 0.0
	for i := range p {
		p[i] = (float64(s.ratio[i])/seasonUnit + strength*prior[i]) / (float64(s.weight[i])/seasonUnit + strength)
		p[i] = min(max(p[i], 0.1), maxRatio)
		total += p[i]
	}
	for i := range p {
		p[i] *= seasonWeeks / total
	}
	return p
}

// smoothed returns the profile averaged over five neighbouring weeks with weights 1 2 3 2 1.
func (p *profile) smoothed() profile {
	var out profile
	for i := range p {
		for k := -2; k <= 2; k++ {
			w := float64(3 - max(k, -k))
			out[i] += w * p[(i+k+seasonWeeks)%seasonWeeks] / 9
		}
	}
	return out
}

func flatProfile() profile {
	var p profile
	for i := range p {
		p[i] = 1
	}
	return p
}
