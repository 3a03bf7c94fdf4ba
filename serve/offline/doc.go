// Package offline keeps every accepted version of features and settings as Parquet files in an object store, partitioned by date:
// what was known at any moment of the past can be read, for backtests, and all that is online can be rebuilt.
//
// A file is versions/date=2026-11-16/FIRST-LAST-REVISION-SUM.parquet: the moments of its first and last version in microseconds
// since 1970, the first revision, and the CRC-32C of its bytes, without which it is not read. The same versions make the same
// file, so that appending them again after a crash changes nothing. Rows rise by key (kind, merchant, article, joined by zero
// bytes), then by moment; each row group has a Bloom filter of its keys. Versions that are in two files count once.
package offline
