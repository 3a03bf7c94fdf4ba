// Package testdata embeds the example data, so that `restock demo-data` can make assortments from it wherever the binary runs.
// README.md says where the data come from; their licence is CC BY 4.0.
package testdata

import _ "embed"

// The tables and settings of 600 real articles as they lie in this folder.
var (
	//go:embed history.parquet
	History []byte
	//go:embed articles.csv
	Articles []byte
	//go:embed restock.yaml
	Settings []byte
)
