package forecast

import (
	"testing"
	"time"
)

func TestWeekNumber(t *testing.T) {
	for _, c := range []struct {
		date string
		week int
	}{
		{"1970-01-05T00:00:00Z", 0}, {"1970-01-11T23:59:59Z", 0}, {"1970-01-12T00:00:00Z", 1}, {"1970-01-01T00:00:00Z", -1},
		{"1970-01-04T23:59:59Z", -1}, {"1969-12-28T12:00:00Z", -2}, {"2026-01-05T00:00:00Z", 2922}, {"2026-01-05T00:30:00+01:00", 2921},
	} {
		date, err := time.Parse(time.RFC3339, c.date)
		if err != nil {
			t.Fatal(err)
		}
		if got := WeekNumber(date); got != c.week {
			t.Errorf("%s is in week %d, want %d", c.date, got, c.week)
		}
	}
	for week := -3000; week < 6000; week++ {
		start := WeekStart(week)
		if start.Weekday() != time.Monday || WeekNumber(start) != week || WeekNumber(start.Add(7*24*time.Hour-1)) != week {
			t.Fatalf("week %d begins on %v", week, start)
		}
	}
}
