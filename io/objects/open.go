package objects

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"gocloud.dev/blob"
	_ "gocloud.dev/blob/fileblob" // file://
	_ "gocloud.dev/blob/memblob"  // mem://
)

// cloudSchemes are those of stores whose path is a prefix of names, not part of the store's address.
var cloudSchemes = []string{"s3", "gs", "azblob"}

// clouds tells whether the drivers of cloudSchemes are in this binary.
var clouds bool

// IsURL tells a URL from the path of a folder.
func IsURL(location string) bool { return strings.Contains(location, "://") }

// Open opens a bucket. What is not a URL is a folder, which is made if it is missing. The path of s3://bucket/path,
// gs://bucket/path and azblob://container/path stands before all names. Files of a file:// bucket get their names when they are
// complete: a reader never sees half of one.
func Open(ctx context.Context, location string) (*blob.Bucket, error) {
	return open(ctx, location, false)
}

// Create is Open that makes also the folder of a file:// URL.
func Create(ctx context.Context, location string) (*blob.Bucket, error) {
	return open(ctx, location, true)
}

func open(ctx context.Context, location string, create bool) (*blob.Bucket, error) {
	if !IsURL(location) {
		var err error
		if location, err = folderURL(location); err != nil {
			return nil, err
		}
	}
	u, err := url.Parse(location)
	if err != nil {
		return nil, err // names the URL
	}
	if err := complete(u, create); err != nil {
		return nil, fmt.Errorf("%s: %w", location, err)
	}
	bucket, err := blob.OpenBucket(ctx, u.String())
	if err != nil {
		return nil, fmt.Errorf("%s: %w", location, err)
	}
	return bucket, nil
}

// complete checks a URL and adds what its driver has to be told.
func complete(u *url.URL, create bool) error {
	query := u.Query()
	switch {
	case u.Scheme == "file":
		if u.Host != "" && u.Host != "." && u.Host != "localhost" {
			return fmt.Errorf("%q would be the name of a host; a folder is file:///path, with three slashes", u.Host)
		}
		defaults := map[string]string{"no_tmp_dir": "true", "metadata": "skip"} // see folderURL
		if create {
			defaults["create_dir"] = "true"
		}
		for key, value := range defaults {
			if !query.Has(key) {
				query.Set(key, value)
			}
		}
	case slices.Contains(cloudSchemes, u.Scheme):
		if !clouds {
			return errors.New("this restock was built without cloud stores; build it with 'go build -tags cloud ./cmd/restock'")
		}
		if path := strings.Trim(u.Path, "/"); path != "" {
			query.Set("prefix", path+"/"+query.Get("prefix"))
			u.Path = ""
		}
	case u.Scheme != "mem":
		return fmt.Errorf("%s:// is no object store that restock knows; known are file, %s", u.Scheme,
			strings.Join(cloudSchemes, ", "))
	}
	u.RawQuery = query.Encode()
	return nil
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
	u := url.URL{Scheme: "file", Path: path}
	return u.String(), nil
}
