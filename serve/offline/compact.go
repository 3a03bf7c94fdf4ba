package offline

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"time"
)

// maxCompacted is how many bytes a compacted file may have, about.
const maxCompacted = 256 << 20

// Compact makes few files of the many that a day has, for all days before a date. Whoever reads meanwhile finds every version at
// least once: the new file is complete before the old ones are removed.
func (s *Store) Compact(ctx context.Context, before time.Time) error {
	files, err := s.files(ctx, before.AddDate(0, 0, -1))
	if err != nil {
		return err
	}
	byDay := map[string][]file{}
	for _, f := range files {
		day := time.UnixMicro(f.first).UTC().Format(time.DateOnly)
		byDay[day] = append(byDay[day], f)
	}
	for day, list := range byDay {
		if len(list) < 2 {
			continue
		}
		if err := s.compactDay(ctx, list); err != nil {
			return fmt.Errorf("offline store: compacting %s: %w", day, err)
		}
	}
	return nil
}

// compactDay merges files, oldest first, as many as fit into one of maxCompacted.
func (s *Store) compactDay(ctx context.Context, list []file) error {
	slices.Reverse(list)
	for len(list) > 1 {
		var rows []row
		taken, size := 0, 0
		for ; taken < len(list) && (taken < 2 || size < maxCompacted); taken++ {
			err := s.scan(ctx, list[taken], "", func(r *row) error {
				rows = append(rows, *r)
				size += len(r.Value) + 2*len(r.Key)
				return nil
			})
			if err != nil {
				return err
			}
		}
		if err := s.replace(ctx, list[:taken], rows); err != nil {
			return err
		}
		list = list[taken:]
	}
	return nil
}

func (s *Store) replace(ctx context.Context, old []file, rows []row) error {
	if len(rows) == 0 {
		return nil
	}
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
	name := fileName(rows, b.Bytes())
	if err := s.write(ctx, name, b.Bytes()); err != nil {
		return err
	}
	for _, f := range old {
		if f.name == name {
			continue
		}
		if err := s.bucket.Delete(ctx, f.name); err != nil {
			return err
		}
	}
	return nil
}
