package round

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/restock-engine/restock/forecast"
	"github.com/restock-engine/restock/internal/random"
)

const (
	testItems   = 12
	testHistory = 70 // weeks before the game
	testWeeks   = 80
	testMonday  = 2700 // week number of the first one
)

// testGame lies in a folder of its own: the initial files of a game, and more weeks of sales than it needs.
type testGame struct {
	t     *testing.T
	dir   string
	sales [testItems][testWeeks]int
}

const testRules = `name: test
costs: {holding: 0.2, shortage: 1}
lead_time: 2
orders: 3
keys: [Store, Product]
files: {history: history.csv, in_stock: in_stock.csv, state: state.csv, template: template.csv}
`

func newTestGame(t *testing.T) *testGame {
	g := &testGame{t: t, dir: t.TempDir()}
	r := random.New(random.NewKey(5, "test game"))
	for i := range g.sales {
		for w := range g.sales[i] {
			g.sales[i][w] = r.Intn(2 + 2*i)
		}
	}
	g.write("rules.yaml", testRules)
	g.write("history.csv", g.wide(0, testHistory))
	g.write("in_stock.csv", g.table(func(i, w int) string { return "True" }, 0, testHistory))
	var state, template strings.Builder
	state.WriteString("Store,Product,End Inventory,In Transit W+1,In Transit W+2\n")
	template.WriteString("Store,Product,0\r\n")
	for i := range testItems {
		fmt.Fprintf(&state, "%s,%d,%d,%d\n", testKey(i), 2+i, i, 1+i/2)
	}
	for i := range testItems {
		fmt.Fprintf(&template, "%s,0\r\n", testKey(testItems-1-i)) // an order of its own
	}
	g.write("state.csv", state.String())
	g.write("template.csv", template.String())
	return g
}

// testKey has a comma in it, which order files have to quote.
func testKey(i int) string { return fmt.Sprintf("%d,\"P,%d\"", i%3, i) }

func (g *testGame) path(name string) string { return filepath.Join(g.dir, name) }

func (g *testGame) write(name, text string) {
	g.t.Helper()
	if err := os.WriteFile(g.path(name), []byte(text), 0o666); err != nil {
		g.t.Fatal(err)
	}
}

// wide returns the sales of the weeks from ≤ w < to as a file.
func (g *testGame) wide(from, to int) string {
	return g.table(func(i, w int) string { return fmt.Sprint(g.sales[i][w]) }, from, to)
}

func (g *testGame) table(cell func(i, w int) string, from, to int) string {
	var b strings.Builder
	b.WriteString("Store,Product")
	for w := from; w < to; w++ {
		b.WriteString("," + weekName(testMonday+w))
	}
	b.WriteString("\n")
	for i := range testItems {
		b.WriteString(testKey(i))
		for w := from; w < to; w++ {
			b.WriteString("," + cell(i, w))
		}
		b.WriteString("\n")
	}
	return b.String()
}

func TestStockLive(t *testing.T) {
	s := Stock{OnHand: 3, InTransit: []float64{2, 4, 0}}
	s.Order(7)
	if got, want := s.Live(9), (Week{Start: 5, Demand: 9, Sales: 5, Missed: 4, End: 0}); got != want {
		t.Errorf("first week %+v, want %+v", got, want)
	}
	if got, want := s.Live(1), (Week{Start: 4, Demand: 1, Sales: 1, Missed: 0, End: 3}); got != want {
		t.Errorf("second week %+v, want %+v", got, want)
	}
	if got, want := s.Live(0), (Week{Start: 10, End: 10}); got != want {
		t.Errorf("the order of week 0 with lead time 2 belongs to week 3: %+v, want %+v", got, want)
	}
}

// Both items sell 10 in even ISO weeks and 30 in odd ones, so that the index is 0.5 or 1.5 and the level 20; weeks out of stock
// change nothing. The next four weeks are 30 + 10 + 30 + 10.
func TestBenchmark(t *testing.T) {
	first := forecast.WeekNumber(time.Date(2022, 1, 3, 0, 0, 0, 0, time.UTC)) // two years of 52 weeks begin
	sales := [][]float64{make([]float64, 104), make([]float64, 104)}
	for w := range sales[0] {
		sales[0][w] = 10 + 20*float64(isoWeek(first+w)%2)
		sales[1][w] = sales[0][w]
	}
	sales[1][100], sales[1][101], sales[1][103] = math.NaN(), math.NaN(), math.NaN()
	stocks := []Stock{{OnHand: 11, InTransit: []float64{0, 9, 0}}, {OnHand: 77, InTransit: []float64{0, 0, 0}}}
	orders := Benchmark{AverageWeeks: 13, CoverWeeks: 4}.Orders(sales, first, stocks)
	if orders[0] != 60 || orders[1] != 3 {
		t.Errorf("orders %v, want 60 and 3", orders)
	}
	stocks[1].OnHand = 81
	if q := (Benchmark{AverageWeeks: 13, CoverWeeks: 4}).Orders(sales, first, stocks)[1]; q != 0 {
		t.Errorf("order %v with more stock than four weeks sell", q)
	}
}

func TestStart(t *testing.T) {
	g := newTestGame(t)
	rules, err := ReadRules(g.path("rules.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	game, _, err := Start(rules)
	if err != nil {
		t.Fatal(err)
	}
	if game.Items[0] != (Item{"2", "P,11"}) || game.First != testMonday || game.Last != testMonday+testHistory-1 {
		t.Errorf("first item %v, weeks %d to %d", game.Items[0], game.First, game.Last)
	}
	if s := game.Stocks[0]; s.OnHand != 13 || s.InTransit[0] != 11 || s.InTransit[1] != 6 || s.InTransit[2] != 0 {
		t.Errorf("stock of the template's first item is %+v", s)
	}
	if got := game.Sales[0][5]; got != float64(g.sales[11][5]) {
		t.Errorf("sales %v, want %d", got, g.sales[11][5])
	}
}

// What the initial files say about weeks behind the history must not be looked at.
func TestFlagsBehindTheHistoryAreIgnored(t *testing.T) {
	g := newTestGame(t)
	g.write("in_stock.csv", g.table(func(i, w int) string { return fmt.Sprint(w != 10 && w < testHistory) }, 0, testWeeks))
	rules, err := ReadRules(g.path("rules.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	game, _, err := Start(rules)
	if err != nil {
		t.Fatal(err)
	}
	for i, s := range game.Sales {
		if len(s) != testHistory {
			t.Fatalf("%d weeks, the history has %d", len(s), testHistory)
		}
		if sold := g.sales[testItems-1-i][10]; (sold == 0) != math.IsNaN(s[10]) {
			t.Errorf("item %d sold %d while out of stock, taken for %v", i, sold, s[10])
		}
	}
}
