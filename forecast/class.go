package forecast

import "fmt"

// Class is a demand class. The first four are those of Syntetos, Boylan and Croston (On the categorization of demand patterns,
// Journal of the Operational Research Society 56(5), 2005); the last two are where their statistics say nothing.
type Class uint8

const (
	Smooth       Class = iota // sells in most weeks, sizes alike
	Erratic                   // sells in most weeks, sizes vary
	Intermittent              // weeks without sales, sizes alike
	Lumpy                     // weeks without sales, sizes vary
	Launch                    // fewer than 13 weeks of known demand
	Dormant                   // no sale in the last 26 weeks of known demand
	numClasses
)

var classNames = [numClasses]string{"smooth", "erratic", "intermittent", "lumpy", "launch", "dormant"}

func (c Class) String() string {
	if c < numClasses {
		return classNames[c]
	}
	return fmt.Sprintf("class(%d)", uint8(c))
}

const (
	adiCut       = 1.32 // average weeks between sales
	cv2Cut       = 0.49 // squared coefficient of variation of the sizes of sales
	launchWeeks  = 13
	dormantWeeks = 26
)

// Classify returns the class of a demand history, oldest week first, units per week; NaN marks weeks of unknown demand.
func Classify(demand []float64) Class {
	var p pattern
	for _, y := range demand {
		if y == y {
			p.observe(y)
		}
	}
	return p.class()
}

// pattern gathers what a class depends on, week by week. Old weeks fade (half of their weight after two years).
type pattern struct {
	weeks                 int     // of known demand
	idle                  int     // weeks of known demand since the last sale
	n, sales, sum, square float64 // faded: weeks, weeks with sales, their sizes and squared sizes
}

const patternFade = 0.99336 // 0.5^(1/104)

func (p *pattern) observe(y float64) {
	p.weeks++
	p.idle++
	p.n = p.n*patternFade + 1
	p.sales *= patternFade
	p.sum *= patternFade
	p.square *= patternFade
	if y > 0 {
		p.idle = 0
		p.sales++
		p.sum += y
		p.square += y * y
	}
}

func (p *pattern) class() Class {
	switch {
	case p.weeks < launchWeeks:
		return Launch
	case p.sales == 0 || p.idle >= dormantWeeks:
		return Dormant
	}
	mean := p.sum / p.sales
	regular := p.n/p.sales < adiCut
	alike := p.square/p.sales-mean*mean < cv2Cut*mean*mean
	switch {
	case regular && alike:
		return Smooth
	case regular:
		return Erratic
	case alike:
		return Intermittent
	}
	return Lumpy
}

// credible returns the size up to which a week's demand is taken at face value: a bulk order far beyond the usual size of a sale says little
// about the weeks to come. One sale of ten weeks' launch level stands for what is usual before anything was sold.
func (p *pattern) credible(launch float64) float64 {
	const usualSizes = 5
	return usualSizes * (p.sum + 10*(launch+1)) / (p.sales + 1)
}
