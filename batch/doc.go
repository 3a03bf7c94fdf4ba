// Package batch decides whole assortments: it streams articles and forecasts through [optimize.Decide] on several workers and writes
// recommendations and rejects, in the order of the input and with memory bounded by the workers. Every row in becomes a
// recommendation or a reject.
//
// [Run] is one run over an articles table. [RunDated] is the nightly one, over the dated folder of an input: it is planned once, in a
// [Manifest] that says what the result depends on, and done in shards, each by [Runner.RunShard], by one process or by several.
// What is finished is kept through any interruption. [Merge] completes it: it adds up, keeps limits over many SKUs, compares with the run
// before and checks.
package batch
