package table

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"unicode/utf8"
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
	header, _, malformed, err := records.next()
	switch {
	case errors.Is(err, io.EOF):
		return nil, fmt.Errorf("%s is empty; a CSV file begins with a header, a line of column names", path)
	case err == nil && malformed != "":
		err = errors.New(malformed)
	case err == nil:
		err = checkHeader(header)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: the header, a line of column names, can't be read: %w", path, err)
	}
	for _, name := range header {
		f.header = append(f.header, strings.TrimSpace(name))
	}
	return f, nil
}

// checkHeader tells what other kind of file it seems to be, or nil.
func checkHeader(header []string) error {
	switch first := header[0]; {
	case strings.Contains(strings.ReplaceAll(strings.Join(header, "\n"), "\r\n", ""), "\r"): // or else all rows would be part of it
		return errors.New("its lines end with carriage returns alone; save the file with line feeds")
	case len(header) > maxHeader:
		return fmt.Errorf("it has %d columns", len(header))
	case strings.ContainsRune(first, 0) || !utf8.ValidString(strings.Join(header, "")):
		return errors.New("it is not UTF-8 text; save the file as CSV UTF-8")
	case len(header) == 1 && strings.ContainsAny(first, ";\t|"):
		return fmt.Errorf("columns are to be separated by commas, not as in %q", clip(first))
	}
	return nil
}

// open starts reading the file from its beginning.
func (f *csvFile) open() (_ *csvRecords, err error) {
	if err := f.close(); err != nil {
		return nil, fmt.Errorf("%s: %w", f.path, err)
	}
	if f.raw, err = os.Open(f.path); err != nil {
		return nil, fmt.Errorf("%s can't be read: %w", f.path, err)
	}
	var in io.Reader = f.raw
	if strings.HasSuffix(strings.ToLower(f.path), ".gz") {
		in, err = gzip.NewReader(in)
		if errors.Is(err, io.EOF) {
			f.close()
			return nil, fmt.Errorf("%s is empty; a CSV file begins with a header, a line of column names", f.path)
		}
		if err != nil {
			f.close()
			return nil, fmt.Errorf("%s is not compressed with gzip, or damaged: %w", f.path, err)
		}
	}
	return newCSVRecords(withoutBOM(in)), nil
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
	if _, _, _, err := records.next(); err != nil { // the header
		return nil, fmt.Errorf("%s: %w", f.path, err)
	}
	records.width = len(f.header)
	places := make([]int, len(wants))
	b := &batch{firstRow: 1}
	for i, w := range wants {
		places[i] = slices.Index(f.header, w.name)
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
			record, line, malformed, err := records.next()
			switch {
			case errors.Is(err, io.EOF):
				ended = io.EOF
			case err != nil:
				ended = fmt.Errorf("%s: after row %d: %w", f.path, b.firstRow+int64(b.rows)-1, err)
			case malformed != "":
				f.addBad(b, record[0], fmt.Sprintf("line %d: %s", line, malformed))
			case len(record) != len(f.header):
				f.addBad(b, strings.Join(record, ","), fmt.Sprintf("line %d has %d fields, the header has %d", line, len(record), len(f.header)))
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
