package main

import (
	"reflect"
	"testing"
	"time"
)

// at reads a time such as 2011-12-09 09:15.
func at(text string) time.Time {
	t, err := time.Parse("2006-01-02 15:04", text)
	if err != nil {
		panic(err)
	}
	return t
}

func TestWeeks(t *testing.T) {
	for text, want := range map[string]string{
		"2009-12-01 07:45": "2009-11-30", // Tuesday
		"2010-12-05 23:59": "2010-11-29", // Sunday
		"2010-12-06 00:00": "2010-12-06", // Monday
		"2011-01-01 12:00": "2010-12-27",
	} {
		if got := monday(at(text)).Format(time.DateOnly); got != want {
			t.Errorf("monday(%s) = %s, want %s", text, got, want)
		}
	}
	for text, want := range map[string]string{
		"2011-12-09 12:50": "2011-11-28", // Friday: the week is not over
		"2011-12-10 12:50": "2011-11-28",
		"2011-12-11 12:50": "2011-12-05", // Sunday
	} {
		if got := lastCompleteWeek(at(text)).Format(time.DateOnly); got != want {
			t.Errorf("lastCompleteWeek(%s) = %s, want %s", text, got, want)
		}
	}
}

func TestDropReversals(t *testing.T) {
	one := func(code, customer string, quantity int, moment string) line {
		return line{code: code, customer: customer, quantity: quantity, at: at(moment)}
	}
	for name, c := range map[string]struct {
		lines []line
		kept  []int
	}{
		"cancelled after 12 minutes": {[]line{
			one("23843", "16446", 80995, "2011-12-09 09:15"), one("23843", "16446", -80995, "2011-12-09 09:27"),
		}, nil},
		"returned after two days": {[]line{
			one("A", "1", 5, "2011-03-01 09:00"), one("A", "1", -5, "2011-03-03 09:00"),
		}, []int{0, 1}},
		"invoice written anew: the first sale stands": {[]line{
			one("A", "1", 3114, "2011-01-11 12:55"), one("A", "1", -3114, "2011-04-18 13:08"), one("A", "1", 3114, "2011-04-18 13:20"),
		}, []int{0}},
		"other quantity": {[]line{
			one("A", "1", 6, "2011-03-01 09:00"), one("A", "1", -5, "2011-03-01 09:10"),
		}, []int{0, 1}},
		"other article": {[]line{
			one("A", "1", 5, "2011-03-01 09:00"), one("B", "1", -5, "2011-03-01 09:10"),
		}, []int{0, 1}},
		"other customer, small": {[]line{
			one("A", "1", 499, "2011-03-01 09:00"), one("A", "2", -499, "2011-03-01 09:10"),
		}, []int{0, 1}},
		"other customer, large": {[]line{
			one("A", "1", 500, "2011-03-01 09:00"), one("A", "2", -500, "2011-03-01 09:10"),
		}, nil},
		"customers not known are not the same": {[]line{
			one("A", "", 5, "2011-03-01 09:00"), one("A", "", -5, "2011-03-01 09:10"),
		}, []int{0, 1}},
		"each sale goes once, the nearest first": {[]line{
			one("A", "1", 5, "2011-03-01 09:00"), one("A", "1", 5, "2011-03-01 10:00"),
			one("A", "1", -5, "2011-03-01 10:10"),
		}, []int{0}},
		"two returns of one sale": {[]line{
			one("A", "1", 5, "2011-03-01 09:00"), one("A", "1", -5, "2011-03-01 09:10"), one("A", "1", -5, "2011-03-01 09:20"),
		}, []int{2}},
	} {
		var want []line
		for _, i := range c.kept {
			want = append(want, c.lines[i])
		}
		got, count := dropReversals(c.lines, 24, 500)
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: kept %v, want %v", name, got, want)
		}
		if n := 2 * (count.sameCustomer + count.anyCustomer); n != len(c.lines)-len(got) {
			t.Errorf("%s: counted %d lines, dropped %d", name, n, len(c.lines)-len(got))
		}
	}
}

func TestSumWeeks(t *testing.T) {
	end := at("2011-11-28 00:00")
	all, count := sumWeeks([]line{
		{code: "A", description: "OLD NAME", quantity: 2, price: 3, at: at("2011-11-08 10:00")},
		{code: "A", description: "NAME", quantity: 2, price: 1, at: at("2011-11-13 10:00")},
		{code: "A", description: "NAME", quantity: 5, price: 2, at: at("2011-11-28 00:00")},
		{code: "A", quantity: -1, price: 3, at: at("2011-11-15 10:00")},
		{code: "A", quantity: -9, price: 3, at: at("2011-11-06 10:00")}, // sold before the data begins
		{code: "A", quantity: 7, price: 2, at: at("2011-12-05 10:00")},  // the week is not over
		{code: "B", quantity: -4, price: 2, at: at("2011-11-15 10:00")}, // never sold
	}, end)
	if len(all) != 1 {
		t.Fatalf("%d series, want 1", len(all))
	}
	s := all[0]
	want := series{
		code: "A", description: "NAME", start: at("2011-11-07 00:00"),
		sales: []float64{4, 0, 0, 5}, returns: []float64{0, 1, 0, 0}, revenue: []float64{8, 0, 0, 10}, lastSale: 3,
	}
	if !reflect.DeepEqual(*s, want) {
		t.Errorf("got  %+v\nwant %+v", *s, want)
	}
	if want := (weekly{incomplete: 1, early: 2, units: 9, returns: 1}); count != want {
		t.Errorf("counts %+v, want %+v", count, want)
	}
	if s.recentPrice(2) != 2 || s.recentPrice(13) != 2 || s.recentRate(13) != 2.25 || s.idleWeeks() != 0 || s.sellingWeeks() != 2 {
		t.Errorf("price %g and %g, rate %g, idle %d, selling %d", s.recentPrice(2), s.recentPrice(13), s.recentRate(13), s.idleWeeks(), s.sellingWeeks())
	}
}
