// Package snapshot keeps one record for each SKU of a nightly run's input or output in a local file with an index in memory: what
// the service reads a thousand times a second and a run replaces at once. It is a copy: the tables that it was made from can make
// it again.
//
// A file is "RSNAP1\n", the records one after the other (CRC-32C, then the bytes), the index, and a footer of 32 bytes: offset,
// length and CRC-32C of the index, all little endian, and "RSNAP1\n" again. The index holds 30 to 60 bytes for a SKU, and its
// columns.
package snapshot
