package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/restock-engine/restock/io/table"
)

// result is everything that a build found and chose.
type result struct {
	retail      *retail
	reversals   reversals
	weekly      weekly
	end         time.Time // start of the last complete week
	population  []*series
	strata      []stratum
	articles    []*article
	rows        []*table.ArticleRow
	historyRows int
	lags        returnLags
	rates       map[string]float64
	deliveries  *deliveries
	leadTimes   leadTimeFits
}

// markdown is the page COUNTS.md.
func (r *result) markdown(a *assumptions) []byte {
	var b strings.Builder
	p := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	p("# Counts of the example data\n\nWritten by `go run ./testdata/build`; see [README.md](README.md).\n")
	r.sales(p)
	r.sample(p, a)
	r.merchants(p, a)
	r.estimates(p)
	return []byte(b.String())
}

func (r *result) sales(p func(string, ...any)) {
	d := r.retail
	p("## From invoice lines to weeks\n\n| what | lines | units |\n| --- | ---: | ---: |")
	p("| read, %s to %s | %d | |", d.first.Format(time.DateTime), d.last.Format(time.DateTime), d.read)
	p("| dropped: in both files (from 2010-12-01 on) | %d | |", d.overlap)
	for k := dropBadDebt; k < numKinds; k++ {
		p("| dropped: %s | %d | |", kindNames[k], d.kinds[k])
	}
	p("| sales | %d | |", d.kinds[sale])
	p("| returns | %d | |", d.kinds[returned])
	p("| dropped: sale and return of one customer, article and quantity within hours | 2 × %d | 2 × %d |",
		r.reversals.sameCustomer, r.reversals.sameCustomerUnits)
	p("| dropped: the same across customers, large quantities only | 2 × %d | 2 × %d |",
		r.reversals.anyCustomer, r.reversals.anyCustomerUnits)
	p("| dropped: after the last complete week (%s) | %d | |", r.end.Format(time.DateOnly), r.weekly.incomplete)
	p("| dropped: returns in a week before their article's first sale | %d | |", r.weekly.early)
	p("| left: sales of %d articles | | %.0f |", len(r.population), r.weekly.units)
	p("| left: returns | | %.0f |\n", r.weekly.returns)
}

func (r *result) sample(p func(string, ...any), a *assumptions) {
	p("## The sample\n\nHow many articles of each stratum there are, and how many were chosen. The speed is the mean weekly sales from the first")
	p("sale to the last.\n\n| stage | units a week | articles | chosen |\n| --- | --- | ---: | ---: |")
	for _, s := range r.strata {
		p("| %s | %s | %d | %d |", stageNames[s.stage], a.speedName(s.speed), s.articles, s.take)
	}
	seasonal := 0
	for _, x := range r.articles {
		if a.seasonal(x.description) {
			seasonal++
		}
	}
	p("\n%d articles chosen, %d of them Christmas goods by their description; %d rows of history.\n", len(r.articles), seasonal, r.historyRows)
}

func (r *result) merchants(p func(string, ...any), a *assumptions) {
	p("## The merchants\n\n| merchant | articles | units sold | units returned | out of stock | in transit | with a plan | return rate |")
	p("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
	for _, m := range a.Merchants {
		var articles, out, transit, planned int
		var sold, back float64
		for i, x := range r.articles {
			if x.merchant.ID != m.ID {
				continue
			}
			row := r.rows[i]
			articles++
			sold += sum(x.sales)
			back += sum(x.returns)
			out += one(row.OnHand == 0)
			transit += one(len(row.InTransit) > 0)
			planned += one(row.HasPlan)
		}
		p("| %s | %d | %.0f | %.0f | %d | %d | %d | %.4f |", m.ID, articles, sold, back, out, transit, planned, r.rates[m.ID])
	}
	p("\nThe return rate is over all articles of the merchant, chosen or not; articles' own rates are shrunk towards it.\n")
}

func (r *result) estimates(p func(string, ...any)) {
	p("## Estimates in restock.yaml\n\nReturns: weeks from the sale to the return, as shares of %d matched return lines; %d more came later, and %d",
		r.lags.matched, r.lags.beyond, r.lags.unknown)
	p("had no earlier sale to match.\n\n| weeks | share |\n| ---: | ---: |")
	for i, w := range r.lags.weights {
		p("| %d | %.3f |", i+1, w)
	}
	d := r.deliveries
	p("\nLead times: %d delivery lines read; %d without both dates, %d delivered before and %d on the day of the order, %d more lines of a",
		d.read, d.undated, d.negative, d.sameDay, d.repeated)
	p("shipment already counted; %d shipments left. A Gamma distribution is fitted; within groups, each group has its own mean.\n", len(d.all))
	p("| variation | shipments | groups | mean, days | cv | Kolmogorov-Smirnov distance |\n| --- | ---: | ---: | ---: | ---: | ---: |")
	for _, row := range []struct {
		name string
		fit  gammaFit
	}{
		{"of all shipments", r.leadTimes.total},
		{"within vendor and product group", r.leadTimes.vendor},
		{"within vendor, product group, destination and mode of transport (used)", r.leadTimes.lane},
	} {
		f := row.fit
		p("| %s | %d | %d | %.1f | %.3f | %.3f |", row.name, f.n, f.groups, f.mean, f.cv, f.ks)
	}
	f := r.leadTimes.promise
	p("\nDivided by the promised time, delays have mean %.3f and cv %.3f, but %d of %d shipments arrived on the very day that the file calls",
		f.mean, f.cv, d.onTheDay(), f.n)
	p("scheduled: the schedule was evidently revised on the way, so that this is no measure of what was known when the order was placed.")
}

func one(b bool) int {
	if b {
		return 1
	}
	return 0
}
