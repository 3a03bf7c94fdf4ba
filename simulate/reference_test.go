package simulate

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// This file is a second simulator, written from docs/model.md alone and in another style: it knows nothing but the lines of a
// trace, keeps what is to come in a calendar of parcels, and adds up money week by week. Whatever it disagrees about with run.go
// is a bug in one of them.

// traceHead and traceLine are the two kinds of lines of a trace, as a stranger would read them.
type traceHead struct {
	Type    string
	Horizon int
	Params  map[string]any
	Policy  map[string]any
}

type traceLine struct {
	Type        string
	Index       int
	Demand      []float64
	LeadTime    []float64          `json:"lead_time"`
	ReturnLag   []int              `json:"return_lag"`
	ReturnRound []float64          `json:"return_round"`
	Cost        float64            `json:"cost"`
	CostParts   map[string]float64 `json:"cost_parts"`
	Weeks       []map[string]float64
}

// parcel is something that reaches the shelf in a week to come.
type parcel struct {
	week     int
	quantity float64
	isOrder  bool // otherwise returned goods
}

type bookkeeper struct {
	traceHead
	shelf    float64
	calendar []parcel
}

func (b *bookkeeper) param(name string) float64 { return b.Params[name].(float64) }

func (b *bookkeeper) whole() bool { return b.Params["units"] == "whole" }

// due takes the parcels of a week off the calendar and returns how much they hold.
func (b *bookkeeper) due(week int, isOrder bool) (sum float64) {
	b.calendar = slices.DeleteFunc(b.calendar, func(p parcel) bool {
		hit := p.week == week && p.isOrder == isOrder
		if hit {
			sum += p.quantity
		}
		return hit
	})
	return sum
}

// onOrder is P: all orders on the calendar.
func (b *bookkeeper) onOrder() (sum float64) {
	for _, p := range b.calendar {
		if p.isOrder {
			sum += p.quantity
		}
	}
	return sum
}

// wants is the section on policies: what the policy asks for at the start of a week.
func (b *bookkeeper) wants(week int) float64 {
	f := func(name string) float64 { return b.Policy[name].(float64) }
	period, phase := int(b.param("review_period")), int(b.param("review_phase"))
	review := ((week-phase)%period+period)%period == 0
	position := b.shelf + b.onOrder()
	switch b.Policy["kind"] {
	case "rsq":
		if week == int(f("t0")) {
			return f("Q0")
		}
		if !review || week < int(f("t0")) || week > int(f("t_limit")) {
			return 0
		}
		quiet := b.shelf <= f("s") && b.onOrder() == 0
		if b.Policy["trigger"] == "position" {
			quiet = position <= f("s")
		}
		if quiet {
			return f("Q")
		}
	case "ss":
		if review && position <= f("s") {
			return f("S") - position
		}
	case "basestock":
		if review {
			return f("S") - position
		}
	case "newsvendor":
		if levels := b.Policy["S"].([]any); review && week < len(levels) {
			return levels[week].(float64) - position
		}
	case "plan":
		for _, o := range b.Policy["orders"].([]any) {
			if pair := o.([]any); int(pair[0].(float64)) == week {
				return pair[1].(float64)
			}
		}
	}
	return 0
}

// packed is the order rules: up to a full pack, at least the minimum, at most the maximum in full packs.
func (b *bookkeeper) packed(q float64) float64 {
	pack := b.param("pack_size")
	packs := math.Round(q / pack)
	if math.Abs(q/pack-packs) > 1e-9 {
		packs = math.Ceil(q / pack)
	}
	if q <= 0 || packs == 0 {
		return 0
	}
	q = max(packs*pack, b.param("moq"))
	if most, capped := b.Params["max_order"].(float64); capped && q > most {
		q = pack * math.Floor(most/pack+1e-9)
	}
	return q
}

// replay returns a scenario's weeks and the parts of its cost.
func (b bookkeeper) replay(s traceLine) (weeks []map[string]float64, cost map[string]float64) {
	b.shelf, b.calendar = b.param("on_hand"), nil
	for column, isOrder := range map[string]bool{"in_transit": true, "pending_returns": false} {
		for _, x := range b.Params[column].([]any) {
			pair := x.([]any)
			b.calendar = append(b.calendar, parcel{int(pair[0].(float64)), pair[1].(float64), isOrder})
		}
	}
	cost = map[string]float64{}
	worth := 1.0 // γ^t
	for t := range b.Horizon {
		w := map[string]float64{"on_hand_start": b.shelf}
		q := b.packed(b.wants(t))
		if q > 0 {
			b.calendar = append(b.calendar, parcel{t + int(math.Floor(s.LeadTime[t])), q, true})
			cost["inbound"] += worth * b.param("order_cost")
		}
		w["order"], w["arrivals"], w["returns"] = q, b.due(t, true), b.due(t, false)
		inbound := w["arrivals"] + w["returns"]
		late := (1 - b.param("inbound_before_demand")) * inbound
		if b.whole() {
			late = math.Floor(late)
		}
		b.shelf += inbound - late
		w["sales"] = math.Min(s.Demand[t], b.shelf)
		w["lost"] = s.Demand[t] - w["sales"]
		b.shelf += late - w["sales"]
		w["on_hand_end"] = b.shelf
		b.sendBack(t, w["sales"], s)
		cost["holding"] += worth * b.param("holding_cost") * b.shelf
		cost["inbound"] += worth * b.param("inbound_cost") * q
		cost["outbound"] += worth * b.param("outbound_cost") * w["sales"]
		cost["returns"] += worth * b.param("return_cost") * b.param("return_rate") * w["sales"]
		cost["lost_sales"] += worth * b.param("lost_sale_cost") * w["lost"]
		if t == b.Horizon-1 {
			cost["overstock"] = worth * b.param("overstock_cost") * (b.shelf + b.onOrder())
		}
		worth *= b.param("discount")
		weeks = append(weeks, w)
	}
	return weeks, cost
}

// sendBack puts the returns of a week's sales on the calendar.
func (b *bookkeeper) sendBack(t int, sales float64, s traceLine) {
	back := b.param("resalable_share") * b.param("return_rate") * sales
	switch {
	case b.Params["return_mode"] == "expected":
		for k, weight := range b.Params["return_lag_weights"].([]any) {
			b.calendar = append(b.calendar, parcel{t + k + 1, weight.(float64) * back, false})
		}
		return
	case b.whole():
		back = math.Floor(back + s.ReturnRound[t])
	}
	b.calendar = append(b.calendar, parcel{t + s.ReturnLag[t], back, false})
}

// near tells whether two amounts agree to 1e-9 of the scale.
func near(a, b, scale float64) bool { return math.Abs(a-b) <= 1e-9*math.Max(1, math.Abs(scale)) }

// checkTrace writes the trace of a policy, reads it again, and recomputes every week and every cost with the second simulator:
// whole units exactly, continuous ones and money within 1e-9. It also compares with what Run says.
func checkTrace(t *testing.T, a *Article, p Policy, sc *Scenarios) {
	t.Helper()
	var out bytes.Buffer
	if err := WriteTrace(&out, "M", "X", a, p, sc); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(&out)
	lines.Buffer(nil, 1<<26)
	var b bookkeeper
	lines.Scan()
	decodeStrictly(t, lines.Bytes(), &b.traceHead)
	if b.Type != "sku" || b.Horizon != a.Horizon {
		t.Fatalf("first line of the trace: %s", lines.Text())
	}
	totals := Run(a, p, sc, nil)
	costs := Costs(a, totals, nil)
	n := 0
	for ; lines.Scan(); n++ {
		var s traceLine
		decodeStrictly(t, lines.Bytes(), &s)
		if s.Type != "scenario" || s.Index != n || len(s.Weeks) != a.Horizon {
			t.Fatalf("line %d of the trace: %s", n+1, lines.Text())
		}
		if s.Cost != costs[n] {
			t.Errorf("scenario %d: the trace costs %v, Run %v", n, s.Cost, costs[n])
		}
		weeks, parts := b.replay(s)
		scale := a.OnHand
		for e, want := range weeks {
			scale += s.Demand[e] + want["order"] + want["arrivals"]
			for name, x := range want {
				got, ok := s.Weeks[e][name]
				if !ok || got != x && (b.whole() || !near(got, x, scale)) {
					t.Fatalf("%v: scenario %d, week %d: %s is %v, recomputed %v\n%+v\n%+v", p, n, e, name, got, x, a, s)
				}
			}
			if len(want) != len(s.Weeks[e]) {
				t.Fatalf("a week of the trace has %v, want the names of %v", s.Weeks[e], want)
			}
		}
		if len(s.CostParts) != len(parts) {
			t.Fatalf("the trace has the costs %v, recomputed %v", s.CostParts, parts)
		}
		total := 0.0
		for name, got := range s.CostParts {
			total += parts[name]
			if !near(got, parts[name], math.Max(scale, parts[name])) {
				t.Fatalf("%v: scenario %d: cost of %s is %v, recomputed %v\n%+v\n%+v", p, n, name, got, parts[name], a, s)
			}
		}
		if !near(s.Cost, total, s.Cost) {
			t.Fatalf("%v: scenario %d: cost %v, recomputed %v from %v", p, n, s.Cost, total, s.CostParts)
		}
	}
	if n != sc.N {
		t.Fatalf("the trace has %d scenarios, want %d", n, sc.N)
	}
}

func decodeStrictly(t *testing.T, line []byte, into any) {
	t.Helper()
	if err := json.Unmarshal(line, into); err != nil {
		t.Fatalf("%v in %s", err, line)
	}
	if bytes.Contains(line, []byte(`"order":-0`)) {
		t.Fatalf("an order of minus zero in %s", line)
	}
}

// TestSecondSimulator compares both simulators on random articles, policies and scenarios.
func TestSecondSimulator(t *testing.T) {
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 1))
		a, sc := anyCase(r)
		if err := a.Validate(); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		for _, p := range anyPolicies(r, &a) {
			if err := p.Validate(); err != nil {
				t.Fatalf("seed %d: %v: %v", seed, p, err)
			}
			t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) { checkTrace(t, &a, p, sc) })
		}
	}
}
