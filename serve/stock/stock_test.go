package stock

import (
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"
)

var day = time.Date(2026, 11, 16, 0, 0, 0, 0, time.UTC)

func at(hours int) time.Time { return day.Add(time.Duration(hours) * time.Hour) }

func TestMovements(t *testing.T) {
	s := State{At: day, OnHand: 10, Inbound: []Inbound{{day.AddDate(0, 0, 7), 20}}}
	for _, e := range []Event{
		{ID: "1", Type: Sale, At: at(1), Quantity: 3},
		{ID: "2", Type: Shipment, At: at(2), Quantity: 5, Arrives: "2026-11-18"},
		{ID: "3", Type: Receipt, At: at(3), Quantity: 7}, // the 5 expected first, and 2 of the 20
		{ID: "4", Type: Return, At: at(4), Quantity: 1},
		{ID: "5", Type: Adjustment, At: at(5), Quantity: -2},
	} {
		if !s.Apply(e) || s.Apply(e) {
			t.Fatalf("event %s must change the state once", e.ID)
		}
	}
	onHand, inbound := s.Now()
	if onHand != 13 || !reflect.DeepEqual(inbound, []Inbound{{day.AddDate(0, 0, 7), 18}}) {
		t.Errorf("on hand %v, in transit %v", onHand, inbound)
	}
	if s.Apply(Event{ID: "late", Type: Sale, At: at(-1), Quantity: 100}) {
		t.Error("a sale before the count was subtracted from it")
	}
	s.Apply(Event{ID: "6", Type: Count, At: at(2).Add(time.Minute), Quantity: 50}) // before the receipt
	if onHand, _ := s.Now(); onHand != 56 {
		t.Errorf("on hand %v after a late count, want 50 + 7 + 1 - 2", onHand)
	}
	s.Recount(at(4), 8, nil)
	if onHand, _ := s.Now(); onHand != 6 {
		t.Errorf("on hand %v after a recount, want 8 - 2", onHand)
	}
}

// The same events in any order, each several times, give the same state, and no sale is counted twice when old events are folded.
func TestOrderDoesNotMatter(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	types := []string{Sale, Sale, Sale, Return, Receipt, Shipment, Adjustment, Count}
	for range 200 {
		var events []Event
		for i := range 1 + r.IntN(60) {
			e := Event{ID: fmt.Sprint(i), Type: types[r.IntN(len(types))], At: at(r.IntN(20)), Quantity: float64(r.IntN(9)), Arrives: "2026-12-01"}
			events = append(events, e)
		}
		apply := func() State {
			s := State{At: at(3), OnHand: 100}
			for _, i := range append(r.Perm(len(events)), r.Perm(len(events))...) {
				s.Apply(events[i])
			}
			return s
		}
		if a, b := apply(), apply(); !reflect.DeepEqual(a, b) {
			t.Fatalf("%v\n%v", a, b)
		}
	}
}

func TestFolding(t *testing.T) {
	s := State{At: day, OnHand: 1e6}
	for round := range 2 {
		for i := range 5000 {
			changed := s.Apply(Event{ID: fmt.Sprint(i), Type: Sale, At: at(1 + i/3), Quantity: 1})
			if changed != (round == 0) {
				t.Fatalf("round %d, event %d: changed is %v", round, i, changed)
			}
		}
	}
	if onHand, _ := s.Now(); onHand != 1e6-5000 || len(s.Events) > maxEvents {
		t.Errorf("on hand %v with %d events", onHand, len(s.Events))
	}
}

func TestCheck(t *testing.T) {
	good := Event{ID: "1", Type: Sale, At: day, Quantity: 1}
	if err := good.Check(day); err != nil {
		t.Fatal(err)
	}
	for _, change := range []func(*Event){
		func(e *Event) { e.ID = "" }, func(e *Event) { e.Type = "steal" }, func(e *Event) { e.At = time.Time{} },
		func(e *Event) { e.At = day.AddDate(1, 0, 0) }, func(e *Event) { e.Quantity = -1 }, func(e *Event) { e.Quantity = math.NaN() },
		func(e *Event) { e.Quantity = math.Inf(1) }, func(e *Event) { e.Type = Shipment }, func(e *Event) { e.Arrives = "soon" },
	} {
		e := good
		change(&e)
		if e.Check(day) == nil {
			t.Errorf("%+v was taken", e)
		}
	}
}
