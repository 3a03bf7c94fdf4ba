package forecast

import "time"

// firstMonday is the Monday of week 0, 1970-01-05, in days since 1970-01-01.
const firstMonday = 4

// WeekNumber returns the number of the week, Monday to Sunday, that holds a time's date in UTC, counted from that of Monday 1970-01-05.
func WeekNumber(t time.Time) int {
	seconds := t.Unix() - firstMonday*86400
	week := seconds / (7 * 86400)
	if seconds%(7*86400) < 0 {
		week--
	}
	return int(week)
}

// WeekStart returns the Monday of a week, midnight UTC.
func WeekStart(week int) time.Time { return time.Unix((int64(week)*7+firstMonday)*86400, 0).UTC() }
