package table

import (
	"bufio"
	"compress/gzip"
	"encoding/csv"
	"io"
	"strconv"
	"time"
)

// csvSink writes CSV: full precision, empty cells for null, lists as 0.6;0.4 and 2:30;4:10.
type csvSink struct {
	columns []outColumn
	buffer  *bufio.Writer
	zip     *gzip.Writer
	csv     *csv.Writer
	record  []string
}

func newCSVSink(out io.Writer, columns []outColumn, compress bool) (*csvSink, error) {
	s := &csvSink{columns: columns, buffer: bufio.NewWriterSize(out, 1<<16)}
	var w io.Writer = s.buffer
	if compress {
		s.zip = gzip.NewWriter(w)
		w = s.zip
	}
	s.csv = csv.NewWriter(w)
	for _, c := range columns {
		s.record = append(s.record, c.name)
	}
	return s, s.csv.Write(s.record)
}

func (s *csvSink) write(row []cell) error {
	for i := range row {
		s.record[i] = formatCell(s.columns[i].kind, &row[i])
	}
	return s.csv.Write(s.record)
}

func formatCell(k outKind, c *cell) string {
	if c.null {
		return ""
	}
	var b []byte
	switch k {
	case outText:
		return c.text
	case outFloat:
		b = strconv.AppendFloat(b, c.float, 'g', -1, 64)
	case outInt:
		b = strconv.AppendInt(b, c.int, 10)
	case outUint:
		b = strconv.AppendUint(b, uint64(c.int), 10)
	case outDate:
		b = time.Unix(c.int*86400, 0).UTC().AppendFormat(b, time.DateOnly)
	case outFloats:
		for i, v := range c.floats {
			b = strconv.AppendFloat(separate(b, i, ';'), float64(v), 'g', -1, 32)
		}
	case outList:
		for i, v := range c.list {
			b = strconv.AppendFloat(separate(b, i, ';'), v, 'g', -1, 64)
		}
	case outPairs:
		for i := 0; i < len(c.list); i += 2 {
			b = strconv.AppendFloat(separate(b, i, ';'), c.list[i], 'g', -1, 64)
			b = strconv.AppendFloat(append(b, ':'), c.list[i+1], 'g', -1, 64)
		}
	}
	return string(b)
}

func separate(b []byte, i int, separator byte) []byte {
	if i > 0 {
		return append(b, separator)
	}
	return b
}

func (s *csvSink) close() error {
	s.csv.Flush()
	if err := s.csv.Error(); err != nil {
		return err
	}
	if s.zip != nil {
		if err := s.zip.Close(); err != nil {
			return err
		}
	}
	return s.buffer.Flush()
}
