package table

import (
	"compress/gzip"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestFileErrors: one error for a file that is no such table, saying what, where and what to do.
func TestFileErrors(t *testing.T) {
	folder := t.TempDir()
	at := func(name string) string { return filepath.Join(folder, name) }
	write(t, at("missing.csv"), "merchant_id,article,on_hand,price,unitcost\nM,1,1,1,1\n")
	write(t, at("empty.csv"), "")
	write(t, at("empty.parquet"), "")
	write(t, at("empty.arrow"), "")
	write(t, at("semicolons.csv"), "merchant_id;article_id;on_hand\nM;1;1\n")
	write(t, at("utf16.csv"), "\xff\xfem\x00e\x00\n\x00")
	write(t, at("mac.csv"), "merchant_id,article_id,on_hand,price,unit_cost,moq\rM,1,1,1,1,2\r")
	write(t, at("twice.csv"), "price,price\n1,1\n")
	write(t, at("text.parquet"), "this is no Parquet file")
	write(t, at("text.arrow"), "this is no Arrow file")
	write(t, at("plain.csv.gz"), "not compressed")
	write(t, at("notes.txt"), "hello")
	build(t, at("types.parquet"), nil, []outColumn{{"merchant_id", outText, false}, {"article_id", outFloat, false}, {"on_hand", outText, false}, {"price", outFloats, false},
		{"unit_cost", outDate, false}, {"plan", outFloats, false}})
	os.Mkdir(at("nothing"), 0o755)
	for _, c := range []struct{ name, want string }{
		{"missing.csv", `missing.csv: column article_id is missing (is it "article"?); column unit_cost is missing (is it "unitcost"?); its columns are: merchant_id, article, on_hand, price, unitcost`},
		{"types.parquet", `types.parquet: column article_id is of type DOUBLE, which can't be read as text; column on_hand is of type STRING, which can't be read as numbers; column price is of type list of FLOAT, which can't be read as numbers; column unit_cost is of type DATE, which can't be read as numbers; column plan is of type list of FLOAT, which can't be read as lists of (week, quantity); its columns are: merchant_id, article_id, on_hand, price, unit_cost, plan`},
		{"empty.csv", `empty.csv is empty; a CSV file begins with a header, a line of column names`},
		{"empty.parquet", `empty.parquet is empty; a Parquet file has at least a schema`},
		{"empty.arrow", `empty.arrow is not an Arrow IPC file or stream, or damaged or cut off: the file is empty; an Arrow file has at least a schema`},
		{"semicolons.csv", `semicolons.csv: the header, a line of column names, can't be read: columns are to be separated by commas, not as in "merchant_id;article_id;on_hand"`},
		{"utf16.csv", `utf16.csv: the header, a line of column names, can't be read: it is not UTF-8 text; save the file as CSV UTF-8`},
		{"mac.csv", `mac.csv: the header, a line of column names, can't be read: its lines end with carriage returns alone; save the file with line feeds`},
		{"twice.csv", `twice.csv has the column "price" twice`},
		{"text.parquet", `text.parquet is not a Parquet file, or damaged or cut off: `},
		{"text.arrow", `text.arrow is not an Arrow IPC file or stream, or damaged or cut off: `},
		{"plain.csv.gz", `plain.csv.gz is not compressed with gzip, or damaged: gzip: invalid header`},
		{"notes.txt", `notes.txt: the name's ending is not known; known are .parquet, .csv, .csv.gz, .arrow, .arrows`},
		{"absent.csv", `absent.csv is not there`},
		{"*.xls", `no table matches *.xls`},
		{"[.csv", `[.csv is no valid pattern: syntax error in pattern`},
		{"nothing", `folder nothing has no tables (.parquet, .csv, .csv.gz, .arrow, .arrows)`},
	} {
		r, err := OpenArticles(at(c.name), nil)
		if err == nil {
			_, _, err = r.Next()
			r.Close()
		}
		if err == nil {
			t.Errorf("%s: no error", c.name)
			continue
		}
		if got := strings.ReplaceAll(err.Error(), folder+"/", ""); got != c.want && !(strings.HasSuffix(c.want, ": ") && strings.HasPrefix(got, c.want)) {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, c.want)
		}
	}
	if _, err := OpenArticles("", nil); err == nil || err.Error() != "no file is named" {
		t.Error(err)
	}
	if _, err := OpenArticles("-", nil); err == nil || err.Error() != "stdin can't be read here" {
		t.Error(err)
	}
	if _, err := OpenArticles("-", strings.NewReader("a,b\n")); err != nil {
		t.Error(err) // found out on reading
	}
}

// TestCutOffGzip: what a broken download leaves is an error, not a shorter table.
func TestCutOffGzip(t *testing.T) {
	var b strings.Builder
	z := gzip.NewWriter(&b)
	z.Write([]byte("merchant_id,article_id,on_hand,price,unit_cost\n" + strings.Repeat("M,1,1,1,1\n", 100)))
	z.Close()
	r, err := OpenArticles(write(t, "a.csv.gz", b.String()[:b.Len()-9]), nil)
	for err == nil {
		_, _, err = r.Next()
	}
	if !strings.Contains(err.Error(), "a.csv.gz: after row ") || !strings.Contains(err.Error(), "unexpected EOF") {
		t.Error(err)
	}
}

// TestArticleRejects: everything that is wrong with a row, and nothing else is lost.
func TestArticleRejects(t *testing.T) {
	long := strings.Repeat("9,", 30_000)
	path := write(t, "a.csv", "\ufeffmerchant_id,article_id,on_hand,price,unit_cost,in_transit,plan,return_lag_weights,review_period,note\n"+
		"M,ok,1,2,3,,,,,\"two\nlines\"\n"+
		"M,numbers,,Inf,1e,,,,x,\n"+
		"M,lists,1,2,3,2:30;4,1.5:2,0.5;;x,1,\n"+
		"M,pair,1,2,3,2:30;1e9:4,,,,\n"+
		"M,long,1,2,3,,,\""+long+"\",,\n"+
		"\"M\xff\",utf8,1,2,3,,,,,\n"+
		"M,\"a\tb\",1,2,3,,,,,\n"+
		"M,"+strings.Repeat("k", 1025)+",1,2,3,,,,,\n"+
		"M,\"open,1,2,3,,,,,\n"+
		"M,hex,0x10,1_000,3,,,,,\n"+
		"M,fine,-1,2,3, 2:30 ; 4:10 ,[1:5],0.6;0.4,4,\n")
	rows, rejects := allArticles(t, path)
	if len(rows) != 2 || rows[0].Article != "ok" || rows[1].Article != "fine" || len(rows[1].InTransit) != 2 || len(rows[1].ReturnLagWeights) != 2 || rows[1].Row != 11 {
		t.Errorf("%+v", rows)
	}
	want := `a.csv:2 M/numbers on_hand "": is missing
a.csv:2 M/numbers price "+Inf": is not a finite number
a.csv:2 M/numbers unit_cost "1e": is not a number
a.csv:2 M/numbers review_period "x": is not a number
a.csv:3 M/lists in_transit "2:30;4": is not a list of week:quantity like 2:30;4:10: "4"
a.csv:3 M/lists plan "1.5": is not a week number
a.csv:3 M/lists return_lag_weights "0.5;;x": is not a list of numbers like 0.6;0.4: "x" is not a number
a.csv:4 M/pair in_transit "1e+09": is not a week number
a.csv:5 M/long return_lag_weights "` + long[:200] + `…": has more than 10000 values
a.csv:6 /utf8 merchant_id "M\xff": is not UTF-8
a.csv:7 M/ article_id "a\tb": has control characters
a.csv:8 M/ article_id "` + strings.Repeat("k", 1025) + `": is longer than 1024 bytes
a.csv:9 /  "M,\"open,1,2,3,,,,,": line 11: a quote is not closed
a.csv:10 M/hex on_hand "0x10": is not a number
a.csv:10 M/hex price "1_000": is not a number
`
	if got := brief(rejects); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestHeaderOnly: no rows is no error here.
func TestHeaderOnly(t *testing.T) {
	folder := t.TempDir()
	for _, format := range formats {
		path := filepath.Join(folder, "a"+format)
		writeArticles(t, path, 0)
		if rows, rejects := allArticles(t, path); len(rows)+len(rejects) > 0 {
			t.Errorf("%s: %v %v", format, rows, rejects)
		}
	}
}

// TestDuplicateArticles: alone, too, the articles table tells of SKUs that it has twice, by file and row; a row that can't be used is none of them.
func TestDuplicateArticles(t *testing.T) {
	folder := t.TempDir()
	for name, rows := range map[string]string{"a.csv": "M,1,1,2,1\nM,2,x,2,1\n", "b.csv": "", "c.csv": "M,2,1,2,1\nM,3,1,2,1\nM,2,1,2,1\nM,1,1,2,1\n"} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte("merchant_id,article_id,on_hand,price,unit_cost\n"+rows), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	rows, rejects := allArticles(t, folder)
	want := fmt.Sprintf(`a.csv:2 M/2 on_hand "x": is not a number
c.csv:3 M/2  "": the SKU is a duplicate of row 1 of %[1]s/c.csv, which is used
c.csv:4 M/1  "": the SKU is a duplicate of row 1 of %[1]s/a.csv, which is used
`, folder)
	if got := brief(rejects); len(rows) != 3 || got != want {
		t.Errorf("%d rows, rejects\n%swant\n%s", len(rows), got, want)
	}
}

// TestMisspeltColumns: an optional column of another name is not read, which somebody has to be told; columns of one's own are passed over.
func TestMisspeltColumns(t *testing.T) {
	folder := t.TempDir()
	for _, name := range []string{"a.csv", "b.csv"} {
		write(t, filepath.Join(folder, name), "merchant_id,article_id,on_hand,price,unit_cost,Lead_Time_Mean,holding_costs,MOQ,plant,colour,pack_size,pack_sizes\n")
	}
	j, err := Join(folder, write(t, "f.csv", "merchant_id,article_id,week,0.5\n"), JoinOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	want := fmt.Sprintf(`%[1]s/a.csv: column "Lead_Time_Mean" is not read; is it lead_time_mean?
%[1]s/a.csv: column "holding_costs" is not read; is it holding_cost?
%[1]s/a.csv: column "MOQ" is not read; is it moq?`, folder)
	if got := strings.Join(j.Doubts(), "\n"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	h, err := OpenHistory(write(t, "h.csv", "merchant_id,article_id,week_start,sales,in_stok\n"), HistoryOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	if got := strings.Join(h.Doubts(), "\n"); !strings.HasSuffix(got, `h.csv: column "in_stok" is not read; is it in_stock?`) {
		t.Errorf("got %s", got)
	}
}

// TestEmptyPart: an empty part of a table is an error, not the end of the table, behind which rows would be missing.
func TestEmptyPart(t *testing.T) {
	for _, c := range []struct{ name, want string }{
		{"b.csv.gz", "b.csv.gz is empty; a CSV file begins with a header"},
		{"b.csv", "b.csv is empty"},
		{"b.parquet", "b.parquet is empty"},
		{"b.arrows", "b.arrows is not an Arrow IPC file"},
	} {
		folder := t.TempDir()
		for name, text := range map[string]string{"a.csv": "M,1,2026-01-05,1\n", "c.csv": "M,2,2026-01-05,1\n"} {
			write(t, filepath.Join(folder, name), "merchant_id,article_id,week_start,sales\n"+text)
		}
		write(t, filepath.Join(folder, c.name), "")
		h, err := OpenHistory(folder, HistoryOptions{})
		if err == nil {
			t.Errorf("%s: no error, %d SKUs", c.name, h.SKUs())
			h.Close()
		} else if !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}
