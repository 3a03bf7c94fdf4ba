package table

import (
	"errors"
	"fmt"
	"path/filepath"
)

// Window is a run of rows of one file.
type Window struct {
	File string `json:"file"` // relative to the folder of the tables, with slashes
	From int64  `json:"from"` // first row, counted from 0
	To   int64  `json:"to"`   // the row behind the last one
}

// Rows returns the number of rows.
func (w Window) Rows() int64 { return w.To - w.From }

// Shard is a part of a join that can be done by itself: some articles and the forecast rows that belong to them.
type Shard struct {
	Articles  []Window `json:"articles"`
	Forecast  []Window `json:"forecast"`            // of a partitioned forecast: all files, to name rows by
	Partition string   `json:"partition,omitempty"` // file with the forecast's rows where those are scattered over the files
}

// ArticleRows returns how many rows of the articles table the shard has.
func (s *Shard) ArticleRows() int64 {
	var n int64
	for _, w := range s.Articles {
		n += w.Rows()
	}
	return n
}

// JoinShard is [Join] of one shard. Files are relative to the folder, a partition to the folder of partitions. The options must have the AsOf
// that the shards were planned with. Number and order of the items depend on the shard alone.
func JoinShard(folder, partitions string, s Shard, o JoinOptions) (j *Joined, err error) {
	if o.AsOf.IsZero() {
		return nil, errors.New("a shard needs the date that it was planned for")
	}
	j = &Joined{options: o, unknown: map[[2]uint64]bool{}, first: monday(asDay(o.AsOf))}
	defer func() {
		if err != nil {
			err = errors.Join(err, j.Close())
			j = nil
		}
	}()
	j.articleSet = windowed(folder, s.Articles)
	if err = j.numberArticles(); err != nil {
		return j, err
	}
	if rows := s.ArticleRows(); j.total != rows {
		return j, fmt.Errorf("%s has %d rows where there were %d when the shards were planned", s.Articles[0].File, j.total, rows)
	}
	j.articles = &ArticleReader{rows: newRowReader(j.articleSet, false, bindArticles)}
	j.forecastSet = windowed(folder, s.Forecast)
	if s.Partition != "" {
		j.partition, err = openPartition(filepath.Join(partitions, s.Partition), j.forecastSet)
		if err != nil {
			return j, err
		}
		j.levels = j.partition.levels
		j.rows, err = j.partition.group(j.forecastRows())
		return j, err
	}
	sorted, count, err := j.scanForecast()
	if err != nil {
		return j, err
	}
	j.rows, err = groupRows(j.forecastRows(), sorted, count, int32(j.total), o.TempDir)
	return j, err
}

// windowed returns the files of windows in a folder.
func windowed(folder string, windows []Window) *fileSet {
	set := &fileSet{base: filepath.Clean(folder), windows: windows}
	for _, w := range windows {
		set.paths = append(set.paths, filepath.Join(folder, filepath.FromSlash(w.File)))
	}
	return set
}
