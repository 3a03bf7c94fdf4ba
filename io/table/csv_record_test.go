package table

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

// readRecords returns records as line:field|field and malformed lines as line!reason.
func readRecords(in io.Reader) ([]string, error) {
	r := newCSVRecords(in)
	var out []string
	for {
		fields, line, malformed, err := r.next()
		switch {
		case err != nil:
			return out, err
		case malformed != "":
			out = append(out, fmt.Sprintf("%d!%s: %s", line, malformed, fields[0]))
		default:
			out = append(out, fmt.Sprintf("%d:%s", line, strings.Join(fields, "|")))
		}
	}
}

func TestCSVRecords(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"a,b\n1,2\n", "1:a|b 2:1|2"},
		{"a,b\r\n1,2\r\n\r\n\n3,4", "1:a|b 2:1|2 5:3|4"},
		{"\"a\",\"b,c\"\n\"say \"\"hi\"\"\",\"\"\n", "1:a|b,c 2:say \"hi\"|"},
		{",\n,,\n", "1:| 2:||"},
		{"\"two\nlines\",x\ny,z\n", "1:two\nlines|x 3:y|z"},
		{"5\" pipe,1\nb,2\n", "1:5\" pipe|1 2:b|2"},
		// A quote that is never closed costs its own line alone.
		{"a,\"b\nc,d\ne,f\n", "1!a quote is not closed: a,\"b 2:c|d 3:e|f"},
		{"\"a\"b,1\nc,d\n", "1!a quoted value goes on behind its closing quote: \"a\"b,1 2:c|d"},
		{"a,\"b\n\"c\",d\n", "1!a quoted value goes on behind its closing quote: a,\"b 2:c|d"},
		{"\"", "1!a quote is not closed: \""},
		{"", ""},
	} {
		for name, in := range map[string]io.Reader{"whole": strings.NewReader(c.text), "byte by byte": iotest.OneByteReader(strings.NewReader(c.text))} {
			got, err := readRecords(in)
			if !errors.Is(err, io.EOF) || strings.Join(got, " ") != c.want {
				t.Errorf("%q %s:\n got %q, %v\nwant %q", c.text, name, strings.Join(got, " "), err, c.want)
			}
		}
	}
}

func TestCSVUnclosedQuoteIsFoundWithinLines(t *testing.T) {
	text := "\"" + strings.Repeat("a,b\n", 3*maxQuotedLines)
	got, err := readRecords(strings.NewReader(text))
	if !errors.Is(err, io.EOF) || len(got) != 3*maxQuotedLines || got[0] != "1!a quote is not closed within 64 lines: \"a,b" || got[1] != "2:a|b" {
		t.Errorf("%d records, %q, %v", len(got), got[:2], err)
	}
}

func TestCSVEndlessLine(t *testing.T) {
	if _, err := readRecords(io.MultiReader(strings.NewReader("a,b\n"), endless{})); err == nil || !strings.Contains(err.Error(), "is it a CSV file?") {
		t.Error(err)
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}

// TestCSVBrokenInput: an error of the input, as of a gzip file that is cut off, is not the end of the table.
func TestCSVBrokenInput(t *testing.T) {
	broken := errors.New("broken")
	got, err := readRecords(io.MultiReader(strings.NewReader("a,b\n1,2"), iotest.ErrReader(broken)))
	if !errors.Is(err, broken) || len(got) != 1 {
		t.Errorf("%q, %v", got, err)
	}
}

// FuzzCSVRecords compares with encoding/csv on what that can read.
func FuzzCSVRecords(f *testing.F) {
	for _, s := range []string{"a,b\n1,2\n", "\"a\"\"\",b\r\n\n\"x\ny\",z", "\"a\n\"b\n", "a\"b,\"c\"d\n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		oracle := csv.NewReader(strings.NewReader(text))
		oracle.FieldsPerRecord = -1
		want, err := oracle.ReadAll()
		r := newCSVRecords(iotest.HalfReader(strings.NewReader(text)))
		var got [][]string
		sound := true
		for {
			fields, _, malformed, err := r.next()
			if err != nil {
				break
			}
			sound = sound && malformed == ""
			got = append(got, slices.Clone(fields))
		}
		// Carriage returns within lines, and quoted values over many lines, are read otherwise.
		if err != nil || strings.Contains(text, "\r") || strings.Count(text, "\n") >= maxQuotedLines {
			return
		}
		if !sound || !slices.EqualFunc(got, want, slices.Equal) {
			t.Errorf("%q:\n got %q\nwant %q", text, got, want)
		}
	})
}
