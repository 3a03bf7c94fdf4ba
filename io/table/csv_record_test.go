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

// TestCSVQuoteOfAnotherLine: an open quote must not swallow the rows up to the next line that ends with a quote, whether or not the
// record that this makes has the right number of fields.
func TestCSVQuoteOfAnotherLine(t *testing.T) {
	rows, rejects := allArticles(t, write(t, "a.csv", "merchant_id,article_id,on_hand,price,unit_cost,note\n"+
		"M,1,1,2,1,\"12 inch\nM,2,1,2,1,\nM,3,1,2,1,\nM,4,1,2,1,5\"\nM,5,1,2,1,\"two\nlines, with\ncommas\"\n"+
		"M,\"6,1,2,1,\nM,7,1,2,1,5\"\nM,\"8\n,\",\nM,9,1,2,1,\"5\"\n"))
	var got []string
	for _, r := range rows {
		got = append(got, r.Article)
	}
	if want := []string{"2", "3", "4", "5", "7", "9"}; !slices.Equal(got, want) {
		t.Errorf("rows %v, want %v", got, want)
	}
	want := `a.csv:1 /  "M,1,1,2,1,\"12 inch": line 2: a quote is not closed
a.csv:6 /  "M,\"6,1,2,1,": line 9: a quote is not closed
a.csv:8 /  "M,\"8": line 11: a quote is not closed
a.csv:9 /  ",\",": line 12: a quote is not closed
`
	if brief(rejects) != want {
		t.Errorf("got\n%swant\n%s", brief(rejects), want)
	}
}

// TestCSVValueOverLines: a value over several lines may stand in any column.
func TestCSVValueOverLines(t *testing.T) {
	r := newCSVRecords(strings.NewReader("\"a\nb, c\",1,2\n1,\"\n\",2\n1,2,\"x\n\ny\"\"z\"\n"))
	r.width = 3
	for _, want := range []string{"a\nb, c|1|2", "1|\n|2", "1|2|x\n\ny\"z"} {
		fields, _, malformed, err := r.next()
		if got := strings.Join(fields, "|"); got != want || malformed != "" || err != nil {
			t.Errorf("got %q %s %v, want %q", got, malformed, err, want)
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
