package main

import (
	"bufio"
	"compress/gzip"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// line is one line of an invoice.
type line struct {
	code        string // normalised by articleCode
	description string
	customer    string // empty if not known
	quantity    int    // negative for returns
	price       float64
	at          time.Time
	kind        kind
}

// kind is what a line of the raw data means.
type kind int

const (
	sale kind = iota
	returned
	dropBadDebt
	dropNotArticle
	dropWriteOff
	dropFree
	dropNoQuantity
	numKinds
)

var kindNames = [numKinds]string{
	"sales", "returns",
	"bad debt (A invoices)",
	"no article: postage, carriage, fees, discounts, manual entries, samples, tests, vouchers, other codes",
	"price 0 and a negative quantity: write-offs and stock corrections",
	"price 0 and a positive quantity: give-aways, finds and stock corrections",
	"quantity 0",
}

// A code of the catalogue is five digits and perhaps letters for the variant. All else is postage, fees, samples, vouchers, tests and a few
// hundred lines of a drop-shipped range (DCGS...).
var catalogueCode = regexp.MustCompile(`^[0-9]{5}[A-Z]*$`)

// Two codes look like articles and are none: a £100 gift voucher and a delivery surcharge.
var notArticles = []string{"22016", "23444"}

// articleCode normalises a stock code: 85123a and 85123A are the same article. False means that the code is no article.
func articleCode(raw string) (string, bool) {
	code := strings.ToUpper(strings.TrimSpace(raw))
	return code, catalogueCode.MatchString(code) && !slices.Contains(notArticles, code)
}

// classify tells what a line means from its invoice, stock code, quantity and price. A quantity below zero without a price is never a
// return: these lines have no customer, and descriptions such as "damages" and "lost".
func classify(invoice, code string, quantity int, price float64) kind {
	_, isArticle := articleCode(code)
	switch {
	case strings.HasPrefix(invoice, "A"):
		return dropBadDebt
	case !isArticle:
		return dropNotArticle
	case quantity == 0:
		return dropNoQuantity
	case price <= 0 && quantity < 0:
		return dropWriteOff
	case price <= 0:
		return dropFree
	case quantity < 0:
		return returned
	}
	return sale
}

// retail is the raw data, classified.
type retail struct {
	lines []line // sales and returns in the order of the files
	kinds [numKinds]int
	read  int
	// overlap counts the lines of an earlier file that a later file has as well.
	overlap     int
	first, last time.Time // of all lines read
}

var retailFiles = []string{"year_2009_2010.csv", "year_2010_2011.csv"}

var retailColumns = []string{"Invoice", "StockCode", "Description", "Quantity", "InvoiceDate", "Price", "Customer ID"}

// readRetail reads the two files of a folder, each as .csv or .csv.gz. The first runs into the second: its lines from the second one's first
// moment on are dropped, and it is an error if the second one lacks any of them.
func readRetail(dir string) (*retail, error) {
	earlier, err := readRetailFile(filepath.Join(dir, retailFiles[0]))
	if err != nil {
		return nil, err
	}
	later, err := readRetailFile(filepath.Join(dir, retailFiles[1]))
	if err != nil {
		return nil, err
	}
	begins := slices.MinFunc(later, func(x, y line) int { return x.at.Compare(y.at) }).at
	count := make(map[line]int, len(later))
	for _, l := range later {
		count[l]++
	}
	data := &retail{read: len(earlier) + len(later), first: earlier[0].at, last: begins}
	keep := func(l line) {
		if l.at.Before(data.first) {
			data.first = l.at
		}
		if l.at.After(data.last) {
			data.last = l.at
		}
		data.kinds[l.kind]++
		if l.kind == sale || l.kind == returned {
			data.lines = append(data.lines, l)
		}
	}
	for _, l := range earlier {
		if l.at.Before(begins) {
			keep(l)
			continue
		}
		data.overlap++
		if count[l]--; count[l] < 0 {
			return nil, fmt.Errorf("%s has a line of article %s at %s that %s lacks; the files are not the two halves of one data set",
				retailFiles[0], l.code, l.at.Format(time.DateTime), retailFiles[1])
		}
	}
	for _, l := range later {
		keep(l)
	}
	return data, nil
}

// readRetailFile reads all lines, also those that are to be dropped.
func readRetailFile(path string) ([]line, error) {
	r, err := openTable(path, retailColumns)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	var lines []line
	for {
		f, err := r.Read()
		if errors.Is(err, io.EOF) {
			if len(lines) == 0 {
				return nil, fmt.Errorf("%s has no lines below its header", path)
			}
			return lines, nil
		}
		if err != nil {
			return nil, err
		}
		quantity, err := strconv.Atoi(f[3])
		if err != nil {
			return nil, r.bad("Quantity", f[3], "is not a whole number")
		}
		at, err := time.Parse(time.DateTime, f[4])
		if err != nil {
			return nil, r.bad("InvoiceDate", f[4], "is not a time such as 2010-12-01 08:26:00")
		}
		price, err := strconv.ParseFloat(f[5], 64)
		if err != nil {
			return nil, r.bad("Price", f[5], "is not a number")
		}
		code, _ := articleCode(f[1])
		lines = append(lines, line{
			code: code, description: cleanText(f[2]), customer: strings.TrimSuffix(f[6], ".0"),
			quantity: quantity, price: price, at: at, kind: classify(f[0], f[1], quantity, price),
		})
	}
}

// cleanText collapses white space, reads bytes that are no UTF-8 as Latin-1, and takes "nan", which one file has for nothing, as nothing.
func cleanText(s string) string {
	if s == "nan" {
		return ""
	}
	if !utf8.ValidString(s) {
		runes := make([]rune, len(s))
		for i := range len(s) {
			runes[i] = rune(s[i])
		}
		s = string(runes)
	}
	return strings.Join(strings.Fields(s), " ")
}

// csvTable reads some columns of a CSV file, plain or gzipped.
type csvTable struct {
	*csv.Reader
	file    *os.File
	path    string
	columns []int // of the file, for each wanted column
	out     []string
}

// openTable opens path, or path with .gz, and finds the columns in its first line.
func openTable(path string, columns []string) (*csvTable, error) {
	file, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) && !strings.HasSuffix(path, ".gz") {
		path += ".gz"
		file, err = os.Open(path)
	}
	if err != nil {
		return nil, fmt.Errorf("open the raw data: %w", err)
	}
	t := &csvTable{file: file, path: path, out: make([]string, len(columns))}
	if err := t.header(columns); err != nil {
		file.Close()
		return nil, err
	}
	return t, nil
}

func (t *csvTable) header(columns []string) error {
	var source io.Reader = bufio.NewReaderSize(t.file, 1<<20)
	if strings.HasSuffix(t.path, ".gz") {
		unzipped, err := gzip.NewReader(source)
		if err != nil {
			return fmt.Errorf("%s: %w", t.path, err)
		}
		source = unzipped
	}
	t.Reader = csv.NewReader(source)
	t.ReuseRecord = true
	header, err := t.Reader.Read()
	if err != nil {
		return fmt.Errorf("%s: read the header: %w", t.path, err)
	}
	header[0] = strings.TrimPrefix(header[0], "\ufeff")
	for _, name := range columns {
		i := slices.Index(header, name)
		if i < 0 {
			return fmt.Errorf("%s: no column %q; there are %q", t.path, name, header)
		}
		t.columns = append(t.columns, i)
	}
	return nil
}

// Read returns the wanted columns of the next row; the slice is used again by the next call.
func (t *csvTable) Read() ([]string, error) {
	row, err := t.Reader.Read()
	if err != nil {
		if errors.Is(err, io.EOF) {
			return nil, io.EOF
		}
		return nil, fmt.Errorf("%s: %w", t.path, err)
	}
	for i, column := range t.columns {
		t.out[i] = row[column]
	}
	return t.out, nil
}

func (t *csvTable) Close() error { return t.file.Close() }

func (t *csvTable) bad(column, value, reason string) error {
	row, _ := t.FieldPos(0)
	return fmt.Errorf("%s: line %d: %s %q %s", t.path, row, column, value, reason)
}
