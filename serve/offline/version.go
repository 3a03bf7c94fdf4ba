package offline

import (
	"cmp"
	"strings"
	"time"
)

// Version is what a document became at a moment.
type Version struct {
	Kind              string // features, article or merchant
	Merchant, Article string
	Revision          uint64    // of the stream that accepted it
	Accepted          time.Time // rises with the revision, and goes on when a new stream begins
	Deleted           bool
	Value             []byte // JSON
}

// row is a version as it stands in a file.
type row struct {
	Key      string `parquet:"key,zstd"`
	Kind     string `parquet:"kind,dict,zstd"`
	Merchant string `parquet:"merchant_id,dict,zstd"`
	Article  string `parquet:"article_id,zstd"`
	Accepted int64  `parquet:"accepted,timestamp(microsecond),zstd"`
	Revision int64  `parquet:"revision,zstd"`
	Deleted  bool   `parquet:"deleted"`
	Value    string `parquet:"value,zstd"`
}

func keyOf(kind, merchant, article string) string {
	return strings.Join([]string{kind, merchant, article}, "\x00")
}

func rowOf(v *Version) row {
	return row{keyOf(v.Kind, v.Merchant, v.Article), v.Kind, v.Merchant, v.Article, v.Accepted.UnixMicro(), int64(v.Revision), v.Deleted, string(v.Value)}
}

func (r *row) version() Version {
	return Version{r.Kind, r.Merchant, r.Article, uint64(r.Revision), time.UnixMicro(r.Accepted).UTC(), r.Deleted, []byte(r.Value)}
}

// compareRows orders rows as they stand in files.
func compareRows(a, b *row) int {
	return cmp.Or(strings.Compare(a.Key, b.Key), cmp.Compare(a.Accepted, b.Accepted), cmp.Compare(a.Revision, b.Revision))
}
