// Package stock keeps what is on hand and in transit of one article from counts and movements that arrive late, twice, or in any
// order: the same set of events gives the same state.
package stock

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"
)

// Types of events.
const (
	Count      = "stock_count" // on_hand at that moment, whatever happened before
	Sale       = "sale"        // quantity leaves
	Return     = "return"      // quantity comes back, fit for sale
	Receipt    = "receipt"     // quantity of what was in transit arrives
	Shipment   = "shipment"    // quantity is on its way, and expected at arrives
	Adjustment = "adjustment"  // quantity is found (above zero) or lost (below)
)

// Event is a movement or a count of one article.
type Event struct {
	ID       string    `json:"id" doc:"unique; the same ID is applied once" example:"sale-2026-11-20-0815" minLength:"1" maxLength:"128"`
	Type     string    `json:"type" enum:"stock_count,sale,return,receipt,shipment,adjustment" example:"sale"`
	At       time.Time `json:"at" doc:"when it happened, not when it was sent" example:"2026-11-20T08:15:00Z"`
	Quantity float64   `json:"quantity,omitempty" doc:"units; for a stock_count what is on hand" example:"2"`
	Arrives  string    `json:"arrives,omitempty" doc:"of a shipment: the expected day" example:"2026-12-01"`
}

// Inbound is a quantity that is expected on a day.
type Inbound struct {
	Arrives  time.Time `json:"arrives"`
	Quantity float64   `json:"quantity"`
}

// State is the last count that was folded in, and the events after it.
type State struct {
	At      time.Time `json:"at"` // of the count; what happened until then is in it
	OnHand  float64   `json:"on_hand"`
	Inbound []Inbound `json:"inbound,omitempty"` // at that moment, by day
	Events  []Event   `json:"events,omitempty"`  // after it, by time and ID
}

// maxEvents is how many events a state keeps. The oldest half is folded into the count when there are more.
const maxEvents = 512

// Check says what is wrong with an event at the moment now, nil for nothing.
func (e *Event) Check(now time.Time) error {
	switch {
	case e.ID == "" || len(e.ID) > 128:
		return fmt.Errorf("id: must have 1 to 128 bytes")
	case !slices.Contains([]string{Count, Sale, Return, Receipt, Shipment, Adjustment}, e.Type):
		return fmt.Errorf("type: %q is not one of stock_count, sale, return, receipt, shipment, adjustment", e.Type)
	case e.At.IsZero():
		return fmt.Errorf("at: is missing; when did it happen?")
	case e.At.After(now.Add(24 * time.Hour)):
		return fmt.Errorf("at: %s is in the future", e.At.Format(time.RFC3339))
	case math.IsNaN(e.Quantity) || math.Abs(e.Quantity) > 1e9:
		return fmt.Errorf("quantity: %v must be a number up to 1e9", e.Quantity)
	case e.Quantity < 0 && e.Type != Adjustment:
		return fmt.Errorf("quantity: %v must not be below 0; only an adjustment may", e.Quantity)
	}
	if _, err := time.Parse(time.DateOnly, e.Arrives); (e.Type == Shipment || e.Arrives != "") && err != nil {
		return fmt.Errorf("arrives: %q is not a date like 2026-12-01", e.Arrives)
	}
	return nil
}

// Apply adds an event, and tells whether that changed anything: not if it is there already, or not after the last count.
func (s *State) Apply(e Event) bool {
	e.At = e.At.UTC()
	if !e.At.After(s.At) || slices.ContainsFunc(s.Events, func(x Event) bool { return x.ID == e.ID }) {
		return false
	}
	i, _ := slices.BinarySearchFunc(s.Events, e, compare)
	s.Events = slices.Insert(slices.Clip(s.Events), i, e)
	if len(s.Events) > maxEvents {
		s.fold(maxEvents / 2)
	}
	return true
}

func compare(a, b Event) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.ID, b.ID)) }

// fold makes the oldest n events part of the count, with all others of the same moment: what is not after the count is taken for
// part of it.
func (s *State) fold(n int) {
	for n < len(s.Events) && s.Events[n].At.Equal(s.Events[n-1].At) {
		n++
	}
	s.OnHand, s.Inbound = s.replay(s.Events[:n])
	s.At, s.Events = s.Events[n-1].At, slices.Clone(s.Events[n:])
}

// Recount begins anew from a count at a moment, and keeps the events that happened later.
func (s *State) Recount(at time.Time, onHand float64, inbound []Inbound) {
	later := slices.DeleteFunc(slices.Clone(s.Events), func(e Event) bool { return !e.At.After(at) })
	*s = State{At: at.UTC(), OnHand: onHand, Inbound: inbound, Events: later}
}

// Now returns what is on hand and in transit after all events. On hand is below zero if more was sold than was there, which a
// count will mend.
func (s *State) Now() (onHand float64, inbound []Inbound) { return s.replay(s.Events) }

func (s *State) replay(events []Event) (onHand float64, inbound []Inbound) {
	onHand, inbound = s.OnHand, slices.Clone(s.Inbound)
	for _, e := range events {
		switch e.Type {
		case Count:
			onHand = e.Quantity
		case Sale:
			onHand -= e.Quantity
		case Return, Adjustment:
			onHand += e.Quantity
		case Receipt:
			onHand += e.Quantity
			inbound = receive(inbound, e.Quantity)
		case Shipment:
			day, _ := time.Parse(time.DateOnly, e.Arrives)
			inbound = append(inbound, Inbound{day, e.Quantity})
			slices.SortStableFunc(inbound, func(a, b Inbound) int { return a.Arrives.Compare(b.Arrives) })
		}
	}
	return onHand, inbound
}

// receive takes a quantity off what was expected first.
func receive(inbound []Inbound, quantity float64) []Inbound {
	for len(inbound) > 0 && quantity > 0 {
		taken := min(quantity, inbound[0].Quantity)
		quantity -= taken
		if inbound[0].Quantity -= taken; inbound[0].Quantity > 1e-9 {
			break
		}
		inbound = inbound[1:]
	}
	return inbound
}
