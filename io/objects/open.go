package objects

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"gocloud.dev/blob"
	_ "gocloud.dev/blob/fileblob" // file://
	_ "gocloud.dev/blob/memblob"  // mem://
)

// clouds tells whether the drivers of s3://, gs:// and azblob:// are in this binary.
var clouds bool

// Open opens a bucket. What is not a URL is a folder, which is made if it is missing. Files of a file:// bucket get their names when they are
// complete: a reader never sees half of one.
func Open(ctx context.Context, location string) (*blob.Bucket, error) {
	if !strings.Contains(location, "://") {
		var err error
		if location, err = folderURL(location); err != nil {
			return nil, err
		}
	}
	bucket, err := blob.OpenBucket(ctx, location)
	if err != nil {
		if scheme, _, _ := strings.Cut(location, "://"); !clouds && (scheme == "s3" || scheme == "gs" || scheme == "azblob") {
			return nil, fmt.Errorf("%s: this restock was built without cloud stores; build it with 'go build -tags cloud ./cmd/restock'", location)
		}
		return nil, fmt.Errorf("%s: %w", location, err)
	}
	return bucket, nil
}

// folderURL returns the URL of a folder. Temporary files lie beside what they become, so that giving them their names is atomic.
func folderURL(folder string) (string, error) {
	abs, err := filepath.Abs(folder)
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(abs, 0o755); err != nil {
		return "", err
	}
	path := filepath.ToSlash(abs)
	if !strings.HasPrefix(path, "/") {
		path = "/" + path
	}
	u := url.URL{Scheme: "file", Path: path, RawQuery: "no_tmp_dir=true&metadata=skip"}
	return u.String(), nil
}
