package offline

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/parquet-go/parquet-go"
	"gocloud.dev/blob"

	"github.com/restock-engine/restock/internal/durable"
	"github.com/restock-engine/restock/io/objects"
)

// ErrNotFound is returned where there is no version.
var ErrNotFound = errors.New("there is no such version")

// Store is an offline store. It is used by several goroutines at once; only one process should append.
type Store struct {
	bucket *blob.Bucket
	folder string // of a store in the file system; "" for others
}

const root = "versions/"

// rowGroup is how many versions share a Bloom filter: what has to be read to find one.
const rowGroup = 10_000

// Open opens a store: a folder, which is made if it is missing, or the URL of a bucket.
func Open(ctx context.Context, location string) (*Store, error) {
	bucket, err := objects.Open(ctx, location)
	if err != nil {
		return nil, fmt.Errorf("offline store: %w", err)
	}
	s := &Store{bucket: bucket}
	if !strings.Contains(location, "://") {
		s.folder = location
	}
	return s, nil
}

// Close releases the store.
func (s *Store) Close() error { return s.bucket.Close() }

// file is a file of versions, by its name.
type file struct {
	name        string // in the bucket
	first, last int64  // moments, microseconds
	sum         uint32 // CRC-32C of its bytes
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func fileName(rows []row, data []byte) string {
	first, last, revision := rows[0].Accepted, rows[0].Accepted, rows[0].Revision
	for i := range rows {
		first, last, revision = min(first, rows[i].Accepted), max(last, rows[i].Accepted), min(revision, rows[i].Revision)
	}
	return fmt.Sprintf("%sdate=%s/%016d-%016d-%d-%08x.parquet", root, time.UnixMicro(first).UTC().Format(time.DateOnly), first, last, revision,
		crc32.Checksum(data, castagnoli))
}

func parseName(name string) (f file, ok bool) {
	base := strings.TrimSuffix(path.Base(name), ".parquet")
	parts := strings.Split(base, "-")
	if len(parts) != 4 || base == path.Base(name) {
		return f, false
	}
	first, err := strconv.ParseInt(parts[0], 10, 64)
	last, err2 := strconv.ParseInt(parts[1], 10, 64)
	sum, err3 := strconv.ParseUint(parts[3], 16, 32)
	return file{name, first, last, uint32(sum)}, err == nil && err2 == nil && err3 == nil && first <= last
}

// Append writes versions as one file for each day, and returns when they are durable. The same versions again change nothing.
func (s *Store) Append(ctx context.Context, versions []Version) error {
	byDay := map[string][]row{}
	for i := range versions {
		day := versions[i].Accepted.UTC().Format(time.DateOnly)
		byDay[day] = append(byDay[day], rowOf(&versions[i]))
	}
	for _, rows := range byDay {
		slices.SortFunc(rows, func(a, b row) int { return compareRows(&a, &b) })
		rows = slices.CompactFunc(rows, func(a, b row) bool { return compareRows(&a, &b) == 0 })
		var b bytes.Buffer
		w := newWriter(&b)
		if _, err := w.Write(rows); err != nil {
			return err
		}
		if err := w.Close(); err != nil {
			return err
		}
		if err := s.write(ctx, fileName(rows, b.Bytes()), b.Bytes()); err != nil {
			return fmt.Errorf("offline store: %w", err)
		}
	}
	return nil
}

func newWriter(out io.Writer) *parquet.GenericWriter[row] {
	return parquet.NewGenericWriter[row](out, parquet.MaxRowsPerRowGroup(rowGroup), parquet.BloomFilters(parquet.SplitBlockFilter(10, "key")),
		parquet.SortingWriterConfig(parquet.SortingColumns(parquet.Ascending("key"), parquet.Ascending("accepted"), parquet.Ascending("revision"))),
		parquet.KeyValueMetadata("restock", "offline versions 1"))
}

// write stores an object at once. In a folder it is on disk when write returns, which the library's own way does not promise.
func (s *Store) write(ctx context.Context, name string, data []byte) error {
	if s.folder == "" {
		return s.bucket.WriteAll(ctx, name, data, nil)
	}
	target := filepath.Join(s.folder, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
		return err
	}
	if err := durable.WriteFile(target, data, 0o644); err != nil {
		return err
	}
	return durable.SyncFolder(filepath.Dir(filepath.Dir(target)))
}

// files lists the files of versions, the latest first. Only dates up to a moment are listed.
func (s *Store) files(ctx context.Context, until time.Time) ([]file, error) {
	var list []file
	days := s.bucket.List(&blob.ListOptions{Prefix: root, Delimiter: "/"})
	for {
		day, err := days.Next(ctx)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("offline store: %w", err)
		}
		date, ok := strings.CutPrefix(strings.Trim(strings.TrimPrefix(day.Key, root), "/"), "date=")
		if !day.IsDir || !ok || !until.IsZero() && date > until.UTC().Format(time.DateOnly) {
			continue
		}
		inside := s.bucket.List(&blob.ListOptions{Prefix: day.Key})
		for {
			o, err := inside.Next(ctx)
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				return nil, fmt.Errorf("offline store: %w", err)
			}
			if f, ok := parseName(o.Key); ok {
				list = append(list, f)
			}
		}
	}
	slices.SortFunc(list, func(a, b file) int { return strings.Compare(path.Base(b.name), path.Base(a.name)) })
	return list, nil
}

// AsOf returns the newest version of a document that was accepted at a moment or before it, ErrNotFound if there is none. That it
// was deleted is a version, too.
func (s *Store) AsOf(ctx context.Context, kind, merchant, article string, t time.Time) (Version, error) {
	files, err := s.files(ctx, t)
	if err != nil {
		return Version{}, err
	}
	limit, key := t.UnixMicro(), keyOf(kind, merchant, article)
	var best *row
	for _, f := range files {
		if f.first > limit || best != nil && f.last < best.Accepted {
			continue
		}
		err := s.scan(ctx, f, key, func(r *row) error {
			if r.Key == key && r.Accepted <= limit && (best == nil || compareRows(r, best) > 0) {
				found := *r
				best = &found
			}
			return nil
		})
		if err != nil {
			return Version{}, err
		}
	}
	if best == nil {
		return Version{}, ErrNotFound
	}
	return best.version(), nil
}

// scan calls f with the rows of a file, of those row groups that may have a key ("": all).
func (s *Store) scan(ctx context.Context, f file, key string, each func(*row) error) error {
	if err := s.scanFile(ctx, f, key, each); err != nil {
		return fmt.Errorf("offline store: %s: %w", f.name, err)
	}
	return nil
}

// scanFile reads the file whole and checks its sum first: the library makes room for, and points into, whatever a damaged file says.
func (s *Store) scanFile(ctx context.Context, f file, key string, each func(*row) error) error {
	data, err := s.bucket.ReadAll(ctx, f.name)
	if err != nil {
		return err
	}
	if crc32.Checksum(data, castagnoli) != f.sum {
		return errors.New("it is damaged: restore it from a copy, or move it away, and what it held is missing")
	}
	p, err := parquet.OpenFile(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return err
	}
	if _, ok := p.Lookup("restock"); !ok || !slices.Equal(columnNames(p.Schema()), columnNames(parquet.SchemaOf(row{}))) {
		return errors.New("it is not a file of restock's versions; move it away")
	}
	for _, group := range p.RowGroups() {
		if key != "" {
			if filter := group.ColumnChunks()[0].BloomFilter(); filter != nil {
				may, err := filter.Check(parquet.ValueOf(key))
				if err != nil {
					return err
				}
				if !may {
					continue
				}
			}
		}
		if err := scanGroup(ctx, group, each); err != nil {
			return err
		}
	}
	return nil
}

func columnNames(s *parquet.Schema) []string {
	var names []string
	for _, f := range s.Fields() {
		names = append(names, f.Name()+" "+f.Type().String())
	}
	return names
}

func scanGroup(ctx context.Context, group parquet.RowGroup, each func(*row) error) error {
	r := parquet.NewGenericRowGroupReader[row](group)
	defer r.Close()
	rows := make([]row, 256)
	for ctx.Err() == nil {
		n, err := r.Read(rows)
		for i := range rows[:n] {
			if err := each(&rows[i]); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
	return ctx.Err()
}

// Latest calls f with the newest version of every document of some kinds that was accepted at a moment or before it (zero: of
// all), deleted ones included, in no particular order. It keeps a key and two numbers for each document in memory.
func (s *Store) Latest(ctx context.Context, until time.Time, kinds []string, f func(Version) error) error {
	files, err := s.files(ctx, until)
	if err != nil {
		return err
	}
	limit := until.UnixMicro()
	if until.IsZero() {
		limit = 1<<63 - 1
	}
	type moment struct{ accepted, revision int64 }
	newest := map[string]moment{}
	pass := func(each func(*row) error) error {
		for _, x := range files {
			if x.first > limit {
				continue
			}
			err := s.scan(ctx, x, "", func(r *row) error {
				if r.Accepted > limit || !slices.Contains(kinds, r.Kind) {
					return nil
				}
				return each(r)
			})
			if err != nil {
				return err
			}
		}
		return nil
	}
	err = pass(func(r *row) error {
		m, ok := newest[r.Key]
		if !ok || r.Accepted > m.accepted || r.Accepted == m.accepted && r.Revision > m.revision {
			newest[strings.Clone(r.Key)] = moment{r.Accepted, r.Revision}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return pass(func(r *row) error {
		if m, ok := newest[r.Key]; !ok || m != (moment{r.Accepted, r.Revision}) {
			return nil
		}
		delete(newest, r.Key) // it may stand in another file again
		return f(r.version())
	})
}
