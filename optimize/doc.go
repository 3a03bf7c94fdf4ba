// Package optimize chooses a policy's parameters: it compares candidates on one set of scenarios and reports the winner on
// another.
//
// [Decide] is the whole decision for one SKU, and the only door for the command line, the nightly batch and the service: one
// engine, one answer. [Tune] is the same search for any policy family, [Search] the search itself behind an interface that the
// comparators ([Grid], [RandomSearch]) share. The package is pure: values and a seed in, a [Recommendation] out.
package optimize
