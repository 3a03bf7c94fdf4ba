// Package batch decides whole assortments: it streams articles and forecasts through [optimize.Decide] on several workers and writes
// recommendations and rejects, in the order of the input and with memory bounded by the workers.
//
// [Run] is one run over an articles table; every row in becomes a recommendation or a reject.
package batch
