package main

import (
	"bytes"
	"compress/gzip"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestClassify(t *testing.T) {
	for _, c := range []struct {
		invoice, code string
		quantity      int
		price         float64
		want          kind
	}{
		{"536365", "85123A", 6, 2.55, sale},
		{"536365", "85123a", 6, 2.55, sale},
		{"536365", "15056BL", 1, 5.95, sale},
		{"C536379", "22138", -3, 4.95, returned},
		{"536379", "22138", -3, 4.95, returned},
		{"489464", "21733", -96, 0, dropWriteOff},
		{"536414", "22139", 56, 0, dropFree},
		{"A506401", "B", 1, -53594.36, dropBadDebt},
		{"536365", "POST", 3, 18, dropNotArticle},
		{"536365", "gift_0001_20", 1, 16.67, dropNotArticle},
		{"536365", "DCGS0058", 1, 0.83, dropNotArticle},
		{"C536379", "D", -1, 27.5, dropNotArticle},
		{"536365", "23444", 1, 15, dropNotArticle}, // next day carriage
		{"536365", "2213", 1, 1, dropNotArticle},
		{"536365", "221388", 1, 1, dropNotArticle},
		{"536365", "22138-1", 1, 1, dropNotArticle},
		{"536365", "22138", 0, 1, dropNoQuantity},
	} {
		if got := classify(c.invoice, c.code, c.quantity, c.price); got != c.want {
			t.Errorf("classify(%q, %q, %d, %g) = %q, want %q", c.invoice, c.code, c.quantity, c.price, kindNames[got], kindNames[c.want])
		}
	}
}

func TestArticleCodeIgnoresCaseAndBlanks(t *testing.T) {
	for _, raw := range []string{"47503J", "47503j", "47503J ", " 47503j"} {
		if code, ok := articleCode(raw); code != "47503J" || !ok {
			t.Errorf("articleCode(%q) = %q, %v", raw, code, ok)
		}
	}
}

const retailHeader = "Invoice,StockCode,Description,Quantity,InvoiceDate,Price,Customer ID,Country\n"

// writeRetail writes the two files of a raw data folder, the second one gzipped.
func writeRetail(t *testing.T, first, second string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, retailFiles[0]), []byte(retailHeader+first), 0o600); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write([]byte(retailHeader + second))
	w.Close()
	if err := os.WriteFile(filepath.Join(dir, retailFiles[1]+".gz"), b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestReadRetailKeepsOneCopyOfTheOverlap(t *testing.T) {
	// The same line twice on an invoice is two sales; the overlap has both twice.
	both := "2,10002,B,1,2010-12-01 08:26:00,1.5,7,UK\n2,10002,B,1,2010-12-01 08:26:00,1.5,7,UK\n"
	dir := writeRetail(t, "1,10001,A,4,2010-11-30 17:00:00,1,7,UK\n"+strings.ReplaceAll(both, "7,UK", "7.0,UK"),
		both+"C3,10001,A,-1,2010-12-10 09:00:00,1,7,UK\n3,POST,P,1,2010-12-11 09:00:00,1,7,UK\n")
	data, err := readRetail(dir)
	if err != nil {
		t.Fatal(err)
	}
	if data.read != 7 || data.overlap != 2 || data.kinds[sale] != 3 || data.kinds[returned] != 1 || data.kinds[dropNotArticle] != 1 {
		t.Errorf("read %d, overlap %d, kinds %v", data.read, data.overlap, data.kinds)
	}
	if len(data.lines) != 4 || data.first.Day() != 30 || data.last.Day() != 11 {
		t.Errorf("lines %v, from %v to %v", data.lines, data.first, data.last)
	}
}

func TestReadRetailErrors(t *testing.T) {
	good := "1,10001,A,4,2010-12-01 17:00:00,1,7,UK\n"
	for name, c := range map[string]struct{ first, second, want string }{
		"overlap differs": {"1,10001,A,5,2010-12-01 17:00:00,1,7,UK\n", good, "lacks"},
		"quantity":        {"1,10001,A,four,2010-11-01 17:00:00,1,7,UK\n", good, `line 2: Quantity "four"`},
		"date":            {good[:len(good)-1] + "\n1,10001,A,4,01/12/2010,1,7,UK\n", good, `line 3: InvoiceDate "01/12/2010"`},
		"price":           {"1,10001,A,4,2010-11-01 17:00:00,free,7,UK\n", good, `line 2: Price "free"`},
		"short row":       {"1,10001\n", good, "wrong number of fields"},
		"empty":           {"", good, "no lines"},
		"second empty":    {good, "", "no lines"},
	} {
		if _, err := readRetail(writeRetail(t, c.first, c.second)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one with %q", name, err, c.want)
		}
	}
	if _, err := readRetail(t.TempDir()); err == nil || !strings.Contains(err.Error(), retailFiles[0]) {
		t.Errorf("no files: error %v", err)
	}
	path := filepath.Join(t.TempDir(), "x.csv")
	os.WriteFile(path, []byte("a,b\n1,2\n"), 0o600)
	if _, err := openTable(path, []string{"a", "c"}); err == nil || !strings.Contains(err.Error(), `no column "c"`) {
		t.Errorf("missing column: error %v", err)
	}
}

func TestCleanText(t *testing.T) {
	for raw, want := range map[string]string{
		" WHITE  CHERRY LIGHTS ": "WHITE CHERRY LIGHTS", "nan": "", "VOUCHER \xa310": "VOUCHER £10", "VOUCHER £10": "VOUCHER £10",
	} {
		if got := cleanText(raw); got != want {
			t.Errorf("cleanText(%q) = %q, want %q", raw, got, want)
		}
	}
}
