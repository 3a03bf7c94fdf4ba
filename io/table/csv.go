package table

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// csvFile is a CSV file with a header, plain or compressed with gzip.
type csvFile struct {
	path   string
	header []string
	raw    *os.File // being read
}

// maxHeader bounds the number of columns.
const maxHeader = 10_000

func openCSV(path string) (file, error) {
	f := &csvFile{path: path}
	records, err := f.open()
	if err != nil {
		return nil, err
	}
	defer f.close()
	header, err := records.Read()
	switch {
	case errors.Is(err, io.EOF):
		return nil, fmt.Errorf("%s is empty; a CSV file begins with a line of column names", path)
	case err != nil:
		return nil, fmt.Errorf("%s: the line of column names can't be read: %w", path, err)
	case len(header) > maxHeader:
		return nil, fmt.Errorf("%s has %d columns; is it a table?", path, len(header))
	}
	seen := map[string]bool{}
	for _, name := range header {
		name = strings.TrimSpace(name)
		if seen[name] && name != "" {
			return nil, fmt.Errorf("%s has the column %q twice", path, name)
		}
		seen[name] = true
		f.header = append(f.header, name)
	}
	return f, nil
}

// open starts reading the file from its beginning.
func (f *csvFile) open() (_ *csv.Reader, err error) {
	if f.raw, err = os.Open(f.path); err != nil {
		return nil, fmt.Errorf("%s can't be read: %w", f.path, err)
	}
	var in io.Reader = bufio.NewReaderSize(f.raw, 1<<16)
	if strings.HasSuffix(strings.ToLower(f.path), ".gz") {
		if in, err = gzip.NewReader(in); err != nil {
			f.close()
			return nil, fmt.Errorf("%s is not compressed with gzip, or damaged: %w", f.path, err)
		}
	}
	in = withoutBOM(&lineLimit{in: in})
	records := csv.NewReader(in)
	records.FieldsPerRecord = -1
	records.ReuseRecord = true
	return records, nil
}

func (f *csvFile) columns() []fileColumn {
	columns := make([]fileColumn, len(f.header))
	for i, name := range f.header {
		columns[i] = fileColumn{name, "text", []kind{text, number, date, list, pairs}}
	}
	return columns
}

func (f *csvFile) metadata(string) (string, bool) { return "", false }

func (f *csvFile) close() error {
	if f.raw == nil {
		return nil
	}
	err := f.raw.Close()
	f.raw = nil
	return err
}

// csvBatch is the number of rows in a batch.
const csvBatch = 1024

func (f *csvFile) read(wants []want) (func() (*batch, error), error) {
	records, err := f.open()
	if err != nil {
		return nil, err
	}
	if _, err := records.Read(); err != nil {
		return nil, fmt.Errorf("%s: %w", f.path, err)
	}
	places := make([]int, len(wants))
	b := &batch{firstRow: 1}
	for i, w := range wants {
		for j, name := range f.header {
			if name == w.name {
				places[i] = j
			}
		}
		b.columns = append(b.columns, newColumn(w.kind))
	}
	var ended error
	return func() (*batch, error) {
		b.firstRow += int64(b.rows)
		b.rows, b.bad = 0, nil
		for _, c := range b.columns {
			c.reset()
		}
		for ended == nil && b.rows < csvBatch {
			record, err := records.Read()
			var parse *csv.ParseError
			switch {
			case errors.As(err, &parse):
				f.addBad(b, "", fmt.Sprintf("line %d: %v", parse.Line, parse.Err))
			case errors.Is(err, io.EOF):
				ended = io.EOF
			case err != nil:
				ended = fmt.Errorf("%s: after row %d: %w", f.path, b.firstRow+int64(b.rows)-1, err)
			case len(record) != len(f.header):
				line, _ := records.FieldPos(0)
				f.addBad(b, strings.Join(record, ","), fmt.Sprintf("line %d has %d fields, the line of column names has %d", line, len(record), len(f.header)))
			default:
				for i, c := range b.columns {
					c.appendCell(record[places[i]])
				}
				b.rows++
			}
		}
		if b.rows > 0 {
			return b, nil
		}
		return nil, ended
	}, nil
}

// addBad adds a row that can't be read.
func (f *csvFile) addBad(b *batch, value, reason string) {
	if b.bad == nil {
		b.bad = map[int]badCell{}
	}
	b.bad[b.rows] = badCell{clip(value), reason}
	for _, c := range b.columns {
		c.appendNull()
	}
	b.rows++
}

// withoutBOM passes over a byte order mark.
func withoutBOM(in io.Reader) io.Reader {
	b := bufio.NewReaderSize(in, 1<<16)
	if start, _ := b.Peek(3); bytes.Equal(start, []byte("\ufeff")) {
		b.Discard(3)
	}
	return b
}

// lineLimit ends with an error when 16 MiB go by without a line break: encoding/csv would hold such a line in memory.
type lineLimit struct {
	in    io.Reader
	since int
}

const maxLine = 16 << 20

func (l *lineLimit) Read(p []byte) (int, error) {
	n, err := l.in.Read(p)
	if i := bytes.LastIndexByte(p[:n], '\n'); i >= 0 {
		l.since = n - 1 - i
	} else {
		l.since += n
	}
	if l.since > maxLine {
		return 0, fmt.Errorf("a line is longer than %d bytes; is it a CSV file?", maxLine)
	}
	return n, err
}
