package main

import (
	"fmt"
	"os"
	"time"

	"github.com/mattn/go-isatty"
	"github.com/schollz/progressbar/v3"
)

// progress shows how far a run is on standard error: a bar on a terminal, otherwise a plain line now and then.
type progress struct {
	what  string
	bar   *progressbar.ProgressBar
	lines func(format string, args ...any)
	start time.Time
	last  time.Time
	done  int64
	total int64
}

// lineEvery is the time between plain lines.
const lineEvery = 5 * time.Second

func newProgress(e *env, f *commonFlags, what string) *progress {
	now := time.Now()
	p := &progress{what: what, start: now, last: now}
	file, ok := e.stderr.(*os.File)
	switch {
	case f.quiet:
	case ok && isatty.IsTerminal(file.Fd()) && f.logFormat.value == "text":
		p.bar = progressbar.NewOptions64(1, progressbar.OptionSetWriter(file), progressbar.OptionSetDescription(what),
			progressbar.OptionShowCount(), progressbar.OptionShowIts(), progressbar.OptionSetItsString(what), progressbar.OptionSetPredictTime(true),
			progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionClearOnFinish(), progressbar.OptionSetWidth(30))
	default:
		log := f.logger(e)
		p.lines = func(format string, args ...any) { log.Info(fmt.Sprintf(format, args...)) }
	}
	return p
}

// show tells that so many of total are done.
func (p *progress) show(done, total int64) {
	p.done, p.total = done, total
	now := time.Now()
	switch {
	case p.bar != nil:
		p.bar.ChangeMax64(max(total, done, 1))
		p.bar.Set64(done)
	case p.lines != nil && now.Sub(p.last) >= lineEvery:
		p.last = now
		rate := float64(done) / now.Sub(p.start).Seconds()
		left := time.Duration(float64(max(total-done, 0)) / rate * float64(time.Second))
		p.lines("%d of %d %s, %.0f a second, %s left", done, total, p.what, rate, left.Round(time.Second))
	}
}

// end clears the bar, and says how long it took.
func (p *progress) end() {
	if p.bar != nil {
		p.bar.Clear()
	}
	seconds := time.Since(p.start).Seconds()
	if p.lines != nil && p.done > 0 {
		p.lines("%d %s in %.1f s, %.0f a second", p.done, p.what, seconds, float64(p.done)/seconds)
	}
}
