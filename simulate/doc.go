// Package simulate runs an inventory policy through scenarios of demand, lead times and returns, week by week, and counts what it
// costs.
//
// An [Article] is one SKU's state and economics, a [Policy] decides at each week's review, [Scenarios] hold everything that the
// policy cannot influence, and [Run] is the deterministic function from the three to an [Outcome]. The order of events in a week
// and every cost is laid down in docs/model.md; method week in run.go is its only readable implementation, and the oracle of the
// fast kernels.
//
// The package is pure: no files, no clock, no globals; all randomness comes from a key.
package simulate
