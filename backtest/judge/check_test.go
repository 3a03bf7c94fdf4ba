package judge

import (
	"encoding/json"
	"fmt"
	"math"
	"path/filepath"
	"strings"
	"testing"

	"github.com/restock-engine/restock/forecast"
	"github.com/restock-engine/restock/internal/random"
)

// archive writes a history of 40 SKUs over so many weeks and the forecasts that were made each week for the 4 weeks from then on,
// at the right level; change multiplies the sales of SKU i in week w.
func archive(t *testing.T, weeks int, change func(i, w int) float64) CheckJob {
	t.Helper()
	const skus, horizon = 40, 4
	dir := t.TempDir()
	src := random.New(random.NewKey(21))
	var h strings.Builder
	h.WriteString("merchant_id,article_id,week_start,sales\n")
	common := make([]float64, weeks)
	for w := range common {
		common[w] = 1 + 0.1*src.NormFloat64()
	}
	level := func(i int) float64 { return 5 + 3*float64(i%10) }
	for i := range skus {
		for w := range weeks {
			sales := level(i) * common[w] * (1 + 0.3*src.NormFloat64()) * change(i, w)
			fmt.Fprintf(&h, "m%d,a%d,%s,%.0f\n", i/30, i, date(w), math.Max(sales, 0))
		}
	}
	in := Input{History: write(t, dir, "history.csv", h.String()), Horizon: horizon}
	for origin := 20; origin <= weeks; origin++ { // the last one begins behind the history
		var f strings.Builder
		f.WriteString("merchant_id,article_id,week_start,0.1,0.5,0.9\n")
		for i := range skus {
			for w := range horizon {
				l := level(i)
				fmt.Fprintf(&f, "m%d,a%d,%s,%g,%g,%g\n", i/30, i, date(origin+w), 0.6*l, l, 1.4*l)
			}
		}
		in.Files = append(in.Files, File{Path: write(t, dir, fmt.Sprintf("f%02d.csv", origin), f.String())})
	}
	return CheckJob{Input: in, Recent: 4, FalseAlarms: 0.01}
}

func TestCheckFindsDrift(t *testing.T) {
	const weeks = 48
	for _, c := range []struct {
		name   string
		change func(i, w int) float64
		groups string // that ring, sorted as they stand
	}{
		{"nothing", func(int, int) float64 { return 1 }, ""},
		{"all sell half", func(_, w int) float64 { return 1 - 0.5*float64(w/(weeks-4)) }, "overall"},
		{"some seasons ago all sold half", func(_, w int) float64 {
			if w > 20 && w < 24 {
				return 0.5
			}
			return 1
		}, ""},
	} {
		r, err := Check(t.Context(), archive(t, weeks, c.change))
		if err != nil {
			t.Fatal(err)
		}
		if !r.Decided || r.Alarm != (c.groups != "") || r.SKUs != 40 || r.Ahead != 4 || len(r.Runs) != weeks-20+1 {
			t.Errorf("%s: %+v", c.name, r)
		}
		overall, merchants := false, map[string]bool{}
		for _, x := range r.Tests {
			overall = overall || x.By == ByOverall && x.Alarm
			if x.By == ByMerchant {
				merchants[x.Group] = true
			}
		}
		if overall != (c.groups == "overall") || len(merchants) != 1 || !merchants["m0"] { // the other has fewer than 30 SKUs
			t.Errorf("%s: overall rings %v; tested merchants %v", c.name, overall, merchants)
		}
	}
}

// TestCheckOfAMerchant: what only happens to one merchant's articles is found among them.
func TestCheckOfAMerchant(t *testing.T) {
	r, err := Check(t.Context(), archive(t, 60, func(i, w int) float64 {
		if w >= 56 && i < 30 {
			return 2
		}
		return 1
	}))
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range r.Tests {
		if x.By == ByMerchant && x.Group == "m0" && x.Alarm && x.Figure == "bias" {
			return
		}
	}
	t.Errorf("twice the demand of a merchant does not ring: %+v", r.Tests)
}

// TestCheckWithoutPast: no alarm, no error, and no figures, where there is too little to compare.
func TestCheckWithoutPast(t *testing.T) {
	for _, weeks := range []int{21, 30} {
		r, err := Check(t.Context(), archive(t, weeks, func(int, int) float64 { return 1 }))
		if err != nil {
			t.Fatal(err)
		}
		if r.Decided || r.Alarm || len(r.Tests) > 0 || len(r.Notes) != 1 {
			t.Errorf("%d weeks: %+v", weeks, r)
		}
		if _, err := json.Marshal(r); err != nil {
			t.Error(err)
		}
	}
}

// TestCheckOfASample looks at as many SKUs as it is told to, and so does the check of a model at rolling origins.
func TestCheckOfASample(t *testing.T) {
	job := archive(t, 48, func(int, int) float64 { return 1 })
	job.SKUs = 10
	r, err := Check(t.Context(), job)
	if err != nil || r.SKUs != 10 || !r.Decided {
		t.Errorf("%v, %+v", err, r)
	}
	job.Files, job.Models, job.Origins, job.Step = nil, []string{MovingAverage}, 30, 1
	r, err = Check(t.Context(), job)
	if err != nil || r.SKUs != 10 || !r.Decided || r.Model != MovingAverage || len(r.Runs) != 30 {
		t.Errorf("%v, %+v", err, r)
	}
}

func TestCheckProblems(t *testing.T) {
	job := archive(t, 24, func(int, int) float64 { return 1 })
	for name, c := range map[string]struct {
		alter func(*CheckJob)
		want  string
	}{
		"two models":    {func(j *CheckJob) { j.Files[3].Model = "other" }, "of several models"},
		"no model":      {func(j *CheckJob) { j.Files = nil }, "needs one model"},
		"recent":        {func(j *CheckJob) { j.Recent = 0 }, "recent weeks is 0"},
		"alarms":        {func(j *CheckJob) { j.FalseAlarms = 1 }, "false alarm is 1"},
		"missing file":  {func(j *CheckJob) { j.Files[2].Path += "x" }, "f22.csvx"},
		"a broken file": {func(j *CheckJob) { j.Files[2].Path = write(t, t.TempDir(), "f.csv", "a,b\n1,2\n") }, "f.csv"},
		"no history":    {func(j *CheckJob) { j.History = filepath.Join(t.TempDir(), "no.csv") }, "no.csv"},
		"empty history": {func(j *CheckJob) {
			j.History = write(t, t.TempDir(), "h.csv", "merchant_id,article_id,week_start,sales\n")
		}, "h.csv"},
		"unusable dates": {func(j *CheckJob) { j.Files[0].AsOf, j.Files[1].AsOf = monday, monday }, "both forecasts"},
	} {
		altered := job
		altered.Files = append([]File(nil), job.Files...)
		c.alter(&altered)
		if _, err := Check(t.Context(), altered); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

// TestCheckFalseAlarms: the whole check, with all its groups and figures, rings where nothing drifts no more often than it
// states. 150 shops of 60 SKUs whose weeks share AR(1) shocks, seed 31, at 10 %: 15 alarms are to be expected at most, and more
// than 25 come with probability 0.004 if the rate is 10 %.
func TestCheckFalseAlarms(t *testing.T) {
	const shops, skus, weeks, phi = 150, 60, 40, 0.4
	src := random.New(random.NewKey(31))
	q := forecast.Quantiles{Levels: []float64{0.1, 0.3, 0.5, 0.7, 0.9}, Values: []float32{6.9, 8.7, 10, 11.3, 13.1}}
	var origins []int
	for o := range weeks {
		origins = append(origins, 2000+o)
	}
	job := CheckJob{Input: Input{Horizon: 2}, Recent: 4, FalseAlarms: 0.1}
	alarms := 0
	for range shops {
		found := &survey{first: 2000, end: 2000 + weeks, merchants: map[string]int{"m0": skus / 2, "m1": skus / 2}}
		c := newComparison(&job, "model", origins, found)
		common, shock := make([]float64, weeks), src.NormFloat64()
		for w := range common {
			common[w] = shock
			shock = phi*shock + math.Sqrt(1-phi*phi)*src.NormFloat64()
		}
		for i := range skus {
			s := &forecast.Series{MerchantID: fmt.Sprintf("m%d", i%2), ArticleID: fmt.Sprint(i), FirstWeek: 2000,
				Sales: make([]float64, weeks)}
			var seen []forecast.DriftObservation
			for w := range s.Sales {
				s.Sales[w] = max(10+1.2*common[w]+2.1*src.NormFloat64(), 0)
				figures := forecast.ObserveDrift(&q, 0, s.Sales[w], 10)
				for h := range min(w+1, 2) {
					seen = append(seen, forecast.DriftObservation{Week: 2000 + w, Ahead: h, Figures: figures})
				}
			}
			c.add(s, seen)
		}
		if r := c.finish(); r.Alarm {
			alarms++
		} else if len(r.Tests) != 3*4 { // all, one class, two merchants
			t.Fatalf("%d tests", len(r.Tests))
		}
	}
	t.Logf("%d alarms in %d checks at 10 %%", alarms, shops)
	if alarms > 25 {
		t.Errorf("%d of %d checks ring in vain, stated 10 %%", alarms, shops)
	}
}
