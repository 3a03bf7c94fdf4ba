// Package table reads and writes restock's tables: articles, forecast, history, recommendations and rejects, in Parquet, CSV and
// Arrow IPC, by the ending of a file's name. A folder or a glob is one table in several files; - is an Arrow IPC stream on stdin
// or stdout.
//
// [OpenArticles], [OpenHistory] and [OpenRecommendations] read a table each; [Join] brings every article together with its
// forecast, in bounded memory and whatever the order of the rows. What can't be used becomes a [Reject] with its place and the
// reason; an error is about a whole file. Readers give away what they return. The Create functions write to a temporary file,
// which gets its name on Commit.
//
// Three layers: a [file] of any format looks to the rest like batches of columns (column.go; parquet.go, csv.go, arrow.go); the
// readers of a table turn columns into rows (articles.go, forecast.go, history.go), [Join] and the history group them by SKU
// (group.go, spill.go). Writing goes the other way, from one description of a table's columns (write.go, write_tables.go).
//
// Canonical forecasts hold the quantiles of a week as a list of float32 in the column q, and in the file's metadata (Arrow: the
// schema's) quantile_levels, a JSON array as [0.025,0.05], and as_of, the Monday of week 0 as 2026-01-31. Levels separated by
// commas or semicolons are read too.
package table
