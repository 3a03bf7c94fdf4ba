package simulate

import (
	"flag"
	"fmt"
	"math"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the results of the examples in docs/model.md; check them by hand")

const examplesFile = "../docs/model.md"

// example matches a fenced block: its inputs, an empty line, its results.
var example = regexp.MustCompile("(?s)```example\n(.*?)\n\n(.*?)```")

// TestExamples runs every example of docs/model.md and compares the results with those printed there.
func TestExamples(t *testing.T) {
	text, err := os.ReadFile(examplesFile)
	if err != nil {
		t.Fatal(err)
	}
	count := 0
	updated := example.ReplaceAllStringFunc(string(text), func(block string) string {
		count++
		part := example.FindStringSubmatch(block)
		inputs, printed := part[1], part[2]
		var results string
		t.Run(fmt.Sprint(count), func(t *testing.T) {
			var check func()
			results, check = runExample(t, inputs)
			defer check()
			if !*update && results != printed {
				t.Errorf("%s:\n%s\n\nthe page says\n%sthe simulator says\n%s", examplesFile, inputs, printed, results)
			}
		})
		if results == "" { // not even the inputs could be used
			return block
		}
		return "```example\n" + inputs + "\n\n" + results + "```"
	})
	if blocks := strings.Count(string(text), "```example"); count < 20 || count != blocks {
		t.Errorf("%d examples run of %d in %s; there were more than 20", count, blocks, examplesFile)
	}
	if *update {
		if err := os.WriteFile(examplesFile, []byte(updated), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// runExample runs an example and prints its weeks and its costs. check puts it through the second simulator.
func runExample(t *testing.T, inputs string) (results string, check func()) {
	a := DefaultArticle()
	var p Policy
	var demand, leadTime, round []float64
	var lag []int
	for line := range strings.SplitSeq(inputs, "\n") {
		name, rest, _ := strings.Cut(line, " ")
		switch name {
		case "article":
			for field := range strings.FieldsSeq(rest) {
				column, value, _ := strings.Cut(field, "=")
				setColumn(t, &a, column, value)
			}
		case "policy":
			var err error
			if p, err = ParsePolicy(rest); err != nil {
				t.Fatal(err)
			}
		case "demand":
			demand = numbers(t, rest, " ")
		case "lead_time":
			leadTime = numbers(t, rest, " ")
		case "return_round":
			round = numbers(t, rest, " ")
		case "return_lag":
			for _, x := range numbers(t, rest, " ") {
				lag = append(lag, int(x))
			}
		default:
			t.Fatalf("unknown line %q", line)
		}
	}
	a.Horizon = len(demand)
	if err := a.Validate(); err != nil {
		t.Fatal(err)
	}
	sc := handmade([][]float64{demand}, [][]float64{leadTime}, oneRow(lag), oneRow(round))
	var out strings.Builder
	out.WriteString("week  on_hand_start  order  arrivals  returns  sales  lost  on_hand_end\n")
	total := newWorld(sc.Weeks).scenario(&a, p, sc, 0, func(week int, r WeekRecord) {
		fmt.Fprintf(&out, "%4d  %13v  %5v  %8v  %7v  %5v  %4v  %11v\n",
			week, r.OnHandStart, r.Order, r.Arrivals, r.Returns, r.Sales, r.Lost, r.OnHandEnd)
	})
	c := a.Cost(&total.Discounted)
	var parts []string
	for _, part := range []struct {
		name   string
		amount float64
	}{{"holding", c.Holding}, {"inbound", c.Inbound}, {"outbound", c.Outbound}, {"returns", c.Returns},
		{"lost_sales", c.LostSales}, {"overstock", c.Overstock}} {
		if part.amount != 0 {
			parts = append(parts, fmt.Sprintf("%s %v", part.name, part.amount))
		}
	}
	if parts == nil {
		parts = []string{"nothing"}
	}
	fmt.Fprintf(&out, "cost  %s = %v\n", strings.Join(parts, " + "), c.Total())
	return out.String(), func() { checkTrace(t, &a, p, sc) }
}

func oneRow[T any](x []T) [][]T {
	if x == nil {
		return nil
	}
	return [][]T{x}
}

func numbers(t *testing.T, text, separator string) (xs []float64) {
	t.Helper()
	for item := range strings.SplitSeq(strings.TrimSpace(text), separator) {
		x, err := strconv.ParseFloat(item, 64)
		if err != nil {
			t.Fatal(err)
		}
		xs = append(xs, x)
	}
	return xs
}

func weekQuantities(t *testing.T, text string) (list []WeekQuantity) {
	t.Helper()
	for item := range strings.SplitSeq(text, ";") {
		pair := numbers(t, item, ":")
		list = append(list, WeekQuantity{int(pair[0]), pair[1]})
	}
	return list
}

// setColumn sets the field of an article that belongs to a column of the articles table or a setting.
func setColumn(t *testing.T, a *Article, column, value string) {
	t.Helper()
	amounts := map[string]*float64{
		"on_hand": &a.OnHand, "holding_cost": &a.HoldingCost, "inbound_cost": &a.InboundCost, "order_cost": &a.OrderCost,
		"outbound_cost": &a.OutboundCost, "return_cost": &a.ReturnCost, "overstock_cost": &a.OverstockCost,
		"lost_sale_cost": &a.LostSaleCost, "return_rate": &a.ReturnRate, "resalable_share": &a.ResalableShare,
		"pack_size": &a.PackSize, "moq": &a.MOQ, "max_order": &a.MaxOrder,
		"inbound_before_demand": &a.InboundBeforeDemand, "discount": &a.Discount,
	}
	switch amount := amounts[column]; {
	case amount != nil:
		*amount = numbers(t, value, ";")[0]
	case column == "in_transit":
		a.InTransit = weekQuantities(t, value)
	case column == "pending_returns":
		a.PendingReturns = weekQuantities(t, value)
	case column == "return_lag_weights":
		a.ReturnLagWeights = numbers(t, value, ";")
	case column == "review_period":
		a.ReviewPeriod = int(math.Round(numbers(t, value, ";")[0]))
	case column == "review_phase":
		a.ReviewPhase = int(math.Round(numbers(t, value, ";")[0]))
	case column == "units":
		a.Units = Units(value)
	case column == "return_mode":
		a.ReturnMode = ReturnMode(value)
	default:
		t.Fatalf("unknown column %q", column)
	}
}
