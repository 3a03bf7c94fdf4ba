package batch

import (
	"bytes"
	"context"
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"gocloud.dev/blob"
	"gocloud.dev/gcerrors"

	"github.com/restock-engine/restock/internal/durable"
)

// mirror is a local copy of objects of a bucket, in a folder where each has the path of its key. What is equal on both sides is
// known from a record beside the folder, so that neither is read over the network again.
type mirror struct {
	url    string
	bucket *blob.Bucket
	folder string
	record string               // file that the map below is kept in
	known  map[string]objectTag // by key: objects whose copy is equal

	copied, kept int   // objects, by get
	bytes        int64 // of those copied
}

// objectTag identifies the content of an object, and of its copy.
type objectTag struct {
	ETag     string    `json:"etag"`
	Size     int64     `json:"bytes"`
	Modified time.Time `json:"modified"`
	SHA256   string    `json:"sha256"`
}

// newMirror returns the mirror of a bucket as it was left.
func newMirror(url string, bucket *blob.Bucket, folder string) (*mirror, error) {
	m := &mirror{url: url, bucket: bucket, folder: folder, record: folder + ".jsonl", known: map[string]objectTag{}}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return nil, fmt.Errorf("local copies: %w", err)
	}
	return m, m.recall()
}

// recordLine is a line of the record. Of several about an object the last one counts.
type recordLine struct {
	Key string    `json:"key"`
	Tag objectTag `json:"tag"`
}

// recall reads the record. A line that a killed run has left unfinished, or that was damaged, is passed over: its object is
// compared anew.
func (m *mirror) recall() error {
	data, err := os.ReadFile(m.record)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("local copies: %w", err)
	}
	for line := range bytes.Lines(data) {
		var l recordLine
		if json.Unmarshal(line, &l) == nil {
			m.known[l.Key] = l.Tag
		}
	}
	return nil
}

// at is where an object is: the bucket's URL without what is only for opening it, and the key.
func (m *mirror) at(key string) string {
	base, _, _ := strings.Cut(m.url, "?")
	return strings.TrimSuffix(base, "/") + "/" + key
}

// place is where the bucket is.
func (m *mirror) place() string { return strings.TrimSuffix(m.at(""), "/") }

// path is that of the copy of an object.
func (m *mirror) path(key string) string { return filepath.Join(m.folder, filepath.FromSlash(key)) }

// list returns the objects whose keys begin with a prefix, in the order of their keys; with names alone it does not look into
// folders, whose keys end with a slash. Temporary files of stores that are folders are passed over, and the marks that some
// tools make for folders.
func (m *mirror) list(ctx context.Context, prefix string, names bool) (objects []*blob.ListObject, err error) {
	options := &blob.ListOptions{Prefix: prefix}
	if names {
		options.Delimiter = "/"
	}
	for all := m.bucket.List(options); ; {
		o, err := all.Next(ctx)
		if errors.Is(err, io.EOF) {
			return objects, nil
		}
		if err != nil {
			return nil, fmt.Errorf("%s can't be listed: %w", m.at(prefix), err)
		}
		if strings.HasSuffix(o.Key, ".tmp") || !o.IsDir && strings.HasSuffix(o.Key, "/") {
			continue
		}
		if !filepath.IsLocal(filepath.FromSlash(o.Key)) || path.Clean(o.Key) != strings.TrimSuffix(o.Key, "/") {
			return nil, fmt.Errorf("%s has a name that can't be that of a file; rename or remove it", m.at(o.Key))
		}
		objects = append(objects, o)
	}
}

// attributes returns what identifies an object now; to errors.Is the error is fs.ErrNotExist if there is none.
func (m *mirror) attributes(ctx context.Context, key string) (*blob.Attributes, error) {
	a, err := m.bucket.Attributes(ctx, key)
	if gcerrors.Code(err) == gcerrors.NotFound {
		return nil, missingf("there is no object %s", m.at(key))
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", m.at(key), err)
	}
	return a, nil
}

func (t objectTag) is(a *blob.Attributes) bool {
	return t.ETag == a.ETag && t.Size == a.Size && t.Modified.Equal(a.ModTime)
}

// equal tells whether the copy of an object with such attributes is known to be equal to it; the copy is read for that.
func (m *mirror) equal(key string, a *blob.Attributes) (bool, error) {
	known, ok := m.known[key]
	recorded := ok && known.is(a)
	if !recorded && a.MD5 == nil {
		return false, nil
	}
	sum := md5.New()
	sha, size, err := hashFile(m.path(key), sum)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil || size != a.Size {
		return false, err
	}
	if recorded {
		return sha == known.SHA256, nil
	}
	if hex.EncodeToString(sum.Sum(nil)) != hex.EncodeToString(a.MD5) {
		return false, nil
	}
	return true, m.note(key, a, sha)
}

// note records that an object and its copy are equal.
func (m *mirror) note(key string, a *blob.Attributes, sha string) error {
	m.known[key] = objectTag{a.ETag, a.Size, a.ModTime, sha}
	line, err := json.Marshal(recordLine{key, m.known[key]})
	if err != nil {
		return err
	}
	f, err := os.OpenFile(m.record, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("local copies: %w", err)
	}
	_, err = f.Write(slices.Concat([]byte{'\n'}, line, []byte{'\n'})) // the line before may have been cut off
	return errors.Join(err, f.Close())
}

// get makes a copy of an object, unless there is one that is equal. The copy is whole or absent.
func (m *mirror) get(ctx context.Context, key string) error {
	a, err := m.attributes(ctx, key)
	if err != nil {
		return err
	}
	same, err := m.equal(key, a)
	if err != nil {
		return err
	}
	if same {
		m.kept++
		return nil
	}
	sha, err := m.download(ctx, key, a)
	if err != nil {
		return fmt.Errorf("%s can't be copied: %w", m.at(key), err)
	}
	after, err := m.attributes(ctx, key)
	if err != nil {
		return err
	}
	if !(objectTag{a.ETag, a.Size, a.ModTime, ""}).is(after) {
		return m.stillWritten(key)
	}
	m.copied++
	m.bytes += a.Size
	return m.note(key, a, sha)
}

func (m *mirror) stillWritten(key string) error {
	return fmt.Errorf("%s was written while it was copied; run again when it is complete", m.at(key))
}

func (m *mirror) download(ctx context.Context, key string, a *blob.Attributes) (sha string, err error) {
	r, err := m.bucket.NewReader(ctx, key, nil)
	if err != nil {
		return "", err
	}
	defer r.Close()
	target := m.path(key)
	if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
		return "", err
	}
	f, err := os.CreateTemp(filepath.Dir(target), "."+filepath.Base(target)+".*.tmp")
	if err != nil {
		return "", err
	}
	defer os.Remove(f.Name()) // once it has its name there is nothing to remove
	sum, plain := sha256.New(), md5.New()
	size, err := io.CopyBuffer(io.MultiWriter(f, sum, plain), r, make([]byte, 1<<20))
	if err == nil && size != a.Size {
		err = fmt.Errorf("%d of %d bytes came", size, a.Size)
	}
	if err == nil && a.MD5 != nil && hex.EncodeToString(plain.Sum(nil)) != hex.EncodeToString(a.MD5) {
		err = errors.New("the bytes that came do not have the MD5 of the object")
	}
	if err == nil {
		err = errors.Join(f.Chmod(0o644), f.Sync())
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return "", err
	}
	if err := os.Rename(f.Name(), target); err != nil {
		return "", err
	}
	return hex.EncodeToString(sum.Sum(nil)), durable.SyncFolder(filepath.Dir(target))
}

// put makes an object of its copy, unless there is one that is equal. The object is whole or absent.
func (m *mirror) put(ctx context.Context, key string) error {
	a, err := m.attributes(ctx, key)
	if err == nil {
		same, err := m.equal(key, a)
		if same || err != nil {
			return err
		}
	} else if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return m.upload(ctx, key, nil)
}

// upload writes an object and notes it.
func (m *mirror) upload(ctx context.Context, key string, options *blob.WriterOptions) error {
	f, err := os.Open(m.path(key))
	if err != nil {
		return err
	}
	defer f.Close()
	sha, plain := sha256.New(), md5.New()
	size, err := m.write(ctx, key, io.TeeReader(f, io.MultiWriter(sha, plain)), options)
	if err != nil {
		return fmt.Errorf("%s can't be written: %w", m.at(key), err)
	}
	a, err := m.attributes(ctx, key)
	if err != nil {
		return err
	}
	if a.Size != size || a.MD5 != nil && hex.EncodeToString(a.MD5) != hex.EncodeToString(plain.Sum(nil)) {
		return fmt.Errorf("%s has other bytes than were written; is another run at work there? Run again when it has ended",
			m.at(key))
	}
	return m.note(key, a, hex.EncodeToString(sha.Sum(nil)))
}

// write writes an object. Ending the context before the writer is closed leaves none.
func (m *mirror) write(ctx context.Context, key string, r io.Reader, options *blob.WriterOptions) (size int64, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	w, err := m.bucket.NewWriter(ctx, key, options)
	if err != nil {
		return 0, err
	}
	if size, err = io.CopyBuffer(struct{ io.Writer }{w}, r, make([]byte, 1<<20)); err != nil {
		cancel()
		w.Close()
		return size, err
	}
	return size, w.Close()
}

// remove removes an object if it is there.
func (m *mirror) remove(ctx context.Context, key string) error {
	if err := m.bucket.Delete(ctx, key); err != nil && gcerrors.Code(err) != gcerrors.NotFound {
		return fmt.Errorf("%s can't be removed: %w", m.at(key), err)
	}
	delete(m.known, key)
	return nil
}

// sweep removes what a killed process has left of objects of a store that is a folder: NAME.TIME.tmp beside NAME.
func (m *mirror) sweep(ctx context.Context, prefix string) error {
	for all := m.bucket.List(&blob.ListOptions{Prefix: prefix}); ; {
		o, err := all.Next(ctx)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%s can't be listed: %w", m.at(prefix), err)
		}
		name, found := strings.CutSuffix(o.Key, ".tmp")
		if _, ours := m.known[strings.TrimSuffix(name, path.Ext(name))]; !found || !ours {
			continue
		}
		if err := m.remove(ctx, o.Key); err != nil {
			return err
		}
	}
}
