// Package table reads and writes restock's tables: articles, forecast, history, recommendations and rejects, in Parquet, CSV and Arrow IPC.
//
// Three layers: a [file] of any format looks to the rest like batches of columns (column.go; parquet.go, csv.go, arrow.go); the readers of
// a table turn columns into rows, and what can't be used into a [Reject] (articles.go, forecast.go, history.go); [Join] brings each article
// together with its forecast in bounded memory. Writing goes the other way, from one description of a table's columns (write.go).
package table
