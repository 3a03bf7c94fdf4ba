// Package arrowipc reads and writes Arrow IPC files and streams. It is the only importer of github.com/apache/arrow/go/v17, which
// is superseded by arrow-go v18; both in one binary do not link, so everything else sees columns of plain values.
package arrowipc
