// Package io groups what stands between restock and the outside: table (rows, schema checks, file formats, rejects), arrowipc
// (the only importer of Arrow) and settings. It holds no code of its own, because a package of that name would shadow the
// standard one everywhere.
package io
