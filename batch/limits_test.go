package batch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"

	"github.com/restock-engine/restock/io/table"
)

// writeLimits puts tables of limits and volumes beside a day's input.
func writeLimits(t *testing.T, input, date, limits, volumes string) {
	t.Helper()
	folder := filepath.Join(input, "date="+date)
	check(t, os.WriteFile(filepath.Join(folder, "limits.csv"), []byte("merchant_id,limit,at_most,at_least\n"+limits), 0o644))
	if volumes != "" {
		check(t, os.WriteFile(filepath.Join(folder, "volumes.csv"), []byte("merchant_id,article_id,volume\n"+volumes), 0o644))
	}
}

// limitedOrders reads orders.parquet: SKU → quantity.
func limitedOrders(t *testing.T, folder string) map[table.Key]float64 {
	t.Helper()
	type row struct {
		Merchant string  `parquet:"merchant_id"`
		Article  string  `parquet:"article_id"`
		Quantity float64 `parquet:"order_quantity"`
	}
	rows, err := parquet.ReadFile[row](filepath.Join(folder, ordersFile))
	check(t, err)
	orders := map[table.Key]float64{}
	for _, r := range rows {
		orders[table.Key{Merchant: r.Merchant, Article: r.Article}] = r.Quantity
	}
	return orders
}

// TestLimits: a budget, a volume and a minimum are kept by the orders as they stand in the file, and by nobody else's.
func TestLimits(t *testing.T) {
	input, output := t.TempDir(), t.TempDir()
	writeDay(t, input, daily{skus: 300, date: "2026-01-07"})
	var volumes strings.Builder
	volume := map[table.Key]float64{}
	for i := 200; i < 300; i++ {
		k := table.Key{Merchant: "m2", Article: fmt.Sprintf("a%05d", i)}
		volume[k] = float64(1+i%7) / 4
		if i == 204 {
			delete(volume, k)
			continue
		}
		fmt.Fprintf(&volumes, "%s,%s,%g\n", k.Merchant, k.Article, volume[k])
	}
	writeLimits(t, input, "2026-01-07", "m2,volume,150,\nm0,money,1200,\nm1,units,,1000\nnobody,money,1,\n", volumes.String())
	d := datedRun(input, output, "2026-01-07")
	o, err := RunDated(context.Background(), d)
	check(t, err)
	want := map[table.Key]float64{}
	r, err := table.OpenOrders(filepath.Join(d.folder(), recommendationsFolder))
	check(t, err)
	for {
		row, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		check(t, err)
		want[row.Key] = row.Now()
	}
	check(t, r.Close())
	var money, units, space float64
	cut := 0
	orders := limitedOrders(t, d.folder())
	for k, q := range orders {
		switch k.Merchant {
		case "m0":
			money += 4 * q
			if q > want[k] {
				t.Errorf("%v: %g ordered, %g wanted", k, q, want[k])
			}
		case "m1":
			units += q
			if q < want[k] { // only where the search's order is not the best one with the rest of its policy
				cut++
			}
		case "m2":
			space += volume[k] * q
			if k.Article == "a00204" && q != 0 {
				t.Errorf("an article of unknown volume is ordered: %g", q)
			}
		}
	}
	if cut > 2 {
		t.Errorf("a minimum cuts %d orders", cut)
	}
	if money > 1200 || money < 1150 || units < 1000 || units > 1030 || space > 150 || space < 140 {
		t.Errorf("money %g, units %g, volume %g", money, units, space)
	}
	if len(o.Summary.Limits) != 4 {
		t.Fatalf("limits %+v", o.Summary.Limits)
	}
	for _, l := range o.Summary.Limits {
		used := map[string]float64{"m0": money, "m1": units, "m2": space}[l.Merchant]
		if math.Abs(l.Used-used) > 1e-9*used || l.Gap > 0.05 || l.None || l.Merchant != "nobody" && (l.Price > 0) != (l.AtMost != nil) {
			t.Errorf("%s: used %g, %+v", l.Merchant, used, l)
		}
	}
	if w := strings.Join(o.Summary.Warnings, "; "); !strings.Contains(w, "1 article of merchant m2 without a volume") {
		t.Errorf("warnings %s", w)
	}
	parts := t.TempDir()
	for i := range 3 {
		slice := datedRun(input, parts, "2026-01-07")
		slice.Slice = Slice{i, 3}
		_, err := RunDated(context.Background(), slice)
		check(t, err)
	}
	check(t, os.RemoveAll(input)) // the merge reads none of it
	_, err = Merge(context.Background(), MergeOptions{Output: parts})
	check(t, err)
	sameTree(t, "parts with limits", tree(t, parts), tree(t, output))
}

// TestLimitsNotUsable: mistakes in the tables of limits are found before the run begins.
func TestLimitsNotUsable(t *testing.T) {
	for _, c := range []struct{ limits, volumes, want string }{
		{"merchant_id,limit,atmost\nm0,money,5\n", "", `limits.csv: column "atmost" is not read; is it at_most?`},
		{"merchant_id,limit,cap\nm0,money,5\n", "", `row 1: at_most "" is missing, and so is at_least`},
		{"m0,volume,5,\n", "m0,a1,1\nm0,a1,2\n", `volumes.csv: row 2: article_id "a1" of merchant m0 has a volume already`},
		{"m0,volume,5,\n", "m0,a1,x\n", `volumes.csv: row 1: volume "x" is not a number`},
	} {
		input, output := t.TempDir(), t.TempDir()
		writeDay(t, input, daily{skus: 10, date: "2026-01-07"})
		writeLimits(t, input, "2026-01-07", c.limits, c.volumes)
		if strings.HasPrefix(c.limits, "merchant_id") {
			check(t, os.WriteFile(filepath.Join(input, "date=2026-01-07", "limits.csv"), []byte(c.limits), 0o644))
		}
		_, err := RunDated(context.Background(), datedRun(input, output, "2026-01-07"))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v", c.limits, err)
		}
		if _, err := os.Stat(filepath.Join(output, "date=2026-01-07", manifestFile)); err == nil {
			t.Errorf("%s: the run has begun", c.limits)
		}
	}
	for limits, want := range map[string]string{
		"m0,moneys,5,\n":           `row 1: limit "moneys" must be money, units or volume`,
		"m0,money,5,\nm0,money,6,": `row 2: limit "money" is limited in row 1 already`,
		"m0,money,5,7\n":           "are no range from 0 on",
		"m0,volume,5,\n":           "has no table volumes",
		"m0,money,x,\n":            `row 1: at_most "x"`,
	} {
		input := t.TempDir()
		writeDay(t, input, daily{skus: 10, date: "2026-01-07"})
		writeLimits(t, input, "2026-01-07", limits, "")
		if _, err := RunDated(context.Background(), datedRun(input, t.TempDir(), "2026-01-07")); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v", limits, err)
		}
	}
}
