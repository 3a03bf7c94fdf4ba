// Package web is the page for partners: src holds its sources, dist what esbuild makes of them (make -C serve/web build), which
// is in the binary.
package web

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"time"
)

//go:embed dist
var dist embed.FS

var types = map[string]string{".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8",
	".svg": "image/svg+xml"}

// Handler serves the page at / and its files beside it. Browsers ask each time, and get the files again only when these have
// changed.
func Handler() http.Handler {
	files := map[string][]byte{}
	err := fs.WalkDir(dist, "dist", func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		files["/"+path.Base(name)], err = dist.ReadFile(name)
		return err
	})
	if err != nil {
		panic(fmt.Sprintf("the page is embedded and can't be read: %v", err))
	}
	files["/"] = files["/index.html"]
	tags := map[string]string{}
	for name, data := range files {
		sum := sha256.Sum256(data)
		tags[name] = `"` + hex.EncodeToString(sum[:8]) + `"`
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		data, ok := files[r.URL.Path]
		if !ok {
			http.Error(w, "there is nothing at this path", http.StatusNotFound)
			return
		}
		kind := types[path.Ext(r.URL.Path)]
		if r.URL.Path == "/" {
			kind = types[".html"]
		}
		w.Header().Set("Content-Type", kind)
		w.Header().Set("ETag", tags[r.URL.Path])
		w.Header().Set("Cache-Control", "no-cache")
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(data))
	})
}
