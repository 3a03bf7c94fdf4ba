package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// stage is where an article is in its life when the data ends.
type stage int

const (
	newArticle stage = iota
	running
	ended
	numStages
)

var stageNames = [numStages]string{"new", "running", "ended"}

// article is one chosen SKU.
type article struct {
	*series
	stage    stage
	merchant *merchant
}

// stratum is one cell of the sample: its size in the population and how many articles were chosen.
type stratum struct {
	stage          stage
	speed          int // index of the speed class
	articles, take int
	members        []*series
}

func (a *assumptions) stageOf(s *series) stage {
	switch {
	case s.idleWeeks() >= a.Sample.EndedWeeks:
		return ended
	case len(s.sales) <= a.Sample.NewWeeks:
		return newArticle
	}
	return running
}

// speedOf is the class of the article's mean weekly sales over its life.
func (a *assumptions) speedOf(s *series) int {
	rate := s.lifeRate()
	i := 0
	for i < len(a.Sample.SpeedClasses) && rate >= a.Sample.SpeedClasses[i] {
		i++
	}
	return i
}

// choose draws a stratified sample: within a stage, each speed class gets its share of the articles, and at least a minimum. Within a class the
// articles with the smallest hashes are taken, whatever they are. The result is sorted by merchant and code.
func (a *assumptions) choose(all []*series) ([]*article, []stratum) {
	classes := len(a.Sample.SpeedClasses) + 1
	strata := make([]stratum, int(numStages)*classes)
	for i := range strata {
		strata[i].stage, strata[i].speed = stage(i/classes), i%classes
	}
	for _, s := range all {
		if s.sellingWeeks() < a.Sample.MinSellingWeeks || s.description == "" {
			continue
		}
		cell := &strata[int(a.stageOf(s))*classes+a.speedOf(s)]
		cell.members = append(cell.members, s)
		cell.articles++
	}
	var chosen []*article
	for g, want := range []int{a.Sample.New, a.Sample.Running, a.Sample.Ended} {
		group := strata[g*classes : (g+1)*classes]
		allocate(group, want, a.Sample.MinPerClass)
		for i := range group {
			slices.SortFunc(group[i].members, func(x, y *series) int {
				return cmp.Or(cmp.Compare(a.uniform("sample", x.code), a.uniform("sample", y.code)), cmp.Compare(x.code, y.code))
			})
			for _, s := range group[i].members[:group[i].take] {
				chosen = append(chosen, &article{series: s, stage: stage(g), merchant: a.merchantOf(s.description)})
			}
		}
	}
	slices.SortFunc(chosen, func(x, y *article) int {
		return cmp.Or(cmp.Compare(x.merchant.ID, y.merchant.ID), cmp.Compare(x.code, y.code))
	})
	return chosen, strata
}

// allocate shares want articles out over strata in proportion to their sizes, with a minimum each, by the largest quotient (Sainte-Laguë).
func allocate(strata []stratum, want, least int) {
	left := want
	for i := range strata {
		strata[i].take = min(least, strata[i].articles)
		left -= strata[i].take
	}
	for ; left > 0; left-- {
		best := -1
		for i := range strata {
			s := &strata[i]
			if s.take < s.articles && (best < 0 || s.quotient() > strata[best].quotient()) {
				best = i
			}
		}
		if best < 0 {
			return
		}
		strata[best].take++
	}
}

func (s *stratum) quotient() float64 { return float64(s.articles) / (float64(s.take) + 0.5) }

// merchantOf is the first merchant with a word of the description, in singular or plural.
func (a *assumptions) merchantOf(description string) *merchant {
	words := descriptionWords(description)
	last := len(a.Merchants) - 1
	for i := range last {
		if containsWord(words, a.Merchants[i].Words) {
			return &a.Merchants[i]
		}
	}
	return &a.Merchants[last]
}

func containsWord(words, wanted []string) bool {
	for _, w := range words {
		for _, x := range wanted {
			if w == x || w == x+"S" || w == x+"ES" {
				return true
			}
		}
	}
	return false
}

func (a *assumptions) speedName(i int) string {
	limits := a.Sample.SpeedClasses
	switch {
	case i == 0:
		return fmt.Sprintf("below %g", limits[0])
	case i == len(limits):
		return fmt.Sprintf("%g and more", limits[i-1])
	}
	return fmt.Sprintf("%g to %g", limits[i-1], limits[i])
}

// seasonal tells whether the description names the season whose goods are cleared when the data ends.
func (a *assumptions) seasonal(description string) bool {
	return containsWord(descriptionWords(description), a.Lifecycle.SeasonalWords)
}

func descriptionWords(description string) []string {
	return strings.FieldsFunc(strings.ToUpper(description), func(r rune) bool { return !unicode.IsLetter(r) })
}
