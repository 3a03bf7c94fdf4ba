package backtest

import (
	"slices"

	"github.com/restock-engine/restock/io/table"
)

// Story is a SKU after one date, week by week, as the first arm and the arm that it is compared with lived it.
type Story struct {
	Key      table.Key
	Date     int
	Class    string
	Policies [2]string
	Costs    [2]float64
	Weeks    [2][]WeekStory
}

// Saved is how much the first arm cost less than the other, money.
func (s *Story) Saved() float64 { return s.Costs[1] - s.Costs[0] }

// storiesKept is the number of best and of worst stories in a report.
const storiesKept = 4

// chapter adds arm k to the story, if it is one of the two that are told.
func (s *Story) chapter(k, against int, of *sku, o *Outcome, weeks []WeekStory) *Story {
	place := slices.Index([]int{firstArm(against), against}, k)
	if place < 0 {
		return s
	}
	if s == nil {
		s = &Story{Key: of.key, Date: of.date, Class: of.class.String()}
	}
	s.Policies[place], s.Costs[place], s.Weeks[place] = o.Policy, o.Costs.Total(), weeks
	return s
}

// tells returns whether both arms of a story exist for a SKU with such records.
func (r *replay) tells(has Records) bool {
	arms, against := r.job.Arms, r.report.Against
	first := firstArm(against)
	return first < len(arms) && arms[first].existsWith(has) && arms[against].existsWith(has)
}

// firstArm is the arm whose stories are told: the first that is not the one to compare with.
func firstArm(against int) int {
	if against == 0 {
		return 1
	}
	return 0
}

// tell keeps the story if it is among the best or the worst, and tells whether it is.
func (r *Report) tell(s *Story) bool {
	kept := false
	for _, list := range []struct {
		stories *[]*Story
		sign    float64
	}{{&r.best, 1}, {&r.worst, -1}} {
		if list.sign*s.Saved() <= 0 {
			continue
		}
		l := append(*list.stories, s)
		slices.SortStableFunc(l, func(a, b *Story) int {
			switch d := list.sign * (b.Saved() - a.Saved()); {
			case d > 0:
				return 1
			case d < 0:
				return -1
			}
			return 0
		})
		if len(l) > storiesKept {
			l = l[:storiesKept]
		}
		kept = kept || slices.Contains(l, s)
		*list.stories = l
	}
	return kept
}
