package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"

	"github.com/restock-engine/restock/io/settings"
)

// rawData writes a little raw data: articles 10000.. sold every week of two years, with a return now and then, and a few deliveries.
func rawData(t *testing.T) (retailDir, deliveriesFile string) {
	t.Helper()
	var halves [2]strings.Builder
	add := func(invoice string, article, quantity, customer int, day time.Time) {
		half := &halves[0]
		if !day.Before(at("2010-12-01 00:00")) {
			half = &halves[1]
		}
		fmt.Fprintf(half, "%s,%d,ITEM %d,%d,%s,2.5,%d,UK\n", invoice, article, article, quantity, day.Format(time.DateTime), customer)
	}
	for w := range 100 {
		day := at("2009-12-02 10:00").AddDate(0, 0, 7*w)
		for i := range 12 {
			add(strconv.Itoa(w), 10000+i, 3*(i+1), w%5, day)
			if (w+i)%10 == 0 {
				add("C"+strconv.Itoa(w), 10000+i, -1, w%5, day.AddDate(0, 0, 2+i))
			}
		}
	}
	var shipments strings.Builder
	shipments.WriteString(strings.Join(deliveryColumns, ",") + "\n")
	for i := range 20 {
		fmt.Fprintf(&shipments, "P%d,A%d,Kenya,Sea,1/2/12,%s,%s,ARV,V\n", i, i, "1-Mar-12", at("2012-01-12 00:00").AddDate(0, 0, i*i).Format("2-Jan-06"))
	}
	deliveriesFile = filepath.Join(t.TempDir(), "d.csv")
	if err := os.WriteFile(deliveriesFile, []byte(shipments.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return writeRetail(t, halves[0].String(), halves[1].String()), deliveriesFile
}

func TestBuildTwiceGivesTheSameBytes(t *testing.T) {
	retailDir, deliveriesFile := rawData(t)
	a := loadedAssumptions(t)
	s, err := settings.Load("../restock.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var dirs [2]string
	for i := range dirs {
		dirs[i] = t.TempDir()
		r, err := build(retailDir, deliveriesFile, a, s)
		if err != nil {
			t.Fatal(err)
		}
		if len(r.articles) != 12 {
			t.Errorf("%d articles, want 12", len(r.articles))
		}
		if err := r.write(dirs[i], a); err != nil {
			t.Fatal(err)
		}
	}
	entries, err := os.ReadDir(dirs[0])
	if err != nil || len(entries) != 5 {
		t.Fatalf("%d files, %v; want 5", len(entries), err)
	}
	for _, e := range entries {
		x, _ := os.ReadFile(filepath.Join(dirs[0], e.Name()))
		y, _ := os.ReadFile(filepath.Join(dirs[1], e.Name()))
		if len(x) == 0 || !bytes.Equal(x, y) {
			t.Errorf("%s differs between two builds", e.Name())
		}
	}
}

func TestSettingsMustAgreeWithTheData(t *testing.T) {
	retailDir, deliveriesFile := rawData(t)
	out := t.TempDir()
	err := run([]string{"-retail", retailDir, "-deliveries", deliveriesFile, "-out", out, "-settings", "../restock.yaml",
		"-assumptions", "assumptions.yaml"}, new(bytes.Buffer))
	if err == nil || !strings.Contains(err.Error(), "lead_time_cv is 0.5, but") || !strings.Contains(err.Error(), "return_lag_weights") {
		t.Errorf("error %v", err)
	}
	if entries, _ := os.ReadDir(out); len(entries) > 0 {
		t.Errorf("wrote %d files in spite of it", len(entries))
	}
}

// What stands in testdata is whole and fits together.
func TestCommittedFiles(t *testing.T) {
	sums, err := os.ReadFile("../SHA256SUMS")
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range strings.Split(strings.TrimSpace(string(sums)), "\n") {
		want, name, _ := strings.Cut(entry, "  ")
		data, err := os.ReadFile(filepath.Join("..", name))
		if got := fmt.Sprintf("%x", sha256.Sum256(data)); err != nil || got != want {
			t.Errorf("%s: sum %s, want %s (%v)", name, got, want, err)
		}
	}
	articles := readCSV(t, "../articles.csv")
	if len(articles) < 500 {
		t.Errorf("%d articles", len(articles))
	}
	keys := make(map[string]bool)
	for _, row := range articles {
		key := row["merchant_id"] + "/" + row["article_id"]
		if keys[key] {
			t.Errorf("%s is there twice", key)
		}
		keys[key] = true
		if onHand := parse(t, row["on_hand"]); onHand < 0 || onHand != float64(int(onHand)) {
			t.Errorf("%s: on_hand %g", key, onHand)
		}
		if cost := parse(t, row["unit_cost"]); cost <= 0 || cost >= parse(t, row["price"]) {
			t.Errorf("%s: unit_cost %g, price %s", key, cost, row["price"])
		}
	}
	for _, row := range readCSV(t, "../article_names.csv") {
		if key := row["merchant_id"] + "/" + row["article_id"]; !keys[key] || row["description"] == "" {
			t.Errorf("article_names.csv: %s %q", key, row["description"])
		}
	}
	checkHistory(t, keys)
}

func checkHistory(t *testing.T, keys map[string]bool) {
	rows, err := parquet.ReadFile[historyRow]("../history.parquet")
	if err != nil {
		t.Fatal(err)
	}
	end := int32(at("2011-11-28 00:00").Unix() / 86400)
	seen := 0
	for i, row := range rows {
		key := row.Merchant + "/" + row.Article
		first := i == 0 || rows[i-1].Article != row.Article
		last := i == len(rows)-1 || rows[i+1].Article != row.Article
		if first {
			seen++
		}
		switch {
		case !keys[key]:
			t.Fatalf("row %d: %s is not in articles.csv", i, key)
		case first && row.Sales == 0:
			t.Fatalf("row %d: %s does not begin with a sale", i, key)
		case !first && row.WeekStart != rows[i-1].WeekStart+7:
			t.Fatalf("row %d: %s skips a week", i, key)
		case last && row.WeekStart != end:
			t.Fatalf("row %d: %s ends on day %d, want %d", i, key, row.WeekStart, end)
		case row.Sales < 0 || row.Returns < 0 || (row.Sales > 0) != (row.Price != nil):
			t.Fatalf("row %d: %s sales %g, returns %g, price %v", i, key, row.Sales, row.Returns, row.Price)
		}
	}
	if seen != len(keys) {
		t.Errorf("history of %d articles, want %d", seen, len(keys))
	}
}

func readCSV(t *testing.T, path string) []map[string]string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	records, err := csv.NewReader(bytes.NewReader(data)).ReadAll()
	if err != nil || len(records) == 0 {
		t.Fatalf("%s: %d records, %v", path, len(records), err)
	}
	var rows []map[string]string
	for _, record := range records[1:] {
		row := make(map[string]string)
		for i, name := range records[0] {
			row[name] = record[i]
		}
		rows = append(rows, row)
	}
	return rows
}

func parse(t *testing.T, text string) float64 {
	t.Helper()
	x, err := strconv.ParseFloat(text, 64)
	if err != nil {
		t.Fatal(err)
	}
	return x
}
