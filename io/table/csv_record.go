package table

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
)

// csvRecords splits CSV (RFC 4180) into records. Unlike encoding/csv it goes on with the next line after a malformed one: a quote
// that is never closed must not swallow the rows below it. Quotes inside a value that does not begin with one are part of the
// value.
type csvRecords struct {
	in     io.Reader
	buffer []byte // input that was read and not yet used
	at     int    // where the next record begins in it
	line   int    // number of the line there, 1 for the first
	width  int    // fields that a row has, to tell values over several lines from quotes that are not closed; 0 if not known
	ended  error  // of in

	text   []byte // of the current record's fields, one behind the other
	ends   []int  // [field] where its text ends
	fields []string
}

const (
	maxLine        = 16 << 20 // bytes; longer lines are no table
	maxQuotedLines = 64       // lines that one record may have
)

func newCSVRecords(in io.Reader) *csvRecords { return &csvRecords{in: in, line: 1} }

// next returns the next record's fields, valid until the next call, and the number of its first line. malformed says what is
// wrong with a line that is no record, which then is the only field; io.EOF comes after the last one.
func (r *csvRecords) next() (fields []string, line int, malformed string, err error) {
	end, err := r.endOfLine(r.at)
	for err == nil && len(bytes.TrimRight(r.buffer[r.at:end], "\r\n")) == 0 { // empty line
		r.at = end
		r.line++
		end, err = r.endOfLine(r.at)
	}
	if err != nil {
		return nil, r.line, "", err
	}
	line, length := r.line, end-r.at
	next, lines, malformed, err := r.parse(end)
	if err != nil {
		return nil, line, "", err
	}
	if lines > 1 && r.width > 0 && len(r.ends) != r.width { // the quote that closed it is another's
		malformed = "a quote is not closed"
	}
	if malformed != "" {
		end = r.at + length // the buffer may have moved
		r.fields = append(r.fields[:0], strings.TrimRight(string(r.buffer[r.at:end]), "\r\n"))
		r.at = end
		r.line++
		return r.fields, line, malformed, nil
	}
	r.at = next
	r.line += lines
	all := string(r.text)
	r.fields = r.fields[:0]
	start := 0
	for _, end := range r.ends {
		r.fields = append(r.fields, all[start:end])
		start = end
	}
	return r.fields, line, "", nil
}

// parse reads one record that begins at r.at and whose first line ends at end into r.text and r.ends; next is where it ends.
func (r *csvRecords) parse(end int) (next, lines int, malformed string, err error) {
	r.text, r.ends = r.text[:0], r.ends[:0]
	lines = 1
	for at := r.at; ; {
		if at == end || r.buffer[at] != '"' {
			n := bytes.IndexByte(r.buffer[at:end], ',')
			if n < 0 {
				r.text = append(r.text, bytes.TrimRight(r.buffer[at:end], "\r\n")...)
				r.ends = append(r.ends, len(r.text))
				return end, lines, "", nil
			}
			r.text = append(r.text, r.buffer[at:at+n]...)
			r.ends = append(r.ends, len(r.text))
			at += n + 1
			continue
		}
		at++
		for {
			n := bytes.IndexByte(r.buffer[at:end], '"')
			if n >= 0 {
				r.text = append(r.text, r.buffer[at:at+n]...)
				at += n + 1
				if at == end || r.buffer[at] != '"' {
					break
				}
				r.text = append(r.text, '"')
				at++
				continue
			}
			r.text = append(r.text, r.buffer[at:end]...)
			at = end
			if lines == maxQuotedLines {
				return 0, 0, fmt.Sprintf("a quote is not closed within %d lines", maxQuotedLines), nil
			}
			behind := at - r.at
			switch end, err = r.endOfLine(at); {
			case errors.Is(err, io.EOF):
				return 0, 0, "a quote is not closed", nil
			case err != nil:
				return 0, 0, "", err
			}
			at = r.at + behind
			lines++
			if r.width > 1 && r.looksLikeRow(r.buffer[at:end]) {
				return 0, 0, "a quote is not closed", nil
			}
		}
		r.ends = append(r.ends, len(r.text))
		switch rest := r.buffer[at:end]; {
		case len(bytes.TrimRight(rest, "\r\n")) == 0:
			return end, lines, "", nil
		case rest[0] != ',':
			return 0, 0, "a quoted value goes on behind its closing quote", nil
		}
		at++
	}
}

// looksLikeRow tells whether a line that would be inside a quoted value has as many commas as a row. It is better to reject a text over
// several lines that happens to have them than to lose the rows between two quotes that do not belong together.
func (r *csvRecords) looksLikeRow(line []byte) bool {
	text, _, _ := bytes.Cut(line, []byte{'"'})
	return bytes.Count(text, []byte{','}) == r.width-1
}

// endOfLine returns where the line that holds r.buffer[from] ends, behind its line break, and reads more if need be. It may move
// the buffer's content so that r.at is 0. io.EOF means that nothing is left from there.
func (r *csvRecords) endOfLine(from int) (int, error) {
	searched := from
	for {
		if n := bytes.IndexByte(r.buffer[searched:], '\n'); n >= 0 {
			return searched + n + 1, nil
		}
		if r.ended != nil {
			if errors.Is(r.ended, io.EOF) && from < len(r.buffer) {
				return len(r.buffer), nil
			}
			return 0, r.ended
		}
		if len(r.buffer)-from > maxLine {
			return 0, fmt.Errorf("line %d is longer than %d bytes; is it a CSV file?", r.line, maxLine)
		}
		searched = len(r.buffer) - r.at
		from -= r.at
		r.fill()
	}
}

// fill moves what is left to the buffer's beginning and reads more.
func (r *csvRecords) fill() {
	const step = 1 << 16
	n := copy(r.buffer, r.buffer[r.at:])
	r.buffer = r.buffer[:n]
	r.at = 0
	if cap(r.buffer)-n < step {
		larger := make([]byte, n, 2*cap(r.buffer)+step)
		copy(larger, r.buffer)
		r.buffer = larger
	}
	read, err := r.in.Read(r.buffer[n:cap(r.buffer)])
	r.buffer = r.buffer[:n+read]
	r.ended = err
}
