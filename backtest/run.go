package backtest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/restock-engine/restock/forecast"
	"github.com/restock-engine/restock/internal/parallel"
	"github.com/restock-engine/restock/io/settings"
	"github.com/restock-engine/restock/io/table"
	"github.com/restock-engine/restock/optimize"
	"github.com/restock-engine/restock/simulate"
)

// Job is one backtest: what to read, when to decide, who decides, and how long to watch.
type Job struct {
	Articles, History string // paths of the tables
	Forecasts         string // folder with a forecast table for each date, named by it (2011-06-06.parquet); "" forecasts with the embedded model
	Settings          *settings.Settings
	Seed              uint64
	Workers           int   // 0: one per processor
	Dates             []int // week numbers of the execution dates, rising
	Evaluate          []int // evaluation horizons, weeks, rising
	Arms              []Arm
	Carry             bool    // stock and orders under way are carried from date to date; otherwise each date begins anew
	Cover             float64 // weeks of recent sales in stock where the history does not say what was; 0: lead time and review period
	Resume            string  // folder for the results of finished dates; "" for none
	Progress          func(done, total int64)
}

// Validate reports everything that is wrong with the job but its files.
func (job *Job) Validate() error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if len(job.Dates) == 0 {
		bad("there is no execution date")
	}
	for i := 1; i < len(job.Dates); i++ {
		if job.Dates[i] <= job.Dates[i-1] {
			bad("execution dates must rise and lie in different weeks; that of %s does not", day(job.Dates[i]))
		}
	}
	if len(job.Evaluate) == 0 {
		bad("there is no evaluation horizon")
	}
	for i, w := range job.Evaluate {
		if w < 1 || w > simulate.MaxHorizon-tail || i > 0 && w <= job.Evaluate[i-1] {
			bad("evaluation horizons must rise, from 1 to %d weeks; %d does not fit", simulate.MaxHorizon-tail, w)
		}
	}
	if len(job.Arms) == 0 {
		bad("there is no arm")
	}
	if !(job.Cover >= 0 && job.Cover <= 520) {
		bad("cover of %g weeks must be between 0 and 520", job.Cover)
	}
	return errors.Join(errs...)
}

func day(week int) string { return forecast.WeekStart(week).Format(time.DateOnly) }

// Run replays all dates and adds every outcome to the report, in the order of dates, SKUs and arms. When the context is cancelled
// its error is returned; with a Resume folder the dates finished so far need not be done again.
func Run(ctx context.Context, job Job, report *Report) error {
	if err := job.Validate(); err != nil {
		return err
	}
	articles, err := job.readArticles(report)
	if err != nil {
		return err
	}
	history, err := table.OpenHistory(job.History, table.HistoryOptions{})
	if err != nil {
		return err
	}
	defer history.Close()
	lessons, err := table.OpenHistory(job.History, table.HistoryOptions{})
	if err != nil {
		return err
	}
	defer lessons.Close()
	if history.SKUs() == 0 {
		return fmt.Errorf("%s has no SKU with a usable row", job.History)
	}
	r := &replay{job: &job, articles: articles, history: history, lessons: lessons, sampler: simulate.NewSampler(job.Seed), report: report,
		workers: make([]optimize.Workspace, parallel.Workers(job.Workers))}
	ctx, cancel := context.WithCancel(ctx)
	defer func() {
		cancel()
		r.learnt() // nothing reads the history any more
	}()
	for n := range job.Dates {
		if err := r.date(ctx, n); err != nil {
			return err
		}
	}
	return nil
}

// entry is an article's row with its settings resolved.
type entry struct {
	article simulate.Article
	options optimize.Options
	plan    simulate.Plan
	hasPlan bool
}

func (job *Job) readArticles(report *Report) (map[table.Key]*entry, error) {
	rows, err := table.OpenArticles(job.Articles, nil)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	articles := map[table.Key]*entry{}
	for {
		row, rejects, err := rows.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		report.Rejects += int64(len(rejects))
		if row == nil {
			continue
		}
		a, decision, err := job.Settings.Article(row)
		if err == nil && row.HasPlan {
			err = simulate.NewPlan(row.Plan).Validate()
		}
		if err != nil || articles[row.Key] != nil {
			report.Rejects++
			continue
		}
		e := &entry{article: a, options: decision.Options()}
		if row.HasPlan {
			e.plan, e.hasPlan = simulate.NewPlan(row.Plan), true
		}
		articles[row.Key] = e
	}
	if len(articles) == 0 {
		return nil, fmt.Errorf("%s has no usable article", job.Articles)
	}
	return articles, nil
}

// replay is a Run under way.
type replay struct {
	job      *Job
	articles map[table.Key]*entry
	history  *table.HistoryReader
	lessons  *table.HistoryReader // for learning, while decisions are made
	ahead    *ahead
	sampler  *simulate.Sampler
	report   *Report
	workers  []optimize.Workspace
	before   map[table.Key][]simulate.Article // [arm] at this date, when carried
	states   map[table.Key][]simulate.Article // [arm] at the next one
	done     int64
}

// result is one SKU's outcomes at a date, or an error.
type result struct {
	saved
	err error
}

// date does one execution date.
func (r *replay) date(ctx context.Context, n int) error {
	job := r.job
	if job.Carry {
		r.before, r.states = r.states, map[table.Key][]simulate.Article{}
	}
	if saved, err := r.load(n); err != nil || saved {
		return err
	}
	source, err := r.learn(ctx, n)
	if err != nil {
		return err
	}
	if err := r.history.Rewind(); err != nil {
		return err
	}
	save, err := r.create(n)
	if err != nil {
		return err
	}
	defer save.abort()
	next := func() (*sku, error) {
		for {
			series, rejects, err := r.history.Next()
			if err != nil {
				return nil, err
			}
			if n == 0 {
				r.report.Rejects += int64(len(rejects))
			}
			if series == nil {
				continue
			}
			key := table.Key{Merchant: series.MerchantID, Article: series.ArticleID}
			e := r.articles[key]
			if e == nil || series.FirstWeek >= job.Dates[n] {
				if e == nil && n == 0 {
					r.report.NoArticle++
				}
				continue // not known yet
			}
			return &sku{key: key, article: e.article, series: series, asOf: job.Dates[n], date: n, options: e.options, plan: e.plan,
				has: recordsOf(e, series)}, nil
		}
	}
	work := func(worker int, s *sku) *result { return r.decide(&r.workers[worker], s, source) }
	emit := func(res *result) error {
		if res.err != nil {
			return fmt.Errorf("SKU %s/%s at %s: %w", res.Key.Merchant, res.Key.Article, day(job.Dates[n]), res.err)
		}
		if err := r.take(&res.saved); err != nil {
			return err
		}
		return save.write(&res.saved)
	}
	if err := parallel.Ordered(ctx, len(r.workers), next, work, emit); err != nil {
		return err
	}
	return save.commit()
}

// decide lets all arms decide for a SKU and live with it.
func (r *replay) decide(w *optimize.Workspace, s *sku, source forecaster) *result {
	res := &result{saved: saved{Key: s.key}}
	job := r.job
	last := job.Evaluate[len(job.Evaluate)-1]
	advance := 0
	if job.Carry && s.date+1 < len(job.Dates) {
		advance = job.Dates[s.date+1] - job.Dates[s.date]
	}
	weeks := max(last, advance)
	if job.Carry { // foresight looks beyond the next date
		weeks = max(weeks, min(foresightWeeks, job.Dates[len(job.Dates)-1]+last-s.asOf))
	}
	horizon := s.article.Horizon
	q, class, err := source(s, max(horizon, weeks))
	if err != nil {
		res.err = err
		return res
	}
	if q == nil || q.Weeks() < horizon {
		res.NoForecast = true
		return res
	}
	s.forecast, s.class = q, class
	cover := job.Cover
	if cover == 0 {
		cover = s.article.LeadTimeMean + float64(s.article.ReviewPeriod)
	}
	s.article.OnHand, s.article.InTransit, s.article.PendingReturns = s.startStock(cover), nil, nil
	s.article.ReviewPhase = phaseAt(&s.article, s.asOf-job.Dates[0])
	base := s.article
	act, err := s.happen(r.sampler, weeks)
	if err != nil {
		res.err = err
		return res
	}
	for k := range job.Arms {
		if !job.Arms[k].existsWith(s.has) {
			res.States = append(res.States, simulate.Article{})
			continue
		}
		s.article = base
		if states := r.before[s.key]; states != nil {
			s.article = states[k]
			s.article.Horizon = horizon
		}
		article := s.article
		seen := s.article
		seen.Horizon = weeks
		ask := &question{article: &article, forecast: q, options: s.options, plan: s.plan, human: s.human(weeks), actual: act.short}
		if job.Arms[k].Rule == Foresight {
			ask.article = &seen
		}
		ask.input = optimize.Input{Article: &article, Forecast: q, Key: r.sampler.Key(s.key.Merchant, s.key.Article).Int(s.asOf)}
		p, err := job.Arms[k].decide(ask, r.sampler, w)
		if err != nil {
			res.err = err
			return res
		}
		var weeks []WeekStory
		outcomes, state := s.live(p, act, job.Evaluate, advance, func(w WeekStory) { weeks = append(weeks, w) })
		for i := range outcomes {
			outcomes[i].Arm = k
		}
		res.Outcomes = append(res.Outcomes, outcomes...)
		res.States = append(res.States, state)
		if r.tells(s.has) {
			res.Story = res.Story.chapter(k, r.report.Against, s, &outcomes[len(outcomes)-1], weeks[:last])
		}
	}
	if !job.Carry {
		res.States = nil
	}
	return res
}

// foresightWeeks is how far foresight looks when stock is carried.
const foresightWeeks = 26

// phaseAt is the article's review phase when the weeks are counted from so many weeks later.
func phaseAt(a *simulate.Article, weeks int) int {
	return ((a.ReviewPhase-weeks)%a.ReviewPeriod + a.ReviewPeriod) % a.ReviewPeriod
}
