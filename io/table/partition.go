package table

import (
	"bufio"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
)

// partition is what a shard has to know of a forecast whose rows are scattered over the files, or of articles with duplicates in other
// shards. Its file is a sequence of records, each a number (int32), a length (uint32) and the data: rows of the forecast with the number
// of the shard's article, and records with numbers below 0.
type partition struct {
	levels     []float64
	duplicates map[int32]string // [article row of the shard] the row that is used instead
	orphans    []Reject
	records    []record // rows of the forecast, by rising number
}

// Numbers of a partition's records that are no rows of the forecast.
const (
	levelsRecord    = -1
	duplicateRecord = -2
	orphanRecord    = -3
)

func (p *partition) duplicateOf(row int32) (string, bool) {
	if p == nil {
		return "", false
	}
	of, ok := p.duplicates[row]
	return of, ok
}

func (p *partition) nextOrphan() (Item, error) {
	if len(p.orphans) == 0 {
		return Item{}, io.EOF
	}
	r := p.orphans[0]
	p.orphans = p.orphans[1:]
	return Item{Reject: &r}, nil
}

// group hands the rows out like a spilled table.
func (p *partition) group(rows rowsOf[forecastRow]) (*grouped[forecastRow], error) {
	g := &grouped[forecastRow]{rows: rows, spill: &spill{records: p.records}}
	return g, g.advance()
}

// openPartition reads a partition's file. set has the forecast's files, which rows name by their number.
func openPartition(path string, set *fileSet) (p *partition, err error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("partition of the forecast: %w", err)
	}
	defer damaged(path, &err)
	p = &partition{duplicates: map[int32]string{}}
	for len(data) > 0 {
		number, n := int32(binary.LittleEndian.Uint32(data)), binary.LittleEndian.Uint32(data[4:])
		r := &recordReader{data[8 : 8+n]}
		data = data[8+n:]
		switch number {
		case levelsRecord:
			for range r.int() {
				p.levels = append(p.levels, r.float64())
			}
		case duplicateRecord:
			row := int32(r.int())
			p.duplicates[row] = r.text()
		case orphanRecord:
			source := Source{set.name(set.paths[r.int()]), r.int()}
			key, f := Key{r.text(), r.text()}, r.fault()
			p.orphans = append(p.orphans, Reject{source, key, f.column, f.value, f.reason})
		default:
			p.records = append(p.records, record{number, r.data})
		}
	}
	slices.SortStableFunc(p.records, func(a, b record) int { return cmp.Compare(a.number, b.number) })
	return p, nil
}

// partitioner writes the partitions of all shards at once.
type partitioner struct {
	joined *Joined
	starts []int32 // [shard] its first article
	files  []*os.File
	out    []*bufio.Writer
	read   []PlanFile // of the forecast; their rows are counted
	record recordWriter
}

// writePartitions writes a file for each shard into a folder, and returns their names. The index of j has all articles.
func (j *Joined) writePartitions(folder string, starts []int32, read []PlanFile) (names []string, err error) {
	p := &partitioner{joined: j, starts: starts, read: read}
	for i := range read {
		read[i].Rows = 0
	}
	defer func() {
		for _, f := range p.files {
			err = errors.Join(err, f.Close())
		}
		if err != nil {
			err = fmt.Errorf("partitions of the forecast in %s: %w", folder, err)
		}
	}()
	for i := range starts {
		names = append(names, fmt.Sprintf("part-%05d.rows", i))
		f, err := os.Create(filepath.Join(folder, names[i]))
		if err != nil {
			return nil, err
		}
		p.files = append(p.files, f)
		p.out = append(p.out, bufio.NewWriterSize(f, 1<<16))
	}
	if err := p.duplicates(); err != nil {
		return nil, err
	}
	if err := p.rows(); err != nil {
		return nil, err
	}
	for i, f := range p.files {
		if err := errors.Join(p.out[i].Flush(), f.Sync()); err != nil {
			return nil, err
		}
	}
	return names, nil
}

// put appends what has been encoded to a shard's file.
func (p *partitioner) put(shard int, number int32) error {
	var header [8]byte
	binary.LittleEndian.PutUint32(header[:], uint32(number))
	binary.LittleEndian.PutUint32(header[4:], uint32(len(p.record.data)))
	_, err := p.out[shard].Write(append(header[:], p.record.data...))
	p.record.data = p.record.data[:0]
	return err
}

// shard returns the shard of an article.
func (p *partitioner) shard(number int32) int {
	i, found := slices.BinarySearch(p.starts, number)
	if found {
		return i
	}
	return i - 1
}

// duplicates notes the articles whose SKU another row stands for.
func (p *partitioner) duplicates() error {
	r := newRowReader(p.joined.articleSet, false, bindKeys)
	defer r.close()
	for n := int32(0); ; n++ {
		b, i, err := r.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		key, bad := pairAt(b, i, "merchant_id", "article_id")
		if bad != nil {
			continue
		}
		first := p.joined.index.find(key)
		if first == n || first == notFound {
			continue
		}
		shard := p.shard(n)
		p.record.int(int64(n - p.starts[shard]))
		p.record.text(p.joined.place(first))
		if err := p.put(shard, duplicateRecord); err != nil {
			return err
		}
	}
}

// rows distributes the forecast.
func (p *partitioner) rows() error {
	j := p.joined
	r := newForecastReader(j.forecastSet, j.options.ForecastOptions, j.first, false)
	defer r.close()
	encode := j.forecastRowsOf(r).encode
	last := len(p.starts) - 1
	orphan := func(row *forecastRow, f *fault) error {
		r.rows.encodeSource(&p.record)
		p.record.text(row.key.Merchant)
		p.record.text(row.key.Article)
		p.record.fault(f)
		return p.put(last, orphanRecord)
	}
	var row forecastRow
	for {
		err := r.next(&row)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		p.read[r.rows.upcoming-1].Rows++
		switch n := j.index.find(row.key); {
		case row.key.Merchant == "" || row.key.Article == "":
			err = orphan(&row, row.fault)
		case n != notFound:
			shard := p.shard(n)
			encode(&p.record, &row)
			err = p.put(shard, n-p.starts[shard])
		case !j.unknown[j.index.hash(row.key)]:
			j.unknown[j.index.hash(row.key)] = true
			err = orphan(&row, &fault{reason: noArticle})
		}
		if err != nil {
			return err
		}
	}
	for shard := range p.out {
		p.record.int(int64(len(r.levels)))
		for _, l := range r.levels {
			p.record.float64(l)
		}
		if err := p.put(shard, levelsRecord); err != nil {
			return err
		}
	}
	return nil
}
