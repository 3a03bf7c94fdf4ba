package round

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
)

func (g *testGame) play(sales string, change ...func(*Move)) (*Report, error) {
	m := Move{Rules: g.path("rules.yaml"), State: g.path("state"), Plan: PlanOptions{Scenarios: 200}}
	if sales != "" {
		m.Sales = g.path(sales)
	}
	for _, c := range change {
		c(&m)
	}
	return Play(context.Background(), m)
}

func (g *testGame) mustPlay(sales string, change ...func(*Move)) *Report {
	g.t.Helper()
	r, err := g.play(sales, change...)
	if err != nil {
		g.t.Fatal(err)
	}
	return r
}

func TestOrderFileIsLaidOutLikeTheTemplate(t *testing.T) {
	g := newTestGame(t)
	r := g.mustPlay("")
	lines := strings.Split(string(r.Order), "\r\n")
	if len(lines) != testItems+2 || lines[0] != "Store,Product,0" || lines[testItems+1] != "" {
		t.Fatalf("order file %q", r.Order)
	}
	for i := range testItems {
		if key := testKey(testItems - 1 - i); !strings.HasPrefix(lines[i+1], key+",") ||
			strings.ContainsAny(lines[i+1][len(key)+1:], ".e,-") {
			t.Errorf("line %d is %q, want a whole number of %s", i+2, lines[i+1], key)
		}
	}
	if r.Round != 1 || r.Left != 2 || r.Units == 0 || r.Cost != (Costs{}) {
		t.Errorf("report %+v", r)
	}
}

// The same weeks told in any of the formats lead to the same orders, and the stock lives through what was ordered and sold.
func TestFormatsOfSales(t *testing.T) {
	weekAlone := func(g *testGame, week int) string {
		g.write("sales.csv", g.wide(testHistory+week-1, testHistory+week))
		return "sales.csv"
	}
	formats := map[string]func(g *testGame, week int) string{
		"week alone": weekAlone,
		"whole history": func(g *testGame, week int) string {
			g.write("sales.csv", g.wide(0, testHistory+week))
			return "sales.csv"
		},
		"weeks of the game": func(g *testGame, week int) string {
			g.write("sales.csv", g.wide(testHistory-1, testHistory+week))
			return "sales.csv"
		},
		"one column, date in the name": func(g *testGame, week int) string {
			name := fmt.Sprintf("Week %d - %s - Sales.csv", week, weekName(testMonday+testHistory+week-1))
			_, rows, _ := strings.Cut(g.wide(testHistory+week-1, testHistory+week), "\n")
			g.write(name, "Store,Product,Units\n"+rows)
			return name
		},
	}
	var want [][]byte
	for name, format := range formats {
		g := newTestGame(t)
		got := [][]byte{g.mustPlay("").Order}
		for week := 1; week <= 5; week++ {
			got = append(got, g.mustPlay(format(g, week)).Order)
		}
		if want == nil {
			want = got
		}
		for k := range want {
			if !bytes.Equal(got[k], want[k]) {
				t.Errorf("%s: order %d differs", name, k+1)
			}
		}
		if _, err := g.play(weekAlone(g, 6)); err == nil || !strings.Contains(err.Error(), "the game is over") {
			t.Errorf("%s: week 6 after the end: %v", name, err)
		}
	}
}

// A hand-written replay of the game must come to the same cost as the state folder.
func TestCostOfTheScoredWeeks(t *testing.T) {
	g := newTestGame(t)
	r := g.mustPlay("")
	var stocks [testItems]Stock
	for i := range stocks {
		stocks[i] = Stock{OnHand: float64(2 + i), InTransit: []float64{float64(i), float64(1 + i/2), 0}}
	}
	want := Costs{}
	for week := 1; week <= 5; week++ {
		for i, line := range strings.Split(string(r.Order), "\r\n")[1 : testItems+1] {
			var q float64
			fmt.Sscan(line[strings.LastIndex(line, ",")+1:], &q)
			stocks[testItems-1-i].Order(q)
		}
		for i := range stocks {
			w := stocks[i].Live(float64(g.sales[i][testHistory+week-1]))
			if week >= 3 {
				want.Holding += 0.2 * w.End
				want.Shortage += w.Missed
			}
		}
		g.write("sales.csv", g.wide(0, testHistory+week))
		r = g.mustPlay("sales.csv")
		if d := r.Cost.Holding - want.Holding; d > 1e-9 || d < -1e-9 || r.Cost.Shortage != want.Shortage {
			t.Errorf("week %d: cost %+v, want %+v", week, r.Cost, want)
		}
	}
}

func TestRoundsCanBeRepeated(t *testing.T) {
	g := newTestGame(t)
	first := g.mustPlay("")
	g.write("week1.csv", g.wide(testHistory, testHistory+1))
	second := g.mustPlay("week1.csv")
	g.write("week2.csv", g.wide(testHistory+1, testHistory+2))
	third := g.mustPlay("week2.csv")
	for name, want := range map[string]*Report{"history.csv": first, "week1.csv": second, "week2.csv": third} {
		again := g.mustPlay(name)
		if !again.Repeated || again.Round != want.Round || !bytes.Equal(again.Order, want.Order) || again.Cost != want.Cost {
			t.Errorf("%s again: %+v, want %+v", name, again, want)
		}
	}
	// What a killed run leaves behind does not count.
	if err := os.MkdirAll(g.path("state/.round-04.unfinished"), 0o777); err != nil {
		t.Fatal(err)
	}
	g.write("week3.csv", g.wide(testHistory+2, testHistory+3))
	if r := g.mustPlay("week3.csv"); r.Round != 4 || r.Repeated {
		t.Errorf("after an interruption: %+v", r)
	}
}

func TestReplan(t *testing.T) {
	g := newTestGame(t)
	first := g.mustPlay("")
	g.write("week1.csv", g.wide(testHistory, testHistory+1))
	second := g.mustPlay("week1.csv")
	again := func(m *Move) { m.Replan = true }
	if r := g.mustPlay("week1.csv", again); r.Repeated || !bytes.Equal(r.Order, second.Order) || r.Cost != second.Cost {
		t.Errorf("decided again with the same forecast: %+v, want %+v", r, second)
	}
	if _, err := g.play("history.csv", again); err == nil {
		t.Error("round 1 was decided again after round 2")
	}
	var forecast strings.Builder
	forecast.WriteString("merchant_id,article_id,week,0.5\n")
	for i := range testItems {
		key := fmt.Sprintf("%d,\"P,%d\"", i%3, i)
		for week := range 4 {
			fmt.Fprintf(&forecast, "%s,%d,50\n", key, week)
		}
	}
	g.write("forecast.csv", forecast.String())
	r := g.mustPlay("week1.csv", again, func(m *Move) { m.Forecast = g.path("forecast.csv") })
	if r.Units < 50*testItems*0.9 || r.Round != 2 {
		t.Errorf("50 units a week for certain, %v ordered in round %d", r.Units, r.Round)
	}
	blend := func(m *Move) { m.Forecast, m.Blend = g.path("forecast.csv"), true }
	if b := g.mustPlay("week1.csv", again, blend); b.Units <= second.Units || b.Units >= r.Units {
		t.Errorf("the mean of both forecasts orders %v, one of them %v, the other %v", b.Units, second.Units, r.Units)
	}
	r = g.mustPlay("week1.csv", again, func(m *Move) { m.Forecast = g.path("forecast.csv") })
	if g.mustPlay("week1.csv").Units != r.Units || g.mustPlay("history.csv").Units != first.Units {
		t.Error("the order that was decided last is not the one that is kept")
	}
	_, err := g.play("week1.csv", again, func(m *Move) { m.Forecast = g.path("history.csv") })
	if err == nil || g.mustPlay("week1.csv").Units != r.Units {
		t.Errorf("a file that is no forecast: %v", err)
	}
}

// A state file of the game says what was sold and missed, and how much there is now: that holds, whatever was reckoned.
func TestStateFile(t *testing.T) {
	g := newTestGame(t)
	g.mustPlay("")
	var state strings.Builder
	state.WriteString("Store,Product,Start Inventory,Sales,Missed Sales,End Inventory,In Transit W+1,In Transit W+2\n")
	for i := range testItems {
		fmt.Fprintf(&state, "%s,0,%d,%d,%d,%d,%d\n", testKey(i), g.sales[i][testHistory], 2, 1000, 0, 0)
	}
	name := "Week 1 - " + weekName(testMonday+testHistory) + " - State.csv"
	g.write(name, state.String())
	r := g.mustPlay(name)
	if r.Units != 0 || len(r.Notes) != 1 || !strings.Contains(r.Notes[0], "another stock") {
		t.Errorf("with 1,000 units each on hand: %+v", r)
	}
	kept, err := os.ReadFile(g.path("state/round-02/sales.csv"))
	last := fmt.Sprintf("%s,%d\n", testKey(0), g.sales[0][testHistory]+2)
	if err != nil || !strings.HasSuffix(string(kept), last) {
		t.Errorf("%v: demand is what was sold and what was missed, want %q at the end of %q", err, last, kept)
	}
	g.write("unnamed.csv", state.String())
	if _, err := g.play("unnamed.csv"); err == nil || !strings.Contains(err.Error(), "which week") {
		t.Errorf("no week given: %v", err)
	}
	r = g.mustPlay("unnamed.csv", func(m *Move) { m.Day = weekName(testMonday + testHistory) })
	if !r.Repeated {
		t.Errorf("the same week by its day: %+v", r)
	}
}

// What comes after a round must not change its order, which is decided on what was known then.
func TestNoLeak(t *testing.T) {
	orders := func(change func(g *testGame)) []byte {
		g := newTestGame(t)
		change(g)
		g.mustPlay("")
		g.write("week1.csv", g.wide(0, testHistory+1))
		return g.mustPlay("week1.csv").Order
	}
	want := orders(func(*testGame) {})
	got := orders(func(g *testGame) {
		for i := range g.sales {
			for w := testHistory + 1; w < testWeeks; w++ {
				g.sales[i][w] = 99
			}
		}
		g.write("in_stock.csv", g.table(func(_, w int) string { return fmt.Sprint(w < testHistory) }, 0, testWeeks))
	})
	if !bytes.Equal(got, want) {
		t.Error("the future changed an order")
	}
}

func TestWrongSales(t *testing.T) {
	cases := []struct{ name, file, text, want string }{
		{"a week is skipped", "s.csv", "wide 71 72", "that of 2023-02-06 is due"},
		{"history goes too far", "s.csv", "wide 0 73", "that of 2023-02-06 is due"},
		{"before the history", "s.csv", "wide 0 60", "before the history does"},
		{"a played week changed", "s.csv", "changed", "a played week can't be changed"},
		{"a gap between columns", "s.csv", "Store,Product,2021-12-13,2021-12-27\n1,2,3,4\n", "is missing between"},
		{"a week twice", "s.csv", "Store,Product,2021-12-27,2021-12-28\n1,2,3,4\n", "days of one week"},
		{"not a number", "s.csv", "number", `"many" is not a number`},
		{"items missing", "s.csv", "Store,Product,2021-12-27\n1,\"P,1\",4\n", "lacks 11 of the 12 items"},
		{"no keys", "s.csv", "Shop,Product,2021-12-27\n", `no column "Store"`},
		{"empty", "s.csv", "", "is empty"},
		{"header alone", "s.csv", "Store,Product,2021-12-27\n", "no rows"},
		{"row too short", "s.csv", "Store,Product,2021-12-27\n1,2\n", "row 1 has 2 cells"},
		{"an item twice", "s.csv", "Store,Product,2021-12-27\n1,2,3\n1,2,3\n", "rows 1 and 2 are both of Store 1, Product 2"},
		{"nothing like sales", "2021-12-27.csv", "Store,Product,A,B\n1,2,3,4\n", "not just one beside the keys"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			g := newTestGame(t)
			g.mustPlay("")
			var from, to int
			switch n, _ := fmt.Sscanf(c.text, "wide %d %d", &from, &to); {
			case n == 2:
				c.text = g.wide(from, to)
			case c.text == "changed":
				g.write("week1.csv", g.wide(testHistory, testHistory+1))
				g.mustPlay("week1.csv")
				g.sales[4][testHistory]++
				c.text = g.wide(0, testHistory+2)
			case c.text == "number":
				c.text = g.table(func(i, _ int) string { return map[bool]string{true: "many", false: "1"}[i == 3] },
					testHistory, testHistory+1)
			}
			g.write(c.file, c.text)
			before, _ := os.ReadDir(g.path("state"))
			_, err := g.play(c.file)
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), c.file) {
				t.Errorf("error %v, want one with %q and the file's name", err, c.want)
			}
			if after, _ := os.ReadDir(g.path("state")); len(after) != len(before) {
				t.Error("the state folder changed")
			}
		})
	}
	t.Run("first round skipped", func(t *testing.T) {
		g := newTestGame(t)
		g.write("week1.csv", g.wide(testHistory, testHistory+1))
		if _, err := g.play("week1.csv"); err == nil || !strings.Contains(err.Error(), "play round 1 first") {
			t.Errorf("error %v", err)
		}
	})
	t.Run("sales left out", func(t *testing.T) {
		g := newTestGame(t)
		g.mustPlay("")
		g.write("week1.csv", g.wide(testHistory, testHistory+1))
		g.mustPlay("week1.csv")
		if _, err := g.play(""); err == nil || !strings.Contains(err.Error(), "needs the sales of the week of") {
			t.Errorf("error %v", err)
		}
	})
}

func TestEmptyCellsAreNotLearntFrom(t *testing.T) {
	g := newTestGame(t)
	g.mustPlay("")
	g.write("week1.csv", g.table(func(i, _ int) string { return map[bool]string{true: "", false: "1"}[i < 2] }, testHistory,
		testHistory+1))
	r := g.mustPlay("week1.csv")
	if len(r.Notes) != 1 || !strings.Contains(r.Notes[0], "2 items have no figure") {
		t.Errorf("notes %q", r.Notes)
	}
	if again := g.mustPlay("week1.csv"); !again.Repeated {
		t.Error("the same file again is another round")
	}
}

func TestNegativeAndEmptyCellsOfTheHistoryAreTold(t *testing.T) {
	g := newTestGame(t)
	g.write("history.csv", g.table(func(i, week int) string {
		return map[bool]string{true: map[bool]string{true: "-2", false: ""}[i == 0], false: "1"}[i < 2 && week == testHistory-1]
	}, 0, testHistory))
	notes := strings.Join(g.mustPlay("").Notes, "; ")
	for _, want := range []string{"negative sales count as none, as if more came back than was sold (cells: 1)", "unknown demand (cells: 1)"} {
		if !strings.Contains(notes, want) {
			t.Errorf("%q does not say %q", notes, want)
		}
	}
}

func TestChangedRules(t *testing.T) {
	g := newTestGame(t)
	g.mustPlay("")
	g.write("rules.yaml", strings.Replace(testRules, "orders: 3", "orders: 4", 1))
	if _, err := g.play(""); err == nil || !strings.Contains(err.Error(), "the rules differ") {
		t.Errorf("error %v", err)
	}
}

// Games of all sorts are played to their end.
func TestOtherGames(t *testing.T) {
	for _, c := range []struct{ leadTime, orders, history int }{{0, 1, 8}, {0, 4, 30}, {1, 3, 60}, {5, 2, 70}, {2, 60, 70}} {
		t.Run(fmt.Sprint(c), func(t *testing.T) {
			g := newTestGame(t)
			columns := "[]"
			if c.leadTime > 0 {
				columns = "[In Transit W+1]"
			}
			rules := strings.NewReplacer("lead_time: 2", fmt.Sprintf("lead_time: %d\nstate_columns: {in_transit: %s}",
				c.leadTime, columns),
				"orders: 3", fmt.Sprintf("orders: %d", c.orders), "in_stock: in_stock.csv, ", "").Replace(testRules)
			g.write("rules.yaml", rules)
			g.write("history.csv", g.wide(0, c.history))
			units := g.mustPlay("").Units
			for week := 1; week <= min(c.leadTime+c.orders, testWeeks-c.history); week++ {
				g.write("sales.csv", g.wide(c.history+week-1, c.history+week))
				units += g.mustPlay("sales.csv").Units
			}
			if units == 0 {
				t.Error("nothing was ever ordered")
			}
		})
	}
}

func TestInitialStateAsSales(t *testing.T) {
	g := newTestGame(t)
	state, err := os.ReadFile(g.path("state.csv"))
	if err != nil {
		t.Fatal(err)
	}
	name := "Week 0 - " + weekName(testMonday+testHistory-1) + " - Initial State.csv"
	text := strings.Replace(string(state), "End Inventory", "Sales,Missed Sales,End Inventory", 1)
	for i := range testItems {
		text = strings.Replace(text, "\n"+testKey(i)+",", "\n"+testKey(i)+",0,0,", 1)
	}
	g.write(name, text)
	if r := g.mustPlay(name); r.Round != 1 || len(r.Notes) > 0 {
		t.Errorf("%+v", r)
	}
}
