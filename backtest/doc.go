// Package backtest replays history: at each execution date it forecasts from what was known then, lets several arms decide, and
// lives with their decisions on the demand that really came. A [Job] reads tables and streams [Outcome]s, one per SKU, date, arm
// and evaluation horizon, into a [Report] with indicators and their confidence intervals. The simulation is simulate's, so that a
// replayed week follows the same rules as a simulated one.
package backtest
